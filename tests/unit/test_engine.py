"""How one call travels: retries by effect and error code, tokens, limits, errors."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
from tests.unit._platform import Platform

from wecom_auto import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    Applied,
    AuthenticationError,
    Call,
    CallFinished,
    CallRetried,
    ClientEvent,
    DecodeError,
    Effect,
    NotFoundError,
    PagingError,
    RateLimitError,
    ServerBusyError,
    ServerError,
    TokenFetched,
    ValidationError,
    WeComError,
)
from wecom_auto._binding import pause, step
from wecom_auto._checks import AnyOf, Limit, OneOf
from wecom_auto.testing import FakeWeCom

Colour = Callable[..., Any]


async def _settle(client: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
    async with client:
        return await work(client)


@pytest.fixture(params=["sync", "asyncio", "trio"])
def ask(request: pytest.FixtureRequest) -> Colour:
    """Run ``client.method(*args)`` of either client to its end."""

    def run(platform: Platform, method: str, *args: Any, **kwargs: Any) -> Any:
        options = kwargs.pop("client", {})
        if request.param == "sync":
            with platform.client(**options) as client:
                return getattr(client, method)(*args, **kwargs)

        async def work(client: Any) -> Any:
            result = getattr(client, method)(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return anyio.run(_settle, platform.async_client(**options), work, backend=request.param)

    return run


def call(effect: Effect = Effect.READ) -> Call[Any]:
    """Describe some call."""
    return Call.post(effect, "/cgi-bin/x/y", dict, name="n")


def busy_then(answer: dict[str, Any], errors: int = 1) -> Callable[[httpx.Request], Any]:
    """Script a platform that is busy a few times and then answers."""
    left = [errors]

    def script(_: httpx.Request) -> Any:
        left[0] -= 1
        return {"errcode": -1, "errmsg": "system busy"} if left[0] >= 0 else answer

    return script


@pytest.mark.parametrize("effect", [Effect.READ, Effect.SET, Effect.DELETE])
def test_busy_repeats_what_may_be_repeated(ask: Colour, effect: Effect) -> None:
    """-1 costs a pause and a repetition for reads and idempotent writes."""
    platform = Platform(busy_then({"errcode": 0, "v": 1}, errors=2))
    response = ask(platform, "send", call(effect))
    assert (response.data["v"], response.attempts) == (1, 3)
    assert platform.slept == [0.75, 1.5]


@pytest.mark.parametrize("effect", [Effect.CREATE, Effect.SEND])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"errcode": -1, "errmsg": "system busy"}, ServerBusyError),
        (httpx.ReadTimeout("slow"), APITimeoutError),
        (httpx.RemoteProtocolError("reset"), APIConnectionError),
        (httpx.Response(502, text="<html>bad gateway</html>"), ServerError),
        (httpx.Response(200, text="<html>login</html>"), ServerError),
        (httpx.Response(200, text=""), ServerError),
        (httpx.Response(200, text='{"errcode": 0, "ms'), ServerError),
        (httpx.Response(200, text="[]"), ServerError),
    ],
)
def test_an_unknown_outcome_of_a_create_is_never_repeated(
    ask: Colour, effect: Effect, answer: Any, error: type[Exception]
) -> None:
    """A create or send whose outcome nobody knows is sent once and says so."""
    platform = Platform(lambda _: answer)
    with pytest.raises(error) as caught:
        ask(platform, "send", call(effect))
    assert platform.count["x/y"] == 1
    assert caught.value.applied is Applied.UNKNOWN  # type: ignore[attr-defined]


@pytest.mark.parametrize("effect", list(Effect))
def test_a_call_that_never_left_is_repeated_whatever_it_does(ask: Colour, effect: Effect) -> None:
    """Without a connection nothing happened, so even a send may be sent again."""
    answers: list[Any] = [httpx.ConnectError("refused"), httpx.ConnectTimeout("late"), {"errcode": 0}]
    platform = Platform(lambda _: answers.pop(0))
    assert ask(platform, "send", call(effect)).attempts == 3


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.ReadError("reset"), httpx.Response(200, text="<html>")])
def test_reads_survive_bad_days(ask: Colour, answer: Any) -> None:
    """A reset, a 500 and HTML in place of JSON cost a repetition, not an error."""
    answers: list[Any] = [answer, {"errcode": 0, "v": 7}]
    assert ask(Platform(lambda _: answers.pop(0)), "send", call()).data["v"] == 7


def test_a_page_of_a_proxy_is_not_repeated(ask: Colour) -> None:
    """HTTP 403 with HTML comes from something between here and the platform; it would come again."""
    platform = Platform(lambda _: httpx.Response(403, text="<html>blocked</html>"))
    with pytest.raises(ServerError, match="403"):
        ask(platform, "send", call())
    assert platform.count["x/y"] == 1


def test_three_failures_are_enough(ask: Colour) -> None:
    """After three tries the error says which call, and how often."""
    platform = Platform(lambda _: {"errcode": -1, "errmsg": "busy"})
    with pytest.raises(ServerBusyError, match=r"POST x/y, 3 attempts"):
        ask(platform, "send", call())
    assert platform.count["x/y"] == 3


def test_an_expired_token_is_renewed_once_even_for_a_send(ask: Colour) -> None:
    """42001 was refused before acting (manual 90664): one renewal, one repetition, no pause."""
    platform = Platform()

    def script(_: httpx.Request) -> Any:
        return {"errcode": 0}

    platform.script = script
    platform.gettoken = lambda _: {
        "errcode": 0,
        "access_token": ["DEAD", "ALIVE"][platform.count["gettoken"] - 1],
        "expires_in": 7200,
    }
    platform.valid = {"ALIVE"}
    assert ask(platform, "send", call(Effect.SEND)).attempts == 2
    assert (platform.count["gettoken"], platform.slept) == (2, [])


def test_a_token_that_is_always_refused_ends_after_two_tries(ask: Colour) -> None:
    """A refused fresh token is final: two requests, two gettoken, one error."""
    platform = Platform()
    platform.always_refuse = True
    with pytest.raises(AuthenticationError):
        ask(platform, "send", call())
    assert platform.count["x/y"] <= 2
    assert platform.count["gettoken"] <= 2


def test_a_wrong_secret_is_tried_once_and_not_again() -> None:
    """40001 stops all fetching for a while: the platform bans the IP of those who insist."""
    platform = Platform()
    platform.gettoken = lambda _: {"errcode": 40001, "errmsg": "invalid credential"}
    with platform.client() as client:
        for _ in range(5):
            with pytest.raises(AuthenticationError, match="40001"):
                client.send(call())
        assert platform.count["gettoken"] == 1
        platform.now += 601
        with pytest.raises(AuthenticationError):
            client.send(call())
    assert platform.count["gettoken"] == 2


def test_missing_errcode_is_success(ask: Colour) -> None:
    """Some endpoints leave errcode out when all is well (manual 90664)."""
    assert ask(Platform(lambda _: {"v": 1}), "send", call()).data["v"] == 1


def test_an_errcode_that_is_no_number_is_a_decode_error(ask: Colour) -> None:
    """A changed answer names the place instead of passing for success."""
    with pytest.raises(DecodeError) as caught:
        ask(Platform(lambda _: {"errcode": {}}), "send", call())
    assert caught.value.path == "errcode"


@pytest.mark.parametrize(("errcode", "error"), [("0", None), ("45009", RateLimitError), ("-1", ServerBusyError)])
def test_an_errcode_in_quotes_is_still_a_number(ask: Colour, errcode: str, error: type[Exception] | None) -> None:
    """Gateways have been seen to quote numbers; "0" is success and "-1" is not."""
    platform = Platform(lambda _: {"errcode": errcode, "v": 1})
    if error is None:
        assert ask(platform, "send", call()).data["v"] == 1
        return
    with pytest.raises(error):
        ask(platform, "send", call(Effect.SEND))


@pytest.mark.parametrize(
    ("body", "name"),
    [(b'{"v": "\\ud83d"}', "\ud83d"), (b'{"v": "\xe6\x9d\x8e\xe5"}', "李\ufffd"), (b'{"v": "\xed\xa0\xbd"}', None)],
)
def test_half_a_character_in_a_nickname_spoils_nothing(ask: Colour, body: bytes, name: str | None) -> None:
    """A lone surrogate or cut-off UTF-8 somewhere in an answer leaves the rest readable."""
    answer = ask(Platform(lambda _: httpx.Response(200, content=body)), "send", call()).data
    assert answer["v"] == name or name is None


def test_half_a_character_in_a_request_is_refused() -> None:
    """What has no bytes cannot be sent, and the error says so before anything leaves."""
    platform = Platform()
    with platform.client() as client, pytest.raises(ValidationError, match="lone surrogate"):
        client.send(Call.post(Effect.SEND, "/cgi-bin/x/y", dict, text="\ud83d").checked(Limit("text", bytes=9)))
    assert platform.count["x/y"] == 0


def test_a_window_used_up_fails_fast_and_opens_the_breaker() -> None:
    """45009 raises with retry_after; until then nothing is sent, afterwards calls go out again."""
    platform = Platform(lambda _: {"errcode": 45009, "errmsg": "api freq out of limit"})
    with platform.client() as client:
        with pytest.raises(RateLimitError, match="POST x/y") as caught:
            client.send(call())
        assert caught.value.retry_after == 60
        with pytest.raises(RateLimitError, match="nothing was sent"):
            client.send(call())
        assert platform.count["x/y"] == 1
        platform.script = lambda _: {"errcode": 0}
        platform.now += 61
        client.send(call())
        assert platform.count["x/y"] == 2


def test_a_patient_client_waits_for_the_window(ask: Colour) -> None:
    """with_options(max_wait_seconds=…) turns 45009 into a pause."""
    answers: list[Any] = [{"errcode": 45009}, {"errcode": 0, "v": 1}]
    platform = Platform(lambda _: answers.pop(0))
    with platform.client() as client:
        patient = client.with_options(max_wait_seconds=120)
        assert patient.send(call()).data["v"] == 1
    assert sum(platform.slept) == pytest.approx(60)


def test_too_many_at_once_is_repeated_even_for_a_send(ask: Colour) -> None:
    """45033 was refused before acting: back off, then send again."""
    answers: list[Any] = [{"errcode": 45033}, {"errcode": 0}]
    assert ask(Platform(lambda _: answers.pop(0)), "send", call(Effect.SEND)).attempts == 2


def test_gone_means_done_when_the_first_delete_was_lost(ask: Colour) -> None:
    """A repeated delete that finds nothing has worked the first time; a first one has not."""
    delete: Call[None] = Call.post(Effect.DELETE, "/cgi-bin/x/y", type(None))
    answers: list[Any] = [httpx.ReadTimeout("lost"), {"errcode": 40096, "errmsg": "not found"}]
    assert ask(Platform(lambda _: answers.pop(0)), "send", delete).data is None
    with pytest.raises(NotFoundError):
        ask(Platform(lambda _: {"errcode": 40096}), "send", delete)


def test_unknown_codes_are_generic_errors(ask: Colour) -> None:
    """A code newer than the table raises APIError with the code, and is not repeated."""
    platform = Platform(lambda _: {"errcode": 987654, "errmsg": "brand new"})
    with pytest.raises(APIError, match="987654 brand new") as caught:
        ask(platform, "send", call())
    assert type(caught.value) is APIError
    assert platform.count["x/y"] == 1
    assert pickle.loads(pickle.dumps(caught.value)).errcode == 987654  # noqa: S301  # our own bytes


def test_a_repeating_cursor_is_refused() -> None:
    """A cursor that comes back would never end; the error says so after the pages were delivered."""
    answers = iter(["a", "b", "a"])
    platform = Platform(lambda _: {"errcode": 0, "list": ["x"], "next_cursor": next(answers)})
    with platform.client() as client:
        from wecom_auto import Pages

        pages = Pages(client.execute, Call.post(Effect.READ, "/cgi-bin/x/y", str).paged("list"))
        seen: list[str] = []
        with pytest.raises(PagingError, match="cursor"):
            seen.extend(item for item in pages)
    assert platform.count["x/y"] == 3


def test_pages_resume_from_a_cursor() -> None:
    """Iterating from a kept cursor asks for that page first, and empty pages do not end the walk."""
    asked: list[str] = []

    def script(request: httpx.Request) -> Any:
        import json

        cursor = json.loads(request.content).get("cursor", "")
        asked.append(cursor)
        pages = {"": {"list": [1], "next_cursor": "b"}, "b": {"list": [], "next_cursor": "c"}, "c": {"list": [3]}}
        return pages[cursor]

    with Platform(script).client() as client:
        from wecom_auto import Pages

        base = Call.post(Effect.READ, "/cgi-bin/x/y", int).paged("list")
        assert list(Pages(client.execute, base)) == [1, 3]
        assert list(Pages(client.execute, base.at_cursor("b"))) == [3]
    assert asked == ["", "b", "c", "b", "c"]


def test_a_workflow_may_handle_errors_of_its_steps(ask: Colour) -> None:
    """A failed step raises inside the generator, which may go on."""

    def flow() -> Any:
        try:
            yield from step(Call.post(Effect.READ, "/cgi-bin/bad", dict))
        except APIError as error:
            return (yield from step(Call.post(Effect.READ, "/cgi-bin/x/y", dict))), error.errcode

    def script(request: httpx.Request) -> Any:
        return {"errcode": 40058} if request.url.path.endswith("bad") else {"errcode": 0, "v": 1}

    answer, errcode = ask(Platform(script), "run", flow())
    assert (answer["v"], errcode) == (1, 40058)


def test_a_workflow_may_pause(ask: Colour) -> None:
    """A pause sleeps as the client does and tells the client's time afterwards; one of nothing only tells the time."""

    def flow() -> Any:
        started = yield from pause(0)
        yield from step(Call.post(Effect.READ, "/cgi-bin/x/y", dict))
        return started, (yield from pause(2.5)), (yield from pause(0)), (yield from pause(-1))

    platform = Platform()
    begun = platform.now
    assert ask(platform, "run", flow()) == (begun, begun + 2.5, begun + 2.5, begun + 2.5)
    assert platform.slept == [2.5]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_pause_can_be_cancelled(backend: str) -> None:
    """Who cancels a workflow in a pause gets out of it at once, and the workflow may clean up."""
    closed = []

    def flow() -> Any:
        try:
            yield from pause(3600)
        finally:
            closed.append(True)

    async def main() -> bool:
        async with FakeWeCom().async_client(sleep=anyio.sleep) as client:
            with anyio.move_on_after(0.01) as scope:
                await client.run(flow())
        return scope.cancelled_caught

    assert anyio.run(main, backend=backend)
    assert closed == [True]


def test_limits_are_checked_before_sending(ask: Colour) -> None:
    """A broken limit costs no request, names field, value and limit, and can be left to the platform."""
    platform = Platform()
    checked = Call.post(Effect.CREATE, "/cgi-bin/x/y", dict, state="x" * 31).checked(Limit("state", chars=30))
    with pytest.raises(ValidationError, match="state: got 31 characters, accepted: at most 30 characters"):
        ask(platform, "send", checked)
    assert not platform.count
    with platform.client() as client:
        client.with_options(validate=False).send(checked)
    assert platform.count["x/y"] == 1


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (Limit("a.b", bytes=6), {"a": {"b": "汉字"}}, {"a": {"b": "汉字x"}}),
        (Limit("l[].t", chars=2), {"l": [{"t": "ab"}]}, {"l": [{"t": "ab"}, {"t": "abc"}]}),
        (Limit("ids", items=2, least=1), {"ids": ["1"]}, {"ids": []}),
        (Limit("n", most=100, least=1), {"n": 100}, {"n": 101}),
        (OneOf("t", ("single", "group")), {"t": "group"}, {"t": "both"}),
        (AnyOf("text", "attachments"), {"attachments": [1]}, {"text": "", "attachments": []}),
    ],
)
def test_checks_count_in_the_manuals_units(check: Any, good: Any, bad: Any) -> None:
    """Bytes, characters, items and numbers are told apart, and missing fields are no offence."""
    check(good)
    with pytest.raises(ValidationError):
        check(bad)


def test_observers_see_everything_and_break_nothing() -> None:
    """Events carry no secret; an observer that raises does not touch the call."""
    events: list[ClientEvent] = []

    def broken(_: ClientEvent) -> None:
        raise RuntimeError

    platform = Platform(busy_then({"errcode": 0}))
    with platform.client(observers=[broken, events.append]) as client:
        client.send(call())
    assert [type(event) for event in events] == [TokenFetched, CallRetried, CallFinished]
    assert "TOKEN" not in repr(events)
    assert "S3CRET" not in repr(events)


def test_request_reaches_what_has_no_method(ask: Colour) -> None:
    """client.request shares token, retries and errors; a POST of unknown effect is never repeated in doubt."""
    platform = Platform(lambda request: {"errcode": 0, "path": request.url.path, "q": request.url.params.get("q")})
    answer = ask(platform, "request", "GET", "department/get", params={"q": "1"})
    assert (answer["path"], answer["q"]) == ("/cgi-bin/department/get", "1")
    lost = Platform(lambda _: {"errcode": -1})
    with pytest.raises(ServerBusyError):
        ask(lost, "request", "POST", "x/y", json={"a": 1})
    assert lost.count["x/y"] == 1


def test_errors_of_the_caller_are_not_swallowed() -> None:
    """An exception that is not the wire's passes through and leaves the client usable."""
    platform = Platform(lambda _: KeyError("boom"))
    with platform.client() as client:
        with pytest.raises(KeyError):
            client.send(call())
        platform.script = lambda _: {"errcode": 0}
        client.send(call())


def test_every_error_is_one_family() -> None:
    """`except WeComError` catches whatever the package raises on purpose."""
    for cls in (APIConnectionError, ServerError, APIError, DecodeError, PagingError, ValidationError):
        assert issubclass(cls, WeComError)
