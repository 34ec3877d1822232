"""The fake counts what happened: every figure of the statistics has a deed behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto._time import CHINA
from wecom_auto.testing import FakeWeCom, Settings

DAY = 86_400


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp with two members and a department."""
    fake = FakeWeCom(settings=Settings(token_seconds=10**8))
    fake.add_member("zhangsan")
    fake.add_member("lisi", department=7)
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """An app of the corp."""
    return Raw(fake)


def midnight(fake: FakeWeCom, back: int = 0) -> int:
    """Return when today, or a day before it, began in Beijing."""
    today = fake.clock.now().astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today - timedelta(days=back)).timestamp())


def behavior(raw: Raw, back: int = 1, **who: Any) -> dict[str, Any]:
    """Ask what happened on one day and return its row without the day."""
    start = midnight(raw.fake, back)
    who = who or {"userid": ["zhangsan"]}
    (row,) = raw.customer("get_user_behavior_data", start_time=start, end_time=start, **who)["behavior_data"]
    assert row.pop("stat_time") == start
    return row


def groups(raw: Raw, back: int = 1, owner: str = "zhangsan") -> dict[str, Any]:
    """Ask about the groups of one owner on one day."""
    asked = {"day_begin_time": midnight(raw.fake, back), "owner_filter": {"userid_list": [owner]}}
    (row,) = raw.customer("groupchat/statistic_group_by_day", **asked)["items"]
    return row["data"]


NOTHING = {
    "chat_cnt": 0,
    "message_cnt": 0,
    "negative_feedback_cnt": 0,
    "new_apply_cnt": 0,
    "new_contact_cnt": 0,
}


def test_a_quiet_day_has_zeros_and_no_averages(fake: FakeWeCom, raw: Raw) -> None:
    """Shares and times are told only on days with chats (92132)."""
    fake.clock.advance(days=1)
    assert behavior(raw) == NOTHING


def test_a_new_customer_counts_on_the_day_they_are_accepted(fake: FakeWeCom, raw: Raw) -> None:
    """A scan that waits for the member counts when the member says yes, on that day."""
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s", skip_verify=False)
    asking = fake.scan("s")
    fake.clock.advance(days=1)
    fake.accept("zhangsan", asking)
    fake.clock.advance(days=1)
    assert (behavior(raw, 2)["new_contact_cnt"], behavior(raw, 1)["new_contact_cnt"]) == (0, 1)


def test_only_chats_in_which_the_member_wrote_count(fake: FakeWeCom, raw: Raw) -> None:
    """A customer who is left without an answer makes no chat, but lowers the share of answers."""
    first, second, third = (fake.add_customer(followed_by="zhangsan") for _ in range(3))
    fake.chat(first, "zhangsan", received=1, sent=2)
    fake.chat(second, "zhangsan", received=5, sent=0)
    fake.chat(third, "zhangsan", received=0, sent=1)
    fake.clock.advance(days=1)
    row = behavior(raw)
    assert (row["chat_cnt"], row["message_cnt"]) == (2, 3)
    assert (row["reply_percentage"], row["avg_reply_time"]) == (50.0, 0)


def test_the_first_answer_of_the_day_counts(fake: FakeWeCom, raw: Raw) -> None:
    """Waiting ends with the first answer; an answer after midnight is none, and begins a chat of the next day."""
    quick, slow = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    fake.chat(quick, "zhangsan", sent=0)
    fake.clock.advance(minutes=10)
    fake.chat(quick, "zhangsan", received=0)
    fake.clock.advance(minutes=60)
    fake.chat(quick, "zhangsan", received=0)
    fake.clock.advance_to(datetime(2026, 3, 2, 23, 50, tzinfo=CHINA))
    fake.chat(slow, "zhangsan", sent=0)
    fake.clock.advance(minutes=20)
    fake.chat(slow, "zhangsan", received=0)
    fake.clock.advance(days=1)
    assert (behavior(raw, 2)["reply_percentage"], behavior(raw, 2)["avg_reply_time"]) == (50.0, 10)
    assert behavior(raw, 1) == NOTHING | {"chat_cnt": 1, "message_cnt": 1}


def test_nobody_answered(fake: FakeWeCom, raw: Raw) -> None:
    """No answer is 0 percent and no average."""
    fake.chat(fake.add_customer(followed_by="zhangsan"), "zhangsan", sent=0)
    fake.clock.advance(days=1)
    row = behavior(raw)
    assert row["reply_percentage"] == 0
    assert "avg_reply_time" not in row


def test_a_chat_needs_a_message(fake: FakeWeCom) -> None:
    """Silence is no chat."""
    customer = fake.add_customer(followed_by="zhangsan")
    for sent, received in ((0, 0), (-1, 2)):
        with pytest.raises(ValueError, match="at least one message"):
            fake.chat(customer, "zhangsan", sent=sent, received=received)


def test_farewells_and_requests_count_for_their_member(fake: FakeWeCom, raw: Raw) -> None:
    """Who deletes a member is a negative feedback to that member alone; a refused request counts as a request."""
    customer = fake.add_customer(followed_by=["zhangsan", "lisi"])
    fake.unfriend(customer, "lisi")
    fake.request_friend("lisi", accepted=False)
    friend = fake.request_friend("lisi", name="王五")
    fake.clock.advance(days=1)
    assert behavior(raw, userid=["lisi"]) == NOTHING | {
        "negative_feedback_cnt": 1,
        "new_apply_cnt": 2,
        "new_contact_cnt": 2,
    }
    assert behavior(raw)["negative_feedback_cnt"] == 0
    follow = fake.customer(friend).follow("lisi")
    assert (follow.add_way, follow.half) == (2, False)
    assert [event.name for event in fake.events][-1].endswith("add_external_contact")


def test_asking_a_friend_again_adds_nobody(fake: FakeWeCom, raw: Raw) -> None:
    """The request counts, and the customer is not new; one who had left comes back."""
    customer = fake.add_customer(followed_by="zhangsan")
    fake.clock.advance(days=1)
    fake.request_friend("zhangsan", customer=customer)
    fake.unfriend(customer, "zhangsan")
    fake.request_friend("zhangsan", customer=customer)
    fake.clock.advance(days=1)
    row = behavior(raw)
    assert (row["new_apply_cnt"], row["new_contact_cnt"]) == (2, 1)
    assert not fake.customer(customer).follow("zhangsan").unfriended


def test_departments_are_expanded_and_nobody_counts_twice(fake: FakeWeCom, raw: Raw) -> None:
    """The root holds everybody; a member named beside their department counts once."""
    for userid in ("zhangsan", "lisi"):
        fake.add_customer(followed_by=userid)
    fake.clock.advance(days=1)
    assert behavior(raw, partyid=[7])["new_contact_cnt"] == 1
    assert behavior(raw, partyid=[1, 7], userid=["lisi"])["new_contact_cnt"] == 2


def test_figures_are_ready_on_the_next_day(fake: FakeWeCom, raw: Raw) -> None:
    """Today has zeros, and yesterday has them as long as the platform is still counting."""
    fake.add_customer(followed_by="zhangsan")
    fake.create_group("zhangsan", "群")
    assert behavior(raw, 0) == NOTHING
    fake.settings = Settings(statistics_lag=timedelta(hours=3), token_seconds=10**8)
    fake.clock.advance_to(datetime(2026, 3, 3, 2, 59, tzinfo=CHINA))
    assert (behavior(raw)["new_contact_cnt"], groups(raw)["chat_total"]) == (0, 0)
    fake.clock.advance(minutes=1)
    assert (behavior(raw)["new_contact_cnt"], groups(raw)["chat_total"]) == (1, 1)


def test_a_time_inside_a_day_stands_for_the_day(fake: FakeWeCom, raw: Raw) -> None:
    """Times are cut down to midnight in Beijing (92132)."""
    fake.clock.advance(days=2)
    start = midnight(fake, 2) + 23 * 3_600
    rows = raw.customer("get_user_behavior_data", userid=["zhangsan"], start_time=start, end_time=start + 3_600)
    assert [row["stat_time"] for row in rows["behavior_data"]] == [midnight(fake, 2), midnight(fake, 1)]


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [(181, 181, 40058), (180, 151, 0), (180, 150, 40058), (1, 2, 40058), (0, 0, 0), (0, -1, 40058), (10**9, 1, 40058)],
)
def test_days_have_bounds(fake: FakeWeCom, raw: Raw, first: int, last: int, wanted: int) -> None:
    """30 days in a call, 180 days back, in order, none in the future."""
    base = midnight(fake)
    times = {"start_time": max(0, base - first * DAY), "end_time": base - last * DAY}
    assert code(raw.customer("get_user_behavior_data", userid=["zhangsan"], **times)) == wanted


def test_groups_are_not_known_today(fake: FakeWeCom, raw: Raw) -> None:
    """Statistics of groups begin yesterday (92133), and a time beyond the calendar is refused like any other."""
    asked = {"owner_filter": {"userid_list": ["zhangsan"]}}
    for start in (midnight(fake), 2**62):
        for path in ("groupchat/statistic", "groupchat/statistic_group_by_day"):
            assert code(raw.customer(path, day_begin_time=start, **asked)) == 40058


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        ({}, 40063),
        ({"userid": ["nobody"]}, 60111),
        ({"partyid": [8]}, 60123),
        ({"userid": ["u"] * 101}, 40058),
        ({"partyid": [1] * 101}, 40058),
        ({"userid": "zhangsan"}, 40058),
    ],
)
def test_people_are_checked(fake: FakeWeCom, raw: Raw, who: dict[str, Any], wanted: int) -> None:
    """Somebody must be named, and be there."""
    times = {"start_time": midnight(fake), "end_time": midnight(fake)}
    assert code(raw.customer("get_user_behavior_data", **times, **who)) == wanted


def test_an_app_sees_its_own_range(fake: FakeWeCom) -> None:
    """Members outside the range are refused by name, and left out of a department."""
    fake.add_app("second", "s2", agent_id=2, visible=["lisi"])
    for userid in ("zhangsan", "lisi"):
        fake.add_customer(followed_by=userid)
        fake.create_group(userid, "群")
    fake.clock.advance(days=1)
    second, start = Raw(fake, "s2"), midnight(fake, 1)
    times = {"start_time": start, "end_time": start}
    assert code(second.customer("get_user_behavior_data", userid=["zhangsan"], **times)) == 60011
    assert behavior(second, partyid=[1])["new_contact_cnt"] == 1
    owner = {"owner_filter": {"userid_list": ["zhangsan"]}}
    assert code(second.customer("groupchat/statistic", day_begin_time=start, **owner)) == 60011
    everybody = second.customer("groupchat/statistic", day_begin_time=start)
    assert [row["owner"] for row in everybody["items"]] == ["lisi"]


def test_groups_remember_who_came_and_went(fake: FakeWeCom, raw: Raw) -> None:
    """New is who joined that day, even if they left again; the total is who is there at its end."""
    group = fake.create_group("zhangsan", "群")
    stays, goes = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    fake.join_group(group, stays)
    fake.join_group(group, goes)
    fake.quit_group(group, goes)
    fake.clock.advance(days=1)
    fake.join_group(group, goes)
    other = fake.create_group("lisi", "别的群")
    fake.join_group(other, goes)
    fake.quit_group(other, goes)
    fake.clock.advance(days=1)
    before, after = groups(raw, 2), groups(raw, 1)
    assert (before["new_chat_cnt"], before["new_member_cnt"], before["member_total"]) == (1, 2, 2)
    assert (after["new_chat_cnt"], after["new_member_cnt"], after["member_total"]) == (0, 1, 3)


def test_a_dissolved_group_counts_until_that_day(fake: FakeWeCom, raw: Raw) -> None:
    """It is there on the days before it was dissolved, and not at the end of that day."""
    group = fake.create_group("zhangsan", "群")
    fake.group_says(group, "zhangsan", "大家好")
    fake.clock.advance(days=1)
    fake.dismiss_group(group)
    fake.clock.advance(days=1)
    assert (groups(raw, 2)["chat_total"], groups(raw, 2)["msg_total"]) == (1, 1)
    assert (groups(raw, 1)["chat_total"], groups(raw, 1)["member_total"], groups(raw, 1)["msg_total"]) == (0, 0, 0)


def test_messages_of_groups_add_up(fake: FakeWeCom, raw: Raw) -> None:
    """Messages, groups and people with messages are counted since the group was opened."""
    first, second = (fake.create_group("zhangsan", name) for name in ("一群", "二群"))
    guest = fake.add_customer(followed_by="zhangsan")
    fake.join_group(first, guest)
    fake.group_says(first, guest, "在吗", messages=3)
    fake.clock.advance(days=1)
    fake.group_says(first, "zhangsan", "在")
    fake.group_says(second, "zhangsan", "在")
    fake.clock.advance(days=1)
    names = ("chat_has_msg", "member_has_msg", "msg_total")
    assert [groups(raw, 2)[name] for name in names] == [1, 1, 3]
    assert [groups(raw, 1)[name] for name in names] == [2, 3, 5]
    with pytest.raises(LookupError, match="is not in"):
        fake.group_says(second, guest)


def test_owners_are_sorted_and_paged(fake: FakeWeCom, raw: Raw) -> None:
    """The largest first unless asked otherwise; next_offset ends at total; owners without groups have no row."""
    fake.add_member("qiantai")
    for owner in ("zhangsan", "lisi", "lisi"):
        fake.create_group(owner, "群")
    fake.clock.advance(days=1)
    start = midnight(fake, 1)

    def ask(**more: int) -> tuple[list[str], int, int]:
        answer = raw.customer("groupchat/statistic", day_begin_time=start, **more)
        return [row["owner"] for row in answer["items"]], answer["next_offset"], answer["total"]

    assert ask() == (["lisi", "zhangsan"], 2, 2)
    assert ask(order_by=4, order_asc=1) == (["zhangsan", "lisi"], 2, 2)
    assert ask(limit=1) == (["lisi"], 1, 2)
    assert ask(limit=1, offset=1) == (["zhangsan"], 2, 2)
    assert ask(offset=9) == ([], 2, 2)
    for wrong in ({"order_by": 5}, {"order_asc": 2}, {"limit": 1001}, {"limit": 0}, {"offset": -1}):
        assert code(raw.customer("groupchat/statistic", day_begin_time=start, **wrong)) == 40058


def test_who_asks_for_nobody_in_particular(fake: FakeWeCom, raw: Raw) -> None:
    """Without a filter more than 1,000 visible members are too many (81017); an empty filter is none."""
    fake.clock.advance(days=1)
    start = midnight(fake, 1)
    asked = {"day_begin_time": start, "owner_filter": {"userid_list": []}}
    assert code(raw.customer("groupchat/statistic", **asked)) == 40063
    asked = {"day_begin_time": start, "owner_filter": {"userid_list": ["nobody"]}}
    assert code(raw.customer("groupchat/statistic_group_by_day", **asked)) == 60111
    for number in range(998):
        fake.add_member(f"u{number}")
    assert code(raw.customer("groupchat/statistic", day_begin_time=start)) == 0
    fake.add_member("one-more")
    for path in ("groupchat/statistic", "groupchat/statistic_group_by_day"):
        assert code(raw.customer(path, day_begin_time=start)) == 81017


def test_the_groups_of_who_has_left_can_be_asked_for(fake: FakeWeCom, raw: Raw) -> None:
    """As in the list of groups: by name only."""
    fake.create_group("lisi", "群")
    fake.leave("lisi")
    fake.clock.advance(days=1)
    assert groups(raw, owner="lisi")["chat_total"] == 1
    assert raw.customer("groupchat/statistic", day_begin_time=midnight(fake, 1))["items"] == []
