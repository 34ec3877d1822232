"""Count calls the way the platform does and say when it has had enough. Reads time from its arguments only.

Unverified: the platform does not say whether its windows are fixed or sliding; these are fixed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from attrs import define

from wecom_auto._time import CHINA
from wecom_auto.testing._settings import Limits, RateRule, Window
from wecom_auto.testing._wire import Refusal

__all__ = ["Limiter", "window_end"]

RATE, CONCURRENCY = 45009, 45033
SECONDS: dict[Window, int] = {"minute": 60, "hour": 3_600, "day": 86_400, "month": 30 * 86_400}


def window_end(window: Window, now: float) -> float:
    """Return when a block that starts now is lifted: the rest of the day, or one whole window (90454)."""
    if window != "day":
        return now + SECONDS[window]
    local = datetime.fromtimestamp(now, CHINA)
    return (local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).timestamp()


@define
class _Counter:
    """Calls of one path in one window."""

    until: float = 0.0
    used: int = 0
    blocked_until: float = 0.0


class Limiter:
    """The frequency and concurrency limits of one corp."""

    def __init__(self) -> None:
        self._counters: defaultdict[tuple[str, Window], _Counter] = defaultdict(_Counter)
        self.in_flight: defaultdict[str, int] = defaultdict(int)

    def check(self, path: str, limits: Limits, now: float) -> None:
        """Count one call of `path`.

        Raises:
            Refusal: 45033 above the concurrency limit, 45009 above a frequency limit or while blocked.
        """
        most = limits.concurrency.get(path)
        if most is not None and self.in_flight[path] > most:
            raise Refusal(CONCURRENCY, f"at most {most} calls at once")
        for rule in limits.paths.get(path, limits.base):
            self._count(path, rule, now)

    def _count(self, path: str, rule: RateRule, now: float) -> None:
        counter = self._counters[path, rule.window]
        if now >= counter.until:
            counter.until, counter.used = window_end(rule.window, now), 0
        if now < counter.blocked_until:
            raise Refusal(RATE, f"blocked, {rule.count} a {rule.window}")
        counter.used += 1
        if counter.used > rule.count:
            counter.blocked_until = window_end(rule.window, now)
            raise Refusal(RATE, f"more than {rule.count} a {rule.window}")
