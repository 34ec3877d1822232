"""Templates, playbooks and the calendar of groups."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.automotive.groups import (
    CalendarEntry,
    GroupCalendar,
    GroupTemplate,
    Playbook,
    PlaybookMemory,
    Used,
)
from wecom_auto.models import GroupAdmin, GroupChat, GroupMember, GroupMemberType
from wecom_auto.sop import DefinitionError
from wecom_auto.store import open_store

MONDAY = date(2026, 3, 2)
PLAYBOOK = Playbook.preset("broadcast")
ITEMS = {one.name: [f"{one.name}-{number}" for number in range(10)] for one in PLAYBOOK.series}
TEMPLATE = GroupTemplate.preset("prospect")
ROLES = {"boss": ("dealer_community",), "adv": ("sales_advisor",)}
GOOD = GroupChat(
    chat_id="wr1",
    name="星辰购车交流—北京一店03群",
    owner="boss",
    notice="入群须知：每天两条，免打扰",
    members=tuple(GroupMember(userid=one, type=GroupMemberType.MEMBER) for one in ("boss", "adv")),
    admins=(GroupAdmin(userid="boss"),),
)


def differs(group: GroupChat) -> list[str]:
    """The fields in which a group differs."""
    return [one.field for one in TEMPLATE.deviations(group, lambda who: ROLES.get(who, ()), welcome="group/welcome")]


def test_a_group_as_it_should_be_has_no_deviation() -> None:
    """A group that fits its template is in no report."""
    assert differs(GOOD) == []
    assert TEMPLATE.read_name(GOOD.name) == {"brand": "星辰", "store": "北京一店", "number": "03"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "家人群"}, "name"),
        ({"owner": "adv"}, "owner"),
        ({"notice": ""}, "notice"),
        ({"admins": ()}, "admins"),
        ({"admins": (GroupAdmin(userid="adv"),)}, "admins"),
        ({"members": GOOD.members[:1]}, "members:sales_advisor"),
    ],
)
def test_each_deviation_is_named(change: dict[str, object], field: str) -> None:
    """Name, owner, notice, administrators and members by role are compared one by one."""
    assert differs(evolve(GOOD, **change)) == [field]  # type: ignore[arg-type] # one field at a time


def test_a_pattern_that_is_none_is_refused_when_it_is_read() -> None:
    """A misspelt pattern is told with its place, not when the first group is compared."""
    with pytest.raises(DefinitionError, match="name_pattern"):
        GroupTemplate.from_file('name = "x"\nkind = "prospect"\nname_pattern = "{store"\n')


def test_six_series_take_turns_three_times_a_week() -> None:
    """Ten weeks are thirty posts: each series five times, nothing twice, never on the quiet day."""
    posts = PLAYBOOK.posts(MONDAY, 70, ITEMS)
    assert [one.title for one in posts[:6]] == [one.title for one in PLAYBOOK.series]
    assert len(posts) == len({one.item for one in posts}) == 30
    assert not any(one.at.weekday() == PLAYBOOK.quiet_day for one in posts)


def test_memory_goes_on_where_it_stood() -> None:
    """A month laid out in two halves, the first one remembered, is the month laid out at once."""
    whole = PLAYBOOK.posts(MONDAY, 28, ITEMS)
    first = PLAYBOOK.posts(MONDAY, 14, ITEMS)
    used = [Used(series=one.series, item=one.item, day=one.at.date()) for one in first]
    assert first + PLAYBOOK.posts(MONDAY + timedelta(days=14), 14, ITEMS, used=used) == whole
    assert PLAYBOOK.posts(MONDAY, 14, ITEMS, used=used) == ()


def test_a_series_without_fresh_content_passes_its_turn() -> None:
    """An empty series is passed over, and when all is used the day stays empty."""
    posts = PLAYBOOK.posts(MONDAY, 28, {"policy": ["p1"], "news": ["n1", "n2"]})
    assert [one.item for one in posts] == ["p1", "n1", "n2"]


@given(
    st.integers(1, 6),
    st.integers(0, 6),
    st.integers(0, 31),
    st.integers(1, 120),
    st.integers(1, 120),
)
def test_no_month_passes_its_allowance(per_week: int, quiet: int, per_month: int, repeat: int, days: int) -> None:
    """Whatever the rhythm: no month has too many posts, nothing comes back too soon, the quiet day is quiet."""
    playbook = evolve(
        PLAYBOOK, per_week=per_week, quiet_day=quiet, per_month=per_month, repeat_after=timedelta(days=repeat)
    )
    posts = playbook.posts(MONDAY, days, {"news": ["a", "b"], "story": ["c"]})
    months = [(one.at.year, one.at.month) for one in posts]
    assert all(months.count(month) <= per_month for month in months)
    assert not any(one.at.weekday() == quiet for one in posts)
    for item in ("a", "b", "c"):
        at = [one.at.date() for one in posts if one.item == item]
        assert all(later - earlier >= timedelta(days=repeat) for earlier, later in pairwise(at))


def test_daily_news_take_the_whole_allowance_and_no_more() -> None:
    """A post every day of the week; a month of 28 days gets 28, because no group may get more."""
    daily = Playbook.preset("daily_news")
    assert Playbook.presets() == ("broadcast", "daily_news")
    posts = daily.posts(date(2026, 2, 1), 59, {"news": [f"n{number}" for number in range(59)]})
    assert [one.at.date() for one in posts] == [date(2026, 2, 1) + timedelta(days=number) for number in range(59)]
    assert {one.at.hour for one in posts} == {8}
    own = [Used(series="news", item=f"own{day}", day=date(2026, 1, day)) for day in range(1, 32)]
    assert daily.posts(date(2026, 1, 31), 2, {"news": ["n1"]}, used=own)[0].at.date() == date(2026, 2, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_used_is_remembered_once(kind: str, tmp_path: Path) -> None:
    """The same posts told twice are remembered once, for their own playbook only."""
    with fresh_database(kind, tmp_path) as url:
        engine = open_store(url)
        memory, posts = PlaybookMemory(engine, "ww1", "broadcast"), PLAYBOOK.posts(MONDAY, 7, ITEMS)
        memory.remember(posts)
        memory.remember(posts)
        assert [one.item for one in memory.used()] == [one.item for one in posts]
        assert PlaybookMemory(engine, "ww1", "other").used() == ()
        engine.dispose()


def test_calendar_is_read_by_other_programs() -> None:
    """The export holds every post with its time, and a second export has the same UIDs."""
    posts = PLAYBOOK.posts(MONDAY, 7, ITEMS)
    launch = CalendarEntry(at=datetime(2026, 3, 3, 9, 0, tzinfo=CHINA), title="新车上市，全员值守", note="注意;逗号,")
    calendar = GroupCalendar(name="潜客群", entries=[launch]).with_posts(posts)
    texts = [calendar.to_ics(datetime(2026, 3, day, tzinfo=CHINA)) for day in (1, 2)]
    first, second = (list(Calendar.from_ical(text).walk("VEVENT")) for text in texts)
    assert [str(one["summary"]) for one in first] == ["新车上市，全员值守", *(one.title for one in posts)]
    assert str(first[0]["description"]) == "注意;逗号,"
    assert first[1].decoded("dtstart") == posts[0].at
    assert [one["uid"] for one in first] == [one["uid"] for one in second]
