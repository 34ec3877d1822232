"""Classify what became of a create call: made, certainly not made, wrong, or nobody knows. Calls nobody.

Only what certainly did not happen may be asked for again; in doubt an outcome is `Lost`.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Final, TypeAlias

from attrs import frozen

from wecom_auto.errors import (
    APIError,
    Applied,
    ConfigurationError,
    ErrorKind,
    RateLimitError,
    ValidationError,
    WeComError,
    error_code,
)

_NOBODY_LEFT: Final = 41048
_NEVER_WAITS: Final = timedelta(0)


class Trouble(enum.Enum):
    """What would go wrong again at once with another batch."""

    EVERYTHING = "everything"
    """The secret, the token, the address or the network: a person may have to mend it."""
    THIS_CALL = "this call"
    """A limit of this call of the platform; it passes by itself."""


@frozen(kw_only=True)
class Created:
    """The platform made the task, or a job that makes it.

    Attributes:
        msgid: The task; empty as long as only its job is known.
        jobid: The job, for a moment.
        refused: Customers or groups named in ``fail_list``: they get nothing.
    """

    msgid: str = ""
    jobid: str = ""
    refused: tuple[str, ...] = ()


@frozen(kw_only=True)
class NotCreated:
    """The task was certainly not made, and the same request may succeed later.

    Attributes:
        reason: Why.
        wait: How long the platform wants to be left alone.
        trouble: Whether every other call would meet the same, or every other one of this kind.
    """

    reason: str
    wait: timedelta = _NEVER_WAITS
    trouble: Trouble | None = None


@frozen(kw_only=True)
class Wrong:
    """The task was certainly not made, and the same request will never succeed.

    Attributes:
        reason: Why.
        refused: Whether it is the customers, none of whom may get it, and not the request.
    """

    reason: str
    refused: bool = False


@frozen(kw_only=True)
class Lost:
    """Nobody knows whether the task was made."""

    reason: str


Outcome: TypeAlias = Created | NotCreated | Wrong | Lost


def outcome_of(error: WeComError) -> Outcome:
    """Classify a failed create call; in doubt it is `Lost`."""
    if isinstance(error, ValidationError):
        return Wrong(reason="failed:invalid")
    if isinstance(error, ConfigurationError):
        return NotCreated(reason="blocked:configuration", wait=timedelta(minutes=15), trouble=Trouble.EVERYTHING)
    if getattr(error, "applied", Applied.UNKNOWN) is not Applied.NO:
        return Lost(reason=f"unknown:{_label(error)}")
    if isinstance(error, APIError):
        return _refusal(error)
    return NotCreated(reason=f"blocked:{_label(error)}", trouble=Trouble.EVERYTHING)


# The administrator can mend these, and then the same request is fine.
_MENDABLE: Final = frozenset({ErrorKind.IP_NOT_ALLOWED, ErrorKind.PERMISSION, ErrorKind.LICENSE})
_FOR_ALL: Final = frozenset({ErrorKind.TOKEN, ErrorKind.IP_NOT_ALLOWED})
_PASSING: Final = frozenset({ErrorKind.TOKEN, ErrorKind.RATE_LIMIT, ErrorKind.SYSTEM_BUSY})


def _refusal(error: APIError) -> Outcome:
    kind = error_code(error.errcode).kind
    if isinstance(error, RateLimitError):
        wait = timedelta(seconds=error.retry_after)
        return NotCreated(reason=f"blocked:{error.errcode}", wait=wait, trouble=Trouble.THIS_CALL)
    trouble = Trouble.EVERYTHING if kind in _FOR_ALL else None
    if kind in _PASSING:
        return NotCreated(reason=f"blocked:{error.errcode}", trouble=trouble)
    if kind in _MENDABLE:
        return NotCreated(reason=f"blocked:{error.errcode}", wait=timedelta(minutes=15), trouble=trouble)
    return Wrong(reason=f"failed:{error.errcode}", refused=error.errcode == _NOBODY_LEFT)


def _label(error: WeComError) -> str:
    if isinstance(error, APIError):
        return str(error.errcode)
    return type(error).__name__.removesuffix("Error").lower()
