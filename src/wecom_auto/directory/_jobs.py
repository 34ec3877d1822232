"""Where bulk reads stand, one row for each kind, so that a stopped one goes on. Asks the platform nothing."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import asdict, evolve, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto.directory._tables import syncs
from wecom_auto.store import reading, repeatable, transaction, upsert

__all__ = ["Job", "SyncKind", "SyncProgress"]


class SyncKind(enum.StrEnum):
    """What a bulk read reads, in the order in which it does."""

    TAGS = "tags"
    """The library of corp tags (企业标签): one request."""
    CUSTOMERS = "customers"
    """Customers, who follows them, and their tags: one request for up to 100."""
    GROUPS = "groups"
    """Customer groups with their members: one request for 1,000 lines of the list, one for each group."""
    CONTACT_WAYS = "contact_ways"
    """Channel codes (联系我): one request for 1,000 lines of the list, one for each code."""


@frozen(kw_only=True)
class SyncProgress:
    """How far a bulk read has come.

    Attributes:
        started_at: When it began; earlier than the call if it was stopped and goes on.
        kind: What is being read.
        tags: Tags read so far.
        customers: Relations read so far; a customer of two members counts twice.
        groups: Groups read so far.
        contact_ways: Channel codes read so far.
        failed: Members whose customers could not be read (no interop licence, out of the app's range);
            nobody of theirs is taken for gone.
        finished: Whether everything has been read.
    """

    started_at: datetime
    kind: SyncKind
    tags: int = 0
    customers: int = 0
    groups: int = 0
    contact_ways: int = 0
    failed: tuple[str, ...] = ()
    finished: bool = False


@frozen(kw_only=True)
class Job:
    """One kind of one bulk read.

    Attributes:
        kind: What is read.
        whole: Everything, or only what is new.
        started_at: When the bulk read began.
        finished_at: When this kind was through.
        filled_at: When a whole read of this kind last came to its end.
        position: Where to go on: None before the first answer, empty after the last.
        items: What was read so far.
        failed: Members whose customers could not be read.
    """

    kind: SyncKind
    whole: bool
    started_at: datetime
    finished_at: datetime | None = None
    filled_at: datetime | None = None
    position: str | None = None
    items: int = 0
    failed: tuple[str, ...] = ()

    def done(self, now: datetime) -> Job:
        """Return the job at its end."""
        return evolve(self, finished_at=now, filled_at=now if self.whole else self.filled_at)

    def at(self, position: str, read: int, failed: Iterable[str] = ()) -> Job:
        """Return the job after some more items."""
        return evolve(self, position=position, items=self.items + read, failed=(*self.failed, *failed))


_COLUMNS: Final = [column for column in syncs.columns if column.name != "corp_id"]


def begin(engine: Engine, corp_id: str, kinds: Iterable[SyncKind], now: datetime, *, whole: bool) -> list[Job]:
    """Return the jobs of a stopped read that asked for the same, or of a new one."""
    wanted = [kind for kind in SyncKind if kind in set(kinds)]
    known = {job.kind: job for job in _load(engine, corp_id)}
    jobs = [known[kind] for kind in wanted if kind in known]
    stopped = any(job.finished_at is None for job in jobs)
    # The parts of one read share their beginning.
    if (
        stopped
        and len(jobs) == len(wanted)
        and {(job.whole, job.started_at) for job in jobs} == {(whole, jobs[0].started_at)}
    ):
        return jobs
    filled = {kind: job.filled_at for kind, job in known.items()}
    fresh = [Job(kind=kind, whole=whole, started_at=now, filled_at=filled.get(kind)) for kind in wanted]
    _store(engine, corp_id, fresh)
    return fresh


def save(connection: Connection, corp_id: str, jobs: Iterable[Job]) -> None:
    """Write where jobs stand, in the transaction that writes what they have read."""
    rows = [{"corp_id": corp_id, **asdict(job), "kind": job.kind.value, "failed": list(job.failed)} for job in jobs]
    upsert(connection, syncs, rows)


def take_turns(connection: Connection, corp_id: str, kind: SyncKind) -> None:
    """Wait until nobody else writes what a bulk read of this kind has read: two would find the same thing new."""
    query = sa.select(syncs.c.kind).where(syncs.c.corp_id == corp_id, syncs.c.kind == kind.value)
    connection.execute(query.with_for_update())


def progress_of(jobs: Iterable[Job], kind: SyncKind) -> SyncProgress:
    """Sum the jobs up."""
    known = {job.kind: job for job in jobs}
    counts = {one: known[one].items if one in known else 0 for one in SyncKind}
    return SyncProgress(
        started_at=known[kind].started_at,
        kind=kind,
        tags=counts[SyncKind.TAGS],
        customers=counts[SyncKind.CUSTOMERS],
        groups=counts[SyncKind.GROUPS],
        contact_ways=counts[SyncKind.CONTACT_WAYS],
        failed=tuple(dict.fromkeys(userid for job in known.values() for userid in job.failed)),
        finished=all(job.finished_at for job in known.values()),
    )


def _load(engine: Engine, corp_id: str) -> list[Job]:
    with reading(engine) as connection:
        rows = connection.execute(sa.select(*_COLUMNS).where(syncs.c.corp_id == corp_id)).mappings().all()
    return [_as_job(row) for row in rows]


def _as_job(row: Mapping[Any, Any]) -> Job:
    values: dict[str, Any] = dict(row)
    values.update(kind=SyncKind(values["kind"]), failed=tuple(values["failed"]))
    return Job(**values)


@repeatable
def _store(engine: Engine, corp_id: str, jobs: list[Job]) -> None:
    with transaction(engine) as connection:
        save(connection, corp_id, jobs)
