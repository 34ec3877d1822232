"""Decide what news about a relation changes. Pure: no database, no clock.

News arrives late, twice and out of order; every rule here compares times and never trusts the order of arrival.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Final

from attrs import evolve, frozen

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Older than any news."""


class RelationStatus(enum.IntEnum):
    """How a member and a customer stand to each other."""

    UNKNOWN = 0
    """Something was heard of the pair, but not that they are friends."""
    HALF = 1
    """The customer added the member, who has not confirmed yet."""
    FOLLOWING = 2
    """Both are friends."""
    UNFOLLOWED = 3
    """The customer deleted the member; the member still sees the customer."""
    DELETED = 4
    """The member deleted the customer, left, or handed the customer over: the API gives no access any more."""


@frozen(kw_only=True)
class Relation:
    """One member following one customer."""

    external_userid: str
    userid: str
    status: RelationStatus = RelationStatus.UNKNOWN
    state: str = ""
    add_way: int = 0
    remark: str = ""
    added_at: datetime | None = None
    contacted_at: datetime | None = None
    status_at: datetime = NEVER
    tags_at: datetime = NEVER
    read_at: datetime = NEVER

    @property
    def following(self) -> bool:
        """Whether a message from this member can reach the customer."""
        return self.status is RelationStatus.FOLLOWING

    @property
    def visible(self) -> bool:
        """Whether the platform still answers for this relation, so that its tags count."""
        return self.status is not RelationStatus.DELETED


def changed(relation: Relation, status: RelationStatus, at: datetime, *, state: str = "") -> Relation:
    """Apply an event: news older than what is known never undoes it.

    Args:
        relation: What is known.
        status: What the event says.
        at: When it happened, by the platform's clock, in whole seconds.
            Of two events of one second the one that arrives later wins: nothing else tells them apart.
        state: The channel; only "added" events carry one, and an empty one never clears it.
    """
    relation = evolve(relation, state=state or relation.state)
    if at < relation.status_at or _is_step_back(relation, status, at):
        return relation
    fresh = status is RelationStatus.FOLLOWING and not relation.following
    return evolve(relation, status=status, status_at=at, added_at=at if fresh else relation.added_at)


def _is_step_back(relation: Relation, status: RelationStatus, at: datetime) -> bool:
    """A half-added event of the same second as the whole one, arriving after it, is the earlier half."""
    return status is RelationStatus.HALF and relation.following and at == relation.status_at


def listed(relation: Relation, *, added_at: datetime | None, as_of: datetime) -> Relation:
    """Apply an answer of the platform that lists the relation.

    The platform goes on listing a relation that the customer ended (manual 92130), so a listing revives it
    only if it is younger than the end.

    Args:
        relation: What is known.
        added_at: ``createtime`` of the relation.
        as_of: When the platform was asked.
    """
    if as_of < relation.status_at:
        return relation
    since = added_at or NEVER
    if relation.status is RelationStatus.UNFOLLOWED and since <= relation.status_at:
        return relation
    return evolve(
        relation,
        status=RelationStatus.FOLLOWING,
        status_at=max(since, relation.status_at),
        added_at=added_at or relation.added_at,
    )


def missing(relation: Relation, *, as_of: datetime) -> Relation:
    """Apply a complete answer of the platform that does not list the relation."""
    if as_of <= relation.status_at or relation.status is RelationStatus.DELETED:
        return relation
    return evolve(relation, status=RelationStatus.DELETED, status_at=as_of)
