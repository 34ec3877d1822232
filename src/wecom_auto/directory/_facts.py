"""What a schedule may ask about one customer. Answers from memory: reading it costs no query.

It matches the ``Facts`` protocol of `wecom_auto.sop` by shape, so a dealer with a CRM can bring his own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve, field, frozen

from wecom_auto._types import JSON
from wecom_auto.directory._relation import Relation


@frozen(kw_only=True)
class Follower:
    """A member who follows the customer, or did."""

    relation: Relation
    tags: frozenset[str] = frozenset()
    """Names of the tags that this member put on the customer."""

    @property
    def userid(self) -> str:
        """The member."""
        return self.relation.userid


@frozen(kw_only=True)
class DirectoryFacts:
    """The facts about one customer, seen from one member.

    Tags, events and attributes belong to the customer, whoever of the staff knows them: a "do not disturb" put by
    a colleague counts. State and friendship belong to the relation with `userid`; with an empty `userid` any
    friendship counts and the state is that of the longest one.
    """

    external_userid: str
    userid: str
    name: str = field(default="", repr=False)
    followers: tuple[Follower, ...] = ()
    events: Mapping[str, datetime] = field(factory=dict[str, datetime])
    attributes: Mapping[str, JSON] = field(factory=dict[str, JSON], repr=False)
    delivered_steps: frozenset[str] = frozenset()

    @property
    def tags(self) -> frozenset[str]:
        """Names of all tags on the customer."""
        return frozenset[str]().union(*(one.tags for one in self.followers if one.relation.visible))

    def has_tag(self, name: str) -> bool:
        """Whether some member has put the tag `name` on the customer."""
        return name in self.tags

    def event(self, name: str) -> datetime | None:
        """When the event last happened, or None if it never did."""
        return self.events.get(name)

    def attribute(self, name: str) -> JSON:
        """The value that was set, or None."""
        return self.attributes.get(name)

    def state(self) -> str:
        """The channel by which the customer came, or an empty string."""
        return next((one.relation.state for one in self._mine() if one.relation.state), "")

    def following(self) -> bool:
        """Whether the member and the customer are friends."""
        return any(one.relation.following for one in self._mine())

    def delivered(self, step_id: str) -> bool:
        """Whether the message of that step reached the customer."""
        return step_id in self.delivered_steps

    def with_delivered(self, step_ids: Iterable[str]) -> DirectoryFacts:
        """Return the same facts with the steps that the sender knows to have reached the customer."""
        return evolve(self, delivered_steps=frozenset(step_ids))

    def _mine(self) -> tuple[Follower, ...]:
        if not self.userid:
            return self.followers
        return tuple(one for one in self.followers if one.userid == self.userid)
