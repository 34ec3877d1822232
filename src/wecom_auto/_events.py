"""Tell observers what the client does: values only, without secrets, bodies or personal data.

An observer is a callable that takes one of these events.
It runs in the caller's thread or task and should be quick; what it raises is logged and goes no further.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from attrs import frozen

__all__ = ["CallFailed", "CallFinished", "CallRetried", "CallWaited", "ClientEvent", "Observer", "TokenFetched"]

log: Final = logging.getLogger("wecom_auto")
log.addHandler(logging.NullHandler())


@frozen(kw_only=True)
class CallFinished:
    """A call was answered.

    Attributes:
        call: For example ``"POST externalcontact/batch/get_by_user"``.
        attempts: How often it was sent.
        elapsed_seconds: From the first byte to the decoded answer, pauses included.
        warning: What the platform remarked although the call worked.
    """

    call: str
    attempts: int
    elapsed_seconds: float
    warning: str = ""


@frozen(kw_only=True)
class CallFailed:
    """A call was given up; the caller gets the exception."""

    call: str
    attempts: int
    elapsed_seconds: float
    error: str
    errcode: int | None = None


@frozen(kw_only=True)
class CallRetried:
    """A call will be sent again after `delay_seconds`."""

    call: str
    attempt: int
    delay_seconds: float
    reason: str
    errcode: int | None = None


@frozen(kw_only=True)
class CallWaited:
    """A call waits for `delay_seconds` to stay inside a limit."""

    call: str
    delay_seconds: float
    reason: str


@frozen(kw_only=True)
class TokenFetched:
    """A new access token was fetched; the event does not carry it."""

    corp_id: str
    expires_in_seconds: int
    reason: str


ClientEvent: TypeAlias = CallFinished | CallFailed | CallRetried | CallWaited | TokenFetched
Observer: TypeAlias = Callable[[ClientEvent], None]


def notify(observers: Iterable[Observer], event: ClientEvent) -> None:
    """Log `event` and hand it to every observer."""
    _log(event)
    for observer in observers:
        try:
            observer(event)
        except Exception:  # an observer must not break the call it watches
            log.exception("an observer failed on %s", type(event).__name__)


def _log(event: ClientEvent) -> None:
    match event:
        case CallRetried():
            extra = {"wecom_call": event.call, "wecom_errcode": event.errcode}
            text = "%s: %s; attempt %d, again in %.1f s"
            log.warning(text, event.call, event.reason, event.attempt, event.delay_seconds, extra=extra)
        case CallFinished() if event.warning:
            log.warning("%s worked, but: %s", event.call, event.warning, extra={"wecom_call": event.call})
        case _ if log.isEnabledFor(logging.DEBUG):
            log.debug("%s", event)
        case _:
            pass
