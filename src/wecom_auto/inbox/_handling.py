"""Decide what happens to an event: which handlers are called when, and what their ends mean. Pure order of steps.

Runs nothing by itself: `_steps` plays it, with an event loop or without.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import define, evolve, field
from sqlalchemy.engine import Engine

from wecom_auto._redact import redact
from wecom_auto.callbacks import Event, EventRouter
from wecom_auto.callbacks._routes import Route
from wecom_auto.errors import WeComError
from wecom_auto.inbox import _books as books
from wecom_auto.inbox._entry import Row
from wecom_auto.inbox._steps import Call, Query, Steps
from wecom_auto.inbox._values import InboxNotice, InboxSettings, InboxState

log: Final = logging.getLogger("wecom_auto.inbox")
_LONGEST_ERROR: Final = 1000


@define(kw_only=True)
class Desk:
    """What all work of one inbox shares."""

    engine: Engine
    router: EventRouter
    settings: InboxSettings
    receiver: str
    owner: str
    now: Callable[[], datetime]
    dice: Callable[[], float]
    crash: Callable[[str], object]
    observe: Callable[[InboxNotice], object]
    # Events whose handler runs in this process: nobody else here may take them, even after their lease.
    running: set[int] = field(factory=set)

    def claim(self, *, urgent: bool, lease: timedelta) -> books.Claim:
        """Describe a claim as of now."""
        now = self.now()
        return books.Claim(
            receiver=self.receiver,
            owner=self.owner,
            now=now,
            until=now + lease,
            ordered=self.settings.ordered,
            urgent=urgent,
            running=tuple(self.running),
        )

    def tell(self, what: str, row: Row, handlers: Iterable[str] = ()) -> None:
        """Tell the observer, whose mistakes are its own."""
        lag = (self.now() - row.received_at).total_seconds()
        notice = InboxNotice(
            what=what, id=row.id, name=row.name, handlers=tuple(handlers), attempts=row.attempts, lag=lag
        )
        try:
            self.observe(notice)
        except Exception:
            log.exception("inbox observer failed on %r", notice)


@define
class Progress:
    """How far one claimed event has come."""

    desk: Desk
    row: Row
    event: Event
    handled: list[str] = field(factory=list)
    missed: list[str] = field(factory=list)
    errors: list[str] = field(factory=list)
    failures: list[tuple[Route, Exception]] = field(factory=list)
    called: list[Route] = field(factory=list)
    results: list[object] = field(factory=list)
    lost: bool = False
    is_still_running: bool = False
    in_urgent_round: bool = False

    @classmethod
    def of(cls, desk: Desk, row: Row, event: Event) -> Progress:
        """Go on where the row stands."""
        return cls(desk, row, event, [*row.handled], [*row.missed])

    def pending(self, *, urgent: bool | None = None) -> list[Route]:
        """Handlers of this event that are still to be called."""
        settled = {*self.handled, *self.missed}
        routes = [route for route in self.desk.router.routes_for(self.event) if route.key not in settled]
        return [route for route in routes if urgent is None or urgent is (route.within is not None)]

    def ready(self, route: Route) -> bool:
        """Whether to call this handler now; settles those that need not or cannot be called."""
        try:
            wanted = route.wants(self.event)
        except Exception as error:  # noqa: BLE001 - an error in the condition is one of the handler
            self.fail(route, error)
            return False
        if not wanted:
            self.handled.append(route.key)
        elif route.within is not None and route.deadline(self.event).at <= self.desk.now():
            self.missed.append(route.key)
            self.errors += [self.row.error] * bool(self.row.error)
            self.errors.append(f"{route.key}: it did not end well within {route.within.total_seconds():.0f} s")
            self.desk.tell("missed", self.row, [route.key])
        else:
            return True
        return False

    def fail(self, route: Route, error: Exception) -> None:
        """Note what a handler raised."""
        self.failures.append((route, error))
        self.errors.append(f"{route.key}: {type(error).__name__}: {error}")
        self.desk.router.failed(route, self.event, error)

    def call(self, route: Route, seconds: float, *, urgent: bool = False) -> Steps[None]:
        """Call one handler, and write down that it ended well in the moment it does."""
        deadline = None
        if route.within is not None:
            deadline = route.deadline(self.event, lambda: self.desk.now().timestamp())
            deadline = deadline.no_later_than(self.desk.now().timestamp() + seconds)
            seconds = deadline.left
        self.called.append(route)
        self.desk.running.add(self.row.id)
        turn = Call(route, self.event, deadline, seconds, partial(self._settle, route), urgent, self._finish_forsaken)
        try:
            error = yield turn
        finally:
            if not turn.is_still_running:
                self.desk.running.discard(self.row.id)
        self.results.append(turn.result)
        if turn.is_still_running:
            self.is_still_running = True
            self.fail(route, error)

    def _settle(self, route: Route, error: Exception | None) -> None:
        self.desk.crash("handled")
        if error is not None:
            self.fail(route, error)
            return
        self.handled.append(route.key)
        # The last one's end is written with what follows from it, in one transaction.
        if self.pending(urgent=True if self.in_urgent_round else None):
            self._write(handled=[*self.handled], lease_until=self._next_lease(route))
            self.desk.crash("marked")

    def _next_lease(self, route: Route) -> datetime:
        """A worker gets a new lease for the next handler; a door has to answer, and gets none."""
        return self.row.lease_until if route.within else self.desk.now() + self.desk.settings.lease

    def _finish_forsaken(self) -> None:
        """Write down the end of a handler that nobody waited for any longer."""
        self.desk.running.discard(self.row.id)
        self.is_still_running = False
        self.failures.clear()
        self.close_urgent()

    def close_urgent(self) -> None:
        """Give the event back after its urgent handlers had their turn."""
        left = self.pending(urgent=True)
        if not self.pending() and not self.failures:
            self.close()
            return
        now = self.desk.now()
        wait = self.desk.settings.urgent_backoff if left else timedelta(0)
        self._write(
            handled=[*self.handled],
            missed=[*self.missed],
            urgent_until=urgent_until(self.event, left),
            next_at=now + wait,
            lease_until=None,
            error=self._error(),
        )

    def close(self) -> InboxState | None:
        """Write down the end of the round: done, dead, or to be tried again. None if it is no longer ours."""
        now, attempts = self.desk.now(), self.row.attempts + 1
        state = self._state(now, attempts)
        over = None if state is InboxState.WAITING else now
        self.desk.crash("closing")
        written = self._write(
            handled=[*self.handled],
            missed=[*self.missed],
            urgent_until=None,
            attempts=attempts,
            state=state.value,
            next_at=now + self._backoff(attempts),
            lease_until=None,
            finished_at=over,
            error="" if state is InboxState.DONE else self._error(),
        )
        self.desk.crash("closed")
        if not written:
            self.desk.tell("superseded", self.row)
            return None
        self.row = evolve(self.row, attempts=attempts)
        what = "failed" if state is InboxState.WAITING else state.value
        self.desk.tell(what, self.row, [route.key for route, _ in self.failures] + self.missed)
        if state is InboxState.DEAD:
            log.error("inbox event %d (%s) is dead after %d attempts", self.row.id, self.row.name, attempts)
        return state

    def _state(self, now: datetime, attempts: int) -> InboxState:
        if not self.failures:
            return InboxState.DEAD if self.missed else InboxState.DONE
        settings = self.desk.settings
        hopeless = attempts >= settings.attempts or now - self.row.received_at >= settings.give_up_after
        return InboxState.DEAD if hopeless else InboxState.WAITING

    def _backoff(self, attempts: int) -> timedelta:
        settings = self.desk.settings
        doubled = settings.backoff * (1 << min(attempts - 1, 30))
        return min(doubled, settings.longest_backoff) * (0.5 + self.desk.dice())

    def _error(self) -> str:
        """What went wrong, or what did before: a missed handler stays the reason when the others end well."""
        return redact("; ".join(self.errors) or self.row.error).replace("\0", "")[:_LONGEST_ERROR]

    def _write(self, **values: object) -> bool:
        self.lost |= not books.write(self.desk.engine, self.row, **values)
        return not self.lost


def urgent_until(event: Event, routes: Sequence[Route]) -> datetime | None:
    """Until when any of these handlers is worth a try; None if none of them is urgent."""
    return max((route.deadline(event).at for route in routes if route.within is not None), default=None)


def urgent_round(progress: Progress, answer_by: datetime | None) -> Steps[None]:
    """Call the urgent handlers of a claimed event, until the platform has to be answered or their time is over."""
    desk = progress.desk
    progress.in_urgent_round = True
    for route in progress.pending(urgent=True):
        left = desk.settings.lease if answer_by is None else answer_by - desk.now()
        if left > timedelta(0) and progress.ready(route):
            yield from progress.call(route, left.total_seconds(), urgent=answer_by is not None)
        if progress.lost:
            return
    if progress.is_still_running:
        # It may end well after all; nobody else is to begin it meanwhile.
        until = urgent_until(progress.event, progress.pending(urgent=True)) or desk.now()
        yield Query(partial(books.renew, desk.engine, progress.row, until))
    else:
        yield Query(progress.close_urgent)
    desk.crash("urgent")


def full_round(progress: Progress) -> Steps[InboxState | None]:
    """Call every handler of a claimed event that has not ended well yet."""
    for route in progress.pending():
        if progress.ready(route):
            yield from progress.call(route, progress.desk.settings.lease.total_seconds())
        if progress.lost:
            progress.desk.tell("superseded", progress.row)
            return None
    state: InboxState | None = yield Query(progress.close)
    return state


def opened(desk: Desk, row: Row) -> Steps[Event | None]:
    """Read the event of a row; one that cannot be read is dead."""
    try:
        return row.event()
    except (WeComError, ValueError, TypeError) as error:
        text = f"the stored body cannot be read: {type(error).__name__}"
        now = desk.now()
        dead = {"state": InboxState.DEAD.value, "finished_at": now, "lease_until": None, "error": text}
        yield Query(partial(books.write, desk.engine, row, **dead))
        desk.tell("dead", row)
        return None
