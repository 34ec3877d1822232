"""Read and write the mirror's rows, many at a time. Knows no rule about whose news is newer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias, TypedDict

import sqlalchemy as sa
from attrs import fields, frozen
from sqlalchemy.engine import Connection

from wecom_auto._types import JSON
from wecom_auto.directory._facts import DirectoryFacts, Follower
from wecom_auto.directory._relation import Relation, RelationStatus
from wecom_auto.directory._tables import attributes, customers, events, follow_tags, follows, tag_groups, tags
from wecom_auto.models import Tag, TagGroup
from wecom_auto.store import alone, insert_new, upsert

Pair: TypeAlias = tuple[str, str]
"""``(external_userid, userid)``."""

_CHUNK: Final = 900
"""Values in one IN list: few enough for the oldest SQLite (999 variables), enough to make queries rare."""
_RELATION_COLUMNS: Final = [column for column in follows.columns if column.name != "corp_id"]


def _about(table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
    """Build a query about some customers once: building it costs more than running it."""
    mine = sa.and_(
        table.c.corp_id == sa.bindparam("corp_id"),
        table.c.external_userid.in_(sa.bindparam("externals", expanding=True)),
    )
    query: sa.Select[*tuple[Any, ...]] = sa.select(*columns).where(mine)
    return query


_TAG_NAME: Final = sa.func.coalesce(
    sa.select(tags.c.name)
    .where(tags.c.corp_id == follow_tags.c.corp_id, tags.c.tag_id == follow_tags.c.tag_id)
    .scalar_subquery(),
    follow_tags.c.tag_id,
)
"""The name of a customer's tag; its id until the name is known."""
_RELATIONS: Final = _about(follows, *_RELATION_COLUMNS).order_by(follows.c.external_userid, follows.c.userid)
_TAG_IDS: Final = _about(follow_tags, follow_tags.c.external_userid, follow_tags.c.userid, follow_tags.c.tag_id)
_TAGS: Final = _about(follow_tags, follow_tags.c.external_userid, follow_tags.c.userid, _TAG_NAME)
_EVENTS: Final = _about(events, events.c.external_userid, events.c.name, events.c.at)
_ATTRIBUTES: Final = _about(attributes, attributes.c.external_userid, attributes.c.name, attributes.c.value)
_NAMES: Final = _about(customers, customers.c.external_userid, customers.c.name)


class TagRow(TypedDict):
    """A corp tag with its group."""

    tag_id: str
    name: str
    group_id: str
    group_name: str


def change_relations(
    connection: Connection, corp_id: str, changes: Mapping[Pair, Callable[[Relation], Relation]]
) -> list[tuple[Relation, Relation]]:
    """Lock the relations, apply each change to what is known, write and return those that came out different."""
    return put_relations(connection, corp_id, changes, lock_relations(connection, corp_id, changes))


def lock_relations(connection: Connection, corp_id: str, pairs: Iterable[Pair]) -> dict[Pair, Relation]:
    """Lock and return all relations of the customers in `pairs`, and an empty one for each pair that is new."""
    wanted = set(pairs)
    known = relations(connection, corp_id, {external for external, _ in wanted}, lock=True)
    fresh = {pair: Relation(external_userid=pair[0], userid=pair[1]) for pair in sorted(wanted - known.keys())}
    if not fresh or alone(connection):
        return known | fresh
    # The row is made first: a lock on a row that does not exist keeps nobody out.
    insert_new(connection, follows, [_relation_row(corp_id, one) for one in fresh.values()])
    return known | relations(connection, corp_id, {external for external, _ in fresh}, lock=True)


def put_relations(
    connection: Connection,
    corp_id: str,
    changes: Mapping[Pair, Callable[[Relation], Relation]],
    known: Mapping[Pair, Relation],
) -> list[tuple[Relation, Relation]]:
    """Apply each change to what `lock_relations` returned, write and return those that came out different."""
    made = ((known[pair], changes[pair](known[pair])) for pair in sorted(changes))
    news = [(old, new) for old, new in made if new != old]
    upsert(connection, follows, [_relation_row(corp_id, new) for _, new in news])
    return news


def relations(
    connection: Connection, corp_id: str, external_userids: Iterable[str], *, lock: bool = False
) -> dict[Pair, Relation]:
    """Read all relations of these customers."""
    found: dict[Pair, Relation] = {}
    query = _RELATIONS.with_for_update() if lock else _RELATIONS
    for chunk in chunks(external_userids):
        for row in connection.execute(query, {"corp_id": corp_id, "externals": chunk}).mappings():
            values: dict[str, Any] = dict(row)
            values["status"] = RelationStatus(values["status"])
            found[row["external_userid"], row["userid"]] = Relation(**values)
    return found


def replace_tags(connection: Connection, corp_id: str, wanted: Mapping[Pair, frozenset[str]]) -> set[Pair]:
    """Make the tags of each relation exactly `wanted` (tag ids); return the relations that had others."""
    present: dict[Pair, set[str]] = defaultdict(set)
    for chunk in chunks(external for external, _ in wanted):
        for external, userid, tag_id in connection.execute(_TAG_IDS, {"corp_id": corp_id, "externals": chunk}):
            present[external, userid].add(tag_id)
    add_tags(connection, corp_id, {pair: ids - present[pair] for pair, ids in wanted.items()})
    remove_tags(connection, corp_id, {pair: present[pair] - ids for pair, ids in wanted.items()})
    return {pair for pair, ids in wanted.items() if present[pair] != ids}


def add_tags(connection: Connection, corp_id: str, added: Mapping[Pair, Iterable[str]]) -> None:
    """Put tags on relations; one that is there already is left alone."""
    insert_new(connection, follow_tags, _tag_rows(corp_id, added))


def remove_tags(connection: Connection, corp_id: str, removed: Mapping[Pair, Iterable[str]]) -> None:
    """Take tags off relations."""
    rows = _tag_rows(corp_id, removed)
    if rows:
        where = sa.and_(*(column == sa.bindparam(f"p_{column.name}") for column in follow_tags.primary_key.columns))
        params = [{f"p_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(sa.delete(follow_tags).where(where), params)


def remember_tags(
    connection: Connection, corp_id: str, rows: Sequence[TagRow], groups: Sequence[Mapping[str, object]]
) -> None:
    """Write the names of corp tags and of their groups; what was renamed gets its new name."""
    upsert(connection, tag_groups, groups)
    upsert(connection, tags, [{"corp_id": corp_id, **row} for row in rows])


def library(connection: Connection, corp_id: str) -> tuple[TagGroup, ...]:
    """Return the tag groups with their tags; bigger position first."""
    named = sa.select(tags.c.tag_id, tags.c.name, tags.c.group_id).where(tags.c.corp_id == corp_id)
    inside: dict[str, list[Tag]] = defaultdict(list)
    for tag_id, name, group_id in connection.execute(named.order_by(tags.c.tag_id)):
        inside[group_id].append(Tag(id=tag_id, name=name))
    g = tag_groups.c
    rows = connection.execute(sa.select(tag_groups).where(g.corp_id == corp_id).order_by(g.position.desc(), g.group_id))
    return tuple(
        TagGroup(
            group_id=row["group_id"],
            group_name=row["name"],
            order=row["position"],
            created_at=row["created_at"],
            tags=tuple(inside[row["group_id"]]),
        )
        for row in rows.mappings()
    )


def forget_tags(connection: Connection, corp_id: str, tag_ids: Iterable[str]) -> None:
    """Delete corp tags, also from every customer who carries them."""
    for chunk in chunks(tag_ids):
        for table in (follow_tags, tags):
            connection.execute(sa.delete(table).where(table.c.corp_id == corp_id, table.c.tag_id.in_(chunk)))
    # A group vanishes with its last tag.
    left = sa.select(tags.c.tag_id).where(tags.c.corp_id == corp_id, tags.c.group_id == tag_groups.c.group_id)
    connection.execute(sa.delete(tag_groups).where(tag_groups.c.corp_id == corp_id, ~left.exists()))


def read_facts(connection: Connection, corp_id: str, pairs: Iterable[Pair]) -> dict[Pair, DirectoryFacts]:
    """Read the facts of many customers; the number of queries grows with every few hundred of them, not with each."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for external, userid in pairs:
        wanted[external].add(userid)
    found: dict[Pair, DirectoryFacts] = {}
    for chunk in chunks(wanted):
        people = _People.read(connection, corp_id, chunk)
        found.update({(e, u): people.facts(e, u) for e in chunk for u in wanted[e]})
    return found


def events_of(connection: Connection, corp_id: str, subjects: Sequence[str]) -> dict[str, dict[str, datetime]]:
    """Read when each event last happened to some subjects."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    for subject, name, at in connection.execute(_EVENTS, {"corp_id": corp_id, "externals": subjects}):
        found[subject][name] = max(at, found[subject].get(name, at))
    return found


def attributes_of(connection: Connection, corp_id: str, subjects: Sequence[str]) -> dict[str, dict[str, JSON]]:
    """Read the attributes of some subjects."""
    found: dict[str, dict[str, JSON]] = defaultdict(dict)
    for subject, name, value in connection.execute(_ATTRIBUTES, {"corp_id": corp_id, "externals": subjects}):
        found[subject][name] = value
    return found


@frozen
class _People:
    """Everything known about some customers."""

    names: Mapping[str, str]
    followers: Mapping[str, tuple[Follower, ...]]
    events: Mapping[str, Mapping[str, datetime]]
    attributes: Mapping[str, Mapping[str, JSON]]

    @classmethod
    def read(cls, connection: Connection, corp_id: str, externals: Sequence[str]) -> _People:
        def rows(query: sa.Select[*tuple[Any, ...]]) -> Iterator[Any]:
            yield from connection.execute(query, {"corp_id": corp_id, "externals": externals})

        put: dict[Pair, set[str]] = defaultdict(set)
        for external, userid, name in rows(_TAGS):
            put[external, userid].add(name)
        return cls(
            names=dict(rows(_NAMES)),
            followers=_by_customer(relations(connection, corp_id, externals), put),
            events=events_of(connection, corp_id, externals),
            attributes=attributes_of(connection, corp_id, externals),
        )

    def facts(self, external: str, userid: str) -> DirectoryFacts:
        return DirectoryFacts(
            external_userid=external,
            userid=userid,
            name=self.names.get(external, ""),
            followers=self.followers.get(external, ()),
            events=self.events.get(external, {}),
            attributes=self.attributes.get(external, {}),
        )


def _by_customer(found: Mapping[Pair, Relation], put: Mapping[Pair, Iterable[str]]) -> dict[str, tuple[Follower, ...]]:
    """Group the relations by customer, the longest one first."""
    grouped: dict[str, list[Follower]] = defaultdict(list)
    for pair, relation in found.items():
        grouped[pair[0]].append(Follower(relation=relation, tags=frozenset(put.get(pair, ()))))
    return {external: tuple(sorted(some, key=_seniority)) for external, some in grouped.items()}


def _seniority(follower: Follower) -> tuple[bool, float, str]:
    at = follower.relation.added_at
    return (at is None, at.timestamp() if at else 0.0, follower.userid)


def _relation_row(corp_id: str, relation: Relation) -> dict[str, object]:
    return {"corp_id": corp_id, **flat(relation), "status": int(relation.status)}


def _tag_rows(corp_id: str, chosen: Mapping[Pair, Iterable[str]]) -> list[dict[str, object]]:
    return [
        {"corp_id": corp_id, "external_userid": external, "userid": userid, "tag_id": tag_id}
        for (external, userid), tag_ids in sorted(chosen.items())
        for tag_id in sorted(tag_ids)
    ]


def flat(value: Any) -> dict[str, Any]:
    """Return the fields of an attrs value; `attrs.asdict` would look into each, which costs more than writing it."""
    return {field.name: getattr(value, field.name) for field in fields(type(value))}


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Cut identifiers into lists short enough for one query, each identifier once."""
    distinct = sorted(set(values))
    for start in range(0, len(distinct), _CHUNK):
        yield distinct[start : start + _CHUNK]


def known_customers(connection: Connection, corp_id: str, userid: str) -> tuple[str, ...]:
    """List customers by id; with `userid` only those of that member."""
    query = sa.select(follows.c.external_userid).distinct().where(follows.c.corp_id == corp_id)
    if userid:
        query = query.where(follows.c.userid == userid)
    return tuple(connection.scalars(query.order_by(follows.c.external_userid)))


def followed(connection: Connection, corp_id: str, userid: str) -> tuple[str, ...]:
    """List whom the platform's list of a member's customers should name, friends no more included."""
    listed = (int(RelationStatus.FOLLOWING), int(RelationStatus.UNFOLLOWED))
    query = sa.select(follows.c.external_userid).where(
        follows.c.corp_id == corp_id, follows.c.userid == userid, follows.c.status.in_(listed)
    )
    return tuple(connection.scalars(query))


def members(connection: Connection, corp_id: str) -> tuple[str, ...]:
    """List the members with customers, as far as is known."""
    living = (follows.c.corp_id == corp_id, follows.c.status != int(RelationStatus.DELETED))
    return tuple(connection.scalars(sa.select(follows.c.userid).distinct().where(*living)))
