"""Read and write rows of the desk inside a transaction that the caller has opened. Decides nothing, calls nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, Engine, Row, RowMapping

from wecom_auto._time import Clock, from_unix
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._keys import LeadKeys
from wecom_auto.automotive.leads._states import (
    LIVE,
    Assignment,
    AssignmentState,
    DeskSettings,
    HistoryEntry,
    LeadStatus,
    NoticeKind,
    StoredLead,
)
from wecom_auto.automotive.network import Network
from wecom_auto.store import change_where, insert_once, reading, rows_where

_LEAD: Final = tuple(one.name for one in attrs.fields(StoredLead))
_ASSIGNMENT: Final = tuple(one.name for one in attrs.fields(Assignment))


@frozen(kw_only=True)
class Desk:
    """What all work of one desk shares."""

    engine: Engine
    corp_id: str
    network: Network
    keys: LeadKeys
    settings: DeskSettings
    clock: Clock
    crash: Any

    def now(self) -> datetime:
        """The time."""
        return from_unix(self.clock())


def lead(connection: Connection, corp_id: str, lead_id: str, *, lock: bool = True) -> StoredLead | None:
    """One lead; locked, nobody else changes it before the transaction ends."""
    key = {"corp_id": corp_id, "lead_id": lead_id}
    row = rows_where(connection, t.leads, key, columns=_LEAD, lock=lock).first()
    return _lead(row) if row else None


def _lead(row: Row[*tuple[Any, ...]]) -> StoredLead:
    values: dict[str, Any] = dict(zip(_LEAD, row, strict=True))
    values["status"] = LeadStatus(values["status"])
    return StoredLead(**values)


def change(connection: Connection, corp_id: str, lead_id: str, **values: object) -> None:
    """Write columns of a lead."""
    change_where(connection, t.leads, {"corp_id": corp_id, "lead_id": lead_id}, values)


def owners_of(
    connection: Connection, corp_id: str, identities: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Which leads these identities belong to."""
    found = dict[tuple[str, str], str]()
    for kind, value in identities:
        key = {"corp_id": corp_id, "kind": kind, "value": value}
        row = rows_where(connection, t.identities, key, columns=("lead_id",)).first() if value else None
        if row is not None:
            found[kind, value] = row.lead_id
    return found


def kinds_of(connection: Connection, corp_id: str, lead_id: str) -> set[str]:
    """By what a lead is recognised."""
    key = {"corp_id": corp_id, "lead_id": lead_id}
    return set(rows_where(connection, t.identities, key, columns=("kind",)).scalars())


def identify(connection: Connection, corp_id: str, lead_id: str, kind: str, value: str, at: datetime) -> str:
    """Give a lead an identity, unless another lead has it; return whose it is."""
    row = {"corp_id": corp_id, "kind": kind, "value": value, "lead_id": lead_id, "at": at}
    if insert_once(connection, t.identities, row):
        return lead_id
    return owners_of(connection, corp_id, [(kind, value)])[kind, value]


def note(
    connection: Connection,
    corp_id: str,
    lead_id: str,
    what: str,
    at: datetime,
    *,
    actor: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write into the history."""
    row = {"corp_id": corp_id, "lead_id": lead_id, "at": at, "what": what, "actor": actor[:64]}
    connection.execute(_NOTE, row | {"detail": dict(detail or {})})


def entry_of(row: RowMapping) -> HistoryEntry:
    """Make a value of a row."""
    return HistoryEntry(**{one.name: row[one.name] for one in attrs.fields(HistoryEntry)})


def _assignment(row: Row[*tuple[Any, ...]]) -> Assignment:
    values: dict[str, Any] = dict(zip(_ASSIGNMENT, row, strict=True))
    values |= {"because": tuple(values["because"]), "state": AssignmentState(values["state"])}
    return Assignment(**values)


def assignments(connection: Connection, corp_id: str, lead_id: str) -> list[Assignment]:
    """All assignments of a lead, in order."""
    key = {"corp_id": corp_id, "lead_id": lead_id}
    return [*map(_assignment, rows_where(connection, t.assignments, key, columns=_ASSIGNMENT, order=("round",)))]


def lives(connection: Connection, corp_id: str, lead_ids: Iterable[str]) -> dict[str, Assignment]:
    """Of each lead the assignment that is somebody's; leads that are nobody's are left out."""
    given = {"corp": corp_id, "leads": [*lead_ids], "live": [one.value for one in LIVE]}
    found = [*map(_assignment, connection.execute(_LIVE_OF, given))] if given["leads"] else []
    return {one.lead_id: one for one in found}


def _live_of() -> sa.Select[*tuple[Any, ...]]:
    c = t.assignments.c
    leads: sa.BindParameter[list[str]] = sa.bindparam("leads", expanding=True)
    states: sa.BindParameter[list[str]] = sa.bindparam("live", expanding=True)
    mine = (c.corp_id == sa.bindparam("corp"), c.lead_id.in_(leads), c.state.in_(states))
    # Of two the first counts, as in `live`: it comes last here, and stays in the dictionary.
    return sa.select(*(c[name] for name in _ASSIGNMENT)).where(*mine).order_by(c.round.desc())


_LIVE_OF: Final = _live_of()


def live(connection: Connection, corp_id: str, lead_id: str) -> Assignment | None:
    """The assignment that is somebody's, if there is one."""
    found = assignments(connection, corp_id, lead_id)
    return next((one for one in found if one.state in LIVE), None)


def change_assignment(connection: Connection, corp_id: str, one: Assignment, **values: object) -> None:
    """Write columns of an assignment."""
    key = {"corp_id": corp_id, "lead_id": one.lead_id, "round": one.round}
    change_where(connection, t.assignments, key, values)


_VOID: Final = (
    sa.update(t.notices)
    .where(
        t.notices.c.corp_id == sa.bindparam("corp"),
        t.notices.c.lead_id == sa.bindparam("lead"),
        t.notices.c.round == sa.bindparam("nth"),
        t.notices.c.state == "due",
        t.notices.c.lease_until.is_(None),
    )
    .values(state="void")
)


def close(
    connection: Connection, corp_id: str, one: Assignment, state: AssignmentState, at: datetime, why: str
) -> None:
    """End an assignment; what its member has not been told yet is not told any more."""
    change_assignment(connection, corp_id, one, state=state.value, closed_at=at, reason=why[:128])
    connection.execute(_VOID, {"corp": corp_id, "lead": one.lead_id, "nth": one.round})


def tell(
    connection: Connection,
    desk: Desk,
    found: StoredLead,
    kind: NoticeKind,
    userid: str,
    at: datetime,
    *,
    number: int | None = None,
    again: str = "",
    **facts: object,
) -> None:
    """Write down that a member has to be told; `deliver` sends it, once for each key."""
    if not userid:
        return
    number = found.rounds if number is None else number
    row = {
        "corp_id": desk.corp_id,
        "notice_key": f"{found.lead_id}:{number}:{kind.value}:{again}:{userid}"[:128],
        "lead_id": found.lead_id,
        "round": number,
        "userid": userid,
        "kind": kind.value,
        "content": {"name": found.name, "model": found.model, "source": found.source, "store": found.store} | facts,
        "state": "due",
        "created_at": at,
        "next_at": at,
        "attempts": 0,
        "fence": 0,
        "msgid": "",
        "error": "",
    }
    insert_once(connection, t.notices, row)


def due(connection: Connection, corp_id: str, statuses: Sequence[LeadStatus], now: datetime, limit: int) -> list[str]:
    """Leads for which something is due, the longest waiting first."""
    given = {"corp": corp_id, "statuses": [one.value for one in statuses], "now": now, "most": limit}
    return [*connection.scalars(_DUE, given)]


def _due() -> sa.Select[str]:
    c = t.leads.c
    statuses: sa.BindParameter[list[str]] = sa.bindparam("statuses", expanding=True)
    wanted = (c.corp_id == sa.bindparam("corp"), c.status.in_(statuses), c.next_at <= sa.bindparam("now"))
    return sa.select(c.lead_id).where(*wanted).order_by(c.next_at, c.lead_id).limit(sa.bindparam("most"))


_DUE: Final = _due()
_NOTE: Final = sa.insert(t.history)


def listed(
    desk: Desk, wanted: Sequence[sa.ColumnElement[bool]], order: sa.Column[datetime], limit: int
) -> list[StoredLead]:
    """Leads that fulfil all conditions, in an order."""
    columns = [t.leads.c[name] for name in _LEAD]
    query = sa.select(*columns).where(*wanted).order_by(order, t.leads.c.lead_id).limit(limit)
    with reading(desk.engine) as connection:
        return [*map(_lead, connection.execute(query))]


def told(desk: Desk, wanted: Sequence[sa.ColumnElement[bool]], limit: int) -> list[HistoryEntry]:
    """Entries of the history that fulfil all conditions, in order."""
    query = sa.select(t.history).where(t.history.c.corp_id == desk.corp_id, *wanted)
    with reading(desk.engine) as connection:
        return [entry_of(row) for row in connection.execute(query.order_by(t.history.c.id).limit(limit)).mappings()]
