"""Count in working hours (工作时间): when people work, and when a span of work is over. Pure: reads no clock.

Wall clock becomes an instant first and is counted afterwards, so that an hour is an hour where clocks are changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from attrs import field, frozen

from wecom_auto._time import CHINA, require_aware
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._policies import Holidays
from wecom_auto.sop._document._timing import ClockRange, wall_to_utc
from wecom_auto.sop.calendar import Calendar, ChinaCalendar

_DAY: Final = timedelta(days=1)
_CLOSED: Final = 400
"""After so many closed days in a row the hours are taken for a mistake."""
_SHIFTS: Final = (ClockRange(time(9), time(20)),)
Opening = tuple[datetime, datetime]
"""From when until when people work, in UTC."""


@frozen(kw_only=True)
class WorkingHours:
    """When the people of one shop work.

    Attributes:
        shifts: Parts of a working day; a break is the gap between two. One that wraps midnight (`"21:00-06:00"`)
            belongs to the day on which it begins.
        days: Which days are working days: all of them (`Holidays.SEND`), all but public holidays (法定节假日), or
            workdays with make-up workdays (调休).
        zone: The zone of the wall clock.
        calendar: Knows holidays; mainland China by default.
        dates: Dates that differ, by date: other shifts, or none for a closed day. They win over `days`.
    """

    shifts: tuple[ClockRange, ...] = _SHIFTS
    days: Holidays = Holidays.SEND
    zone: ZoneInfo = CHINA
    calendar: Calendar = field(factory=ChinaCalendar)
    dates: Mapping[date, tuple[ClockRange, ...]] = field(factory=dict[date, tuple[ClockRange, ...]])

    def shifts_on(self, day: date) -> tuple[ClockRange, ...]:
        """The shifts that begin on a date; none if it is closed."""
        given = self.dates.get(day)
        if given is not None:
            return given
        return self.shifts if self._works(day) else ()

    def is_open(self, at: datetime) -> bool:
        """Whether people work at this instant; the end of a shift is closed."""
        return bool(self.between(at, at + timedelta.resolution))

    def next_open(self, at: datetime) -> datetime:
        """The instant itself, or the next opening.

        Raises:
            ConfigurationError: Nobody works for 400 days.
        """
        moment = require_aware(at, "at").astimezone(UTC)
        return max(next(start for _, start, end in self._openings(moment) if end > moment), moment)

    def add(self, start: datetime, span: timedelta) -> datetime:
        """When a span of work that begins at `start` is over.

        Whole days count working days: `1d` from Friday 15:00 is 15:00 of the next working day, or the end of its last
        shift if that comes earlier. What remains counts working hours.

        Args:
            start: Aware.
            span: Not negative; 24 hours are one working day.

        Raises:
            ConfigurationError: Nobody works for 400 days.
        """
        moment = self._skip_days(self.next_open(start), span.days)
        rest = span - timedelta(days=span.days)
        if not rest:
            return moment
        for _, opens, closes in self._openings(moment):
            begun = max(opens, moment)
            if closes - begun >= rest:
                return begun + rest
            rest -= max(closes - begun, timedelta())
        raise AssertionError  # pragma: no cover - the openings never end without an error

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two instants; zero if `end` is not after `start`."""
        first, last = require_aware(start, "start").astimezone(UTC), require_aware(end, "end").astimezone(UTC)
        total = timedelta()
        for _, opens, closes in self._openings(first, until=last):
            total += max(min(closes, last) - max(opens, first), timedelta())
        return total

    def _works(self, day: date) -> bool:
        if self.days is Holidays.SEND:
            return True
        known = self.calendar.day(day)
        return not known.statutory if self.days is Holidays.SKIP_STATUTORY else known.workday

    def _skip_days(self, moment: datetime, count: int) -> datetime:
        if not count:
            return moment
        today = next(day for day, opens, closes in self._openings(moment) if opens <= moment < closes)
        # Counted from the midnight of the shift's own day: 02:00 of a night shift is hour 26.
        passed = moment.astimezone(self.zone).replace(tzinfo=None) - datetime.combine(today, time())
        day = today
        for _ in range(count):
            day = self._next_day(day)
        openings = self._openings_of(day)
        target = datetime.combine(day, time()) + passed
        wanted = wall_to_utc(target.date(), target.time(), self.zone)
        return next((max(opens, wanted) for opens, closes in openings if closes > wanted), openings[-1][1])

    def _next_day(self, day: date) -> date:
        for ahead in range(1, _CLOSED + 1):
            if self._openings_of(day + ahead * _DAY):
                return day + ahead * _DAY
        raise _never(day)

    def _openings(self, moment: datetime, until: datetime | None = None) -> Iterator[tuple[date, datetime, datetime]]:
        """Openings in order, with their day: from the one that may still be open at the moment; never two at once."""
        day = moment.astimezone(self.zone).date() - _DAY
        last, closed = datetime.min.replace(tzinfo=UTC), 0
        while until is not None or closed <= _CLOSED:
            openings = self._openings_of(day)
            for opens, closes in openings:
                if until is not None and opens >= until:
                    return
                if closes > last:
                    yield day, max(opens, last), closes
                    last = closes
            closed = 0 if openings else closed + 1
            day += _DAY
            if until is not None and day > until.astimezone(self.zone).date():
                return
        raise _never(day)

    def _openings_of(self, day: date) -> tuple[Opening, ...]:
        return _openings_of(day, tuple(self.shifts_on(day)), self.zone)


# Every deadline asks for the same few days again and again.
@lru_cache(maxsize=4096)
def _openings_of(day: date, shifts: tuple[ClockRange, ...], zone: ZoneInfo) -> tuple[Opening, ...]:
    found: list[Opening] = []
    for shift in shifts:
        ends = day if shift.start < shift.end else day + _DAY
        opens, closes = wall_to_utc(day, shift.start, zone), wall_to_utc(ends, shift.end, zone)
        if closes > opens:
            found.append((opens, closes))
    return tuple(sorted(found))


def _never(day: date) -> ConfigurationError:
    msg = f"nobody works in the {_CLOSED} days before {day}: check shifts, days and dates of the working hours"
    return ConfigurationError(msg)
