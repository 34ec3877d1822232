"""What the tests know of `wecom.statistics`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import at, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto._time import CHINA
from wecom_auto.errors import InvalidRequestError, NotFoundError
from wecom_auto.models import GroupOrder
from wecom_auto.testing import FakeWeCom

DAY = date(2026, 3, 1)
MANY = [f"u{number}" for number in range(101)]
stats = calls.statistics

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/get_user_behavior_data": [
        stats.get_behavior(["u"], parties=[1], first_day=DAY, last_day=DAY),
    ],
    "externalcontact/groupchat/statistic": [
        call(["u"], first_day=DAY, last_day=DAY, order_by=GroupOrder.GROUPS, ascending=True, cursor="5", limit=10)
        for call in (stats.list_groups_by_owner, stats.iter_groups_by_owner)
    ],
    "externalcontact/groupchat/statistic_group_by_day": [
        stats.get_groups_by_day(["u"], first_day=DAY, last_day=DAY),
    ],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/get_user_behavior_data", stats.get_behavior(["u"], first_day=DAY, last_day=DAY)),
    ("externalcontact/groupchat/statistic", stats.list_groups_by_owner(["u"], first_day=DAY)),
    ("externalcontact/groupchat/statistic_group_by_day", stats.get_groups_by_day(["u"], first_day=DAY)),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/get_user_behavior_data",
        lambda: stats.get_behavior(
            ["zhangsan", "lisi"], parties=[1001, 1002], first_day=date(2018, 9, 10), last_day=date(2018, 9, 11)
        ),
    ),
    (
        "externalcontact/groupchat/statistic",
        lambda: stats.list_groups_by_owner(
            ["zhangsan"],
            # An evening in London, and the next day in Beijing already.
            first_day=at(1_600_272_000 + 3_600),
            last_day=date(2020, 9, 19),
            order_by=GroupOrder.GROUPS,
            ascending=False,
            limit=1000,
        ),
    ),
    (
        "externalcontact/groupchat/statistic_group_by_day",
        lambda: stats.get_groups_by_day(["zhangsan"], first_day=date(2020, 9, 17), last_day=date(2020, 9, 18)),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("userid / partyid", lambda: stats.get_behavior(first_day=DAY, last_day=DAY)),
    ("userid", lambda: stats.get_behavior(MANY, first_day=DAY, last_day=DAY)),
    ("partyid", lambda: stats.get_behavior(parties=range(101), first_day=DAY, last_day=DAY)),
    ("userid", lambda: stats.get_behavior("zhangsan", first_day=DAY, last_day=DAY)),
    ("end_time", lambda: stats.get_behavior(["u"], first_day=DAY, last_day=DAY + timedelta(days=30))),
    ("end_time", lambda: stats.get_behavior(["u"], first_day=DAY, last_day=DAY - timedelta(days=1))),
    ("first_day", lambda: stats.get_behavior(["u"], first_day=at(0).replace(tzinfo=None), last_day=DAY)),
    ("owner_filter.userid_list", lambda: stats.list_groups_by_owner(MANY, first_day=DAY)),
    ("owner_filter.userid_list", lambda: stats.iter_groups_by_owner([], first_day=DAY)),
    ("owner_filter.userid_list", lambda: stats.get_groups_by_day([], first_day=DAY)),
    ("day_end_time", lambda: stats.get_groups_by_day(["u"], first_day=DAY, last_day=DAY + timedelta(days=30))),
    ("order_by", lambda: stats.list_groups_by_owner(["u"], first_day=DAY, order_by=5)),
    ("limit", lambda: stats.list_groups_by_owner(["u"], first_day=DAY, limit=1001)),
    ("cursor", lambda: stats.list_groups_by_owner(["u"], first_day=DAY, cursor="next")),
]

ACCEPTED: list[Make] = [
    lambda: stats.get_behavior(MANY[:100], first_day=DAY, last_day=DAY + timedelta(days=29)),
    lambda: stats.get_behavior(parties=range(100), first_day=DAY, last_day=DAY),
    lambda: stats.list_groups_by_owner(None, first_day=DAY, last_day=DAY + timedelta(days=29), limit=1000),
    lambda: stats.get_groups_by_day(MANY[:100], first_day=DAY, last_day=DAY),
]

ARGUMENTS: Mapping[str, Any] = {"owners": ["u"], "first_day": DAY, "last_day": DAY}


def today(fake: FakeWeCom) -> date:
    """Return the day in Beijing."""
    return fake.clock.now().astimezone(CHINA).date()


def behavior_statistics(fake: FakeWeCom) -> Play:
    """What members did yesterday is counted for one, for several together, and for each of many."""
    day = today(fake)
    friends = [fake.add_customer(name=name, followed_by="zhangsan") for name in ("李四", "王五")]
    fake.add_member("xiaoli", department=7)
    fake.chat(friends[0], "zhangsan", sent=0, received=2)
    fake.clock.advance(minutes=4)
    fake.chat(friends[0], "zhangsan", sent=3, received=0)
    fake.chat(friends[1], "zhangsan", sent=0, received=1)
    fake.unfriend(friends[1], "zhangsan")
    fake.request_friend("xiaoli", name="赵六")
    asking = {"first_day": day, "last_day": day}
    (early,) = yield lambda app: app.statistics.get_behavior(["zhangsan"], **asking)
    assert (early.chats, early.new_contacts, early.reply_percentage) == (0, 0, None)
    fake.clock.advance(days=1)
    (own,) = yield lambda app: app.statistics.get_behavior(["zhangsan"], **asking)
    assert own.day == day
    assert (own.chats, own.messages, own.new_contacts, own.new_applies, own.negative_feedbacks) == (1, 3, 2, 0, 1)
    assert (own.reply_percentage, own.avg_reply_minutes) == (50.0, 4)
    (other,) = yield lambda app: app.statistics.get_behavior(parties=[7], **asking)
    assert (other.chats, other.reply_percentage, other.new_applies, other.new_contacts) == (0, None, 1, 1)
    (both,) = yield lambda app: app.statistics.get_behavior(["zhangsan"], parties=[7], **asking)
    assert (both.new_contacts, both.new_applies, both.reply_percentage) == (3, 1, 50.0)
    each = yield lambda app: app.statistics.get_behavior_by_member(["xiaoli", "zhangsan", "nobody"], **asking)
    assert (each.done, [one.item for one in each.failed]) == (("xiaoli", "zhangsan"), ["nobody"])
    assert each.answers[1].days == (own,)
    try:
        yield lambda app: app.statistics.get_behavior(["nobody"], **asking)
    except NotFoundError as error:
        refused(NotFoundError, 60111, error)
    else:
        raise AssertionError


def group_statistics(fake: FakeWeCom) -> Play:
    """What happened in groups is counted by owner, in pages, and by day."""
    day = today(fake)
    for owner, count in (("zhangsan", 1), ("lisi", 2), ("wangwu", 3)):
        fake.add_member(owner)
        groups = [fake.create_group(owner, f"{owner}{number}") for number in range(count)]
    guest = fake.add_customer(name="赵六", followed_by="wangwu")
    fake.join_group(groups[0], guest)
    fake.group_says(groups[0], guest, "到店了吗", messages=2)
    fake.clock.advance(days=1)
    fake.dismiss_group(groups[2])
    fake.group_says(groups[0], "wangwu", "到了")
    fake.clock.advance(days=1)
    page = yield lambda app: app.statistics.list_groups_by_owner(None, first_day=day, limit=2)
    assert ([row.owner for row in page.items], page.total, page.next_cursor) == (["wangwu", "lisi"], 3, "2")
    rest = yield lambda app: app.statistics.list_groups_by_owner(None, first_day=day, limit=2, cursor="2")
    assert ([row.owner for row in rest.items], rest.next_cursor) == (["zhangsan"], "")
    rows = yield lambda app: app.statistics.iter_groups_by_owner(
        ["zhangsan", "lisi", "wangwu"], first_day=day, order_by=GroupOrder.MEMBERS, ascending=True, limit=1
    )
    assert [(row.owner, row.figures.members) for row in rows] == [("zhangsan", 1), ("lisi", 2), ("wangwu", 4)]
    first, second = yield lambda app: app.statistics.get_groups_by_day(
        ["wangwu"], first_day=day, last_day=day + timedelta(days=1)
    )
    assert (first.day, second.day) == (day, day + timedelta(days=1))
    figures = first.figures
    assert (figures.new_chats, figures.chats, figures.chats_with_messages) == (3, 3, 1)
    assert (figures.new_members, figures.members, figures.members_with_messages, figures.messages) == (1, 4, 1, 2)
    figures = second.figures
    assert (figures.new_chats, figures.chats, figures.new_members, figures.members) == (0, 2, 0, 3)
    assert (figures.members_with_messages, figures.messages, figures.migrated_chats) == (2, 3, None)
    try:
        yield lambda app: app.with_options(validate=False).statistics.get_groups_by_day(
            ["wangwu"], first_day=day + timedelta(days=2)
        )
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (behavior_statistics, group_statistics)
