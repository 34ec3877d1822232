"""What the inbox tells and is told: settings, rows, counts. Values only; nothing here reads a database or a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from attrs import Factory, field, frozen

from wecom_auto.callbacks import Event
from wecom_auto.errors import ConfigurationError
from wecom_auto.inbox._subject import subject_of

__all__ = ["InboxNotice", "InboxReport", "InboxSettings", "InboxState", "InboxStats", "StoredEvent"]

_REDELIVERED: Final = timedelta(minutes=10)
_CUT: Final = timedelta(seconds=5)


class InboxState(StrEnum):
    """Where a stored event stands."""

    WAITING = "waiting"
    """Some handler is still to be called, for the first time or again."""
    DONE = "done"
    """Every handler that wanted it has ended well."""
    DEAD = "dead"
    """A person has to look: a handler failed too often, or an urgent one did not make it in time."""


@frozen(kw_only=True)
class InboxSettings:
    """How patient the inbox is.

    Args:
        answer_within: How long urgent handlers may keep the platform waiting; it hangs up after 5 s.
        patience: How long a door tries to store an event while the database is away.
            Longer than the platform's 5 s, so that it sees a timeout, after which it always calls again.
        lease: How long a claimed event belongs to a worker; longer than the slowest handler.
            An async handler is cancelled when it is over.
        ordered: Whether an event waits for older ones of the same subject.
        subject: Names what orders an event; empty for no order.
        attempts: After so many failed attempts an event is dead.
        give_up_after: An event that fails when it is as old as this is dead, whatever its attempts.
        backoff: Wait after the first failure; doubles with each, give or take a half.
        longest_backoff: Most it becomes.
        urgent_backoff: Wait between attempts of an urgent handler, while its time lasts.
        poll: How long an idle worker rests.
        keep_done: How long `Inbox.prune` keeps what is done. Redeliveries are recognised that long.
        keep_dead: How long it keeps what is dead.

    Raises:
        ConfigurationError: A time that loses events or forgets them before the platform does.
    """

    answer_within: timedelta = timedelta(seconds=4)
    patience: timedelta = timedelta(seconds=6)
    lease: timedelta = timedelta(seconds=60)
    ordered: bool = True
    subject: Callable[[Event], str] = subject_of
    attempts: int = 12
    give_up_after: timedelta = timedelta(days=2)
    backoff: timedelta = timedelta(seconds=2)
    longest_backoff: timedelta = timedelta(minutes=10)
    urgent_backoff: timedelta = timedelta(seconds=1)
    poll: timedelta = timedelta(seconds=0.5)
    keep_done: timedelta = timedelta(days=7)
    keep_dead: timedelta = timedelta(days=30)

    def __attrs_post_init__(self) -> None:
        for name in ("keep_done", "keep_dead"):
            if getattr(self, name) < _REDELIVERED:
                msg = f"{name}: {getattr(self, name)} is too short; the platform may deliver again for 10 minutes"
                raise ConfigurationError(msg)
        if not timedelta(0) < self.answer_within < _CUT:
            msg = f"answer_within: {self.answer_within}, but the platform hangs up after 5 s"
            raise ConfigurationError(msg)
        if self.lease <= self.answer_within or self.attempts < 1:
            msg = f"lease: {self.lease} has to be longer than answer_within, and attempts ({self.attempts}) at least 1"
            raise ConfigurationError(msg)


@frozen(kw_only=True)
class StoredEvent:
    """A row of the inbox, without the body.

    Args:
        id: Its number; `Inbox.replay` takes it.
        receiver: The inbox it belongs to.
        corp_id: The corp it happened in.
        name: Of the event, e.g. ``"change_external_contact.add_external_contact"``.
        subject: What orders it; names people.
        happened_at: By the platform.
        received_at: When it was stored.
        deliveries: How often the platform brought it.
        state: Where it stands.
        handled: Handlers that ended well.
        missed: Urgent handlers whose time was over.
        attempts: How often it was tried.
        next_at: When it is due again.
        late: Whether a younger event of the same subject came first.
        finished_at: When it became done or dead.
        error: What went wrong last; phone numbers and secrets are masked.
    """

    id: int
    receiver: str
    corp_id: str
    name: str
    subject: str = field(repr=False)
    happened_at: datetime
    received_at: datetime
    deliveries: int
    state: InboxState
    handled: tuple[str, ...]
    missed: tuple[str, ...]
    attempts: int
    next_at: datetime
    late: bool
    finished_at: datetime | None
    error: str


@frozen(kw_only=True)
class InboxReport:
    """What one round of work did.

    Args:
        done: Events that are finished.
        urgent: Events whose urgent handlers were tried again.
        failed: Events that will be tried again.
        dead: Events that were given up.
        superseded: Events that another worker had taken over.
    """

    done: int = 0
    urgent: int = 0
    failed: int = 0
    dead: int = 0
    superseded: int = 0

    @property
    def events(self) -> int:
        """How many events were looked at."""
        return self.done + self.urgent + self.failed + self.dead + self.superseded


@frozen(kw_only=True)
class InboxStats:
    """How the inbox is doing.

    Args:
        counts: Events by state.
        running: Waiting events that somebody is working on.
        lag: Age of the oldest waiting event, by its arrival; zero if nothing waits.
        received_per_minute: Events stored in the last five minutes, as a rate.
        finished_per_minute: Events finished in the last five minutes, as a rate.
        duplicates: Redeliveries that were recognised, of the events still kept.
        late: Events that came after a younger one of the same subject.
    """

    counts: Mapping[InboxState, int] = Factory(dict)
    running: int = 0
    lag: timedelta = timedelta(0)
    received_per_minute: float = 0.0
    finished_per_minute: float = 0.0
    duplicates: int = 0
    late: int = 0


@frozen(kw_only=True)
class InboxNotice:
    """One thing that happened in the inbox, for metrics; it names nobody.

    Args:
        what: ``stored``, ``duplicate``, ``done``, ``failed``, ``dead``, ``missed`` or ``superseded``.
        id: Of the row.
        name: Of the event.
        handlers: The handlers that it is about.
        attempts: How often the event was tried.
        lag: Seconds since its arrival.
    """

    what: str
    id: int
    name: str
    handlers: tuple[str, ...] = ()
    attempts: int = 0
    lag: float = 0.0
