"""The ledger of allowances: what we reserve, what we use, and what members and other apps use up beside us."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.unit._sop_stage import NINE, TEN, URL, Stage, mass, sop

from wecom_auto.models import Text
from wecom_auto.sop.runner import Settings
from wecom_auto.testing import FakeWeCom

CREATE = "externalcontact/add_msg_template"
LIST = "externalcontact/get_groupmsg_list_v2"
RESULT = "externalcontact/get_groupmsg_send_result"
HOUR = timedelta(hours=1)


@pytest.fixture
def stage():
    """A corp whose customers may get seven messages a week, with one SOP that begins tomorrow."""
    stage = Stage.open(URL, settings=Settings(cap="week", sweep_every=timedelta(0)))
    stage.publish(sop("one", mass("s1", "+1d 10:00", "a")))
    stage.tick()
    return stage


def test_what_a_member_sends_is_counted_once(stage):
    """Within the hour the ledger knows it; reading it again changes nothing."""
    (customer,) = stage.member("zhang", 1)
    stage.fake.member_mass_send("zhang", "周末愉快")
    counted = [stage.tick(hours=1).counts.get("counted_outside", 0) for _ in range(3)]
    assert (counted, stage.caps()) == ([1, 0, 0], {customer: (0, 1)})
    assert stage.fake.count(RESULT) == 1


def test_a_full_allowance_of_the_member_is_not_asked_for(stage):
    """Seven messages of the member leave nothing for the SOP: no tap is wasted, and the loss is reported."""
    (customer,) = stage.member("zhang", 1)
    stage.runner.enrol("one", customer, now=stage.now)
    for number in range(7):
        stage.fake.member_mass_send("zhang", f"第 {number} 条")
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), stage.touches()) == (0, {(customer, "s1"): "capped"})
    assert "dropped:cap" in stage.reasons(customer)


def test_our_own_messages_are_not_counted_twice(stage):
    """The list names our tasks, too; they are settled by their batches alone."""
    (customer,) = stage.member("zhang", 1)
    stage.runner.enrol("one", customer, now=stage.now)
    stage.run_until_idle()
    stage.tick(hours=2)
    stage.tick(hours=2)
    assert stage.caps() == {customer: (0, 1)}


def test_a_task_of_unknown_outcome_is_not_counted_as_a_strangers():
    """While nobody knows whose a task is, it waits; once it is found to be ours, the batch settles it."""
    fake = FakeWeCom(now=NINE)
    settings = Settings(count_every=timedelta(minutes=1), sweep_every=timedelta(0))
    stage = Stage.open(URL, settings=settings, fake=fake)
    stage.publish(sop("one", mass("s1", "+0d 10:00", "a")))
    (customer,) = stage.member("zhang", 1)
    stage.runner.enrol("one", customer, now=stage.now)
    stage.fake.fail_next(CREATE, late_busy=True)
    stage.tick(TEN)
    stage.tap_all()
    for _ in range(15):
        stage.tick(minutes=2)
    assert (stage.states(), stage.caps()) == (["done"], {customer: (0, 1)})


def test_another_app_of_the_corp_counts_when_its_members_have_tapped(stage):
    """A task of another vendor uses the same allowance, and only once it is sent."""
    (customer,) = stage.member("zhang", 1)
    stage.fake.client().mass_messages.create(
        chat_type="single", external_userids=[customer], sender="zhang", text=Text(content="别家的消息")
    )
    stage.tick(hours=2)
    assert stage.caps() == {}
    stage.tap_all()
    stage.tick(hours=7)
    assert stage.caps() == {customer: (0, 1)}


def test_an_interrupted_count_goes_on(stage):
    """The platform fails in the middle: the next turn reads what is missing, and counts nobody twice."""
    first, second = stage.member("zhang", 1), stage.member("li", 1)
    for member in ("zhang", "li"):
        stage.fake.member_mass_send(member, "周末愉快")
    stage.fake.fail_next(RESULT, times=3, reset="before")
    stage.tick(hours=1)
    stage.fake.clear_faults()
    stage.tick(hours=1)
    assert stage.caps() == dict.fromkeys((*first, *second), (0, 1))


def test_counting_can_be_switched_off():
    """Whoever leaves room by `reserve` instead pays no calls."""
    stage = Stage.open(URL, settings=Settings(count_every=timedelta(0), sweep_every=timedelta(0)))
    stage.publish(sop("one", mass("s1", "+1d 10:00", "a")))
    for _ in range(3):
        stage.tick(hours=5)
    assert stage.fake.count(LIST) == 0


def test_two_workers_share_one_turn(stage):
    """Of any number of ticks in one hour one reads the list."""
    stage.member("zhang", 1)
    stage.fake.member_mass_send("zhang", "周末愉快")
    stage.tick(hours=1)
    stage.tick()
    stage.runner.upkeep(stage.now)
    assert stage.fake.count(LIST) == 1


def test_nothing_is_read_while_no_sop_runs():
    """A corp that has published nothing costs no call."""
    stage = Stage.open(URL, settings=evolve(Settings(), count_every=timedelta(minutes=1)))
    stage.tick(hours=1)
    stage.tick(hours=1)
    assert stage.fake.count(LIST) == 0
