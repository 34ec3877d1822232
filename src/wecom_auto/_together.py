"""Several calls of which some may be under way at once. Starts no thread and no task: that is what drivers do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from attrs import define, field

from wecom_auto._call import Call
from wecom_auto.errors import ValidationError, WeComError

__all__ = ["Together", "check_concurrency"]

V = TypeVar("V")

_MOST_AT_ONCE: Final = 100


def check_concurrency(concurrency: int) -> None:
    """Refuse a number of calls at once that helps nobody.

    Raises:
        ValidationError: Not 1 to 100.
    """
    if not 1 <= concurrency <= _MOST_AT_ONCE:
        field_name = "concurrency"
        raise ValidationError(field_name, value=str(concurrency), limit=f"1 to {_MOST_AT_ONCE}")


@define
class Together(Generic[V]):
    """Calls of which some may be under way at once; a workflow yields it and gets the list of outcomes.

    An outcome is what the call answered, or the `WeComError` it ended with.
    The list is shorter than the calls if `watch` said to stop: calls are started in order, and those that were
    started are finished.

    Attributes:
        calls: Taken one by one, when there is room; a `WeComError` while one is made is that call's outcome.
        at_once: The most calls under way; 1 uses no thread.
        watch: Is told the place and the outcome of each call as it comes, one at a time; True stops.
    """

    calls: Iterable[Call[V]]
    at_once: int = 1
    watch: Callable[[int, V | WeComError], bool] = lambda _place, _outcome: False
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _calls: Iterator[Call[V]] = field(init=False)
    _outcomes: dict[int, V | WeComError] = field(factory=dict, init=False)
    _taken: int = field(default=0, init=False)
    _stopped: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        check_concurrency(self.at_once)
        self._calls = iter(self.calls)

    def take(self) -> tuple[int, Call[V]] | None:
        """Return the next call and its place, None when there is none or it is time to stop."""
        with self._lock:
            while not self._stopped:
                place = self._taken
                try:
                    call = next(self._calls, None)
                except WeComError as error:
                    self._taken += 1
                    self._keep(place, error)
                    continue
                if call is None:
                    return None
                self._taken += 1
                return place, call
            return None

    def put(self, place: int, outcome: V | WeComError) -> None:
        """Keep an outcome."""
        with self._lock:
            self._keep(place, outcome)

    def _keep(self, place: int, outcome: V | WeComError) -> None:
        self._outcomes[place] = outcome
        self._stopped = self.watch(place, outcome) or self._stopped

    def stop(self) -> None:
        """Start no more calls."""
        with self._lock:
            self._stopped = True

    def outcomes(self) -> list[V | WeComError]:
        """Return the outcomes in the order of the calls."""
        return [self._outcomes[place] for place in sorted(self._outcomes)]
