"""Write down why: one row for every send, skip, deferral, drop, end and alert. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import fields, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.observing import decided
from wecom_auto.store import repeatable, transaction

_INSERT: Final = sa.insert(t.decisions)


@frozen(kw_only=True)
class Entry:
    """One line of the decision log.

    Attributes:
        reason: A code of `wecom_auto.sop.planner.reason_text`; alerts begin with ``alert:``.
        external_userid: The customer; empty for what concerns a whole batch.
        sop: The SOP, empty if several are concerned.
        step: The step, empty for the run as a whole.
        enrolment_id: The run.
        due_at: When the step was, or will be, due.
        detail: The condition that was false, the batch, the error code.
    """

    reason: str
    external_userid: str = ""
    sop: str = ""
    step: str = ""
    enrolment_id: int | None = None
    due_at: datetime | None = None
    detail: str = ""


_COLUMNS: Final = tuple(one.name for one in fields(Entry))


@frozen(kw_only=True)
class LoggedDecision(Entry):
    """A line as it was read back, with its time."""

    at: datetime


def write(connection: Connection, corp_id: str, at: datetime, entries: Iterable[Entry]) -> None:
    """Add lines to the log, in the transaction that does what they tell."""
    entries = list(entries)
    rows = [{name: getattr(entry, name) for name in _COLUMNS} | {"corp_id": corp_id, "at": at} for entry in entries]
    if rows:
        connection.execute(_INSERT, rows)
        decided(connection, corp_id, at, entries)


@repeatable
def note(engine: Engine, corp_id: str, at: datetime, entry: Entry, *, every: timedelta | None = None) -> None:
    """Add one line in a transaction of its own; with `every` only if none of its kind is younger than that."""
    d = t.decisions.c
    with transaction(engine) as connection:
        if every is not None:
            known = sa.select(d.id).where(d.corp_id == corp_id, d.reason == entry.reason, d.at > at - every)
            if connection.scalar(known.limit(1)) is not None:
                return
        write(connection, corp_id, at, [entry])


def read(connection: Connection, corp_id: str, external_userid: str) -> tuple[LoggedDecision, ...]:
    """Everything that was decided about one customer, oldest first."""
    d = t.decisions.c
    query = (
        sa.select(d.at, d.reason, d.external_userid, d.sop, d.step, d.enrolment_id, d.due_at, d.detail)
        .where(d.corp_id == corp_id, d.external_userid == external_userid)
        .order_by(d.id)
    )
    return tuple(LoggedDecision(**row) for row in connection.execute(query).mappings())
