"""What the bulk readers of all kinds share: one piece at a time, written with the place that follows it.

A reader asks nothing inside a transaction, and repeats no request of its own accord.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from attrs import define
from sqlalchemy.engine import Connection, Engine

from wecom_auto._bulk import BulkResult, in_bulk
from wecom_auto._call import Call
from wecom_auto._time import Clock, from_unix
from wecom_auto.callbacks.events import Event
from wecom_auto.directory import _jobs
from wecom_auto.directory._answers import Write
from wecom_auto.directory._jobs import Job
from wecom_auto.directory._news import News, lost
from wecom_auto.errors import NotFoundError
from wecom_auto.store import repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

__all__ = ["UNREADABLE", "Keep", "Reader"]

T = TypeVar("T")
UNREADABLE: Final = frozenset({60011, 84074, 701008})
"""The member whose it is lies outside the app's range, or lacks the customer-contact feature or a licence."""
Keep: TypeAlias = Callable[[Connection, Sequence[Event]], object]
"""Takes events inside the transaction that writes what they tell."""


@define
class Reader:
    """Reads one kind in bulk.

    Attributes:
        engine: The database.
        corp_id: The corp.
        client: Whom to ask.
        clock: Unix seconds.
        concurrency: The most calls under way at once.
        job: Where it stands; `steps` and `finish` move it on.
        keep: Is told, inside the transaction, of events that were lost.
    """

    engine: Engine
    corp_id: str
    client: WeCom
    clock: Clock
    concurrency: int
    job: Job
    keep: Keep | None = None

    def steps(self) -> Iterator[Job]:
        """Read piece by piece; every piece is written when it is told."""
        raise NotImplementedError

    def sweep(self, connection: Connection) -> tuple[News, bool]:
        """Mark some of what was not seen as gone; return what that changed, and whether there may be more."""
        raise NotImplementedError

    def finish(self) -> Job:
        """Mark what was not seen as gone, a few thousand at a time, and the kind as read."""
        done = self.job.done(self._now())

        @repeatable
        def some() -> bool:
            with self._turn() as connection:
                news, more = self.sweep(connection)
                self._tell(connection, news)
                if not more:
                    _jobs.save(connection, self.corp_id, [done])
                return more

        while some():
            pass
        return done

    def _now(self) -> datetime:
        # A clock that was set back must not make what this read sees older than the read, and so take it for gone.
        return max(from_unix(self.clock()), self.job.started_at)

    @repeatable
    def _write(self, write: Write, job: Job) -> Job:
        """Write what was read, with where to go on."""
        with self._turn() as connection:
            self._tell(connection, write(connection))
            _jobs.save(connection, self.corp_id, [job])
        self.job = job
        return job

    @contextmanager
    def _turn(self) -> Generator[Connection]:
        with transaction(self.engine) as connection:
            _jobs.take_turns(connection, self.corp_id, self.job.kind)
            yield connection

    def _tell(self, connection: Connection, news: News) -> None:
        """Pass on what an event should have told; the first read of all finds everything new, and no event was due."""
        if self.keep is not None and self.job.filled_at is not None:
            self.keep(connection, lost(news, self.corp_id, self._now()))

    def _each(self, items: Sequence[str], make: Callable[[Sequence[str]], Call[T]]) -> BulkResult[str, T]:
        """Read one after the other; only those may be missing that have gone, or that the app may not read."""
        result = self.client.run(in_bulk(items, 1, make, concurrency=self.concurrency))
        for one in (*result.failed, *result.unknown):
            if not isinstance(one.error, NotFoundError) and one.errcode not in UNREADABLE:
                raise one.error
        return result
