"""The group desk on FakeWeCom: invitations, leaving, new owners, rotation, freeze, and the report."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.stores import KINDS, fresh_database
from tests.unit._group_stage import NINE, Shop, shop_on

from wecom_auto.automotive.channels import Channels, Origin, Source
from wecom_auto.automotive.groups import (
    Action,
    Invitation,
    InvitationState,
    count_arrivals,
)
from wecom_auto.automotive.lifecycle import Move


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop on SQLite."""
    with shop_on(f"sqlite:///{tmp_path / 'store.db'}") as made:
        yield made


@pytest.fixture(params=KINDS)
def any_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A shop on every kind of database."""
    with fresh_database(request.param, tmp_path) as url, shop_on(url) as made:
        yield made


def test_invited_customer_joins(any_shop: Shop) -> None:
    """An invitation goes out once, holds a place, and is closed when the customer has come."""
    shop = any_shop
    chat_id = shop.group("潜客群01", "prospect")
    way = shop.way("prospect", chat_id)
    who = shop.customer("contacted", "B")
    assert shop.run().counts == {"invited": 1, "told": 1}
    assert shop.run().counts == {}
    assert [(one.external_userid, one.url) for one in shop.told] == [(who, way.url)]

    shop.fake.join_group(way.config_id, who)
    assert shop.run().counts == {"joined": 1}
    (one,) = shop.desk.invitations(who)
    assert one.state is InvitationState.JOINED
    assert shop.desk.plan(shop.now).counts() == {"keep:right_group": 1}


def test_nobody_is_asked_more_often_than_allowed(shop: Shop) -> None:
    """A customer who does not come is asked again after a month, and then never again."""
    shop.way("prospect", shop.group("潜客群01", "prospect"))
    who = shop.customer("contacted")
    for _ in range(4):
        shop.run()
        shop.fake.clock.advance(days=31)
        shop.journey.sign_of_life(who, shop.now)
    assert [one.number for one in shop.told] == [1, 2]
    assert shop.desk.plan(shop.now).counts() == {"wait:asked_enough": 1}


def test_buyer_leaves_by_a_task_that_data_closes(any_shop: Shop) -> None:
    """A buyer in a prospect group is an alarm and one task of the owner, found done when the buyer is out."""
    shop = any_shop
    chat_id = shop.group("潜客群01", "prospect")
    who = shop.customer("ordered")
    shop.fake.join_group(chat_id, who)
    applied = shop.run()
    assert (applied.counts, applied.alarms) == ({"leave_tasks": 1}, {chat_id: 1})
    assert shop.run().counts == {}
    (task,) = shop.tasks.open(kind="kick").tasks
    assert (task.assignee, task.subject, task.chat_id) == ("boss", who, chat_id)

    shop.fake.clock.advance(hours=2)
    shop.fake.quit_group(chat_id, who, removed=True)
    shop.directory.sync(shop.client, whole=True)
    shop.tasks.wake(who, shop.now)
    assert shop.tasks.tick(shop.now)["tasks_found_done"] == 1
    assert shop.run().alarms == {}


def test_cancelled_order_takes_the_task_back(shop: Shop) -> None:
    """A buyer who cancels may stay: the task is taken back; one who buys again gets a new one."""
    chat_id = shop.group("试驾群01", "test_drive")
    who = shop.customer("ordered")
    shop.fake.join_group(chat_id, who)
    shop.run()
    shop.fake.clock.advance(days=1)
    shop.journey.move(who, Move(stage="quoted", at=shop.now))
    assert shop.run().counts == {"cancelled": 1}
    shop.fake.clock.advance(days=1)
    shop.journey.move(who, Move(stage="ordered", at=shop.now))
    assert shop.run().counts == {"leave_tasks": 1}


def test_done_is_not_believed_while_the_buyer_is_still_there(shop: Shop) -> None:
    """A member who says "done" is asked again two days later if the customer is still in the group."""
    chat_id = shop.group("潜客群01", "prospect")
    shop.fake.join_group(chat_id, shop.customer("owner"))
    shop.run()
    (task,) = shop.tasks.open(kind="kick").tasks
    shop.tasks.complete(task.id, now=shop.now, by="boss")
    assert shop.run().counts == {}
    shop.fake.clock.advance(days=2)
    assert shop.run().counts == {"leave_tasks": 1}


def test_group_of_a_resigned_owner_gets_an_heir(shop: Shop) -> None:
    """Groups of somebody who left go to the next member with the role, and the mirror knows it at once."""
    chat_id = shop.group("潜客群01", "prospect")
    shop.run()
    shop.fake.leave("boss")
    shop.directory.member_left("boss", shop.now)
    assert shop.run().counts == {"transferred": 1}
    assert shop.fake.group(chat_id).owner == "heir"
    assert shop.desk.plan(shop.now).of(Action.TRANSFER) == ()


def test_join_way_moves_on_when_its_group_is_full(shop: Shop) -> None:
    """Of seven groups the first five are in the join way; a full one makes room for the sixth."""
    groups = [shop.group(f"潜客群{number:02}", "prospect") for number in range(7)]
    way = shop.way("prospect", *groups[:5])
    for _ in range(199):
        shop.fake.join_group(groups[0], shop.fake.add_customer(name="客", followed_by="boss"))
    shop.fake.clock.advance(hours=2)
    assert shop.run().counts == {"rotated": 1}
    assert shop.client.join_ways.get(way.config_id).chat_ids == tuple(groups[1:6])
    assert shop.desk.ways()[0].chat_ids == tuple(groups[1:6])


def test_new_group_is_a_task_until_there_is_one(shop: Shop) -> None:
    """Nobody but a member can open a group: the task is made once and closed when a group has room."""
    old = shop.group("潜客群01", "prospect")
    for _ in range(180):
        shop.fake.join_group(old, shop.fake.add_customer(name="客", followed_by="boss"))
    assert shop.run().counts == {"create_tasks": 1}
    assert shop.run().counts == {}
    shop.group("潜客群02", "prospect")
    assert shop.run().counts == {"closed": 1}


def test_frozen_group_invites_nobody_and_pr_is_told(shop: Shop) -> None:
    """A complaint stops invitations into the group and gives PR one task, however often it is said."""
    chat_id = shop.group("潜客群01", "prospect")
    shop.way("prospect", chat_id)
    shop.customer("contacted")
    shop.directory.sync(shop.client)
    first = shop.desk.freeze(chat_id, now=shop.now, reason="群内投诉")
    again = shop.desk.freeze(chat_id, now=shop.now + timedelta(hours=1), reason="群内投诉")
    assert (first.id, first.assignee) == (again.id, "pr")
    assert shop.directory.group_facts([(chat_id, "")])[chat_id, ""].attribute("frozen") is True
    assert shop.desk.plan(shop.now).counts() == {"create:no_room": 1, "wait:no_room": 1}
    assert shop.desk.thaw(chat_id, now=shop.now)
    assert shop.desk.plan(shop.now).counts() == {"invite:stage": 1}


def test_group_that_somebody_else_thawed_can_be_frozen_again(shop: Shop) -> None:
    """A second complaint is a second task, also if other hands took the attribute back and nothing was synced."""
    chat_id = shop.group("潜客群01", "prospect")
    first = shop.desk.freeze(chat_id, now=shop.now, reason="投诉")
    assert shop.desk.freeze(chat_id, now=shop.now + timedelta(hours=1), reason="投诉").id == first.id
    shop.directory.set_attribute(chat_id, "frozen", False)
    again = shop.desk.freeze(chat_id, now=shop.now + timedelta(days=1), reason="又投诉")
    assert again.id != first.id
    assert shop.desk.thaw(chat_id, now=shop.now + timedelta(days=2))


def test_who_buys_between_plan_and_apply_is_not_told(shop: Shop) -> None:
    """A plan is old as soon as it is made: an order that comes before it is applied takes the invitation back."""
    shop.way("prospect", shop.group("潜客群01", "prospect"))
    who = shop.customer("contacted")
    shop.directory.sync(shop.client)
    plan = shop.desk.plan(shop.now)
    shop.fake.clock.advance(minutes=5)
    shop.journey.move(who, Move(stage="ordered", at=shop.now))
    applied = shop.desk.apply(plan, shop.client, now=shop.now, tell=shop.told.append)
    assert applied.counts == {"invited": 1, "withdrawn": 1}
    assert shop.told == []


def test_crash_between_writing_and_telling_loses_no_invitation(shop: Shop) -> None:
    """An invitation that was written and not handed over is handed over by the next run."""
    shop.way("prospect", shop.group("潜客群01", "prospect"))
    who = shop.customer("contacted")
    shop.directory.sync(shop.client)

    def die(_: Invitation) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.desk.apply(shop.desk.plan(shop.now), shop.client, tell=die)
    assert shop.run().counts == {"told": 1}
    assert [one.external_userid for one in shop.told] == [who]


def test_two_workers_promise_no_more_places_than_there_are(any_shop: Shop) -> None:
    """Two workers with plans for different customers share the last three places of a group."""
    shop = any_shop
    chat_id = shop.group("潜客群01", "prospect")
    shop.way("prospect", chat_id)
    for _ in range(196):
        shop.fake.join_group(chat_id, shop.fake.add_customer(name="客", followed_by="boss"))
    customers = [shop.customer("contacted") for _ in range(6)]
    shop.directory.sync(shop.client)
    plans = [shop.desk.plan(shop.now, customers=some) for some in (customers[:3], customers[3:])]
    assert [len(plan.of(Action.INVITE)) for plan in plans] == [3, 3]

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda plan: shop.desk.apply(plan, shop.client, tell=shop.told.append), plans))
    assert sum(one.counts.get("invited", 0) for one in done) == 3


def test_tags_of_a_group_are_read_by_conditions(shop: Shop) -> None:
    """Local tags of a group are what the conditions of a SOP see."""
    chat_id = shop.group("潜客群01", "prospect")
    shop.directory.sync(shop.client)
    shop.desk.tag(chat_id, ["静默", "纯电"], now=shop.now)
    assert shop.directory.group_facts([(chat_id, "")])[chat_id, ""].has_tag("静默")


def test_who_joined_is_attributed_to_the_code_or_the_member(any_shop: Shop) -> None:
    """A join way tells channel and store, a text of others stays a text, an invitation its member."""
    shop = any_shop
    channels = Channels(shop.desk.engine, shop.fake.corp_id, clock=shop.fake.clock.time)
    channels.register("channel", "video-live")
    channels.register("store", "bj01")
    state = channels.state(Source(channel="video-live", store="bj01"))
    rooms = {"prospect": shop.group("潜客群01", "prospect"), "lost": shop.group("战败群01", "lost")}
    ours = shop.client.join_ways.create(chat_ids=[rooms["prospect"]], state=state)
    theirs = shop.client.join_ways.create(chat_ids=[rooms["lost"]], state="展架")
    first, second, third = (shop.customer("contacted") for _ in range(3))
    shop.fake.join_group(ours.config_id, first)
    shop.fake.join_group(ours.config_id, second)
    shop.fake.join_group(theirs.config_id, first)
    shop.fake.join_group(rooms["prospect"], third, invited_by="boss")
    shop.run()
    shop.fake.quit_group(rooms["prospect"], second)
    shop.fake.clock.advance(hours=2)  # a list may lag behind somebody who has just come
    shop.run()

    found = shop.desk.arrivals(channels)
    assert len(found) == 4  # members of the corp are no arrivals
    live = next(one for one in found if one.external_userid == second)
    assert (live.origin, live.source) == (Origin.OURS, Source(channel="video-live", store="bj01"))
    assert (live.joined_at, live.left_at is None) == (NINE, False)
    by = {
        name: {one.key: (one.joins, one.customers, one.inside) for one in count_arrivals(found, name)}
        for name in ("channel", "store", "state", "invitor", "kind", "scene")
    }
    assert by["channel"] == {"video-live": (2, 2, 1), "": (2, 2, 2)}
    assert by["store"] == {"bj01": (2, 2, 1), "": (2, 2, 2)}
    assert by["state"] == {state: (2, 2, 1), "展架": (1, 1, 1), "": (1, 1, 1)}
    assert by["invitor"] == {"": (3, 2, 2), "boss": (1, 1, 1)}
    assert by["kind"] == {"prospect": (3, 3, 2), "lost": (1, 1, 1)}
    assert by["scene"] == {"qr_code": (3, 2, 2), "invited": (1, 1, 1)}


def test_arrivals_are_of_a_kind_and_a_time(shop: Shop) -> None:
    """A month ends before the next one begins; without a registry sources are unknown, and nothing fails."""
    chat_id = shop.group("潜客群01", "prospect")
    who = shop.customer("contacted")
    shop.fake.join_group(chat_id, who)
    shop.run()
    later = NINE + timedelta(hours=1)
    assert [one.external_userid for one in shop.desk.arrivals(since=NINE, until=later)] == [who]
    assert shop.desk.arrivals(since=later) == shop.desk.arrivals(until=NINE) == shop.desk.arrivals(kind="lost") == ()
    with pytest.raises(ValueError, match="since"):
        shop.desk.arrivals(since=datetime(2026, 3, 2))  # noqa: DTZ001  # that is the point


def test_a_state_of_another_registry_is_foreign(shop: Shop) -> None:
    """What looks like ours and was never given out here is kept as text."""
    state = Channels(shop.desk.engine, "ww-other").state(Source(advisor="anna"))
    way = shop.client.join_ways.create(chat_ids=[shop.group("潜客群01", "prospect")], state=state)
    shop.fake.join_group(way.config_id, shop.customer("contacted"))
    shop.run()
    channels = Channels(shop.desk.engine, shop.fake.corp_id)
    (one,) = shop.desk.arrivals(channels)
    assert (one.state, one.origin, one.source) == (state, Origin.FOREIGN, Source())
