"""Read and write positions and their history. Every function works inside a transaction that the caller opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, Row

from wecom_auto.automotive.lifecycle._moves import LossKind, Move, Outcome, Position
from wecom_auto.automotive.lifecycle._tables import history, positions
from wecom_auto.store import change_where, insert_once, rows_where

_APPEND: Final = sa.insert(history)


@frozen(kw_only=True)
class HistoryEntry:
    """One piece of news about a customer's stage or grade, as it was taken.

    Attributes:
        number: Counted from 1.
        value: The stage or grade that it was about.
        before: Where the customer was; empty for nowhere.
        outcome: What became of it.
        reason: The loss's code, or what was said.
        loss: For a loss: who said so; None for everything else.
        by: Who or what said it.
        note: More about it.
        at: When it happened.
        recorded_at: When it was told.
    """

    number: int
    value: str
    before: str
    outcome: Outcome
    reason: str
    loss: LossKind | None
    by: str
    note: str
    at: datetime
    recorded_at: datetime


def lock(connection: Connection, corp_id: str, kind: str, external_userid: str) -> Position | None:
    """Return where a customer is and keep others from moving them until the transaction is over."""
    key = _key(corp_id, kind, external_userid)
    row = rows_where(connection, positions, key, lock=True).one_or_none()
    return None if row is None else _position(row)


def put(connection: Connection, corp_id: str, kind: str, position: Position, *, mirror_at: datetime | None) -> None:
    """Change where a customer is; what shows it stays as it is unless `mirror_at` says when to look after it."""
    row = _row(position) | ({"mirror_at": mirror_at, "attempts": 0} if mirror_at is not None else {})
    change_where(connection, positions, _key(corp_id, kind, position.external_userid), row)


def put_first(connection: Connection, corp_id: str, kind: str, position: Position, *, mirror_at: datetime) -> bool:
    """Write where a customer is who was nowhere; False if somebody else did so at the same time."""
    key = _key(corp_id, kind, position.external_userid)
    return insert_once(connection, positions, {**key, **_row(position), "mirror_at": mirror_at, "attempts": 0})


def append(
    connection: Connection,
    corp_id: str,
    kind: str,
    *,
    number: int,
    external_userid: str,
    before: str,
    outcome: Outcome,
    move: Move,
    loss: bool,
    now: datetime,
) -> None:
    """Add one entry to the history."""
    row = {
        **_key(corp_id, kind, external_userid),
        "number": number,
        "value": move.stage,
        "before": before,
        "outcome": outcome.value,
        "reason": move.reason,
        "loss": move.loss.value if loss else "",
        "told_by": move.by,
        "note": move.note,
        "happened_at": move.at,
        "recorded_at": now,
    }
    connection.execute(_APPEND, row)


def told_before(connection: Connection, corp_id: str, kind: str, external_userid: str, move: Move) -> bool:
    """Whether exactly this was told already: systems repeat their events."""
    h = history.c
    query = sa.select(h.number).where(
        h.corp_id == corp_id,
        h.kind == kind,
        h.external_userid == external_userid,
        h.value == move.stage,
        h.happened_at == move.at,
    )
    return connection.execute(query.limit(1)).first() is not None


def entries(connection: Connection, corp_id: str, kind: str, external_userid: str) -> tuple[HistoryEntry, ...]:
    """Return the history of one customer, as it was told."""
    h = history.c
    mine = (h.corp_id == corp_id, h.kind == kind, h.external_userid == external_userid)
    query = sa.select(history).where(*mine).order_by(h.number)
    return tuple(
        HistoryEntry(
            number=row.number,
            value=row.value,
            before=row.before,
            outcome=Outcome(row.outcome),
            reason=row.reason,
            loss=LossKind(row.loss) if row.loss else None,
            by=row.told_by,
            note=row.note,
            at=row.happened_at,
            recorded_at=row.recorded_at,
        )
        for row in connection.execute(query)
    )


def get(connection: Connection, corp_id: str, kind: str, external_userid: str) -> Position | None:
    """Return where a customer is."""
    row = rows_where(connection, positions, _key(corp_id, kind, external_userid)).one_or_none()
    return None if row is None else _position(row)


def silent_since(
    connection: Connection, corp_id: str, kind: str, values: Sequence[str], before: datetime, limit: int
) -> list[Position]:
    """Return customers in one of the stages whose last sign of life is that old, the most silent first."""
    p = positions.c
    wanted = (p.corp_id == corp_id, p.kind == kind, p.value.in_(values), p.active_at <= before)
    query = sa.select(positions).where(*wanted).order_by(p.active_at, p.external_userid).limit(limit)
    return [_position(row) for row in connection.execute(query)]


def to_review(connection: Connection, corp_id: str, kind: str, now: datetime, limit: int) -> list[Position]:
    """Return customers whom somebody should look at again, the longest waiting first."""
    p = positions.c
    wanted = (p.corp_id == corp_id, p.kind == kind, p.review_at <= now)
    query = sa.select(positions).where(*wanted).order_by(p.review_at, p.external_userid).limit(limit)
    return [_position(row) for row in connection.execute(query)]


def to_mirror(connection: Connection, corp_id: str, kind: str, now: datetime, limit: int) -> list[tuple[Position, int]]:
    """Return positions that attribute and tag do not show yet, with the attempts made."""
    p = positions.c
    wanted = (p.corp_id == corp_id, p.kind == kind, p.mirror_at <= now)
    query = sa.select(positions).where(*wanted).order_by(p.mirror_at, p.external_userid).limit(limit)
    return [(_position(row), row.attempts) for row in connection.execute(query)]


def mirrored(
    connection: Connection, corp_id: str, kind: str, position: Position, *, again_at: datetime | None, attempts: int
) -> None:
    """Note what became of showing a position; one that has moved meanwhile stays due."""
    mine = {**_key(corp_id, kind, position.external_userid), "number": position.number}
    change_where(connection, positions, mine, {"mirror_at": again_at, "attempts": attempts})


def counts(connection: Connection, corp_id: str, kind: str) -> dict[str, int]:
    """Return how many customers are in each stage or grade."""
    p = positions.c
    query = (
        sa.select(p.value, sa.func.count().label("number"))
        .where(p.corp_id == corp_id, p.kind == kind)
        .group_by(p.value)
    )
    return {row.value: row.number for row in connection.execute(query)}


def _key(corp_id: str, kind: str, external_userid: str) -> dict[str, str]:
    return {"corp_id": corp_id, "kind": kind, "external_userid": external_userid}


def _row(position: Position) -> dict[str, Any]:
    return {
        "value": position.value,
        "since": position.since,
        "active_at": position.active_at,
        "review_at": position.review_at,
        "number": position.number,
    }


def _position(row: Row[*tuple[Any, ...]]) -> Position:
    return Position(
        external_userid=row.external_userid,
        value=row.value,
        since=row.since,
        active_at=row.active_at,
        review_at=row.review_at,
        number=row.number,
    )
