"""Handing over many at once: cut into calls, told apart by what became of each, resumed without harm."""

from __future__ import annotations

import anyio
import pytest

from wecom_auto import Calls, Progress
from wecom_auto.errors import (
    APIConnectionError,
    Applied,
    AuthenticationError,
    ConflictError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)
from wecom_auto.models import GroupStatus, TransferStatus
from wecom_auto.testing import FakeWeCom

START, AGAIN = "externalcontact/transfer_customer", "externalcontact/resigned/transfer_customer"
TO = {"handover_userid": "zhangsan", "takeover_userid": "lisi"}


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp of two members."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    return fake


def _customers(fake: FakeWeCom, count: int) -> list[str]:
    return [fake.add_customer(followed_by="zhangsan").external_userid for _ in range(count)]


def _sizes(fake: FakeWeCom, path: str, field: str = "external_userid") -> list[int]:
    return [len(call.body[field]) for call in fake.calls(path)]


def test_customers_go_a_hundred_at_a_time(fake: FakeWeCom) -> None:
    """250 customers are three calls; every one has started, and the caller hears how far it is."""
    ids, told = _customers(fake, 250), list[Progress]()
    with fake.client() as app:
        result = app.transfers.customers_many(iter(ids), **TO, success_message="您好", progress=told.append)
    assert (result.ok, result.done, str(result)) == (True, tuple(ids), "250 done")
    assert _sizes(fake, START) == [100, 100, 50]
    assert {call.body["transfer_success_msg"] for call in fake.calls(START)} == {"您好"}
    assert [(one.done, one.failed, one.total) for one in told] == [(100, 0, 250), (200, 0, 250), (250, 0, 250)]
    assert {one.status for one in fake.transfers()} == {TransferStatus.WAITING}


def test_nobody_is_handed_over_twice(fake: FakeWeCom) -> None:
    """Who is named twice is sent once, and stands once in the result."""
    (one,) = _customers(fake, 1)
    with fake.client() as app:
        assert app.transfers.customers_many([one, one], **TO).done == (one,)
    assert _sizes(fake, START) == [1]


def test_nothing_to_do_is_no_call(fake: FakeWeCom) -> None:
    """An empty list asks the platform nothing."""
    with fake.client() as app:
        assert app.transfers.customers_many([], **TO).ok
        assert app.transfers.resigned_groups_many([], new_owner="lisi").ok
    assert fake.count("*") == 0


@pytest.mark.parametrize("name", ["customers_many", "resigned_customers_many", "groups_many", "resigned_groups_many"])
def test_one_text_is_no_list(fake: FakeWeCom, name: str) -> None:
    """A single id in place of a list would be read letter by letter."""
    who = TO if "customers" in name else {"new_owner": "lisi"}
    with fake.client() as app, pytest.raises(ValidationError, match="a list of texts"):
        getattr(app.transfers, name)("wmALICE", **who)


def test_failures_behind_a_good_answer_are_told_apart(fake: FakeWeCom) -> None:
    """Each customer who did not start has an error of the fitting class with its remedy; the rest has started."""
    ids = _customers(fake, 2)
    with fake.client() as app:
        app.transfers.customers([ids[0]], **TO)
        result = app.transfers.customers_many([*ids, "wmNOBODY"], **TO)
    assert (result.done, result.again) == ((ids[1],), ())
    waiting, unknown = result.failed
    assert (waiting.item, waiting.errcode) == (ids[0], 40129)
    assert isinstance(waiting.error, ConflictError)
    assert "read transfer_result" in waiting.error.remedy
    assert "externalcontact/transfer_customer" in str(waiting.error)
    assert (unknown.item, type(unknown.error)) == ("wmNOBODY", NotFoundError)
    assert sum(result.reasons.values()) == 2


def test_a_lost_answer_is_looked_up_and_not_repeated(fake: FakeWeCom) -> None:
    """Nobody knows what became of the hundred: they are neither done nor worth passing again unseen."""
    ids = _customers(fake, 150)
    fake.fail_next(START, reset="after")
    with fake.client() as app:
        result = app.transfers.customers_many(ids, **TO)
        assert [one.item for one in result.unknown] == ids[:100]
        assert (result.done, result.failed, result.again) == (tuple(ids[100:]), (), ())
        error = result.unknown[0].error
        assert isinstance(error, APIConnectionError)
        assert error.applied is Applied.UNKNOWN
        there = {one.external_userid for one in app.transfers.iter_results("zhangsan", takeover_userid="lisi")}
    assert fake.count(START) == 2
    assert there == set(ids), "they had started"


def test_a_limit_stops_the_rest_and_again_resumes(fake: FakeWeCom) -> None:
    """After 45009 nothing more is tried; what was not tried goes later, and nobody goes twice."""
    ids = _customers(fake, 250)
    with fake.client() as app:
        app.transfers.customers([ids[0]], **TO)
        fake.fail_next(START, errcode=45009, times=10)
        stopped = app.transfers.customers_many(ids[1:], **TO)
        fake.clear_faults()
        assert (stopped.done, len(stopped.rest), stopped.again) == ((), 149, tuple(ids[1:]))
        assert isinstance(stopped.failed[0].error, RateLimitError)
        fake.clock.advance(minutes=1)
        assert app.transfers.customers_many(stopped.again, **TO).ok
    assert len(fake.transfers()) == 250


def test_what_concerns_everybody_is_the_error_of_everybody(fake: FakeWeCom) -> None:
    """A taker who is not there fails every customer; a wrong secret stops at once."""
    ids = _customers(fake, 150)
    with fake.client() as app:
        result = app.transfers.customers_many(ids, handover_userid="zhangsan", takeover_userid="nobody")
        assert {one.errcode for one in result.failed} == {60111}
        assert len(result.failed) == 150
    with fake.client(secret="wrong") as app:
        result = app.transfers.customers_many(ids, **TO)
        assert isinstance(result.failed[0].error, AuthenticationError)
        assert len(result.rest) == 50


def test_customers_left_behind_go_from_the_list_to_a_colleague(fake: FakeWeCom) -> None:
    """What `iter_unassigned` names can be passed on as it comes."""
    ids = _customers(fake, 150)
    fake.leave("zhangsan")
    with fake.client() as app:
        rows = app.transfers.iter_unassigned(limit=40)
        result = app.transfers.resigned_customers_many((one.external_userid for one in rows), **TO)
        assert (result.done, _sizes(fake, AGAIN)) == (tuple(ids), [100, 50])
        fake.clock.advance(hours=24)
        results = list(app.transfers.iter_resigned_results("zhangsan", takeover_userid="lisi"))
    assert {one.status for one in results} == {TransferStatus.DONE}
    assert all(one.status.settled for one in results)


def _groups(fake: FakeWeCom, count: int) -> list[str]:
    return [fake.create_group("zhangsan", "群").chat_id for _ in range(count)]


def test_groups_above_the_daily_limit_go_tomorrow(fake: FakeWeCom) -> None:
    """Of 350 groups of one owner 300 go today; `again` has the other 50, and they go the day after."""
    ids = _groups(fake, 350)
    with fake.client() as app:
        today = app.transfers.groups_many(ids, new_owner="lisi")
        assert (len(today.done), {one.errcode for one in today.failed}) == (300, {45009})
        assert today.again == tuple(ids[300:])
        fake.clock.advance(days=1)
        assert app.transfers.groups_many(today.again, new_owner="lisi").ok
    assert _sizes(fake, "externalcontact/groupchat/onjob_transfer", "chat_id_list") == [100, 100, 100, 50, 50]
    assert {group.owner for group in fake.groups()} == {"lisi"}


def test_groups_of_who_left_are_found_and_given(fake: FakeWeCom) -> None:
    """The list of groups whose owner left feeds the transfer; a lost answer is simply asked again."""
    ids = _groups(fake, 120)
    fake.leave("zhangsan")
    path = "externalcontact/groupchat/transfer"
    fake.fail_next(path, reset="before")
    with fake.client() as app:
        refs = app.groups.iter_all(owners=["zhangsan"], status=GroupStatus.OWNER_LEFT)
        result = app.transfers.resigned_groups_many([ref.chat_id for ref in refs], new_owner="lisi")
    assert (result.ok, result.done) == (True, tuple(ids))
    assert _sizes(fake, path, "chat_id_list") == [100, 100, 20]


def test_groups_that_cannot_go_say_why(fake: FakeWeCom) -> None:
    """A group that has the owner already is no reason to try again."""
    (one,) = _groups(fake, 1)
    with fake.client() as app:
        result = app.transfers.groups_many([one, "wrNOTHING"], new_owner="zhangsan")
    assert [(failure.item, failure.errcode) for failure in result.failed] == [(one, 90504), ("wrNOTHING", 40050)]
    assert result.again == ()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_is_the_same_without_waiting(fake: FakeWeCom, backend: str) -> None:
    """The asynchronous client hands over several hundred at once, and iterates over what became of them."""
    ids = _customers(fake, 250)

    async def main() -> list[TransferStatus]:
        async with fake.async_client() as app:
            result = await app.transfers.customers_many(ids, **TO, concurrency=3)
            assert sorted(result.done) == sorted(ids)
            fake.clock.advance(hours=24)
            return [one.status async for one in app.transfers.iter_results("zhangsan", takeover_userid="lisi")]

    assert anyio.run(main, backend=backend) == [TransferStatus.DONE] * 250


def test_without_a_client_the_calls_can_be_looked_at() -> None:
    """A preview of what would be sent needs no platform."""
    flow = Calls().transfers.customers_many([f"wm{n}" for n in range(101)], **TO)
    assert [call.name for call in next(flow).calls] == ["POST externalcontact/transfer_customer"] * 2


def test_success_is_visible_in_the_lists(fake: FakeWeCom) -> None:
    """After the day the customers stand in the taker's list, and not in the giver's."""
    ids = _customers(fake, 2)
    with fake.client() as app:
        app.transfers.customers_many(ids, **TO)
        fake.clock.advance(hours=24)
        assert app.customers.list("lisi") == tuple(ids)
        with pytest.raises(NotFoundError):
            app.customers.list("zhangsan")
        assert [one.follow.userid for one in app.customers.iter_by_user(["zhangsan", "lisi"])] == ["lisi"] * 2
