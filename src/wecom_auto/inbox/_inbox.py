"""The inbox: store first, answer, then hand to handlers at least once. Starts no thread, task or timer."""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import anyio
from anyio import to_thread
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from wecom_auto._time import Clock, from_unix
from wecom_auto.callbacks import Event, EventRouter, HandlerFailure, Handling, NotTakenError
from wecom_auto.callbacks.router import first_reply
from wecom_auto.errors import ConfigurationError
from wecom_auto.inbox import _books as books
from wecom_auto.inbox import _keeping as keeping
from wecom_auto.inbox._entry import Row, entry_of
from wecom_auto.inbox._handling import Desk, Progress, full_round, opened, urgent_round, urgent_until
from wecom_auto.inbox._steps import Pause, Query, Steps, play, play_async
from wecom_auto.inbox._values import InboxNotice, InboxReport, InboxSettings, InboxState, InboxStats, StoredEvent

__all__ = ["Inbox"]

log: Final = logging.getLogger("wecom_auto.inbox")
_MARGIN: Final = timedelta(seconds=0.5)
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 0.8
_LOOK_AGAIN: Final = 0.1


def _nothing(_: object) -> None:
    """Do nothing."""


class Inbox:
    """Keeps every event in the database before the platform is answered, and hands it to handlers until they succeed.

    Pass it to `asgi_app` or `wsgi_app` in place of the router, and let somebody call `work_once` or `run`: the same
    process, another one, or several.
    Every handler is called at least once for every event it wants; handlers bear being called twice.

    Args:
        engine: A database of `wecom_auto.store.open_store`.
        router: The handlers; register them before the first event comes.
        receiver: Name of the callback URL. Two apps that keep their events in one database need two names:
            the platform tells both of them the same.
        settings: How patient it is.
        clock: Current unix seconds; set by the network, because urgent handlers count from the platform's time.
        dice: A number from 0 to 1, for the jitter of the back-off.
        observe: Called for everything that happens, for metrics; must be quick.
        crash: Called at named points, for tests that kill the process there.

    Raises:
        ConfigurationError: ``receiver`` is longer than 64 characters.
    """

    def __init__(
        self,
        engine: Engine,
        router: EventRouter,
        *,
        receiver: str = "default",
        settings: InboxSettings | None = None,
        clock: Clock = time.time,
        dice: Callable[[], float] = random.random,
        observe: Callable[[InboxNotice], object] = _nothing,
        crash: Callable[[str], object] = _nothing,
    ) -> None:
        if not 0 < len(receiver) <= 64:  # noqa: PLR2004 - the width of the column
            msg = f"receiver: 1 to 64 characters expected, got {len(receiver)}"
            raise ConfigurationError(msg)
        self._desk = Desk(
            engine=engine,
            router=router,
            settings=settings or InboxSettings(),
            receiver=receiver,
            owner=f"{socket.gethostname()[:64]}:{os.getpid()}:{secrets.token_hex(4)}",
            now=lambda: from_unix(clock()),
            dice=dice,
            crash=crash,
            observe=observe,
        )

    # What a door needs.

    @property
    def recognises_duplicates(self) -> bool:
        """True: the database knows every event, whichever process took it."""
        return True

    def require_sync(self) -> None:
        """Check that the urgent handlers can run without an event loop.

        Raises:
            ConfigurationError: One of them is async.
        """
        for route in self._desk.router.routes_for():
            if route.within is not None and route.is_async:
                raise ConfigurationError(route.needs_a_loop())

    def receive(self, event: Event) -> Handling:
        """Store an event, and call its urgent handlers; one that was stored before is recognised.

        Args:
            event: From a door, or made by a program.

        Raises:
            NotTakenError: The database was away for as long as the platform waits.
        """
        return play(self._receive(event))

    async def receive_async(self, event: Event) -> Handling:
        """Store an event and call its urgent handlers, which are cancelled when their time is over; see `receive`."""
        return await play_async(self._receive(event))

    def put(self, event: Event) -> bool:
        """Store an event for the worker and call nobody.

        Args:
            event: Received, or made by a program such as a reconciliation.

        Returns:
            Whether it is new.
        """
        return books.put(self._desk.engine, self._unhurried(event), "", None, self._desk.crash).fresh

    def keep(self, connection: Connection, events: Iterable[Event]) -> None:
        """Store events for the worker inside a transaction of yours: they are there if it is committed.

        `Directory.reconcile` takes this method, if both are in one database.

        Args:
            connection: With an open transaction on the inbox's database.
            events: Received, or made by a program.
        """
        for event in events:
            books.put_in(connection, self._unhurried(event), "", None)

    # What a worker calls.

    def work_once(self, *, limit: int = 50) -> InboxReport:
        """Handle events that are due, urgent ones first, and come back.

        Several workers may do so at the same time, in one process or in many.

        Args:
            limit: Most events taken at once; other workers cannot have them meanwhile.

        Raises:
            ConfigurationError: A handler is async; call `work_once_async`.
        """
        self._desk.router.require_sync()
        rows: list[Row] = []
        try:
            return play(self._work(limit, rows))
        finally:
            self._give_back(rows)

    async def work_once_async(self, *, limit: int = 50) -> InboxReport:
        """Handle events that are due; async handlers run in the loop, plain ones in a worker thread."""
        rows: list[Row] = []
        try:
            return await play_async(self._work(limit, rows))
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(self._give_back, rows)

    def run(self, stop: threading.Event, *, limit: int = 50) -> None:
        """Work until told to stop; a database that is away is waited for.

        Args:
            stop: Set it to end the loop after the event at hand.
            limit: As in `work_once`.
        """
        self._desk.router.require_sync()
        while not stop.is_set():
            if not self._worked(partial(self.work_once, limit=limit)):
                stop.wait(self._desk.settings.poll.total_seconds())

    async def run_async(self, *, limit: int = 50) -> None:
        """Work until cancelled; the event at hand goes back to the others."""
        while True:
            try:
                busy = (await self.work_once_async(limit=limit)).events > 0
            except SQLAlchemyError as error:
                _log_away(error)
                busy = False
            await anyio.sleep(0 if busy else self._desk.settings.poll.total_seconds())

    # What a person asks.

    def stats(self) -> InboxStats:
        """Count events, and say how far behind the handlers are."""
        return keeping.stats(self._desk.engine, self._desk.receiver, self._desk.now())

    def dead(self, *, limit: int = 100) -> Sequence[StoredEvent]:
        """List events that a person has to look at, the newest first."""
        return self.events(state=InboxState.DEAD, limit=limit)

    def events(self, *, state: InboxState | None = None, limit: int = 100) -> Sequence[StoredEvent]:
        """List stored events, the newest first.

        Args:
            state: Only those in this state.
            limit: Most of them.
        """
        return keeping.listed(self._desk.engine, self._desk.receiver, state, limit)

    def read(self, event_id: int) -> Event:
        """Read a stored event again; it equals the one that came.

        Raises:
            LookupError: There is none of that number, or `forget` has emptied it.
        """
        return keeping.read(self._desk.engine, self._desk.receiver, event_id)

    def replay(
        self,
        *,
        ids: Sequence[int] | None = None,
        name: str = "",
        state: InboxState = InboxState.DEAD,
        since: datetime | None = None,
        until: datetime | None = None,
        everything: bool = False,
    ) -> int:
        """Have events handled again, from their first attempt on.

        Handlers that ended well are not called again unless ``everything`` says so.
        An urgent handler whose time is over stays missed.

        Args:
            ids: Only these rows.
            name: Only events of this name, or of this family.
            state: Only events in this state.
            since: Only events that came at this aware time or later.
            until: Only events that came before this aware time.
            everything: Call every handler again, also those that ended well.

        Returns:
            How many events wait again.
        """
        chosen = keeping.Choice(receiver=self._desk.receiver, ids=ids, name=name, state=state, since=since, until=until)
        return keeping.replay(self._desk.engine, chosen, self._desk.now(), everything=everything)

    def prune(self) -> int:
        """Delete what is finished for as long as the settings say, in small transactions.

        Returns:
            How many events were deleted.
        """
        desk, now = self._desk, self._desk.now()
        kept = {InboxState.DONE: desk.settings.keep_done, InboxState.DEAD: desk.settings.keep_dead}
        return sum(
            keeping.prune(desk.engine, desk.receiver, state, now - age, desk.crash) for state, age in kept.items()
        )

    def forget(self, *identities: str) -> int:
        """Empty every stored event that names one of these people; what of it was not handled yet never will be.

        The empty rows stay until `prune`, so that a redelivery does not bring the person back.

        Args:
            identities: External_userids, userids, unionids: whatever the events carry.

        Returns:
            How many events were emptied.
        """
        return keeping.forget(self._desk.engine, self._desk.receiver, identities, self._desk.now())

    # The order of the work.

    def _unhurried(self, event: Event) -> dict[str, object]:
        now = self._desk.now()
        return self._entry(event) | {"received_at": now, "next_at": now, "urgent_until": None}

    def _entry(self, event: Event) -> dict[str, object]:
        return entry_of(event, self._desk.receiver, self._desk.settings.subject)

    def _receive(self, event: Event) -> Steps[Handling]:
        desk = self._desk
        arrived = desk.now()
        urgent = [route for route in desk.router.routes_for(event) if route.within is not None]
        until = urgent_until(event, urgent)
        entry = self._entry(event) | {"received_at": arrived, "next_at": arrived, "urgent_until": until}
        answer_by = arrived + desk.settings.answer_within
        kept: books.Kept = yield from self._patiently(entry, answer_by + _MARGIN if until else None)
        desk.crash("stored")
        desk.tell("stored" if kept.fresh else "duplicate", kept.row)
        if not urgent:
            return _handling(event, None)
        row = kept.row if kept.fresh else (yield from self._other(kept.row.id, answer_by))
        if row is None:
            return _handling(event, None)
        progress = Progress.of(desk, row, row.event())
        yield from urgent_round(progress, answer_by)
        return _handling(event, progress)

    def _patiently(self, entry: dict[str, object], leased_until: datetime | None) -> Steps[books.Kept]:
        """Store it, if need be until the platform has hung up: after a timeout it certainly calls again."""
        desk, pause = self._desk, _FIRST_PAUSE
        ends = time.monotonic() + desk.settings.patience.total_seconds()
        put = Query(partial(books.put, desk.engine, entry, desk.owner, leased_until, desk.crash))
        while True:
            try:
                kept: books.Kept = yield put
            except SQLAlchemyError as error:
                _log_away(error)
                left = ends - time.monotonic()
                if left <= 0:
                    msg = f"the event could not be stored ({type(error).__name__}); the platform has to call again"
                    raise NotTakenError(msg) from error
                yield Pause(min(pause, left))
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return kept

    def _other(self, row_id: int, answer_by: datetime) -> Steps[Row | None]:
        """Take over an event whose urgent handlers have not ended well; wait for whoever is at it."""
        desk = self._desk
        # Counted, because a clock that a test holds still must not hold this.
        for _ in range(int(desk.settings.answer_within.total_seconds() / _LOOK_AGAIN)):
            claim = desk.claim(urgent=True, lease=answer_by - desk.now() + _MARGIN)
            found: Row | bool | None = yield Query(partial(books.claim_one, desk.engine, claim, row_id))
            if not isinstance(found, bool):
                return found
            yield Pause(_LOOK_AGAIN)
        return None

    def _work(self, limit: int, rows: list[Row]) -> Steps[InboxReport]:
        counts: Counter[str] = Counter()
        for urgent in (True, False):
            claim = self._desk.claim(urgent=urgent, lease=self._desk.settings.lease)
            rows += yield Query(partial(books.claim_due, self._desk.engine, claim, limit))
            if rows:
                self._desk.crash("claimed")
            while rows:
                counts[(yield from self._handle(rows[0], urgent=urgent))] += 1
                del rows[0]
        return InboxReport(**counts)

    def _handle(self, row: Row, *, urgent: bool) -> Steps[str]:
        desk = self._desk
        held: Row | None = row
        if not books.long_enough(row, desk.now(), desk.settings.lease):
            held = yield Query(partial(books.renew, desk.engine, row, desk.now() + desk.settings.lease))
        event = (yield from opened(desk, held)) if held is not None else None
        if held is None or event is None:
            return "superseded" if held is None else "dead"
        progress = Progress.of(desk, held, event)
        if urgent:
            yield from urgent_round(progress, None)
            return "superseded" if progress.lost else "urgent"
        state = yield from full_round(progress)
        return {InboxState.DONE: "done", InboxState.DEAD: "dead", None: "superseded"}.get(state, "failed")

    def _give_back(self, rows: Sequence[Row]) -> None:
        """Let others have what was claimed and not handled; if that fails, their leases run out."""
        with suppress(SQLAlchemyError):
            books.release(self._desk.engine, rows)

    def _worked(self, work: Callable[[], InboxReport]) -> bool:
        try:
            return work().events > 0
        except SQLAlchemyError as error:
            _log_away(error)
            return False


def _handling(event: Event, progress: Progress | None) -> Handling:
    if progress is None:
        return Handling(event=event, handlers=(), failures=())
    failures = [HandlerFailure(handler=route.name, event=event, error=error) for route, error in progress.failures]
    names = tuple(route.name for route in progress.called)
    reply = first_reply(event, progress.results)
    return Handling(event=event, handlers=names, failures=tuple(failures), reply=reply)


def _log_away(error: SQLAlchemyError) -> None:
    log.warning("inbox: the database does not answer (%s)", type(error).__name__)
