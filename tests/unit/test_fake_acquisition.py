"""Acquisition links in the fake: who gets the customers, what a use costs, what is counted, what is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto._time import CHINA
from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerHalfAdded,
    Event,
    LinkChatStarted,
    LinkDeleted,
    LinkFriendRequested,
    LinkMessagesReceived,
    LinkOpened,
    LinkQuotaExhausted,
    LinkQuotaExpiring,
    LinkQuotaIncreased,
    LinkQuotaLow,
    LinkUnavailable,
)
from wecom_auto.models import channel_url, wechat_url
from wecom_auto.testing import FakeWeCom, Limits, Settings

QUOTA = (LinkQuotaIncreased, LinkQuotaLow, LinkQuotaExhausted, LinkQuotaExpiring)


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with two members and a hundred uses, whose tokens outlive every test."""
    fake = FakeWeCom(settings=Settings(token_seconds=10**9))
    fake.add_member("zhangsan", department=2)
    fake.add_member("lisi", department=2)
    fake.buy_link_uses(100)
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of that corp."""
    return Raw(fake)


def ask(raw: Raw, what: str, **body: object) -> dict[str, Any]:
    """Ask one of the link endpoints."""
    return raw.customer(f"customer_acquisition/{what}", **body)


def make(raw: Raw, users: tuple[str, ...] = ("zhangsan",), **fields: object) -> str:
    """Make a link and return its id."""
    answer = ask(raw, "create_link", **{"link_name": "短信", "range": {"user_list": list(users)}, **fields})
    assert code(answer) == 0, answer
    return answer["link"]["link_id"]


def quota(raw: Raw) -> dict[str, Any]:
    """Return used, left and the batches."""
    return raw.get("externalcontact/customer_acquisition_quota")


def count(raw: Raw, link: str, first: datetime, last: datetime | None = None) -> tuple[int, int]:
    """Return who clicked and who was added."""
    end = int((last or first).timestamp())
    found = ask(raw, "statistic", link_id=link, start_time=int(first.timestamp()), end_time=end)
    assert code(found) == 0, found
    return found["click_link_customer_cnt"], found["new_customer_cnt"]


def told(fake: FakeWeCom, *kinds: type[Event]) -> list[Event]:
    """Return the events of some kinds."""
    return [event for event in fake.events if isinstance(event, kinds)]


# Links


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"link_name": ""}, 40063),
        ({"link_name": "字" * 31}, 40058),
        ({"range": None}, 40063),
        ({"range": {}}, 40063),
        ({"range": {"user_list": [], "department_list": []}}, 40063),
        ({"range": {"user_list": ["nobody"]}}, 60111),
        ({"range": {"user_list": ["plain"]}}, 84074),
        ({"range": {"user_list": ["hidden"]}}, 60011),
        ({"range": {"department_list": [99]}}, 60123),
        ({"range": {"user_list": [f"u{i}" for i in range(501)]}}, 40058),
        ({"range": {"department_list": [7]}}, 40058),
        ({"range": "zhangsan"}, 40058),
        ({"priority_option": {}}, 40063),
        ({"priority_option": {"priority_type": 3}}, 40058),
        ({"priority_option": {"priority_type": 1}}, 48002),
        ({"skip_verify": 1}, 40058),
    ],
)
def test_what_no_link_can_be_made_of(fields: dict[str, object], errcode: int) -> None:
    """Names, people, departments, their number, and priorities of a trade that has none."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    fake.add_member("plain", contact=False)
    for number in range(501):
        fake.add_member(f"m{number}", department=7)
    fake.add_member("hidden")
    fake.add_app("narrow", "s2", agent_id=7, visible=["zhangsan", "plain"])
    wanted = {"link_name": "短信", "range": {"user_list": ["zhangsan"]}}
    assert code(ask(Raw(fake, "s2"), "create_link", **{**wanted, **fields})) == errcode


def test_500_people_are_behind_one_link(fake: FakeWeCom, raw: Raw) -> None:
    """Departments count with everybody in them, and a change is held against the limit too."""
    for number in range(499):
        fake.add_member(f"m{number}", department=7)
    link = make(raw, range={"user_list": ["zhangsan"], "department_list": [7]})
    crowd = {"user_list": ["zhangsan", "lisi"], "department_list": [7]}
    assert code(ask(raw, "update_link", link_id=link, range=crowd)) == 40058
    assert ask(raw, "get", link_id=link)["range"] == {"user_list": ["zhangsan"], "department_list": [7]}


def test_priorities_name_people_who_exist(fake: FakeWeCom, raw: Raw) -> None:
    """Where the trade has them, listed members must be listed and known."""
    fake.settings = Settings(link_priority=True)
    wanted = {"link_name": "短信", "range": {"user_list": ["zhangsan"]}}
    for option, errcode in (
        ({"priority_type": 2}, 40063),
        ({"priority_type": 2, "priority_userid_list": ["nobody"]}, 60111),
        ({"priority_type": 2, "priority_userid_list": ["lisi"]}, 0),
    ):
        assert code(ask(raw, "create_link", **wanted, priority_option=option)) == errcode


def test_a_change_replaces_the_range_as_a_whole(raw: Raw) -> None:
    """What a new range does not name is gone; what the request does not name stays."""
    link = make(raw, range={"user_list": ["zhangsan"], "department_list": [2]}, skip_verify=False)
    assert code(ask(raw, "update_link", link_id=link, range={"user_list": ["lisi"]})) == 0
    shown = ask(raw, "get", link_id=link)
    assert shown["range"] == {"user_list": ["lisi"], "department_list": []}
    assert (shown["link"]["link_name"], shown["link"]["skip_verify"]) == ("短信", False)
    assert "link_id" not in shown["link"]
    assert "mark_source" not in shown["link"]


def test_the_number_of_links_can_be_limited(fake: FakeWeCom, raw: Raw) -> None:
    """41095 above a limit that a test sets; deleting makes room."""
    fake.limits = Limits(links=1)
    link = make(raw)
    again = {"link_name": "二", "range": {"user_list": ["zhangsan"]}}
    assert code(ask(raw, "create_link", **again)) == 41095
    ask(raw, "delete_link", link_id=link)
    assert code(ask(raw, "create_link", **again)) == 0


MINE = {
    "get": {},
    "update_link": {"link_name": "x"},
    "delete_link": {},
    "customer": {},
    "statistic": {"start_time": 1_772_380_800, "end_time": 1_772_380_800},
}


@pytest.mark.parametrize("what", MINE)
def test_an_app_knows_its_own_links_only(fake: FakeWeCom, raw: Raw, what: str) -> None:
    """A link of another app, a deleted one and an invented one are refused alike; without an id it is 40063."""
    fake.add_app("other", "s2", agent_id=7)
    other = Raw(fake, "s2")
    link, gone = make(raw), make(raw)
    ask(raw, "delete_link", link_id=gone)
    assert code(ask(other, what, link_id=link, **MINE[what])) == 40058
    assert code(ask(raw, what, link_id=gone, **MINE[what])) == 40058
    assert code(ask(raw, what, link_id="cawnone", **MINE[what])) == 40058
    assert code(ask(raw, what, **MINE[what])) == 40063
    assert ask(other, "list_link")["link_id_list"] == []
    assert code(ask(raw, what, link_id=link, **MINE[what])) == 0


def test_an_app_that_is_not_callable_gets_nothing(fake: FakeWeCom) -> None:
    """48002 for apps outside customer contact."""
    fake.add_app("plain", "s2", agent_id=7, customer_contact=False)
    assert code(quota(Raw(fake, "s2"))) == 48002


# People who open them


def test_a_lead_becomes_a_customer(fake: FakeWeCom, raw: Raw) -> None:
    """One who opens the link is a customer with add_way 16 and the channel as state, and cost one use."""
    link = make(raw)
    one = fake.open_link(link, customer_channel="短信 1", name="李四")
    follow = raw.get("externalcontact/get", external_userid=one.external_userid)["follow_user"][0]
    assert (follow["userid"], follow["add_way"], follow["state"]) == ("zhangsan", 16, "短信 1")
    assert (quota(raw)["total"], quota(raw)["balance"]) == (1, 99)
    (asked,) = told(fake, LinkFriendRequested)
    (added,) = told(fake, CustomerAdded)
    assert isinstance(asked, LinkFriendRequested)
    assert isinstance(added, CustomerAdded)
    assert (asked.link_id, asked.state, added.state) == (link, "短信 1", "短信 1")
    assert code(raw.customer("send_welcome_msg", welcome_code=added.welcome_code, text={"content": "您好"})) == 0


@pytest.mark.parametrize(
    "form",
    [
        lambda url: channel_url(url, "线索&7"),
        lambda url: wechat_url(channel_url(url, "线索&7")),
        lambda url: f"{url}?comp_scene=x&customer_channel={quote('线索&7')}#top",
    ],
)
def test_the_address_brings_the_channel(fake: FakeWeCom, raw: Raw, form: Callable[[str], str]) -> None:
    """The url of a text message or of a web page is what customers have, so scenes take it."""
    url = ask(raw, "get", link_id=make(raw))["link"]["url"]
    assert fake.open_link(form(url)).follows[0].state == "线索&7"
    with pytest.raises(ValueError, match="customer_channel already"):
        fake.open_link(form(url), customer_channel="x")


def test_a_long_channel_is_cut(fake: FakeWeCom, raw: Raw) -> None:
    """WeChat cuts what is longer than 64 bytes, and leaves no half character."""
    one = fake.open_link(make(raw), customer_channel="字" * 30)
    assert one.follows[0].state == "字" * 21


def test_without_a_channel_nobody_asks(fake: FakeWeCom, raw: Raw) -> None:
    """No event of a request or a look without a channel, but the customer is one of the link's."""
    fake.settings = Settings(link_open_events=True)
    link = make(raw)
    one = fake.open_link(link)
    assert told(fake, LinkFriendRequested, LinkOpened) == []
    assert (one.follows[0].add_way, one.follows[0].state) == (16, "")
    (row,) = ask(raw, "customer", link_id=link)["customer_list"]
    assert row == {"external_userid": one.external_userid, "userid": "zhangsan", "chat_status": 0, "state": ""}


def test_a_look_is_told_where_the_trade_has_it(fake: FakeWeCom, raw: Raw) -> None:
    """open_profile is for some trades; the look itself is counted in all."""
    link = make(raw)
    fake.click_link(link, customer_channel="a")
    assert told(fake, LinkOpened) == []
    fake.settings = Settings(link_open_events=True)
    fake.click_link(link, customer_channel="b")
    (event,) = told(fake, LinkOpened)
    assert isinstance(event, LinkOpened)
    assert (event.link_id, event.state) == (link, "b")
    assert count(raw, link, fake.clock.now()) == (2, 0)
    assert quota(raw)["total"] == 0


def test_members_take_turns(fake: FakeWeCom, raw: Raw) -> None:
    """Customers go to the members of the range one after the other, departments included."""
    link = make(raw, range={"department_list": [2]})
    assert [fake.open_link(link).follows[0].userid for _ in range(4)] == ["zhangsan", "lisi"] * 2


def test_who_has_left_gets_nobody(fake: FakeWeCom, raw: Raw) -> None:
    """Members who left or lost their right are passed over; with nobody left the link leads nowhere."""
    link = make(raw, ("zhangsan", "lisi"))
    fake.leave("zhangsan")
    assert [fake.open_link(link).follows[0].userid for _ in range(2)] == ["lisi", "lisi"]
    fake.leave("lisi")
    with pytest.raises(LookupError, match="nobody behind"):
        fake.open_link(link)


def test_a_customer_with_a_contact_costs_nothing(fake: FakeWeCom, raw: Raw) -> None:
    """Somebody who has a member of the range already sees that member, and nothing is used up."""
    link = make(raw, ("zhangsan", "lisi"))
    known = fake.add_customer(followed_by="lisi")
    fake.open_link(link, customer=known, customer_channel="again")
    assert [follow.userid for follow in fake.customer(known).follows] == ["lisi"]
    assert quota(raw)["total"] == 0
    assert ask(raw, "customer", link_id=link)["customer_list"] == []
    assert count(raw, link, fake.clock.now()) == (1, 0)


@pytest.mark.parametrize(
    ("option", "members"),
    [
        (None, ["wangwu", "zhangsan"]),
        ({"priority_type": 1}, ["wangwu"]),
        ({"priority_type": 2, "priority_userid_list": ["wangwu"]}, ["wangwu"]),
        ({"priority_type": 2, "priority_userid_list": ["lisi"]}, ["wangwu", "zhangsan"]),
    ],
)
def test_priority_looks_beyond_the_range(fake: FakeWeCom, raw: Raw, option: object, members: list[str]) -> None:
    """With a priority, a contact outside the link's range is preferred: anybody's, or one of those listed."""
    fake.settings = Settings(link_priority=True)
    known = fake.add_customer(followed_by="wangwu")
    link = make(raw, **({"priority_option": option} if option else {}))
    fake.open_link(link, customer=known)
    assert [follow.userid for follow in fake.customer(known).follows] == members


def test_without_skipping_the_member_decides(fake: FakeWeCom, raw: Raw) -> None:
    """skip_verify false: asked at once, added, paid and counted when the member accepts."""
    link = make(raw, skip_verify=False)
    one = fake.open_link(link, customer_channel="a")
    assert [type(event) for event in fake.events[-1:]] == [LinkFriendRequested]
    assert quota(raw)["total"] == 0
    assert ask(raw, "customer", link_id=link)["customer_list"] == []
    assert code(raw.get("externalcontact/get", external_userid=one.external_userid)) == 84061
    first = fake.clock.now()
    fake.clock.advance(days=1)
    fake.accept("zhangsan", one)
    assert (quota(raw)["total"], quota(raw)["balance"]) == (1, 99)
    assert count(raw, link, first) == (1, 0)
    assert count(raw, link, fake.clock.now()) == (0, 1)
    (added,) = told(fake, CustomerAdded)
    assert isinstance(added, CustomerAdded)
    assert added.state == "a"


def test_half_added_waits_too(fake: FakeWeCom, raw: Raw) -> None:
    """A half-added customer is told as such and is the link's when the member has confirmed."""
    link = make(raw)
    one = fake.open_link(link, customer_channel="a", half=True)
    assert len(told(fake, CustomerHalfAdded)) == 1
    assert ask(raw, "customer", link_id=link)["customer_list"] == []
    fake.accept("zhangsan", one)
    assert len(ask(raw, "customer", link_id=link)["customer_list"]) == 1


def test_requests_by_other_ways_cost_nothing(fake: FakeWeCom, raw: Raw) -> None:
    """Accepting somebody who scanned a channel code uses up nothing."""
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="code", skip_verify=False)
    fake.accept("zhangsan", fake.scan("code"))
    assert quota(raw)["total"] == 0


def test_the_last_use_may_be_gone_when_the_member_accepts(fake: FakeWeCom, raw: Raw) -> None:
    """Nothing goes below zero."""
    link = make(raw, skip_verify=False)
    one = fake.open_link(link)
    fake.clock.advance(days=366)
    fake.accept("zhangsan", one)
    assert (quota(raw)["total"], quota(raw)["balance"]) == (0, 0)


def test_customers_come_in_pages(fake: FakeWeCom, raw: Raw) -> None:
    """Pages follow each other, in the order in which the customers came."""
    link = make(raw)
    ids = [fake.open_link(link).external_userid for _ in range(5)]
    first = ask(raw, "customer", link_id=link, limit=3)
    rest = ask(raw, "customer", link_id=link, limit=3, cursor=first["next_cursor"])
    assert [row["external_userid"] for row in first["customer_list"] + rest["customer_list"]] == ids
    assert rest["next_cursor"] == ""
    assert code(ask(raw, "customer", link_id=link, cursor="nonsense")) == 50100


# Uses


def test_a_new_corp_has_no_uses() -> None:
    """Without uses no link works, and the exception says how a test gets some."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    link = make(Raw(fake))
    for scene in (fake.open_link, fake.click_link):
        with pytest.raises(LookupError, match=r"buy_link_uses"):
            scene(link)
    assert fake.customers() == ()


def test_uses_run_out(fake: FakeWeCom, raw: Raw) -> None:
    """balance_low below 20, balance_exhausted at 0, balance_increased when there are some again: each once."""
    link = make(raw)
    for number in range(100):
        fake.open_link(link)
        kinds = [type(event) for event in told(fake, *QUOTA)]
        assert kinds == [LinkQuotaIncreased, *([LinkQuotaLow] if number >= 80 else []), *(
            [LinkQuotaExhausted] if number == 99 else []
        )]  # fmt: skip
    with pytest.raises(LookupError, match="no uses left"):
        fake.open_link(link)
    assert (quota(raw)["total"], quota(raw)["balance"], quota(raw)["quota_list"]) == (100, 0, [])
    fake.buy_link_uses(5)
    assert type(fake.events[-1]) is LinkQuotaIncreased
    assert fake.open_link(link).follows


def test_uses_end_by_themselves(raw: Raw, fake: FakeWeCom) -> None:
    """Warnings 14, 7, 3, 2 and 1 days before, with what is left by then; at the end nothing is left."""
    link = make(raw)
    start = fake.clock.now()
    fake.clock.advance(days=360)
    fake.open_link(link)
    fake.clock.advance(days=10)
    expiring = [event for event in fake.events if isinstance(event, LinkQuotaExpiring)]
    end = start + timedelta(days=365)
    assert [event.created_at for event in expiring] == [end - timedelta(days=left) for left in (14, 7, 3, 2, 1)]
    assert [event.uses for event in expiring] == [100, 100, 99, 99, 99]
    assert {event.expires_at for event in expiring} == {datetime(2027, 3, 2, tzinfo=CHINA)}
    (exhausted,) = told(fake, LinkQuotaExhausted)
    assert exhausted.created_at == end
    assert quota(raw)["quota_list"] == []


def test_what_ends_first_is_used_first(raw: Raw, fake: FakeWeCom) -> None:
    """Batches are listed by their last day, those of one day together; an end that leaves some is no exhaustion."""
    fake.buy_link_uses(30, days=10)
    fake.buy_link_uses(10, days=10.1)
    link = make(raw)
    fake.open_link(link)
    midnight = int(datetime(2026, 3, 12, tzinfo=CHINA).timestamp())
    assert quota(raw)["quota_list"][0] == {"expire_date": midnight, "balance": 39}
    assert [one["balance"] for one in quota(raw)["quota_list"]] == [39, 100]
    fake.clock.advance(days=11)
    assert quota(raw)["balance"] == 100
    assert told(fake, LinkQuotaExhausted, LinkQuotaLow) == []


def test_an_end_may_leave_too_few() -> None:
    """A batch that ends unused can bring the balance below 20 as well."""
    small = FakeWeCom()
    small.buy_link_uses(10, days=30)
    small.buy_link_uses(50, days=2)
    small.clock.advance(days=3)
    kinds = [type(event) for event in told(small, *QUOTA)]
    assert kinds == [LinkQuotaIncreased, LinkQuotaExpiring, LinkQuotaLow]


def test_what_is_used_up_is_not_announced() -> None:
    """A batch of which nothing is left ends without a word."""
    small = FakeWeCom()
    small.add_member("zhangsan")
    small.buy_link_uses(1, days=20)
    small.open_link(make(Raw(small)))
    small.clock.advance(days=30)
    assert [type(event) for event in told(small, *QUOTA)] == [LinkQuotaIncreased, LinkQuotaExhausted]


@pytest.mark.parametrize(("uses", "days"), [(0, 1), (-1, 1), (1, 0), (1, -2)])
def test_nothing_cannot_be_bought(fake: FakeWeCom, uses: int, days: float) -> None:
    """A purchase without uses or without a future is a mistake of the test."""
    with pytest.raises(ValueError, match="positive"):
        fake.buy_link_uses(uses, days=days)


# Figures


def test_days_are_counted_in_beijing(fake: FakeWeCom, raw: Raw) -> None:
    """From midnight to midnight there, the last day included; one person counts once in a span."""
    link = make(raw)
    monday = fake.clock.now()
    looker = fake.click_link(link)
    fake.clock.advance_to(datetime(2026, 3, 2, 23, 59, tzinfo=CHINA))
    fake.click_link(link, customer=looker)
    fake.clock.advance(minutes=2)
    tuesday = fake.clock.now()
    fake.open_link(link, customer=looker)
    fake.open_link(link)
    assert count(raw, link, monday) == (1, 0)
    assert count(raw, link, tuesday) == (2, 2)
    assert count(raw, link, monday, tuesday) == (2, 2)


@pytest.mark.parametrize(
    ("first", "last", "errcode"),
    [(0, 0, 0), (-30, 0, 0), (-31, 0, 40058), (0, -1, 40058), (-180, -170, 0), (-181, -170, 40058)],
)
def test_the_span_of_days_is_limited(fake: FakeWeCom, raw: Raw, first: int, last: int, errcode: int) -> None:
    """At most 30 days apart, at most 180 days back, and not backwards."""
    now = fake.clock.now()
    times = {
        "start_time": int((now + timedelta(days=first)).timestamp()),
        "end_time": int((now + timedelta(days=last)).timestamp()),
    }
    assert code(ask(raw, "statistic", link_id=make(raw), **times)) == errcode


# Messages


def test_messages_are_counted_and_told(fake: FakeWeCom, raw: Raw) -> None:
    """The 1st message starts the chat, the 3rd, 5th and 10th bring a key that says which it was."""
    link = make(raw)
    one = fake.open_link(link, customer_channel="a")
    kinds = [LinkChatStarted, None, LinkMessagesReceived, None, LinkMessagesReceived, *[None] * 4, LinkMessagesReceived]
    for kind in [*kinds, None, None]:
        before = len(fake.events)
        fake.chat(one, "zhangsan")
        assert [type(event) for event in fake.events[before:]] == ([kind] if kind else [])
    keys = [event.chat_key for event in fake.events if isinstance(event, LinkMessagesReceived)]
    answers = [ask(raw, "get_chat_info", chat_key=key) for key in keys]
    assert [answer["chat_info"]["recv_msg_cnt"] for answer in answers] == [3, 5, 10]
    assert answers[0]["chat_info"] == {"recv_msg_cnt": 3, "link_id": link, "state": "a"}
    assert (answers[0]["userid"], answers[0]["external_userid"]) == ("zhangsan", one.external_userid)
    assert [row["chat_status"] for row in ask(raw, "customer", link_id=link)["customer_list"]] == [1]


def test_a_chat_key_lives_30_minutes_and_belongs_to_one_app(fake: FakeWeCom, raw: Raw) -> None:
    """Another app, an invented key and a late question are refused."""
    fake.add_app("other", "s2", agent_id=7)
    one = fake.open_link(make(raw))
    for _ in range(3):
        fake.chat(one, "zhangsan")
    (event,) = told(fake, LinkMessagesReceived)
    assert isinstance(event, LinkMessagesReceived)
    assert code(ask(Raw(fake, "s2"), "get_chat_info", chat_key=event.chat_key)) == 40058
    assert code(ask(raw, "get_chat_info", chat_key="invented")) == 40058
    assert code(ask(raw, "get_chat_info")) == 40063
    fake.clock.advance(minutes=30)
    assert code(ask(raw, "get_chat_info", chat_key=event.chat_key)) == 0
    fake.clock.advance(seconds=1)
    assert code(ask(raw, "get_chat_info", chat_key=event.chat_key)) == 40058


def test_who_was_handed_over_is_not_the_links_any_more(fake: FakeWeCom, raw: Raw) -> None:
    """Messages to the member who took a customer over are no messages of the link; the list stays as it was."""
    link = make(raw)
    one = fake.open_link(link)
    raw.customer(
        "transfer_customer",
        handover_userid="zhangsan",
        takeover_userid="lisi",
        external_userid=[one.external_userid],
    )
    fake.clock.advance(days=2)
    assert [follow.userid for follow in fake.customer(one).follows] == ["lisi"]
    fake.chat(one, "lisi")
    assert told(fake, LinkChatStarted) == []
    (row,) = ask(raw, "customer", link_id=link)["customer_list"]
    assert (row["userid"], row["chat_status"]) == ("zhangsan", 0)


def test_other_customers_cause_no_events_of_links(fake: FakeWeCom, raw: Raw) -> None:
    """Customers of a channel code, and those of a link who came back by a code, are not the link's."""
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="code")
    scanned = fake.scan("code")
    one = fake.open_link(make(raw))
    fake.delete_customer("zhangsan", one)
    fake.scan("code", customer=one)
    for customer in (scanned, one):
        fake.chat(customer, "zhangsan")
    assert told(fake, LinkChatStarted) == []


# The console and the platform


def test_the_console_deletes_with_an_event_and_the_api_without(fake: FakeWeCom, raw: Raw) -> None:
    """delete_link is told when somebody does it by hand; the link is gone either way."""
    by_hand, by_call = make(raw), make(raw)
    ask(raw, "delete_link", link_id=by_call)
    assert told(fake, LinkDeleted) == []
    fake.delete_link(by_hand)
    (event,) = told(fake, LinkDeleted)
    assert isinstance(event, LinkDeleted)
    assert event.link_id == by_hand
    assert ask(raw, "list_link")["link_id_list"] == []
    for link in (by_hand, by_call):
        with pytest.raises(LookupError, match="deleted"):
            fake.open_link(link)


def test_barred_members_make_a_link_unavailable(fake: FakeWeCom, raw: Raw) -> None:
    """When the last member behind a link is barred it is told once; allowed again, the link works again."""
    one, both = make(raw), make(raw, ("zhangsan", "lisi"))
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="code")
    fake.bar_from_adding("zhangsan")
    fake.bar_from_adding("zhangsan")
    assert [event.link_id for event in fake.events if isinstance(event, LinkUnavailable)] == [one]
    with pytest.raises(LookupError, match="nobody behind"):
        fake.open_link(one)
    with pytest.raises(LookupError, match="nobody is left"):
        fake.scan("code")
    assert fake.open_link(both).follows[0].userid == "lisi"
    fake.allow_adding("zhangsan")
    assert fake.open_link(one).follows[0].userid == "zhangsan"
    fake.bar_from_adding("zhangsan")
    assert [event.link_id for event in fake.events if isinstance(event, LinkUnavailable)] == [one, one]


def test_a_marketing_app_reaches_whom_it_is_permitted(fake: FakeWeCom) -> None:
    """Its links may name members outside its visible range, and it may mark the source."""
    fake.add_app("narrow", "s2", agent_id=7, visible=["zhangsan"])
    raw = Raw(fake, "s2")
    wanted = {"link_name": "短信", "range": {"user_list": ["lisi"]}, "mark_source": False}
    assert code(ask(raw, "create_link", **wanted)) == 60011
    fake.permit_links(agent_id=7, department_ids=[2])
    link = ask(raw, "create_link", **wanted)["link"]["link_id"]
    assert ask(raw, "get", link_id=link)["link"]["mark_source"] is False


def test_a_component_whose_corp_pays_is_told_less(fake: FakeWeCom, raw: Raw) -> None:
    """Price and apps are answered only where they mean something; an unknown app is a mistake of the test."""
    fake.authorize_component()
    assert ask(raw, "get_comp_auth_info") == {"errcode": 0, "errmsg": "ok", "pay_mode": 0, "link_auth_mode": 0}
    with pytest.raises(LookupError, match="add_app"):
        fake.authorize_component(agent_id=99)
