"""Say how long a call must wait to stay inside the platform's limits. Never sleeps, never reads the clock.

Three things are kept apart, as the platform keeps them:
calls in a window (45009), calls at once (45033), and the block that follows a broken window.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from itertools import repeat
from typing import Final

from attrs import define, frozen

__all__ = ["DEFAULT_CONCURRENCY", "DEFAULT_LIMITS", "Rate", "RateLimiter"]


@frozen
class Rate:
    """At most `calls` calls in any `seconds`."""

    calls: int
    seconds: float


DEFAULT_LIMITS: Final[Mapping[str, tuple[Rate, ...]]] = {
    # Manual 90454 (2023-08-28): per corp and API. An hour's worth is left to the platform and the breaker.
    "*": (Rate(10_000, 60),),
    # Manual 95094 (2026-02).
    "/cgi-bin/externalcontact/add_moment_task": (Rate(10, 60),),
    # Manual 91614 and 91782 (2025-05).
    "/cgi-bin/msgaudit/get_permit_user_list": (Rate(1_000, 60),),
    "/cgi-bin/msgaudit/check_single_agree": (Rate(2_500, 60),),
    "/cgi-bin/msgaudit/check_room_agree": (Rate(1_500, 60),),
    # Sending application messages does not count into the base limits (manual 90454).
    "/cgi-bin/message/send": (),
}
"""Limits by path; ``"*"`` holds for every path without its own."""

DEFAULT_CONCURRENCY: Final[Mapping[str, int]] = {
    # Unverified: no number is published for 45033; five at once is what integrators found to pass.
    "/cgi-bin/externalcontact/mark_tag": 5,
    # Manual 94883, 94890: one after the other only (仅支持串行调用).
    "/cgi-bin/externalcontact/customer_strategy/create": 1,
    "/cgi-bin/externalcontact/customer_strategy/edit": 1,
    "/cgi-bin/externalcontact/moment_strategy/create": 1,
    "/cgi-bin/externalcontact/moment_strategy/edit": 1,
}
"""Calls at once by path; other paths have no ceiling until the platform answers 45033."""

POLL_SECONDS: Final = 0.02
"""How soon to ask again when it depends on calls that are still under way."""
_UNLIMITED: Final = 1_000_000
_GROW_AFTER: Final = 50
"""Successes in a row after which one more call may be in flight."""


@define
class _Lane:
    """What one path has used.

    A call counts from the moment it is booked until a window after its answer:
    the platform counted it somewhere in between, so no window of the platform's ever holds more than ours.
    """

    rates: tuple[Rate, ...]
    ceiling: int
    answered: tuple[deque[float], ...]
    booked: int = 0
    in_flight: int = 0
    successes: int = 0
    blocked_until: float = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until a call may be booked."""
        return max([0.0, self.blocked_until - now, *map(self._window_wait, self.rates, self.answered, repeat(now))])

    def _window_wait(self, rate: Rate, answered: deque[float], now: float) -> float:
        while answered and answered[0] + rate.seconds <= now:
            answered.popleft()
        if len(answered) + self.booked < rate.calls:
            return 0.0
        return answered[0] + rate.seconds - now if answered else POLL_SECONDS


class RateLimiter:
    """Count calls per path, and answer how long the next one must wait.

    Share one between the clients of a corp in a process; the platform counts per corp and API, not per client.

    Args:
        limits: Replaces entries of `DEFAULT_LIMITS`; ``{"*": ()}`` lifts the general limit.
        concurrency: Replaces entries of `DEFAULT_CONCURRENCY`.
    """

    def __init__(
        self,
        limits: Mapping[str, tuple[Rate, ...]] | None = None,
        concurrency: Mapping[str, int] | None = None,
    ) -> None:
        self._limits = {**DEFAULT_LIMITS, **(limits or {})}
        self._concurrency = {**DEFAULT_CONCURRENCY, **(concurrency or {})}
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()

    def enter(self, path: str) -> bool:
        """Take a place among the calls at once; return whether there was one. Every place is given back by `leave`."""
        with self._lock:
            lane = self._lane(path)
            if lane.in_flight >= lane.ceiling:
                return False
            lane.in_flight += 1
            return True

    def delay(self, path: str, now: float) -> float:
        """Return the seconds until `path` may be called; 0 books a place in the window.

        Args:
            path: The path of the call.
            now: Unix seconds.
        """
        with self._lock:
            lane = self._lane(path)
            wait = lane.wait(now)
            lane.booked += wait == 0.0
            return wait

    def leave(self, path: str, now: float | None, *, crowded: bool = False) -> None:
        """Give the place back.

        Args:
            path: The path of the call.
            now: When the answer came, in unix seconds; None for a call that was not booked.
            crowded: Whether the platform answered 45033, which halves the calls at once.
        """
        with self._lock:
            lane = self._lane(path)
            if now is not None:
                lane.booked -= 1
                for log in lane.answered:
                    log.append(now)
            if crowded:
                lane.ceiling = max(1, min(lane.ceiling, lane.in_flight) // 2)
                lane.successes = 0
            elif lane.ceiling < self._concurrency.get(path, _UNLIMITED):
                lane.successes += 1
                lane.ceiling += lane.successes % _GROW_AFTER == 0
            lane.in_flight -= 1

    def block(self, path: str, now: float) -> float:
        """Open the breaker after 45009; return the seconds for which `path` stays blocked.

        Hitting a limit blocks the API for the length of its window (manual 90454); the shortest one is assumed.
        """
        with self._lock:
            lane = self._lane(path)
            seconds = min((rate.seconds for rate in lane.rates), default=60.0)
            lane.blocked_until = max(lane.blocked_until, now + seconds)
            return seconds

    def _lane(self, path: str) -> _Lane:
        lane = self._lanes.get(path)
        if lane is None:
            rates = self._limits.get(path, self._limits["*"])
            logs: tuple[deque[float], ...] = tuple(deque() for _ in rates)
            lane = self._lanes[path] = _Lane(rates, self._concurrency.get(path, _UNLIMITED), logs)
        return lane
