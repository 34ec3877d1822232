"""Put the parts of a statistic together: days, members, owners. Adds what can be added, and says nothing of the rest.

A count that one part lacks is None in the sum: a missing figure is not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import reduce
from typing import Final, Protocol, TypeAlias, TypeVar

import attrs

from wecom_auto._bulk import BulkFailure, BulkResult
from wecom_auto._call import Page
from wecom_auto._model import Model
from wecom_auto.models import BehaviorDay, GroupDay, GroupFigures, MemberBehavior, OwnerGroups

__all__ = ["D", "Part", "add_behavior", "add_groups", "by_member", "join", "later"]

_AVERAGES: Final = frozenset({"stat_at", "reply_percentage", "avg_reply_minutes"})
"""What cannot be added."""


class Day(Protocol):
    """A value about one day."""

    @property
    def stat_at(self) -> datetime | None:
        """When the day begins."""


D = TypeVar("D", bound=Day)
M = TypeVar("M", bound=Model)
_GONE: Final = GroupFigures(new_chats=0, new_members=0)
"""Of an owner whom an answer leaves out: nothing is new, and of the rest nothing is told."""
Part: TypeAlias = tuple[str, tuple[date, date]]
"""A member, and some of the days asked for."""


def join(answers: Sequence[tuple[D, ...]], add: Callable[[Sequence[D]], D]) -> tuple[D, ...]:
    """Return one value for each day of several answers about the same days, oldest first."""
    days: dict[datetime | None, list[D]] = {}
    for one in (day for answer in answers for day in answer):
        days.setdefault(one.stat_at, []).append(one)
    return tuple(map(add, days.values()))


def add_behavior(parts: Sequence[BehaviorDay]) -> BehaviorDay:
    """Add what several groups of members did on one day. An average stays if only one group had chats to average."""
    return attrs.evolve(
        _added(parts, _AVERAGES),
        reply_percentage=_lone([one.reply_percentage for one in parts]),
        avg_reply_minutes=_lone([one.avg_reply_minutes for one in parts]),
    )


def add_groups(parts: Sequence[GroupDay]) -> GroupDay:
    """Add what several groups of owners saw on one day."""
    return attrs.evolve(parts[0], figures=_added([one.figures for one in parts]))


def by_member(
    userids: Sequence[str], read: BulkResult[Part, tuple[BehaviorDay, ...]]
) -> BulkResult[str, MemberBehavior]:
    """Return members instead of members and spans of days; a member is done when all of their days are."""
    failures = {one.item[0]: BulkFailure(item=one.item[0], error=one.error) for one in reversed(read.failed)}
    missing = {userid for userid, _ in read.rest} - failures.keys()
    days: dict[str, list[BehaviorDay]] = {userid: [] for userid in userids}
    for (userid, _), answer in zip(read.done, read.answers, strict=True):
        days[userid] += answer
    done = tuple(userid for userid in userids if userid not in missing and userid not in failures)
    return BulkResult(
        done=done,
        failed=tuple(failures[userid] for userid in userids if userid in failures),
        rest=tuple(userid for userid in userids if userid in missing),
        answers=tuple(MemberBehavior(userid=userid, days=tuple(days[userid])) for userid in done),
    )


def later(
    before: BulkResult[str, OwnerGroups], read: BulkResult[str, Page[OwnerGroups]]
) -> BulkResult[str, OwnerGroups]:
    """Return the figures of some days and of the days after them as figures of all of these days."""
    known = {row.owner: row for row in before.answers}
    rows = {row.owner: row for page in read.answers for row in page.items}
    gone = {owner: OwnerGroups(owner=owner, figures=_GONE) for owner in known.keys() - rows.keys()}
    joined = {owner: _since(known.get(owner), row) for owner, row in {**gone, **rows}.items()}
    return BulkResult(
        done=read.done,
        failed=(*before.failed, *read.failed),
        rest=(*before.rest, *read.rest),
        answers=tuple(joined[owner] for owner in read.done if owner in joined),
    )


def _since(before: OwnerGroups | None, after: OwnerGroups) -> OwnerGroups:
    if before is None:
        return after
    both = _added([before.figures, after.figures])
    return attrs.evolve(
        after, figures=attrs.evolve(after.figures, new_chats=both.new_chats, new_members=both.new_members)
    )


def _added(parts: Sequence[M], but: frozenset[str] = frozenset()) -> M:
    names = [field.name for field in attrs.fields(type(parts[0])) if field.name not in {*but, "extra"}]
    sums = {name: reduce(_sum, [getattr(one, name) for one in parts]) for name in names}
    return attrs.evolve(parts[0], **sums)


def _lone(averages: Sequence[float | None]) -> float | None:
    told = [average for average in averages if average is not None]
    return told[0] if len(told) == 1 else None


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
