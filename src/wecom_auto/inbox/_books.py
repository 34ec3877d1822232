"""Read and write rows. Every function is one transaction; every write after a claim carries the fence.

Decides nothing, calls nobody. 0 rows changed means: somebody else has the event now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto.inbox._entry import GONE, Row, row_of
from wecom_auto.inbox._tables import events
from wecom_auto.inbox._values import InboxState
from wecom_auto.store import insert_once, reading, repeatable, transaction

c = events.c
WAITING: Final = c.state == InboxState.WAITING.value
_CROWD: Final = 4
"""How many times as many candidates are looked at as are wanted: other workers take some of them."""


def _late() -> sa.Exists:
    """A younger event of the same subject was received before, or somebody has begun to handle it."""
    other = events.alias("younger").c
    touched = sa.or_(other.fence > 1, other.lease_until.is_not(None), other.state != InboxState.WAITING.value)
    begun = sa.or_(other.id < c.id, touched)
    return sa.exists().where(*_same_subject(other), other.happened_at > c.happened_at, begun)


def _blocked() -> sa.Exists:
    """An older event of the same subject is still waiting."""
    other = events.alias("older").c
    older = sa.or_(other.happened_at < c.happened_at, sa.and_(other.happened_at == c.happened_at, other.id < c.id))
    return sa.exists().where(*_same_subject(other), other.state == InboxState.WAITING.value, older)


def _same_subject(other: sa.ColumnCollection[str, sa.ColumnElement[Any]]) -> Sequence[sa.ColumnElement[bool]]:
    return (other.receiver == c.receiver, other.corp_id == c.corp_id, other.subject == c.subject, c.subject != "")


# Built once: building a statement costs more than SQLite takes to run it.
_LATE: Final = _late()
_BLOCKED: Final = _blocked()
_STORED: Final = sa.select(events, _LATE.label("now_late")).where(
    c.receiver == sa.bindparam("our_receiver"), c.dedupe_key == sa.bindparam("our_key")
)


@frozen(kw_only=True)
class Kept:
    """What became of an event that was brought."""

    fresh: bool
    row: Row


@frozen(kw_only=True)
class Claim:
    """Who claims, and what."""

    receiver: str
    owner: str
    now: datetime
    until: datetime
    ordered: bool = True
    urgent: bool = False
    running: Collection[int] = ()


@repeatable
def put(
    engine: Engine, entry: dict[str, Any], owner: str, leased_until: datetime | None, crash: Callable[[str], object]
) -> Kept:
    """Store an event, or count it as delivered again; the first one who stores it holds it if it is urgent."""
    with transaction(engine) as connection:
        crash("insert")
        kept = put_in(connection, entry, owner, leased_until)
        crash("inserted")
    return kept


def put_in(connection: Connection, entry: dict[str, Any], owner: str, leased_until: datetime | None) -> Kept:
    """Store an event in a transaction that is somebody else's."""
    fresh = insert_once(connection, events, _new(entry, owner, leased_until))
    row = _stored(connection, entry)
    if not fresh:
        again = sa.update(events).where(c.id == row.id).values(deliveries=c.deliveries + 1)
        connection.execute(again)
    elif row.late:
        connection.execute(sa.update(events).where(c.id == row.id).values(late=True))
    return Kept(fresh=fresh, row=row)


def _new(entry: dict[str, Any], owner: str, leased_until: datetime | None) -> dict[str, Any]:
    return entry | {
        "deliveries": 1,
        "state": InboxState.WAITING.value,
        "handled": [],
        "missed": [],
        "attempts": 0,
        "late": False,
        "lease_owner": owner if leased_until else "",
        "lease_until": leased_until,
        "fence": 1,
        "finished_at": None,
        "error": "",
    }


def _stored(connection: Connection, entry: dict[str, Any]) -> Row:
    ours = {"our_receiver": entry["receiver"], "our_key": entry["dedupe_key"]}
    found = connection.execute(_STORED, ours).mappings().one()
    until = found["lease_until"] or found["received_at"]
    return row_of(found, late=bool(found["late"] or found["now_late"]), lease_until=until)


def _due(claim: Claim) -> Sequence[sa.ColumnElement[bool]]:
    free = sa.or_(c.lease_until.is_(None), c.lease_until <= claim.now)
    urgent = c.urgent_until > claim.now
    kind = urgent if claim.urgent else sa.or_(c.urgent_until.is_(None), ~urgent)
    return (c.receiver == claim.receiver, WAITING, c.next_at <= claim.now, free, kind)


def claim_due(engine: Engine, claim: Claim, limit: int) -> list[Row]:
    """Take up to so many events that are due, oldest first, and none that another worker holds."""
    found = _candidates(engine, claim, limit * _CROWD)
    return _take(engine, claim, found, limit) if found else []


def _candidates(engine: Engine, claim: Claim, limit: int) -> dict[int, bool]:
    query = sa.select(c.id, sa.or_(c.late, _LATE).label("late")).where(*_due(claim))
    if claim.running:
        query = query.where(c.id.not_in(claim.running))
    if claim.ordered and not claim.urgent:
        query = query.where(~_BLOCKED)
    order = (c.urgent_until, c.id) if claim.urgent else (c.next_at, c.id)
    with reading(engine) as connection:
        return {row.id: bool(row.late) for row in connection.execute(query.order_by(*order).limit(limit))}


@repeatable
def _take(engine: Engine, claim: Claim, late: dict[int, bool], limit: int) -> list[Row]:
    query = sa.select(events).where(c.id.in_(late), *_due(claim)).order_by(c.id).limit(limit)
    with transaction(engine) as connection:
        found = connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
        for flag in (True, False):
            ids = [row["id"] for row in found if late[row["id"]] is flag]
            _lease(connection, ids, claim, late=flag)
    rows = [row_of(row, fence=row["fence"] + 1, lease_until=claim.until, late=late[row["id"]]) for row in found]
    return sorted(rows, key=lambda row: (row.happened_at, row.id))


def _lease(connection: Connection, ids: Sequence[int], claim: Claim, **values: object) -> None:
    if ids:
        taken = {"lease_owner": claim.owner, "lease_until": claim.until, "fence": c.fence + 1} | values
        connection.execute(sa.update(events).where(c.id.in_(ids)).values(taken))


@repeatable
def claim_one(engine: Engine, claim: Claim, row_id: int) -> Row | bool | None:
    """Take one event for its urgent handlers: the row; True if somebody else has it; None if nothing is left to do."""
    with transaction(engine) as connection:
        query = sa.select(events).where(c.id == row_id).with_for_update()
        found = connection.execute(query).mappings().first()
        if found is None or found["state"] != InboxState.WAITING.value or found["urgent_until"] is None:
            return None
        held = found["lease_until"] is not None and found["lease_until"] > claim.now
        if held or row_id in claim.running:
            return True
        _lease(connection, [row_id], claim)
    return row_of(found, fence=found["fence"] + 1, lease_until=claim.until)


@repeatable
def write(engine: Engine, row: Row, **values: Any) -> bool:
    """Write columns of a claimed event; False if it is no longer ours."""
    statement = sa.update(events).where(c.id == row.id, c.fence == row.fence, WAITING).values(**values)
    with transaction(engine) as connection:
        return connection.execute(statement).rowcount == 1


def renew(engine: Engine, row: Row, until: datetime) -> Row | None:
    """Hold a claimed event longer; None if it is no longer ours."""
    return evolve(row, lease_until=until) if write(engine, row, lease_until=until) else None


@repeatable
def release(engine: Engine, rows: Sequence[Row]) -> None:
    """Give claimed events back as they are."""
    if not rows:
        return
    with transaction(engine) as connection:
        for row in rows:
            ours = sa.update(events).where(c.id == row.id, c.fence == row.fence, WAITING)
            connection.execute(ours.values(lease_until=None, lease_owner=""))


def long_enough(row: Row, now: datetime, lease: timedelta) -> bool:
    """Whether more than half of the lease is left."""
    return row.lease_until - now > lease / 2 and row.content != GONE
