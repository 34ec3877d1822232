"""Facts about groups, members of staff and programmes, in the shape in which facts about customers come.

Events and attributes are recorded for any id; a group adds what the mirror knows of it.
Whoever reads them needs no other class for a group than for a customer. Writes nothing but who has left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto._types import JSON
from wecom_auto.directory import _groups, _rows
from wecom_auto.directory._facts import Follower
from wecom_auto.directory._membership import GroupRow
from wecom_auto.directory._relation import Relation, RelationStatus
from wecom_auto.directory._rows import Pair, chunks
from wecom_auto.directory._tables import attributes, follows, group_members, groups
from wecom_auto.models import GroupStatus
from wecom_auto.store import reading

LEFT: Final = "left"
"""The attribute of a member who has left the corp."""
DEPARTMENTS: Final = "departments"
"""The attribute that makes somebody known as a member of staff, customers or not."""
TAGS: Final = "tags"
"""The attribute that holds the local tags (群标签) of a group or member: the platform has none for them."""
_LEFT_OWNER: Final = frozenset({GroupStatus.OWNER_LEFT, GroupStatus.INHERITING})


@frozen(kw_only=True)
class SubjectFacts:
    """The facts about a group, a member or a programme.

    `following` says whether anybody may be asked: the group exists and its owner works here; the member works here.
    """

    subject: str
    userid: str
    followers: tuple[Follower, ...] = ()
    events: Mapping[str, datetime] = field(factory=dict[str, datetime])
    attributes: Mapping[str, JSON] = field(factory=dict[str, JSON], repr=False)
    reachable: bool = False
    delivered_steps: frozenset[str] = frozenset()

    def has_tag(self, name: str) -> bool:
        """Whether the attribute `tags`, a list, names the tag."""
        tags = self.attributes.get(TAGS)
        return isinstance(tags, list) and name in tags

    def event(self, name: str) -> datetime | None:
        """When the event last happened, or None if it never did."""
        return self.events.get(name)

    def attribute(self, name: str) -> JSON:
        """The value that was set or is known, or None."""
        return self.attributes.get(name)

    def state(self) -> str:
        """Always empty: groups and members come by no channel."""
        return ""

    def following(self) -> bool:
        """Whether anybody may be asked."""
        return self.reachable

    def delivered(self, step_id: str) -> bool:
        """Whether the message of that step went out."""
        return step_id in self.delivered_steps

    def with_delivered(self, step_ids: Iterable[str]) -> SubjectFacts:
        """Return the same facts with the steps that the sender knows to have gone out."""
        return evolve(self, delivered_steps=frozenset(step_ids))


class SubjectQueries:
    """What a `Directory` answers about subjects that are no customers."""

    engine: Engine
    corp_id: str

    def group_facts(self, pairs: Iterable[Pair]) -> Mapping[Pair, SubjectFacts]:
        """Read the facts of many groups at once.

        Beside what was recorded for the chat_id a group has the attributes ``group.name``, ``group.owner``,
        ``group.members`` (how many are in it), ``group.created_at`` and ``group.status`` (``normal``, ``dismissed``,
        ``owner_left`` or ``unknown``).

        Args:
            pairs: ``(chat_id, userid)``; an unknown group gets empty facts.
        """
        wanted = list(pairs)
        with reading(self.engine) as connection:
            known = _groups.read(connection, self.corp_id, {chat_id for chat_id, _ in wanted})
            found = {one.chat_id: one for one in known}
            sizes = _sizes(connection, self.corp_id, found)
            told = _told(connection, self.corp_id, {*found, *(one.owner for one in known)})
        return {pair: _group(found.get(pair[0]), sizes, told, pair) for pair in wanted}

    def staff_facts(self, pairs: Iterable[Pair]) -> Mapping[Pair, SubjectFacts]:
        """Read the facts of many members at once: the events and attributes recorded for their userids.

        Args:
            pairs: ``(userid, userid)``; whoever is not marked as ``left`` works here.
        """
        return {pair: _person(pair, *told) for pair, told in self._about(pairs).items()}

    def programme_facts(self, pairs: Iterable[Pair]) -> Mapping[Pair, SubjectFacts]:
        """Read what was recorded under names, such as that of a SOP for moments.

        Args:
            pairs: ``(name, userid)``.
        """
        return {
            pair: SubjectFacts(subject=pair[0], userid=pair[1], events=events, attributes=values, reachable=True)
            for pair, (events, values) in self._about(pairs).items()
        }

    def subjects(self, kind: str, *, after: str = "", most: int = 500) -> tuple[str, ...]:
        """List ids of a kind in their order, a page at a time.

        Args:
            kind: ``customer`` (friends of anybody), ``group`` (that exist) or ``staff`` (who follow customers, own a
                group, or have the attribute ``departments``).
            after: Only ids after this one.
            most: The most ids.
        """
        query = _KINDS[kind](self.corp_id, after).limit(most)
        with reading(self.engine) as connection:
            return tuple(connection.scalars(query))

    def attributes_of(self, name: str, *, after: str = "", most: int = 500) -> tuple[tuple[str, JSON], ...]:
        """List who has an attribute, with its value, by id.

        Args:
            name: The attribute, such as ``birthday``.
            after: Only ids after this one.
            most: The most ids.
        """
        a = attributes.c
        mine = (a.corp_id == self.corp_id, a.name == name, a.external_userid > after)
        query = sa.select(a.external_userid, a.value).where(*mine).order_by(a.external_userid).limit(most)
        with reading(self.engine) as connection:
            return tuple((subject, value) for subject, value in connection.execute(query))

    def _about(self, pairs: Iterable[Pair]) -> dict[Pair, tuple[Mapping[str, datetime], Mapping[str, JSON]]]:
        wanted = list(pairs)
        with reading(self.engine) as connection:
            events, values = _told(connection, self.corp_id, {subject for subject, _ in wanted})
        return {pair: (events.get(pair[0], {}), values.get(pair[0], {})) for pair in wanted}


_Told = tuple[Mapping[str, Mapping[str, datetime]], Mapping[str, Mapping[str, JSON]]]


def _told(connection: Connection, corp_id: str, subjects: Iterable[str]) -> _Told:
    """The events and attributes of many ids."""
    events: dict[str, Mapping[str, datetime]] = {}
    values: dict[str, Mapping[str, JSON]] = {}
    for chunk in chunks(one for one in subjects if one):
        events |= _rows.events_of(connection, corp_id, chunk)
        values |= _rows.attributes_of(connection, corp_id, chunk)
    return events, values


def _sizes(connection: Connection, corp_id: str, chat_ids: Iterable[str]) -> dict[str, int]:
    """How many are in each group."""
    g, found = group_members.c, defaultdict[str, int](int)
    for chunk in chunks(chat_ids):
        mine = (g.corp_id == corp_id, g.chat_id.in_(chunk), g.left_at.is_(None))
        query = sa.select(g.chat_id, sa.func.count()).where(*mine).group_by(g.chat_id)
        for chat_id, size in connection.execute(query):
            found[chat_id] = size
    return found


def _group(row: GroupRow | None, sizes: Mapping[str, int], told: _Told, pair: Pair) -> SubjectFacts:
    if row is None:
        return SubjectFacts(subject=pair[0], userid=pair[1], attributes={"group.status": "unknown"})
    events, values = told
    status = _status(row, values.get(row.owner, {}))
    known: dict[str, JSON] = {
        "group.name": row.name,
        "group.owner": row.owner,
        "group.members": sizes.get(row.chat_id, 0),
        "group.created_at": row.created_at.isoformat() if row.created_at else None,
        "group.status": status,
    }
    usable = status == "normal"
    owner = Relation(
        external_userid=row.chat_id, userid=row.owner, status=RelationStatus.FOLLOWING, added_at=row.created_at
    )
    return SubjectFacts(
        subject=pair[0],
        userid=pair[1],
        followers=(Follower(relation=owner),) if usable else (),
        events=events.get(row.chat_id, {}),
        attributes={**values.get(row.chat_id, {}), **known},
        reachable=usable,
    )


def _status(row: GroupRow, owner: Mapping[str, JSON]) -> str:
    if not row.living:
        return "dismissed"
    if not row.owner:
        return "unknown"
    return "owner_left" if row.status in _LEFT_OWNER or owner.get(LEFT) is True else "normal"


def _person(pair: Pair, events: Mapping[str, datetime], values: Mapping[str, JSON]) -> SubjectFacts:
    works = values.get(LEFT) is not True
    self_ = Relation(external_userid=pair[0], userid=pair[0], status=RelationStatus.FOLLOWING)
    return SubjectFacts(
        subject=pair[0],
        userid=pair[1],
        followers=(Follower(relation=self_),) if works else (),
        events=events,
        attributes=values,
        reachable=works,
    )


def _customers(corp_id: str, after: str) -> sa.Select[str]:
    f = follows.c
    friends = (f.corp_id == corp_id, f.external_userid > after, f.status == RelationStatus.FOLLOWING.value)
    query: sa.Select[str] = sa.select(f.external_userid).where(*friends)
    return query.distinct().order_by(f.external_userid)


def _living(corp_id: str, after: str) -> sa.Select[str]:
    g = groups.c
    query: sa.Select[str] = sa.select(g.chat_id)
    return query.where(g.corp_id == corp_id, g.chat_id > after, g.dismissed_at.is_(None)).order_by(g.chat_id)


def _staff(corp_id: str, after: str) -> sa.Select[str]:
    f, g, a = follows.c, groups.c, attributes.c
    everybody = sa.union(
        sa.select(f.userid.label("id")).where(f.corp_id == corp_id, f.status == RelationStatus.FOLLOWING.value),
        sa.select(g.owner.label("id")).where(g.corp_id == corp_id, g.dismissed_at.is_(None)),
        sa.select(a.external_userid.label("id")).where(a.corp_id == corp_id, a.name == DEPARTMENTS),
    ).subquery()
    query: sa.Select[str] = sa.select(everybody.c.id)
    return query.where(everybody.c.id > after).order_by(everybody.c.id)


_KINDS: Final[Mapping[str, Any]] = {"customer": _customers, "group": _living, "staff": _staff}
