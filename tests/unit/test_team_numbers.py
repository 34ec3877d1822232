"""New, lost and kept customers of members, shops and sources: customers are counted, not friendships."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.automotive.watch import Friendship, friendships, team_numbers
from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


def friend(who: str, userid: str = "anna", *, added: int | None = None, lost: int | None = None, **more: object):
    """A friendship that began and ended so many days after Monday."""
    return Friendship(
        external_userid=who,
        userid=userid,
        added_at=None if added is None else NINE + added * DAY,
        lost_at=None if lost is None else NINE + lost * DAY,
        **more,
    )


def numbers(*friends: Friendship, by=lambda one: one.userid) -> dict[str, tuple[int, int, int, int]]:
    """Start, new, lost and end of each team in the week."""
    found = team_numbers(friends, by, since=NINE, until=NINE + WEEK)
    return {one.key: (one.start, one.new, one.lost, one.end) for one in found}


def test_who_was_there_who_came_and_who_went():
    """Before, during and after the week; who came and went within it is new and lost."""
    assert numbers(
        friend("kept", added=-9),
        friend("known from a list"),
        friend("gone", added=-9, lost=3, by_customer=True),
        friend("gone long ago", added=-9, lost=-1),
        friend("new", added=2),
        friend("passing", added=2, lost=4),
        friend("next week", added=8),
    ) == {"anna": (3, 2, 2, 3)}


def test_the_edges_of_a_week_belong_to_one_week_only():
    """What happens at the first moment is in the week, what happens at the last is in the next one."""
    edges = (friend("a", added=0), friend("b", added=7), friend("c", added=-9, lost=0), friend("d", added=-9, lost=7))
    assert numbers(*edges) == {"anna": (2, 1, 1, 2)}


def test_a_hand_over_inside_a_shop_loses_nobody():
    """For the first member the customer is lost, for the shop not, and not twice new either."""
    moved = (friend("wm1", "anna", added=-9, lost=3), friend("wm1", "bert", added=3))
    assert numbers(*moved) == {"bert": (0, 1, 0, 1), "anna": (1, 0, 1, 0)}
    assert numbers(*moved, by=lambda one: "bj01") == {"bj01": (1, 0, 0, 1)}


def test_retention_has_a_definition_and_says_when_it_is_of_few():
    """Of three customers at the beginning two are left; without any there is no share."""
    friends = [friend("a", added=-1), friend("b", added=-1), friend("c", added=-1, lost=1, by_customer=True)]
    (anna,) = team_numbers(friends, lambda one: one.userid, since=NINE, until=NINE + WEEK)
    assert anna.retention.value == pytest.approx(2 / 3)
    assert (anna.retention.small, anna.retention.cases, anna.deleted_us) == (True, 3, 1)
    assert "留存" in anna.retention.definition
    (fresh,) = team_numbers([friend("n", added=1)], lambda one: "x", since=NINE, until=NINE + WEEK)
    assert fresh.retention.value is None


days = st.none() | st.integers(-10, 20)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["anna", "bert"]), days, days), max_size=12))
def test_the_books_balance(rows):
    """Whoever was there or came is there at the end or lost; a share is one."""
    friends = [friend(who, userid, added=added, lost=lost) for who, userid, added, lost in rows]
    for one in team_numbers(friends, lambda one: "shop", since=NINE, until=NINE + WEEK):
        assert one.start + one.new - one.lost == one.end
        assert one.retention.value is None or 0 <= one.retention.value <= 1
        assert one.deleted_us <= one.lost


@pytest.mark.parametrize("until", [NINE, NINE - DAY, datetime(2026, 3, 9)])  # noqa: DTZ001  # one is naive
def test_a_span_that_is_none_is_refused(until):
    """Backwards, empty or without a zone."""
    with pytest.raises(ValidationError, match="until"):
        team_numbers([], lambda one: "", since=NINE, until=until)


@pytest.fixture(params=KINDS)
def directory(request, tmp_path) -> Iterator[tuple[FakeWeCom, Directory]]:
    """A corp with two members and a mirror."""
    fake = FakeWeCom(now=NINE - DAY)
    for userid in ("anna", "bert"):
        fake.add_member(userid)
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url)
        yield fake, Directory(engine, fake.corp_id, clock=fake.clock.time)
        engine.dispose()


def test_the_mirror_knows_them(directory):
    """Codes, farewells and deletions on the platform become numbers, with the code that each came by."""
    fake, mirror = directory
    code = fake.client().contact_ways.create(users=["anna"], state="hall", skip_verify=True)
    old, leaver = (fake.scan(code.config_id) for _ in range(2))
    fake.clock.advance(days=2)
    fresh = fake.scan(code.config_id)
    given_up = fake.add_customer(followed_by="bert")
    fake.clock.advance(days=1)
    fake.unfriend(leaver, "anna")
    for event in fake.undelivered:
        mirror.apply(event, fake.client())
    mirror.sync(fake.client())
    fake.clock.advance(days=1)
    fake.delete_customer("bert", given_up)
    mirror.apply(fake.undelivered[-1], fake.client())

    found = {one.external_userid: one for one in friendships(mirror)}
    assert (found[old.external_userid].state, found[old.external_userid].lost_at) == ("hall", None)
    assert found[leaver.external_userid].by_customer
    span = {"since": NINE, "until": NINE + WEEK}
    rows = team_numbers(friendships(mirror), lambda one: one.userid, **span)
    assert {one.key: (one.start, one.new, one.lost, one.deleted_us, one.end) for one in rows} == {
        "anna": (2, 1, 1, 1, 2),
        "bert": (0, 1, 1, 0, 0),
    }
    by_state = team_numbers(friendships(mirror), lambda one: one.state, **span)
    assert by_state[0].key == "hall"
    assert fresh.external_userid in found
