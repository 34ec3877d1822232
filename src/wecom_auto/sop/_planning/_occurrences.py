"""When a trigger that is a date comes round: birthdays, weekdays, days of the month, a day, a vehicle's dates.

Pure: it enrols nobody and reads no clock. One occurrence has one key for ever, so enrolling by key never enrols twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from wecom_auto._time import require_aware
from wecom_auto._types import JSON
from wecom_auto.sop._document._entering import Entry, read_calendar
from wecom_auto.sop._document._timing import MAX_DAYS, month_day, to_instant, wall_to_utc

_DAY_OF_YEAR: Final = re.compile(r"(?:--)?([0-9]{2})-([0-9]{2})")
_LEAP: Final = 2000
"""A year that has every day of every year."""


@frozen
class Occurrence:
    """One time at which a trigger lets its subject in.

    Attributes:
        key: Stable text, for example `birthday:2027`, `calendar:2026-10-05` or `vehicle.policy_end:2026-11-12`.
            A birthday has one a year, so a corrected birthday congratulates nobody twice.
        at: What the offsets count from: the first moment of that day in the definition's zone, in UTC.
    """

    key: str
    at: datetime


def occurrences(
    entry: Entry, value: JSON | date, zone: ZoneInfo, since: datetime, until: datetime
) -> tuple[Occurrence, ...]:
    """When a trigger comes round in a span of time.

    Args:
        entry: The entry rules; a trigger that is not a date has no occurrences.
        value: The subject's value of the anchor attribute, for example `"1990-02-29"`; not looked at for `calendar`.
            A birthday may leave the year out (`"02-29"`). 29 February is kept on 28 February in other years.
        zone: The definition's zone.
        since: Aware; the first moment of the span.
        until: Aware; the first moment after it, at most ten years later.

    Returns:
        The occurrences in order; empty for a value that is not a date.

    Raises:
        ValidationError: A naive time.
        ValueError: The span is longer than ten years.
    """
    first, last = require_aware(since, "since").astimezone(UTC), require_aware(until, "until").astimezone(UTC)
    if last - first > timedelta(days=MAX_DAYS):
        msg = f"the span is longer than {MAX_DAYS} days: ask for less at a time"
        raise ValueError(msg)
    # A day on either side: the span is in UTC and the days are those of the zone.
    found = _days(entry, value, zone, first.date() - timedelta(days=2), last.date() + timedelta(days=2))
    return tuple(one for one in found if first <= one.at < last)


def _days(entry: Entry, value: JSON | date, zone: ZoneInfo, first: date, last: date) -> Iterator[Occurrence]:
    match entry.trigger:
        case "birthday":
            yield from _birthdays(value, zone, first.year, last.year)
        case "calendar":
            for day in _calendar_days(entry, first, last):
                yield Occurrence(f"calendar:{day}", wall_to_utc(day, time(), zone))
        case "vehicle":
            at = to_instant(value, zone)
            if at is not None:
                yield Occurrence(f"{entry.anchor}:{at.astimezone(zone).date()}", at)
        case _:
            pass


def _birthdays(value: JSON | date, zone: ZoneInfo, first: int, last: int) -> Iterator[Occurrence]:
    born = _born(value, zone)
    for year in range(first, last + 1) if born is not None else ():
        month, day = born or (1, 1)
        yield Occurrence(f"birthday:{year}", wall_to_utc(month_day(year, month, day), time(), zone))


def _born(value: JSON | date, zone: ZoneInfo) -> tuple[int, int] | None:
    if isinstance(value, str) and (match := _DAY_OF_YEAR.fullmatch(value)):
        month, day = int(match[1]), int(match[2])
        try:
            date(_LEAP, month, day)
        except ValueError:
            return None
        return month, day
    at = to_instant(value, zone)
    if at is None:
        return None
    local = at.astimezone(zone)
    return local.month, local.day


def _calendar_days(entry: Entry, first: date, last: date) -> Iterator[date]:
    rule = read_calendar(entry.subject)
    if isinstance(rule, date):
        yield rule
    elif isinstance(rule, int):
        for count in range((last.year - first.year) * 12 + last.month - first.month + 1):
            year, month = divmod(first.year * 12 + first.month - 1 + count, 12)
            yield month_day(year, month + 1, rule)
    elif rule is not None:
        days = (first + timedelta(days=count) for count in range((last - first).days + 1))
        yield from (day for day in days if day.weekday() in rule)
