"""The welcome message that invites into a group: once, within its time, and never at the cost of the greeting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from tests.unit._group_stage import Shop, shop_on

from wecom_auto.automotive.groups import Decision, GroupDesk, InvitationState, InviteWay
from wecom_auto.automotive.lifecycle import Move
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.models import LinkAttachment
from wecom_auto.testing import FakeWeCom

SENT = "externalcontact/send_welcome_msg"


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    """A shop with one prospect group and its join way."""
    with shop_on(f"sqlite:///{tmp_path / 'store.db'}") as made:
        made.way("prospect", made.group("潜客群01", "prospect"))
        made.directory.sync(made.client)
        yield made


def words(one: Decision) -> str:
    """What a new customer is told."""
    return f"您好，欢迎。进群看试驾直播：{one.url}"


def added(shop: Shop, *, stage: str = "contacted") -> CustomerAdded:
    """Somebody scans a code, and the callback was worked on as far as the groups."""
    code = shop.client.contact_ways.create(users=["boss"], skip_verify=True)
    who = shop.fake.scan(code.config_id, name="王女士").external_userid
    for one in shop.fake.undelivered:
        shop.directory.apply(one, shop.client)
    if stage:
        shop.journey.move(who, Move(stage=stage, at=shop.now))
    return next(one for one in shop.fake.undelivered if isinstance(one, CustomerAdded) and one.external_userid == who)


def greeted(fake: FakeWeCom) -> list[str]:
    """The words of every welcome that was tried."""
    return [one.body["text"]["content"] for one in fake.calls(SENT)]


def test_a_new_customer_is_invited_by_the_welcome_message(shop):
    """The link stands in the message, a place is held, and nobody tells the customer a second time."""
    event = added(shop)
    assert shop.desk.greet(event, shop.client, now=shop.now, text=words)
    url = shop.desk.links()["prospect"]
    assert greeted(shop.fake) == [f"您好，欢迎。进群看试驾直播：{url}"]
    (one,) = shop.desk.invitations(event.external_userid)
    assert (one.way, one.told_at, one.state) == (InviteWay.WELCOME, shop.now, InvitationState.OPEN)
    assert shop.run().counts == {}
    assert shop.told == []

    shop.fake.join_group(url, event.external_userid)
    assert shop.run().counts == {"joined": 1}


def test_a_second_callback_greets_nobody(shop):
    """The platform repeats events, and two workers may have one each."""
    event = added(shop)
    other = GroupDesk(shop.desk.engine, shop.directory, shop.desk.policy, tasks=shop.tasks)
    assert shop.desk.greet(event, shop.client, now=shop.now, text=words)
    assert not other.greet(event, shop.client, now=shop.now, text=words)
    assert len(greeted(shop.fake)) == 1


def test_pictures_and_cards_come_along(shop):
    """A card with the link is an attachment of the message."""

    def card(one: Decision) -> list[LinkAttachment]:
        return [LinkAttachment(title="进群", url=one.url)]

    assert shop.desk.greet(added(shop), shop.client, now=shop.now, text=words, attachments=card)
    assert [one["msgtype"] for one in shop.fake.calls(SENT)[0].body["attachments"]] == ["link"]


@pytest.mark.parametrize(
    "reason", ["no stage", "buyer", "high intent", "late", "no code", "full", "groups off", "no way"]
)
def test_who_is_not_invited_is_greeted_as_usual(shop, reason):
    """Nothing is sent and nothing is written, so that the code is there for the runner's own welcome."""
    event = added(shop, stage={"no stage": "", "buyer": "ordered"}.get(reason, "contacted"))
    if reason == "high intent":
        shop.journey.grade(event.external_userid, "H", at=shop.now)
    if reason == "late":
        shop.fake.clock.advance(seconds=21)
    if reason == "no code":
        event = evolve(event, welcome_code="")
    if reason == "full":
        shop.desk.policy = evolve(shop.desk.policy, capacity=evolve(shop.desk.policy.capacity, warn=1, roll=1))
    if reason == "groups off":
        shop.desk.policy = evolve(shop.desk.policy, groups_enabled=False)
    if reason == "no way":
        shop.desk.freeze(shop.desk.groups(shop.now)[0].chat_id, now=shop.now, reason="客诉")
    assert not shop.desk.greet(event, shop.client, now=shop.now, text=words)
    assert greeted(shop.fake) == []
    assert shop.desk.invitations(event.external_userid) == ()


@pytest.mark.parametrize("refusal", [41050, 41051])
def test_a_refused_welcome_is_told_in_the_usual_way(shop, refusal):
    """The place stays held, and the next round hands the invitation to whoever sends them."""
    event = added(shop)
    shop.fake.fail_next(SENT, errcode=refusal)
    assert not shop.desk.greet(event, shop.client, now=shop.now, text=words)
    assert shop.run().counts == {"told": 1}
    assert [(one.external_userid, one.way) for one in shop.told] == [(event.external_userid, InviteWay.SOP)]


def test_a_welcome_whose_answer_is_lost_is_not_sent_twice(shop):
    """It may have arrived: neither another welcome nor an invitation in another way."""
    event = added(shop)
    shop.fake.fail_next(SENT, reset="after")
    assert shop.desk.greet(event, shop.client, now=shop.now, text=words)
    assert shop.run().counts == {}
    assert shop.told == []


def test_words_that_cannot_be_made_cost_no_invitation(shop):
    """A mistake in the caller's text is raised, before anything is written."""

    def broken(one: Decision) -> str:
        raise KeyError(one.kind)

    event = added(shop)
    with pytest.raises(KeyError):
        shop.desk.greet(event, shop.client, now=shop.now, text=broken)
    assert shop.desk.invitations(event.external_userid) == ()
