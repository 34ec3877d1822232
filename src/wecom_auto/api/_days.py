"""Days as the platform counts them: from midnight to midnight in Beijing. Never reads the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from wecom_auto._time import CHINA, require_aware, to_unix
from wecom_auto._types import Unset
from wecom_auto.errors import ValidationError

__all__ = ["beijing_day", "midnight", "spans"]


def beijing_day(field: str, day: date) -> date:
    """Return the day in Beijing of a date, or of an aware datetime.

    Args:
        field: The name of the argument, for the message.
        day: A date is a Beijing day already.

    Raises:
        ValidationError: A datetime without a time zone, or neither a date nor a datetime.
    """
    if isinstance(day, datetime):
        return require_aware(day, field).astimezone(CHINA).date()
    if not isinstance(day, date):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValidationError(field, value=f"a value of type {type(day).__name__}", limit="a date or an aware datetime")
    return day


def midnight(field: str, day: date | Unset) -> int | Unset:
    """Return the unix seconds at which a day begins in Beijing; see `beijing_day`."""
    if isinstance(day, Unset):
        return day
    return to_unix(datetime.combine(beijing_day(field, day), time(), CHINA))


def spans(first: date, last: date, most: int) -> Iterator[tuple[date, date]]:
    """Cut the days from `first` to `last` into spans of at most `most`, both ends included."""
    while first <= last:
        end = min(last, first + timedelta(days=most - 1))
        yield first, end
        first = end + timedelta(days=1)
