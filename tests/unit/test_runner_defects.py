"""One named test for each defect of earlier SOP engines that the runner could have."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit._sop_stage import TEN, URL, Stage, mass, sop

from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.errors import ValidationError
from wecom_auto.models import AddWay
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Settings

CREATE = "externalcontact/add_msg_template"
CANCEL = "externalcontact/cancel_groupmsg_send"
ONE = sop("one", mass("s1", "+0d 10:00", "a"))
TWO_STEPS = sop("one", mass("s1", "+0d 10:00", "a") + mass("s2", "+1d 10:00", "b"))


@pytest.fixture
def stage():
    """One corp with an empty database, at nine in the morning."""
    return Stage.open(URL)


def enrolled(stage, definition, customers, **more):
    """Publish a SOP and let customers in; return whether each came in."""
    stage.publish(definition)
    return [stage.runner.enrol(definition.sop, one, now=stage.now, **more) for one in customers]


def with_two_members(stage):
    """A customer who is a friend of two members."""
    for member in ("zhang", "li"):
        stage.fake.add_member(member)
    customer = stage.fake.add_customer(name="客户", followed_by=["zhang", "li"])
    stage.directory.sync(stage.fake.client())
    return customer.external_userid


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=8))
def test_defect_01_nobody_receives_content_of_a_step_he_is_not_in(places):
    """Whoever is in whichever SOP with whichever member gets exactly the content of his own SOPs."""
    stage = Stage.open(URL, settings=Settings(gap=timedelta(0)))
    members = [stage.member("zhang", 4), stage.member("li", 4)]
    names = ["a", "b", "c"]
    stage.publish(*(sop(name, mass("s", "+0d 10:00", name)) for name in names))
    expected = set()
    for number, (member, content) in enumerate(places):
        customer = members[member][number % 4]
        stage.runner.enrol(names[content], customer, now=stage.now, occurrence="once")
        expected.add((customer, f"内容 {names[content]}"))
    stage.run_until_idle()
    assert stage.sent() == dict.fromkeys(expected, 1)


def test_defect_02_a_paused_sop_does_not_send(stage):
    """Paused before the slot, nothing is asked for; resumed within the lateness, it is."""
    enrolled(stage, ONE, stage.member("zhang", 1))
    stage.runner.pause("one", stage.now)
    stage.tick(TEN)
    assert (stage.fake.count(CREATE), stage.runner.next_wake()) == (0, None)
    stage.runner.resume("one", stage.now)
    stage.run_until_idle()
    assert stage.fake.count(CREATE) == 1


def test_defect_02_a_pause_between_freeze_and_call_holds(stage):
    """A batch that was frozen before the pause is not called during it, and its customer is not lost."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.runner.pause("one", stage.now)
    stage.tick(hours=2)
    assert stage.fake.count(CREATE) == 1
    assert stage.touches() == {(customer, "s1"): "cancelled"}
    assert "cancelled:paused" in stage.reasons(customer)


def test_defect_03_a_missed_slot_is_sent_late_or_reported(stage):
    """A runner that was down sends within the lateness, and reports what became too late; nothing vanishes."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, TWO_STEPS, [customer])
    stage.tick(TEN + timedelta(days=2, hours=1))
    stage.run_until_idle()
    assert stage.touches() == {(customer, "s1"): "skipped", (customer, "s2"): "delivered"}
    assert "skipped:late" in stage.reasons(customer)


def test_defect_03_an_outage_between_freeze_and_call_does_not_send_late(stage):
    """A batch that waits longer than the lateness is not sent after the outage."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.tick(days=3)
    assert (stage.fake.count(CREATE), stage.touches()) == (1, {(customer, "s1"): "skipped"})
    assert stage.caps()[customer] == (0, 0)


def test_defect_04_two_ticks_at_once_reserve_before_the_call(stage):
    """Two runners on one database: each customer is asked for once."""
    customers = stage.member("zhang", 3)
    enrolled(stage, ONE, customers)
    stage.tick(TEN)
    stage.tick()
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in customers], 1)


def test_defect_05_enrolling_one_leaves_the_others_alone(stage):
    """A new customer neither ends nor restarts the runs of everybody else, and cannot enrol twice at once."""
    first, second = stage.member("zhang", 2)
    enrolled(stage, TWO_STEPS, [first])
    stage.run_until_idle(days=0.5)
    assert stage.runner.enrol("one", second, now=stage.now)
    assert not stage.runner.enrol("one", first, now=stage.now)
    stage.run_until_idle()
    assert stage.touches()[first, "s2"] == "delivered"
    assert stage.reasons(first).count("entered") == 1


def test_defect_05_a_new_version_leaves_running_runs_pinned(stage):
    """Publishing version 2 does not insert a second set of steps for those who run on version 1."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, TWO_STEPS, [customer])
    stage.run_until_idle(days=0.5)
    changed = TWO_STEPS.to_json().replace('"version":1', '"version":2').replace('"mass":"b"', '"mass":"c"')
    stage.publish(Definition.from_json(changed))
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 a"): 1, (customer, "内容 b"): 1}


def test_defect_07_a_run_ends_although_a_step_was_missed(stage):
    """A run with a step that never happened still ends on time."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a", "if = \"event('never')\"")), [customer])
    stage.run_until_idle()
    assert "end:completed" in stage.reasons(customer)
    assert stage.runner.next_wake() is None


def test_defect_08_leaving_one_member_keeps_the_other_runs(stage):
    """A customer who deletes one member loses that member's run only; ended runs stay as they ended."""
    customer = with_two_members(stage)
    exits = '[[exit]]\nwhen = "unfollowed()"\n'
    stage.publish(sop("one", mass("s1", "+0d 10:00", "a"), head='owner = "fixed"', exits=exits))
    for member in ("zhang", "li"):
        stage.runner.enrol("one", customer, userid=member, now=stage.now)
    stage.fake.unfriend(customer, "zhang")
    for event in stage.fake.events:
        stage.directory.apply(event)
        stage.runner.on_event(event, stage.now)
    stage.run_until_idle()
    assert Counter(stage.reasons(customer)) == Counter(
        {"entered": 2, "exit:condition": 1, "requested": 1, "sent": 1, "end:completed": 1}
    )
    assert stage.fake.mass_tasks(stage.fake.mass_messages()[0])[0].userid == "li"


def test_defect_08_what_has_ended_is_never_rewritten(stage):
    """Ending a SOP, or a member leaving, does not change runs that had ended before."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.run_until_idle()
    before = stage.reasons(customer), stage.touches()
    stage.runner.member_left("zhang", stage.now)
    stage.runner.end("one", stage.now)
    stage.run_until_idle()
    assert (stage.reasons(customer), stage.touches()) == before


def test_defect_09_unknown_facts_fail_closed(stage):
    """A condition whose facts are missing lets nobody in, and says so."""
    (customer,) = stage.member("zhang", 1)
    assert enrolled(
        stage, sop("one", mass("s", "+0d 10:00", "a"), where="where = \"attr('grade') == 'A'\""), [customer]
    ) == [False]
    assert stage.reasons(customer) == ["entry:condition"]


def test_defect_12_the_same_occurrence_enrols_once(stage):
    """An import that runs twice with the same occurrence makes one run, even with re-entry always."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer], occurrence="2026-03")
    stage.run_until_idle()
    assert not stage.runner.enrol("one", customer, now=stage.now, occurrence="2026-03")
    assert stage.runner.enrol("one", customer, now=stage.now, occurrence="2026-04")


def test_defect_13_nothing_is_exploded_in_advance(stage):
    """A hundred steps ahead are no rows: a run is one row until a step is due."""
    customers = stage.member("zhang", 3)
    enrolled(stage, sop("one", "".join(mass(f"s{n}", f"+{n}d 10:00", "a") for n in range(1, 60))), customers)
    stage.tick()
    assert stage.touches() == {}


def test_defect_13_results_are_polled_for_each_task_not_each_customer(stage):
    """Results of many customers cost one query for the task and one for its results."""
    enrolled(stage, ONE, stage.member("zhang", 20))
    stage.run_until_idle()
    assert stage.fake.count("externalcontact/get_groupmsg_send_result") == 1


@pytest.mark.parametrize("act", ["end", "pause"])
def test_defect_14_stopping_a_sop_withdraws_its_tasks(stage, act):
    """Tasks that nobody has confirmed are withdrawn at the platform when their SOP is ended or paused."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.tick(TEN)
    getattr(stage.runner, act)("one", stage.now)
    stage.tick()
    assert (stage.fake.count(CANCEL), stage.states()) == (1, ["cancelled"])
    stage.tap_all()
    assert stage.fake.customer(customer).mass_messages == 0
    assert stage.caps()[customer] == (0, 0)


def test_defect_14_what_was_sent_before_the_stop_stays_counted(stage):
    """A member who tapped before the withdrawal has sent: the ledger and the touch say so."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.tick(TEN)
    stage.tap_all()
    stage.runner.end("one", stage.now)
    stage.tick()
    assert (stage.touches(), stage.caps()) == ({(customer, "s1"): "delivered"}, {customer: (0, 1)})


def test_defect_14_a_member_who_left_sends_nothing(stage):
    """When a member leaves, their tasks are withdrawn and their runs closed; colleagues go on."""
    (mine,), (other,) = stage.member("zhang", 1), stage.member("li", 1)
    enrolled(stage, TWO_STEPS, [mine, other])
    stage.tick(TEN)
    stage.runner.member_left("zhang", stage.now)
    stage.run_until_idle()
    assert stage.touches()[mine, "s1"] == "cancelled"
    assert (mine, "s2") not in stage.touches()
    assert stage.touches()[other, "s2"] == "delivered"


def test_defect_15_days_count_from_the_customers_own_anchor(stage):
    """Two customers who came on different days get the step on different days."""
    first, second = stage.member("zhang", 2)
    enrolled(stage, sop("one", mass("s", "+1d 10:00", "a")), [first])
    stage.fake.clock.advance(days=2)
    stage.runner.enrol("one", second, now=stage.now)
    stage.run_until_idle()
    assert [call.body["external_userid"] for call in stage.fake.calls(CREATE)] == [[first], [second]]


def test_defect_16_facts_are_read_when_the_step_is_due(stage):
    """A test drive booked after enrolment, even after freezing, keeps the invitation from being sent."""
    (customer,) = stage.member("zhang", 1)
    step = mass("invite", "+0d 10:00", "a", "if = \"not event('testdrive.booked')\"")
    enrolled(stage, sop("one", step), [customer])
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.directory.record_event(customer, "testdrive.booked", stage.now)
    stage.tick(minutes=5)
    assert (stage.fake.count(CREATE), stage.touches()) == (1, {(customer, "invite"): "skipped"})
    assert "skipped:condition" in stage.reasons(customer)


def test_defect_16_a_goal_ends_the_run_before_the_next_step(stage):
    """A deal that was signed ends the run as a conversion: no further message."""
    (customer,) = stage.member("zhang", 1)
    exits = "[[exit]]\nwhen = \"event('deal.signed')\"\ngoal = true\n"
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a"), exits=exits), [customer])
    stage.directory.record_event(customer, "deal.signed", stage.now)
    stage.runner.record_event(customer, "deal.signed", stage.now)
    stage.tick(TEN)
    assert (stage.fake.count(CREATE), stage.reasons(customer)[-1]) == (0, "exit:goal")


def test_defect_18_due_means_overdue_too(stage):
    """A runner that was down for an hour finds everything that came due meanwhile."""
    customers = stage.member("zhang", 2)
    enrolled(stage, ONE, customers)
    stage.tick(TEN + timedelta(hours=1))
    assert len(stage.sent()) == 2


def test_two_members_do_not_send_the_same_step_to_one_customer(stage):
    """A customer who runs with two members, whose sender is the same one, gets the message once."""
    customer = with_two_members(stage)
    stage.directory.record_contact(customer, "li", stage.now)
    stage.publish(sop("one", mass("s", "+0d 10:00", "a"), head='owner = "last_contact"'))
    for member in ("zhang", "li"):
        stage.runner.enrol("one", customer, userid=member, now=stage.now)
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 a"): 1}
    assert "skipped:duplicate" in stage.reasons(customer)
    assert stage.fake.mass_tasks(stage.fake.mass_messages()[0])[0].userid == "li"


def test_a_transferred_customer_is_no_new_prospect(stage):
    """The successor's added event after a transfer enrols nobody."""
    (customer,) = stage.member("zhang", 1)
    stage.publish(
        Definition.from_toml(
            'sop = "new"\nversion = 1\ntitle = "new"\n[entry]\non = "customer.added"\n' + mass("s", "+0d 10:00", "a")
        )
    )
    with stage.directory.engine.begin() as connection:
        from wecom_auto.directory._tables import follows

        connection.execute(follows.update().values(add_way=int(AddWay.ASSIGNED_BY_ADMIN)))
    event = CustomerAdded(created_at=stage.now, to_user=stage.fake.corp_id, userid="zhang", external_userid=customer)
    stage.runner.on_event(event, stage.now)
    assert stage.reasons(customer) == ["entry:transferred"]


@pytest.mark.parametrize(("signed", "paid"), [(False, False), (True, False), (False, True), (True, True)])
def test_defect_06_an_end_of_all_conditions_fires(stage, signed, paid):
    """An exit on two conditions ends the run when both are true, and only then: the whole truth table."""
    (customer,) = stage.member("zhang", 1)
    exits = "[[exit]]\nwhen = \"event('signed') and event('paid')\"\n"
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a"), exits=exits), [customer])
    for name, happened in (("signed", signed), ("paid", paid)):
        if happened:
            stage.directory.record_event(customer, name, stage.now)
            stage.runner.record_event(customer, name, stage.now)
    stage.tick(TEN)
    assert ("exit:condition" in stage.reasons(customer)) is (signed and paid)
    assert stage.fake.count(CREATE) == (0 if signed and paid else 1)


def test_defect_10_a_handler_that_fails_loses_no_entry(stage):
    """The entry is committed before `on_event` returns; if it cannot be, the caller hears of it."""
    stage.publish(
        Definition.from_toml(
            'sop = "new"\nversion = 1\ntitle = "new"\n[entry]\non = "customer.added"\n' + mass("s", "+0d 10:00", "a")
        )
    )
    (customer,) = stage.member("zhang", 1)
    event = CustomerAdded(created_at=stage.now, to_user=stage.fake.corp_id, userid="zhang", external_userid=customer)

    def broken(*_args):
        msg = "the disk is full"
        raise OSError(msg)

    sa.event.listen(stage.directory.engine, "before_cursor_execute", broken)
    with pytest.raises(OSError, match="disk"):
        stage.runner.on_event(event, stage.now)
    sa.event.remove(stage.directory.engine, "before_cursor_execute", broken)
    stage.runner.on_event(event, stage.now)
    stage.runner.on_event(event, stage.now)
    stage.run_until_idle()
    assert (stage.reasons(customer).count("entered"), stage.sent()) == (1, {(customer, "内容 a"): 1})


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/Sao_Paulo"])
def test_defect_11_ten_in_the_morning_is_ten_where_the_sop_lives(stage, zone, monkeypatch):
    """The zone stands in the definition; neither the server's zone nor China's own is assumed, and naive times fail."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        (customer,) = stage.member("zhang", 1)
        enrolled(stage, sop("one", mass("s1", "+1d 10:00", "a"), head=f'timezone = "{zone}"'), [customer])
        stage.run_until_idle()
        (call,) = stage.fake.calls(CREATE)
        local = call.at.astimezone(ZoneInfo(zone))
        assert (local.hour, local.date()) == (10, stage_day(zone) + timedelta(days=1))
        with pytest.raises(ValidationError, match="now"):
            stage.runner.tick(stage.now.replace(tzinfo=None))
    finally:
        monkeypatch.undo()
        time.tzset()


def stage_day(zone):
    """The day on which the stage begins, in a zone."""
    return (TEN - timedelta(hours=1)).astimezone(ZoneInfo(zone)).date()


def test_defect_17_quiet_hours_are_quiet(stage):
    """A step in the quiet hours moves to their end: nobody is asked at night."""
    (customer,) = stage.member("zhang", 1)
    quiet = 'window = { quiet = ["21:00-08:30"] }'
    enrolled(stage, sop("one", mass("s1", "+0d 22:00", "a"), head=quiet), [customer])
    stage.run_until_idle()
    (call,) = stage.fake.calls(CREATE)
    assert call.at == TEN.replace(hour=8, minute=30) + timedelta(days=1)


def test_defect_17_a_night_without_the_job_loses_no_day(stage):
    """Nobody ticks for a day and a half; what was due in between is found by the next tick."""
    customers = stage.member("zhang", 2)
    late = 'window = { late = "drop after 3d" }'
    enrolled(stage, sop("one", mass("s1", "+0d 23:50", "a") + mass("s2", "+1d 00:10", "b"), head=late), customers)
    stage.tick(TEN + timedelta(days=1, hours=12))
    stage.run_until_idle()
    assert set(stage.touches().values()) == {"delivered"}


def test_every_defect_has_a_test_of_its_own():
    """Eighteen defects of earlier engines, eighteen numbers."""
    numbers = {name[12:14] for name in globals() if name.startswith("test_defect_")}
    assert numbers == {f"{number:02}" for number in range(1, 19)}
