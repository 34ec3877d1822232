"""Read and write send batches. Every write after a claim carries the fence; 0 rows changed means: stop.

Works inside a transaction that the caller opened; decides nothing and sends nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import attrs
import sqlalchemy as sa
from attrs import asdict, evolve, frozen
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from wecom_auto.sop import sending, store
from wecom_auto.sop._rows import _journal, _work
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import BatchKind, BatchStatus, EnrolmentStatus, TouchStatus
from wecom_auto.sop.contents import Content
from wecom_auto.sop.observing import BatchMoved, moved
from wecom_auto.sop.sending import Batch, Move
from wecom_auto.sop.tasks import _audit
from wecom_auto.sop.tasks._values import AuditLine
from wecom_auto.store import change_where, one_of


class SupersededError(Exception):
    """Somebody else has claimed the batch since: whoever sees this stops at once (I8)."""


@frozen(kw_only=True)
class Audience:
    """Who publishes a moment and who may see it; nothing of either means everybody.

    Attributes:
        tag_ids: Corp tags of the customers.
        userids: The members.
    """

    tag_ids: tuple[str, ...] = ()
    userids: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Canonical JSON: equal audiences give equal text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Audience:
        """Read what `to_json` wrote."""
        return cls(**{name: tuple(ids) for name, ids in json.loads(text).items()})


@frozen(kw_only=True)
class BatchRow:
    """A batch as stored.

    Attributes:
        batch: What the protocol reads and writes.
        sender: The member who has to tap; empty for a moment, which has several.
        content_digest: Of the content before the batch's id was put into its links.
        content: Canonical JSON of what is sent.
        audience: Canonical JSON of a moment's `Audience`; empty for messages.
        slot_at: When it was frozen.
        expires_at: When an unconfirmed task is withdrawn.
        remind_seconds: When the member is nudged; `None` for the corp's setting.
        escalate_seconds: When the supervisor hears of it; `None` for the corp's setting.
        reminds: How often the member was nudged; counted before the call.
        escalated_at: When the supervisor was told.
        confirmed_at: When the member tapped.
        polls: How often results were read.
    """

    batch: Batch
    sender: str
    content_digest: str
    content: str
    audience: str = ""
    slot_at: datetime
    expires_at: datetime | None = None
    remind_seconds: int | None = None
    escalate_seconds: int | None = None
    reminds: int = 0
    escalated_at: datetime | None = None
    confirmed_at: datetime | None = None
    polls: int = 0

    @property
    def live_key(self) -> str:
        """Names sender and content: at most one batch of a key may be unsettled (I6)."""
        parts = [self.sender, self.content_digest]
        if self.batch.kind is not BatchKind.SINGLE:
            parts += [self.batch.kind.value, self.audience]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def message(self) -> Content:
        """What is sent."""
        return Content.from_json(self.content)

    def heard_by(self) -> Audience:
        """Who publishes and who may see it, for a moment."""
        return Audience.from_json(self.audience) if self.audience else Audience()


MEMBER_LEFT: Final = "left:member"
HERITAGE: Final = "reassigned:left"
TRANSFERRED: Final = "cancelled:transfer"
FROZEN: Final = "cancelled:frozen"
AGAIN: Final[Mapping[str, str]] = {
    MEMBER_LEFT: HERITAGE,
    TRANSFERRED: "reassigned:transfer",
    FROZEN: "again:frozen",
}
"""Why a task is withdrawn whose messages are asked for anew, as far as their runs go on: reason to reason."""
_LIVE: Final = (TouchStatus.BATCHED.value, TouchStatus.REQUESTED.value)
_PROTOCOL: Final = tuple(one.name for one in attrs.fields(Batch))
_OTHERS: Final = tuple(one.name for one in attrs.fields(BatchRow) if one.name != "batch")


def insert(connection: Connection, corp_id: str, rows: Sequence[BatchRow]) -> None:
    """Add planned batches."""
    if rows:
        connection.execute(_INSERT, [{"corp_id": corp_id, "live_key": None} | _values(row) for row in rows])


def _values(row: BatchRow) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(row.batch, name) for name in _PROTOCOL}
    values |= {name: getattr(row, name) for name in _OTHERS}
    return values | {"state": row.batch.state.value, "kind": row.batch.kind.value}


def due(connection: Connection, corp_id: str, now: datetime) -> list[str]:
    """Ids of batches that somebody has to look at, in the order of their times."""
    return list(connection.scalars(_DUE, {"corp": corp_id, "now": now}))


_INSERT: Final = sa.insert(t.batches)
_DUE: Final = sa.select(t.batches.c.id).where(*_work.BATCHES).order_by(t.batches.c.check_at, t.batches.c.id)
Lock: TypeAlias = Literal["no", "skip", "wait"]
"""What to do about another worker that holds the row."""
_BY_ID: Final = sa.select(t.batches).where(t.batches.c.id == sa.bindparam("id"))
_READ: Final = {
    "no": _BY_ID,
    "skip": _BY_ID.with_for_update(skip_locked=True),
    "wait": _BY_ID.with_for_update(),
}
_RIVAL: Final = (
    sa.select(t.batches.c.id)
    .where(
        t.batches.c.corp_id == sa.bindparam("corp"),
        t.batches.c.live_key == sa.bindparam("key"),
        t.batches.c.id != sa.bindparam("batch"),
    )
    .limit(1)
)
_OWNERS: Final = sa.select(t.batches.c.msgid, t.batches.c.id).where(
    t.batches.c.msgid.in_(sa.bindparam("msgids", expanding=True))
)


def read(connection: Connection, batch_id: str, lock: Lock) -> BatchRow | None:
    """A batch by id; `None` if there is none, or if another worker holds it and `lock` says to skip it then."""
    row = connection.execute(_READ[lock], {"id": batch_id}).mappings().first()
    return None if row is None else _row(row)


def hold(connection: Connection, row: BatchRow) -> BatchRow:
    """Lock a batch and see that it is still ours, before anything else is written in this transaction.

    Returns:
        The row as it is now: people may have asked for its withdrawal meanwhile, which raises no fence.

    Raises:
        SupersededError: The fence has grown or the state has changed since the row was read.
    """
    present = read(connection, row.batch.id, "wait")
    if present is None or (present.batch.fence, present.batch.state) != (row.batch.fence, row.batch.state):
        raise SupersededError(row.batch.id)
    return present


def _row(row: RowMapping) -> BatchRow:
    values: dict[str, Any] = dict(row)
    batch = {name: values[name] for name in _PROTOCOL}
    batch |= {"state": BatchStatus(str(values["state"])), "kind": BatchKind(str(values["kind"]))}
    batch |= {"cancel_reason": values["cancel_reason"] or ""}
    values["audience"] = values["audience"] or ""
    return BatchRow(batch=Batch(**batch), **{name: values[name] for name in _OTHERS})


def has_rival(connection: Connection, corp_id: str, row: BatchRow) -> bool:
    """Whether another batch of the same sender and content may or may not exist at the platform."""
    known = {"corp": corp_id, "key": _key(corp_id, row), "batch": row.batch.id}
    return connection.scalar(_RIVAL, known) is not None


def owners(connection: Connection, msgids: Sequence[str]) -> dict[str, str]:
    """Which batches own these tasks: msgid to batch id (I7)."""
    found: dict[str, str] = {}
    for chunk in store.chunked(msgids):
        found |= {row.msgid: row.id for row in connection.execute(_OWNERS, {"msgids": chunk})}
    return found


def save(
    connection: Connection,
    corp_id: str,
    row: BatchRow,
    move: Move,
    now: datetime,
    *,
    held: BatchRow | None = None,
    **others: Any,
) -> BatchRow:
    """Write one move under the fence that was read, with what it means for the touches.

    Args:
        connection: The transaction of this move.
        corp_id: The corp.
        row: As read before.
        move: What to write.
        now: For the log.
        held: What `hold` has returned in this transaction; without it the row is held here.
        **others: Further columns of the row.

    Raises:
        SupersededError: The fence has grown or the state has changed since, or another batch of the same sender and
            content became unsettled first.
    """
    present = held or hold(connection, row)
    asked = present.batch.cancel_reason
    if asked and not row.batch.cancel_reason:
        # A worker that was busy with the batch must not write over the withdrawal that it did not know of.
        move = sending.also_cancel(move, asked, now)
    after = evolve(row, batch=move.batch, **others)
    known = _values(present)
    values = {name: value for name, value in _values(after).items() if value != known[name]}
    values["live_key"] = _key(corp_id, after) if move.batch.unsettled else None
    ours = {"id": row.batch.id, "fence": row.batch.fence, "state": row.batch.state.value}
    try:
        changed = change_where(connection, t.batches, ours, values)
    except IntegrityError as error:
        raise SupersededError(row.batch.id) from error
    if changed != 1:
        raise SupersededError(row.batch.id)
    _apply_to_touches(connection, corp_id, row, move, now)
    _audit.write(connection, corp_id, _audited(row, after, now))
    if move.rule != "postpone":
        moved(connection, _told(corp_id, after, move, now))
    return after


_AUDITED: Final = frozenset({BatchStatus.CREATED, BatchStatus.HELD, *(one for one in BatchStatus if one.final)})


def _audited(row: BatchRow, after: BatchRow, now: datetime) -> list[AuditLine]:
    """What people who look at confirmations want to know of this move."""
    line = AuditLine(at=now, action="mass:confirmed", userid=row.sender, batch_id=row.batch.id, level="data")
    lines = [line] if after.confirmed_at is not None and row.confirmed_at is None else []
    state = after.batch.state
    if state is not row.batch.state and state in _AUDITED:
        lines.append(evolve(line, action=f"mass:{state.value}", level="", detail=after.batch.reason))
    return lines


def _told(corp_id: str, row: BatchRow, move: Move, now: datetime) -> BatchMoved:
    return BatchMoved(
        corp_id=corp_id,
        at=now,
        batch=row.batch.id,
        sender=row.sender,
        rule=move.rule,
        state=row.batch.state.value,
        reason=row.batch.reason,
    )


def _key(corp_id: str, row: BatchRow) -> str:
    return hashlib.sha256(f"{corp_id}\x1f{row.live_key}".encode()).hexdigest()


def _apply_to_touches(connection: Connection, corp_id: str, row: BatchRow, move: Move, now: datetime) -> None:
    entries = [_journal.Entry(reason=f"alert:{move.batch.reason}", detail=row.batch.id)] if move.alert else []
    if move.touches is not None:
        live = store.touches_in_batch(connection, row.batch.id, TouchStatus.BATCHED, TouchStatus.REQUESTED)
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in live])
        names = frozenset(move.refused)
        refused = [touch for touch in live if touch.external_userid in names]
        others = [touch for touch in live if touch.external_userid not in names]
        anew = AGAIN.get(move.batch.cancel_or_reason, "") if move.touches is TouchStatus.CANCELLED else ""
        again = [touch for touch in others if anew and runs[touch.enrolment_id].state == EnrolmentStatus.ACTIVE.value]
        # Proved unsent, and the run goes on: the next freeze chooses the sender anew, and leaves out who is frozen.
        store.move_touches(connection, again, TouchStatus.DUE, reason=anew, check_at=now, batch_id=None)
        entries.extend(store.lines(again, runs, anew, row.batch.id))
        asked_again = {touch.id for touch in again}
        others = [touch for touch in others if touch.id not in asked_again]
        for touches, state, reason in (
            (refused, TouchStatus.REFUSED, "failed:refused"),
            (others, move.touches, _reason(move)),
        ):
            store.move_touches(connection, touches, state, reason=reason, batch_id=row.batch.id)
            entries.extend(store.lines(touches, runs, reason, row.batch.id))
    _journal.write(connection, corp_id, now, entries)


def _reason(move: Move) -> str:
    if move.touches is TouchStatus.REQUESTED:
        return "requested"
    return "expired:unconfirmed" if move.touches is TouchStatus.EXPIRED else move.batch.reason


def _wanted_batches() -> sa.Select[str | None]:
    """Those of the ``batches`` that somebody is still to get."""
    e, u = t.enrolments.c, t.touches.c
    withdrawn = sa.or_(*(e.end_reason.startswith(prefix) for prefix in store.WITHDRAWN))
    going_on = sa.or_(_work.ACTIVE, sa.not_(withdrawn))
    query: sa.Select[str | None] = sa.select(u.batch_id).join(t.enrolments, e.id == u.enrolment_id)
    mine = u.batch_id.in_(sa.bindparam("batches", expanding=True))
    return query.where(mine, one_of(u.state, _LIVE), going_on).distinct()


_WANTED: Final = _wanted_batches()
_ASKED: Final = (
    sa.select(t.touches.c.batch_id)
    .where(
        t.touches.c.enrolment_id.in_(sa.bindparam("runs", expanding=True)),
        one_of(t.touches.c.state, _LIVE),
        t.touches.c.batch_id.is_not(None),
    )
    .distinct()
)


def is_wanted(connection: Connection, batch_id: str) -> bool:
    """Whether anybody is still to get this batch: not everybody's run has ended by an exit."""
    return connection.scalar(_WANTED, {"batches": [batch_id]}) is not None


def hurry(connection: Connection, enrolment_ids: Sequence[int], now: datetime) -> None:
    """Have tasks looked at now whose last recipient has just left the SOP: whoever follows them withdraws them."""
    b = t.batches.c
    for chunk in store.chunked(enrolment_ids):
        touched = [batch_id for batch_id in connection.scalars(_ASKED, {"runs": chunk}) if batch_id]
        if not touched:
            continue
        lonely = sorted(set(touched) - set(connection.scalars(_WANTED, {"batches": touched})))
        created = (b.id.in_(lonely), b.state == BatchStatus.CREATED.value, b.check_at > now)
        connection.execute(sa.update(t.batches).where(*created).values(check_at=now))


def rest(connection: Connection, corp_id: str, now: datetime, until: datetime, *, creates_only: bool) -> None:
    """Let whatever is due wait, without a verdict: the calls of the present would fail like the last one.

    Args:
        connection: The transaction.
        corp_id: The corp.
        now: Aware.
        until: When to try again.
        creates_only: Only batches that wait for the create call.
    """
    b, u = t.batches.c, t.touches.c
    states = [BatchStatus.PLANNED] if creates_only else [BatchStatus.PLANNED, BatchStatus.CREATED, BatchStatus.UNKNOWN]
    free = sa.or_(b.lease_until.is_(None), b.lease_until <= now)
    due = (b.corp_id == corp_id, b.check_at <= now, b.state.in_([state.value for state in states]), free)
    connection.execute(sa.update(t.batches).where(*due).values(check_at=until))
    if not creates_only:
        acts = (u.corp_id == corp_id, u.check_at <= now, _work.WORK["perform"])
        connection.execute(sa.update(t.touches).where(*acts).values(check_at=until))


def live_batches_of(
    connection: Connection, corp_id: str, *, sender: str = "", sop: str = "", subject: str = ""
) -> list[str]:
    """Ids of unfinished batches of a member, that carry touches of a SOP, or that are to reach a subject."""
    query = sa.select(t.batches.c.id).where(
        t.batches.c.corp_id == corp_id, t.batches.c.state.not_in([one.value for one in BatchStatus if one.final])
    )
    if sender:
        query = query.where(t.batches.c.sender == sender)
    if subject:
        u = t.touches.c
        mine = sa.select(u.batch_id).where(u.corp_id == corp_id, u.external_userid == subject, u.state.in_(_LIVE))
        query = query.where(t.batches.c.id.in_(mine))
    if sop:
        runs = sa.select(t.touches.c.batch_id).join(t.enrolments, t.enrolments.c.id == t.touches.c.enrolment_id)
        query = query.where(
            t.batches.c.id.in_(runs.where(t.enrolments.c.corp_id == corp_id, t.enrolments.c.sop == sop))
        )
    return list(connection.scalars(query.order_by(t.batches.c.id)))
