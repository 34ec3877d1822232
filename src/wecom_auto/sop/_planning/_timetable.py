"""When a step may happen: window, holidays, lateness and deadlines in one place. Knows no facts and no clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from wecom_auto.sop._document._policies import Holidays, Shift, Window, stable_number
from wecom_auto.sop._document._timing import MAX_DAYS, YEARS, wall_to_utc
from wecom_auto.sop.calendar import Calendar
from wecom_auto.sop.definition import Definition, Step

WELCOME_CODE = timedelta(seconds=20)
"""How long the platform accepts a welcome code (manual 92137)."""
_HORIZON = 400
"""Days after which a calendar with no open day is taken for broken."""
NO_SUCH_DATE = "skipped:no_such_date"
_BEGINNING = datetime(YEARS.start, 1, 1, tzinfo=UTC)
_END = datetime(YEARS.stop + 2 * MAX_DAYS // 365, 1, 1, tzinfo=UTC)
"""A step may lie ten years after its anchor, and its deadline as many after that."""


@frozen(kw_only=True)
class Slot:
    """The time of one step of one run.

    Attributes:
        nominal_at: What the offset alone says, in UTC.
        due_at: When it may happen first, in UTC.
        until: After this it is skipped; `None` for steps that no person notices.
        reason: `due`, `moved:holiday`, `moved:spread`, `deferred:window`; `skipped:no_such_date` for a step whose date
            the calendar does not have, and whose times say nothing.
        provisional: Whether a day was looked at whose table is not published yet.
    """

    nominal_at: datetime
    due_at: datetime
    until: datetime | None
    reason: str = "due"
    provisional: bool = False

    @property
    def exists(self) -> bool:
        """Whether there is such a date at all."""
        return self.reason != NO_SUCH_DATE


def slot(definition: Definition, step: Step, anchor_at: datetime, calendar: Calendar, *, seed: str = "") -> Slot:
    """The time of a step, counted from the anchor alone.

    Args:
        definition: Brings zone and window, unless the step has its own.
        step: The step.
        anchor_at: Aware anchor of the run.
        calendar: Answers for days.
        seed: Spreads runs over the days after a holiday, the same way on every machine.
    """
    try:
        found = _slot(definition, step, anchor_at, calendar, seed)
    except OverflowError:
        found = None
    # What the database and every zone can still hold.
    if found is None or not _BEGINNING <= min(found.due_at, found.nominal_at) <= found.due_at < _END:
        return Slot(nominal_at=_BEGINNING, due_at=_BEGINNING, until=_BEGINNING, reason=NO_SUCH_DATE)
    return found


def _slot(definition: Definition, step: Step, anchor_at: datetime, calendar: Calendar, seed: str) -> Slot:
    nominal = step.at.resolve(anchor_at, definition.zone)
    if step.is_welcome:
        return Slot(nominal_at=nominal, due_at=nominal, until=nominal + WELCOME_CODE)
    if not step.reaches_people:
        return Slot(nominal_at=nominal, due_at=nominal, until=None)
    window = definition.window_of(step)
    finder = _Finder(window, definition.zone, calendar)
    before = anchor_at if step.at.before_anchor else None
    # "+0d 10:00" is the anchor's own day, for example a birthday, and may go before it; "+0d" and "+1d" may not.
    after = anchor_at if before is None and (step.at.count or step.at.clock is None) else None
    due, reason = finder.place(nominal, before=before, after=after)
    if reason == "moved:holiday" and window.spread:
        due, reason = finder.spread(due, reason, f"{seed}\x1f{step.id}", before)
    until = due + window.late + (step.wait.max if step.wait is not None else timedelta())
    if step.at.before_anchor:
        until = min(until, anchor_at.astimezone(UTC))
    return Slot(nominal_at=nominal, due_at=due, until=until, reason=reason, provisional=finder.provisional)


def next_opening(definition: Definition, step: Step, moment: datetime, calendar: Calendar) -> datetime:
    """The first instant from `moment` on at which people may be disturbed; `moment` itself if it is one."""
    return _Finder(definition.window_of(step), definition.zone, calendar).opening(moment)


class _Finder:
    """Searches the open days and minutes around one instant; remembers whether an answer was provisional."""

    def __init__(self, window: Window, zone: ZoneInfo, calendar: Calendar) -> None:
        self.window, self.zone, self.calendar = window, zone, calendar
        self.provisional = False

    def place(self, nominal: datetime, *, before: datetime | None, after: datetime | None) -> tuple[datetime, str]:
        """Move an instant to where it may happen: before a deadline, and not back across the anchor it follows."""
        found = self._shifted(nominal, self.window.shift)
        if before is not None and found[0] >= before:
            found = self._shifted(nominal, Shift.EARLIER, before)
        # A step that follows the anchor must not happen before it, nor on its day, only because a day was closed.
        if after is not None and found[0] < nominal and self._day(found[0]) <= self._day(after):
            found = self._shifted(nominal, Shift.LATER)
        return found

    def _shifted(self, nominal: datetime, shift: Shift, before: datetime | None = None) -> tuple[datetime, str]:
        local = nominal.astimezone(self.zone)
        day = self._open_day(local.date(), shift)
        if day == local.date():
            moved, reason = nominal, "deferred:window"
            if self._in_openings(local):
                return nominal, "due"
        else:
            moved, reason = wall_to_utc(day, local.time(), self.zone), "moved:holiday"
            if self.is_open(moved):
                return moved, reason
        opening = self.opening(moved)
        if shift is Shift.LATER or (self._day(opening) == day and (before is None or opening < before)):
            return opening, reason
        return self._last_start(day, before or opening), reason

    def spread(self, due: datetime, reason: str, ticket: str, before: datetime | None) -> tuple[datetime, str]:
        """Hand the runs that a holiday has moved out over several open days."""
        steps = stable_number(ticket) % (self.window.spread.days + 1)
        moved, earlier = due, self.window.shift is Shift.EARLIER
        for _ in range(steps):
            local = moved.astimezone(self.zone)
            day = self._open_day(local.date() + timedelta(days=-1 if earlier else 1), self.window.shift)
            moved = wall_to_utc(day, local.time(), self.zone)
        if moved == due or (before is not None and moved >= before) or not self.is_open(moved):
            return due, reason
        return moved, "moved:spread"

    def opening(self, moment: datetime) -> datetime:
        """The first open instant from `moment` on."""
        if self.is_open(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(self.zone)
        day = local.date()
        for _ in range(_HORIZON):
            if self._is_open_day(day):
                for start, _end in self.window.openings:
                    found = wall_to_utc(day, time(start // 60, start % 60), self.zone)
                    if found >= moment and self.is_open(found):
                        return found
            day += timedelta(days=1)
        raise _no_opening(local.date())

    def is_open(self, moment: datetime) -> bool:
        """Whether people may be disturbed at this instant."""
        local = moment.astimezone(self.zone)
        return self._in_openings(local) and self._is_open_day(local.date())

    def _in_openings(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.window.openings)

    def _last_start(self, day: date, before: datetime) -> datetime:
        """The latest opening before an instant, on this day or the last open day before it."""
        for _ in range(_HORIZON):
            for start, _end in reversed(self.window.openings):
                found = wall_to_utc(day, time(start // 60, start % 60), self.zone)
                if found < before and self.is_open(found):
                    return found
            day = self._open_day(day - timedelta(days=1), Shift.EARLIER)
        raise _no_opening(day)  # pragma: no cover - every open day has an opening, up to a clock change

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _open_day(self, day: date, shift: Shift) -> date:
        step = timedelta(days=1 if shift is Shift.LATER else -1)
        for _ in range(_HORIZON):
            if self._is_open_day(day):
                return day
            day += step
        raise _no_opening(day)

    def _is_open_day(self, day: date) -> bool:
        if self.window.holidays is Holidays.SEND:
            return True
        known = self.calendar.day(day)
        self.provisional |= known.provisional
        return known.workday if self.window.holidays is Holidays.WORKDAYS_ONLY else not known.statutory


def _no_opening(day: date) -> ValueError:
    return ValueError(f"calendar and window leave no opening within {_HORIZON} days of {day}; check the overrides")
