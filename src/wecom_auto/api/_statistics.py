"""The calls of the statistics chapter: one for each question that the platform answers at once. Cuts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Check, Limit, OneOf, Recent
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._days import midnight
from wecom_auto.api._rules import MaxDays, page_of
from wecom_auto.api._values import flag, listed
from wecom_auto.errors import ValidationError
from wecom_auto.models import BehaviorDay, GroupDay, GroupOrder, OwnerGroups

__all__ = ["DAYS", "PEOPLE", "behavior", "by_day", "by_owner"]

DAYS: Final = 30
"""Of one call."""
PEOPLE: Final = 100
"""Members, departments or owners of one call."""
_MEMORY: Final = 180
_OWNERS: Final = Limit("owner_filter.userid_list", items=PEOPLE, least=1)
_GROUP_DAYS: Final[tuple[Check, ...]] = (
    MaxDays("day_begin_time", "day_end_time", DAYS),
    Recent("day_begin_time", _MEMORY, latest=1),
    Recent("day_end_time", _MEMORY, latest=1),
)


def behavior(
    userids: Sequence[str], parties: Sequence[int], first_day: date, last_day: date
) -> Call[tuple[BehaviorDay, ...]]:
    """Ask what members did, added up over all of them."""
    return (
        Call.post(
            Effect.READ,
            "/cgi-bin/externalcontact/get_user_behavior_data",
            tuple[BehaviorDay, ...],
            userid=listed("userid", userids) or UNSET,
            partyid=tuple(parties) or UNSET,
            start_time=midnight("first_day", first_day),
            end_time=midnight("last_day", last_day),
        )
        .unwrap("behavior_data")
        .checked(
            AnyOf("userid", "partyid"),
            Limit("userid", items=PEOPLE),
            Limit("partyid", items=PEOPLE),
            MaxDays("start_time", "end_time", DAYS),
            Recent("start_time", _MEMORY),
            Recent("end_time", _MEMORY),
        )
    )


def by_owner(
    owners: Sequence[str] | None,
    first_day: date,
    last_day: date | Unset,
    order_by: GroupOrder | int | Unset,
    ascending: bool | Unset,
    cursor: str,
    limit: int,
) -> Call[Page[OwnerGroups]]:
    """Ask what happened in the groups of each owner; None is everybody."""
    return (
        Call.post(
            Effect.READ,
            "/cgi-bin/externalcontact/groupchat/statistic",
            OwnerGroups,
            day_begin_time=midnight("first_day", first_day),
            day_end_time=midnight("last_day", last_day),
            owner_filter=_owners(owners),
            order_by=order_by,
            order_asc=flag(ascending),
            offset=_offset(cursor),
            limit=limit,
        )
        .paged("items", by_offset=True)
        .checked(_OWNERS, *_GROUP_DAYS, OneOf("order_by", tuple(order.value for order in GroupOrder)), page_of(1000))
    )


def by_day(owners: Sequence[str] | None, first_day: date, last_day: date | Unset) -> Call[tuple[GroupDay, ...]]:
    """Ask what happened in groups, added up over their owners; None is everybody."""
    return (
        Call.post(
            Effect.READ,
            "/cgi-bin/externalcontact/groupchat/statistic_group_by_day",
            tuple[GroupDay, ...],
            day_begin_time=midnight("first_day", first_day),
            day_end_time=midnight("last_day", last_day),
            owner_filter=_owners(owners),
        )
        .unwrap("items")
        .checked(_OWNERS, *_GROUP_DAYS)
    )


def _owners(owners: Sequence[str] | None) -> dict[str, Sequence[str]] | Unset:
    # None is everybody, an empty list a mistake: a filter that was computed and found nobody.
    return UNSET if owners is None else {"userid_list": listed("userid_list", owners)}


def _offset(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdigit()):
        field, limit = "cursor", "Page.next_cursor of this question, a number in digits"
        raise ValidationError(field, value="another text", limit=limit)
    return int(cursor or 0)
