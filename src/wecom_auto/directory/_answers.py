"""Turn what the platform says, by event or by answer, into changes of rows. Decides nothing about which is newer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.engine import Connection

from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerDeleted,
    CustomerHalfAdded,
    CustomerUnfollowed,
    Event,
    GroupCreated,
    GroupDismissed,
    GroupEvent,
    GroupUpdated,
    GroupUpdateDetail,
    TagCreated,
    TagDeleted,
    TagKind,
    TagUpdated,
)
from wecom_auto.directory import _groups, _rows
from wecom_auto.directory._fit import fit
from wecom_auto.directory._membership import GroupRow, Membership, came, went
from wecom_auto.directory._news import News, TagNews
from wecom_auto.directory._relation import Relation, RelationStatus, changed, listed, missing
from wecom_auto.directory._rows import Pair
from wecom_auto.directory._tables import customers, tags
from wecom_auto.models import Customer, CustomerDetail, Follow, FollowedCustomer, JoinScene, TagGroup
from wecom_auto.store import insert_new, upsert

Write: TypeAlias = Callable[[Connection], News]
"""What remains to be done inside the transaction; it returns what it has changed."""


def nothing(connection: Connection) -> News:
    """Write nothing."""
    del connection
    return News()


def event(corp_id: str, happened: Event) -> Write:
    """Write what the event itself says."""
    match happened:
        case CustomerAdded():
            return _change(corp_id, happened, RelationStatus.FOLLOWING, state=happened.state)
        case CustomerHalfAdded():
            return _change(corp_id, happened, RelationStatus.HALF, state=happened.state)
        case CustomerDeleted():
            return _change(corp_id, happened, RelationStatus.DELETED)
        case CustomerUnfollowed():
            return _change(corp_id, happened, RelationStatus.UNFOLLOWED)
        case TagDeleted():
            return partial(_forget, corp_id=corp_id, tag_id=happened.id)
        case GroupCreated() | GroupUpdated() | GroupDismissed():
            return partial(_group_event, corp_id=corp_id, happened=happened)
        case _:
            return nothing


def details(
    corp_id: str, read: Sequence[CustomerDetail | FollowedCustomer], *, as_of: datetime, complete: bool = False
) -> Write:
    """Write answers of the platform about customers, all asked at `as_of`."""

    def write(connection: Connection) -> News:
        pairs = {(one.customer.external_userid, follow.userid): follow for one in read for follow in _follows(one)}
        _write_customers(connection, corp_id, [one.customer for one in read], as_of)
        changes: dict[Pair, Callable[[Relation], Relation]] = {
            pair: partial(_read_follow, follow=follow, as_of=as_of) for pair, follow in pairs.items()
        }
        before = _rows.lock_relations(connection, corp_id, pairs)
        if complete:
            changes.update({pair: partial(missing, as_of=as_of) for pair in before.keys() - pairs.keys()})
        news = News(relations=_rows.put_relations(connection, corp_id, changes, before))
        # Tags that we put on after the platform was asked are not in its answer.
        fresh = {pair for pair in pairs if before[pair].tags_at <= as_of}
        _name_tags(connection, corp_id, pairs.values())
        wanted = {pair: frozenset(pairs[pair].marked_tag_ids) for pair in fresh}
        news.retagged = _rows.replace_tags(connection, corp_id, wanted)
        return news

    return write


def tag_groups(corp_id: str, groups: Iterable[TagGroup]) -> Write:
    """Write the names of corp tags and of their groups."""
    living = [group for group in groups if not group.deleted]
    rows = [
        _rows.TagRow(tag_id=tag.id, name=fit(tag.name), group_id=group.group_id, group_name=fit(group.group_name))
        for group in living
        for tag in group.tags
        if not tag.deleted
    ]

    def write(connection: Connection) -> News:
        _rows.remember_tags(connection, corp_id, rows, [_group_row(corp_id, one) for one in living])
        return News()

    return write


def library(corp_id: str, groups: Sequence[TagGroup]) -> Write:
    """Write the whole library: what it does not hold is deleted, also from every customer who carries it."""
    write_names = tag_groups(corp_id, groups)

    def write(connection: Connection) -> News:
        before = _names(_rows.library(connection, corp_id))
        after = _names(groups)
        _rows.forget_tags(
            connection, corp_id, [id_ for what, id_ in before.keys() - after.keys() if what is TagKind.TAG]
        )
        write_names(connection)
        return News(tags=list(_compare(before, after)))

    return write


def _names(groups: Iterable[TagGroup]) -> dict[tuple[TagKind, str], str]:
    """Return the names of a library's groups and tags."""
    found: dict[tuple[TagKind, str], str] = {}
    for group in groups:
        tags = [tag for tag in group.tags if not tag.deleted]
        if tags and not group.deleted:
            found[TagKind.TAG_GROUP, group.group_id] = fit(group.group_name)
            found |= {(TagKind.TAG, tag.id): fit(tag.name) for tag in tags}
    return found


def _compare(before: Mapping[tuple[TagKind, str], str], after: Mapping[tuple[TagKind, str], str]) -> Iterator[TagNews]:
    for (what, id_), name in after.items():
        if (what, id_) not in before:
            yield TagNews(TagCreated, id_, what)
        elif before[what, id_] != name:
            yield TagNews(TagUpdated, id_, what)
    for what, id_ in before.keys() - after.keys():
        yield TagNews(TagDeleted, id_, what)


def _group_event(connection: Connection, corp_id: str, happened: GroupEvent) -> News:
    at = happened.created_at
    dismissed = isinstance(happened, GroupDismissed)

    def told(row: GroupRow) -> GroupRow:
        return evolve(
            row,
            changed_at=max(row.changed_at, at),
            created_at=row.created_at or (at if isinstance(happened, GroupCreated) else None),
            dismissed_at=at if dismissed and row.read_at <= at else row.dismissed_at,
        )

    _groups.change(connection, corp_id, {happened.chat_id: told})
    if isinstance(happened, GroupUpdated) and (change := _member_change(happened)):
        _groups.change_members(connection, corp_id, happened.chat_id, dict.fromkeys(happened.mem_change_list, change))
    return News()


def _member_change(happened: GroupUpdated) -> Callable[[Membership], Membership] | None:
    """Return what the event says of each member it names; None if it names none, or says no more than "changed"."""
    match happened.update_detail:
        case GroupUpdateDetail.ADD_MEMBER:
            scene = JoinScene(int(happened.join_scene or 0))
            return partial(came, at=happened.created_at, scene=scene)
        case GroupUpdateDetail.DEL_MEMBER:
            return partial(went, at=happened.created_at)
        case _:
            return None


def _change(
    corp_id: str,
    happened: CustomerAdded | CustomerHalfAdded | CustomerDeleted | CustomerUnfollowed,
    status: RelationStatus,
    *,
    state: str = "",
) -> Write:
    change = partial(changed, status=status, at=happened.created_at, state=fit(state))
    pair = (happened.external_userid, happened.userid)
    return lambda connection: News(relations=_rows.change_relations(connection, corp_id, {pair: change}))


def _group_row(corp_id: str, group: TagGroup) -> dict[str, object]:
    return {
        "corp_id": corp_id,
        "group_id": group.group_id,
        "name": fit(group.group_name),
        "position": group.order,
        "created_at": group.created_at,
    }


def _forget(connection: Connection, corp_id: str, tag_id: str) -> News:
    """Forget a tag, or a group with all its tags: the platform sends one event for a whole group (92130)."""
    of_group = sa.select(tags.c.tag_id).where(tags.c.corp_id == corp_id, tags.c.group_id == tag_id)
    _rows.forget_tags(connection, corp_id, [tag_id, *connection.scalars(of_group)])
    return News()


def _read_follow(relation: Relation, follow: Follow, as_of: datetime) -> Relation:
    relation = listed(relation, added_at=follow.created_at, as_of=as_of)
    if as_of < relation.read_at:
        return relation
    return evolve(
        relation,
        # Only the whole detail tells the channel; the bulk answer leaves it empty for some ways of adding.
        state=fit(follow.state) or relation.state,
        add_way=int(follow.add_way),
        remark=fit(follow.remark),
        read_at=as_of,
    )


def _follows(read: CustomerDetail | FollowedCustomer) -> tuple[Follow, ...]:
    return read.follows if isinstance(read, CustomerDetail) else (read.follow,)


def _name_tags(connection: Connection, corp_id: str, follow_list: Iterable[Follow]) -> None:
    """Remember tag names that only an answer about a customer told; ``tags.list`` knows their groups better."""
    named = {tag.tag_id: tag for follow in follow_list for tag in follow.tags if tag.tag_id}
    rows = [
        {"corp_id": corp_id, "tag_id": tag_id, "name": fit(tag.name), "group_id": "", "group_name": fit(tag.group_name)}
        for tag_id, tag in sorted(named.items())
    ]
    insert_new(connection, tags, rows)


def _write_customers(connection: Connection, corp_id: str, people: Iterable[Customer], as_of: datetime) -> None:
    rows = {one.external_userid: _customer_row(corp_id, one, as_of) for one in people}
    upsert(connection, customers, [rows[one] for one in sorted(rows)], newer="read_at")


def _customer_row(corp_id: str, customer: Customer, as_of: datetime) -> dict[str, object]:
    return {
        "corp_id": corp_id,
        "external_userid": customer.external_userid,
        "name": fit(customer.name),
        "type": int(customer.type),
        "gender": int(customer.gender),
        "unionid": customer.unionid,
        "corp_name": fit(customer.corp_name),
        "read_at": as_of,
    }
