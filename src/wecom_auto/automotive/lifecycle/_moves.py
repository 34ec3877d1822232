"""Decide what a piece of news does to a customer's stage or grade. Pure: no clock, no database.

News comes late, twice and out of order. Nothing that happened before what is known takes a customer back.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Final

from attrs import field, frozen, validators

from wecom_auto._time import require_aware
from wecom_auto.automotive.lifecycle._stages import Lifecycle
from wecom_auto.errors import ConfigurationError, WeComError

NOTE_LENGTH: Final = 500
_WHO: Final = 64


class TransitionError(WeComError, ValueError):
    """A stage that may not follow the present one.

    Attributes:
        stage: Where the customer is; empty for one who is nowhere yet.
        wanted: Where the customer should go.
        allowed: Where the customer may go.
    """

    def __init__(self, stage: str, wanted: str, allowed: tuple[str, ...]) -> None:
        self.stage, self.wanted, self.allowed = stage, wanted, allowed
        super().__init__(
            f"no way from {stage or 'the beginning'} to {wanted}; allowed: {', '.join(allowed) or 'nothing'}"
        )

    def __reduce__(self) -> tuple[type[TransitionError], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.stage, self.wanted, self.allowed)


class LossKind(enum.StrEnum):
    """Who says that a customer is lost."""

    DECLARED = "declared"
    """主动战败: the customer."""
    JUDGED = "judged"
    """主观战败: the advisor; about half of all losses, which is why somebody looks again."""
    TIMED_OUT = "timed_out"
    """超时战败: the lost period is over."""


class Outcome(enum.StrEnum):
    """What became of a piece of news."""

    MOVED = "moved"
    """It changed the stage or grade."""
    SAME = "same"
    """It was known."""
    LATE = "late"
    """It happened before what is known, and leads no further: history keeps it, the stage stays."""
    REFUSED = "refused"
    """The lifecycle has no such way: history keeps it, the stage stays."""


@frozen(kw_only=True)
class Move:
    """News about the stage of one customer.

    Attributes:
        stage: Code of the stage.
        at: When it happened; aware.
        reason: For a loss its code, such as ``price``; else what you like, up to 64 characters.
        loss: For a loss: who says so.
        by: Who or what says it: a userid, ``dms``, a SOP.
        note: More about it, up to 500 characters; no personal data, history is never deleted by itself.
    """

    stage: str
    at: datetime
    reason: str = field(default="", validator=validators.max_len(_WHO))
    loss: LossKind = LossKind.JUDGED
    by: str = field(default="", validator=validators.max_len(_WHO))
    note: str = field(default="", validator=validators.max_len(NOTE_LENGTH))

    def __attrs_post_init__(self) -> None:
        require_aware(self.at, "at")


@frozen(kw_only=True)
class Position:
    """Where a customer is.

    Attributes:
        external_userid: The customer.
        value: Code of the stage or grade.
        since: Since when.
        active_at: The last sign of life.
        review_at: When somebody should look again; None if nobody has to.
        number: How many entries its history has.
    """

    external_userid: str
    value: str
    since: datetime
    active_at: datetime
    review_at: datetime | None = None
    number: int = 1


def decide(lifecycle: Lifecycle, here: Position | None, move: Move) -> Outcome:
    """Say what a move does to a customer.

    Args:
        lifecycle: The rules.
        here: Where the customer is; None for one who is nowhere yet.
        move: What is said to have happened.

    Raises:
        ConfigurationError: no such stage, or a loss without a reason code.
    """
    lifecycle.stage(move.stage)
    if move.stage == lifecycle.lost_stage:
        lifecycle.reason(move.reason)
    if here is not None and move.stage == here.value:
        return Outcome.SAME
    if here is not None and move.at < here.since and not _leads_on(lifecycle, here.value, move.stage):
        return Outcome.LATE
    return Outcome.MOVED if move.stage in lifecycle.allowed(here.value if here else None) else Outcome.REFUSED


def _leads_on(lifecycle: Lifecycle, here: str, wanted: str) -> bool:
    """An order of ten o'clock that is told after a visit of eleven is still an order; a loss of ten is none."""
    return -1 not in {lifecycle.rank(here), lifecycle.rank(wanted)} and lifecycle.rank(wanted) > lifecycle.rank(here)


def silent(lifecycle: Lifecycle, here: Position, now: datetime) -> bool:
    """Whether a prospect has given no sign of life for the whole lost period (战败周期)."""
    return lifecycle.stage(here.value).prospect and require_aware(now, "now") - here.active_at >= lifecycle.lost_after


def next_review(lifecycle: Lifecycle, lost_at: datetime, after: datetime) -> datetime | None:
    """Return when a loss is looked at next, None when the last look is over.

    Args:
        lifecycle: The rules.
        lost_at: When the customer was lost.
        after: The moment of the last look, or of the loss.

    Raises:
        ConfigurationError: `after` lies before the loss.
    """
    if after < lost_at:
        msg = "a loss cannot be looked at before it happens"
        raise ConfigurationError(msg)
    return next((lost_at + one for one in lifecycle.reviews if lost_at + one > after), None)
