"""Read all customers in bulk, a page at a time, so that a stopped run goes on where it stood.

It keeps no page in memory, writes each with the cursor that follows it, and repeats no request of its own accord.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto._time import Clock, from_unix
from wecom_auto.directory import _answers as answers
from wecom_auto.directory import _rows
from wecom_auto.directory._relation import RelationStatus, missing
from wecom_auto.directory._tables import follows, syncs
from wecom_auto.errors import InvalidRequestError
from wecom_auto.store import reading, repeatable, transaction, upsert

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_MEMBERS: Final = 100
"""Members in one request (manual 92994)."""
_PAGE: Final = 100
"""Customers in one answer (manual 92994)."""
_GONE: Final = 2000


@frozen(kw_only=True)
class SyncProgress:
    """How far a bulk read has come."""

    started_at: datetime
    members: int
    """Members whose customers are still to be read, those being read included."""
    customers: int
    """Relations read so far; a customer of two members counts twice."""
    finished: bool = False


@frozen(kw_only=True)
class _Job:
    started_at: datetime
    members: tuple[str, ...]
    cursor: str = ""
    customers: int = 0
    finished_at: datetime | None = None

    @property
    def chunk(self) -> list[str]:
        return list(self.members[:_MEMBERS])

    def progress(self) -> SyncProgress:
        return SyncProgress(
            started_at=self.started_at,
            members=len(self.members),
            customers=self.customers,
            finished=self.finished_at is not None,
        )


def synchronise(
    engine: Engine, corp_id: str, client: WeCom, clock: Clock, progress: Callable[[SyncProgress], None]
) -> SyncProgress:
    """Run the bulk read to its end."""
    resumed = _resume(engine, corp_id)
    job = resumed or _start(engine, corp_id, client, from_unix(clock()))
    while job.members:
        try:
            job = _read_page(engine, corp_id, client, clock, job)
        except InvalidRequestError:
            if job is not resumed or not job.cursor:
                raise
            # A cursor does not live for ever, and the manual does not say how long: read these members again.
            job = evolve(job, cursor="")
        progress(job.progress())
    job = _finish(engine, corp_id, job, from_unix(clock()))
    progress(job.progress())
    return job.progress()


def _start(engine: Engine, corp_id: str, client: WeCom, now: datetime) -> _Job:
    groups = client.tags.list()
    job = _Job(started_at=now, members=tuple(client.follow_users.list()))
    _write(engine, corp_id, answers.tag_groups(corp_id, groups), job)
    return job


@repeatable
def _write(engine: Engine, corp_id: str, write: answers.Write, job: _Job) -> None:
    """Write what was read, with where to go on."""
    with transaction(engine) as connection:
        write(connection)
        _save(connection, corp_id, job)


def _resume(engine: Engine, corp_id: str) -> _Job | None:
    query = sa.select(syncs).where(syncs.c.corp_id == corp_id, syncs.c.finished_at.is_(None))
    with reading(engine) as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    members = tuple(cast("Sequence[str]", row["members"]))
    return _Job(started_at=row["started_at"], members=members, cursor=row["cursor"], customers=row["customers"])


def _read_page(engine: Engine, corp_id: str, client: WeCom, clock: Clock, job: _Job) -> _Job:
    asked = from_unix(clock())
    page = client.customers.list_by_user(job.chunk, cursor=job.cursor, limit=_PAGE)
    done = evolve(job, cursor=page.next_cursor, customers=job.customers + len(page.items))
    if not page.next_cursor:
        done = evolve(done, members=job.members[_MEMBERS:])
    _write(engine, corp_id, answers.details(corp_id, page.items, as_of=asked), done)
    return done


def _finish(engine: Engine, corp_id: str, job: _Job, now: datetime) -> _Job:
    """Mark what a whole run did not see as gone, a few thousand relations at a time."""
    unseen = (
        sa.select(follows.c.external_userid, follows.c.userid)
        .where(
            follows.c.corp_id == corp_id,
            follows.c.read_at < job.started_at,
            follows.c.status_at < job.started_at,
            follows.c.status != int(RelationStatus.DELETED),
        )
        .limit(_GONE)
    )
    gone, done = partial(missing, as_of=job.started_at), evolve(job, finished_at=now)

    @repeatable
    def sweep() -> bool:
        with transaction(engine) as connection:
            pairs = [(row.external_userid, row.userid) for row in connection.execute(unseen)]
            _rows.change_relations(connection, corp_id, dict.fromkeys(pairs, gone))
            if len(pairs) < _GONE:
                _save(connection, corp_id, done)
            return len(pairs) == _GONE

    while sweep():
        pass
    return done


def _save(connection: Connection, corp_id: str, job: _Job) -> None:
    row = {
        "corp_id": corp_id,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "members": list(job.members),
        "cursor": job.cursor,
        "customers": job.customers,
    }
    upsert(connection, syncs, [row])
