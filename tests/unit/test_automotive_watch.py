"""The follow-up watch: what is too late is told once, to who is at work, with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database, memory_store

from wecom_auto._time import CHINA
from wecom_auto.automotive.lifecycle import GradeScheme
from wecom_auto.automotive.watch import (
    Evidence,
    Facts,
    FigureBook,
    Fired,
    Precision,
    Rule,
    Rung,
    Standing,
    Subject,
    Touch,
    Watch,
    WatchDesk,
    WatchRules,
    scorecard,
)
from wecom_auto.errors import ValidationError
from wecom_auto.models import BehaviorDay
from wecom_auto.sop import DefinitionError
from wecom_auto.sop._document._timing import ClockRange
from wecom_auto.sop.tasks import StaticRoster, TaskDesk, TaskOrder
from wecom_auto.sop.tasks._values import AuditLine
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
"""A Monday, when the shop opens."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROSTER = StaticRoster.parse(
    {
        "stores": {"s1": {"supervisor": "boss", "hours": ["09:00-20:00"]}},
        "members": {
            "anna": {"store": "s1"},
            "bert": {"store": "s1"},
            "cora": {"store": "s1", "away": ["2026-03-02"]},
            "boss": {"store": "s1"},
        },
    }
)
RULES = WatchRules.preset()
WATCH = Watch(rules=RULES, grades=GradeScheme.preset("classic_dealer"), roster=ROSTER)


def subject(**more: object) -> Subject:
    """A customer of two members, new at nine."""
    return Subject(**{"id": "wm1", "members": ("anna", "bert"), "since": NINE, **more})


def standing(**more: object) -> Standing:
    """The same, with what was heard."""
    who = more.pop("who", None) or subject()
    return Standing(**{"subject": who, "holder": who.members[0], **more})


def told(facts: Facts, now: datetime, watch: Watch = WATCH) -> list[tuple[Rule, Rung, str]]:
    """What the watch says."""
    return [(one.silence.rule, one.rung, one.to) for one in watch.evaluate(facts, now)]


def fired(facts: Facts, *rungs: tuple[Rung, datetime], watch: Watch = WATCH) -> Facts:
    """The same facts after these rungs."""
    (silence,) = watch.silences(facts)
    return evolve(facts, fired={silence.key: tuple(Fired(rung=rung, at=at) for rung, at in rungs)})


def test_a_new_customer_whom_nobody_reaches_is_told_after_the_first_response():
    """Thirty minutes of working time after the add, and not a minute before."""
    facts = Facts(standings=(standing(),))
    assert told(facts, NINE + timedelta(minutes=29)) == []
    assert told(facts, NINE + timedelta(minutes=30)) == [(Rule.FIRST_RESPONSE, Rung.ALERT, "anna")]


def test_the_ladder_goes_from_member_to_supervisor_to_another_member():
    """Each rung counts from the one before; after the last there is silence."""
    facts, at = Facts(standings=(standing(),)), NINE + HOUR
    one = fired(facts, (Rung.ALERT, at))
    assert told(one, at + timedelta(minutes=89)) == []
    assert told(one, at + timedelta(minutes=90)) == [(Rule.FIRST_RESPONSE, Rung.ESCALATE, "boss")]
    two = fired(facts, (Rung.ALERT, at), (Rung.ESCALATE, at + 2 * HOUR))
    assert told(two, NINE + 3 * DAY) == [(Rule.FIRST_RESPONSE, Rung.REASSIGN, "bert")]
    three = fired(facts, (Rung.ALERT, at), (Rung.ESCALATE, at), (Rung.REASSIGN, at))
    assert told(three, NINE + 30 * DAY) == []


@pytest.mark.parametrize(
    ("sources", "evidence", "precision"),
    [
        ([], Evidence.TASK, Precision.CUSTOMER),
        ([Evidence.CRM], Evidence.CRM, Precision.CUSTOMER),
        ([Evidence.CRM, Evidence.ARCHIVE], Evidence.ARCHIVE, Precision.CONVERSATION),
    ],
)
def test_an_alert_says_in_what_nothing_was_seen(sources, evidence, precision):
    """The source that looks the closest, of those that are connected."""
    facts = Facts(standings=(standing(),), sources=[Evidence.TASK, *sources])
    (alert,) = WATCH.evaluate(facts, NINE + HOUR)
    assert (alert.evidence, alert.precision) == (evidence, precision)


def test_a_customer_who_waits_is_known_from_what_told_it():
    """The evidence of a question is its own, whatever else is connected."""
    facts = Facts(
        standings=(standing(touched_at=NINE, waiting_at=NINE + HOUR, waiting_evidence=Evidence.ARCHIVE),),
        sources=[Evidence.CRM],
    )
    (alert,) = WATCH.evaluate(facts, NINE + 2 * HOUR)
    assert (alert.silence.rule, alert.evidence) == (Rule.FIRST_RESPONSE, Evidence.ARCHIVE)
    assert alert.silence.since == NINE + HOUR


def test_the_stricter_of_grade_and_days_counts():
    """H asks for a contact every two days, long before the fourteen of everybody; one silence, one alert."""
    warm = Facts(standings=(standing(who=subject(grade="H", graded_at=NINE), touched_at=NINE),))
    assert told(warm, NINE + 2 * DAY - timedelta(minutes=1)) == []
    assert told(warm, NINE + 20 * DAY) == [(Rule.GRADE, Rung.ALERT, "anna")]
    cold = Facts(standings=(standing(touched_at=NINE),))
    assert told(cold, NINE + 14 * DAY) == [(Rule.NO_TOUCH, Rung.ALERT, "anna")]


def test_a_new_grade_begins_no_second_ladder():
    """The silence keeps its name when its rule changes, so that nobody is told again."""
    plain = Facts(standings=(standing(touched_at=NINE),))
    graded = Facts(standings=(standing(who=subject(grade="H", graded_at=NINE), touched_at=NINE),))
    assert next(WATCH.silences(plain)).key == next(WATCH.silences(graded)).key


def test_a_grade_that_nobody_knows_is_no_rule():
    """An unknown word breaks nothing."""
    facts = Facts(standings=(standing(who=subject(grade="Z9"), touched_at=NINE),))
    assert [one.rule for one in WATCH.silences(facts)] == [Rule.NO_TOUCH]


def test_who_is_on_leave_is_not_told():
    """Another of the N hears it instead."""
    facts = Facts(standings=(standing(who=subject(members=("cora", "bert"))),))
    assert told(facts, NINE + HOUR) == [(Rule.FIRST_RESPONSE, Rung.ALERT, "bert")]


def test_quiet_hours_are_quiet_even_in_the_hours_of_the_shop():
    """A shop that is open late tells nobody after nine in the evening."""
    late = evolve(ROSTER.stores["s1"].hours, shifts=(ClockRange.parse("09:00-23:00"),))
    roster = evolve(ROSTER, stores={"s1": evolve(ROSTER.stores["s1"], hours=late)})
    facts = Facts(standings=(standing(),))
    assert told(facts, NINE + 12.5 * HOUR, evolve(WATCH, roster=roster)) == []
    assert told(facts, NINE + 11.5 * HOUR, evolve(WATCH, roster=roster)) != []


def test_a_bad_day_is_evidence_about_a_member_and_nobody_else():
    """Daily figures look at the whole day, and there is nothing to give to somebody else."""
    bad = BehaviorDay(stat_at=NINE - 33 * HOUR, chats=20, reply_percentage=55.0, avg_reply_minutes=12.0)
    facts = Facts(figures={"anna": bad})
    (alert,) = WATCH.evaluate(facts, NINE)
    assert (alert.silence.rule, alert.to, alert.precision) == (Rule.FIGURES, "anna", Precision.MEMBER)
    assert "55%" in alert.silence.detail
    after = fired(facts, (Rung.ALERT, NINE), (Rung.ESCALATE, NINE))
    assert told(after, NINE + 9 * DAY) == []


@pytest.mark.parametrize("day", [{"chats": 4, "reply_percentage": 0.0}, {"chats": 9, "reply_percentage": 90.0}, {}])
def test_a_small_or_good_day_is_no_alert(day):
    """Too few chats say nothing, and None is no figure."""
    assert told(Facts(figures={"anna": BehaviorDay(stat_at=NINE - 33 * HOUR, **day)}), NINE) == []


def test_rules_are_read_with_their_place():
    """A span that is none is refused with its key."""
    with pytest.raises(DefinitionError, match="no_touch"):
        WatchRules.from_file('name = "x"\nno_touch = "soon"\n')
    assert RULES.source


def test_statistics_are_no_contact():
    """A daily figure cannot say that one customer was reached."""
    with pytest.raises(ValidationError, match="daily statistics"):
        Touch(subject="wm1", at=NINE, evidence=Evidence.BEHAVIOUR)


# The ladder, whatever happens.

MINUTES = st.integers(0, 60 * 24 * 40)


@settings(max_examples=60)
@given(
    ticks=st.lists(MINUTES, min_size=1, max_size=40),
    touches=st.lists(st.tuples(MINUTES, st.booleans()), max_size=6),
    grade=st.sampled_from(["", "H", "A", "Z9"]),
)
def test_each_silence_is_told_once_a_rung_and_only_in_working_hours(ticks, touches, grade):
    """Any history of contacts and ticks: rungs in order, none twice, nobody told out of hours."""
    known: dict[str, tuple[Fired, ...]] = {}
    for minute in sorted(ticks):
        now = NINE + timedelta(minutes=minute)
        out = [at for at, inbound in touches if at <= minute and not inbound]
        said = [at for at, inbound in touches if at <= minute and inbound and at > max(out, default=-1)]
        one = standing(
            who=subject(grade=grade),
            touched_at=NINE + timedelta(minutes=max(out)) if out else None,
            waiting_at=NINE + timedelta(minutes=min(said)) if said else None,
        )
        for alert in WATCH.evaluate(Facts(standings=(one,), fired=known), now):
            key = alert.silence.key
            assert alert.rung not in {past.rung for past in known.get(key, ())}
            assert ROSTER.hours(alert.to).is_open(now)
            assert alert.due_at <= now
            known[key] = (*known.get(key, ()), Fired(rung=alert.rung, at=now))
    order = [Rung.ALERT, Rung.ESCALATE, Rung.REASSIGN]
    assert all([one.rung for one in rungs] == order[: len(rungs)] for rungs in known.values())


# With a database.


@pytest.fixture(params=KINDS)
def engine(request, tmp_path) -> Iterator[sa.Engine]:
    """A migrated database."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url, migrate=False)
        yield engine
        engine.dispose()


@pytest.fixture
def memory() -> Iterator[sa.Engine]:
    """A migrated database in memory."""
    engine = memory_store()
    yield engine
    engine.dispose()


def desk(engine: sa.Engine, **more: object) -> WatchDesk:
    """A watch over one corp."""
    return WatchDesk(engine, "ww1", WATCH, TaskDesk(engine, "ww1", roster=ROSTER), **more)


def titles(watch: WatchDesk, assignee: str) -> list[str]:
    """What somebody has to do."""
    return [one.title for one in watch.tasks.open(assignee=assignee).tasks]


def test_a_silence_goes_its_whole_way(engine):
    """Member, supervisor, another member, contact: on this database, with two workers at each tick."""
    watch = desk(engine)
    watch.follow(subject(), now=NINE)
    for now in (NINE + HOUR, NINE + 3 * HOUR, NINE + 3 * DAY):
        watch.tick(now)
        assert watch.tick(now) == type(watch.tick(now))()
    assert [(one.rung, one.told) for one in watch.alerts()] == [
        (Rung.ALERT, "anna"),
        (Rung.ESCALATE, "boss"),
        (Rung.REASSIGN, "bert"),
    ]
    assert (titles(watch, "anna"), titles(watch, "bert")) == ([], ["客户等待首次回复"])
    assert watch.standing("wm1").holder == "bert"

    at = NINE + 3 * DAY + HOUR
    assert watch.touch(Touch(subject="wm1", at=at, evidence=Evidence.CRM, userid="bert"), now=at)
    assert watch.alerts(open=True) == ()
    assert [watch.tasks.open(assignee=one).tasks for one in ("bert", "boss")] == [(), ()]
    assert {watch.tasks.get(one.task_id).level for one in watch.alerts()} == {"crm"}


def test_a_task_that_is_done_is_a_contact(memory):
    """Whoever closes the task says so, and the silence is over."""
    watch = desk(memory)
    watch.follow(subject(), now=NINE)
    watch.tick(NINE + HOUR)
    (alert,) = watch.alerts()
    watch.tasks.complete(alert.task_id, now=NINE + 2 * HOUR, by="anna")
    assert watch.tick(NINE + 5 * HOUR).closed == 1
    assert watch.standing("wm1").touched_at == NINE + 2 * HOUR


def test_what_waits_hides_nothing_behind_it(memory):
    """However few are looked at in one tick, an alert or a task that nobody touches keeps none from its turn."""
    watch = desk(memory)
    for name in ("wm1", "wm2"):
        watch.follow(subject(id=name), now=NINE)
    for name in ("a", "b"):
        watch.tasks.create(TaskOrder(title=name, assignee="anna", deadline_at=NINE, subject=name), key=name, now=NINE)
    for minute in range(5):
        watch.tick(NINE + 4 * HOUR + timedelta(minutes=minute), limit=1)
    assert {one.subject for one in watch.alerts()} == {"wm1", "wm2", "a", "b"}

    (newest,) = (one for one in watch.alerts() if one.subject == "wm2")
    watch.tasks.complete(newest.task_id, now=NINE + 5 * HOUR, by="anna")
    assert watch.tick(NINE + 5 * HOUR, limit=1).closed == 1


def test_contacts_come_in_any_order(memory):
    """An answer that was heard first ends a question that is told later; an old answer ends no new question."""
    watch = desk(memory)
    watch.follow(subject(), now=NINE)
    now = NINE + 5 * HOUR
    watch.touch(Touch(subject="wm1", at=NINE + 2 * HOUR, evidence=Evidence.ARCHIVE), now=now)
    watch.touch(Touch(subject="wm1", at=NINE + HOUR, evidence=Evidence.ARCHIVE, inbound=True), now=now)
    assert watch.standing("wm1").waiting_at is None
    watch.touch(Touch(subject="wm1", at=NINE + 3 * HOUR, evidence=Evidence.ARCHIVE, inbound=True), now=now)
    watch.touch(Touch(subject="wm1", at=NINE + HOUR, evidence=Evidence.ARCHIVE), now=now)
    assert watch.standing("wm1").waiting_at == NINE + 3 * HOUR


def test_a_contact_of_tomorrow_is_refused(memory):
    """It would hide every silence until then."""
    with pytest.raises(ValidationError, match="at"):
        desk(memory).touch(Touch(subject="wm1", at=NINE + DAY, evidence=Evidence.CRM), now=NINE)


def test_who_is_watched_no_longer_leaves_no_task(memory):
    """A customer who has bought takes the alert and its task along."""
    watch = desk(memory)
    watch.follow(subject(), now=NINE)
    watch.tick(NINE + HOUR)
    assert watch.unfollow("wm1", now=NINE + 2 * HOUR)
    assert (titles(watch, "anna"), watch.alerts(open=True)) == ([], ())


def test_a_task_that_nobody_answers_goes_to_the_supervisor(memory):
    """The task is watched, the watch's own tasks are not, and closing it closes the alert."""
    watch = desk(memory)
    order = TaskOrder(title="回访", assignee="anna", deadline_at=NINE + HOUR, source="sop")
    task = watch.tasks.create(order, key="x", now=NINE)
    watch.tick(NINE + 4 * HOUR)
    assert watch.alerts() == ()
    watch.tick(NINE + 5 * HOUR)
    watch.tick(NINE + 7 * HOUR)
    assert [(one.rule, one.rung, one.told) for one in watch.alerts()] == [
        (Rule.TASK, Rung.ALERT, "anna"),
        (Rule.TASK, Rung.ESCALATE, "boss"),
    ]
    watch.tasks.complete(task.id, now=NINE + 8 * HOUR, evidence="done")
    watch.tick(NINE + 8 * HOUR)
    assert watch.alerts(open=True) == ()


def test_a_day_of_figures_is_read_once_a_member(memory):
    """One call for each member, none for what is known, and the day that is not ready is not asked for."""
    fake = FakeWeCom(now=NINE)
    for userid in ("anna", "bert"):
        fake.add_member(userid)
    customer = fake.add_customer(followed_by="anna")
    for _ in range(6):
        fake.chat(customer, "anna", sent=0)
    fake.clock.advance(days=1, hours=1)
    book = FigureBook(memory, fake.corp_id, fake.client(), lambda: ["anna", "bert"])
    now = fake.clock.now()
    first = book.newest(now)
    assert (first["anna"].day, fake.count("externalcontact/get_user_behavior_data")) == (date(2026, 3, 2), 2)
    assert book.newest(now) == first
    assert fake.count("externalcontact/get_user_behavior_data") == 2


def test_a_span_of_figures_is_cut_and_ends_at_the_limit(memory):
    """Forty days are two calls; what the platform has forgotten is refused by name."""
    fake = FakeWeCom(now=NINE)
    fake.add_member("anna")
    book = FigureBook(memory, fake.corp_id, fake.client(), lambda: ["anna"])
    last = book.last_ready(NINE)
    found = book.days(["anna"], first_day=last - 39 * DAY, last_day=last, now=NINE)
    assert (len(found["anna"]), fake.count("externalcontact/get_user_behavior_data")) == (40, 2)
    with pytest.raises(ValidationError, match="first_day"):
        book.days(["anna"], first_day=last - 200 * DAY, last_day=last, now=NINE)


def test_scores_say_what_they_are_and_of_how_many_cases():
    """A store is its members together; averages are weighted, small samples flagged, what nobody knows is None."""
    days = {
        "anna": [BehaviorDay(chats=30, reply_percentage=90.0, avg_reply_minutes=10.0, negative_feedbacks=3)],
        "bert": [BehaviorDay(chats=10, reply_percentage=50.0, avg_reply_minutes=50.0)],
    }
    audit = [
        AuditLine(at=NINE, action="mass:created", userid="anna", batch_id="b1"),
        AuditLine(at=NINE, action="mass:created", userid="anna", batch_id="b2"),
        AuditLine(at=NINE, action="mass:confirmed", userid="anna", batch_id="b1"),
        AuditLine(at=NINE, action="created", userid="bert", task_id=1),
        AuditLine(at=NINE, action="overdue", userid="bert", task_id=1),
    ]
    store, anna, bert = scorecard(days, audit, ROSTER)
    assert (store.store, store.userid, anna.userid, bert.userid) == ("s1", "", "anna", "bert")
    assert (store.reply_rate.value, store.reply_rate.cases, store.first_reply.value) == (0.8, 40, 20.0)
    assert (anna.unsent_tasks.value, bert.overdue_tasks.value, anna.negative_feedback.value) == (1, 1, 0.1)
    assert (bert.reply_rate.small, store.reply_rate.small, store.add_rate.value) == (True, False, None)
    assert all(one.definition for one in (store.reply_rate, store.first_reply, store.add_rate, store.unsent_tasks))
