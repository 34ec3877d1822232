"""Rows of the follow-up watch. Every function works inside a transaction of the caller, and decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from wecom_auto.automotive.watch._rules import Rule, Rung
from wecom_auto.automotive.watch._tables import alerts, watched
from wecom_auto.automotive.watch._values import Alert, Evidence, Fired, Precision, Standing, Subject, SubjectKind, Touch
from wecom_auto.store import insert_once, rows_where

_W: Final = watched.c
_A: Final = alerts.c


@frozen(kw_only=True)
class StoredAlert:
    """An alert as it is kept.

    Attributes:
        silence: Names the silence.
        rung: How far it has climbed.
        subject: Whom it is about.
        rule: The rule that was broken first.
        about: The member whose work it is.
        store: That member's shop.
        told: Who was told; empty if there was nobody.
        evidence: What it rests on.
        precision: How closely that looks.
        detail: Figures, for people.
        since: When the silence began.
        due_at: Since when it was due.
        fired_at: When it was decided.
        delivered_at: When it became a task, or there was nobody; None for not yet.
        task_id: The task of whoever was told.
        watched_task: The task that nobody has answered.
        closed_at: When a contact was seen, or the reason was gone; None while it is open.
    """

    silence: str
    rung: Rung
    subject: str
    rule: Rule
    about: str
    store: str
    told: str
    evidence: Evidence
    precision: Precision
    detail: str
    since: datetime
    due_at: datetime
    fired_at: datetime
    delivered_at: datetime | None
    task_id: int | None
    watched_task: int | None
    closed_at: datetime | None


def follow(connection: Connection, corp_id: str, one: Subject, store: str, now: datetime) -> None:
    """Write a subject down, or what has changed about it; what was heard of it stays."""
    settings = {
        "kind": one.kind.value,
        "members": list(one.members),
        "supervisor": one.supervisor,
        "store": store,
        "since": one.since,
        "grade": one.grade,
        "graded_at": one.graded_at,
        "check_at": now,
    }
    fresh = {"holder": one.members[0], "touched_evidence": "", "waiting_evidence": ""}
    if insert_once(connection, watched, {"corp_id": corp_id, "subject": one.id, **settings, **fresh}):
        return
    connection.execute(sa.update(watched).where(*_mine(corp_id, one.id)).values(settings))
    # Whoever has left the circle holds it no longer.
    stranger = (*_mine(corp_id, one.id), _W.holder.not_in(one.members))
    connection.execute(sa.update(watched).where(*stranger).values(holder=one.members[0]))


def forget(connection: Connection, corp_id: str, subject: str) -> bool:
    """Watch a subject no longer."""
    return connection.execute(sa.delete(watched).where(*_mine(corp_id, subject))).rowcount == 1


_THIS_ONE: Final = (_W.corp_id == sa.bindparam("corp"), _W.subject == sa.bindparam("whom"))
_LATER: Final = sa.or_(_W.touched_at.is_(None), _W.touched_at < sa.bindparam("at"))
_WAITS: Final = (
    sa.update(watched)
    .where(*_THIS_ONE, _LATER, sa.or_(_W.waiting_at.is_(None), _W.waiting_at > sa.bindparam("at")))
    .values(waiting_at=sa.bindparam("at"), waiting_evidence=sa.bindparam("by"), check_at=sa.bindparam("now"))
)
_ANSWERED: Final = (
    sa.update(watched)
    .where(*_THIS_ONE, _W.waiting_at <= sa.bindparam("at"))
    .values(waiting_at=None, waiting_evidence="", check_at=sa.bindparam("now"))
)
_TOUCHED: Final = (
    sa.update(watched)
    .where(*_THIS_ONE, _LATER)
    .values(touched_at=sa.bindparam("at"), touched_evidence=sa.bindparam("by"), check_at=sa.bindparam("now"))
)


def hear(connection: Connection, corp_id: str, touch: Touch, now: datetime) -> bool:
    """Write a contact down, in whatever order they come; False if it changes nothing."""
    known = {"corp": corp_id, "whom": touch.subject, "at": touch.at, "now": now}
    known |= {"by": touch.evidence.value}
    if touch.inbound:
        return connection.execute(_WAITS, known).rowcount == 1
    ended = connection.execute(_ANSWERED, known).rowcount
    newer = connection.execute(_TOUCHED, known).rowcount
    return bool(ended or newer)


_DUE: Final = (
    sa.select(watched)
    .where(_W.corp_id == sa.bindparam("corp"), _W.check_at <= sa.bindparam("now"))
    .order_by(_W.check_at, _W.subject)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def due(connection: Connection, corp_id: str, now: datetime, limit: int) -> tuple[Standing, ...]:
    """The subjects whose time to be looked at has come, the oldest first."""
    rows = connection.execute(_DUE, {"corp": corp_id, "now": now, "most": limit}).mappings()
    return tuple(map(_standing, rows))


def standing(connection: Connection, corp_id: str, subject: str, *, hold: bool = False) -> Standing | None:
    """One subject; with `hold`, nobody else changes it until the end of the transaction."""
    mine = {"corp_id": corp_id, "subject": subject}
    row = rows_where(connection, watched, mine, lock=hold).mappings().one_or_none()
    return None if row is None else _standing(row)


_LOOK_AGAIN: Final = (
    sa.update(watched)
    .where(
        *_THIS_ONE,
        _W.check_at <= sa.bindparam("now"),
        _W.touched_at.is_not_distinct_from(sa.bindparam("touched", type_=_W.touched_at.type)),
        _W.waiting_at.is_not_distinct_from(sa.bindparam("waiting", type_=_W.waiting_at.type)),
    )
    .values(check_at=sa.bindparam("next"))
)


def look_again(connection: Connection, corp_id: str, seen: Standing, at: datetime | None, now: datetime) -> None:
    """Say when to look at a subject again, unless something has been heard of it meanwhile."""
    known = {"corp": corp_id, "whom": seen.subject.id, "now": now, "next": at}
    connection.execute(_LOOK_AGAIN, known | {"touched": seen.touched_at, "waiting": seen.waiting_at})


def give_to(connection: Connection, corp_id: str, subject: str, userid: str) -> None:
    """Somebody else of the circle looks after a subject."""
    connection.execute(sa.update(watched).where(*_mine(corp_id, subject)).values(holder=userid))


_FIRED: Final = (
    sa.select(_A.silence, _A.rung, _A.fired_at)
    .where(_A.corp_id == sa.bindparam("corp"), _A.silence.in_(sa.bindparam("silences", expanding=True)))
    .order_by(_A.fired_at)
)


def fired(connection: Connection, corp_id: str, silences: Iterable[str]) -> dict[str, tuple[Fired, ...]]:
    """What was told of silences, oldest first."""
    found: dict[str, tuple[Fired, ...]] = {}
    for row in connection.execute(_FIRED, {"corp": corp_id, "silences": list(silences)}):
        found[row.silence] = (*found.get(row.silence, ()), Fired(rung=Rung(row.rung), at=row.fired_at))
    return found


def add(connection: Connection, corp_id: str, alert: Alert, store: str, now: datetime) -> bool:
    """Write an alert down, once for each rung of a silence."""
    silence = alert.silence
    row = {
        "corp_id": corp_id,
        "silence": silence.key,
        "rung": alert.rung.value,
        "subject": silence.subject,
        "rule": silence.rule.value,
        "about": silence.about,
        "store": store,
        "told": alert.to,
        "evidence": silence.evidence.value,
        "looks_at": silence.precision.value,
        "detail": silence.detail,
        "watched_task": silence.task_id,
        "since": silence.since,
        "due_at": alert.due_at,
        "fired_at": now,
        "delivered_at": None if alert.to else now,
    }
    return insert_once(connection, alerts, row)


def wanted(*where: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """A query for alerts, oldest first; `find` says of which corp, and how many."""
    mine = (_A.corp_id == sa.bindparam("corp"), *where)
    query: sa.Select[*tuple[Any, ...]] = sa.select(alerts).where(*mine).order_by(_A.fired_at, _A.silence)
    return query.limit(sa.bindparam("most", type_=sa.Integer))


def find(
    connection: Connection, corp_id: str, query: sa.Select[*tuple[Any, ...]], limit: int, **known: object
) -> tuple[StoredAlert, ...]:
    """The alerts that a query wants."""
    rows = connection.execute(query, {"corp": corp_id, "most": limit, **known})
    return tuple(_alert(row) for row in rows.mappings())


_STILL: Final = (
    _A.corp_id == sa.bindparam("corp"),
    _A.silence == sa.bindparam("key"),
    _A.rung == sa.bindparam("step"),
    _A.closed_at.is_(None),
)
_DELIVERED: Final = (
    sa.update(alerts).where(*_STILL).values(delivered_at=sa.bindparam("now"), task_id=sa.bindparam("task"))
)
_CLOSED: Final = sa.update(alerts).where(*_STILL).values(closed_at=sa.bindparam("now"))


def delivered(connection: Connection, corp_id: str, one: StoredAlert, task_id: int, now: datetime) -> bool:
    """Write down that an alert became a task; False if its reason is gone by now."""
    known = _this(corp_id, one) | {"now": now, "task": task_id}
    return connection.execute(_DELIVERED, known).rowcount == 1


def close(connection: Connection, corp_id: str, found: Sequence[StoredAlert], now: datetime) -> None:
    """Write down that the reason of alerts is gone."""
    for one in found:
        connection.execute(_CLOSED, _this(corp_id, one) | {"now": now})


def _mine(corp_id: str, subject: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _W.corp_id == corp_id, _W.subject == subject


def _this(corp_id: str, one: StoredAlert) -> dict[str, object]:
    return {"corp": corp_id, "key": one.silence, "step": one.rung.value}


def _standing(row: RowMapping) -> Standing:
    subject = Subject(
        id=row["subject"],
        kind=SubjectKind(row["kind"]),
        members=row["members"],
        supervisor=row["supervisor"],
        store=row["store"],
        since=row["since"],
        grade=row["grade"],
        graded_at=row["graded_at"],
    )
    waiting: Mapping[str, Any] = {"waiting_evidence": Evidence(row["waiting_evidence"])} if row["waiting_at"] else {}
    heard = {"touched_at": row["touched_at"], "waiting_at": row["waiting_at"]}
    return Standing(subject=subject, holder=row["holder"], **heard, **waiting)


def _alert(row: RowMapping) -> StoredAlert:
    same = ("silence", "subject", "about", "store", "told", "detail", "since", "due_at", "fired_at", "delivered_at")
    return StoredAlert(
        **{name: row[name] for name in (*same, "task_id", "watched_task", "closed_at")},
        rung=Rung(row["rung"]),
        rule=Rule(row["rule"]),
        evidence=Evidence(row["evidence"]),
        precision=Precision(row["looks_at"]),
    )
