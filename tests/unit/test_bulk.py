"""One operation on many items: what became of each, when it stops, and that nothing is lost or done twice."""

from __future__ import annotations

import io
import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit._colours import COLOURS, with_client
from tests.unit._platform import Platform

from wecom_auto import (
    APIConnectionError,
    AuthenticationError,
    BulkFailure,
    BulkResult,
    Call,
    Calls,
    ConflictError,
    DecodeError,
    Effect,
    NotFoundError,
    Options,
    PermissionDeniedError,
    Progress,
    RateLimitError,
    RetryPolicy,
    ValidationError,
    WeCom,
)
from wecom_auto._bulk import in_bulk
from wecom_auto._together import Together
from wecom_auto.errors import api_error
from wecom_auto.models import TagChange
from wecom_auto.testing import FakeWeCom, Limits

PATH = "/cgi-bin/x/y"
colours = pytest.mark.parametrize("colour", COLOURS)
OK = {"errcode": 0}
LOST = httpx.ReadTimeout("slow")


def call(name: object, effect: Effect = Effect.READ) -> Call[dict[str, Any]]:
    """Describe a call for one item."""
    return Call.post(effect, PATH, dict, names=[name])


def calls_for(effect: Effect = Effect.READ) -> Callable[[Sequence[Any]], Call[dict[str, Any]]]:
    """Return what makes a call for some items."""
    return lambda names: Call.post(effect, PATH, dict, names=list(names))


def names_in(request: httpx.Request) -> list[Any]:
    """Return the items that a request is about."""
    names: list[Any] = json.loads(request.content)["names"]
    return names


def by_name(answers: Mapping[Any, Any]) -> Platform:
    """Return a platform that answers by the first item of a request; `OK` unless told."""
    return Platform(lambda request: answers.get(names_in(request)[0], OK))


def bulk(colour: str, platform: Platform, items: Sequence[Any], size: int = 1, **kwargs: Any) -> BulkResult[Any, Any]:
    """Do `items` in bulk."""
    effect = kwargs.pop("effect", Effect.READ)
    options = kwargs.pop("client", {})
    make = kwargs.pop("make", calls_for(effect))
    result: BulkResult[Any, Any] = with_client(
        colour, platform, lambda client: client.run(in_bulk(items, size, make, **kwargs)), **options
    )
    return result


def items_of(failures: Sequence[BulkFailure[Any]]) -> list[Any]:
    """Return what failed."""
    return [one.item for one in failures]


# What comes back


@colours
@pytest.mark.parametrize("concurrency", [1, 4, 100])
def test_every_call_is_made_and_answers_keep_their_order(colour: str, concurrency: int) -> None:
    """Twenty calls give twenty answers in the order of the calls, however many go at once."""
    platform = Platform(lambda request: {"errcode": 0, "n": names_in(request)[0]})
    wanted = [call(number) for number in range(20)]
    result = with_client(colour, platform, lambda client: client.send_all(wanted, concurrency=concurrency))
    assert [answer["n"] for answer in result.answers] == list(range(20))
    assert list(result.done) == wanted
    assert result.ok
    assert str(result) == "20 done"


@colours
def test_one_after_the_other_keeps_the_order_of_the_calls(colour: str) -> None:
    """With one at once the requests leave in the order of the items."""
    seen: list[Any] = []
    platform = Platform(lambda request: seen.append(names_in(request)[0]) or OK)  # type: ignore[func-returns-value]
    bulk(colour, platform, range(30))
    assert seen == list(range(30))


@colours
@pytest.mark.parametrize("concurrency", [1, 3])
def test_an_error_of_one_is_no_error_of_the_others(colour: str, concurrency: int) -> None:
    """Two customers are gone; the other eight are done, and the two stand there with their reasons."""
    platform = by_name({3: {"errcode": 84061}, 7: {"errcode": 41051}})
    result = bulk(colour, platform, range(10), concurrency=concurrency)
    assert result.done == (0, 1, 2, 4, 5, 6, 8, 9)
    assert [(one.item, one.errcode) for one in result.failed] == [(3, 84061), (7, 41051)]
    assert isinstance(result.failed[0].error, NotFoundError)
    assert isinstance(result.failed[1].error, ConflictError)
    assert (result.unknown, result.rest, result.again, result.ok) == ((), (), (), False)
    assert str(result) == "8 done, 2 failed"


@colours
def test_partial_failures_are_told_item_by_item(colour: str) -> None:
    """A call of three items that worked may refuse one of them, which is the only one that failed."""
    platform = Platform(lambda request: {"errcode": 0, "bad": [n for n in names_in(request) if n % 3 == 0]})
    told: list[Progress] = []
    result = bulk(
        colour,
        platform,
        range(10),
        4,
        refused=lambda answer: dict.fromkeys(answer["bad"], 84061),
        progress=told.append,
    )
    assert result.done == (1, 2, 4, 5, 7, 8)
    assert [(one.item, one.errcode) for one in result.failed] == [(0, 84061), (3, 84061), (6, 84061), (9, 84061)]
    assert "POST x/y" in str(result.failed[0].error)
    assert len(result.answers) == platform.count["x/y"] == 3
    assert told[-1] == Progress(done=10, failed=4, total=10, step=2)


def test_codes_for_items_that_nobody_asked_for_count_nothing() -> None:
    """What an answer says of strangers is not put into any list."""
    told: list[Progress] = []
    result = bulk("sync", Platform(), ["a"], refused=lambda _: {"stranger": 84061}, progress=told.append)
    assert (result.done, result.failed, told[-1].failed) == (("a",), (), 0)


@colours
def test_nothing_to_do_asks_nothing(colour: str) -> None:
    """An empty list is done, without a token."""
    platform = Platform()
    assert bulk(colour, platform, []) == BulkResult()
    assert platform.count == Counter()


@pytest.mark.parametrize("concurrency", [0, -1, 101])
def test_a_number_at_once_that_helps_nobody_is_refused(concurrency: int) -> None:
    """0 and 101 at once are refused before anything is sent."""
    platform = Platform()
    with pytest.raises(ValidationError, match="concurrency"):
        bulk("sync", platform, [1], concurrency=concurrency)
    assert platform.count == Counter()


@colours
@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_item_that_cannot_be_put_into_a_call_fails_alone(colour: str, concurrency: int) -> None:
    """`ValidationError` while a call is made, or checked, is that item's error and not worth a repetition."""

    def make(names: Sequence[Any]) -> Call[dict[str, Any]]:
        if names[0] == 1:
            raise ValidationError("name", value="1", limit="not 1")  # noqa: EM101
        return calls_for()(names).checked(_not_two)

    platform = Platform()
    result = bulk(colour, platform, range(5), make=make, concurrency=concurrency)
    assert (result.done, items_of(result.failed), result.again) == ((0, 3, 4), [1, 2], ())
    assert platform.count["x/y"] == 3


def _not_two(fields: Any, _now: float | None = None) -> None:
    if fields["names"] == [2]:
        raise ValidationError("name", value="2", limit="not 2")  # noqa: EM101


# When it stops


@colours
def test_a_window_used_up_stops_and_says_what_is_left(colour: str) -> None:
    """45009 at the fourth item: three done, one failed, six not tried, and the seven are worth another try."""
    platform = by_name({3: {"errcode": 45009}})
    result = bulk(colour, platform, range(10))
    assert (result.done, items_of(result.failed), result.rest) == ((0, 1, 2), [3], (4, 5, 6, 7, 8, 9))
    assert result.again == (3, 4, 5, 6, 7, 8, 9)
    assert isinstance(result.failed[0].error, RateLimitError)
    assert platform.count["x/y"] == 4
    assert str(result) == "3 done, 1 failed, 6 not tried"


@colours
def test_a_window_used_up_stops_several_at_once(colour: str) -> None:
    """With four at once no more than four meet the limit, and every item is in one list."""
    platform = Platform(lambda request: OK if names_in(request)[0] < 10 else {"errcode": 45009})
    result = bulk(colour, platform, range(100), concurrency=4)
    assert 1 <= len(result.failed) <= 4
    assert sorted([*result.done, *result.again]) == list(range(100))


@colours
def test_a_limit_of_one_item_stops_nobody_else(colour: str) -> None:
    """41094 (reminded too often) is about one message: the others are reminded."""
    result = bulk(colour, by_name({1: {"errcode": 41094}}), range(5))
    assert (result.done, items_of(result.failed)) == ((0, 2, 3, 4), [1])


@colours
@pytest.mark.parametrize("concurrency", [1, 5])
def test_a_refused_secret_stops_at_once(colour: str, concurrency: int) -> None:
    """40001: one request for a token and none more, because insisting gets the address banned."""
    platform = Platform()
    platform.gettoken = lambda _: {"errcode": 40001}
    result = bulk(colour, platform, range(50), concurrency=concurrency)
    assert platform.count == Counter(gettoken=1)
    assert 1 <= len(result.failed) <= concurrency
    assert len(result.rest) == 50 - len(result.failed)
    assert sorted(result.again) == list(range(50))
    assert isinstance(result.failed[0].error, AuthenticationError)


@colours
@pytest.mark.parametrize("errcode", [48002, 60020])
def test_what_no_item_can_change_stops(colour: str, errcode: int) -> None:
    """An app that may not use the API, or an address that is not trusted: the next item would meet the same."""
    result = bulk(colour, by_name({0: {"errcode": errcode}}), range(9))
    assert (len(result.failed), len(result.rest), len(result.again)) == (1, 8, 9)
    assert isinstance(result.failed[0].error, PermissionDeniedError)


@colours
def test_three_calls_without_an_answer_in_a_row_stop(colour: str) -> None:
    """The network is gone: the fourth item is not tried. Each of the three was repeated by its own rules."""
    platform = Platform(lambda _: httpx.ConnectError("refused"))
    result = bulk(colour, platform, range(10))
    assert (items_of(result.failed), result.rest) == ([0, 1, 2], (3, 4, 5, 6, 7, 8, 9))
    assert result.again == tuple(range(10))
    assert all(isinstance(one.error, APIConnectionError) for one in result.failed)


@colours
def test_two_calls_without_an_answer_do_not_stop(colour: str) -> None:
    """Two losses, a success, two losses: everything was tried."""
    lost = dict.fromkeys((0, 1, 3, 4), LOST)
    result = bulk(colour, by_name(lost), range(6))
    assert (result.done, items_of(result.failed), result.rest) == ((2, 5), [0, 1, 3, 4], ())


# What nobody knows


@colours
@pytest.mark.parametrize("effect", [Effect.SEND, Effect.CREATE])
@pytest.mark.parametrize(
    "answer", [LOST, httpx.Response(502, text="<html>"), {"errcode": -1}, {"errcode": {}}, {"errcode": 999_999}]
)
def test_a_lost_answer_of_a_send_is_unknown(colour: str, effect: Effect, answer: Any) -> None:
    """Nobody knows whether it reached the person: it is not offered for a repetition, and was sent once."""
    platform = by_name({1: answer})
    result = bulk(colour, platform, range(3), effect=effect)
    assert (result.done, items_of(result.unknown), result.failed, result.again) == ((0, 2), [1], (), ())
    assert platform.count["x/y"] == 3
    assert str(result) == "2 done, 1 unknown"
    with pytest.raises(type(result.unknown[0].error)):
        result.raise_for_failures()


@colours
def test_an_answer_to_a_send_that_cannot_be_read_is_unknown(colour: str) -> None:
    """The platform said yes in a shape that we do not know: sent, most likely. To repeat it would send it twice."""

    def make(names: Sequence[Any]) -> Call[Any]:
        return Call.post(Effect.SEND, PATH, dict, names=list(names)).paged("rows")

    result = bulk(colour, by_name({0: {"errcode": 0, "rows": "text"}}), range(2), make=make)
    assert (items_of(result.unknown), result.done, result.again) == ([0], (1,), ())
    assert isinstance(result.unknown[0].error, DecodeError)


@colours
def test_a_read_without_an_answer_failed_and_may_be_repeated(colour: str) -> None:
    """To read twice does no harm."""
    result = bulk(colour, by_name({1: LOST}), range(3))
    assert (items_of(result.failed), result.unknown, result.again) == ([1], (), (1,))


@colours
@pytest.mark.parametrize("effect", list(Effect))
def test_a_request_that_never_left_failed_whatever_it_does(colour: str, effect: Effect) -> None:
    """Without a connection nothing happened."""
    result = bulk(colour, by_name({1: httpx.ConnectError("refused")}), range(3), effect=effect)
    assert (items_of(result.failed), result.unknown, result.again) == ([1], (), (1,))


@colours
@pytest.mark.parametrize("concurrency", [1, 4])
def test_again_leads_to_the_end(colour: str, concurrency: int) -> None:
    """On bad days each round goes on with `again` until everything is done; no item is done twice."""
    done: Counter[int] = Counter()
    asked = [0]

    def script(request: httpx.Request) -> Any:
        asked[0] += 1
        if asked[0] % 7 == 0:
            return {"errcode": 45009}
        if asked[0] % 5 == 0:
            return httpx.ConnectError("refused")
        done.update(names_in(request))
        return OK

    platform = Platform(script)
    left: Sequence[int] = range(40)
    for _ in range(100):
        result = bulk(colour, platform, left, 3, effect=Effect.SEND, concurrency=concurrency)
        platform.now += 61
        left = result.again
        if result.ok:
            break
    assert result.ok
    assert done == Counter(range(40))


ENDINGS = st.sampled_from(["ok"] * 6 + ["gone", "lost", "reset", "busy", "window", "refused", "odd", "cannot"])


@given(
    endings=st.lists(ENDINGS, max_size=25),
    size=st.integers(1, 4),
    concurrency=st.sampled_from([1, 1, 2, 5]),
    colour=st.sampled_from(COLOURS),
    effect=st.sampled_from([Effect.SEND, Effect.SET]),
)
def test_every_item_is_in_exactly_one_list(
    endings: list[str], size: int, concurrency: int, colour: str, effect: Effect
) -> None:
    """Whatever happens to which call: nothing is lost, done is done once, the rest never left, progress is right."""
    sent: Counter[int] = Counter()
    happened: Counter[int] = Counter()

    def script(request: httpx.Request) -> Any:
        names = names_in(request)
        ending = endings[names[0]]
        sent.update(names)
        if ending in ("ok", "lost", "odd", "refused"):
            happened.update(names)
        return {
            "gone": {"errcode": 84061},
            "lost": LOST,
            "reset": httpx.ConnectError("refused"),
            "busy": {"errcode": -1},
            "window": {"errcode": 45009},
            "odd": {"errcode": 0, "rows": 1},
            "refused": {"errcode": 0, "rows": [], "bad": names[:1]},
        }.get(ending, {"errcode": 0, "rows": []})

    def make(names: Sequence[int]) -> Call[Any]:
        if endings[names[0]] == "cannot":
            raise ValidationError("name", value="x", limit="y")  # noqa: EM101
        return Call.post(effect, PATH, dict, names=list(names)).paged("rows")

    told: list[Progress] = []
    result = bulk(
        colour,
        Platform(script),
        range(len(endings)),
        size,
        make=make,
        concurrency=concurrency,
        progress=told.append,
        refused=lambda page: dict.fromkeys(page.extra.get("bad", ()), 84061),
    )
    lists = (result.done, items_of(result.failed), items_of(result.unknown), result.rest)
    assert sorted(item for one in lists for item in one) == list(range(len(endings)))
    assert all(happened[item] for item in result.done)
    assert not any(sent[item] for item in result.rest)
    assert sum(one.step for one in told) == (told[-1].done if told else 0) == len(endings) - len(result.rest)
    assert not told or told[-1].failed == len(result.failed) + len(result.unknown)
    if effect is Effect.SEND:
        assert all(happened[item] <= 1 for item in range(len(endings)))
        assert not any(happened[one.item] for one in result.failed if one.errcode != 84061)
        assert not set(result.again) & set(items_of(result.unknown))
    else:
        assert result.unknown == ()


# Progress, and what breaks off


@colours
def test_progress_counts_every_call(colour: str) -> None:
    """Ten items, four in a call: 4, 8, 10 of 10."""
    told: list[Progress] = []
    bulk(colour, by_name({4: {"errcode": 84061}}), range(10), 4, progress=told.append)
    assert [(one.done, one.failed, one.total, one.step) for one in told] == [
        (4, 0, 10, 4),
        (8, 4, 10, 4),
        (10, 4, 10, 2),
    ]
    assert [str(one) for one in told] == ["4 of 10", "8 of 10, 4 failed", "10 of 10, 4 failed"]
    assert [one.fraction for one in told] == [0.4, 0.8, 1.0]
    assert (Progress(done=1200).fraction, str(Progress(done=1200))) == (None, "1,200")
    assert Progress(done=0, total=0).fraction == 1.0


@colours
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit, NotFoundError])
def test_an_exception_in_the_report_ends_the_operation(
    colour: str, concurrency: int, error: type[BaseException]
) -> None:
    """It comes out as itself, nothing more is started, and no thread stays behind."""
    platform = Platform()

    def report(progress: Progress) -> None:
        if progress.done == 5:
            raise api_error(84061) if error is NotFoundError else error

    before = threading.active_count()
    with pytest.raises(error):
        bulk(colour, platform, range(500), progress=report, concurrency=concurrency)
    assert 5 <= platform.count["x/y"] <= 5 + 2 * concurrency
    assert threading.active_count() == before


@colours
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_mistake_in_the_maker_comes_out_as_itself(colour: str, concurrency: int) -> None:
    """An exception that is none of ours ends the operation before the next call."""

    def make(names: Sequence[int]) -> Call[dict[str, Any]]:
        return call(1 // (5 - names[0]))

    platform = Platform()
    with pytest.raises(ZeroDivisionError):
        bulk(colour, platform, range(500), make=make, concurrency=concurrency)
    assert platform.count["x/y"] <= 5 + concurrency


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal: in the background of a script it is ignored, and tests inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("concurrency", [1, 4])
def test_ctrl_c_ends_the_operation_and_a_long_wait(concurrency: int) -> None:
    """A signal while calls wait a minute for a limit: nothing more is started, and nobody waits to the end."""
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 1:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(0.01)

    platform = Platform(lambda _: {"errcode": 45009})
    client = {"sleep": sleep, "options": Options(max_wait_seconds=3600)}
    with pytest.raises(KeyboardInterrupt):
        bulk("sync", platform, range(500), concurrency=concurrency, client=client)
    assert platform.count["x/y"] <= concurrency
    assert sum(naps) <= 60


@pytest.mark.parametrize("colour", ["asyncio", "trio"])
def test_cancellation_gives_every_place_back(colour: str) -> None:
    """A task that is cancelled in the middle leaves a client that works, and no call counted as in flight."""
    platform = Platform()
    entered: list[str] = []

    async def main() -> None:
        async with platform.async_client() as client:
            with anyio.CancelScope() as scope:

                def stop(_: Progress) -> None:
                    entered.append("")
                    scope.cancel()

                await client.send_all([call(n) for n in range(50)], concurrency=7, progress=stop)
            assert scope.cancelled_caught
            lane = client._engine.limiter._lanes[PATH]
            assert (lane.in_flight, lane.booked) == (0, 0)
            assert (await client.send_all([call(1)])).ok

    anyio.run(main, backend=colour)
    assert len(entered) <= 7


def test_what_a_workflow_holds_is_given_back_before_ctrl_c_goes_on() -> None:
    """A `finally` in a workflow runs when the operation is broken off, not when Python gets round to it."""
    trail: list[str] = []

    def flow() -> Iterator[Any]:
        try:
            yield Together([call(1)])
        finally:
            trail.append("given back")

    def script(_: httpx.Request) -> Any:
        raise KeyboardInterrupt

    with Platform(script).client() as client:
        try:
            client.run(flow())  # type: ignore[arg-type]
        except KeyboardInterrupt:
            trail.append("interrupted")
    assert trail == ["given back", "interrupted"]


# At once


@colours
def test_so_many_are_under_way_and_never_more(colour: str) -> None:
    """Five at once: five meet on the wire, a sixth never does."""
    most = [0, 0]
    lock = threading.Lock()
    gate = threading.Barrier(5)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != PATH:
            return httpx.Response(200, json={"errcode": 0, "access_token": "T", "expires_in": 7200})
        with lock:
            most[0] += 1
            most[1] = max(most)
        if colour == "sync":
            gate.wait(10)  # all five must be here, or the test fails
        with lock:
            most[0] -= 1
        return httpx.Response(200, json=OK)

    async def ahandle(request: httpx.Request) -> httpx.Response:
        if request.url.path == PATH:
            most[0] += 1
            most[1] = max(most)
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            most[0] -= 1
            return httpx.Response(200, json=OK)
        return handle(request)

    platform = Platform()
    http: Any = (
        httpx.Client(transport=httpx.MockTransport(handle))
        if colour == "sync"
        else httpx.AsyncClient(transport=httpx.MockTransport(ahandle))
    )
    clients = _Own(http)
    result = with_client(colour, clients, lambda client: client.send_all(map(call, range(20)), concurrency=5))
    assert result.ok
    assert most == [0, 5]
    assert platform.count == Counter()


class _Own:
    """Clients over a given HTTP client."""

    def __init__(self, http: Any) -> None:
        self.http = http

    def client(self) -> WeCom:
        """Return a synchronous client."""
        return WeCom("ww1", "s", http=self.http)

    def async_client(self) -> Any:
        """Return an asynchronous client."""
        from wecom_auto import AsyncWeCom

        return AsyncWeCom("ww1", "s", http=self.http)


def test_one_at_once_uses_no_thread() -> None:
    """The caller's own thread does it; with more than one, others do and are gone afterwards."""
    threads: set[str] = set()
    platform = Platform(lambda _: threads.add(threading.current_thread().name) or OK)  # type: ignore[func-returns-value]
    bulk("sync", platform, range(5))
    assert threads == {threading.current_thread().name}
    threads.clear()
    bulk("sync", platform, range(5), concurrency=3)
    assert all(name.startswith("wecom") for name in threads)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wecom_")]


@colours
def test_context_variables_reach_every_call(colour: str) -> None:
    """Tracing hangs on the caller's context: it is there in threads and tasks."""
    trace: ContextVar[str] = ContextVar("trace", default="nobody")
    trace.set("caller")
    seen: set[str] = set()
    platform = Platform(lambda _: seen.add(trace.get()) or OK)  # type: ignore[func-returns-value]
    bulk(colour, platform, range(8), concurrency=4)
    assert seen == {"caller"}


@colours
def test_calls_are_made_when_there_is_room_for_them(colour: str) -> None:
    """Calls are taken one by one: a million items need no million calls in memory."""
    made, ahead = [0], [0]

    def wanted() -> Iterator[Call[Any]]:
        for number in range(100):
            made[0] += 1
            yield call(number)

    def script(_: httpx.Request) -> Any:
        ahead.append(made[0] - platform.count["x/y"])
        return OK

    platform = Platform(script)

    def flow() -> Iterator[Any]:
        yield Together(wanted(), 4)

    with_client(colour, platform, lambda client: client.run(flow()))
    assert max(ahead) <= 4
    assert made == [100]


def test_one_token_serves_many_threads() -> None:
    """Twenty cold threads fetch one token."""
    platform = Platform()
    assert bulk("sync", platform, range(100), concurrency=20).ok
    assert platform.count["gettoken"] == 1


# In the real chapters


def stage(customers: int = 30, **limits: Any) -> tuple[FakeWeCom, list[TagChange]]:
    """Set up one member with customers, and a change for each of them."""
    fake = FakeWeCom(limits=Limits(**limits))
    fake.add_member("zhangsan")
    tag = fake.add_tag("意向", "A")
    people = [fake.add_customer(followed_by="zhangsan") for _ in range(customers)]
    return fake, [TagChange(userid="zhangsan", external_userid=one.external_userid, add=(tag.id,)) for one in people]


@colours
def test_tags_are_put_on_many(colour: str) -> None:
    """Thirty customers get a tag; the one who left in between is told, with the reason."""
    fake, changes = stage()
    fake.delete_customer("zhangsan", changes[4].external_userid)
    result = with_client(colour, fake, lambda app: app.tags.mark_many(changes, concurrency=10))
    assert [(one.item, one.errcode) for one in result.failed] == [(changes[4], 84061)]
    assert set(result.done) == set(changes) - {changes[4]}
    assert all(
        [tag.id for tag in fake.customer(one.external_userid).tags_by("zhangsan")] == [*one.add] for one in result.done
    )


def test_tags_stay_below_five_at_once_over_http() -> None:
    """Twenty at once are asked for and five made, so that a platform that takes five never says 45033."""
    fake, changes = stage(concurrency={"externalcontact/mark_tag": 5})
    with fake.serve(latency=0.01) as url, WeCom(fake.corp_id, fake.secret, base_url=url) as app:
        assert app.tags.mark_many(changes, concurrency=20).ok
    assert {one.errcode for one in fake.calls("externalcontact/mark_tag")} == {0}


def test_a_crowded_platform_slows_it_down_and_loses_nothing_over_http() -> None:
    """A platform that takes two at once answers 45033 to some; with fewer at once all get their tag."""
    fake, changes = stage(concurrency={"externalcontact/mark_tag": 2})
    options = Options(retry=RetryPolicy(wait_seconds=0.02))
    with fake.serve(latency=0.01) as url, WeCom(fake.corp_id, fake.secret, base_url=url, options=options) as app:
        result = app.tags.mark_many(changes, concurrency=20)
    assert result.ok, result.reasons
    assert 45033 in {one.errcode for one in fake.calls("externalcontact/mark_tag")}


def test_a_change_without_tags_fails_alone() -> None:
    """Neither tags to put on nor to take off: refused before anything is sent, and not worth another try."""
    fake, (one, *_) = stage(1)
    with fake.client() as app:
        result = app.tags.mark_many([TagChange(userid="zhangsan", external_userid=one.external_userid), one])
    assert result.done == (one,)
    assert isinstance(result.failed[0].error, ValidationError)
    assert result.again == ()
    assert fake.count("externalcontact/mark_tag") == 1


def test_a_change_takes_any_list_and_no_single_text() -> None:
    """Lists become tuples, so that a change can be a key; one text would be read letter by letter."""
    change = TagChange(userid="u", external_userid="wm", add=["a"], remove=iter(["b"]))  # type: ignore[arg-type]
    assert (change.add, change.remove) == (("a",), ("b",))
    assert hash(change) == hash(TagChange(userid="u", external_userid="wm", add=("a",), remove=("b",)))
    with pytest.raises(ValidationError, match="one text"):
        TagChange(userid="u", external_userid="wm", add="et1")  # type: ignore[arg-type]


@colours
def test_calls_of_several_chapters_go_together(colour: str) -> None:
    """`send_all` takes any calls, and says which failed."""
    fake, _ = stage(2)
    wanted: list[Call[Any]] = [
        Calls().customers.list("zhangsan"),
        Calls().customers.list("nobody"),
        Calls().tags.list(),
    ]
    result = with_client(colour, fake, lambda app: app.send_all(wanted, concurrency=2))
    assert result.done == (wanted[0], wanted[2])
    assert result.failed[0].item is wanted[1]
    assert len(result.answers[0]) == 2


# For people


def test_a_result_shows_itself() -> None:
    """In a notebook and in a terminal: how many, and why not, most frequent reason first; texts are escaped."""
    from rich.console import Console

    failed = [BulkFailure(item=n, error=api_error(84061, "<b>")) for n in range(3)]
    lost = BulkFailure(item=9, error=APIConnectionError("reset"))
    result: BulkResult[int, None] = BulkResult(done=(7, 8), failed=tuple(failed), unknown=(lost,), rest=(5,))
    assert list(result.reasons.values()) == [3, 1]
    page = result._repr_html_()
    assert "2 done, 3 failed, 1 unknown, 1 not tried" in page
    assert "<b>" not in page
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(result)
    assert "3 ×" in console.export_text()
    assert "APIConnectionError" not in page
    with pytest.raises(NotFoundError):
        result.raise_for_failures()
    BulkResult(done=(1,)).raise_for_failures()
