"""Read the corp in bulk into the mirror: one reader after the other, each from where it stood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import Engine

from wecom_auto._time import Clock, from_unix
from wecom_auto.directory import _jobs
from wecom_auto.directory._jobs import SyncKind, SyncProgress
from wecom_auto.directory._read_customers import CustomerReader, NewCustomerReader, TagReader
from wecom_auto.directory._read_groups import GroupReader
from wecom_auto.directory._read_ways import ContactWayReader
from wecom_auto.directory._reader import Keep, Reader

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

__all__ = ["synchronise"]

_READERS: Final[dict[tuple[SyncKind, bool], type[Reader]]] = {
    (SyncKind.TAGS, True): TagReader,
    (SyncKind.TAGS, False): TagReader,
    (SyncKind.CUSTOMERS, True): CustomerReader,
    (SyncKind.CUSTOMERS, False): NewCustomerReader,
    (SyncKind.GROUPS, True): GroupReader,
    (SyncKind.GROUPS, False): GroupReader,
    (SyncKind.CONTACT_WAYS, True): ContactWayReader,
    (SyncKind.CONTACT_WAYS, False): ContactWayReader,
}


def synchronise(
    engine: Engine,
    corp_id: str,
    client: WeCom,
    clock: Clock,
    progress: Callable[[SyncProgress], None],
    *,
    kinds: Sequence[SyncKind],
    whole: bool,
    concurrency: int,
    keep: Keep | None = None,
) -> SyncProgress:
    """Run the bulk read to its end."""
    jobs = {job.kind: job for job in _jobs.begin(engine, corp_id, kinds, from_unix(clock()), whole=whole)}
    for kind, job in jobs.items():
        if job.finished_at is None:
            reader = _READERS[kind, whole](engine, corp_id, client, clock, concurrency, job, keep)
            for step in reader.steps():
                jobs[kind] = step
                progress(_jobs.progress_of(jobs.values(), kind))
            jobs[kind] = reader.finish()
            progress(_jobs.progress_of(jobs.values(), kind))
    return _jobs.progress_of(jobs.values(), next(reversed(jobs)))
