"""Look at dates: unpublished holidays, days that have passed. Plans nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from wecom_auto.sop._document._entering import read_calendar
from wecom_auto.sop._document._policies import Holidays
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop._lint._findings import Finding, finding
from wecom_auto.sop.calendar import Calendar
from wecom_auto.sop.definition import Definition

_REMEDY = "planning is provisional until the table is there: update chinesecalendar"


def dates(definition: Definition, today: date, calendar: Calendar) -> Iterator[Finding]:
    """Dates that are over, and dates that may still move."""
    fixed = fixed_day(definition)
    if fixed is not None and fixed < today:
        problem = f"the SOP begins on {fixed}, and today is {today}: it lets nobody in any more"
        yield finding("SOP032", "entry.on", problem, "write a day to come, or a weekly or monthly one")
        return
    for step in definition.steps:
        if not step.reaches_people or definition.window_of(step).holidays is Holidays.SEND:
            continue
        if fixed is not None:
            yield from _fixed(definition, step, fixed, calendar)
        elif step.at.count >= 0:
            yield from _rolling(definition, step, today, calendar)


def fixed_day(definition: Definition) -> date | None:
    """The one day on which everybody enters; `None` for a SOP that is entered again and again."""
    if definition.entry.trigger != "calendar":
        return None
    day = read_calendar(definition.entry.subject)
    return day if isinstance(day, date) else None


def day_of(definition: Definition, step: Step, entry: date) -> date:
    """The day of a step for a run that begins on this day."""
    noon = datetime(entry.year, entry.month, entry.day, 12, tzinfo=UTC)
    return step.at.resolve(noon, definition.zone).date()


def _fixed(definition: Definition, step: Step, entry: date, calendar: Calendar) -> Iterator[Finding]:
    day = day_of(definition, step, entry)
    if calendar.day(day).provisional:
        problem = f"it is due on {day}, and the holidays of {day.year} are not published"
        yield finding("SOP031", f"step {step.id!r}.at", problem, _REMEDY)


def _rolling(definition: Definition, step: Step, today: date, calendar: Calendar) -> Iterator[Finding]:
    day = day_of(definition, step, today)
    if calendar.day(day).provisional:
        problem = f"a customer who enters today gets it on {day}, and the holidays of {day.year} are not published"
        yield finding("SOP030", f"step {step.id!r}.at", problem, _REMEDY)
