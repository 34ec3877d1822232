"""What people do with stored events: count, list, replay, delete, forget. Calls no handler."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import attrs
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Engine, RowMapping

from wecom_auto._time import require_aware
from wecom_auto.callbacks import Event
from wecom_auto.inbox._entry import GONE, row_of
from wecom_auto.inbox._tables import events
from wecom_auto.inbox._values import InboxState, InboxStats, StoredEvent
from wecom_auto.store import reading, repeatable, transaction

c = events.c
_CHUNK: Final = 500
_WINDOW: Final = timedelta(minutes=5)
_COLUMNS: Final = tuple(c[field.name] for field in attrs.fields(StoredEvent))


@frozen(kw_only=True)
class Choice:
    """Which events are meant."""

    receiver: str
    ids: Sequence[int] | None = None
    name: str = ""
    state: InboxState | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield what has to hold."""
        yield c.receiver == self.receiver
        yield c.content != GONE
        if self.ids is not None:
            yield c.id.in_(self.ids)
        if self.name:
            yield sa.or_(c.name == self.name, c.name.startswith(self.name + ".", autoescape=True))
        if self.state is not None:
            yield c.state == self.state.value
        if self.since is not None:
            yield c.received_at >= require_aware(self.since, "since")
        if self.until is not None:
            yield c.received_at < require_aware(self.until, "until")


def stats(engine: Engine, receiver: str, now: datetime) -> InboxStats:
    """Count."""
    ours = c.receiver == receiver
    waiting = sa.and_(ours, c.state == InboxState.WAITING.value)
    recent = now - _WINDOW
    count = sa.func.count()
    with reading(engine) as connection:
        states = connection.execute(sa.select(c.state, count).where(ours).group_by(c.state)).all()
        oldest: datetime | None = connection.scalar(sa.select(sa.func.min(c.received_at)).where(waiting))
        running = connection.scalar(sa.select(count).where(waiting, c.lease_until > now)) or 0
        received = connection.scalar(sa.select(count).where(ours, c.received_at > recent)) or 0
        finished = connection.scalar(sa.select(count).where(ours, c.finished_at > recent)) or 0
        late = connection.scalar(sa.select(count).where(ours, c.late)) or 0
        again = connection.scalar(sa.select(sa.func.sum(c.deliveries - 1)).where(ours)) or 0
    return InboxStats(
        counts=dict.fromkeys(InboxState, 0) | {InboxState(state): number for state, number in states},
        running=running,
        lag=max(timedelta(0), now - oldest) if oldest else timedelta(0),
        received_per_minute=received / (_WINDOW / timedelta(minutes=1)),
        finished_per_minute=finished / (_WINDOW / timedelta(minutes=1)),
        duplicates=int(again),
        late=late,
    )


def listed(engine: Engine, receiver: str, state: InboxState | None, limit: int) -> list[StoredEvent]:
    """List rows, the newest first."""
    query = sa.select(*_COLUMNS).where(c.receiver == receiver).order_by(c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(c.state == state.value)
    with reading(engine) as connection:
        return [_stored(row) for row in connection.execute(query).mappings()]


def _stored(row: RowMapping) -> StoredEvent:
    values: dict[str, Any] = dict(row)
    values |= {name: tuple(values[name]) for name in ("handled", "missed")}
    values["state"] = InboxState(values["state"])
    return StoredEvent(**values)


def read(engine: Engine, receiver: str, event_id: int) -> Event:
    """Read one event."""
    query = sa.select(events).where(c.receiver == receiver, c.id == event_id, c.content != GONE)
    with reading(engine) as connection:
        found = connection.execute(query).mappings().first()
    if found is None:
        msg = f"the inbox {receiver!r} has no event {event_id}, or it was forgotten"
        raise LookupError(msg)
    return row_of(found, lease_until=found["received_at"]).event()


@repeatable
def replay(engine: Engine, choice: Choice, now: datetime, *, everything: bool) -> int:
    """Let events wait again."""
    values: dict[str, Any] = {
        "state": InboxState.WAITING.value,
        "attempts": 0,
        "missed": [],
        "next_at": now,
        "lease_until": None,
        "fence": c.fence + 1,
        "finished_at": None,
        "error": "",
    }
    if everything:
        values["handled"] = []
    with transaction(engine) as connection:
        return connection.execute(sa.update(events).where(*choice.conditions()).values(values)).rowcount


def prune(engine: Engine, receiver: str, state: InboxState, before: datetime, crash: Callable[[str], object]) -> int:
    """Delete what was finished before then."""
    gone = 0
    while deleted := _prune_some(engine, receiver, state, before, crash):
        gone += deleted
        crash("pruned")
    return gone


@repeatable
def _prune_some(
    engine: Engine, receiver: str, state: InboxState, before: datetime, crash: Callable[[str], object]
) -> int:
    old = sa.select(c.id).where(c.receiver == receiver, c.state == state.value, c.finished_at < before)
    with transaction(engine) as connection:
        ids = list(connection.scalars(old.order_by(c.finished_at).limit(_CHUNK)))
        if ids:
            # Once more, because a replay may have come in between.
            connection.execute(sa.delete(events).where(c.id.in_(ids), c.state == state.value))
            crash("pruning")
        return len(ids)


def forget(engine: Engine, receiver: str, identities: Sequence[str], now: datetime) -> int:
    """Empty rows that name somebody."""
    wanted = [re.escape(identity) for identity in identities if identity]
    if not wanted:
        return 0
    # Whole ids only: one may be the beginning of another.
    pattern = re.compile(rf"(?<![\w@.-])(?:{'|'.join(wanted)})(?![\w@.-])".encode())
    last = gone = 0
    while chunk := _chunk(engine, receiver, last):
        last = chunk[-1][0]
        gone += _empty(engine, [row_id for row_id, body in chunk if pattern.search(body)], now)
    return gone


def _chunk(engine: Engine, receiver: str, after: int) -> Sequence[tuple[int, bytes]]:
    query = sa.select(c.id, c.body).where(c.receiver == receiver, c.id > after).order_by(c.id).limit(_CHUNK)
    with reading(engine) as connection:
        return [(row.id, bytes(row.body)) for row in connection.execute(query)]


@repeatable
def _empty(engine: Engine, ids: Sequence[int], now: datetime) -> int:
    if not ids:
        return 0
    values = {
        "body": b"",
        "content": GONE,
        "subject": "",
        "state": InboxState.DONE.value,
        "urgent_until": None,
        "lease_until": None,
        "fence": c.fence + 1,
        "finished_at": sa.func.coalesce(c.finished_at, now),
        "error": "",
    }
    with transaction(engine) as connection:
        return connection.execute(sa.update(events).where(c.id.in_(ids)).values(values)).rowcount
