"""Statistics (客户联系 › 统计管理): what members and groups did, day by day.

Days are Beijing days, because the platform counts those. Figures of a day exist from the next day on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, walk, workflow
from wecom_auto._bulk import BulkResult, Report, Together, in_bulk
from wecom_auto._call import Call, Page
from wecom_auto._types import UNSET, Unset
from wecom_auto._walk import Found, Steps
from wecom_auto.api import _figures
from wecom_auto.api._days import beijing_day, spans
from wecom_auto.api._statistics import DAYS, PEOPLE, behavior, by_day, by_owner
from wecom_auto.api._values import listed
from wecom_auto.errors import ValidationError, WeComError
from wecom_auto.models import BehaviorDay, GroupDay, GroupOrder, MemberBehavior, OwnerGroups

__all__ = ["StatisticsEndpoints"]


class StatisticsEndpoints(Endpoints[C]):
    """Statistics (统计管理): what members and groups did, day by day."""

    __slots__ = ()

    @endpoint
    def get_behavior(
        self,
        userids: Sequence[str] = (),
        *,
        parties: Sequence[int] = (),
        first_day: date,
        last_day: date,
    ) -> Call[tuple[BehaviorDay, ...]]:
        """Read what members did, one value a day, added up over all of them.

        To tell members apart, use `get_behavior_by_member`; for more days or members, `iter_behavior`.

        Manual: `获取「联系客户统计」数据 <https://developer.work.weixin.qq.com/document/path/92132>`__

        Args:
            userids: Members, up to 100, within the app's range.
            parties: Ids of departments, up to 100, within the app's range. One of the two is needed.
            first_day: A Beijing day of the last 180 days, for example ``date(2026, 3, 1)``.
                An aware datetime stands for its day in Beijing.
            last_day: Included; at most 30 days with the first one.
                Unverified: whether the platform counts a span of 30 days without its last one.

        Returns:
            One value for each day. A day that is not ready has zeros; the platform works on yesterday's figures in
            the small hours.

        Raises:
            NotFoundError: 60111 a member does not exist; 60123 a department does not.
            PermissionDeniedError: 60011 one of them is outside the app's range.
        """
        return behavior(userids, parties, first_day, last_day)

    @walk
    def iter_behavior(
        self,
        userids: Sequence[str] = (),
        *,
        parties: Sequence[int] = (),
        first_day: date,
        last_day: date,
        resume: str = "",
    ) -> Steps[BehaviorDay]:
        """Iterate over the days of any number of members and departments, added up; see `get_behavior`.

        More than 30 days cost several calls, and so do more than 100 members or departments.
        Averages cannot be put together from parts: with more than 100 of either,
        `reply_percentage` and `avg_reply_minutes` are None on days on which more than one part had chats.

        Manual: `获取「联系客户统计」数据 <https://developer.work.weixin.qq.com/document/path/92132>`__

        Args:
            userids: Members. Who is in one of `parties` too is counted twice if the question has to be cut.
            parties: Ids of departments.
            first_day: A Beijing day of the last 180 days, or an aware datetime in it.
            last_day: Included.
            resume: The ``checkpoint`` of a batch: go on after it.
        """
        parts = [*_parts(userids, ()), *_parts((), parties)]
        if len(userids) <= PEOPLE and len(parties) <= PEOPLE:
            parts = [(userids, parties)]

        def ask(first: date, last: date) -> list[Call[tuple[BehaviorDay, ...]]]:
            return [behavior(some, departments, first, last) for some, departments in parts]

        return _by_days(first_day, last_day, resume, ask, _figures.add_behavior)

    @workflow
    def get_behavior_by_member(
        self,
        userids: Sequence[str],
        *,
        first_day: date,
        last_day: date,
        concurrency: int = 1,
        progress: Report | None = None,
    ) -> Step[BulkResult[str, MemberBehavior]]:
        """Read what each of many members did, one call for every member and 30 days.

        Manual: `获取「联系客户统计」数据 <https://developer.work.weixin.qq.com/document/path/92132>`__

        Args:
            userids: Members, as many as you like.
            first_day: A Beijing day of the last 180 days, or an aware datetime in it.
            last_day: Included.
            concurrency: The most calls under way at once, 1 to 100.
            progress: Is told after every call; it counts calls, not members.

        Returns:
            The members that were read, with their days, and those that failed, each with the reason.
        """
        asked = tuple(dict.fromkeys(listed("userid", userids)))
        cuts = tuple(_cut(first_day, last_day))
        parts = [(userid, cut) for userid in asked for cut in cuts]
        read = yield from in_bulk(
            parts, 1, lambda some: behavior([some[0][0]], (), *some[0][1]), concurrency=concurrency, progress=progress
        )
        return _figures.by_member(asked, read)

    @endpoint
    def list_groups_by_owner(
        self,
        owners: Sequence[str] | None,
        *,
        first_day: date,
        last_day: date | Unset = UNSET,
        order_by: GroupOrder | int | Unset = UNSET,
        ascending: bool | Unset = UNSET,
        cursor: str = "",
        limit: int = 500,
    ) -> Call[Page[OwnerGroups]]:
        """Read what happened in the groups of each owner over some days, one page of owners.

        Manual: `获取「群聊数据统计」数据（按群主） <https://developer.work.weixin.qq.com/document/path/92133>`__

        Args:
            owners: Owners of groups, up to 100.
                None for everybody whom the app sees, if that is not over 1,000 members.
            first_day: A Beijing day from yesterday to 180 days ago, or an aware datetime in it.
            last_day: Included; at most 30 days with the first one. The first day alone unless given.
            order_by: What to sort by; the platform's default is new groups.
            ascending: The smallest first; the platform's default is the largest.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Owners on a page, 1 to 1,000.

        Raises:
            QuotaExceededError: 81017 the app sees more than 1,000 members, and `owners` is None.
        """
        return by_owner(owners, first_day, last_day, order_by, ascending, cursor, limit)

    @paged
    def iter_groups_by_owner(
        self,
        owners: Sequence[str] | None,
        *,
        first_day: date,
        last_day: date | Unset = UNSET,
        order_by: GroupOrder | int | Unset = UNSET,
        ascending: bool | Unset = UNSET,
        cursor: str = "",
        limit: int = 500,
    ) -> Call[Page[OwnerGroups]]:
        """Iterate over the owners with what happened in their groups; see `list_groups_by_owner`.

        Manual: `获取「群聊数据统计」数据（按群主） <https://developer.work.weixin.qq.com/document/path/92133>`__

        Args:
            owners: Owners of groups, up to 100.
                None for everybody whom the app sees, if that is not over 1,000 members.
            first_day: A Beijing day from yesterday to 180 days ago, or an aware datetime in it.
            last_day: Included; at most 30 days with the first one. The first day alone unless given.
            order_by: What to sort by; the platform's default is new groups.
            ascending: The smallest first; the platform's default is the largest.
            cursor: Where to resume; empty for the start.
            limit: Owners on a page, 1 to 1,000.
        """
        return by_owner(owners, first_day, last_day, order_by, ascending, cursor, limit)

    @workflow
    def get_groups_by_owner_many(
        self,
        owners: Sequence[str],
        *,
        first_day: date,
        last_day: date,
        concurrency: int = 1,
        progress: Report | None = None,
    ) -> Step[BulkResult[str, OwnerGroups]]:
        """Read what happened in the groups of any number of owners, over any number of days.

        An owner without groups is done and has no answer.
        Over more than 30 days, new groups and new members are added up; the other figures are those of the last day.

        Manual: `获取「群聊数据统计」数据（按群主） <https://developer.work.weixin.qq.com/document/path/92133>`__

        Args:
            owners: Owners of groups; 100 go into one call.
            first_day: A Beijing day from yesterday to 180 days ago, or an aware datetime in it.
            last_day: Included.
            concurrency: The most calls under way at once, 1 to 100.
            progress: Is told after every call; a span of 30 days begins its count anew.
        """
        asked = tuple(dict.fromkeys(listed("userid_list", owners)))
        result: BulkResult[str, OwnerGroups] = BulkResult(done=asked)
        for first, last in _cut(first_day, last_day):
            read = yield from in_bulk(
                result.done, PEOPLE, _whole_page(first, last), concurrency=concurrency, progress=progress
            )
            result = _figures.later(result, read)
        return result

    @endpoint
    def get_groups_by_day(
        self, owners: Sequence[str] | None, *, first_day: date, last_day: date | Unset = UNSET
    ) -> Call[tuple[GroupDay, ...]]:
        """Read what happened in groups, one value a day, added up over their owners.

        Manual: `获取「群聊数据统计」数据（按自然日） <https://developer.work.weixin.qq.com/document/path/92133>`__

        Args:
            owners: Owners of groups, up to 100. None for everybody whom the app sees.
            first_day: A Beijing day from yesterday to 180 days ago, or an aware datetime in it.
            last_day: Included; at most 30 days with the first one. The first day alone unless given.

        Raises:
            QuotaExceededError: 81017 the app sees more than 1,000 members, and `owners` is None.
        """
        return by_day(owners, first_day, last_day)

    @walk
    def iter_groups_by_day(
        self, owners: Sequence[str] | None, *, first_day: date, last_day: date, resume: str = ""
    ) -> Steps[GroupDay]:
        """Iterate over the days of the groups of any number of owners, added up; see `get_groups_by_day`.

        More than 30 days cost several calls, and so do more than 100 owners.

        Manual: `获取「群聊数据统计」数据（按自然日） <https://developer.work.weixin.qq.com/document/path/92133>`__

        Args:
            owners: Owners of groups. None for everybody whom the app sees.
            first_day: A Beijing day from yesterday to 180 days ago, or an aware datetime in it.
            last_day: Included.
            resume: The ``checkpoint`` of a batch: go on after it.
        """
        parts = [None] if owners is None else [some for some, _ in _parts(listed("userid_list", owners), ())]

        def ask(first: date, last: date) -> list[Call[tuple[GroupDay, ...]]]:
            return [by_day(some, first, last) for some in parts]

        return _by_days(first_day, last_day, resume, ask, _figures.add_groups)


def _parts(userids: Sequence[str], parties: Sequence[int]) -> list[tuple[Sequence[str], Sequence[int]]]:
    """Cut a question into those that the platform takes."""
    members = [(userids[start : start + PEOPLE], ()) for start in range(0, len(userids), PEOPLE)]
    departments = [((), parties[start : start + PEOPLE]) for start in range(0, len(parties), PEOPLE)]
    return [*members, *departments]


def _cut(first_day: date, last_day: date) -> list[tuple[date, date]]:
    first, last = beijing_day("first_day", first_day), beijing_day("last_day", last_day)
    if last < first:
        field = "last_day"
        raise ValidationError(field, value=last.isoformat(), limit=f"{first.isoformat()} or later")
    return list(spans(first, last, DAYS))


def _by_days(
    first_day: date,
    last_day: date,
    resume: str,
    ask: Callable[[date, date], list[Call[tuple[_figures.D, ...]]]],
    add: Callable[[Sequence[_figures.D]], _figures.D],
) -> Steps[_figures.D]:
    cuts = _cut(date.fromisoformat(resume) if resume else first_day, last_day)
    for (start, end), following in zip_longest(cuts, cuts[1:]):
        answers = yield from _together(ask(start, end))
        yield Found(_figures.join(answers, add), following[0].isoformat() if following else "")


def _together(calls: list[Call[Any]]) -> Generator[Together[Any], Any, list[Any]]:
    outcomes = yield Together(calls)
    for outcome in outcomes:
        if isinstance(outcome, WeComError):
            raise outcome
    return list(outcomes)


def _whole_page(first: date, last: date) -> Callable[[Sequence[str]], Call[Page[OwnerGroups]]]:
    # As many owners as one call takes fit on one page.
    return lambda some: by_owner(some, first, last, UNSET, UNSET, "", 1000)
