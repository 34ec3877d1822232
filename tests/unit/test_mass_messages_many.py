"""Mass messages to any number of customers or groups: how they are cut, and that nobody is reached twice."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.unit._colours import COLOURS, with_client
from tests.unit._platform import Platform

from wecom_auto import APIConnectionError, BulkResult, Progress, ValidationError
from wecom_auto.models import ChatType, MassMessageCreated
from wecom_auto.testing import FakeWeCom

colours = pytest.mark.parametrize("colour", COLOURS)
PATH = "externalcontact/add_msg_template"


def scripted() -> tuple[Platform, list[dict[str, Any]]]:
    """Return a platform that takes everything, and the requests that it got."""
    got: list[dict[str, Any]] = []

    def script(request: httpx.Request) -> dict[str, Any]:
        got.append(json.loads(request.content))
        return {"errcode": 0, "msgid": f"msg{len(got)}", "fail_list": []}

    return Platform(script), got


@colours
def test_customers_are_cut_by_ten_thousand(colour: str) -> None:
    """25,000 customers are three tasks, in order; progress is told after each, and every task's id comes back."""
    platform, got = scripted()
    told: list[Progress] = []
    ids = [f"wm{number}" for number in range(25_000)]
    done: BulkResult[str, MassMessageCreated] = with_client(
        colour,
        platform,
        lambda app: app.mass_messages.create_many(
            external_userids=ids, sender="zhangsan", text="试驾", progress=told.append
        ),
    )
    assert [len(one["external_userid"]) for one in got] == [10_000, 10_000, 5_000]
    assert [one for body in got for one in body["external_userid"]] == ids
    assert {(body["chat_type"], body["sender"]) for body in got} == {("single", "zhangsan")}
    assert (done.ok, done.done, [made.msgid for made in done.answers]) == (True, tuple(ids), ["msg1", "msg2", "msg3"])
    assert [one.done for one in told] == [10_000, 20_000, 25_000]


@colours
def test_groups_are_cut_by_two_thousand(colour: str) -> None:
    """2,001 groups are two tasks for groups, and no customer is named in them."""
    platform, got = scripted()
    ids = [f"wr{number}" for number in range(2001)]
    with_client(
        colour, platform, lambda app: app.mass_messages.create_many(chat_ids=ids, sender="zhangsan", text="试驾")
    )
    assert [len(one["chat_id_list"]) for one in got] == [2000, 1]
    assert {one["chat_type"] for one in got} == {ChatType.GROUP}
    assert not any("external_userid" in one for one in got)


def test_nobody_is_reached_twice() -> None:
    """Who is named twice, even in two tasks' reach, gets one message; an empty list is nobody, not everybody."""
    platform, got = scripted()
    ids = [f"wm{number}" for number in range(10_000)]
    with platform.client() as app:
        done = app.mass_messages.create_many(external_userids=[*ids, "wm0"], sender="zhangsan", text="试驾")
        nobody = app.mass_messages.create_many(external_userids=[], sender="zhangsan", text="试驾")
    assert (len(got), len(done.done)) == (1, 10_000)
    assert nobody == BulkResult()


@colours
def test_a_lost_answer_is_unknown_and_not_repeated(colour: str) -> None:
    """The task may exist: its people are listed as unknown, are not worth repeating, and the others go on."""
    fake = FakeWeCom()
    ids = [fake.add_customer(followed_by="zhangsan").external_userid for _ in range(3)]
    strangers = [f"wmNOBODY{number}" for number in range(9_998)]
    fake.fail_next(PATH, reset="after")
    done: BulkResult[str, MassMessageCreated] = with_client(
        colour,
        fake,
        lambda app: app.mass_messages.create_many(
            external_userids=[*ids[:2], *strangers, ids[2]], sender="zhangsan", text="试驾"
        ),
    )
    assert {one.item for one in done.unknown} == {*ids[:2], *strangers}
    assert isinstance(done.unknown[0].error, APIConnectionError)
    assert (done.done, done.failed, done.again) == ((ids[2],), (), ())
    assert (fake.count(PATH), len(fake.mass_messages())) == (2, 2)


def test_who_cannot_be_reached_is_named() -> None:
    """41048 for whom the platform put into fail_list, and for all when there is nobody else."""
    fake = FakeWeCom()
    one = fake.add_customer(followed_by="zhangsan").external_userid
    with fake.client() as app:
        mixed = app.mass_messages.create_many(external_userids=[one, "wmNOBODY"], sender="zhangsan", text="试驾")
        none = app.mass_messages.create_many(external_userids=["wmNOBODY"], sender="zhangsan", text="试驾")
    assert (mixed.done, [(bad.item, bad.errcode) for bad in mixed.failed]) == ((one,), [("wmNOBODY", 41048)])
    assert (none.done, [(bad.item, bad.errcode) for bad in none.failed]) == ((), [("wmNOBODY", 41048)])
    assert mixed.again == ()


def test_a_refused_secret_stops_before_the_rest() -> None:
    """What would fail for everybody is tried once; the others come back as not tried."""
    fake = FakeWeCom()
    ids = [f"wm{number}" for number in range(20_001)]
    with fake.client(secret="wrong") as app:
        done = app.mass_messages.create_many(external_userids=ids, sender="zhangsan", text="试驾")
    assert (len(done.failed), len(done.rest), fake.count(PATH)) == (10_000, 10_001, 0)
    assert len(done.again) == 20_001


def test_mistakes_are_named() -> None:
    """Customers and groups together are refused; a limit of the content fails every item, and nothing is sent."""
    platform, got = scripted()
    with platform.client() as app:
        with pytest.raises(ValidationError, match="one of the two"):
            app.mass_messages.create_many(external_userids=["wm"], chat_ids=["wr"], sender="u", text="x")
        with pytest.raises(ValidationError, match="a list of texts"):
            app.mass_messages.create_many(external_userids="wm1", sender="u", text="x")
        done = app.mass_messages.create_many(chat_ids=["wr"], text="x")
    assert isinstance(done.failed[0].error, ValidationError)
    assert done.failed[0].error.field == "sender"
    assert got == []
