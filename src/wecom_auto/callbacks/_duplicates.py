"""Recognise an event that was delivered before. Remembers in memory, for minutes, in one process; nothing survives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from cachetools import TTLCache

__all__ = ["DuplicateGuard", "RecentKeys"]

# A redelivery comes within seconds; callbacks are kept apart for at least ten minutes to be sure.
_KEPT: Final = timedelta(minutes=10)


class DuplicateGuard(Protocol):
    """What a door asks before it hands an event on."""

    def claim(self, key: str) -> bool:
        """Return whether the key is new, and take it."""
        ...

    def release(self, key: str) -> None:
        """Give the key back: the event was not handled after all."""
        ...


class RecentKeys:
    """The keys of the last minutes, safe to share between threads.

    Args:
        kept_for: How long a key is remembered.
        at_most: How many keys are remembered; beyond that the oldest go first. One takes about 300 bytes.
        timer: Seconds that only grow.
    """

    __slots__ = ("_keys", "_lock")

    def __init__(
        self, *, kept_for: timedelta = _KEPT, at_most: int = 100_000, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys: TTLCache[str, None] = TTLCache(at_most, kept_for.total_seconds(), timer)
        self._lock = threading.Lock()

    def claim(self, key: str) -> bool:
        """Return whether the key is new, and take it."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            return True

    def release(self, key: str) -> None:
        """Give the key back, so that a redelivery is handled."""
        with self._lock:
            self._keys.pop(key, None)
