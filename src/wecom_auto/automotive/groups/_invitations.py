"""The book of invitations: who was invited to which group, and whether they came. Every change is one transaction.

A place in a group is taken under the group's lock, so that two workers together promise no more than there are.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto.automotive.groups import _tables as t
from wecom_auto.automotive.groups._policy import GroupPolicy
from wecom_auto.automotive.groups._values import Decision, InviteWay
from wecom_auto.automotive.lifecycle._tables import positions
from wecom_auto.directory._tables import group_members, groups
from wecom_auto.store import change_where, insert_once, reading, repeatable, rows_where, transaction

_I: Final = t.invitations.c
_BATCH: Final = 500


class InvitationState(enum.StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    """A place is held."""
    JOINED = "joined"
    """The customer is in a group of the kind."""
    EXPIRED = "expired"
    """The customer has not come in time; the place is free again."""
    WITHDRAWN = "withdrawn"
    """The customer has bought meanwhile."""


@frozen(kw_only=True)
class Invitation:
    """One invitation (入群邀请).

    Attributes:
        external_userid: Whom.
        kind: Into which kind of group.
        number: Which invitation to that kind it is, from 1.
        chat_id: Where a place is held; by the code they may come into another group of the same join way.
        config_id: The join way.
        url: Its link or code.
        way: How it goes out.
        reason: Why, as in `Decision`.
        state: What became of it.
        invited_at: When.
        until_at: Until when the place is held.
        told_at: When it was handed to whoever sends it; None if that is still to be done.
        closed_at: When it was closed.
    """

    external_userid: str
    kind: str
    number: int
    chat_id: str
    config_id: str
    url: str
    way: InviteWay
    reason: str
    state: InvitationState
    invited_at: datetime
    until_at: datetime
    told_at: datetime | None = None
    closed_at: datetime | None = None


def invitations_of(connection: Connection, corp_id: str, external_userid: str) -> tuple[Invitation, ...]:
    """Return every invitation of one customer."""
    mine = (_I.corp_id == corp_id, _I.external_userid == external_userid)
    query = sa.select(t.invitations).where(*mine).order_by(_I.invited_at, _I.kind, _I.number)
    return tuple(_invitation(row) for row in connection.execute(query).mappings())


@repeatable
def invite(
    engine: Engine,
    corp_id: str,
    policy: GroupPolicy,
    chat_id: str,
    wanted: Sequence[Decision],
    now: datetime,
    *,
    told: bool = False,
) -> int:
    """Invite customers into one group as long as it has room; returns how many of them are new.

    Args:
        engine: The store.
        corp_id: The corp.
        policy: Its capacity.
        chat_id: The group.
        wanted: The invitations into it.
        now: Aware.
        told: Whoever calls tells the customers; nobody else does.
    """
    written = 0
    with transaction(engine) as connection:
        rows_where(connection, groups, {"corp_id": corp_id, "chat_id": chat_id}, columns=("chat_id",), lock=True).all()
        room = policy.capacity.roll - _taken(connection, corp_id, chat_id, now)
        for one in wanted:
            if room <= 0:
                break
            row = _row(corp_id, policy, one, now) | {"told_at": now if told else None}
            fresh = insert_once(connection, t.invitations, row)
            room, written = room - fresh, written + fresh
    return written


_INSIDE: Final = (
    sa.select(sa.func.count())
    .select_from(group_members)
    .where(
        group_members.c.corp_id == sa.bindparam("corp"),
        group_members.c.chat_id == sa.bindparam("chat"),
        group_members.c.left_at.is_(None),
    )
)
_COMING: Final = (
    sa.select(sa.func.count())
    .select_from(t.invitations)
    .where(
        _I.corp_id == sa.bindparam("corp"),
        _I.chat_id == sa.bindparam("chat"),
        _I.state == InvitationState.OPEN.value,
        _I.until_at > sa.bindparam("now"),
    )
)


def _taken(connection: Connection, corp_id: str, chat_id: str, now: datetime) -> int:
    known = {"corp": corp_id, "chat": chat_id}
    return (connection.scalar(_INSIDE, known) or 0) + (connection.scalar(_COMING, known | {"now": now}) or 0)


def _row(corp_id: str, policy: GroupPolicy, one: Decision, now: datetime) -> dict[str, Any]:
    return {
        "corp_id": corp_id,
        "external_userid": one.external_userid,
        "kind": one.kind,
        "number": one.number,
        "chat_id": one.chat_id,
        "config_id": one.config_id,
        "url": one.url,
        "way": (one.way or policy.way).value,
        "reason": one.reason,
        "state": InvitationState.OPEN.value,
        "invited_at": now,
        "until_at": now + policy.invitation_lasts,
        "closed_at": None,
    }


@repeatable
def take_back(engine: Engine, corp_id: str, one: Decision, way: InviteWay) -> None:
    """An invitation was certainly not told: the next `tell_all` tells it, in another way."""
    mine = (_I.corp_id == corp_id, _I.external_userid == one.external_userid, _I.kind == one.kind)
    with transaction(engine) as connection:
        values = {"told_at": None, "way": way.value}
        connection.execute(sa.update(t.invitations).where(*mine, _I.number == one.number).values(**values))


@repeatable
def settle(
    engine: Engine, corp_id: str, policy: GroupPolicy, kinds: Mapping[str, str], now: datetime
) -> dict[str, int]:
    """Close the invitations of those who came, who bought, and whose time is over.

    Args:
        engine: The store.
        corp_id: The corp.
        policy: Says who has bought.
        kinds: What each group is for.
        now: Aware.
    """
    counts: dict[str, int] = {}
    with transaction(engine) as connection:
        came = {key for key, chat_id in _came(connection, corp_id) if kinds.get(chat_id) == key[1]}
        bought = _bought(connection, corp_id, policy) - came
        for state, keys in ((InvitationState.JOINED, came), (InvitationState.WITHDRAWN, bought)):
            gone = sum(_close(connection, corp_id, state, now, key) for key in sorted(keys))
            counts |= {state.value: gone} if gone else {}
        over = (_I.corp_id == corp_id, _I.state == InvitationState.OPEN.value, _I.until_at <= now)
        values = {"state": InvitationState.EXPIRED.value, "closed_at": now}
        gone = connection.execute(sa.update(t.invitations).where(*over).values(values)).rowcount
        counts |= {InvitationState.EXPIRED.value: gone} if gone else {}
    return counts


_Key = tuple[str, str, int]


def _came(connection: Connection, corp_id: str) -> list[tuple[_Key, str]]:
    m = group_members.c
    same = sa.and_(m.corp_id == _I.corp_id, m.userid == _I.external_userid, m.left_at.is_(None))
    query = sa.select(_I.external_userid, _I.kind, _I.number, m.chat_id).join(group_members, same)
    rows = connection.execute(query.where(_I.corp_id == corp_id, _I.state == InvitationState.OPEN.value))
    return [((who, kind, number), chat_id) for who, kind, number, chat_id in rows]


def _bought(connection: Connection, corp_id: str, policy: GroupPolicy) -> set[_Key]:
    p = positions.c
    same = sa.and_(p.corp_id == _I.corp_id, p.external_userid == _I.external_userid)
    buyers = sa.or_(
        sa.and_(p.kind == "stage", p.value.in_(policy.buyer_stages)),
        sa.and_(p.kind == "grade", p.value.in_(policy.buyer_grades)),
    )
    query = sa.select(_I.external_userid, _I.kind, _I.number).join(positions, same)
    rows = connection.execute(query.where(_I.corp_id == corp_id, _I.state == InvitationState.OPEN.value, buyers))
    return {(who, kind, number) for who, kind, number in rows}


def _close(connection: Connection, corp_id: str, state: InvitationState, now: datetime, key: _Key) -> int:
    who, kind, number = key
    mine = {"corp_id": corp_id, "external_userid": who, "kind": kind, "number": number}
    mine["state"] = InvitationState.OPEN.value
    return change_where(connection, t.invitations, mine, {"state": state.value, "closed_at": now})


def tell_all(engine: Engine, corp_id: str, now: datetime, tell: Callable[[Invitation], None]) -> int:
    """Hand every open invitation that nobody was told of to whoever sends it; returns how many."""
    told, after = 0, ("", "")
    while batch := _untold(engine, corp_id, now, after):
        for one in batch:
            tell(one)
            _mark_told(engine, corp_id, one, now)
            told += 1
        after = (batch[-1].external_userid, batch[-1].kind)
    return told


def _untold(engine: Engine, corp_id: str, now: datetime, after: tuple[str, str]) -> list[Invitation]:
    open_ = (_I.corp_id == corp_id, _I.state == InvitationState.OPEN.value, _I.told_at.is_(None), _I.until_at > now)
    later = sa.or_(_I.external_userid > after[0], sa.and_(_I.external_userid == after[0], _I.kind > after[1]))
    query = sa.select(t.invitations).where(*open_, later).order_by(_I.external_userid, _I.kind).limit(_BATCH)
    with reading(engine) as connection:
        return [_invitation(row) for row in connection.execute(query).mappings()]


@repeatable
def _mark_told(engine: Engine, corp_id: str, one: Invitation, now: datetime) -> None:
    mine = {"corp_id": corp_id, "external_userid": one.external_userid, "kind": one.kind, "number": one.number}
    with transaction(engine) as connection:
        change_where(connection, t.invitations, mine, {"told_at": now})


def _invitation(row: sa.RowMapping) -> Invitation:
    values: dict[str, Any] = {name: value for name, value in row.items() if name != "corp_id"}
    values.update(way=InviteWay(row["way"]), state=InvitationState(row["state"]))
    return Invitation(**values)
