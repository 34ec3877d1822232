"""Customers who change hands: nobody writes to them meanwhile, their runs follow, and nobody takes them for new."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.unit._sop_stage import TEN, URL, Stage, mass, sop

from wecom_auto.models import AddWay
from wecom_auto.sop._rows import _sending_tables as s
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.definition import Definition

CREATE = "externalcontact/add_msg_template"
RESULT = "externalcontact/transfer_result"
UNFOLLOWED = '[[exit]]\nwhen = "unfollowed()"\n'
NEW = Definition.from_toml(
    'sop = "new"\nversion = 1\ntitle = "new"\n[entry]\non = "customer.added"\n' + mass("s", "+0d 10:00", "c")
)


@pytest.fixture
def stage():
    """One corp with two members, at nine in the morning."""
    stage = Stage.open(URL)
    stage.member("li", 0)
    return stage


def care(policy="", at="+2d 10:00", name="care"):
    """A SOP of the customer's member, which ends when the customer leaves that member."""
    steps = mass("s1", "+0d 10:00", "a") + mass("s2", at, "b")
    head = 'owner = "fixed"\n' + (f'policy = {{ on_transfer = "{policy}" }}' if policy else "")
    return sop(name, steps, head=head, exits=UNFOLLOWED)


def begun(stage, definition, customers=1, member="zhang"):
    """Customers of zhang in a SOP."""
    stage.publish(definition)
    found = stage.member(member, customers)
    for one in found:
        stage.runner.enrol(definition.sop, one, userid=member, now=stage.now)
    return found


def give_away(stage, customers, *, told=True):
    """Start the transfer to li at the platform, and tell the runner."""
    stage.fake.client().transfers.customers(customers, handover_userid="zhang", takeover_userid="li")
    if told:
        stage.runner.transfer_started(customers, handover_userid="zhang", takeover_userid="li", now=stage.now)


def deliver(stage, *, reverse=False):
    """Hand the callbacks over."""
    events = stage.fake.events
    for event in reversed(events) if reverse else events:
        stage.directory.apply(event, stage.fake.client())
        stage.runner.on_event(event, stage.now)


def runs(stage, customer):
    """(sop, member, active, end reason) of every run of a customer."""
    e = t.enrolments.c
    query = sa.select(e.sop, e.userid, e.state == 0, e.end_reason).where(e.external_userid == customer).order_by(e.id)
    with stage.directory.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def state_of(stage):
    """The state of every transfer."""
    with stage.directory.engine.connect() as connection:
        return list(connection.scalars(sa.select(s.transfers.c.state).order_by(s.transfers.c.handover_userid)))


def senders(stage):
    """Who was asked to send what."""
    return [(call.body["sender"], call.body["text"]["content"]) for call in stage.fake.calls(CREATE)]


def test_nothing_is_sent_while_a_transfer_waits(stage):
    """The customer may refuse within 24 hours; until it is settled the step waits and says why."""
    (customer,) = begun(stage, care())
    give_away(stage, [customer])
    stage.tick(TEN)
    assert stage.fake.count(CREATE) == 0
    assert runs(stage, customer) == [("care", "zhang", True, None)]


def test_a_run_follows_its_customer(stage):
    """By default the run goes on with the successor, from where it stood: nothing twice, nothing left out."""
    (customer,) = begun(stage, care())
    stage.tick(TEN)
    stage.tap_all()
    stage.tick(minutes=20)
    give_away(stage, [customer])
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    stage.run_until_idle()
    assert senders(stage) == [("zhang", "内容 a"), ("li", "内容 b")]
    assert runs(stage, customer) == [("care", "li", False, "end:completed")]
    assert "reassigned:transfer" in stage.reasons(customer)


def test_a_transfer_of_which_nobody_is_told_is_asked_for(stage):
    """The platform calls back for some transfers only: ticks ask until it answers."""
    (customer,) = begun(stage, care())
    give_away(stage, [customer])
    for _ in range(5):
        stage.tick(hours=7)
    assert (state_of(stage), stage.fake.count(RESULT)) == (["done"], 4)
    assert runs(stage, customer)[0][1] == "li"


@pytest.mark.parametrize("reverse", [False, True], ids=["del first", "add first"])
def test_a_transfer_made_in_the_console_is_understood_from_its_events(stage, reverse):
    """Nobody told the runner: the giver's event and the successor's make one transfer, in either order."""
    (customer,) = begun(stage, care())
    stage.publish(NEW)
    give_away(stage, [customer], told=False)
    stage.fake.clock.advance(hours=25)
    deliver(stage, reverse=reverse)
    assert runs(stage, customer) == [("care", "li", True, None)]
    assert "entry:transferred" in stage.reasons(customer)
    assert "done" in state_of(stage)


def test_a_refused_transfer_leaves_everything_as_it_was(stage):
    """The customer stays with the giver, and the step that waited is sent by the giver."""
    (customer,) = begun(stage, care())
    give_away(stage, [customer])
    stage.tick(TEN)
    stage.fake.refuse_transfer(customer)
    deliver(stage)
    stage.run_until_idle()
    assert senders(stage) == [("zhang", "内容 a"), ("zhang", "内容 b")]
    assert state_of(stage) == ["refused"]


def test_on_transfer_end(stage):
    """A SOP of one member's own ends when the customer goes to another."""
    (customer,) = begun(stage, care("end"))
    give_away(stage, [customer])
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    stage.run_until_idle()
    assert runs(stage, customer) == [("care", "zhang", False, "ended:transfer")]
    assert stage.fake.count(CREATE) == 0


def test_on_transfer_pause(stage):
    """The run rests with the successor until a person lets it go on."""
    (customer,) = begun(stage, care("pause", at="+5d 10:00"))
    stage.run_until_idle(days=0.5)
    give_away(stage, [customer])
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    stage.run_until_idle()
    assert (senders(stage), runs(stage, customer)) == ([("zhang", "内容 a")], [("care", "li", True, None)])
    stage.fake.clock.advance_to(TEN + timedelta(days=4))
    assert stage.runner.resume_customer("care", customer, stage.now) == 1
    stage.run_until_idle()
    assert senders(stage)[1:] == [("li", "内容 b")]


def test_a_task_for_nobody_but_the_transferred_is_withdrawn_and_asked_anew(stage):
    """Unconfirmed when the customer leaves: withdrawn, read once, and sent by the successor."""
    (customer,) = begun(stage, care())
    stage.tick(TEN)
    give_away(stage, [customer])
    stage.tick(minutes=1)
    assert stage.states() == ["cancelled"]
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    stage.run_until_idle()
    assert senders(stage)[:2] == [("zhang", "内容 a"), ("li", "内容 a")]
    assert stage.fake.customer(customer).mass_messages == 2


def test_what_was_tapped_before_the_withdrawal_is_not_sent_again(stage):
    """Only what is proved unsent is planned anew."""
    (customer,) = begun(stage, care())
    stage.tick(TEN)
    stage.tap_all()
    give_away(stage, [customer])
    stage.tick(minutes=1)
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    stage.run_until_idle()
    assert senders(stage) == [("zhang", "内容 a"), ("li", "内容 b")]


def test_a_task_that_others_wait_for_stays(stage):
    """A whole task is not withdrawn for one of its customers; the one who has gone is asked for by the successor."""
    first, second = begun(stage, care(), customers=2)
    stage.tick(TEN)
    give_away(stage, [first])
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    stage.tap_all()
    stage.run_until_idle()
    texts = stage.sent()
    assert (stage.touches()[first, "s1"], stage.touches()[second, "s1"]) == ("delivered", "delivered")
    assert texts[second, "内容 a"] == 1


@pytest.mark.parametrize(
    "way", [AddWay.ASSIGNED_BY_ADMIN, AddWay.UNKNOWN], ids=["the directory knows", "the directory is late"]
)
def test_a_successor_has_no_new_prospect(stage, way):
    """Neither with add_way 202 nor while the directory has not read it yet: no entry, no welcome."""
    (customer,) = begun(stage, care())
    stage.publish(NEW)
    give_away(stage, [customer])
    stage.fake.clock.advance(hours=25)
    for event in stage.fake.events:
        stage.directory.apply(event, stage.fake.client())
        from wecom_auto.directory._tables import follows

        with stage.directory.engine.begin() as connection:
            connection.execute(follows.update().values(add_way=int(way)))
        stage.runner.on_event(event, stage.now)
    assert [name for name, *_ in runs(stage, customer)] == ["care"]


@pytest.mark.parametrize("way", [one for one in AddWay if one != AddWay.ASSIGNED_BY_ADMIN], ids=lambda way: way.name)
def test_every_other_way_is_a_new_customer(stage, way):
    """Scanned, searched, shared by a colleague, or a way that this version does not know: a new prospect."""
    stage.publish(NEW)
    stage.member("zhang", 0)
    config = stage.fake.client().contact_ways.create(users=["zhang"], state="s")
    customer = stage.fake.scan(config.config_id, name="客户").external_userid
    for event in stage.fake.events:
        stage.directory.apply(event, stage.fake.client())
        from wecom_auto.directory._tables import follows

        with stage.directory.engine.begin() as connection:
            connection.execute(follows.update().values(add_way=int(way)))
        stage.runner.on_event(event, stage.now)
    assert [name for name, *_ in runs(stage, customer)] == ["new"]


def test_the_runs_of_a_member_who_left_wait_for_the_successor(stage):
    """The member is gone, the customers are assigned days later, and their runs go on where they stood."""
    (customer,) = begun(stage, care(at="+9d 10:00"))
    stage.run_until_idle(days=0.5)
    stage.fake.leave("zhang")
    stage.runner.member_left("zhang", stage.now)
    stage.run_until_idle(days=3)
    assert runs(stage, customer) == [("care", "zhang", True, None)]
    api = stage.fake.client().transfers
    api.resigned_customers([customer], handover_userid="zhang", takeover_userid="li")
    stage.runner.transfer_started(
        [customer], handover_userid="zhang", takeover_userid="li", now=stage.now, resigned=True
    )
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    stage.directory.sync(stage.fake.client())
    for _ in range(3):
        stage.tick(hours=7)
    stage.run_until_idle()
    assert senders(stage) == [("zhang", "内容 a"), ("li", "内容 b")]


def test_runs_without_a_successor_end_after_a_fortnight(stage):
    """Nobody takes the customers of a member who left: their runs end, and say so."""
    (customer,) = begun(stage, care(at="+9d 10:00"))
    stage.run_until_idle(days=0.5)
    stage.fake.leave("zhang")
    stage.runner.member_left("zhang", stage.now)
    stage.run_until_idle(days=40)
    assert runs(stage, customer) == [("care", "zhang", False, "left:member")]
    assert (state_of(stage), stage.runner.next_wake()) == (["expired"], None)


def test_a_successor_who_runs_the_same_sop_keeps_one_run(stage):
    """The customer is in the SOP with both members: after the transfer there is one run, and no second message."""
    (customer,) = begun(stage, care())
    with stage.directory.engine.begin() as connection:
        row = connection.execute(sa.select(t.enrolments)).mappings().one()
        twin = dict(row) | {"userid": "li", "live_key": "twin", "occurrence": "other"}
        twin.pop("id")
        connection.execute(sa.insert(t.enrolments).values(twin))
    give_away(stage, [customer])
    stage.fake.clock.advance(hours=25)
    deliver(stage)
    assert runs(stage, customer) == [("care", "zhang", False, "ended:transfer"), ("care", "li", True, None)]


def test_other_members_runs_wait_with_the_customer_and_go_on(stage):
    """A customer on the move is left alone by everybody, and nobody's run but the giver's changes."""
    (customer,) = begun(stage, care(name="mine"))
    give_away(stage, [customer])
    stage.publish(sop("other", mass("s", "+0d 10:00", "c")))
    stage.runner.enrol("other", customer, userid="zhang", now=stage.now)
    stage.tick(TEN)
    assert stage.fake.count(CREATE) == 0
