"""Activity of customer groups: differences of the platform's totals, by owner and store, with their definitions."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from wecom_auto._time import CHINA
from wecom_auto.automotive.watch import group_scores
from wecom_auto.models import GroupFigures, OwnerGroups
from wecom_auto.sop.tasks import StaticRoster
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
ROSTER = StaticRoster.parse(
    {"stores": {"bj01": {}, "bj02": {}}, "members": {"anna": {"store": "bj01"}, "bert": {"store": "bj02"}}}
)


def figures(**values: int) -> list[OwnerGroups]:
    """What the platform says of one owner."""
    return [OwnerGroups(owner="anna", figures=GroupFigures(**values))]


def test_a_week_is_the_difference_of_two_days():
    """Messages of the week count, those of before do not; who was silent for ever is no sleeper of this week."""
    fake = FakeWeCom(now=NINE)
    for userid in ("anna", "bert"):
        fake.add_member(userid)
    lively, silent = fake.create_group("anna", "一群"), fake.create_group("anna", "二群")
    other = fake.create_group("bert", "三群")
    talker, reader = (fake.add_customer(followed_by="anna") for _ in range(2))
    for room in (lively, silent, other):
        fake.join_group(room, talker)
    fake.group_says(lively, talker, messages=10)
    fake.clock.advance(days=1)
    fake.join_group(lively, reader)
    fake.group_says(lively, talker, messages=6)
    fake.group_says(other, talker, messages=1)
    fake.clock.advance(days=7)
    ask = fake.client().statistics.get_groups_by_owner_many
    first, last = NINE.date(), NINE.date() + timedelta(days=6)
    before = ask(["anna", "bert"], first_day=first, last_day=first).answers
    after = ask(["anna", "bert"], first_day=last, last_day=last).answers

    scores = group_scores(before, after, ROSTER)
    assert [(one.store, one.owner) for one in scores] == [
        ("bj01", ""),
        ("bj01", "anna"),
        ("bj02", ""),
        ("bj02", "bert"),
    ]
    shop, anna = scores[:2]
    assert shop.messages_per_group == anna.messages_per_group
    assert (anna.groups, anna.members) == (2, 5)
    assert anna.messages_per_group.value == 3.0
    assert anna.awake_groups.value == 0.5
    assert anna.talking_members.value == pytest.approx(1 / 5)
    assert anna.growth.value == pytest.approx(1 / 4)
    assert anna.growth.small
    assert all(
        one.definition for one in (anna.messages_per_group, anna.awake_groups, anna.talking_members, anna.growth)
    )


def test_totals_that_went_down_are_no_activity():
    """A group that was dissolved or handed over takes its messages along: then nobody knows, and it is said."""
    before, after = figures(chats=2, members=10, messages=50), figures(chats=1, members=4, messages=20)
    (_, anna) = group_scores(before, after, ROSTER)
    assert anna.messages_per_group.value is None
    assert anna.growth.value == pytest.approx(-0.6)


def test_what_the_platform_does_not_tell_is_nothing():
    """Figures without a word, an owner without groups, an owner who is new: no division, no invention."""
    empty = OwnerGroups(owner="bert", figures=GroupFigures())
    for one in group_scores([], [empty], ROSTER):
        assert (one.groups, one.members) == (0, 0)
        numbers = (one.messages_per_group, one.awake_groups, one.talking_members, one.growth)
        assert [number.value for number in numbers] == [None] * 4
    (_, anna) = group_scores([], figures(chats=1, members=3, messages=5), ROSTER)
    assert (anna.messages_per_group.value, anna.growth.value) == (5.0, None)
    assert group_scores([], [], ROSTER) == ()
