"""The statistics chapter (统计管理, manual 92132, 92133): figures that are counted, not invented; see `_counting`.

A day's figures are zeros until the day is over, and for `Settings.statistics_lag` after that.

Unverified: the errcodes of wrong days (40058), of members (60111), departments (60123) and ranges (60011); that a span
of 30 days counts its first and its last day; that statistics of today are zeros and those of tomorrow refused for
members; that owners without groups have no row; what breaks ties between owners (the order of joining the corp).
`migrate_trainee_chat_cnt` is for training companies and never answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from wecom_auto._time import CHINA
from wecom_auto.testing import _lookups as look
from wecom_auto.testing._counting import Span, behavior, group_figures
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import any_of, integer, items, nested
from wecom_auto.testing._state import State
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, TOO_WIDE, NO_MEMBER, NOT_VISIBLE, NO_PARTY = 40063, 40058, 81017, 60111, 60011, 60123
MOST_DAYS, MEMORY = 30, 180
MEMBERS_WITHOUT_FILTER = 1_000
ORDERS = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}

DAYS = (
    integer("day_begin_time", required=MISSING),
    integer("day_end_time"),
    nested("owner_filter", items("userid_list", required=MISSING, most=100)),
)


@endpoint(
    "POST",
    "externalcontact/get_user_behavior_data",
    any_of("userid", "partyid"),
    items("userid", most=100),
    items("partyid", int, most=100),
    integer("start_time", required=MISSING),
    integer("end_time", required=MISSING),
)
def get_user_behavior_data(ask: Ask) -> Mapping[str, object]:
    """Count what members did, one row a day, added up over all of them."""
    days = _days(ask, "start_time", "end_time", latest=0)
    userids = _members(ask)
    return {"behavior_data": [{"stat_time": _midnight(day), **_of(ask, behavior, userids, day, day)} for day in days]}


@endpoint(
    "POST",
    "externalcontact/groupchat/statistic",
    *DAYS,
    integer("order_by", enum=tuple(ORDERS)),
    integer("order_asc", enum=(0, 1)),
    integer("offset"),
    integer("limit", least=1, most=1000),
)
def statistic(ask: Ask) -> Mapping[str, object]:
    """Count what happened in the groups of each owner over some days, sorted, by pages."""
    days = _days(ask, "day_begin_time", "day_end_time", latest=1)
    rows = [_row(ask, owner, days) for owner in _owners(ask)]
    by, offset = ORDERS[ask.body.get("order_by") or 1], ask.body.get("offset") or 0
    rows.sort(key=lambda row: row["data"][by], reverse=not ask.body.get("order_asc"))
    found = rows[offset : offset + (ask.body.get("limit") or 500)]
    return {"total": len(rows), "next_offset": min(offset + len(found), len(rows)), "items": found}


@endpoint("POST", "externalcontact/groupchat/statistic_group_by_day", *DAYS)
def statistic_group_by_day(ask: Ask) -> Mapping[str, object]:
    """Count what happened in groups, one row a day, added up over their owners."""
    days = _days(ask, "day_begin_time", "day_end_time", latest=1)
    owners = set(_owners(ask))
    return {"items": [{"stat_time": _midnight(day), "data": _of(ask, group_figures, owners, day, day)} for day in days]}


def _row(ask: Ask, owner: str, days: list[date]) -> Body:
    return {"owner": owner, "data": _of(ask, group_figures, {owner}, days[0], days[-1])}


def _of(ask: Ask, count: Callable[[State, set[str], Span], Body], who: set[str], first: date, last: date) -> Body:
    """Count the days that are ready; nobody did anything on the others, as far as the platform tells."""
    end = min(_midnight(last + timedelta(days=1)), _ready_until(ask))
    start = _midnight(first)
    return count(ask.state, who if start < end else set(), Span(start, max(start, end)))


def _ready_until(ask: Ask) -> int:
    counted = datetime.fromtimestamp(ask.time, CHINA) - ask.settings.statistics_lag
    return _midnight(counted.date())


def _days(ask: Ask, first: str, last: str, *, latest: int) -> list[date]:
    """Return the days of a question; times inside a day stand for it."""
    today = _day(ask.time)
    start = _day(ask.body[first])
    end = _day(ask.body.get(last) or ask.body[first])
    if not today - timedelta(days=MEMORY) <= start <= end <= today - timedelta(days=latest):
        raise Refusal(BAD, f"{first}, {last}: from {MEMORY} days to {latest} days ago, in this order")
    if (end - start).days >= MOST_DAYS:
        raise Refusal(BAD, f"{first}, {last}: at most {MOST_DAYS} days")
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def _members(ask: Ask) -> set[str]:
    userids = {look.member(ask, userid).userid for userid in ask.body.get("userid") or []}
    for party in ask.body.get("partyid") or []:
        if party not in ask.state.departments():
            raise Refusal(NO_PARTY, str(party))
        userids |= {userid for userid in ask.state.of_department(party) if look.visible(ask, userid)}
    return userids


def _owners(ask: Ask) -> list[str]:
    """Return the owners of groups who were asked for, in the order in which they joined the corp."""
    listed = (ask.body.get("owner_filter") or {}).get("userid_list")
    for userid in listed or []:
        if userid not in ask.state.members:
            raise Refusal(NO_MEMBER, f"userid {userid}: fake.add_member({userid!r}) adds them")
        if not look.visible(ask, userid):
            raise Refusal(NOT_VISIBLE, f"userid {userid}: see visible= of the app's fake.add_app(...)")
    seen = [one.userid for one in ask.state.members.values() if one.active and look.visible(ask, one.userid)]
    if listed is None and len(seen) > MEMBERS_WITHOUT_FILTER:
        raise Refusal(TOO_WIDE, "more than 1000 visible members; give owner_filter")
    owners = {group.owner for group in ask.state.groups.values()}
    return [one for one in ask.state.members if one in owners and one in (seen if listed is None else listed)]


def _day(moment: float) -> date:
    try:
        return datetime.fromtimestamp(moment, CHINA).date()
    except (OverflowError, ValueError, OSError) as error:
        raise Refusal(BAD, "no time of this world") from error


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), CHINA).timestamp())
