"""Statistics of more members and days than one call takes: cut into calls, and put together without a false figure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import anyio
import pytest

from wecom_auto._time import CHINA
from wecom_auto.api import _figures
from wecom_auto.errors import InvalidRequestError, NotFoundError, ServerBusyError, ValidationError
from wecom_auto.models import BehaviorDay, GroupDay, GroupFigures
from wecom_auto.testing import FakeWeCom

BEHAVIOR = "externalcontact/get_user_behavior_data"
BY_OWNER = "externalcontact/groupchat/statistic"
BY_DAY = "externalcontact/groupchat/statistic_group_by_day"
STAFF = [f"u{number}" for number in range(250)]


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp of 250 members, each of whom got a customer and opened a group 70 days ago, and a quieter time since."""
    fake = FakeWeCom()
    for userid in STAFF:
        fake.add_member(userid)
        fake.add_customer(followed_by=userid)
        fake.create_group(userid, "群")
    fake.clock.advance(days=70)
    return fake


def span(fake: FakeWeCom) -> dict[str, date]:
    """Return the 70 days until yesterday."""
    today = fake.clock.now().astimezone(CHINA).date()
    return {"first_day": today - timedelta(days=70), "last_day": today - timedelta(days=1)}


def test_days_are_asked_thirty_at_a_time(fake: FakeWeCom) -> None:
    """70 days of 250 members are 3 spans of 3 parts, each day comes once, and counts are added."""
    with fake.client() as app:
        days = list(app.statistics.iter_behavior(STAFF, **span(fake)))
    assert [one.day for one in days] == [span(fake)["first_day"] + timedelta(days=number) for number in range(70)]
    assert [one.new_contacts for one in days] == [250] + [0] * 69
    assert [len(one.body["userid"]) for one in fake.calls(BEHAVIOR)] == [100, 100, 50] * 3


def test_what_fits_is_asked_at_once(fake: FakeWeCom) -> None:
    """Members and departments that fit into one call are asked in one: nobody counts twice then."""
    with fake.client() as app:
        (day,) = app.statistics.iter_behavior(
            STAFF[:100], parties=[1], first_day=span(fake)["first_day"], last_day=span(fake)["first_day"]
        )
    assert day.new_contacts == 250
    assert fake.count(BEHAVIOR) == 1


def test_a_walk_is_resumed_where_it_stood(fake: FakeWeCom) -> None:
    """A batch says on which day to go on, and the last one that there is nothing more."""
    with fake.client() as app:
        batches = list(app.statistics.iter_behavior(STAFF[:1], **span(fake)).batches())
        rest = list(app.statistics.iter_behavior(STAFF[:1], **span(fake), resume=batches[0].checkpoint))
    assert [len(one.items) for one in batches] == [30, 30, 10]
    assert [one.checkpoint for one in batches][2] == ""
    assert rest == [day for one in batches[1:] for day in one.items]


def test_groups_are_walked_by_day_in_both_colours(fake: FakeWeCom) -> None:
    """Owners are cut by hundreds and days by thirties, synchronously and not."""
    with fake.client() as app:
        days = list(app.statistics.iter_groups_by_day(STAFF, **span(fake)))
    assert [one.figures.new_chats for one in days] == [250] + [0] * 69
    assert {one.figures.chats for one in days} == {250}
    assert fake.count(BY_DAY) == 9

    async def walk() -> list[GroupDay]:
        async with fake.async_client() as app:
            return [day async for day in app.statistics.iter_groups_by_day(STAFF, **span(fake))]

    assert anyio.run(walk) == days
    with fake.client() as app:
        everybody = list(app.statistics.iter_groups_by_day(None, **span(fake)))
    assert everybody == days


def test_a_walk_ends_with_the_first_error(fake: FakeWeCom) -> None:
    """A sum without a part of the members would be wrong, so there is none."""
    with fake.client() as app, pytest.raises(NotFoundError, match="60111"):
        list(app.statistics.iter_behavior([*STAFF, "nobody"], **span(fake)))


def test_averages_of_several_parts_are_not_invented(fake: FakeWeCom) -> None:
    """An average stays where one part had chats, and is None where two had: nobody knows the weights."""
    first = span(fake)["last_day"] - timedelta(days=1)
    lone, other = (fake.add_customer(followed_by=userid) for userid in ("u0", "u200"))
    fake = _chatting(fake, [(0, lone, "u0"), (1, lone, "u0"), (1, other, "u200")])
    with fake.client() as app:
        days = {
            one.day: one
            for one in app.statistics.iter_behavior(STAFF, first_day=first, last_day=first + timedelta(days=3))
        }
    alone, both = days[first + timedelta(days=2)], days[first + timedelta(days=3)]
    assert (alone.chats, alone.reply_percentage, alone.avg_reply_minutes) == (1, 100, 0)
    assert (both.chats, both.reply_percentage, both.avg_reply_minutes) == (2, None, None)


def _chatting(fake: FakeWeCom, chats: list[tuple[int, Any, str]]) -> FakeWeCom:
    for day in (0, 1):
        for when, customer, userid in chats:
            if when == day:
                fake.chat(customer, userid)
        fake.clock.advance(days=1)
    return fake


def test_three_parts_with_chats_have_no_average() -> None:
    """The third part does not sneak its average back in."""
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    parts = [BehaviorDay(stat_at=moment, chats=1, reply_percentage=share) for share in (100, 50, 20)]
    joined = _figures.add_behavior(parts)
    assert (joined.stat_at, joined.chats, joined.reply_percentage) == (moment, 3, None)


def test_a_missing_count_makes_no_false_sum() -> None:
    """A part that does not tell a figure makes the sum unknown, not smaller."""
    parts = [GroupDay(figures=GroupFigures(chats=2, messages=0)), GroupDay(figures=GroupFigures(chats=3))]
    joined = _figures.add_groups(parts)
    assert (joined.figures.chats, joined.figures.messages) == (5, None)


def test_each_member_is_told_apart(fake: FakeWeCom) -> None:
    """One call for a member and 30 days; the days of a member come together again, in order."""
    told: list[int] = []
    with fake.client() as app:
        result = app.statistics.get_behavior_by_member(
            [*STAFF[:3], "u0"], **span(fake), progress=lambda progress: told.append(progress.done)
        )
    assert (result.ok, result.done, fake.count(BEHAVIOR)) == (True, ("u0", "u1", "u2"), 9)
    assert told == list(range(1, 10))
    for member, userid in zip(result.answers, result.done, strict=True):
        assert member.userid == userid
        assert len(member.days) == 70
        assert [one.new_contacts for one in member.days][:2] == [1, 0]


def test_a_member_who_fails_takes_nobody_along(fake: FakeWeCom) -> None:
    """Who is unknown is named once with the reason; the others are read, asynchronously and several at once too."""

    async def read() -> Any:
        async with fake.async_client() as app:
            return await app.statistics.get_behavior_by_member(["u0", "nobody", "u1"], **span(fake), concurrency=4)

    result = anyio.run(read)
    assert (result.done, [one.item for one in result.failed]) == (("u0", "u1"), ["nobody"])
    assert [len(member.days) for member in result.answers] == [70, 70]


def test_a_member_is_done_when_all_days_are(fake: FakeWeCom) -> None:
    """A member of whom some days are missing is not done, and is tried again."""
    with fake.client() as app:
        fake.fail_next(BEHAVIOR, errcode=-1)
        result = app.with_options(attempts=1).statistics.get_behavior_by_member(["u0", "u1"], **span(fake))
        again = app.statistics.get_behavior_by_member(result.again, **span(fake))
    (failure,) = result.failed
    assert (failure.item, type(failure.error)) == ("u0", ServerBusyError)
    assert (result.done, result.again, again.done) == (("u1",), ("u0",), ("u0",))


def test_what_was_not_tried_is_said(fake: FakeWeCom) -> None:
    """When the platform is away, the rest of the members is neither done nor failed."""
    with fake.client() as app:
        fake.fail_next(BEHAVIOR, errcode=-1, times=3)
        result = app.with_options(attempts=1).statistics.get_behavior_by_member(STAFF[:9], **span(fake))
    assert ([one.item for one in result.failed], result.done, result.rest) == (["u0"], (), tuple(STAFF[1:9]))


def test_owners_are_read_by_hundreds(fake: FakeWeCom) -> None:
    """New groups and members are added over the spans; the rest are the figures of the last day."""
    last = fake.groups()[249]
    fake.dismiss_group(fake.groups()[0])
    fake.join_group(last, fake.add_customer(followed_by="u0"))
    fake.clock.advance(days=1)
    days = {**span(fake), "first_day": span(fake)["first_day"] - timedelta(days=1)}
    with fake.client() as app:
        result = app.statistics.get_groups_by_owner_many([*STAFF, "u0"], **days, concurrency=2)
    assert (result.ok, result.done, fake.count(BY_OWNER)) == (True, tuple(STAFF), 9)
    rows = {row.owner: row.figures for row in result.answers}
    assert (rows["u1"].new_chats, rows["u1"].chats, rows["u1"].new_members) == (1, 1, 0)
    assert (rows["u0"].new_chats, rows["u0"].chats, rows["u0"].members) == (1, 0, 0)
    assert (rows["u249"].new_chats, rows["u249"].new_members, rows["u249"].members) == (1, 1, 2)


def test_an_owner_without_groups_is_done(fake: FakeWeCom) -> None:
    """Nobody fails for having no group; there is only no row."""
    fake.add_member("qiantai")
    with fake.client() as app:
        result = app.statistics.get_groups_by_owner_many(["qiantai", "u0"], **span(fake))
    assert (result.done, [row.owner for row in result.answers]) == (("qiantai", "u0"), ["u0"])


def test_owners_who_fail_are_named_once(fake: FakeWeCom) -> None:
    """A call fails with all owners in it, and they are not asked for the days that follow."""
    with fake.client() as app:
        result = app.statistics.get_groups_by_owner_many([*STAFF[:100], "nobody"], **span(fake))
    assert ([one.item for one in result.failed], len(result.done), fake.count(BY_OWNER)) == (["nobody"], 100, 4)


def test_an_owner_who_is_left_out_later_is_not_told_zeros() -> None:
    """If a later span has no row of an owner, nothing is new there, and the rest is unknown."""
    fake = FakeWeCom()
    fake.add_member("u")
    fake.create_group("u", "群")
    day = fake.clock.now().astimezone(CHINA).date()
    fake.clock.advance(days=40)
    with fake.client() as app:
        read = app.statistics.get_groups_by_owner_many(["u"], first_day=day, last_day=day)
    later = _figures.later(read, type(read)(done=("u",)))
    (row,) = later.answers
    assert (row.figures.new_chats, row.figures.new_members, row.figures.chats) == (1, 0, None)


def test_days_in_the_wrong_order_are_refused(fake: FakeWeCom) -> None:
    """Helpers refuse what single calls refuse."""
    first, last = span(fake)["last_day"], span(fake)["first_day"]
    with fake.client() as app:
        with pytest.raises(ValidationError, match="last_day"):
            list(app.statistics.iter_behavior(["u0"], first_day=first, last_day=last))
        with pytest.raises(ValidationError, match="a list of texts"):
            app.statistics.get_behavior_by_member("u0", first_day=last, last_day=first)


def test_a_datetime_stands_for_its_day_in_beijing(fake: FakeWeCom) -> None:
    """An evening in UTC is the next day in Beijing, and a time without a zone is nobody's."""
    evening = datetime(2026, 4, 1, 17, tzinfo=UTC)
    with fake.client() as app:
        (day,) = app.statistics.get_behavior(["u0"], first_day=evening, last_day=date(2026, 4, 2))
        with pytest.raises(ValidationError, match="an aware datetime"):
            app.statistics.get_behavior(["u0"], first_day=evening.replace(tzinfo=None), last_day=evening)
    assert day.day == date(2026, 4, 2)


def test_more_than_thirty_days_are_refused_by_the_fake_too(fake: FakeWeCom) -> None:
    """Whoever switches the checks off hears it from the platform."""
    with fake.client() as app, pytest.raises(InvalidRequestError, match="40058"):
        app.with_options(validate=False).statistics.get_behavior(["u0"], **span(fake))
