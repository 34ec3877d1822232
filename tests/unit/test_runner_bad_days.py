"""Bad days of a running SOP: news at the wrong moment, departures, refusals, outages, clocks that go wrong."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from attrs import define
from tests.unit._sop_stage import LIBRARY, NINE, TEN, URL, Stage, mass, sop

from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._rows._states import SopStatus
from wecom_auto.sop._sending._channels import Listed
from wecom_auto.sop.calendar import ChinaCalendar, Day
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.reconcile import matches
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.sop.sending import Batch
from wecom_auto.testing import FakeWeCom

CREATE = "externalcontact/add_msg_template"
CANCEL = "externalcontact/cancel_groupmsg_send"
ONE = sop("one", mass("s1", "+0d 10:00", "a"))
GOAL = "[[exit]]\nwhen = \"event('deal.signed')\"\ngoal = true\n"
CALL = '[[step]]\nid = "call"\nat = "+0d 10:00"\ndo = { staff_task = "电话续保", due = "2d" }\n'
DATED = (
    '[entry]\non = "attribute.set:insurance_expiry"\nreentry = "per anchor"\nanchor = "insurance_expiry"\n'
    "[[exit]]\nwhen = \"event('insurance.renewed')\"\ngoal = true\n"
)


@pytest.fixture
def stage():
    """One corp with an empty database, at nine in the morning."""
    return Stage.open(URL)


def enrolled(stage, definition, customers, **more):
    """Publish a SOP and let customers in."""
    stage.publish(definition)
    for one in customers:
        assert stage.runner.enrol(definition.sop, one, now=stage.now, **more)


@define
class Interrupted:
    """A book of customers in which something happens right after it was read."""

    book: Directory
    happens: object

    def facts_for(self, pairs):
        """The facts, which are out of date as soon as they are read."""
        found = self.book.facts_for(pairs)
        self.happens()
        return found

    def __getattr__(self, name):
        return getattr(self.book, name)


def runner_with(stage, book) -> Runner:
    """Another worker on the same database."""
    return Runner(
        stage.directory.engine,
        stage.fake.client(),
        book,
        LIBRARY,
        settings=stage.settings,
        stopwatch=lambda: 0.0,
        new_id=lambda: "other0001",
    )


def test_news_that_come_while_a_run_is_planned_are_not_lost(stage):
    """A deal signed between the reading of the facts and the writing of the plan ends the run at this very tick."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", CALL + mass("s", "+3d 10:00", "a"), exits=GOAL), [customer])
    stage.fake.clock.advance_to(TEN)
    signed: list[bool] = []

    def sign() -> None:
        if not signed:
            signed.append(stage.directory.record_event(customer, "deal.signed", stage.now))
            stage.runner.record_event(customer, "deal.signed", stage.now)

    other = runner_with(stage, Interrupted(stage.directory, sign))
    other.tick(stage.now)
    other.tick(stage.now)
    assert stage.reasons(customer) == ["entered", "exit:goal"]
    assert stage.touches() == {}


@pytest.mark.parametrize("point", ["K2", "K5"])
def test_a_pause_during_the_call_withdraws_the_task(stage, point):
    """A worker that is in the middle of the call does not write over the withdrawal that was asked for meanwhile."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.fake.clock.advance(minutes=2)
    steps = stage.runner.steps("batch0001", stage.runner._start(stage.now))
    while next(steps) != point:
        pass
    stage.runner.pause("one", stage.now)
    list(steps)
    stage.tick(minutes=1)
    stage.tap_all()
    assert stage.fake.customer(customer).mass_messages == 0
    assert (stage.fake.count(CANCEL), stage.states()) == (1, ["cancelled"])


def test_a_pause_during_a_poll_withdraws_the_task(stage):
    """A worker that is reading results does not put the withdrawal off to its next poll."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.tick(TEN)
    stage.fake.clock.advance(minutes=15)
    steps = stage.runner.steps("batch0001", stage.runner._start(stage.now))
    while next(steps) != "K9":
        pass
    stage.runner.pause("one", stage.now)
    list(steps)
    stage.tick(minutes=1)
    assert (stage.fake.count(CANCEL), stage.states()) == (1, ["cancelled"])


def test_a_held_batch_of_a_paused_sop_is_closed(stage):
    """A withdrawal that was asked for while the list was read does not end in a batch that waits for a person."""
    enrolled(stage, ONE, stage.member("zhang", 1))
    stage.fake.fail_next(CREATE, reset="before", times=3)
    for _ in range(3):
        stage.tick(TEN) if stage.now < TEN else stage.tick(minutes=11)
    stage.fake.clock.advance(minutes=11)
    steps = stage.runner.steps("batch0001", stage.runner._start(stage.now))
    while next(steps) != "K7":
        pass
    stage.runner.pause("one", stage.now)
    list(steps)
    assert stage.states() == ["cancelled"]


def test_an_exit_takes_an_unconfirmed_task_back(stage):
    """The deal is signed before the member taps: the next tick withdraws the task, and the message is not sent."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a"), exits=GOAL), [customer])
    stage.tick(TEN)
    stage.directory.record_event(customer, "deal.signed", stage.now)
    stage.runner.record_event(customer, "deal.signed", stage.now)
    stage.tick()
    stage.tap_all()
    assert (stage.fake.count(CANCEL), stage.states()) == (1, ["cancelled"])
    assert stage.fake.customer(customer).mass_messages == 0
    assert (stage.touches(), stage.caps()) == ({(customer, "s1"): "cancelled"}, {customer: (0, 0)})
    assert "dropped:ended" in stage.reasons(customer)


def test_what_a_runner_is_told_is_a_fact(stage):
    """One call is enough: the directory remembers the event for conditions, once, whoever else records it."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a"), exits=GOAL), [customer])
    stage.runner.record_event(customer, "deal.signed", stage.now)
    assert stage.directory.record_event(customer, "deal.signed", stage.now) is False
    stage.tick(TEN)
    assert (stage.touches(), stage.fake.count("externalcontact/add_msg_template")) == ({}, 0)
    with pytest.raises(ValidationError, match="name: got 191 characters, accepted: 1 to 190 characters"):
        stage.runner.record_event(customer, "x" * 191, stage.now)


def test_a_book_that_remembers_no_events_is_only_read(stage):
    """A CRM that knows by itself what has happened leaves the method out."""
    (customer,) = stage.member("zhang", 1)
    stage.directory.record_event(customer, "deal.signed", stage.now)
    only_facts = ("facts_for", "tag_ids", "mark_tags", "set_attribute", "member_left")
    book = SimpleNamespace(**{name: getattr(stage.directory, name) for name in only_facts})
    runner = Runner(stage.directory.engine, stage.fake.client(), book, LIBRARY, stopwatch=lambda: 0.0)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a"), exits=GOAL), [customer])
    runner.record_event(customer, "deal.signed", stage.now)
    runner.tick(stage.now)
    assert [entry.reason for entry in runner.why(customer)][-1].startswith("exit")


def test_an_exit_of_one_leaves_the_task_to_the_others(stage):
    """A task is withdrawn as a whole or not at all: while anybody is still to get it, it stays."""
    first, second = stage.member("zhang", 2)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a"), exits=GOAL), [first, second])
    stage.tick(TEN)
    for customer, count in ((first, 0), (second, 1)):
        stage.directory.record_event(customer, "deal.signed", stage.now)
        stage.runner.record_event(customer, "deal.signed", stage.now)
        stage.tick(minutes=1)
        assert stage.fake.count(CANCEL) == count


def test_an_exit_closes_the_tasks_of_members(stage):
    """Nobody has to call a customer who has signed, and nobody's supervisor hears of it."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", CALL, exits=GOAL), [customer])
    stage.tick(TEN)
    stage.directory.record_event(customer, "deal.signed", stage.now)
    stage.runner.record_event(customer, "deal.signed", stage.now)
    stage.run_until_idle()
    assert stage.touches() == {(customer, "call"): "cancelled"}
    assert stage.logged()["alert:overdue"] == 0
    with stage.directory.engine.connect() as connection:
        assert connection.scalars(sa.select(t.staff_tasks.c.state)).all() == ["cancelled"]


def test_a_staff_task_is_not_handed_out_late(stage):
    """A SOP that rested for ten days hands nobody the work of ten days ago."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", CALL), [customer])
    stage.runner.tick(TEN - timedelta(seconds=1))
    with stage.directory.engine.begin() as connection:
        row = {"enrolment_id": 1, "run": 1, "step": "call", "external_userid": customer, "userid": "zhang"}
        rest = {"kind": "staff_task", "state": "due", "due_at": TEN, "check_at": TEN, "attempts": 0, "reason": "due"}
        connection.execute(sa.insert(t.touches).values(corp_id=stage.fake.corp_id, arm="", **row, **rest))
    stage.tick(TEN + timedelta(days=10))
    assert stage.touches() == {(customer, "call"): "skipped"}
    assert "skipped:late" in stage.reasons(customer)


def test_what_a_departed_member_has_not_sent_goes_to_a_colleague(stage):
    """Only what is proved unsent is planned again, with another follower; what was tapped stays sent, once."""
    for member in ("zhang", "li"):
        stage.fake.add_member(member)
    both = stage.fake.add_customer(name="both", followed_by=["zhang", "li"]).external_userid
    stage.directory.sync(stage.fake.client())
    stage.directory.record_contact(both, "zhang", stage.now)
    stage.publish(sop("one", mass("s1", "+0d 10:00", "a"), head='owner = "last_contact"'))
    stage.runner.enrol("one", both, userid="li", now=stage.now)
    stage.tick(TEN)
    stage.fake.leave("zhang")
    stage.runner.member_left("zhang", stage.now)
    stage.run_until_idle()
    senders = [task.userid for msgid in stage.fake.mass_messages() for task in stage.fake.mass_tasks(msgid)]
    assert (senders, stage.fake.count(CANCEL)) == (["zhang", "li"], 1)
    assert stage.fake.customer(both).mass_messages == 1
    assert (stage.touches(), stage.caps()) == ({(both, "s1"): "delivered"}, {both: (0, 1)})
    assert "reassigned:left" in stage.reasons(both)


def test_what_a_departed_member_has_sent_is_not_sent_again(stage):
    """A task that was tapped before the member left is counted, and no colleague repeats it."""
    for member in ("zhang", "li"):
        stage.fake.add_member(member)
    both = stage.fake.add_customer(name="both", followed_by=["zhang", "li"]).external_userid
    stage.directory.sync(stage.fake.client())
    stage.directory.record_contact(both, "zhang", stage.now)
    stage.publish(sop("one", mass("s1", "+0d 10:00", "a"), head='owner = "last_contact"'))
    stage.runner.enrol("one", both, userid="li", now=stage.now)
    stage.tick(TEN)
    stage.tap_all()
    stage.runner.member_left("zhang", stage.now)
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), stage.touches()) == (1, {(both, "s1"): "delivered"})


def three_batches(stage):
    """Three members with one customer each: three batches."""
    customers = [stage.member(member, 1)[0] for member in ("li", "wang", "zhang")]
    enrolled(stage, ONE, customers)
    return customers


def test_a_refused_secret_stops_the_tick_and_alerts_once(stage):
    """40001 in mid-run: one call, one alert an hour, nothing failed; with a secret that works everything goes out."""
    customers = three_batches(stage)
    stage.fake.fail_next(CREATE, errcode=40001, times=9)
    stage.fake.revoke_tokens()
    stage.fake.fail_next("gettoken", errcode=40001, times=99)
    before = stage.fake.count("gettoken")
    stage.tick(TEN)
    assert stage.fake.count("gettoken") - before <= 2
    assert stage.logged()["alert:blocked:40001"] == 1
    assert Counter(stage.states()) == {"planned": 3}
    # Whoever ticks whenever something is due does not spin.
    assert stage.runner.next_wake() > stage.now
    stage.tick(minutes=5)
    assert stage.logged()["alert:blocked:40001"] == 1
    stage.fake.clear_faults()
    stage.run_until_idle()
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in customers], 1)


def test_a_frequency_limit_stops_creating_for_this_tick(stage):
    """45009 defers every batch without trying each, and fails none."""
    customers = three_batches(stage)
    stage.fake.fail_next(CREATE, errcode=45009)
    report = stage.tick(TEN)
    assert (stage.fake.count(CREATE), report.counts["blocked:45009"]) == (1, 1)
    assert stage.runner.next_wake() > stage.now
    stage.run_until_idle()
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in customers], 1)
    assert not any(reason.startswith("alert") for reason in stage.logged())


def test_a_tag_waits_for_the_secret(stage):
    """A refused secret costs a server action none of its attempts."""
    stage.fake.add_tag("阶段", "战败")
    (customer,) = stage.member("zhang", 1)
    stage.directory.upsert_tags(stage.fake.client().tags.list())
    step = '[[step]]\nid = "lost"\nat = "+0d 10:00"\ndo = { tag = "战败", end = true }\n'
    enrolled(stage, sop("one", step), [customer])
    stage.fake.revoke_tokens()
    stage.fake.fail_next("gettoken", errcode=40001, times=999)
    for _ in range(20):
        stage.tick(TEN) if stage.now < TEN else stage.tick(hours=1)
        assert stage.runner.next_wake() > stage.now
    assert stage.touches() == {(customer, "lost"): "due"}
    stage.fake.clear_faults()
    stage.tick(hours=1)
    assert stage.touches() == {(customer, "lost"): "done"}


def test_nobody_left_to_send_to_is_no_alarm(stage):
    """41048: the platform filtered everybody out, so the customers are refused and nobody is woken up."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.fake.fail_next(CREATE, errcode=41048)
    stage.run_until_idle()
    assert (stage.touches(), stage.caps()) == ({(customer, "s1"): "refused"}, {customer: (0, 0)})
    assert (stage.fake.count(CREATE), stage.logged()["alert:failed:41048"]) == (1, 0)
    assert "failed:41048" in stage.reasons(customer)


def test_a_task_whose_every_customer_is_refused_is_over(stage):
    """A fail_list of everybody settles every touch at once, and gives every reservation back."""
    customers = stage.member("zhang", 3)
    enrolled(stage, ONE, customers)
    for one in customers:
        stage.fake.unfriend(one, "zhang")
    stage.run_until_idle()
    assert set(stage.touches().values()) <= {"refused", "not_friend"}
    assert set(stage.caps().values()) == {(0, 0)}
    assert set(stage.states()) <= {"done", "failed"}


@pytest.mark.slow
def test_ten_thousand_and_one_customers_are_two_tasks():
    """The platform takes 10,000 recipients: one more makes a second task, and nobody is in both."""
    stage = Stage.open(URL)
    enrol_many(stage, 10_001)
    stage.fake.clock.advance_to(TEN)
    stage.run_until_idle(days=2)
    sizes = sorted(len(call.body["external_userid"]) for call in stage.fake.calls(CREATE))
    assert sizes == [1, 10_000]
    assert (len(stage.sent()), set(stage.sent().values())) == (10_001, {1})
    assert Counter(stage.touches().values()) == {"delivered": 10_001}


def enrol_many(stage, number: int) -> None:
    """Enrol many customers of one member, in bulk."""
    customers = stage.member("zhang", number)
    stage.publish(ONE)
    row = {
        "corp_id": stage.fake.corp_id, "sop": "one", "version": 1, "userid": "zhang", "occurrence": "once", "run": 1,
        "anchor_at": NINE, "enrolled_at": NINE, "state": 0, "wake_at": NINE, "goal": False,
    }  # fmt: skip
    with stage.directory.engine.begin() as connection:
        rows = [row | {"external_userid": one, "arm_seed": one} for one in customers]
        connection.execute(sa.insert(t.enrolments), rows)


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"reset": "before"}])
def test_ten_days_without_a_runner_send_nothing_late(stage, fault):
    """An unknown outcome before an outage is cleared up after it, and nothing is asked for any more."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a") + mass("s2", "+1d 10:00", "b")), [customer])
    stage.fake.fail_next(CREATE, **fault)
    stage.tick(TEN)
    stage.tick(days=10)
    stage.run_until_idle(tap=False)
    assert stage.fake.count(CREATE) == 1
    assert stage.touches()[customer, "s2"] == "skipped"
    assert "skipped:late" in stage.reasons(customer)
    assert set(stage.states()) <= {"expired", "cancelled"}
    assert stage.caps() == {customer: (0, 0)}


def test_a_clock_that_goes_backwards_repeats_nothing(stage):
    """Ticks at earlier instants find nothing to do; when time has caught up everything goes on as if nothing was."""
    customers = stage.member("zhang", 2)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a") + mass("s2", "+1d 10:00", "b")), customers)
    stage.tick(TEN)
    for hours in (1, 24, 240):
        assert stage.runner.tick(TEN - timedelta(hours=hours)).idle
    stage.run_until_idle()
    assert set(stage.sent().values()) == {1}
    assert len(stage.sent()) == 4


def test_a_watch_that_was_put_back_does_not_lengthen_a_lease():
    """The time a tick has taken never shrinks below what the monotonic clock says."""
    stage = Stage.open(URL)
    runner = Runner(stage.directory.engine, stage.fake.client(), stage.directory, LIBRARY)
    wall, monotonic = [100.0], [5.0]
    runner._clocks = (lambda: wall[0], lambda: monotonic[0])
    tick = runner._start(NINE)
    wall[0], monotonic[0] = 40.0, 12.0
    assert tick.now() == NINE + timedelta(seconds=7)
    wall[0] = 300.0
    assert tick.now() == NINE + timedelta(seconds=200)


def test_a_date_that_was_wrong_for_a_while_is_no_crash(stage):
    """Set to another date and back after its run has ended: the date has had its run, the other one's run is over."""
    (customer,) = stage.member("zhang", 1)
    stage.publish(Definition.from_toml('sop = "r"\nversion = 1\ntitle = "r"\n' + DATED + mass("d", "-30d 10:00", "a")))
    stage.runner.set_attribute(customer, "insurance_expiry", "2026-05-05", stage.now)
    stage.directory.record_event(customer, "insurance.renewed", stage.now)
    stage.runner.record_event(customer, "insurance.renewed", stage.now)
    stage.tick()
    with stage.directory.engine.begin() as connection:
        from wecom_auto.directory._tables import events

        connection.execute(sa.delete(events))
    stage.runner.set_attribute(customer, "insurance_expiry", "2026-06-05", stage.now)
    stage.runner.set_attribute(customer, "insurance_expiry", "2026-05-05", stage.now)
    stage.run_until_idle(days=90)
    assert stage.reasons(customer) == [
        "entered", "exit:goal", "entered", "ended:superseded", "entry:reentry",
    ]  # fmt: skip
    assert stage.fake.count(CREATE) == 0


def test_long_reasons_for_entry_are_told_apart(stage):
    """Two occurrences that differ only after their first 128 characters are two."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer], occurrence="x" * 200 + "1")
    stage.run_until_idle()
    assert not stage.runner.enrol("one", customer, now=stage.now, occurrence="x" * 200 + "1")
    assert stage.runner.enrol("one", customer, now=stage.now, occurrence="x" * 200 + "2")


def test_the_table_of_a_new_year_moves_what_was_planned_without_it():
    """A step in an unpublished year is looked at again every week, so that a make-up workday counts once known."""
    saturday = datetime(2027, 2, 20, tzinfo=NINE.tzinfo).date()
    stage = Stage.open(URL)
    (customer,) = stage.member("zhang", 1)
    steps = mass("s", "-1d 10:00", "a")
    window = '[window]\nholidays = "workdays-only"\nlate = "drop after 5d"\n'
    stage.publish(Definition.from_toml('sop = "r"\nversion = 1\ntitle = "r"\n' + DATED + window + steps))
    stage.runner.set_attribute(customer, "insurance_expiry", "2027-02-21", stage.now)
    stage.tick()
    assert stage.runner.next_wake() == NINE + timedelta(days=7)
    informed = runner_with(stage, stage.directory)
    calendar = ChinaCalendar(overrides={saturday: Day(workday=True)})
    informed = Runner(
        stage.directory.engine, stage.fake.client(), stage.directory, LIBRARY, calendar=calendar, stopwatch=lambda: 0.0
    )
    while not stage.fake.count(CREATE):
        stage.fake.clock.advance_to(informed.next_wake())
        informed.tick(stage.now)
    assert stage.now == datetime(2027, 2, 20, 10, tzinfo=NINE.tzinfo)


def test_another_zone_keeps_its_wall_clock_through_daylight_saving(stage):
    """A brand in Berlin sends at ten o'clock on both sides of the change of clocks."""
    (customer,) = stage.member("zhang", 1)
    steps = "".join(mass(f"s{day}", f"+{day}d 10:00", "a") for day in (26, 27, 28))
    enrolled(stage, sop("one", steps, head='timezone = "Europe/Berlin"'), [customer])
    stage.run_until_idle()
    at = [call.at.astimezone(ZoneInfo("Europe/Berlin")) for call in stage.fake.calls(CREATE)]
    assert [(one.day, one.hour) for one in at] == [(28, 10), (29, 10), (30, 10)]
    assert len({one.utcoffset() for one in at}) == 2


def test_a_loser_that_cannot_wait_is_skipped(stage):
    """Two SOPs want one day: the lesser one does not wait for a gap that ends beyond its own lateness."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("high", mass("h", "+0d 10:00", "b"), head="priority = 90"), [customer])
    window = '[window]\nlate = "drop after 1d"\n'
    enrolled(stage, sop("low", mass("l", "+0d 10:00", "a"), head="priority = 10", exits=window), [customer])
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 b"): 1}
    assert "dropped:fatigue" in stage.reasons(customer)
    assert "deferred:fatigue" not in stage.reasons(customer)


def test_a_holdout_gets_nothing_and_says_so():
    """Of many customers about the share of the holdout gets nothing, on purpose, and each arm its own content."""
    stage = Stage.open(URL, contents=Contents({f"x_{arm}": Content(text=f"内容 {arm}") for arm in "AB"}))
    customers = stage.member("zhang", 60)
    step = mass("s", "+0d 10:00", "x_{arm}", "ab = { A = 45, B = 45, holdout = 10 }")
    enrolled(stage, sop("one", step), customers)
    stage.run_until_idle()
    states = Counter(stage.touches().values())
    assert states["skipped"] + states["delivered"] == 60
    assert 0 < states["skipped"] < 20
    assert stage.fake.count(CREATE) == 2
    held = [one for one in customers if "skipped:holdout" in stage.reasons(one)]
    assert len(held) == states["skipped"]
    assert all(stage.fake.customer(one).mass_messages == 0 for one in held)


def test_the_same_content_of_two_steps_is_two_messages():
    """Where the corp allows it, a customer whom two SOPs send the same text is in two tasks, and never twice in one."""
    stage = Stage.open(URL, settings=Settings(gap=timedelta(0)))
    (customer,) = stage.member("zhang", 1)
    for name in ("one", "two"):
        enrolled(stage, sop(name, mass("s", "+0d 10:00", "a")), [customer])
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 a"): 2}
    assert [call.body["external_userid"] for call in stage.fake.calls(CREATE)] == [[customer], [customer]]
    assert (stage.fake.customer(customer).mass_messages, stage.caps()) == (2, {customer: (0, 2)})


@pytest.mark.parametrize(("cap", "most"), [("day", 1), ("week", 7), ("month", 31)])
def test_the_platform_and_the_ledger_agree_on_the_allowance(cap, most):
    """With the same rule on both sides the platform never has to refuse for the allowance."""
    stage = Stage.open(URL, settings=Settings(cap=cap, gap=timedelta(0)))
    from attrs import evolve

    stage.fake.settings = evolve(stage.fake.settings, quota=cap)
    (customer,) = stage.member("zhang", 1)
    steps = "".join(mass(f"s{n}", f"+0d 10:{n:02}", "a") for n in range(most + 2))
    enrolled(stage, sop("one", steps, head='policy = { on_conflict = "drop" }'), [customer])
    stage.run_until_idle()
    assert Counter(stage.touches().values()) == {"delivered": most, "capped": 2}
    assert stage.caps() == {customer: (0, most)}
    assert stage.reasons(customer).count("dropped:cap") == 2


def test_what_members_send_themselves_is_seen_in_the_result():
    """Status 3: the customer's allowance was used up by the member's own messages; the reservation is given back."""
    stage = Stage.open(URL, settings=Settings(cap="day"))
    from attrs import evolve

    stage.fake.settings = evolve(stage.fake.settings, quota="day")
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.tick(TEN)
    stage.fake.member_mass_send("zhang", "自己发的")
    stage.run_until_idle()
    # Ours is given back, and the member's own is counted.
    assert (stage.touches(), stage.caps()) == ({(customer, "s1"): "capped"}, {customer: (0, 1)})
    assert "dropped:cap" in stage.reasons(customer)


def test_a_welcome_whose_answer_was_lost_is_not_repeated(stage):
    """The code may have been used: the step is closed as unknown, by the next callback and by the next tick alike."""
    stage.member("zhang", 0)
    head = 'sop = "new"\nversion = 1\ntitle = "new"\n[entry]\non = "customer.added"\n'
    step = '[[step]]\nid = "hello"\nat = "+0d"\ndo = { welcome = "welcome" }\n'
    stage.publish(Definition.from_toml(head + step))
    way = stage.fake.client().contact_ways.create(users=["zhang"], state="showroom")
    customer = stage.fake.scan(way.config_id, name="客户").external_userid
    stage.fake.fail_next("externalcontact/send_welcome_msg", reset="after")
    for _ in range(2):
        for event in stage.fake.events:
            stage.directory.apply(event, stage.fake.client())
            stage.runner.on_event(event, stage.now)
    stage.run_until_idle()
    assert stage.fake.count("externalcontact/send_welcome_msg") == 1
    assert "unknown:welcome" in stage.reasons(customer)
    assert not any(reason.startswith("failed") for reason in stage.reasons(customer))


def test_an_ended_sop_leaves_nothing_that_waits(stage):
    """A batch that was frozen when its SOP ended is closed, and no touch waits for ever."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    with stage.directory.engine.begin() as connection:
        # The freeze of another worker, which had begun before the end, is committed after it.
        stage.runner._context.catalogue.set_state(connection, "one", SopStatus.ENDED, stage.now)
        connection.execute(sa.update(t.enrolments).values(state=1, end_reason="ended:sop", wake_at=None))
    stage.tick(hours=1)
    assert (stage.states(), stage.touches()) == (["cancelled"], {(customer, "s1"): "skipped"})
    assert stage.runner.next_wake() is None


def test_a_fake_that_loses_a_token_in_mid_run_costs_nothing(stage):
    """A token that dies between two calls is renewed, and everybody gets the message once."""
    customers = three_batches(stage)
    stage.fake.fail_next(CREATE, errcode=42001)
    stage.tick(TEN)
    stage.run_until_idle()
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in customers], 1)


def test_fake_is_not_the_judge_of_itself():
    """The books that the tests count in hold what the platform was asked for, not what the runner believes."""
    fake = FakeWeCom(now=NINE)
    fake.add_member("zhang")
    customer = fake.add_customer(name="c", followed_by="zhang").external_userid
    for _ in range(2):
        fake.client().mass_messages.create(external_userids=[customer], sender="zhang", text="内容 a")
    stage = Stage.open(URL, fake=fake)
    assert stage.sent() == {(customer, "内容 a"): 2}


def test_a_worker_that_was_frozen_before_the_call_does_not_write(stage):
    """T3: the lease is compared right before the request leaves; a worker that slept over it asks for nothing."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, ONE, [customer])
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.fake.clock.advance(minutes=2)
    sleeper = Runner(
        stage.directory.engine, stage.fake.client(), stage.directory, LIBRARY, stopwatch=stage.fake.clock.time
    )
    steps = sleeper.steps("batch0001", sleeper._start(stage.now))
    while next(steps) != "K2":
        pass
    stage.fake.clock.advance(seconds=50)
    list(steps)
    assert stage.fake.count(CREATE) == 1
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 a"): 1}


def test_whom_the_platform_refuses_is_told_at_once(stage):
    """T4: customers of the fail_list are refused, and their reservation given back, before anybody has tapped."""
    stays, leaves = stage.member("zhang", 2)
    enrolled(stage, ONE, [stays, leaves])
    stage.fake.unfriend(leaves, "zhang")
    stage.tick(TEN)
    assert stage.touches() == {(stays, "s1"): "requested", (leaves, "s1"): "refused"}
    assert stage.caps() == {stays: (1, 0), leaves: (0, 0)}


def test_what_is_kept_for_members_is_not_planned():
    """I9: of seven messages a week six are left to the members, so the second one of a SOP is dropped."""
    stage = Stage.open(URL, settings=Settings(cap="week", reserve=6, gap=timedelta(0)))
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "a") + mass("s2", "+0d 11:00", "b")), [customer])
    stage.run_until_idle()
    assert stage.touches() == {(customer, "s1"): "delivered", (customer, "s2"): "capped"}


def test_a_task_of_another_batch_is_never_taken():
    """I7: of two tasks that look alike the one that another batch owns is not ours, nor one of other people."""
    tasks = [
        Listed(id=name, made_at=NINE, members=frozenset({member}), recipients=frozenset({customer}))
        for name, member, customer in (
            ("owned", "zhang", "wm1"),
            ("strange", "li", "wm1"),
            ("others", "zhang", "wm9"),
            ("ours", "zhang", "wm1"),
        )
    ]
    row = BatchRow(batch=Batch(id="b"), sender="zhang", content_digest="d", content="{}", slot_at=NINE)
    assert [one.id for one in matches(tasks, row, ["wm1", "wm2"], ["owned"])] == ["ours"]
