"""What callers and their data get wrong: dates without end, naive times, arguments that do not exist, ended SOPs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from attrs import define, evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores import KINDS, empty_database, fresh_database
from tests.unit._sop_stage import NINE, URL, Stage, close_stages, mass, sop

from wecom_auto._time import CHINA
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.directory import Directory
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.sop._document._policies import Window
from wecom_auto.sop._document._problems import DefinitionError
from wecom_auto.sop._document._timing import Offset
from wecom_auto.sop._rows._states import BatchKind
from wecom_auto.sop._runs import _entry
from wecom_auto.sop._sending import _outside, _sweep
from wecom_auto.sop.calendar import ChinaCalendar
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import EnrolmentState, plan
from wecom_auto.sop.preview import KnownFacts
from wecom_auto.sop.tasks import TaskOrder
from wecom_auto.store import metadata, migrate, open_store

ONE = sop("one", mass("s1", "+0d 10:00", "a"))


@pytest.fixture
def stage():
    """One corp with an empty database, at nine in the morning."""
    return Stage.open(URL)


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    """A database without tables, of every kind."""
    with empty_database(request.param, tmp_path) as found:
        yield found
        close_stages()


# What does not fit the store.


def large_definition():
    """A SOP as large as the format allows: its document is longer than a TEXT of MySQL."""
    why = "event('testdrive.booked') or " * 24 + "event('store.visited')"
    steps = [mass(f"s{number}", f"+{number}d 10:00", "a", f'if = "{why}"') for number in range(120)]
    return sop("large", "".join(steps))


def test_a_definition_of_more_than_64_kib_is_published_and_read(url):
    """A long document is one like any other, on every database."""
    definition = large_definition()
    assert len(definition.to_json().encode()) > 1 << 16
    stage = Stage.open(url)
    stage.member("zhang", 1)
    stage.publish(definition)
    with stage.directory.engine.connect() as connection:
        row = connection.execute(sa.select(metadata.tables["sop_definitions"])).one()
    assert row.document == definition.to_json()


def test_long_texts_of_an_older_schema_are_widened(url):
    """A database that was made before keeps its rows, and takes long texts from now on."""
    engine = open_store(url, migrate=False)
    migrate(engine, "0017")
    table = metadata.tables["sop_definitions"]
    row = {"corp_id": "c", "sop": "s", "digest": "d", "published_at": NINE}
    with engine.begin() as connection:
        connection.execute(sa.insert(table), row | {"version": 1, "document": "短"})
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(table), row | {"version": 2, "document": "长" * 100_000})
        found = connection.scalars(sa.select(table.c.document).order_by(table.c.version)).all()
    assert found == ["短", "长" * 100_000]
    engine.dispose()


def plan_of(engine, ask) -> str:
    """How SQLite answers the question that is asked about batches."""
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    statement, parameters = next(one for one in asked if "FROM sop_batches" in one[0])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return " ".join(str(row[-1]) for row in rows)


def test_a_sweep_does_not_read_every_batch_that_there_ever_was(stage):
    """Batches of a few days are found by an index on their time."""
    context = stage.runner._context
    used = plan_of(stage.directory.engine, lambda: _sweep._candidates(context, BatchKind.SINGLE, NINE, NINE))
    assert "ix_sop_batches_slot (corp_id=? AND kind=? AND slot_at>? AND slot_at<?)" in used


def test_open_batches_are_found_without_reading_the_closed_ones(stage):
    """The count of what others send asks for the oldest open batch by an index on the state."""
    engine = stage.directory.engine

    def ask():
        with engine.connect() as connection:
            _outside._doubtful_since(connection, "corp")

    assert "ix_sop_batches_state (corp_id=? AND state=?)" in plan_of(engine, ask)


# Dates that cannot be counted from.

NEVER = ("9999-12-31", "0001-01-01", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00")


def dated(name: str = "dated", steps: str = "") -> Definition:
    """A SOP that counts from a date of the customer."""
    return Definition.from_toml(
        f'sop = "{name}"\nversion = 1\ntitle = "{name}"\n'
        '[entry]\non = "attribute.set:insurance_expiry"\nreentry = "per anchor"\nanchor = "insurance_expiry"\n'
        + (steps or mass("d30", "-30d 10:00", "a") + mass("d1", "+1d 10:00", "b"))
    )


@pytest.mark.parametrize("never", NEVER)
def test_a_date_that_means_never_lets_nobody_in_and_stops_nobody(stage, never):
    """9999-12-31 in a CRM is a reason in the log; another customer's renewal goes out."""
    one, other = stage.member("zhang", 2)
    stage.publish(dated())
    stage.runner.set_attribute(one, "insurance_expiry", never, stage.now)
    stage.runner.set_attribute(other, "insurance_expiry", "2026-04-01", stage.now)
    stage.run_until_idle(days=60)
    assert stage.reasons(one) == ["entry:no_such_date"]
    assert stage.sent() == {(other, "内容 a"): 1, (other, "内容 b"): 1}


@pytest.mark.parametrize("birthday", NEVER)
def test_a_birthday_in_no_year_is_no_birthday(stage, birthday):
    """It is neither celebrated nor in the way of the birthdays of others."""
    one, other = stage.member("zhang", 2)
    head = 'sop = "bday"\nversion = 1\ntitle = "b"\n[entry]\non = "birthday"\nreentry = "always"\n'
    stage.publish(Definition.from_toml(head + mass("d", "+0d 10:00", "a")))
    stage.runner.set_attribute(one, "birthday", birthday, stage.now)
    stage.runner.set_attribute(other, "birthday", "1990-03-04", stage.now)
    stage.run_until_idle(days=5)
    assert stage.sent() == {(other, "内容 a"): 1}


@pytest.mark.parametrize("anchor", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=CHINA)])
def test_an_anchor_given_by_hand_is_looked_at_as_well(stage, anchor):
    """An import with such a date lets nobody in and says why."""
    (one,) = stage.member("zhang", 1)
    stage.publish(ONE)
    assert not stage.runner.enrol("one", one, now=stage.now, anchor_at=anchor)
    assert stage.reasons(one) == ["entry:no_such_date"]


@pytest.mark.parametrize("anchor", ["9999-12-31 00:00:00.000000", "0001-01-02 00:00:00.000000"])
def test_a_run_that_has_such_a_date_already_ends_step_by_step_with_a_reason(stage, anchor):
    """What an earlier release let in does not stop the tick: its steps are skipped, and the others are sent."""
    one, other = stage.member("zhang", 2)
    stage.publish(ONE)
    assert [stage.runner.enrol("one", each, now=stage.now) for each in (one, other)] == [True, True]
    with stage.directory.engine.begin() as connection:
        text = "UPDATE sop_enrolments SET anchor_at = ? WHERE external_userid = ?"
        connection.exec_driver_sql(text, (anchor, one))
    stage.run_until_idle()
    assert "skipped:no_such_date" in stage.reasons(one)
    assert stage.sent() == {(other, "内容 a"): 1}
    assert "日期超出可计算范围" in " ".join(stage.runner.explain(one, stage.now).sentences())


@settings(max_examples=150)
@given(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["+0d", "-1d 10:00", "+3699d 23:59", "-3700d", "+121mo 10:00", "-121mo", "+5h", "-15min"]),
    st.sampled_from(["Asia/Shanghai", "Pacific/Kiritimati", "America/Los_Angeles"]),
)
def test_no_anchor_of_any_year_makes_the_planner_fail(anchor, offset, zone):
    """Whatever the date, the planner answers: it plans the step, or says that there is no such date."""
    window = '[window]\nholidays = "workdays-only"\nshift = "earlier"\nlate = "drop after 3700d"\n'
    text = f'sop = "x"\nversion = 1\ntitle = "x"\ntimezone = "{zone}"\n[entry]\non = "manual"\n{window}'
    definition = Definition.from_toml(text + mass("s", offset, "a"))
    run = EnrolmentState(
        id="1",
        sop="x",
        version=1,
        customer="wm",
        member="zhang",
        anchor_at=anchor,
        enrolled_at=NINE,
        done={},
        arm_seed="",
    )
    found = plan(definition, run, KnownFacts(), NINE, calendar=ChinaCalendar())
    assert found.wake_at is not None or found.ended is not None


@pytest.mark.parametrize("count", [10**12, -(10**12), 10**400, 4000])
@pytest.mark.parametrize("unit", ["d", "mo", "h", "min"])
def test_an_offset_beyond_all_dates_is_refused_where_it_is_written(count, unit):
    """A builder's offset is checked like a file's."""
    if count == 4000 and unit in {"h", "min"}:
        pytest.skip("that is near enough")
    with pytest.raises(DefinitionError, match="more than 3700 days away"):
        Offset(count, unit)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_calendar_day_of_no_year_is_refused_where_it_is_written(day):
    """A SOP that begins on it would never begin."""
    text = f'sop = "x"\nversion = 1\ntitle = "x"\n[entry]\non = "calendar:{day}"\n'
    with pytest.raises(DefinitionError, match="does not know"):
        Definition.from_toml(text + mass("s", "+0d", "a"))


# Naive times and wrong arguments.

NAIVE = NINE.replace(tzinfo=None)
CALLS = {
    "enrol.now": lambda runner, one: runner.enrol("one", one, now=NAIVE),
    "enrol.now, with a key": lambda runner, one: runner.enrol("one", one, now=NAIVE, occurrence="x"),
    "enrol.anchor_at": lambda runner, one: runner.enrol("one", one, now=NINE, anchor_at=NAIVE),
    "publish.now": lambda runner, _: runner.publish(ONE, NAIVE),
    "pause.now": lambda runner, _: runner.pause("one", NAIVE),
    "resume.now": lambda runner, _: runner.resume("one", NAIVE),
    "end.now": lambda runner, _: runner.end("one", NAIVE),
    "resolve.now": lambda runner, _: runner.resolve("batch", NAIVE),
    "record_event.now": lambda runner, one: runner.record_event(one, "x", NAIVE),
    "set_attribute.now": lambda runner, one: runner.set_attribute(one, "x", 1, NAIVE),
    "set_attribute.value": lambda runner, one: runner.set_attribute(one, "x", NAIVE, NINE),
    "member_left.now": lambda runner, _: runner.member_left("zhang", NAIVE),
    "member_absent.start": lambda runner, _: runner.member_absent("zhang", NAIVE, NINE, now=NINE),
    "complete_task.now": lambda runner, _: runner.complete_task(task_of(runner), "x", NAIVE),
    "transfer_started.now": lambda runner, one: runner.transfer_started(
        [one], handover_userid="zhang", takeover_userid="li", now=NAIVE
    ),
    "resume_customer.now": lambda runner, one: runner.resume_customer("one", one, NAIVE),
    "on_event.now": lambda runner, one: runner.on_event(added(one), NAIVE),
    "welcome.now": lambda runner, one: runner.welcome(added(one), NAIVE),
    "welcome.deadline": lambda runner, one: runner.welcome(added(one), NINE, deadline=NAIVE),
    "tick.now": lambda runner, _: runner.tick(NAIVE),
    "plan.now": lambda runner, _: runner.plan(0, NAIVE),
    "perform.now": lambda runner, _: runner.perform(0, NAIVE),
    "freeze.now": lambda runner, _: runner.freeze(NAIVE),
    "freeze.slot": lambda runner, _: runner.freeze(NINE, slot=NAIVE),
    "work.now": lambda runner, _: runner.work("batch", NAIVE),
    "upkeep.now": lambda runner, _: runner.upkeep(NAIVE),
    "sweep.now": lambda runner, _: runner.sweep(NAIVE),
    "enrol_due.now": lambda runner, _: runner.enrol_due(NAIVE),
    "tend_tasks.now": lambda runner, _: runner.tend_tasks(NAIVE),
    "due_work.now": lambda runner, _: runner.due_work(NAIVE),
    "is_first_tick.slot": lambda runner, _: runner.is_first_tick(NAIVE),
    "note_tick.now": lambda runner, _: runner.note_tick(NAIVE),
    "status.now": lambda runner, _: runner.status(NAIVE),
    "health.now": lambda runner, _: runner.health(NAIVE),
    "explain.now": lambda runner, one: runner.explain(one, NAIVE),
    "forecast.now": lambda runner, _: list(runner.forecast(NAIVE)),
    "audit.since": lambda runner, _: runner.audit(since=NAIVE),
    "audit.until": lambda runner, _: runner.audit(until=NAIVE),
    "backfill.now": lambda runner, one: runner.admin.backfill("one", [one], name="x", now=NAIVE),
    "migrate.now": lambda runner, _: runner.admin.migrate("one", NAIVE),
    "show_migration.now": lambda runner, _: runner.admin.show_migration("one", NAIVE),
    "prune.now": lambda runner, _: runner.admin.prune(NAIVE),
    "show_prune.now": lambda runner, _: runner.admin.show_prune(NAIVE),
    "sizes.now": lambda runner, _: runner.admin.sizes(NAIVE),
}


def added(customer: str) -> CustomerAdded:
    """The callback of a new customer, with its code."""
    return CustomerAdded(created_at=NINE, userid="zhang", external_userid=customer, welcome_code="code")


def task_of(runner) -> int:
    """A staff task."""
    return runner.tasks.create(TaskOrder(title="回访", assignee="zhang"), key="x", now=NINE).id


@pytest.mark.parametrize("call", CALLS)
def test_a_naive_time_is_refused_by_name(stage, call):
    """Nine o'clock of nobody knows which zone is never taken for one in UTC; nothing is changed or sent."""
    (one,) = stage.member("zhang", 1)
    stage.publish(ONE)
    field = call.split(",")[0].partition(".")[2]
    with pytest.raises(ValidationError) as raised:
        CALLS[call](stage.runner, one)
    assert raised.value.field == field
    assert "2026-03-02T09:00:00" in str(raised.value)
    assert stage.sent() == {}


@pytest.mark.parametrize("shard", [-1, 64, 4711, "0", 1.0, True, None])
def test_a_shard_that_does_not_exist_is_refused(stage, shard):
    """A worker that counts to 64 would otherwise do nothing, and say nothing, for ever."""
    for job in (stage.runner.plan, stage.runner.perform):
        with pytest.raises(ValidationError, match="a number from 0 to 63"):
            job(shard, stage.now)


def test_a_target_that_does_not_exist_is_refused_by_name(stage):
    """The message names the field and what it takes; nothing was set."""
    for call in (
        lambda: stage.runner.record_event("wm", "x", stage.now, target="typo"),
        lambda: stage.runner.set_attribute("wm", "x", 1, stage.now, target="typo"),
    ):
        with pytest.raises(
            ValidationError, match="target: got 'typo', accepted: one of customer, group, moment, staff"
        ):
            call()


# SOPs that have ended.


def test_nobody_comes_into_a_sop_that_has_ended(stage):
    """Whoever enrols by hand hears it at once; a trigger lets nobody in."""
    (one,) = stage.member("zhang", 1)
    stage.publish(ONE)
    stage.runner.end("one", stage.now)
    with pytest.raises(ConfigurationError, match="'one' has ended, and that is for good: publish it under a new name"):
        stage.runner.enrol("one", one, now=stage.now)
    with pytest.raises(ConfigurationError, match="has ended"):
        stage.runner.admin.backfill("one", [one], name="x", now=stage.now)
    assert stage.runner.status(stage.now).active == 0


def test_a_new_version_of_a_sop_that_has_ended_is_refused(stage):
    """It would be published and never work; the very version that was published before changes nothing, as ever."""
    stage.publish(ONE)
    stage.runner.end("one", stage.now)
    with pytest.raises(ConfigurationError, match="has ended"):
        stage.publish(evolve(ONE, version=2))
    assert not stage.runner.publish(ONE, stage.now)
    assert stage.runner.next_wake() is None


def test_a_run_that_began_while_the_sop_was_being_ended_does_not_live_on(stage):
    """The end comes between the look at the SOP and the entry: the entry is refused."""
    (one,) = stage.member("zhang", 1)
    stage.publish(ONE)
    book = Interrupted(stage.directory, lambda: stage.runner.end("one", stage.now))
    stage.runner._context = evolve(stage.runner._context, book=book)
    assert not stage.runner.enrol("one", one, now=stage.now)
    assert stage.reasons(one) == ["entry:ended"]
    assert stage.runner.status(stage.now).active == 0


@define
class Interrupted:
    """A book in which something happens, once, right after it was read."""

    book: Directory
    happens: Callable[[], None]
    done: bool = False

    def facts_for(self, pairs):
        """The facts, which are out of date as soon as they are read."""
        found = self.book.facts_for(pairs)
        if not self.done:
            self.done = True
            self.happens()
        return found

    def __getattr__(self, name):
        return getattr(self.book, name)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_an_end_waits_for_entries_that_are_on_their_way(kind, tmp_path, monkeypatch):
    """On servers both transactions run at once: whoever came in a moment before the end has a run that is closed."""
    with fresh_database(kind, tmp_path) as url:
        stage = Stage.open(url)
        (one,) = stage.member("zhang", 1)
        stage.publish(ONE)
        inside, begin = threading.Event(), _entry._Arrival.begin

        def slow(arrival):
            inside.set()
            # Long enough for the end to go through if nothing made it wait.
            time.sleep(0.5)
            return begin(arrival)

        monkeypatch.setattr(_entry._Arrival, "begin", slow)
        with ThreadPoolExecutor(1) as pool:
            entry = pool.submit(stage.runner.enrol, "one", one, now=stage.now)
            assert inside.wait(20)
            stage.runner.end("one", stage.now)
            assert entry.result(20)
        assert stage.runner.status(stage.now).active == 0
        close_stages()


@pytest.mark.parametrize(
    "window",
    [Window(late=timedelta(days=10**6)), Window(spread=timedelta(days=5000))],
)
def test_what_could_not_be_read_again_is_not_published(stage, window):
    """A builder's values that the format does not have are refused before anybody is let in."""
    with pytest.raises(DefinitionError):
        stage.publish(evolve(ONE, window=window))
    assert stage.runner.next_wake() is None


# Identifiers and values.

ODD_IDS = ["", "w" * 65, "a\0b", None, 5]
TAKERS = {
    "external_userid": (
        lambda runner, one: runner.enrol("one", one, now=NINE),
        lambda runner, one: runner.record_event(one, "x", NINE),
        lambda runner, one: runner.set_attribute(one, "x", 1, NINE),
    ),
    "userid": (
        lambda runner, one: runner.member_left(one, NINE),
        lambda runner, one: runner.member_absent(one, NINE, datetime.max.replace(tzinfo=UTC), now=NINE),
    ),
    "external_userids": (
        lambda runner, one: runner.transfer_started([one], handover_userid="a", takeover_userid="b", now=NINE),
    ),
    "handover_userid": (
        lambda runner, one: runner.transfer_started(["wm"], handover_userid=one, takeover_userid="b", now=NINE),
    ),
    "takeover_userid": (
        lambda runner, one: runner.transfer_started(["wm"], handover_userid="a", takeover_userid=one, now=NINE),
    ),
    "name": (lambda runner, one: runner.set_attribute("wm", one, 1, NINE),),
    "subjects": (lambda runner, one: runner.admin.backfill("one", [one], name="x", now=NINE),),
}


@pytest.mark.parametrize("odd", ODD_IDS, ids=repr)
@pytest.mark.parametrize("name", TAKERS)
def test_what_is_no_identifier_is_refused_by_name(stage, name, odd):
    """On SQLite as on a server, whose own words would come later and from somewhere else."""
    stage.publish(ONE)
    for call in TAKERS[name]:
        with pytest.raises(ValidationError) as raised:
            call(stage.runner, odd)
        assert raised.value.field == name


def test_a_single_text_is_no_list_of_letters(stage):
    """Forgotten brackets would offer a SOP to w, m, 1 and so on."""
    stage.publish(ONE)
    with pytest.raises(ValidationError, match="subjects: got one text"):
        stage.runner.admin.backfill("one", "wm123", name="x", now=NINE)
    with pytest.raises(ValidationError, match="external_userids: got one text"):
        stage.runner.transfer_started("wm123", handover_userid="a", takeover_userid="b", now=NINE)


def test_nobody_hands_customers_over_to_oneself(stage):
    """They would get nothing for a fortnight."""
    with pytest.raises(ValidationError, match="takeover_userid"):
        stage.runner.transfer_started(["wm"], handover_userid="a", takeover_userid="a", now=NINE)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("-inf"), b"x", {1}, "\ud83d", {"a": object()}],
    ids=["nan", "-inf", "bytes", "set", "half a character", "an object inside"],
)
def test_a_value_that_no_database_could_hold_is_refused(stage, value):
    """Some databases take NaN and others do not; the attribute is not set on any."""
    (one,) = stage.member("zhang", 1)
    with pytest.raises(ValidationError, match="anything JSON can hold, or a date") as raised:
        stage.runner.set_attribute(one, "x", value, NINE)
    assert raised.value.field == "value"
    assert stage.directory.facts_for([(one, "zhang")])[one, "zhang"].attribute("x") is None


@pytest.mark.parametrize("kind", KINDS)
def test_emoji_and_long_texts_are_as_good_as_any(kind, tmp_path):
    """Titles, members and events of the longest names reach every database whole."""
    name, title = "🚗" * 190, "车🚗" * 100
    head = f'sop = "one"\nversion = 1\ntitle = "{title}"\n[entry]\non = "event:{name}"\n'
    with fresh_database(kind, tmp_path) as url:
        stage = Stage.open(url)
        (one,) = stage.member("张", 1)
        stage.publish(Definition.from_toml(head + mass("s", "+0d 10:00", "a")))
        stage.runner.record_event(one, name, stage.now)
        stage.run_until_idle()
        assert stage.sent() == {(one, "内容 a"): 1}
        close_stages()
