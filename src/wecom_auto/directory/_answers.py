"""Turn what the platform says, by event or by answer, into changes of rows. Decides nothing about which is newer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    TagDeleted,
)
from wecom_auto.directory import _rows
from wecom_auto.directory._relation import Relation, RelationStatus, changed, listed, missing
from wecom_auto.directory._rows import Pair
from wecom_auto.directory._tables import customers, tags
from wecom_auto.models import Customer, CustomerDetail, Follow, FollowedCustomer, TagGroup
from wecom_auto.store import insert_new

Write: TypeAlias = Callable[[Connection], None]
"""What remains to be done inside the transaction."""


def nothing(connection: Connection) -> None:
    """Write nothing."""
    del connection


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
        case _:
            return nothing


def details(
    corp_id: str, read: Sequence[CustomerDetail | FollowedCustomer], *, as_of: datetime, complete: bool = False
) -> Write:
    """Write answers of the platform about customers, all asked at `as_of`."""

    def write(connection: Connection) -> None:
        pairs = {(one.customer.external_userid, follow.userid): follow for one in read for follow in _follows(one)}
        _write_customers(connection, corp_id, [one.customer for one in read], as_of)
        changes: dict[Pair, Callable[[Relation], Relation]] = {
            pair: partial(_read_follow, follow=follow, as_of=as_of) for pair, follow in pairs.items()
        }
        before = _rows.relations(connection, corp_id, {external for external, _ in pairs})
        if complete:
            changes.update({pair: partial(missing, as_of=as_of) for pair in before.keys() - pairs.keys()})
        _rows.change_relations(connection, corp_id, changes)
        # Tags that we put on after the platform was asked are not in its answer.
        fresh = {pair for pair in pairs if pair not in before or before[pair].tags_at <= as_of}
        _name_tags(connection, corp_id, pairs.values())
        _rows.replace_tags(connection, corp_id, {pair: frozenset(pairs[pair].marked_tag_ids) for pair in fresh})

    return write


def tag_groups(corp_id: str, groups: Iterable[TagGroup]) -> Write:
    """Write the names of corp tags."""
    rows = [
        _rows.TagRow(tag_id=tag.id, name=tag.name, group_id=group.group_id, group_name=group.group_name)
        for group in groups
        for tag in group.tags
        if not (tag.deleted or group.deleted)
    ]
    return partial(_rows.remember_tags, corp_id=corp_id, rows=rows)


def _change(
    corp_id: str,
    happened: CustomerAdded | CustomerHalfAdded | CustomerDeleted | CustomerUnfollowed,
    status: RelationStatus,
    *,
    state: str = "",
) -> Write:
    change = partial(changed, status=status, at=happened.created_at, state=state)
    pair = (happened.external_userid, happened.userid)
    return partial(_rows.change_relations, corp_id=corp_id, changes={pair: change})


def _forget(connection: Connection, corp_id: str, tag_id: str) -> None:
    """Forget a tag, or a group with all its tags: the platform sends one event for a whole group (92130)."""
    of_group = sa.select(tags.c.tag_id).where(tags.c.corp_id == corp_id, tags.c.group_id == tag_id)
    _rows.forget_tags(connection, corp_id, [tag_id, *connection.scalars(of_group)])


def _read_follow(relation: Relation, follow: Follow, as_of: datetime) -> Relation:
    relation = listed(relation, added_at=follow.created_at, as_of=as_of)
    if as_of < relation.read_at:
        return relation
    return evolve(
        relation,
        # Only the whole detail tells the channel; the bulk answer leaves it empty for some ways of adding.
        state=follow.state or relation.state,
        add_way=int(follow.add_way),
        remark=follow.remark,
        read_at=as_of,
    )


def _follows(read: CustomerDetail | FollowedCustomer) -> tuple[Follow, ...]:
    return read.follows if isinstance(read, CustomerDetail) else (read.follow,)


def _name_tags(connection: Connection, corp_id: str, follow_list: Iterable[Follow]) -> None:
    """Remember tag names that only an answer about a customer told; ``tags.list`` knows their groups better."""
    named = {tag.tag_id: tag for follow in follow_list for tag in follow.tags if tag.tag_id}
    rows = [
        {"corp_id": corp_id, "tag_id": tag_id, "name": tag.name, "group_id": "", "group_name": tag.group_name}
        for tag_id, tag in sorted(named.items())
    ]
    insert_new(connection, tags, rows)


def _write_customers(connection: Connection, corp_id: str, people: Iterable[Customer], as_of: datetime) -> None:
    rows = {one.external_userid: _customer_row(corp_id, one, as_of) for one in people}
    if not rows:
        return
    insert_new(connection, customers, list(rows.values()))
    columns = ("name", "type", "gender", "unionid", "corp_name", "read_at")
    statement = (
        sa.update(customers)
        .where(
            customers.c.corp_id == sa.bindparam("p_corp_id"),
            customers.c.external_userid == sa.bindparam("p_external_userid"),
            customers.c.read_at < sa.bindparam("p_read_at"),
        )
        .values({name: sa.bindparam(f"p_{name}") for name in columns})
    )
    connection.execute(statement, [{f"p_{name}": value for name, value in row.items()} for row in rows.values()])


def _customer_row(corp_id: str, customer: Customer, as_of: datetime) -> dict[str, object]:
    return {
        "corp_id": corp_id,
        "external_userid": customer.external_userid,
        "name": customer.name,
        "type": int(customer.type),
        "gender": int(customer.gender),
        "unionid": customer.unionid,
        "corp_name": customer.corp_name,
        "read_at": as_of,
    }
