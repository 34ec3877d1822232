"""Choose the member who sends. Pure: reads facts, asks nobody.

Without an explicit sender the platform gives the message to whoever chatted last: good for customers, bad for plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from wecom_auto.sop._document._policies import Owner
from wecom_auto.sop._shared._context import CustomerFacts, FollowerFacts
from wecom_auto.sop.definition import Definition

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)


def choose_sender(
    definition: Definition, facts: CustomerFacts, member: str = "", *, avoid: frozenset[str] = frozenset()
) -> str:
    """Name the member who sends to this customer.

    Args:
        definition: Its ``owner`` says whom to prefer.
        facts: Who follows the customer.
        member: The member of the run, if there is one yet.
        avoid: Members who do not send now.

    Returns:
        A userid; the longest relation where the rule names nobody; empty if nobody is a friend of the customer.
    """
    friends = [one for one in facts.followers if one.relation.following and one.relation.userid not in avoid]
    if not friends:
        return ""
    preferred = _preferred(definition, friends, member)
    return min(preferred or friends, key=_since).relation.userid


def _preferred(definition: Definition, friends: Sequence[FollowerFacts], member: str) -> Sequence[FollowerFacts]:
    match definition.owner:
        case Owner.ADDER | Owner.FIXED:
            return [one for one in friends if one.relation.userid == member]
        case Owner.LAST_CONTACT:
            talked = [one for one in friends if one.relation.contacted_at is not None]
            return (
                [max(talked, key=_contacted)] if talked else [one for one in friends if one.relation.userid == member]
            )
        case Owner.TAG_OWNER:
            return _tag_owners(definition, friends)


def _tag_owners(definition: Definition, friends: Sequence[FollowerFacts]) -> Sequence[FollowerFacts]:
    """Members who put the tags that let the customer in; else those who put any."""
    where = definition.entry.where
    wanted = {name for kind, name in (where.uses if where is not None else ()) if kind == "tag"}
    return [one for one in friends if wanted & one.tags] or [one for one in friends if one.tags]


def _since(one: FollowerFacts) -> tuple[datetime, str]:
    return one.relation.added_at or _LATEST, one.relation.userid


def _contacted(one: FollowerFacts) -> tuple[datetime, str]:
    return one.relation.contacted_at or _NEVER, one.relation.userid
