"""Everybody whom the corp serves: who is listed, for whom, and how long a walk lives."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.testing import FakeWeCom


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with a member."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    return fake


def lines(raw: Raw, **body: Any) -> list[dict[str, Any]]:
    """Return the lines of one page."""
    return raw.customer("contact_list", **body)["info_list"]


def test_each_friendship_and_membership_is_a_line(fake: FakeWeCom) -> None:
    """Friends by member, group members by group, whoever is nobody's customer with a hidden name and no id."""
    friend = fake.add_customer(followed_by=["zhangsan", "lisi"])
    stranger = fake.add_customer()
    group = fake.create_group("lisi", "一群")
    fake.join_group(group, stranger)
    fake.add_other_contact("诸葛", served_by="zhangsan")
    shown = lines(Raw(fake))
    friends = [one for one in shown if one.get("external_userid") == friend.external_userid]
    assert {one["follow_userid"] for one in friends} == {"zhangsan", "lisi"}
    (member,) = [one for one in shown if one.get("external_userid") == stranger.external_userid]
    assert (member["chat_id"], member["follow_userid"], member["is_customer"]) == (group.chat_id, "lisi", True)
    (other,) = [one for one in shown if not one["is_customer"]]
    assert other.keys() == {"is_customer", "name", "follow_userid", "add_time", "tmp_openid"}
    assert (other["name"], other["follow_userid"]) == ("***葛", "zhangsan")
    assert "external_userid" not in other


def test_who_is_gone_or_not_yet_there_is_not_listed(fake: FakeWeCom) -> None:
    """A half-added customer, a dissolved group, somebody who left a group, and a deleted friend have no line."""
    raw = Raw(fake)
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s")
    fake.scan("s", half=True)
    gone, left = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    fake.delete_customer("zhangsan", gone)
    fake.delete_customer("zhangsan", left)
    for name in ("一群", "二群"):
        fake.join_group(fake.create_group("zhangsan", name), left)
    first, second = fake.groups()
    fake.dismiss_group(first)
    fake.quit_group(second, left)
    assert lines(raw) == []


def test_an_app_sees_its_range_only(fake: FakeWeCom) -> None:
    """Friends, groups and others of members outside the visible range are left out."""
    fake.add_app("blind", "blind-secret", agent_id=1000009, visible=["lisi"])
    fake.add_customer(followed_by=["zhangsan", "lisi"])
    fake.join_group(fake.create_group("zhangsan", "一群"), fake.add_customer())
    fake.add_other_contact("诸葛", served_by="zhangsan")
    assert [one["follow_userid"] for one in lines(Raw(fake, "blind-secret"))] == ["lisi"]


@pytest.mark.parametrize("kind", ["delegated", "third-party"])
def test_providers_apps_may_not_ask(fake: FakeWeCom, kind: Any) -> None:
    """The list is for self-built apps only."""
    fake.set_app_kind(kind, provider="p")
    assert code(Raw(fake).customer("contact_list")) == 48002
    with pytest.raises(LookupError, match="add_app"):
        fake.set_app_kind(kind, agent_id=9)


def test_pages_hold_every_line_once(fake: FakeWeCom) -> None:
    """Whatever the page size, and although somebody vanishes in between: the rest comes exactly once."""
    people = [fake.add_customer(followed_by="zhangsan") for _ in range(9)]
    raw, seen, cursor = Raw(fake), list[str](), ""
    while True:
        answer = raw.customer("contact_list", limit=2, cursor=cursor)
        seen += [one["external_userid"] for one in answer["info_list"]]
        cursor = answer["next_cursor"]
        if len(seen) == 2:
            fake.delete_customer("zhangsan", seen[0])
        if not cursor:
            break
    assert sorted(seen) == sorted(one.external_userid for one in people)


def test_a_page_holds_at_most_1000(fake: FakeWeCom) -> None:
    """1,000 is the default, and a larger limit falls back to it."""
    for _ in range(1001):
        fake.add_customer(followed_by="zhangsan")
    raw = Raw(fake)
    assert [len(lines(raw)), len(lines(raw, limit=5000)), len(lines(raw, limit=3))] == [1000, 1000, 3]


def test_a_temporary_id_lives_for_one_walk(fake: FakeWeCom) -> None:
    """Within a walk one person has one id, on every page; the next walk gives another."""
    for _ in range(2):
        fake.add_customer(followed_by=["zhangsan", "lisi", "wangwu"])
    raw = Raw(fake)
    first = raw.customer("contact_list", limit=3)
    fake.clock.advance(hours=3)
    raw.renew()
    second = raw.customer("contact_list", limit=3, cursor=first["next_cursor"])
    walk = first["info_list"] + second["info_list"]
    assert len({one["tmp_openid"] for one in walk}) == len({one["external_userid"] for one in walk}) == 2
    assert {one["tmp_openid"] for one in walk}.isdisjoint(one["tmp_openid"] for one in lines(raw))


@pytest.mark.parametrize("cursor", ["garbage", "zz.AAAA", "1.AAAA", "ffffffffff.AAAA", "."])
def test_a_made_up_cursor_is_refused(fake: FakeWeCom, cursor: str) -> None:
    """50100 for what is no cursor of a walk of the last four hours."""
    assert code(Raw(fake).customer("contact_list", cursor=cursor)) == 50100


def test_a_cursor_dies_after_four_hours(fake: FakeWeCom) -> None:
    """The walk's first page counts, not the page before."""
    for _ in range(3):
        fake.add_customer(followed_by="zhangsan")
    raw = Raw(fake)
    cursor = raw.customer("contact_list", limit=1)["next_cursor"]
    fake.clock.advance(hours=3, minutes=59)
    raw.renew()
    cursor = raw.customer("contact_list", limit=1, cursor=cursor)["next_cursor"]
    fake.clock.advance(minutes=1)
    assert code(raw.customer("contact_list", cursor=cursor)) == 50100
