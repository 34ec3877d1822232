"""Read customers and groups for a plan: a few queries over everything, or over the customers that were asked about.

Reads the mirror, the positions of the lifecycle and the invitations; writes nothing and asks no platform.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final, cast

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto._time import CHINA
from wecom_auto.automotive.groups import _tables as t
from wecom_auto.automotive.groups._policy import GroupPolicy
from wecom_auto.automotive.groups._values import KIND, STORE, CustomerView, GroupView, JoinWayView
from wecom_auto.automotive.lifecycle._tables import positions
from wecom_auto.directory import RelationStatus
from wecom_auto.directory._rows import chunks
from wecom_auto.directory._subjects import LEFT
from wecom_auto.directory._tables import attributes, follows, group_members, groups
from wecom_auto.models import GroupMemberType, GroupStatus

FROZEN: Final = "frozen"
OPEN: Final = "open"
_LEFT_OWNER: Final = (GroupStatus.OWNER_LEFT, GroupStatus.INHERITING)
Row = sa.Row[*tuple[Any, ...]]


@frozen(kw_only=True)
class Mirrored:
    """The groups of a corp as the mirror has them.

    Attributes:
        groups: Living ones, heirs not filled in.
        read_at: When each was last read whole.
    """

    groups: tuple[GroupView, ...]
    read_at: Mapping[str, datetime]


def read_groups(connection: Connection, corp_id: str, now: datetime) -> Mirrored:
    """Read every living group."""
    g, m, i = groups.c, group_members.c, t.invitations.c
    inside = sa.select(m.chat_id, sa.func.count()).where(m.corp_id == corp_id, m.left_at.is_(None))
    sizes = dict(pairs(connection, inside.group_by(m.chat_id)))
    waiting = (i.corp_id == corp_id, i.state == OPEN, i.until_at > now)
    held = dict(pairs(connection, sa.select(i.chat_id, sa.func.count()).where(*waiting).group_by(i.chat_id)))
    told = {name: _attribute(connection, corp_id, name) for name in (KIND, STORE, FROZEN, LEFT)}
    query = sa.select(g.chat_id, g.name, g.owner, g.status, g.created_at, g.read_at)
    rows = connection.execute(query.where(g.corp_id == corp_id, g.dismissed_at.is_(None)).order_by(g.chat_id)).all()
    found = tuple(
        GroupView(
            chat_id=row.chat_id,
            name=row.name,
            kind=_text(told[KIND].get(row.chat_id)),
            store=_text(told[STORE].get(row.chat_id)),
            owner=row.owner,
            size=sizes.get(row.chat_id, 0),
            held=held.get(row.chat_id, 0),
            created_at=row.created_at,
            frozen=told[FROZEN].get(row.chat_id) is True,
            owner_left=row.status in _LEFT_OWNER or told[LEFT].get(row.owner) is True,
        )
        for row in rows
    )
    return Mirrored(groups=found, read_at={row.chat_id: row.read_at for row in rows})


def read_ways(connection: Connection, corp_id: str) -> tuple[JoinWayView, ...]:
    """Read the join ways of kinds and shops."""
    w = t.join_ways.c
    query = sa.select(t.join_ways).where(w.corp_id == corp_id).order_by(w.kind, w.store)
    return tuple(
        JoinWayView(config_id=row.config_id, kind=row.kind, store=row.store, url=row.url, chat_ids=tuple(row.chat_ids))
        for row in connection.execute(query)
    )


def read_customers(
    connection: Connection,
    corp_id: str,
    policy: GroupPolicy,
    now: datetime,
    ruled: Collection[str],
    only: Collection[str] | None = None,
) -> Iterator[CustomerView]:
    """Read everybody who has a stage or is in one of the groups.

    Args:
        connection: A transaction.
        corp_id: The corp.
        policy: Names the attributes that it looks at.
        now: Aware.
        ruled: The groups that the policy is about.
        only: Only these customers; None for all.
    """
    for chunk in [None] if only is None else chunks(only):
        yield from _read_some(connection, corp_id, policy, now, ruled, chunk)


def _read_some(
    connection: Connection,
    corp_id: str,
    policy: GroupPolicy,
    now: datetime,
    ruled: Collection[str],
    only: Collection[str] | None,
) -> Iterator[CustomerView]:
    stages = _positions(connection, corp_id, "stage", only)
    grades = _positions(connection, corp_id, "grade", only)
    inside = _inside(connection, corp_id, ruled, only)
    friends = _friends(connection, corp_id, only)
    asked = _invited(connection, corp_id, now, only)
    stores = _attribute(connection, corp_id, STORE, only)
    rule = policy.appointment
    drives = _attribute(connection, corp_id, rule.attribute, only) if rule else {}
    agreed = _attribute(connection, corp_id, policy.consent, only) if policy.consent else {}
    for who in sorted({*stages, *inside, *(only or ())}):
        stage, grade, friend = stages.get(who), grades.get(who), friends.get(who)
        yield CustomerView(
            external_userid=who,
            stage=stage.value if stage else "",
            since=stage.since if stage else None,
            active_at=stage.active_at if stage else None,
            grade=grade.value if grade else "",
            store=_text(stores.get(who)),
            friend=friend is not None,
            member=friend.userid if friend else "",
            added_at=friend.added_at if friend else None,
            appointment=moment_of(drives.get(who)),
            agreed=not policy.consent or agreed.get(who) is True,
            inside=inside.get(who, {}),
            **_history(asked.get(who, ()), now),
        )


def _history(rows: Collection[Row], now: datetime) -> dict[str, Any]:
    """Invitations of one customer by kind, in the order of their numbers."""
    return {
        "invited": {row.kind: row.number for row in rows},
        "invited_at": {row.kind: row.invited_at for row in rows},
        "open": {row.kind: row.chat_id for row in rows if row.state == OPEN and row.until_at > now},
    }


def moment_of(value: object) -> datetime | None:
    """Read the time of an appointment from an attribute: a time with its zone, or a date, which means noon in China."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == len("2026-03-02"):
            return datetime.combine(date.fromisoformat(value), time(12), CHINA)
        told = datetime.fromisoformat(value)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=CHINA)


def pairs(connection: Connection, query: sa.Select[*tuple[Any, ...]]) -> Iterator[tuple[str, int]]:
    """Run a query that counts something for each id."""
    return ((row[0], row[1]) for row in connection.execute(query))


def _among(column: sa.ColumnElement[Any], only: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    return [] if only is None else [column.in_(list(only))]


def attribute_of(connection: Connection, corp_id: str, name: str) -> dict[str, str]:
    """Read an attribute of everybody and everything that has it as text, by id."""
    return {subject: _text(value) for subject, value in _attribute(connection, corp_id, name).items()}


def _attribute(
    connection: Connection, corp_id: str, name: str, only: Collection[str] | None = None
) -> dict[str, object]:
    a = attributes.c
    query = sa.select(a.external_userid, a.value).where(a.corp_id == corp_id, a.name == name)
    rows = connection.execute(query.where(*_among(a.external_userid, only)))
    return {subject: cast("object", value) for subject, value in rows}


def _positions(connection: Connection, corp_id: str, kind: str, only: Collection[str] | None) -> dict[str, Row]:
    p = positions.c
    query = sa.select(p.external_userid, p.value, p.since, p.active_at).where(p.corp_id == corp_id, p.kind == kind)
    return {row.external_userid: row for row in connection.execute(query.where(*_among(p.external_userid, only)))}


def _inside(
    connection: Connection, corp_id: str, ruled: Collection[str], only: Collection[str] | None
) -> dict[str, dict[str, datetime | None]]:
    m, found = group_members.c, defaultdict[str, dict[str, "datetime | None"]](dict)
    people = (m.corp_id == corp_id, m.left_at.is_(None), m.type != GroupMemberType.MEMBER)
    query = sa.select(m.chat_id, m.userid, m.joined_at).where(*people, *_among(m.userid, only))
    for chat_id, userid, joined_at in connection.execute(query):
        if chat_id in ruled:
            found[userid][chat_id] = joined_at
    return found


def _friends(connection: Connection, corp_id: str, only: Collection[str] | None) -> dict[str, Row]:
    """The newest friendship of each customer."""
    f = follows.c
    friends = (f.corp_id == corp_id, f.status == RelationStatus.FOLLOWING.value)
    query = sa.select(f.external_userid, f.userid, f.added_at).where(*friends, *_among(f.external_userid, only))
    return {row.external_userid: row for row in connection.execute(query.order_by(f.added_at, f.userid))}


def _invited(connection: Connection, corp_id: str, now: datetime, only: Collection[str] | None) -> dict[str, list[Row]]:
    i, found = t.invitations.c, defaultdict[str, list[Row]](list)
    columns = (i.external_userid, i.kind, i.number, i.chat_id, i.state, i.invited_at, i.until_at)
    query = sa.select(*columns).where(i.corp_id == corp_id, i.invited_at <= now, *_among(i.external_userid, only))
    for row in connection.execute(query.order_by(i.external_userid, i.kind, i.number)):
        found[row.external_userid].append(row)
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
