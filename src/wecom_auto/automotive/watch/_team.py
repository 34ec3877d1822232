"""Friends of a team (团队新增, 流失, 留存, 客户来源): how many there were, came, went and stayed.

Counted are customers, not friendships: who was handed to a colleague of the same shop has not left the shop.
The mirror keeps the newest state of a friendship, so who left and came back counts as the last time only, and nobody
knows of losses before the first sync.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from attrs import frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.leads import Metric
from wecom_auto.directory import Directory, RelationStatus
from wecom_auto.directory._tables import follows
from wecom_auto.errors import ValidationError
from wecom_auto.store import reading

_LOST: Final = (RelationStatus.UNFOLLOWED, RelationStatus.DELETED)
_KNOWN: Final = (RelationStatus.FOLLOWING, *_LOST)
_RETENTION: Final = "留存率: customers who were friends at the beginning and are at the end ÷ at the beginning"
_F: Final = follows.c


@frozen(kw_only=True)
class Friendship:
    """A customer and a member.

    Attributes:
        external_userid: The customer.
        userid: The member.
        state: Of the code or link that they came by; empty if none.
        add_way: How they came, as the platform counts it (添加方式).
        added_at: Since when; None if only the list was seen.
        lost_at: Since when it is over; None as long as it lasts.
        by_customer: It is over because the customer deleted the member.
    """

    external_userid: str
    userid: str
    state: str = ""
    add_way: int = 0
    added_at: datetime | None = None
    lost_at: datetime | None = None
    by_customer: bool = False

    def lasted(self, moment: datetime) -> bool:
        """Whether they were friends just before a moment."""
        begun = self.added_at is None or self.added_at < moment
        return begun and (self.lost_at is None or self.lost_at >= moment)


@frozen(kw_only=True)
class TeamNumbers:
    """What became of the customers of one member, shop or source.

    Attributes:
        key: What they were put together by.
        start: Friends at the beginning of the span.
        new: Who was none then, and became one in the span.
        lost: Of those at the beginning and the new ones, who is none at the end.
        deleted_us: How many of the lost deleted a member; the others were given up, or their member left.
        end: Friends at the end.
        retention: Of those at the beginning, who is a friend at the end.
    """

    key: str
    start: int
    new: int
    lost: int
    deleted_us: int
    end: int
    retention: Metric


def friendships(directory: Directory) -> Iterator[Friendship]:
    """Read every friendship that is or was, customer by customer.

    Args:
        directory: The mirror; what it has not seen is not there.
    """
    columns = (_F.external_userid, _F.userid, _F.state, _F.add_way, _F.added_at, _F.status, _F.status_at)
    known = (_F.corp_id == directory.corp_id, _F.status.in_([one.value for one in _KNOWN]))
    query = sa.select(*columns).where(*known).order_by(_F.external_userid, _F.userid)
    with reading(directory.engine) as connection:
        for row in connection.execute(query):
            status = RelationStatus(row.status)
            yield Friendship(
                external_userid=row.external_userid,
                userid=row.userid,
                state=row.state,
                add_way=row.add_way,
                added_at=row.added_at,
                lost_at=row.status_at if status in _LOST else None,
                by_customer=status is RelationStatus.UNFOLLOWED,
            )


def team_numbers(
    friends: Iterable[Friendship], by: Callable[[Friendship], str], *, since: datetime, until: datetime
) -> tuple[TeamNumbers, ...]:
    """Count what became of customers in a span, the largest team first.

    Args:
        friends: From `friendships`.
        by: What they are put together by: ``lambda one: one.userid``, ``lambda one: roster.store(one.userid)``,
            or the channel of ``one.state``.
        since: The beginning; aware.
        until: The end, later; aware.

    Raises:
        ValidationError: The end is not after the beginning, or a time is naive.
    """
    if require_aware(until, "until") <= require_aware(since, "since"):
        raise ValidationError(field="until", value=until.isoformat(), limit=f"after {since.isoformat()}")
    teams = defaultdict[str, dict[str, "list[Friendship]"]](lambda: defaultdict(list))
    for one in friends:
        teams[by(one)][one.external_userid].append(one)
    found = (_count(key, customers.values(), since, until) for key, customers in teams.items())
    return tuple(sorted(found, key=lambda one: (-one.end, one.key)))


def _count(key: str, customers: Iterable[list[Friendship]], since: datetime, until: datetime) -> TeamNumbers:
    start = new = lost = deleted = end = kept = 0
    for mine in customers:
        before, after = (any(one.lasted(moment) for one in mine) for moment in (since, until))
        fresh = not before and any(one.added_at is not None and since <= one.added_at < until for one in mine)
        gone = (before or fresh) and not after
        start, new, end, kept = start + before, new + fresh, end + after, kept + (before and after)
        lost, deleted = lost + gone, deleted + (gone and any(one.by_customer for one in mine))
    value = kept / start if start else None
    retention = Metric(name="retention", value=value, unit="share", cases=start, definition=_RETENTION)
    return TeamNumbers(key=key, start=start, new=new, lost=lost, deleted_us=deleted, end=end, retention=retention)
