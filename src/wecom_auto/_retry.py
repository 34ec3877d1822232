"""Decide whether a call is sent again, and after how long. Never sends, never sleeps.

The rules stand in two tables: what the call does (`Effect`), and what the error code says about it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from wecom_auto._call import Effect
from wecom_auto.errors import Applied, ErrorCode, ErrorKind, RetryRule

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["RetryPolicy", "is_done", "may_repeat"]


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how patiently a call is repeated.

    Attributes:
        attempts: Most times a call is sent; 1 switches repeating off. The platform asks for at most 3 after -1.
        wait_seconds: The first pause; it doubles each time.
        max_wait_seconds: No single pause is longer.
    """

    attempts: int = 3
    wait_seconds: float = 1.0
    max_wait_seconds: float = 8.0

    def pause(self, attempt: int, random: Callable[[], float]) -> float:
        """Return the seconds to wait after `attempt` sends: doubling, with the upper half left to chance."""
        state: RetryCallState = _retry_state()
        state.attempt_number = attempt
        return float(_waiting(self.wait_seconds, self.max_wait_seconds)(state)) * (0.5 + random() / 2)


@cache
def _waiting(first: float, most: float) -> Any:
    from tenacity import wait_exponential  # costs 15 ms to import, and most programs never need it

    return wait_exponential(multiplier=first, max=most)


def _retry_state() -> RetryCallState:
    from tenacity import RetryCallState, Retrying

    return RetryCallState(Retrying(), None, (), {})


def may_repeat(effect: Effect, applied: Applied) -> bool:
    """Return whether sending again cannot do harm.

    Args:
        effect: What the call does.
        applied: Whether the platform may have carried it out.
    """
    return applied is Applied.NO or (applied is Applied.UNKNOWN and effect.repeatable)


_DONE: Final = {
    Effect.DELETE: frozenset({ErrorKind.NOT_FOUND, ErrorKind.ALREADY_EXISTS}),
    Effect.SET: frozenset({ErrorKind.ALREADY_EXISTS}),
}


def is_done(effect: Effect, code: ErrorCode, *, in_doubt: bool) -> bool:
    """Return whether an error means that an earlier try of the same call had worked.

    Args:
        effect: What the call does.
        code: What the platform answers now.
        in_doubt: Whether an earlier try ended without anybody knowing what became of it.
    """
    return in_doubt and code.retry is RetryRule.NO and code.kind in _DONE.get(effect, ())
