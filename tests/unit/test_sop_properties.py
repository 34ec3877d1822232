"""Properties of the planner that hold for any definition, calendar, outage and time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit._sop import run_of

from wecom_auto.sop import ChinaCalendar, DecisionKind, Definition, EnrolmentState, Offset, Window, plan
from wecom_auto.sop._planning._timetable import WELCOME_CODE
from wecom_auto.sop.preview import KnownFacts

CALENDAR = ChinaCalendar()
TOUCHES = {DecisionKind.SEND, DecisionKind.STAFF_TASK}
FINAL = {DecisionKind.EXIT, DecisionKind.END}
CLOCKS = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
RANGES = st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1]).map("-".join)
# Samples instead of ranges: small numbers, which hypothesis prefers, make runs that are over before they begin.
OFFSETS = st.one_of(
    st.builds(lambda count, clock: f"{count:+d}d {clock}", st.sampled_from(range(-20, 25)), CLOCKS),
    st.builds(lambda count, clock: f"{count:+d}d {clock}", st.sampled_from(range(-20, 25)), CLOCKS),
    st.builds(lambda count: f"{count:+d}h", st.sampled_from(range(-60, 60, 7))),
    st.sampled_from(["+0d", "+3d", "-2d", "+1mo 10:00", "-1mo 21:30"]),
)
DO = st.sampled_from([
    {"mass": "x"}, {"mass": "x", "tag": "t"}, {"mass": "y"}, {"staff_task": "call"}, {"staff_task": "visit"},
    {"welcome": "w"}, {"tag": "t"}, {"mass": "x", "end": True},
])  # fmt: skip
GUARDS = st.sampled_from([{}, {}, {}, {}, {"if": "tag('t')"}, {"if": "attr('gone')"}, {"if": "not delivered('s0')"}])
WAITS = st.sampled_from([{}, {}, {}, {"wait": {"for": "event('e')", "max": "3d"}}])
WINDOWS = st.sampled_from([{}, {}, {}, {"window": {"allow": ["19:00-21:00"], "holidays": "workdays-only"}}])
ARMS = st.sampled_from([{}, {}, {}, {"ab": {"A": 3, "holdout": 1}}])


def draw_jump(draw: st.DrawFn, steps: list[dict], index: int) -> None:
    """Perhaps let a step go on with a later one that is not due before it."""
    own = Offset.parse(steps[index]["at"]).approximate
    later = [step["id"] for step in steps[index + 1 :] if Offset.parse(step["at"]).approximate >= own]
    if not later or "end" in steps[index]["do"]:
        return
    cases = [{"if": draw(st.sampled_from(["tag('t')", "attr('gone')", "event('e')"])), "goto": later[0]}]
    jump = draw(
        st.sampled_from([{}, {"goto": later[-1]}, {"branch": cases}, {"branch": [*cases, {"goto": later[-1]}]}])
    )
    steps[index]["do"] = {**steps[index]["do"], **jump}


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Any small definition."""
    window = {
        "holidays": draw(st.sampled_from(["send", "skip-statutory", "workdays-only"])),
        "shift": draw(st.sampled_from(["later", "earlier"])),
        "late": f"drop after {draw(st.sampled_from(['30min', '6h', '2d', '9d']))}",
        "allow": draw(st.lists(RANGES, min_size=draw(st.sampled_from([0, 1, 1, 2])), max_size=2)),
        "spread": draw(st.sampled_from(["0d", "2d"])),
    }
    steps = [
        {
            "id": f"s{index}",
            "at": draw(OFFSETS),
            "do": draw(DO),
            **draw(GUARDS),
            **draw(WAITS),
            **draw(ARMS),
            **draw(WINDOWS),
        }
        for index in range(draw(st.sampled_from([1, 2, 3, 5, 7])))
    ]
    for index in range(len(steps)):
        draw_jump(draw, steps, index)
    zone = draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]))
    exits = draw(st.sampled_from([[], [{"when": "event('deal')", "goal": True}]]))
    head = {"sop": "x", "version": 1, "title": "t", "timezone": zone, "entry": {"on": "manual"}}
    return Definition.from_document({**head, "window": window, "exit": exits, "step": steps})


MOMENTS = st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 20), timezones=st.just(UTC))  # noqa: DTZ001
FACTS = st.builds(
    KnownFacts,
    tags=st.sets(st.sampled_from(["t"])),
    friend=st.sampled_from([True, True, True, False]),
    events=st.sampled_from([{}, {"e": datetime(2026, 1, 1, tzinfo=UTC)}]),
)


def walk(definition: Definition, run: EnrolmentState, facts: KnownFacts, lateness: list[timedelta]) -> list[tuple]:
    """Wake the run at its times plus some lateness until it ends; `(now, plan)` for every wake."""
    moment: datetime | None = run.enrolled_at
    seen = []
    for index in range(400):
        if moment is None:
            return seen
        found = plan(definition, run, facts, moment, calendar=CALENDAR)
        seen.append((moment, found))
        run = evolve(run, done={**run.done, **dict.fromkeys(found.settled, "asked")})
        moment = found.wake_at and found.wake_at + lateness[index % len(lateness)]
    pytest.fail("the run does not end")


LATENESS = st.lists(
    st.sampled_from([timedelta(), timedelta(minutes=20), timedelta(hours=7), timedelta(days=4)]), min_size=1, max_size=4
)


@settings(max_examples=300)
@given(definitions(), MOMENTS, st.sampled_from(range(-3, 25)), FACTS, LATENESS)
def test_the_planner_keeps_its_promises(
    definition: Definition, enrolled: datetime, days: int, facts: KnownFacts, lateness: list[timedelta]
) -> None:
    """No touch on a closed hour or day, none twice, none too late; wake-ups go forward and every run ends."""
    run = run_of(definition, enrolled + timedelta(days=days, hours=days), enrolled_at=enrolled)
    seen = walk(definition, run, facts, lateness)
    settled: list[str] = []
    for now, found in seen:
        assert found.wake_at is None or found.wake_at > now
        assert (found.wake_at is None) is (found.ended is not None)
        settled += found.settled
        for item in found.decisions:
            if item.kind in TOUCHES:
                assert_open(definition, definition.window_of(definition.step(item.step_id)), now)
                assert item.due_at <= now
                wait = definition.step(item.step_id).wait
                latest = (
                    item.due_at
                    + definition.window_of(definition.step(item.step_id)).late
                    + (wait.max if wait else timedelta())
                )
                assert now <= latest
                if definition.step(item.step_id).at.before_anchor:
                    assert now <= run.anchor_at
            if item.kind is DecisionKind.WELCOME:
                assert timedelta() <= now - item.due_at <= WELCOME_CODE
            if item.kind is DecisionKind.DEFER:
                assert item.due_at > now
    assert len(settled) == len(set(settled))
    assert seen[-1][1].ended is not None
    assert [item.kind in FINAL for item in seen[-1][1].decisions][-1]


def assert_open(definition: Definition, window: Window, now: datetime) -> None:
    """The window written out again in the plainest way, apart from the code under test."""
    local = now.astimezone(ZoneInfo(definition.timezone))
    clock = f"{local:%H:%M}"
    ranges = [str(item).split("-") for item in window.allow]
    inside = [a <= clock < b if a < b else clock >= a or clock < b for a, b in ranges]
    assert not ranges or any(inside), (clock, ranges)
    day = CALENDAR.day(date(local.year, local.month, local.day))
    if window.holidays == "workdays-only":
        assert day.workday
    elif window.holidays == "skip-statutory":
        assert not day.statutory


@settings(max_examples=200)
@given(definitions(), MOMENTS, st.sampled_from(range(-3, 25)), FACTS, LATENESS)
def test_what_a_branch_passes_by_is_never_done(
    definition: Definition, enrolled: datetime, days: int, facts: KnownFacts, lateness: list[timedelta]
) -> None:
    """Neither before the branch is decided nor after: a holiday, an outage or a wait brings no step of another arm."""
    run = run_of(definition, enrolled + timedelta(days=days), enrolled_at=enrolled)
    made = [item for _, found in walk(definition, run, facts, lateness) for item in found.decisions]
    places = {step.id: place for place, step in enumerate(definition.steps)}
    passed: set[str] = set()
    for item in made:
        if item.kind is DecisionKind.BRANCH and item.detail:
            passed |= {name for name, place in places.items() if places[item.step_id] < place < places[item.detail]}
    assert all(
        item.reason == "skipped:branch"
        for item in made
        if item.step_id in passed and item.kind is not DecisionKind.DEFER
    )
    assert {item.step_id for item in made if item.reason == "skipped:branch"} == passed


@settings(max_examples=100)
@given(definitions(), MOMENTS, FACTS)
def test_the_document_comes_back_whole(definition: Definition, enrolled: datetime, facts: KnownFacts) -> None:
    """JSON keeps every definition: the same value, digest and decisions."""
    again = Definition.from_json(definition.to_json())
    run = run_of(definition, enrolled)
    assert (again, again.digest) == (definition, definition.digest)
    assert plan(again, run, facts, enrolled, calendar=CALENDAR) == plan(
        definition, run, facts, enrolled, calendar=CALENDAR
    )


@settings(max_examples=100)
@given(definitions(), MOMENTS, FACTS, st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=8))
def test_waking_too_often_changes_nothing(
    definition: Definition, enrolled: datetime, facts: KnownFacts, extra: list[int]
) -> None:
    """A second beat, an event or a replay between two wake-ups neither adds nor loses a decision."""
    run = run_of(definition, enrolled + timedelta(days=10), enrolled_at=enrolled)
    calm = [item for _, found in walk(definition, run, facts, [timedelta()]) for item in found.decisions]
    nervous = []
    wakes = sorted(enrolled + timedelta(minutes=minute) for minute in extra)
    moment: datetime | None = enrolled
    while moment is not None:
        found = plan(definition, run, facts, moment, calendar=CALENDAR)
        nervous += found.decisions
        run = evolve(run, done={**run.done, **dict.fromkeys(found.settled, "asked")})
        wakes = [wake for wake in wakes if wake > moment]
        moment = found.wake_at and min([found.wake_at, *wakes])
    done = [(item.step_id, item.kind, item.do, item.reason) for item in calm if item.kind is not DecisionKind.DEFER]
    assert [
        (item.step_id, item.kind, item.do, item.reason) for item in nervous if item.kind is not DecisionKind.DEFER
    ] == done
