"""Read and write the mirror's groups and their members. Knows no rule about whose news is newer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.engine import Connection

from wecom_auto.directory import _membership as rules
from wecom_auto.directory._membership import GroupRow, Membership
from wecom_auto.directory._news import News
from wecom_auto.directory._relation import NEVER
from wecom_auto.directory._rows import chunks, flat
from wecom_auto.directory._tables import group_members, groups
from wecom_auto.models import GroupChat, GroupMemberType, GroupRef, GroupStatus, JoinScene
from wecom_auto.store import alone, insert_new, upsert

_GROUP_COLUMNS: Final = [column for column in groups.columns if column.name != "corp_id"]
_MEMBER_COLUMNS: Final = [column for column in group_members.columns if column.name != "corp_id"]
_SOME: Final = (
    sa.select(*_GROUP_COLUMNS)
    .where(groups.c.corp_id == sa.bindparam("corp"), groups.c.chat_id.in_(sa.bindparam("chats", expanding=True)))
    .order_by(groups.c.chat_id)
)
_SOME_LOCKED: Final = _SOME.with_for_update()


def _members(*where: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_MEMBER_COLUMNS)
    return query.where(group_members.c.corp_id == sa.bindparam("corp"), *where)


_OF_GROUPS: Final = _members(group_members.c.chat_id.in_(sa.bindparam("chats", expanding=True)))
_OF_GROUP: Final = _members(group_members.c.chat_id == sa.bindparam("chat"))
_OF_PERSON: Final = _members(group_members.c.userid == sa.bindparam("person"))
_OF_PEOPLE: Final = _members(
    group_members.c.chat_id == sa.bindparam("chat"), group_members.c.userid.in_(sa.bindparam("people", expanding=True))
)


def change(
    connection: Connection, corp_id: str, changes: Mapping[str, Callable[[GroupRow], GroupRow]]
) -> list[tuple[GroupRow, GroupRow]]:
    """Lock the groups, apply each change to what is known, write and return those that came out different."""
    known = _lock(connection, corp_id, changes)
    made = [(known[chat_id], make(known[chat_id])) for chat_id, make in sorted(changes.items())]
    news = [(old, new) for old, new in made if new != old]
    upsert(connection, groups, [_group_row(corp_id, new) for _, new in news])
    return news


def put_details(connection: Connection, corp_id: str, answers: Sequence[GroupChat], as_of: datetime) -> News:
    """Write the details of groups with their members, all asked at `as_of`."""
    told = {one.chat_id: one for one in answers}
    news = News(groups=change(connection, corp_id, {name: _reading(one, as_of) for name, one in told.items()}))
    known: dict[str, dict[str, Membership]] = {chat_id: {} for chat_id in told}
    for chunk in chunks(told):
        for member in _memberships(connection, corp_id, _OF_GROUPS, chats=chunk):
            known[member.chat_id][member.userid] = member
    for chat_id, one in sorted(told.items()):
        changed = rules.members_read(known[chat_id], chat_id, one.members, as_of)
        news.members += [(known[chat_id].get(member.userid), member) for member in changed]
    _write_members(connection, corp_id, [member for _, member in news.members])
    return news


def put_refs(connection: Connection, corp_id: str, refs: Iterable[GroupRef], as_of: datetime) -> News:
    """Write lines of a list: which groups there are, and whether they have to change hands."""
    return News(groups=change(connection, corp_id, {one.chat_id: _naming(one.status, as_of) for one in refs}))


def change_members(
    connection: Connection, corp_id: str, chat_id: str, changes: Mapping[str, Callable[[Membership], Membership]]
) -> None:
    """Apply events about members; the caller has locked the group by `change`."""
    known = {one.userid: one for one in _some_members(connection, corp_id, chat_id, changes)}
    before = {one: known.get(one, Membership(chat_id=chat_id, userid=one, type=_kind(one))) for one in changes}
    news = [make(before[userid]) for userid, make in changes.items()]
    _write_members(connection, corp_id, [one for one in news if known.get(one.userid) != one])


def dismiss(
    connection: Connection, corp_id: str, chat_ids: Iterable[str], at: datetime
) -> list[tuple[GroupRow, GroupRow]]:
    """Mark groups as dissolved."""
    return change(
        connection, corp_id, {one: lambda row: evolve(row, dismissed_at=row.dismissed_at or at) for one in chat_ids}
    )


def find(connection: Connection, corp_id: str, *, owner: str = "", living: bool = True) -> tuple[GroupRow, ...]:
    """List groups by id."""
    query = sa.select(*_GROUP_COLUMNS).where(groups.c.corp_id == corp_id)
    if owner:
        query = query.where(groups.c.owner == owner)
    if living:
        query = query.where(groups.c.dismissed_at.is_(None))
    return tuple(_as_group(row) for row in connection.execute(query.order_by(groups.c.chat_id)).mappings())


def get(connection: Connection, corp_id: str, chat_id: str) -> GroupRow | None:
    """Return one group."""
    return next(iter(read(connection, corp_id, [chat_id])), None)


def members_of(connection: Connection, corp_id: str, chat_id: str) -> list[Membership]:
    """Return everybody who is in a group, or was."""
    return _memberships(connection, corp_id, _OF_GROUP, chat=chat_id)


def memberships_of(connection: Connection, corp_id: str, userid: str) -> list[Membership]:
    """Return every group that somebody is in, or was."""
    return _memberships(connection, corp_id, _OF_PERSON, person=userid)


def unread(connection: Connection, corp_id: str, before: datetime, *, whole: bool, after: str, most: int) -> list[str]:
    """Return some living groups, by id, that a bulk read of `before` has still to read.

    Args:
        connection: The transaction.
        corp_id: The corp.
        before: When the bulk read began.
        whole: All groups; otherwise those that were never read, or of which an event spoke since.
        after: Only ids after this one.
        most: The most groups.
    """
    g = groups.c
    due = g.read_at < (before if whole else g.changed_at)
    never = g.read_at < _EARLY
    living = (g.corp_id == corp_id, g.dismissed_at.is_(None), g.chat_id > after)
    query = sa.select(g.chat_id).where(*living, sa.or_(never, due))
    return list(connection.scalars(query.order_by(g.chat_id).limit(most)))


def unlisted(connection: Connection, corp_id: str, before: datetime, most: int) -> list[str]:
    """Return some living groups that no list has named since `before`, and no event or answer either."""
    g = groups.c
    query = sa.select(g.chat_id).where(
        g.corp_id == corp_id,
        g.dismissed_at.is_(None),
        g.listed_at < before,
        g.changed_at < before,
        g.read_at < before,
    )
    return list(connection.scalars(query.order_by(g.chat_id).limit(most)))


def owners(connection: Connection, corp_id: str) -> set[str]:
    """Return the owners of living groups."""
    return {row.owner for row in find(connection, corp_id) if row.owner}


_EARLY: Final = NEVER.replace(year=1971)


def _naming(status: GroupStatus, as_of: datetime) -> Callable[[GroupRow], GroupRow]:
    return lambda row: rules.named(row, status, as_of)


def _reading(answer: GroupChat, as_of: datetime) -> Callable[[GroupRow], GroupRow]:
    return lambda row: rules.read(row, answer, as_of)


def read(connection: Connection, corp_id: str, chat_ids: Iterable[str], *, lock: bool = False) -> list[GroupRow]:
    """Return those of the groups of which something was heard."""
    found: list[GroupRow] = []
    for chunk in chunks(chat_ids):
        rows = connection.execute(_SOME_LOCKED if lock else _SOME, {"corp": corp_id, "chats": chunk})
        found.extend(_as_group(row) for row in rows.mappings())
    return found


def _lock(connection: Connection, corp_id: str, chat_ids: Iterable[str]) -> dict[str, GroupRow]:
    known = {one.chat_id: one for one in read(connection, corp_id, chat_ids, lock=True)}
    fresh = {one: GroupRow(chat_id=one) for one in sorted(set(chat_ids) - known.keys())}
    if not fresh or alone(connection):
        return known | fresh
    # The row is made first: a lock on a row that does not exist keeps nobody out.
    insert_new(connection, groups, [_group_row(corp_id, one) for one in fresh.values()])
    return known | {one.chat_id: one for one in read(connection, corp_id, fresh, lock=True)}


def _some_members(connection: Connection, corp_id: str, chat_id: str, userids: Iterable[str]) -> list[Membership]:
    found = (_memberships(connection, corp_id, _OF_PEOPLE, chat=chat_id, people=chunk) for chunk in chunks(userids))
    return [one for some in found for one in some]


def _memberships(
    connection: Connection, corp_id: str, query: sa.Select[*tuple[Any, ...]], **known: object
) -> list[Membership]:
    found = [_as_membership(row) for row in connection.execute(query, {"corp": corp_id, **known}).mappings()]
    # Not by the database: SQLite would read the whole key in order, and leave the index of members alone.
    return sorted(found, key=lambda one: (one.chat_id, one.userid))


def _write_members(connection: Connection, corp_id: str, members: Iterable[Membership]) -> None:
    rows = [{"corp_id": corp_id, **flat(one)} for one in members]
    for row in rows:
        row |= {"type": int(row["type"]), "join_scene": int(row["join_scene"])}
    upsert(connection, group_members, rows)


def _group_row(corp_id: str, group: GroupRow) -> dict[str, Any]:
    return {"corp_id": corp_id, **flat(group), "status": int(group.status)}


def _as_group(row: Mapping[Any, Any]) -> GroupRow:
    values: dict[str, Any] = dict(row)
    values["status"] = GroupStatus(values["status"])
    return GroupRow(**values)


def _as_membership(row: Mapping[Any, Any]) -> Membership:
    values: dict[str, Any] = dict(row)
    values.update(type=GroupMemberType(values["type"]), join_scene=JoinScene(values["join_scene"]))
    return Membership(**values)


def _kind(userid: str) -> GroupMemberType:
    """Tell customers by the platform's prefixes, until the group is read."""
    return GroupMemberType.CUSTOMER if userid.startswith(("wm", "wo")) else GroupMemberType.MEMBER
