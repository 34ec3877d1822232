"""One bad item among good ones: it is put off and told of, everybody else goes on, and outages are never hidden."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import timedelta
from itertools import count, pairwise

import pytest
import sqlalchemy as sa
from attrs import define, evolve, field
from tests.unit._sop_stage import LIBRARY, NINE, TEN, URL, Stage, mass, sop

from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.sop._document._problems import DefinitionError
from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._rows._states import BatchKind
from wecom_auto.sop._runs import _rounds
from wecom_auto.sop._sending import _dispatch
from wecom_auto.sop._sending._channels import CHANNELS
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.tasks import PlainRoster, TaskOrder, _chores
from wecom_auto.store import metadata

ONE = sop("one", mass("s1", "+0d 10:00", "a"))


@pytest.fixture
def stage():
    """One corp with an empty database, at nine in the morning."""
    return Stage.open(URL)


# One bad item among good ones.

BAD, GOOD = "bad", "good"
SECRET = "13800138000"


@define
class Breaking:
    """A book, or a library, that fails for whatever it is told to fail for."""

    real: object
    fails: Callable[..., bool]
    error: Exception = field(factory=lambda: KeyError("13800138000 of Mr Li"))

    def facts_for(self, pairs):
        """Facts, unless one of the customers breaks it."""
        pairs = list(pairs)
        if any(self.fails(customer) for customer, _ in pairs):
            raise self.error
        return self.real.facts_for(pairs)

    def render(self, name, variables):
        """A content, unless this one breaks it."""
        if self.fails(name):
            raise self.error
        return self.real.render(name, variables)

    def __getattr__(self, name):
        return getattr(self.real, name)


def breaks(stage, **changes):
    """Put something that breaks into a runner."""
    stage.runner._context = evolve(stage.runner._context, **changes)


def healed(stage):
    """The way back to before."""
    breaks(stage, book=stage.directory, contents=LIBRARY, settings=stage.settings)


def alerts(stage):
    """What the alerts of faults say."""
    d = metadata.tables["sop_decisions"].c
    with stage.directory.engine.connect() as connection:
        rows = connection.execute(
            sa.select(d.external_userid, d.sop, d.step, d.detail).where(d.reason == "alert:fault")
        )
        return [tuple(row) for row in rows]


def in_trouble(stage, alert_of=""):
    """That people can see it, and that nothing personal is in what they see."""
    told = alerts(stage)
    assert told
    assert all("13800138000" not in detail and "Li" not in detail for *_, detail in told)
    assert any(alert_of in detail for *_, detail in told)
    health = stage.runner.health(stage.now)
    assert health.status.faults >= 1
    assert any("fail with an error" in reason for reason in health.reasons)


def test_a_customer_whose_facts_cannot_be_read_stops_nobody_else(stage):
    """The bad run is put off with an alert that names the error's type and place; it goes on once it is repaired."""
    customers = stage.member("zhang", 7)
    stage.publish(ONE)
    for one in customers:
        stage.runner.enrol("one", one, now=stage.now)
    breaks(stage, book=Breaking(stage.directory, lambda customer: customer == customers[3]))
    for minute in range(0, 90, 10):
        stage.tick(NINE + timedelta(minutes=minute))
    assert stage.sent() == {(one, "内容 a"): 1 for one in customers if one != customers[3]}
    in_trouble(stage, "KeyError in tests.unit.test_runner_faults:")
    assert [customer for customer, *_ in alerts(stage)] == [customers[3]] * 2, "one an hour"
    healed(stage)
    stage.run_until_idle(days=2)
    assert stage.sent() == {(one, "内容 a"): 1 for one in customers}


def test_a_failing_run_is_tried_less_and_less_often(stage):
    """Twice as late every time, and at least four times a day."""
    (one,) = stage.member("zhang", 1)
    stage.publish(ONE)
    stage.runner.enrol("one", one, now=stage.now)
    breaks(stage, book=Breaking(stage.directory, lambda _customer: True))
    wakes = [stage.now]
    while wakes[-1] < NINE + timedelta(days=2):
        stage.tick(wakes[-1])
        wake = stage.runner.next_wake()
        assert wake is not None
        wakes.append(wake)
    waits = [later - sooner for sooner, later in pairwise(wakes)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (5, 5, 10, 20)]
    assert max(waits) == timedelta(hours=6)
    assert len(waits) < 20


@pytest.mark.parametrize("broken", ["content", "variables"])
def test_a_content_that_fails_to_render_stops_no_other_message(stage, broken):
    """Not only what a library says properly, but any error: one step waits, the others are sent, in one batch each."""
    zhang, li = stage.member("zhang", 3), stage.member("li", 3)
    stage.publish(sop(BAD, mass("s", "+0d 10:00", "b")), sop(GOOD, mass("s", "+0d 10:00", "a")))
    for one in zhang:
        stage.runner.enrol(BAD, one, now=stage.now)
    for one in li:
        stage.runner.enrol(GOOD, one, now=stage.now)
    if broken == "content":
        breaks(stage, contents=Breaking(LIBRARY, lambda name: name == "b"))
    else:
        breaks(stage, settings=evolve(stage.settings, variables=lambda member: {"li": {}}[member]))
    stage.tick(TEN)
    assert stage.sent() == {(one, "内容 a"): 1 for one in li}
    assert stage.states() == ["created"]
    in_trouble(stage, "KeyError in ")
    assert stage.reasons(zhang[0])[-1] == "deferred:fault"
    healed(stage)
    stage.tick(minutes=5)
    assert stage.sent() == {(one, "内容 a"): 1 for one in li} | {(one, "内容 b"): 1 for one in zhang}


def test_a_version_that_this_release_cannot_read_stops_only_its_own_runs(stage):
    """Of hundreds of runs at the head of the queue, none is in the way, and one alert tells of all."""
    customers = stage.member("zhang", 40)
    stage.publish(sop(BAD, mass("s", "+0d 10:00", "b")), sop(GOOD, mass("s", "+0d 10:00", "a")))
    for one in customers[:39]:
        stage.runner.enrol(BAD, one, now=stage.now)
    stage.runner.enrol(GOOD, customers[39], now=stage.now)
    newer_release(stage, BAD)
    stage.tick(TEN)
    assert stage.sent() == {(customers[39], "内容 a"): 1}
    in_trouble(stage, "DefinitionError in wecom_auto.sop")
    assert [alert[:2] for alert in alerts(stage)] == [("", BAD)]
    newer_release(stage, BAD, back=True)
    stage.tick(minutes=10)
    assert len(stage.sent()) == 40


def newer_release(stage, name, *, back=False):
    """Let a newer release have published a SOP, or let this one be that release."""
    d = metadata.tables["sop_definitions"]
    text = d.c.document
    old, new = ('"mass"', '"hologram"') if not back else ('"hologram"', '"mass"')
    with stage.directory.engine.begin() as connection:
        changed = sa.update(d).where(d.c.sop == name).values(document=sa.func.replace(text, old, new))
        connection.execute(changed)
    stage.runner._context.catalogue._parsed.clear()


def test_what_cannot_be_read_is_told_and_hides_nobody_else(stage):
    """Why and forecast say of a version of a newer release that they cannot tell, and go on with the others."""
    one, other = stage.member("zhang", 2)
    stage.publish(sop(BAD, mass("s", "+1d 10:00", "b")), sop(GOOD, mass("s", "+1d 10:00", "a")))
    stage.runner.enrol(BAD, one, now=stage.now)
    stage.runner.enrol(GOOD, other, now=stage.now)
    newer_release(stage, BAD)
    (story,) = stage.runner.explain(one, stage.now).runs
    assert (story.title, [line.reason for line in story.lines]) == (BAD, ["entered"])
    (row,) = story.coming
    assert (row.reason, row.note) == ("alert:fault", f"{BAD} v1 was published by a newer release")
    rows = [*stage.runner.forecast(stage.now, days=3)]
    assert {(row.customer, row.outcome, row.reason) for row in rows} >= {
        (one, "skip", "alert:fault"),
        (other, "do", "due"),
    }


def test_a_version_that_cannot_be_read_any_more_holds_up_no_due_step(stage):
    """Steps that came due before wait with their runs; messages and tags of other SOPs go out."""
    one, other = stage.member("zhang", 2)
    tag = stage.fake.add_tag("车型", "意向")
    stage.directory.sync(stage.fake.client())
    act = '[[step]]\nid = "t"\nat = "+0d 10:00"\ndo = { tag = "意向" }\n'
    stage.publish(sop(BAD, mass("s", "+0d 10:00", "b") + act), sop(GOOD, mass("s", "+0d 10:00", "a") + act))
    stage.runner.enrol(BAD, one, now=stage.now)
    stage.runner.enrol(GOOD, other, now=stage.now)
    stage.fake.clock.advance_to(TEN)
    for shard in range(64):
        stage.runner.plan(shard, stage.now)
    newer_release(stage, BAD)
    stage.tick()
    assert stage.sent() == {(other, "内容 a"): 1}
    assert [mark.id for mark in stage.fake.customer(other).tags_by("zhang")] == [tag.id]
    assert stage.fake.customer(one).tags_by("zhang") == []
    in_trouble(stage)
    newer_release(stage, BAD, back=True)
    stage.run_until_idle(days=1)
    assert stage.sent()[one, "内容 b"] == 1


@pytest.mark.parametrize("where", ["before", "during"])
def test_a_batch_that_fails_stops_no_other_and_is_never_sent_twice(stage, monkeypatch, where):
    """An error before the request gives the batch back; one at the request makes it unknown, and the list decides."""
    zhang, li = stage.member("zhang", 2), stage.member("li", 2)
    stage.publish(ONE)
    for one in (*zhang, *li):
        stage.runner.enrol("one", one, now=stage.now)
    real = {"before": _dispatch._prepare, "during": type(CHANNELS[BatchKind.SINGLE]).create}[where]

    def failing(*args):
        row = next(one for one in args if isinstance(one, BatchRow))
        if row.sender == "zhang":
            if where == "during":
                real(*args)
            raise KeyError(SECRET)
        return real(*args)

    if where == "before":
        monkeypatch.setattr(_dispatch, "_prepare", failing)
    else:
        monkeypatch.setattr(type(CHANNELS[BatchKind.SINGLE]), "create", failing)
    stage.tick(TEN)
    assert sorted(stage.states()) == ["created", "planned" if where == "before" else "unknown"]
    in_trouble(stage, "batch0001: KeyError in ") if stage.batches()[0]["sender"] == "zhang" else in_trouble(stage)
    monkeypatch.undo()
    stage.run_until_idle(days=2)
    assert stage.sent() == {(one, "内容 a"): 1 for one in (*zhang, *li)}


def test_a_batch_of_a_newer_release_is_left_alone(stage):
    """A state that this release does not know stops nothing, and nothing of the batch is changed."""
    zhang, li = stage.member("zhang", 1), stage.member("li", 1)
    stage.publish(ONE)
    stage.runner.enrol("one", zhang[0], now=stage.now)
    stage.runner.enrol("one", li[0], now=stage.now)
    stage.fake.clock.advance_to(TEN)
    for shard in range(64):
        stage.runner.plan(shard, stage.now)
    stage.runner.freeze(stage.now)
    b = metadata.tables["sop_batches"]
    mine = b.c.sender == "zhang"
    with stage.directory.engine.begin() as connection:
        connection.execute(sa.update(b).where(mine).values(state="teleporting"))
        before = connection.execute(sa.select(b).where(mine)).one()
    stage.tick()
    with stage.directory.engine.connect() as connection:
        assert connection.execute(sa.select(b).where(mine)).one() == before
    assert stage.sent() == {(li[0], "内容 a"): 1}
    in_trouble(stage, "ValueError in ")


def test_a_calendar_that_fails_stops_no_other_calendar(stage):
    """Whose SOP cannot be read comes in when it can; the others come in today."""
    customers = stage.member("zhang", 2)
    head = 'sop = "{0}"\nversion = 1\ntitle = "{0}"\n[entry]\non = "calendar:weekly mon"\nreentry = "always"\n'
    for name, content in (("aaa", "b"), ("zzz", "a")):
        stage.publish(Definition.from_toml(head.format(name) + mass("s", "+0d 10:00", content)))
    newer_release(stage, "aaa")
    stage.tick(TEN)
    assert stage.sent() == {(one, "内容 a"): 1 for one in customers}
    in_trouble(stage, "aaa: DefinitionError")
    newer_release(stage, "aaa", back=True)
    stage.run_until_idle(days=0.5)
    assert stage.logged()["entered"] == 4


def test_a_sop_that_fails_at_the_door_keeps_nobody_out_of_the_others(stage):
    """The event lets the customer into whatever works, and the error is raised, so that an inbox keeps the event."""
    (one,) = stage.member("zhang", 1)
    head = 'sop = "{0}"\nversion = 1\ntitle = "{0}"\n[entry]\non = "event:visit"\n'
    for name in ("aaa", "zzz"):
        stage.publish(Definition.from_toml(head.format(name) + mass("s", "+0d 10:00", "a")))
    newer_release(stage, "aaa")
    with pytest.raises(DefinitionError):
        stage.runner.record_event(one, "visit", stage.now)
    assert stage.runner.status(stage.now).active == 1
    newer_release(stage, "aaa", back=True)
    stage.runner.record_event(one, "visit", stage.now)
    assert stage.runner.status(stage.now).active == 2


def test_a_staff_task_that_fails_stops_no_other_task(stage, monkeypatch):
    """The task that cannot be looked at waits; the other one is escalated in time."""
    tasks = [stage.runner.tasks.create(TaskOrder(title=one, assignee="zhang"), key=one, now=NINE) for one in "ab"]
    real = _chores._outlook

    def failing(office, task, proof, now):
        if task.id == tasks[0].id:
            raise KeyError(SECRET)
        return real(office, task, proof, now)

    monkeypatch.setattr(_chores, "_outlook", failing)
    stage.tick(NINE + timedelta(days=10))
    assert [stage.runner.tasks.get(task.id).state.value for task in tasks] == ["open", "overdue"]
    in_trouble(stage, f"task {tasks[0].id}: KeyError")
    monkeypatch.undo()
    stage.tick(minutes=60 * 7)
    assert stage.runner.tasks.get(tasks[0].id).state.value == "overdue"


@pytest.mark.parametrize("part", ["_sending._outside.count", "_sending._sweep.sweep_if_due"])
def test_upkeep_that_fails_stops_no_message(stage, monkeypatch, part):
    """Counting what others have sent and the sweep are beside the timetable."""
    (one,) = stage.member("zhang", 1)
    stage.publish(ONE)
    stage.runner.enrol("one", one, now=stage.now)

    def failing(_context, _tick):
        raise KeyError(SECRET)

    monkeypatch.setattr(f"wecom_auto.sop.{part}", failing)
    stage.tick(TEN)
    assert stage.sent() == {(one, "内容 a"): 1}
    in_trouble(stage, "failing: KeyError")


def test_what_stops_everything_is_raised(stage):
    """A book that is away fails for everybody: the runs wait, nothing is lost, and the tick says so."""
    customers = stage.member("zhang", 30)
    stage.publish(ONE)
    for one in customers:
        stage.runner.enrol("one", one, now=stage.now)
    asked = []
    breaks(stage, book=Breaking(stage.directory, lambda one: asked.append(one) or True, TimeoutError()))
    with pytest.raises(TimeoutError):
        stage.tick(TEN)
    assert len(asked) < 40, "it is not asked for each of them"
    in_trouble(stage, "TimeoutError")
    healed(stage)
    stage.tick(minutes=5)
    assert stage.sent() == {(one, "内容 a"): 1 for one in customers}


@pytest.mark.parametrize(
    "error",
    [
        sa.exc.OperationalError("SELECT 1", {}, Exception("the server has gone away")),
        sa.exc.ProgrammingError("SELECT 1", {}, Exception("no such column")),
        sa.exc.TimeoutError("QueuePool limit"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_is_away_is_never_taken_for_a_bad_customer(stage, error):
    """It is raised at once, and nobody is put off."""
    (one,) = stage.member("zhang", 1)
    stage.publish(ONE)
    stage.runner.enrol("one", one, now=stage.now)
    breaks(stage, book=Breaking(stage.directory, lambda _customer: True, error))
    with pytest.raises(type(error)):
        stage.tick(TEN)
    assert alerts(stage) == []
    assert stage.runner.next_wake() == NINE


def test_a_run_whose_version_is_gone_stops_nobody_else(stage):
    """A database that was restored in part has runs without their definition: an alert, and the others go on."""
    customers = stage.member("zhang", 3)
    stage.publish(ONE)
    for one in customers:
        stage.runner.enrol("one", one, now=stage.now)
    e = metadata.tables["sop_enrolments"]
    with stage.directory.engine.begin() as connection:
        connection.execute(sa.update(e).where(e.c.external_userid == customers[0]).values(version=99))
    stage.tick(TEN)
    assert stage.sent() == {(one, "内容 a"): 1 for one in customers[1:]}
    in_trouble(stage, "DefinitionError in wecom_auto.sop._rows._catalogue")


@pytest.mark.parametrize("state", ["teleported", ""])
def test_a_step_in_a_state_of_a_newer_release_stops_nobody_else(stage, state):
    """Two releases share a database while one takes the other's place: what only one knows waits for it."""
    customers = stage.member("zhang", 3)
    stage.publish(sop("one", mass("s1", "+0d 10:00", "a") + mass("s2", "+1d 10:00", "b")))
    for one in customers:
        stage.runner.enrol("one", one, now=stage.now)
    stage.run_until_idle(days=0.5)
    u = metadata.tables["sop_touches"]
    with stage.directory.engine.begin() as connection:
        connection.execute(sa.update(u).where(u.c.external_userid == customers[0]).values(state=state))
    stage.run_until_idle(days=1.5)
    assert {one for (one, text) in stage.sent() if text == "内容 b"} == {*customers[1:]}
    in_trouble(stage, "ValueError in ")
    stage.runner.end("one", stage.now)
    assert stage.runner.status(stage.now).active == 0


def test_a_version_that_cannot_be_read_takes_no_part_in_the_arbitration(stage):
    """What comes for the same customer later today cannot be planned; the message of now goes out all the same."""
    (one,) = stage.member("zhang", 1)
    alone = '[policy]\nconcurrency = "one_per_customer"\n'
    stage.publish(sop(GOOD, mass("s", "+0d 10:00", "a")), sop(BAD, mass("s", "+0d 15:00", "b")))
    stage.publish(sop("third", mass("s", "+0d 11:00", "c"), head=f"priority = 10\n{alone}"))
    for name in (GOOD, BAD):
        assert stage.runner.enrol(name, one, now=stage.now)
    stage.tick()
    newer_release(stage, BAD)
    assert stage.runner.enrol("third", one, now=stage.now), "nobody can say whether it excludes the third"
    stage.tick(TEN)
    assert stage.sent() == {(one, "内容 a"): 1}


def test_a_birthday_that_fails_stops_no_other_birthday(stage, monkeypatch):
    """One subject of a page cannot be judged: an alert, and the others come in."""
    customers = stage.member("zhang", 3)
    head = 'sop = "one"\nversion = 1\ntitle = "one"\n[entry]\non = "calendar:weekly mon"\nreentry = "always"\n'
    stage.publish(Definition.from_toml(head + mass("s", "+0d 10:00", "a")))
    judged, real = count(), _rounds._refusal

    def failing(*args):
        if next(judged) == 1:
            raise KeyError(SECRET)
        return real(*args)

    monkeypatch.setattr(_rounds, "_refusal", failing)
    stage.tick(TEN)
    assert len(stage.sent()) == 2
    in_trouble(stage, "KeyError in tests.unit.test_runner_faults:")
    assert {customer for customer, *_ in alerts(stage)} == {*customers} - {one for one, _ in stage.sent()}


def test_a_welcome_is_sent_although_another_run_of_the_customer_fails(stage):
    """The code lives for seconds: the run that can be read greets with it."""
    stage.fake.add_member("zhang")
    welcome = '[[step]]\nid = "w"\nat = "+0d"\ndo = { welcome = "welcome" }\n'
    head = 'sop = "{0}"\nversion = 1\ntitle = "{0}"\n[entry]\non = "customer.added"\n'
    stage.publish(sop(BAD, welcome), Definition.from_toml(head.format(GOOD) + welcome))
    one = stage.fake.add_customer(name="李四", followed_by="zhang").external_userid
    stage.directory.sync(stage.fake.client())
    assert stage.runner.enrol(BAD, one, now=stage.now, userid="zhang")
    newer_release(stage, BAD)
    event = CustomerAdded(created_at=stage.now, userid="zhang", external_userid=one, welcome_code="code")
    stage.runner.on_event(event, stage.now)
    assert stage.fake.count("externalcontact/send_welcome_msg") == 1


def test_a_member_whose_hours_cannot_be_read_keeps_no_message_from_others(stage):
    """Who is told of a task later is told of it later; everybody else is told now."""
    stage.member("li", 0)
    stage.member("zhang", 0)
    office = stage.runner._context.office
    client = stage.fake.client()
    breaks(stage, office=evolve(office, client=client, notify=True, roster=Moody(office.roster)))
    for member in ("li", "zhang"):
        stage.runner.tasks.create(TaskOrder(title="回访", assignee=member), key=member, now=NINE)
    stage.tick(TEN)
    assert stage.fake.count("message/send") == 1
    in_trouble(stage, "notices: KeyError")


@define
class Moody:
    """A roster that does not know when one member works, once messages are sent."""

    real: PlainRoster

    def hours(self, userid):
        """The hours, but those of li."""
        if userid == "li" and "deliver" in {frame.function for frame in inspect.stack(0)}:
            raise KeyError(SECRET)
        return self.real.hours(userid)

    def __getattr__(self, name):
        return getattr(self.real, name)
