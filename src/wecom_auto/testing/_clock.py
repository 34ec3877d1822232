"""The fake's time: it moves only when it is told to. Never reads the wall clock, never sleeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from anyio.lowlevel import checkpoint

from wecom_auto._time import CHINA, require_aware

__all__ = ["DEFAULT_NOW", "VirtualClock"]

DEFAULT_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
"""A Monday morning: where every fake starts unless told otherwise."""


class VirtualClock:
    """A clock that stands still until somebody advances it.

    Args:
        now: The first reading; must be aware.
    """

    def __init__(self, now: datetime = DEFAULT_NOW) -> None:
        self._seconds = require_aware(now, "now").timestamp()
        self._lock = threading.Lock()
        self._followers: list[Callable[[], object]] = []

    def now(self) -> datetime:
        """Return the virtual time as an aware UTC datetime."""
        return datetime.fromtimestamp(self._seconds, UTC)

    def time(self) -> float:
        """Return the virtual time in unix seconds; pass this method wherever a `Clock` is wanted."""
        return self._seconds

    def advance(
        self,
        by: timedelta = timedelta(0),
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Move forward and return the new time.

        Args:
            by: How far; the keyword amounts are added to it.
            days: Days of 24 hours.
            hours: Hours.
            minutes: Minutes.
            seconds: Seconds.

        Raises:
            ValueError: The sum is negative; this clock never goes back.
        """
        step = (by + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)).total_seconds()
        if step < 0:
            msg = f"advance: {step} s would move the clock back; give a positive duration"
            raise ValueError(msg)
        with self._lock:
            self._seconds += step
        for follow in self._followers:
            follow()
        return self.now()

    def follow(self, follower: Callable[..., object]) -> None:
        """Call `follower` after every move: what was to happen by then happens now."""
        self._followers.append(follower)

    def advance_to(self, moment: datetime) -> datetime:
        """Move forward to `moment` and return it.

        Raises:
            ValueError: `moment` lies in the past of this clock.
        """
        return self.advance(seconds=require_aware(moment, "moment").timestamp() - self._seconds)

    def sleep(self, seconds: float) -> None:
        """Advance instead of sleeping; give this to whatever wants a `sleep` function."""
        self.advance(seconds=seconds)
        # Who waits for another thread would turn in circles, and move the clock by hours, before that one gets a turn.
        time.sleep(0)

    async def sleep_async(self, seconds: float) -> None:
        """Advance instead of sleeping, for code that awaits its pauses; other tasks get a turn."""
        self.advance(seconds=seconds)
        await checkpoint()

    def __repr__(self) -> str:
        return f"VirtualClock({self.now().isoformat()})"
