"""Facts from memory: what the company knows of its customers, without a query. A book for the runner like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import define, evolve, field

from wecom_auto._types import JSON
from wecom_auto.directory import DirectoryFacts, Follower, Relation, RelationStatus
from wecom_auto.models import AddWay


@define
class _Known:
    """One customer, and the facts as they were last asked for."""

    followers: dict[str, Follower] = field(factory=dict[str, Follower])
    events: dict[str, datetime] = field(factory=dict[str, datetime])
    attributes: dict[str, JSON] = field(factory=dict[str, JSON])
    asked: dict[str, DirectoryFacts] = field(factory=dict[str, DirectoryFacts])


class MemoryBook:
    """The book of a simulated company.

    Args:
        tags: Name of every corp tag to its id.
    """

    def __init__(self, tags: Mapping[str, str]) -> None:
        self.tags = dict(tags)
        self._names = {tag_id: name for name, tag_id in tags.items()}
        self._people: dict[str, _Known] = {}

    def facts_for(self, pairs: Iterable[tuple[str, str]], /) -> Mapping[tuple[str, str], DirectoryFacts]:
        """See `wecom_auto.sop.CustomerBook`."""
        return {pair: self._facts(*pair) for pair in pairs}

    def tag_ids(self, name: str, /) -> tuple[str, ...]:
        """See `wecom_auto.sop.CustomerBook`."""
        return (self.tags[name],) if name in self.tags else ()

    def mark_tags(
        self, userid: str, external_userid: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """See `wecom_auto.sop.CustomerBook`."""
        follower = self._changing(external_userid).followers.get(userid)
        if follower is not None:
            off, on = {self._names[one] for one in remove}, {self._names[one] for one in add}
            self._put(evolve(follower, tags=(follower.tags - off) | on))

    def set_attribute(self, external_userid: str, name: str, value: JSON, /) -> None:
        """See `wecom_auto.sop.CustomerBook`."""
        self._changing(external_userid).attributes[name] = value

    def member_left(self, userid: str, at: datetime, /) -> None:
        """See `wecom_auto.sop.CustomerBook`."""
        for external_userid, known in self._people.items():
            if userid in known.followers:
                self._move(external_userid, userid, RelationStatus.DELETED, at)

    def added(self, external_userid: str, userid: str, state: str, at: datetime) -> None:
        """A member has a new customer."""
        relation = Relation(
            external_userid=external_userid,
            userid=userid,
            status=RelationStatus.FOLLOWING,
            state=state,
            add_way=AddWay.QR_CODE.value,
            added_at=at,
            status_at=at,
        )
        self._put(Follower(relation=relation))

    def unfollowed(self, external_userid: str, userid: str, at: datetime) -> None:
        """A customer has deleted a member."""
        self._move(external_userid, userid, RelationStatus.UNFOLLOWED, at)

    def happened(self, external_userid: str, name: str, at: datetime) -> None:
        """The dealer's system has reported something."""
        self._changing(external_userid).events[name] = at

    def friend(self, external_userid: str) -> str:
        """A member who is still the customer's friend; empty for none."""
        followers = self._people[external_userid].followers.values()
        return next((one.userid for one in followers if one.relation.following), "")

    def _move(self, external_userid: str, userid: str, status: RelationStatus, at: datetime) -> None:
        follower = self._people[external_userid].followers[userid]
        self._put(evolve(follower, relation=evolve(follower.relation, status=status, status_at=at)))

    def _put(self, follower: Follower) -> None:
        self._changing(follower.relation.external_userid).followers[follower.userid] = follower

    def _changing(self, external_userid: str) -> _Known:
        known = self._people.get(external_userid)
        if known is None:
            known = self._people[external_userid] = _Known()
        known.asked.clear()
        return known

    def _facts(self, external_userid: str, userid: str) -> DirectoryFacts:
        known = self._people.get(external_userid)
        if known is None:
            return DirectoryFacts(external_userid=external_userid, userid=userid)
        found = known.asked.get(userid)
        if found is None:
            found = known.asked[userid] = DirectoryFacts(
                external_userid=external_userid,
                userid=userid,
                followers=tuple(known.followers.values()),
                events=dict(known.events),
                attributes=dict(known.attributes),
            )
        return found
