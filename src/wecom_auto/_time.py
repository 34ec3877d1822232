"""Convert between aware datetimes and the platform's unix seconds. Never reads the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from wecom_auto.errors import ValidationError

__all__ = ["CHINA", "Clock", "from_unix", "require_aware", "to_unix"]

Clock: TypeAlias = Callable[[], float]
"""Answers the current time in unix seconds; `time.time` unless a test or the fake brings its own."""

CHINA = ZoneInfo("Asia/Shanghai")
"""The zone in which the platform counts days, and the default zone of schedules."""


def require_aware(moment: datetime, field: str) -> datetime:
    """Return `moment`, or refuse it when it carries no time zone.

    Args:
        moment: The time that a user passed.
        field: The name of the argument, for the message.

    Raises:
        ValidationError: `moment` is naive, so it names a different instant on every machine, or no datetime.
    """
    if not isinstance(moment, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValidationError(field, value=f"a value of type {type(moment).__name__}", limit="an aware datetime")
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValidationError(
            field,
            value=moment.isoformat(),
            limit="an aware datetime, for example datetime(2026, 3, 1, 10, tzinfo=ZoneInfo('Asia/Shanghai'))",
        )
    return moment


def to_unix(moment: datetime, field: str = "datetime") -> int:
    """Return whole unix seconds, refusing a naive `moment`."""
    return int(require_aware(moment, field).timestamp())


def from_unix(seconds: float) -> datetime:
    """Return the aware UTC time of unix `seconds`."""
    return datetime.fromtimestamp(seconds, UTC)
