"""The two SOPs of the contract as files, and short ways to run the planner."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import evolve

from wecom_auto.sop.calendar import Calendar, ChinaCalendar
from wecom_auto.sop.conditions import Facts
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import Decision, EnrolmentState, Plan, plan
from wecom_auto.sop.preview import KnownFacts

FILES = Path(__file__).parents[2] / "examples"
SHANGHAI = ZoneInfo("Asia/Shanghai")
PROSPECT = Definition.from_toml(FILES / "prospect.toml")
INSURANCE = Definition.from_toml(FILES / "insurance.toml")
CALENDAR = ChinaCalendar()
NOBODY = KnownFacts()


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """`2026-09-29 15:20` on a wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def run_of(definition: Definition, anchor_at: datetime, *, enrolled_at: datetime | None = None) -> EnrolmentState:
    """A fresh run."""
    return EnrolmentState(
        id="run-1",
        sop=definition.sop,
        version=definition.version,
        customer="wm1",
        member="zhangsan",
        anchor_at=anchor_at,
        enrolled_at=enrolled_at or anchor_at,
    )


def decide(
    definition: Definition,
    run: EnrolmentState,
    now: datetime,
    *,
    facts: Facts = NOBODY,
    calendar: Calendar = CALENDAR,
) -> Plan:
    """One call of the planner."""
    return plan(definition, run, facts, now, calendar=calendar)


def follow(
    definition: Definition,
    run: EnrolmentState,
    now: datetime,
    *,
    facts: Facts = NOBODY,
    calendar: Calendar = CALENDAR,
    late: timedelta = timedelta(),
) -> list[tuple[datetime, Decision]]:
    """Run to the end, waking `late` after each `wake_at`; every decision with the time at which it was made."""
    made: list[tuple[datetime, Decision]] = []
    moment: datetime | None = now
    while moment is not None:
        found = decide(definition, run, moment, facts=facts, calendar=calendar)
        made += [(moment, decision) for decision in found.decisions]
        run = evolve(run, done={**run.done, **{step: _outcome(found, step) for step in found.settled}})
        moment = None if found.wake_at is None else found.wake_at + late
    return made


def _outcome(found: Plan, step: str) -> str:
    return next(item.reason for item in found.decisions if item.step_id == step)


def sop(steps: str, *, head: str = "", window: str = "", exits: str = "") -> Definition:
    """A small definition around some steps."""
    text = (
        f'sop = "x"\nversion = 1\ntitle = "测试"\n{head}\n[entry]\non = "manual"\n[window]\n{window}\n{exits}\n{steps}'
    )
    return Definition.from_toml(text)


def step(name: str, offset: str, *, do: str = 'mass = "tpl/x"', more: str = "") -> str:
    """One `[[step]]` table."""
    return f'[[step]]\nid = "{name}"\nat = "{offset}"\ndo = {{ {do} }}\n{more}\n'
