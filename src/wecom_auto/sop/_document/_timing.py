"""Offsets, durations, clock windows and lateness as values, with the one rule that turns them into instants.

Never reads the clock and knows no holidays: those belong to `calendar`.
"""

from __future__ import annotations

import calendar as _gregorian
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from wecom_auto.sop._document._problems import DefinitionError

_DURATION: Final = re.compile(r"([0-9]{1,5})(min|h|d)")
_OFFSET: Final = re.compile(r"([+-])([0-9]{1,5})(min|h|d|mo)(?: ([0-9]{2}:[0-9]{2}))?")
_RANGE: Final = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_LATE: Final = re.compile(r"drop after ([0-9]{1,5}(?:min|h|d))")
_UNITS: Final = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DAY: Final = 1440
MAX_DAYS: Final = 3700
"""Ten years: the longest offset a definition may use."""
YEARS: Final = range(1600, 9000)
"""Years that a date may have. Other systems write 9999-12-31 for "never" and 0001-01-01 for "not known"."""


def parse_duration(text: object) -> timedelta:
    """Read `"30min"`, `"24h"` or `"2d"`.

    Args:
        text: A whole number and a unit, at most ten years.

    Raises:
        DefinitionError: Another form.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        problem = f"{text!r:.60} is not a duration"
        raise DefinitionError(problem, remedy="write 30min, 24h or 2d")
    value = int(match[1]) * _UNITS[match[2]]
    if value > timedelta(days=MAX_DAYS):
        problem = f"{text!r} is longer than {MAX_DAYS} days"
        raise DefinitionError(problem)
    return value


def format_duration(value: timedelta) -> str:
    """The canonical text, in the largest unit that divides the value: 24 hours are `1d`."""
    minutes = int(value.total_seconds() // 60)
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}min"


def parse_clock(text: str) -> time:
    """Read `"09:30"`; `"24:00"` is refused, write `"23:59"`.

    Raises:
        DefinitionError: Not a time of day.
    """
    try:
        return time(int(text[:2]), int(text[3:]))
    except ValueError:
        problem = f"{text!r} is not a time of day"
        raise DefinitionError(problem, remedy="write HH:MM from 00:00 to 23:59") from None


@frozen
class Offset:
    """When a step is due, counted from the anchor.

    Anchored, never chained: a late step does not shift the next one.

    Attributes:
        count: How many units, negative before the anchor.
        unit: `min`, `h` (elapsed time), `d` or `mo` (calendar time; months clamp at the end of the month).
        clock: Wall-clock time on that day; `None` keeps the anchor's own time.

    Raises:
        DefinitionError: Too far away, or a time of day together with hours or minutes.
    """

    count: int
    unit: str
    clock: time | None = None

    @classmethod
    def parse(cls, text: object) -> Offset:
        """Read `"+3d 10:00"`, `"-90d 10:00"`, `"+0d"`, `"+2h"`, `"+15min"` or `"+1mo 10:00"`.

        Raises:
            DefinitionError: Another form, too far away, or a time of day together with hours or minutes.
        """
        match = _OFFSET.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            problem = f"{text!r:.60} is not an offset"
            raise DefinitionError(problem, remedy='write "+3d 10:00", "-90d 10:00", "+0d" or "+2h"')
        return cls(int(match[1] + match[2]), match[3], parse_clock(match[4]) if match[4] else None)

    def __attrs_post_init__(self) -> None:
        if self.clock is not None and self.unit in {"h", "min"}:
            problem = f"{str(self)!r} counts {self.unit} and cannot also name a time of day"
            raise DefinitionError(problem, remedy="count days, or leave the time of day out")
        # The count first: one of many digits is no span of time at all.
        if abs(self.count) > MAX_DAYS * _DAY or abs(self.approximate) > timedelta(days=MAX_DAYS):
            problem = f"{str(self)!r} is more than {MAX_DAYS} days away"
            raise DefinitionError(problem)

    def __str__(self) -> str:
        clock = f" {self.clock:%H:%M}" if self.clock is not None else ""
        return f"{self.count:+d}{self.unit}{clock}"

    @property
    def approximate(self) -> timedelta:
        """The length of the offset for sorting and limits; a month counts 30.44 days."""
        size = timedelta(days=30.44) if self.unit == "mo" else _UNITS[self.unit]
        clock = self.clock or time()
        return self.count * size + timedelta(hours=clock.hour, minutes=clock.minute)

    @property
    def before_anchor(self) -> bool:
        """Whether the step prepares the anchor (a deadline) rather than follows it."""
        return self.count < 0

    def resolve(self, anchor_at: datetime, zone: ZoneInfo) -> datetime:
        """The nominal instant in UTC, before windows and holidays.

        Args:
            anchor_at: Aware time of the anchor.
            zone: The definition's zone; day arithmetic is done on its wall clock, the offset to UTC is applied last.

        Raises:
            OverflowError: There is no such date: it is before the year 1 or after 9999.
        """
        if self.unit in {"h", "min"}:
            return anchor_at.astimezone(UTC) + self.count * _UNITS[self.unit]
        local = anchor_at.astimezone(zone)
        day = _add_months(local.date(), self.count) if self.unit == "mo" else local.date() + timedelta(days=self.count)
        if self.clock is None and not self.count:
            return anchor_at.astimezone(UTC)
        return wall_to_utc(day, self.clock or local.time(), zone)


@frozen
class ClockRange:
    """A part of the day, start included, end excluded; it may wrap midnight (`"21:00-08:30"`)."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: object) -> ClockRange:
        """Read `"09:30-12:00"`.

        Raises:
            DefinitionError: Another form, or an empty range.
        """
        match = _RANGE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            problem = f"{text!r:.60} is not a part of the day"
            raise DefinitionError(problem, remedy='write "09:30-12:00"')
        found = cls(parse_clock(match[1]), parse_clock(match[2]))
        if found.start == found.end:
            problem = f"{text!r} is empty"
            raise DefinitionError(problem, remedy="leave the range out to allow the whole day")
        return found

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def minutes(self) -> tuple[tuple[int, int], ...]:
        """The range as half-open minute intervals of one day, split at midnight."""
        start, end = _minute(self.start), _minute(self.end)
        if start < end:
            return ((start, end),)
        return ((0, end), (start, _DAY)) if end else ((start, _DAY),)


def open_minutes(allow: tuple[ClockRange, ...], quiet: tuple[ClockRange, ...]) -> tuple[tuple[int, int], ...]:
    """The sorted, disjoint minute intervals of a day that are allowed and not quiet."""
    on = [not allow] * _DAY
    for value, ranges in ((True, allow), (False, quiet)):
        for start, end in (span for item in ranges for span in item.minutes()):
            on[start:end] = [value] * (end - start)
    padded = [False, *on, False]
    edges = [minute for minute in range(_DAY + 1) if padded[minute] != padded[minute + 1]]
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def parse_late(text: object) -> timedelta:
    """Read `"drop after 2d"`: a touch later than that is skipped, never sent after an outage.

    Raises:
        DefinitionError: Another form.
    """
    match = _LATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        problem = f"{text!r:.60} is not a rule for late touches"
        raise DefinitionError(problem, remedy='write "drop after 2d"')
    return parse_duration(match[1])


def parse_zone(name: object) -> ZoneInfo:
    """Look a time zone up in the tz database.

    Raises:
        DefinitionError: The database of this machine does not know it.
    """
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problem = f"{name!r:.60} is not a time zone of the tz database"
        raise DefinitionError(problem, remedy="write Asia/Shanghai, or install the tzdata package") from None


def wall_to_utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time.

    A time that exists twice means the first one (`fold=0`); a time that the clock jumps over moves forward
    by the length of the jump, which is what `fold=0` gives as well.
    """
    return datetime.combine(day, clock.replace(fold=0), zone).astimezone(UTC)


def to_instant(value: object, zone: ZoneInfo) -> datetime | None:
    """The instant of an anchor attribute; a plain date means its first moment in the zone.

    Args:
        value: `"2026-11-12"`, an ISO date-time with an offset, a `date`, or an aware `datetime`.
        zone: The definition's zone.

    Returns:
        An aware time in UTC, or `None` for a value that is not a date, or no date that anything can be counted from.
    """
    found = _as_date(value)
    if found is None or found.year not in YEARS:
        return None
    return found.astimezone(UTC) if isinstance(found, datetime) else wall_to_utc(found, time(), zone)


def is_beyond(value: object) -> bool:
    """Whether a value is a date, but of no year that anything can be counted from, such as 9999-12-31."""
    found = _as_date(value)
    return found is not None and found.year not in YEARS


def _as_date(value: object) -> date | None:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) <= len("2026-11-12") else datetime.fromisoformat(value)
        except ValueError:
            return None
    # A naive time is another instant on every machine.
    return value if isinstance(value, date) and getattr(value, "tzinfo", UTC) is not None else None


def month_day(year: int, month: int, day: int) -> date:
    """A day of a month, clamped at the end of a shorter one: 31 in April is the 30th, 29 February may be the 28th."""
    return date(year, month, min(day, _gregorian.monthrange(year, month)[1]))


def _add_months(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if not date.min.year <= year <= date.max.year:
        msg = f"there is no year {year}"
        raise OverflowError(msg)
    return month_day(year, month + 1, day.day)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute
