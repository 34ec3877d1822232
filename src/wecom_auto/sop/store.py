"""Read and write runs and their touches. Every function works inside a transaction that the caller opened.

Nothing here calls the platform or decides what happens next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Row

from wecom_auto._types import UNSET, Unset
from wecom_auto.sop._rows import _ledger, _work
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._states import EnrolmentStatus, TouchStatus
from wecom_auto.sop.planner import EnrolmentState
from wecom_auto.store import insert_new

T = TypeVar("T")

_IN_CHUNK: Final = 500
WITHDRAWN: Final = ("exit:", "left:", "ended:")
"""How the end reasons begin that forbid whatever has not been sent yet."""


@frozen
class Enrolment:
    """One run of one customer, as stored; a run that is due is read without what only other questions need."""

    id: int
    sop: str
    version: int
    external_userid: str
    userid: str
    anchor_at: datetime
    enrolled_at: datetime
    arm_seed: str
    run: int
    news: int = 0
    occurrence: str = ""
    state: int = EnrolmentStatus.ACTIVE.value
    end_reason: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """(external_userid, userid), the key of facts."""
        return self.external_userid, self.userid

    @property
    def withdrawn(self) -> bool:
        """Whether the run ended in a way that forbids whatever has not been sent yet."""
        return (self.end_reason or "").startswith(WITHDRAWN)

    def planner_state(self, done: Mapping[str, str]) -> EnrolmentState:
        """The run as the planner takes it."""
        return EnrolmentState(
            id=str(self.id),
            sop=self.sop,
            version=self.version,
            customer=self.external_userid,
            member=self.userid,
            anchor_at=self.anchor_at,
            enrolled_at=self.enrolled_at,
            done=done,
            arm_seed=self.arm_seed,
        )


@frozen
class Touch:
    """One step of one run that came due, as stored."""

    id: int
    enrolment_id: int
    run: int
    step: str
    external_userid: str
    userid: str
    kind: str
    state: TouchStatus
    due_at: datetime
    check_at: datetime | None
    attempts: int
    reason: str
    arm: str
    batch_id: str | None
    reserved_period: str | None
    sent_at: datetime | None
    corp_id: str

    @property
    def outcome(self) -> str:
        """What the planner is told about the step."""
        return self.reason if self.state is TouchStatus.SKIPPED else self.state.value


_ENROLMENT_COLUMNS: Final = tuple(t.enrolments.c[name] for name in Enrolment.__annotations__)
_DUE_COLUMNS: Final = _ENROLMENT_COLUMNS[:10]
_TOUCH_COLUMNS: Final = tuple(t.touches.c[name] for name in Touch.__annotations__)
_STATE: Final = list(Touch.__annotations__).index("state")


# Statements that run for every few hundred runs are built once: building one costs more than running it.


def _among(column: sa.ColumnElement[Any], dialect: str, name: str = "ids") -> sa.ColumnElement[bool]:
    """Whether a value is one of a list, which is one parameter where the database can take it as one.

    A statement whose text grows with the list is written anew, and read anew by the driver, for every length.
    """
    if dialect == "postgresql":
        return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(column.type)))
    if dialect == "sqlite":
        listed = sa.func.json_each(sa.bindparam(name, type_=sa.JSON)).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column.in_(sa.bindparam(name, expanding=True))


_CUSTOMERS: Final = (
    t.enrolments.c.corp_id == sa.bindparam("corp"),
    t.enrolments.c.external_userid == sa.bindparam("customer"),
)
_OF_CUSTOMER: Final = (
    sa.select(*_ENROLMENT_COLUMNS)
    .where(*_CUSTOMERS, t.enrolments.c.sop == sa.bindparam("sop"))
    .order_by(t.enrolments.c.id)
)
_ACTIVE_OF: Final = (
    sa.select(*_ENROLMENT_COLUMNS)
    .where(*_CUSTOMERS, t.enrolments.c.userid == sa.bindparam("member"), _work.ACTIVE)
    .order_by(t.enrolments.c.id)
)
WAKE_CUSTOMER: Final = (
    sa.update(t.enrolments)
    .where(*_CUSTOMERS, _work.ACTIVE)
    .values(
        # A run that is due already gets the news, too: a worker may be planning it without.
        wake_at=sa.case(
            (t.enrolments.c.wake_at > sa.bindparam("now"), sa.bindparam("now")), else_=t.enrolments.c.wake_at
        ),
        news=t.enrolments.c.news + 1,
    )
)


@cache
def _due_query(*, sharded: bool) -> sa.Select[*tuple[Any, ...]]:
    e = t.enrolments.c
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_DUE_COLUMNS).where(*_work.RUNS, _work.is_running(e.sop))
    if sharded:
        query = query.where(e.shard == sa.bindparam("shard"))
    return query.order_by(e.wake_at).limit(sa.bindparam("most", type_=sa.Integer))


@cache
def _due_touches_query(work: _work.Work, *, sharded: bool) -> sa.Select[*tuple[Any, ...]]:
    u, e = t.touches.c, t.enrolments.c
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_TOUCH_COLUMNS)
    if sharded:
        query = query.where(u.shard == sa.bindparam("shard"))
    # A member's messages follow each other, so that a limit does not cut what would be one batch, which is one tap.
    order = (u.userid, u.check_at, u.id) if work == "freeze" else (u.check_at, u.id)
    running = e.sop.in_(_work.running_sops()) if work == "freeze" else _work.is_running(e.sop)
    return (
        query.join(t.enrolments, e.id == u.enrolment_id)
        .where(*_work.TOUCHES, _work.WORK[work], running)
        .order_by(*order)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


@cache
def _wake_query() -> sa.Select[*tuple[datetime | None, ...]]:
    e, u, b = t.enrolments.c, t.touches.c, t.batches.c
    corp: sa.BindParameter[str] = sa.bindparam("corp")
    runs = _work.first_of(e.wake_at).where(e.corp_id == corp, _work.ACTIVE, _work.is_running(e.sop))
    touches = _work.first_of(u.check_at).join(t.enrolments, e.id == u.enrolment_id)
    touches = touches.where(u.corp_id == corp, _work.is_running(e.sop))
    batches = _work.first_of(b.check_at).where(b.corp_id == corp)
    c = t.calendars.c
    # A day that a worker holds is due to nobody else before its lease is over.
    free_at = sa.case((c.lease_until > c.due_at, c.lease_until), else_=c.due_at)
    days = sa.select(sa.func.min(free_at)).where(
        c.corp_id == corp, c.due_at.is_not(None), c.sop.in_(_work.running_sops())
    )
    every = (runs, touches, batches, days)
    return sa.select(*(one.scalar_subquery() for one in every))


@cache
def _lock_query(dialect: str) -> sa.Select[int, int]:
    e = t.enrolments.c
    query: sa.Select[int, int] = sa.select(e.id, e.news).where(
        _among(e.id, dialect), _work.ACTIVE, e.wake_at <= sa.bindparam("now")
    )
    return query.with_for_update(skip_locked=True)


@cache
def _touches_query(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_TOUCH_COLUMNS)
    return query.where(_among(t.touches.c.enrolment_id, dialect))


@cache
def _lock_touches_query(dialect: str, *, wait: bool) -> sa.Select[*tuple[Any, ...]]:
    u = t.touches.c
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_TOUCH_COLUMNS)
    mine = (_among(u.id, dialect), _among(u.state, dialect, "states"))
    return query.where(*mine).order_by(u.id).with_for_update(skip_locked=not wait)


@cache
def _move_statement(dialect: str, names: tuple[str, ...]) -> sa.Update:
    # The new values under names of their own: a column's name is taken by the statement itself.
    values = {name: sa.bindparam(f"new_{name}", type_=t.touches.c[name].type) for name in names}
    return sa.update(t.touches).where(_among(t.touches.c.id, dialect)).values(values)


@cache
def _runs_query(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_ENROLMENT_COLUMNS)
    return query.where(_among(t.enrolments.c.id, dialect))


@cache
def _batch_query(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    u = t.touches.c
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_TOUCH_COLUMNS).where(u.batch_id == sa.bindparam("batch"))
    return query.where(_among(u.state, dialect, "states")).order_by(u.id)


@cache
def _end_statement(dialect: str) -> sa.Update:
    values: dict[str, object] = {
        "state": EnrolmentStatus.ENDED.value,
        "live_key": None,
        "wake_at": None,
        "ended_at": sa.bindparam("at"),
        "end_reason": sa.bindparam("why"),
        "goal": sa.bindparam("reached"),
    }
    return sa.update(t.enrolments).where(_among(t.enrolments.c.id, dialect), _work.ACTIVE).values(values)


@cache
def _wake_statement(dialect: str) -> sa.Update:
    mine = (_among(t.enrolments.c.id, dialect), _work.ACTIVE)
    return sa.update(t.enrolments).where(*mine).values(wake_at=sa.bindparam("at"))


def chunked(items: Sequence[T], size: int = _IN_CHUNK) -> Iterator[Sequence[T]]:
    """Split a list for ``IN (…)``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _enrolment(row: Row[*tuple[Any, ...]]) -> Enrolment:
    # By position: this is read for every run that comes due.
    return Enrolment(*row)


def _touch(row: Row[*tuple[Any, ...]]) -> Touch:
    # By position, too: a batch may hold ten thousand.
    values = list(row)
    values[_STATE] = TouchStatus(values[_STATE])
    return Touch(*values)


def next_wake(connection: Connection, corp_id: str) -> datetime | None:
    """The earliest instant at which anything of a running SOP is due; `None` if nothing ever is."""
    times = connection.execute(_wake_query(), {"corp": corp_id}).one()
    return min((at for at in times if at is not None), default=None)


def due_enrolments(
    connection: Connection, corp_id: str, now: datetime, limit: int, shard: int | None = None
) -> list[Enrolment]:
    """Runs of running SOPs whose time has come, of one shard or of all, the longest waiting first."""
    known = {"corp": corp_id, "now": now, "most": limit, "shard": shard}
    return [_enrolment(row) for row in connection.execute(_due_query(sharded=shard is not None), known)]


def enrolments_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, Enrolment]:
    """Runs by id."""
    found: dict[int, Enrolment] = {}
    query = _runs_query(connection.dialect.name)
    for chunk in chunked(sorted(set(ids))):
        found |= {row[0]: _enrolment(row) for row in connection.execute(query, {"ids": chunk})}
    return found


def enrolments_of(connection: Connection, corp_id: str, external_userid: str, sop: str) -> list[Enrolment]:
    """Every run of one customer in one SOP, whatever its member, version and state."""
    known = {"corp": corp_id, "customer": external_userid, "sop": sop}
    return [_enrolment(row) for row in connection.execute(_OF_CUSTOMER, known)]


def runs_of(connection: Connection, corp_id: str, external_userid: str) -> list[Enrolment]:
    """Every run of one customer, oldest first."""
    e = t.enrolments.c
    mine = (e.corp_id == corp_id, e.external_userid == external_userid)
    return [_enrolment(row) for row in connection.execute(sa.select(*_ENROLMENT_COLUMNS).where(*mine).order_by(e.id))]


def active_ids(connection: Connection, corp_id: str, external_userid: str = "") -> list[int]:
    """The active runs of running SOPs, of everybody or of one customer, in order.

    All at once: page by page, SQLite would sort all of them for each page.
    """
    e = t.enrolments.c
    mine = [e.corp_id == corp_id, _work.ACTIVE, e.sop.in_(_work.running_sops())]
    if external_userid:
        mine.append(e.external_userid == external_userid)
    return list(connection.scalars(sa.select(e.id).where(*mine).order_by(e.id), {"corp": corp_id}))


def active_of(connection: Connection, corp_id: str, external_userid: str, userid: str) -> dict[int, Enrolment]:
    """The active runs of one customer with one member, by id."""
    known = {"corp": corp_id, "customer": external_userid, "member": userid}
    return {row[0]: _enrolment(row) for row in connection.execute(_ACTIVE_OF, known)}


def lock_due(connection: Connection, runs: Sequence[Enrolment], now: datetime) -> set[int]:
    """Take the runs that are still due and of which nothing new was heard since they were read.

    Those that another worker has taken are left to it; those with news are planned again.
    """
    known = {"ids": [run.id for run in runs], "now": now}
    rows = connection.execute(_lock_query(connection.dialect.name), known)
    present: dict[int, int] = {row[0]: row[1] for row in rows}
    return {run.id for run in runs if present.get(run.id) == run.news}


def lock_active(connection: Connection, corp_id: str, which: sa.ColumnElement[bool]) -> list[int]:
    """Take all active runs of a kind, waiting for workers that hold one."""
    e = t.enrolments.c
    query = sa.select(e.id).where(e.corp_id == corp_id, which, _work.ACTIVE).order_by(e.id)
    return list(connection.scalars(query.with_for_update()))


def touches_of(connection: Connection, enrolment_ids: Iterable[int]) -> dict[int, dict[str, Touch]]:
    """The touches of runs: run id, then step."""
    found: defaultdict[int, dict[str, Touch]] = defaultdict(dict)
    query = _touches_query(connection.dialect.name)
    for chunk in chunked(sorted(set(enrolment_ids))):
        for touch in map(_touch, connection.execute(query, {"ids": chunk})):
            found[touch.enrolment_id][touch.step] = touch
    return found


def due_touches(
    connection: Connection, corp_id: str, now: datetime, work: _work.Work, limit: int, shard: int | None = None
) -> list[Touch]:
    """Touches of running SOPs that somebody has to look at, of one shard or of all, in the order of their times."""
    known = {"corp": corp_id, "now": now, "most": limit, "shard": shard}
    return [_touch(row) for row in connection.execute(_due_touches_query(work, sharded=shard is not None), known)]


def lock_touches(
    connection: Connection, ids: Sequence[int], *states: TouchStatus, wait: bool = False
) -> dict[int, Touch]:
    """Take those of the touches that are in one of `states`; those that another worker holds only with `wait`."""
    found: dict[int, Touch] = {}
    query, names = _lock_touches_query(connection.dialect.name, wait=wait), [state.value for state in states]
    for chunk in chunked(sorted(ids)):
        rows = connection.execute(query, {"ids": chunk, "states": names})
        found |= {row[0]: _touch(row) for row in rows}
    return found


def touches_in_batch(connection: Connection, batch_id: str, *states: TouchStatus) -> list[Touch]:
    """The touches of a batch, in the order in which they were frozen."""
    known = {"batch": batch_id, "states": [state.value for state in states]}
    return [_touch(row) for row in connection.execute(_batch_query(connection.dialect.name), known)]


def insert_touches(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Add touches; the unique key of (run, step) leaves out a second one (I1)."""
    insert_new(connection, t.touches, rows)


def move_touches(
    connection: Connection,
    touches: Sequence[Touch],
    state: TouchStatus,
    *,
    reason: str,
    check_at: datetime | None = None,
    sent_at: datetime | None = None,
    batch_id: str | Unset | None = UNSET,
    due_at: datetime | None = None,
    attempts: int | None = None,
    reserved_period: str | None = None,
) -> None:
    """Set the state of touches, and settle what they hold in the ledger.

    A final state other than DELIVERED gives the reservation back; DELIVERED turns it into a message used.
    """
    if not touches:
        return
    values: dict[str, object] = {"state": state.value, "reason": reason, "check_at": check_at}
    values |= {"batch_id": batch_id} if batch_id is not UNSET else {}
    values |= {"sent_at": sent_at} if sent_at is not None else {}
    values |= {"due_at": due_at} if due_at is not None else {}
    values |= {"attempts": attempts} if attempts is not None else {}
    values |= {"reserved_period": reserved_period} if reserved_period is not None else {}
    if state.final or state is TouchStatus.DUE:
        _settle(connection, touches, state)
        values["reserved_period"] = None
    statement = _move_statement(connection.dialect.name, tuple(values))
    known = {f"new_{name}": value for name, value in values.items()}
    for chunk in chunked([touch.id for touch in touches]):
        connection.execute(statement, {"ids": chunk, **known})


def delete_touches(connection: Connection, touches: Sequence[Touch]) -> None:
    """Forget touches of which nothing has left yet, so that the planner decides their steps anew."""
    move_touches(connection, touches, TouchStatus.DUE, reason="")
    for chunk in chunked([touch.id for touch in touches]):
        connection.execute(sa.delete(t.touches).where(t.touches.c.id.in_(chunk)))


def _settle(connection: Connection, touches: Sequence[Touch], state: TouchStatus) -> None:
    held = [(touch.external_userid, touch.reserved_period) for touch in touches if touch.reserved_period is not None]
    if not held:
        return
    (_ledger.use if state is TouchStatus.DELIVERED else _ledger.release)(connection, touches[0].corp_id, held)


def end_enrolments(connection: Connection, ids: Sequence[int], reason: str, now: datetime, *, goal: bool) -> None:
    """Close runs; a run that has ended keeps its first end."""
    statement = _end_statement(connection.dialect.name)
    for chunk in chunked(ids):
        connection.execute(statement, {"ids": chunk, "why": reason, "at": now, "reached": goal})


def wake_enrolments(connection: Connection, ids: Sequence[int], wake_at: datetime) -> None:
    """Set when runs are looked at again: one statement for all that wake together."""
    statement = _wake_statement(connection.dialect.name)
    for chunk in chunked(ids):
        connection.execute(statement, {"ids": chunk, "at": wake_at})


def lines(
    touches: Iterable[Touch], enrolments: Mapping[int, Enrolment], reason: str, detail: str = ""
) -> Iterator[Entry]:
    """Log lines for touches that share a reason."""
    for touch in touches:
        run = enrolments.get(touch.enrolment_id)
        yield Entry(
            reason=reason,
            external_userid=touch.external_userid,
            sop=run.sop if run is not None else "",
            step=touch.step,
            enrolment_id=touch.enrolment_id,
            due_at=touch.due_at,
            detail=detail,
        )
