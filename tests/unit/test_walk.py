"""Walks: everything once, a few calls at a time, and a checkpoint after every batch that a later walk goes on from."""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit._colours import COLOURS, batches, with_client
from tests.unit._platform import Platform

from wecom_auto import (
    APIConnectionError,
    Call,
    Calls,
    Effect,
    Found,
    InvalidRequestError,
    LicenseError,
    NotFoundError,
    Page,
    PagingError,
    PermissionDeniedError,
    Progress,
    ServerBusyError,
    ValidationError,
    Walk,
    WeCom,
    WeComError,
)
from wecom_auto._binding import step
from wecom_auto._together import Together
from wecom_auto.api._streams import cut
from wecom_auto.models import GroupStatus, UnassignedCustomer
from wecom_auto.testing import FakeWeCom

colours = pytest.mark.parametrize("colour", COLOURS)
at_once = pytest.mark.parametrize("concurrency", [1, 3])
BY_USER = "externalcontact/batch/get_by_user"
GROUP_LIST = "externalcontact/groupchat/list"
GROUP = "externalcontact/groupchat/get"


def call(number: int) -> Call[dict[str, Any]]:
    """Describe some call."""
    return Call.post(Effect.READ, "/cgi-bin/x/y", dict, n=number)


def items(found: list[Found[Any]]) -> list[Any]:
    """Return what all batches hold."""
    return [item for batch in found for item in batch.items]


# The machine


def walk_of(client: Any, start: Any) -> Any:
    """Return a walk of `client`."""
    from wecom_auto import AsyncWalk

    return (AsyncWalk if client.is_async else Walk)(client.run, start)


@colours
def test_a_walk_hands_out_what_it_finds_and_asks_nothing_before(colour: str) -> None:
    """Nothing is sent before somebody iterates, and no call is made before the batch before it is taken."""
    platform = Platform(lambda request: {"errcode": 0, "n": json.loads(request.content)["n"]})

    def start() -> Iterator[Any]:
        one = yield call(1)
        yield Found((one["n"],), "after 1")
        two = yield Together([call(2), call(3)], 2)
        yield Found(tuple(answer["n"] for answer in two), "")

    asked: list[int] = []
    found = batches(
        colour, platform, lambda client: walk_of(client, start), each=lambda _: asked.append(platform.count["x/y"])
    )
    assert [(batch.items, batch.checkpoint) for batch in found] == [((1,), "after 1"), ((2, 3), "")]
    assert asked == [1, 3]


@colours
def test_an_error_reaches_the_walk_which_may_go_on(colour: str) -> None:
    """A walk handles the error of a call as a workflow does, and what it does not handle reaches the user."""
    platform = Platform(lambda request: {"errcode": 84061 if json.loads(request.content)["n"] == 1 else 60111})

    def start() -> Iterator[Any]:
        try:
            yield from step(call(1))
        except NotFoundError as error:
            yield Found((error.errcode,), "x")
        yield from step(call(2))

    seen: list[Any] = []
    with pytest.raises(NotFoundError, match="60111"):
        batches(colour, platform, lambda client: walk_of(client, start), each=lambda batch: seen.extend(batch.items))
    assert seen == [84061]


@colours
def test_who_stops_early_leaves_nothing_open(colour: str) -> None:
    """After the first batch the generator is closed, and its `finally` has run."""
    trail: list[str] = []

    def start() -> Iterator[Any]:
        try:
            for number in range(100):
                yield Found((number,), str(number))
        finally:
            trail.append("closed")

    def work(client: Any) -> Any:
        source = walk_of(client, start).batches()
        return anext(source) if client.is_async else next(source)

    with_client(colour, Platform(), work)
    assert trail == ["closed"]


def test_every_iteration_starts_anew() -> None:
    """A walk can be iterated twice; what failed belongs to the iteration that was started last."""
    fake = people({"a": 3, "b": 2})
    with fake.client() as app:
        walk = app.customers.iter_all(userids=["a", "b", "ghost"])
        first, second = list(walk), list(walk)
        assert first == second
        assert len(first) == 5
        assert [(one.item, one.errcode) for one in walk.failed] == [("ghost", 60111)]
        assert repr(walk) == "<Walk>"


def test_without_a_client_a_walk_is_its_steps() -> None:
    """`Calls` gives the generator of calls, to be looked at or driven by hand."""
    steps = Calls().customers.iter_all()
    wanted = next(steps)
    assert isinstance(wanted, Call)
    assert wanted.path == "/cgi-bin/externalcontact/get_follow_user_list"
    together = steps.send(("zhangsan",))
    assert isinstance(together, Together)


# Customers


def people(members: Mapping[str, int]) -> FakeWeCom:
    """Return a corp whose members have so many customers."""
    fake = FakeWeCom()
    for userid, count in members.items():
        fake.add_member(userid)
        for _ in range(count):
            fake.add_customer(followed_by=userid)
    return fake


def pairs(found: list[Any]) -> Counter[tuple[str, str]]:
    """Count who follows whom."""
    return Counter((one.follow.userid, one.external_userid) for one in found)


def everybody(fake: FakeWeCom) -> Counter[tuple[str, str]]:
    """Return who follows whom in the corp."""
    return Counter((follow.userid, one.external_userid) for one in fake.customers() for follow in one.follows)


SIZES = {"a": 120, "b": 0, "c": 101, "d": 1, "e": 230, "f": 99}


@colours
@pytest.mark.parametrize("concurrency", [1, 3, 20])
def test_all_customers_of_all_members_once(colour: str, concurrency: int) -> None:
    """Whoever follows whom comes once, whatever the number of calls at once."""
    fake = people(SIZES)
    found = batches(colour, fake, lambda app: app.customers.iter_all(concurrency=concurrency))
    assert pairs(items(found)) == everybody(fake)
    assert [bool(batch.checkpoint) for batch in found] == [True] * (len(found) - 1) + [False]
    assert max(len(batch.items) for batch in found) <= (100 if concurrency == 1 else concurrency * 300)


@colours
def test_only_some_members(colour: str) -> None:
    """With `userids` nobody else is asked for, twice named is once read, and nobody lists the members."""
    fake = people(SIZES)
    found = batches(colour, fake, lambda app: app.customers.iter_all(userids=["a", "d", "a"], concurrency=2))
    assert pairs(items(found)) == Counter({pair: 1 for pair in everybody(fake) if pair[0] in "ad"})
    assert fake.count("externalcontact/get_follow_user_list") == 0


@colours
def test_nobody_to_read_ends_with_an_empty_checkpoint(colour: str) -> None:
    """A corp without members with the feature: one empty batch, so that who stores checkpoints sees the end."""
    found = batches(colour, FakeWeCom(), lambda app: app.customers.iter_all())
    assert found == [Found((), "")]


def test_pages_are_full_and_few() -> None:
    """Five hundred and fifty customers of six members cost one list and few more pages than a hundred each needs."""
    fake = people(SIZES)
    with fake.client() as app:
        assert len(list(app.customers.iter_all())) == sum(SIZES.values())
    assert fake.count(BY_USER) == 6
    with fake.client() as app:
        assert len(list(app.customers.iter_all(concurrency=3))) == sum(SIZES.values())
    assert fake.count(BY_USER) - 6 <= 6 + 6
    assert {one.body["limit"] for one in fake.calls(BY_USER)} == {100}


def test_members_are_cut_into_even_streams_of_a_hundred_at_most() -> None:
    """A stream has 1 to 100 members; the parts differ by one at most."""
    for count in (0, 1, 2, 99, 100, 101, 250, 1_000):
        for streams in (1, 2, 7, 40):
            parts = cut([str(number) for number in range(count)], streams)
            sizes = [len(part) for part in parts]
            assert [one for part in parts for one in part] == [str(number) for number in range(count)]
            assert not sizes or (max(sizes) <= 100 and min(sizes) >= 1 and max(sizes) - min(sizes) <= 1)
            assert len(parts) == max(-(-count // 100), min(count, streams))


@colours
@at_once
def test_every_checkpoint_leads_on_without_loss_or_repetition(colour: str, concurrency: int) -> None:
    """Stopped after any batch, the next walk brings exactly the rest."""
    fake = people(SIZES)

    def start(app: Any, resume: str = "") -> Any:
        return app.customers.iter_all(concurrency=concurrency, resume=resume)

    whole = batches(colour, fake, start)
    for number, batch in enumerate(whole[:-1]):
        rest = batches(colour, fake, lambda app, place=batch.checkpoint: start(app, place))
        assert pairs(items(whole[: number + 1])) + pairs(items(rest)) == everybody(fake)


@colours
@at_once
@pytest.mark.parametrize("fault", [{"errcode": -1}, {"reset": "before"}, {"html": True}, {"errcode": 48002}])
def test_an_error_comes_after_what_was_read(colour: str, concurrency: int, fault: dict[str, Any]) -> None:
    """The pages before the error are handed out, and the last checkpoint leads to the rest."""
    fake = people(SIZES)
    app_options = {"random": lambda: 0.5}
    kept: list[Found[Any]] = []

    def spoil(batch: Found[Any]) -> None:
        kept.append(batch)
        if len(kept) == 1 and batch.checkpoint:
            fake.fail_next(BY_USER, times=3 * concurrency, **fault)

    with pytest.raises(WeComError):
        batches(
            colour, fake, lambda app: app.customers.iter_all(concurrency=min(concurrency, 2)), each=spoil, **app_options
        )
    fake.clear_faults()
    place = kept[-1].checkpoint
    rest = batches(colour, fake, lambda app: app.customers.iter_all(concurrency=3, resume=place))
    assert pairs(items(kept)) + pairs(items(rest)) == everybody(fake)


@colours
@at_once
def test_a_dead_cursor_starts_its_own_members_again_and_nobody_else(colour: str, concurrency: int) -> None:
    """50100 for the first page after a resume: these members are read from the start, nobody is lost."""
    fake = people(SIZES)
    (first,) = batches(colour, fake, lambda app: app.customers.iter_all(), most=1)
    fake.fail_next(BY_USER, errcode=50100)
    rest = batches(colour, fake, lambda app: app.customers.iter_all(concurrency=concurrency, resume=first.checkpoint))
    both = pairs(items([first])) + pairs(items(rest))
    assert set(both) == set(everybody(fake))
    assert pairs(items(rest)) == everybody(fake)


def test_a_cursor_that_is_refused_in_mid_walk_is_an_error() -> None:
    """Without a resume a refused cursor is no old one: it is told, and the checkpoint holds."""
    fake = people(SIZES)
    with fake.client() as app:
        source = app.customers.iter_all().batches()
        first = next(source)
        fake.fail_next(BY_USER, errcode=50100)
        second = next(source)
        assert second.items == ()
        assert second.checkpoint == first.checkpoint
        with pytest.raises(InvalidRequestError, match="50100"):
            next(source)


@colours
def test_a_cursor_that_repeats_ends_the_walk_with_what_was_read(colour: str) -> None:
    """The page is handed out, then `PagingError`; nothing turns in circles."""
    fake = people({"a": 350})
    fake.fail_next(BY_USER, times=50, repeat_cursor=True)
    kept: list[Found[Any]] = []
    with pytest.raises(PagingError, match="resume"):
        batches(colour, fake, lambda app: app.customers.iter_all(), each=kept.append)
    assert len(items(kept)) <= 200
    assert fake.count(BY_USER) <= 3


# What a checkpoint is


def checkpoint_of(fake: FakeWeCom, **arguments: Any) -> str:
    """Return the first checkpoint of a walk through all customers."""
    with fake.client() as app:
        return next(app.customers.iter_all(**arguments).batches()).checkpoint


def repack(text: str, place: object) -> str:
    """Return a checkpoint with another content."""
    head, _, _ = text.rpartition(":")
    return f"{head}:{base64.urlsafe_b64encode(zlib.compress(json.dumps(place).encode())).decode()}"


def test_a_checkpoint_that_cannot_be_used_is_refused() -> None:
    """Foreign, cut, changed, or of other members: refused in words, before anything is asked."""
    fake = people(SIZES)
    good = checkpoint_of(fake)
    with fake.client() as app:
        fake.create_group("a", "1")
        fake.create_group("a", "2")
        of_groups = next(app.groups.iter_details().batches()).checkpoint
    some = checkpoint_of(fake, userids=["a", "c"])
    asked = fake.count("*")
    broken = [repack(good, place) for place in (None, 5, {"a": 1}, [["a", ""]], [[["a"], 5]], [[[5], ""]], [5])]
    texts = ["x", "customers.iter_all", good[:-9], good[:-9] + "AAAAAAAA=", f"{good}é", of_groups, some, *broken]
    for text in texts:
        with fake.client() as app, pytest.raises(ValidationError, match="resume") as caught:
            list(app.customers.iter_all(resume=text))
        assert caught.value.field == "resume"
    with fake.client() as app, pytest.raises(ValidationError, match="other arguments"):
        list(app.customers.iter_all(userids=["a"], resume=some))
    with fake.client() as app, pytest.raises(ValidationError, match="resume"):
        list(app.groups.iter_details(resume=good))
    assert fake.count("*") == asked


def test_the_order_of_the_members_is_no_other_question() -> None:
    """A checkpoint belongs to the same members, in whatever order they are given."""
    fake = people(SIZES)
    place = checkpoint_of(fake, userids=["a", "c"])
    with fake.client() as app:
        assert len(list(app.customers.iter_all(userids=["c", "a"], resume=place))) == 121


def test_a_checkpoint_shows_nobody_and_stays_small() -> None:
    """Userids are not readable in passing, and a thousand members fit in a few KB."""
    fake = people({f"member-{number:04d}": number % 2 for number in range(1000)})
    place = checkpoint_of(fake)
    assert "member-" not in place
    assert len(place) < 10_000
    assert place.isascii()


@pytest.mark.parametrize("concurrency", [0, 101])
def test_a_number_at_once_that_helps_nobody_is_refused(concurrency: int) -> None:
    """Also where there are fewer streams than that."""
    fake = people({"a": 1})
    with fake.client() as app:
        for walk in (
            app.customers.iter_all(concurrency=concurrency),
            app.groups.iter_details(concurrency=concurrency),
        ):
            with pytest.raises(ValidationError, match="concurrency"):
                list(walk)
    assert fake.count("*") == 0


def test_one_text_is_no_list_of_members() -> None:
    """It would be read letter by letter."""
    with FakeWeCom().client() as app:
        for walk in (app.customers.iter_all(userids="zhangsan"), app.groups.iter_details(owners="zhangsan")):
            with pytest.raises(ValidationError, match="one text"):
                list(walk)


# Members who cannot be read


@colours
@at_once
def test_a_member_who_is_gone_stops_nobody(colour: str, concurrency: int) -> None:
    """60111 for a list of members: it is divided until the one stands alone, who is told with the reason."""
    fake = people(SIZES)
    names = ["a", "ghost", *(one for one in SIZES if one != "a"), "phantom"]
    found = batches(colour, fake, lambda app: app.customers.iter_all(userids=names, concurrency=concurrency))
    assert pairs(items(found)) == everybody(fake)
    failed = [one for batch in found for one in batch.failed]
    assert sorted((one.item, one.errcode) for one in failed) == [("ghost", 60111), ("phantom", 60111)]


class Licences(Platform):
    """A platform that knows the customers of a few members, and which of them have a licence."""

    def __init__(self, sizes: Mapping[str, int], unlicensed: set[str], per_page: int = 2) -> None:
        super().__init__(self._answer_page)
        self.sizes, self.unlicensed, self.per_page = sizes, unlicensed, per_page

    def _answer_page(self, request: httpx.Request) -> Any:
        if request.url.path.endswith("get_follow_user_list"):
            return {"errcode": 0, "follow_user": list(self.sizes)}
        body = json.loads(request.content)
        members = [one for one in body["userid_list"] if one not in self.unlicensed]
        if not members:
            return {"errcode": 701008}
        rows = [f"{one}-{n}" for one in members for n in range(self.sizes[one])]
        start = int(body.get("cursor") or 0)
        page = [
            {"external_contact": {"external_userid": one}, "follow_info": {"userid": one.partition("-")[0]}}
            for one in rows[start : start + self.per_page]
        ]
        end = start + self.per_page
        answer: dict[str, Any] = {"errcode": 0, "external_contact_list": page}
        if end < len(rows):
            answer["next_cursor"] = str(end)
        bad = [one for one in body["userid_list"] if one in self.unlicensed]
        return answer | ({"fail_info": {"unlicensed_userid_list": bad}} if bad else {})


@colours
@at_once
def test_members_without_a_licence_are_told_once_and_stop_nobody(colour: str, concurrency: int) -> None:
    """Some of a list in `fail_info`, or a whole list in 701008: the others are read."""
    platform = Licences({"a": 5, "b": 3, "c": 4, "d": 2, "e": 1}, {"b", "e"})
    told: list[Progress] = []
    found = batches(colour, platform, lambda app: app.customers.iter_all(concurrency=concurrency, progress=told.append))
    assert len(items(found)) == 11
    failed = [one for batch in found for one in batch.failed]
    assert sorted(one.item for one in failed) == ["b", "e"]
    assert all(isinstance(one.error, LicenseError) and one.errcode == 701008 for one in failed)
    assert told[-1].done == sum(one.step for one in told) == 11
    assert (told[-1].failed, told[-1].total) == (2, None)


def test_nobody_has_a_licence() -> None:
    """The walk ends in peace, and tells everybody's name."""
    platform = Licences({"a": 5, "b": 3}, {"a", "b"})
    with platform.client() as app:
        walk = app.customers.iter_all()
        assert list(walk) == []
        assert sorted(one.item for one in walk.failed) == ["a", "b"]


@colours
@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_in_the_report_ends_the_walk(colour: str, concurrency: int, error: type[BaseException]) -> None:
    """It comes out as itself."""

    def report(_: Progress) -> None:
        raise error

    with pytest.raises(error):
        batches(colour, people(SIZES), lambda app: app.customers.iter_all(concurrency=concurrency, progress=report))


@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    unlicensed=st.sets(st.integers(0, 5)),
    concurrency=st.sampled_from([1, 1, 2, 5]),
    breaks=st.lists(st.integers(1, 4), max_size=4),
    faults=st.lists(st.sampled_from(["", "", "reset", "busy", "old"]), max_size=30),
    colour=st.sampled_from(COLOURS),
)
@settings(max_examples=60)
def test_nothing_is_lost_whatever_happens(
    sizes: list[int],
    unlicensed: set[int],
    concurrency: int,
    breaks: list[int],
    faults: list[str],
    colour: str,
) -> None:
    """Broken off, failed, and resumed at random: every customer of every licensed member comes.

    Twice comes only who shares a cursor that died.
    """
    platform = Licences({f"m{n}": size for n, size in enumerate(sizes)}, {f"m{n}" for n in unlicensed})
    answer, left = platform.script, iter(faults)

    def script(request: httpx.Request) -> Any:
        fault = next(left, "") if request.url.path.endswith("get_by_user") else ""
        if fault == "old" and json.loads(request.content)["cursor"]:
            return {"errcode": 50100}
        return {"reset": httpx.ConnectError("x"), "busy": {"errcode": -1}}.get(fault) or answer(request)

    platform.script = script
    kept: list[Found[Any]] = []
    place, stops = "", iter(breaks)
    for _ in range(60):
        with suppress(APIConnectionError, ServerBusyError, InvalidRequestError):
            batches(
                colour,
                platform,
                lambda app, place=place: app.customers.iter_all(concurrency=concurrency, resume=place),
                each=kept.append,
                most=next(stops, None),
            )
        place = kept[-1].checkpoint if kept else ""
        if kept and not place:
            break
    else:
        pytest.fail("it never came to an end")
    wanted = {f"m{n}-{one}" for n, size in enumerate(sizes) if n not in unlicensed for one in range(size)}
    got = Counter(one.external_userid for one in items(kept))
    assert set(got) == wanted
    assert "old" in faults or not got or max(got.values()) == 1
    failed = [one.item for batch in kept for one in batch.failed]
    assert set(failed) == {f"m{n}" for n in unlicensed if n < len(sizes)}


def test_customers_over_http_in_threads() -> None:
    """Real threads, real sockets: everybody once, also on a platform that fails now and then."""
    fake = people({f"m{number}": 40 + number for number in range(12)})
    fake.fail_randomly(BY_USER, 0.1, reset="before")
    with fake.serve() as url, WeCom(fake.corp_id, fake.secret, base_url=url, sleep=lambda _: None) as app:
        walk = app.customers.iter_all(concurrency=8)
        assert pairs(list(walk)) == everybody(fake)
        assert walk.failed == ()


# Groups


def rooms(count: int, members: int = 4) -> FakeWeCom:
    """Return a corp with groups that belong to its members in turn."""
    fake = FakeWeCom()
    for number in range(members):
        fake.add_member(f"m{number}")
    for number in range(count):
        fake.create_group(f"m{number % members}", f"group {number}")
    return fake


def ids(found: list[Found[Any]]) -> Counter[str]:
    """Count the groups of all batches."""
    return Counter(one.chat_id for one in items(found))


def all_groups(fake: FakeWeCom) -> Counter[str]:
    """Return the groups of the corp that are not dissolved."""
    return Counter(one.chat_id for one in fake.groups() if not one.dismissed)


@colours
@pytest.mark.parametrize("concurrency", [1, 3, 20])
def test_all_groups_with_their_members_once(colour: str, concurrency: int) -> None:
    """Two hundred and thirty groups in three lists, each read once, with names."""
    fake = rooms(230)
    told: list[Progress] = []
    found = batches(colour, fake, lambda app: app.groups.iter_details(concurrency=concurrency, progress=told.append))
    assert ids(found) == all_groups(fake)
    assert (fake.count(GROUP_LIST), fake.count(GROUP)) == (3, 230)
    assert all(one.members[0].name for one in items(found))
    assert max(len(batch.items) for batch in found) <= (1 if concurrency == 1 else 3 * concurrency)
    assert told[-1] == Progress(done=230, step=told[-1].step)
    assert not found[-1].checkpoint


def test_names_are_left_out_on_request() -> None:
    """`need_name=False` reaches the platform."""
    fake = rooms(1)
    with fake.client() as app:
        (group,) = app.groups.iter_details(need_name=False)
    assert not group.members[0].name


@colours
def test_groups_of_some_owners(colour: str) -> None:
    """Only their groups, asked for by name; nobody asks who left."""
    fake = rooms(20)
    found = batches(colour, fake, lambda app: app.groups.iter_details(owners=["m1", "m2", "m1"], concurrency=4))
    assert {one.owner for one in items(found)} == {"m1", "m2"}
    assert len(items(found)) == 10
    assert fake.count("externalcontact/get_unassigned_list") == 0


@colours
@at_once
def test_a_group_that_is_dissolved_in_between_stops_nobody(colour: str, concurrency: int) -> None:
    """No such group between list and read: the others come, and the one is told."""
    fake = rooms(30)
    gone = fake.groups()[17]

    def dissolve(_: Found[Any]) -> None:
        if gone.chat_id in all_groups(fake):
            fake.dismiss_group(gone)

    found = batches(colour, fake, lambda app: app.groups.iter_details(concurrency=concurrency), each=dissolve)
    assert ids(found) == all_groups(fake)
    ((failed,),) = [batch.failed for batch in found if batch.failed]
    assert failed.item == gone.chat_id
    assert failed.errcode in (86003, 40050)


@colours
def test_more_than_a_thousand_members_are_asked_for_by_name(colour: str) -> None:
    """81017 without a filter: those with the feature are named, a hundred in a call, those who left too."""
    fake = FakeWeCom()
    for number in range(1002):
        fake.add_member(f"m{number}")
    fake.add_customer(followed_by="m7")
    for owner in ("m0", "m7", "m500", "m1001"):
        fake.create_group(owner, owner)
    fake.leave("m7")
    found = batches(colour, fake, lambda app: app.groups.iter_details(concurrency=2))
    assert Counter(one.owner for one in items(found)) == Counter(["m0", "m7", "m500", "m1001"])
    assert fake.calls(GROUP_LIST)[0].errcode == 81017
    named = [one.body["owner_filter"]["userid_list"] for one in fake.calls(GROUP_LIST)[1:]]
    assert max(map(len, named)) <= 100
    assert Counter(one for some in named for one in some) == Counter(f"m{number}" for number in range(1002))


@colours
def test_groups_of_an_owner_who_left_are_found(colour: str) -> None:
    """The list leaves them out unless their owner is named: the owner of unassigned customers is."""
    fake = rooms(8)
    fake.add_customer(followed_by="m1")
    fake.leave("m1")
    with fake.client() as app:
        assert len(list(app.groups.iter_all())) == 6
    found = batches(colour, fake, lambda app: app.groups.iter_details())
    assert ids(found) == all_groups(fake)
    assert len(items(found)) == 8
    waiting = batches(colour, fake, lambda app: app.groups.iter_details(status=GroupStatus.OWNER_LEFT))
    assert {one.owner for one in items(waiting)} == {"m1"}


@colours
def test_an_app_that_may_not_know_who_left_reads_the_others(colour: str) -> None:
    """48002 for the list of those who left: told under an empty id, the others' groups come."""
    fake = rooms(8)
    fake.fail_next("externalcontact/get_unassigned_list", errcode=48002)
    found = batches(colour, fake, lambda app: app.groups.iter_details())
    assert ids(found) == all_groups(fake)
    failed = [one for batch in found for one in batch.failed]
    assert [one.item for one in failed] == [""]
    assert isinstance(failed[0].error, PermissionDeniedError)


def test_a_passing_error_while_asking_who_left_ends_the_walk() -> None:
    """Groups must not be missing because the platform was busy for a minute."""
    fake = rooms(8)
    fake.fail_next("externalcontact/get_unassigned_list", times=3, errcode=-1)
    with fake.client() as app, pytest.raises(ServerBusyError):
        list(app.groups.iter_details())


def test_who_left_is_read_to_the_last_page_and_no_further() -> None:
    """Pages of those who left are followed; a cursor that repeats ends the question, not the walk."""
    steps = Calls().groups.iter_details()
    first = next(steps)
    assert isinstance(first, Call)
    asked = steps.send(Page(items=()))
    assert asked.path.endswith("get_unassigned_list")
    left = Page(items=(UnassignedCustomer(handover_userid="x", external_userid="wm"),), next_cursor="2")
    assert steps.send(left).cursor == "2"
    together = steps.send(left)
    assert isinstance(together, Together)
    (listing,) = together.calls
    assert listing.body is not None
    assert listing.body["owner_filter"] == {"userid_list": ["x"]}


@colours
@at_once
def test_every_checkpoint_of_groups_leads_on(colour: str, concurrency: int) -> None:
    """Stopped after any batch, the next walk brings exactly the rest; names may be asked for or not."""
    fake = rooms(130 if concurrency > 1 else 12)

    def start(app: Any, resume: str = "") -> Any:
        return app.groups.iter_details(concurrency=concurrency, resume=resume, need_name=not resume)

    whole = batches(colour, fake, start)
    for number, batch in enumerate(whole[:-1]):
        rest = batches(colour, fake, lambda app, place=batch.checkpoint: start(app, place))
        assert ids(whole[: number + 1]) + ids(rest) == all_groups(fake)


@colours
@at_once
@pytest.mark.parametrize("path", [GROUP, GROUP_LIST])
@pytest.mark.parametrize("fault", [{"errcode": -1}, {"reset": "before"}, {"errcode": 45009}])
def test_bad_days_lose_no_group(colour: str, concurrency: int, path: str, fault: dict[str, Any]) -> None:
    """An error ends the walk after what was read; the last checkpoint leads to the rest."""
    fake = rooms(130)
    kept: list[Found[Any]] = []

    def spoil(batch: Found[Any]) -> None:
        kept.append(batch)
        if len(kept) == 2:
            fake.fail_next(path, times=3 * concurrency, **fault)

    place = ""
    for _ in range(9):
        try:
            batches(
                colour,
                fake,
                lambda app, place=place: app.groups.iter_details(concurrency=concurrency, resume=place),
                each=spoil,
            )
        except WeComError:
            place = kept[-1].checkpoint
            fake.clear_faults()
            fake.clock.advance(minutes=2)
    assert not kept[-1].checkpoint
    assert ids(kept[: [bool(one.checkpoint) for one in kept].index(False) + 1]) == all_groups(fake)


def test_a_list_cursor_that_repeats_ends_the_walk_after_its_groups() -> None:
    """The groups of the page are read and handed out before the error."""
    fake = rooms(250)
    kept: list[Found[Any]] = []
    with fake.client() as app:
        source = app.groups.iter_details(concurrency=20).batches()
        kept.append(next(source))
        fake.fail_next(GROUP_LIST, repeat_cursor=True)
        with pytest.raises(PagingError):
            kept.extend(source)
    assert len(ids(kept)) == len(items(kept)) == 200
    with fake.client() as app:
        rest = list(app.groups.iter_details(resume=kept[-1].checkpoint).batches())
    assert set(ids(kept)) | set(ids(rest)) == set(all_groups(fake))


def test_no_groups_end_with_an_empty_checkpoint() -> None:
    """A corp without groups: one empty batch."""
    with rooms(0).client() as app:
        assert list(app.groups.iter_details().batches()) == [Found((), "")]


def test_groups_over_http_in_threads() -> None:
    """Real threads, real sockets: every group once."""
    fake = rooms(120)
    fake.fail_randomly(GROUP, 0.05, errcode=-1)
    with fake.serve() as url, WeCom(fake.corp_id, fake.secret, base_url=url, sleep=lambda _: None) as app:
        assert Counter(one.chat_id for one in app.groups.iter_details(concurrency=8)) == all_groups(fake)


@pytest.mark.parametrize("colour", ["asyncio", "trio"])
def test_a_cancelled_walk_leaves_a_client_that_works(colour: str) -> None:
    """Cancelled in the middle of a round: no place is lost, and the next walk brings everything."""
    fake = people(SIZES)

    async def main() -> None:
        async with fake.async_client() as app:
            with anyio.CancelScope() as scope:
                async for _ in app.customers.iter_all(concurrency=4, progress=lambda _: scope.cancel()):
                    pytest.fail("a cancelled round hands out nothing")
            assert scope.cancelled_caught
            assert pairs([one async for one in app.customers.iter_all(concurrency=4)]) == everybody(fake)

    anyio.run(main, backend=colour)
