"""Pages that the platform counts by offset, and limits that depend on today: in both colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import anyio
import pytest

from wecom_auto import Call, Calls, Effect, Page
from wecom_auto._checks import Recent
from wecom_auto._time import CHINA
from wecom_auto.errors import DecodeError, InvalidRequestError, PagingError, ValidationError
from wecom_auto.models import OwnerGroups
from wecom_auto.testing import FakeWeCom

PATH = "externalcontact/groupchat/statistic"
OWNERS = [f"u{number}" for number in range(5)]


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp in which five members opened a group yesterday."""
    fake = FakeWeCom()
    for owner in OWNERS:
        fake.add_member(owner)
        fake.create_group(owner, "群")
    fake.clock.advance(days=1)
    return fake


def yesterday(fake: FakeWeCom) -> date:
    """Return the day before the fake's today."""
    return fake.clock.now().astimezone(CHINA).date() - timedelta(days=1)


def call() -> Call[Page[OwnerGroups]]:
    """Return a call that is paged by offset."""
    return Calls().statistics.list_groups_by_owner(None, first_day=date(2026, 3, 1))


def test_all_pages_are_walked(fake: FakeWeCom) -> None:
    """An iterator asks from 0, 2 and 4, and ends where next_offset equals total, without an empty page."""
    with fake.client() as app:
        rows = list(app.statistics.iter_groups_by_owner(None, first_day=yesterday(fake), limit=2))
    assert [row.owner for row in rows] == OWNERS
    assert [one.body["offset"] for one in fake.calls(PATH)] == [0, 2, 4]


def test_all_pages_are_walked_asynchronously(fake: FakeWeCom) -> None:
    """So does the asynchronous one."""

    async def walk() -> list[str]:
        async with fake.async_client() as app:
            pages: AsyncIterator[Any] = app.statistics.iter_groups_by_owner(
                None, first_day=yesterday(fake), limit=2
            ).__aiter__()
            return [row.owner async for row in pages]

    assert anyio.run(walk) == OWNERS
    assert [one.body["offset"] for one in fake.calls(PATH)] == [0, 2, 4]


def test_a_walk_is_resumed(fake: FakeWeCom) -> None:
    """`Page.next_cursor` is a number in digits, and passing it goes on there."""
    with fake.client() as app:
        pages = app.statistics.iter_groups_by_owner(None, first_day=yesterday(fake), limit=3).pages()
        first = next(pages)
        rest = list(
            app.statistics.iter_groups_by_owner(None, first_day=yesterday(fake), limit=3, cursor=first.next_cursor)
        )
    assert (first.next_cursor, first.total, first.extra) == ("3", 5, {})
    assert [row.owner for row in rest] == OWNERS[3:]


@pytest.mark.parametrize("offset", [0, 2])
def test_an_offset_that_stands_still_is_no_endless_loop(fake: FakeWeCom, offset: int) -> None:
    """A next_offset that does not advance ends the walk with an error, on the first page too."""
    fake.fail_next(PATH, repeat_cursor=True)
    with fake.client() as app, pytest.raises(PagingError, match="answered before"):
        list(
            app.statistics.iter_groups_by_owner(
                None, first_day=yesterday(fake), limit=2, cursor=str(offset) if offset else ""
            )
        )
    assert fake.count(PATH) == 1


def test_an_offset_that_stands_still_is_no_endless_loop_asynchronously(fake: FakeWeCom) -> None:
    """The asynchronous walk notices too."""
    fake.fail_next(PATH, repeat_cursor=True)

    async def walk() -> None:
        async with fake.async_client() as app:
            async for _ in app.statistics.iter_groups_by_owner(None, first_day=yesterday(fake), limit=2):
                pass

    with pytest.raises(PagingError):
        anyio.run(walk)


@pytest.mark.parametrize(
    ("said", "cursor", "total"),
    [
        ({"next_offset": 2, "total": 5}, "2", 5),
        ({"next_offset": 5, "total": 5}, "", 5),
        ({"next_offset": 6, "total": 5}, "", 5),
        ({"next_offset": 0, "total": 0}, "", 0),
        ({"total": 5}, "", 5),
        ({"next_offset": 2}, "", None),
        ({"next_offset": None, "total": None}, "", None),
        ({"next_offset": "2", "total": "5"}, "2", 5),
    ],
)
def test_where_an_answer_ends(said: dict[str, Any], cursor: str, total: int | None) -> None:
    """More follows only if both numbers say so; a smaller total than offset means that rows have gone."""
    page = call().decode({"items": [], **said})
    assert (page.next_cursor, page.total) == (cursor, total)


def test_an_offset_that_is_none_names_its_place() -> None:
    """Garbage is an error with a path, not a silent end."""
    with pytest.raises(DecodeError) as caught:
        call().decode({"items": [], "next_offset": [], "total": 2})
    assert caught.value.path == "next_offset"


def test_pages_by_cursor_are_as_they_were() -> None:
    """Where pages have cursors, `total` stays in extra and an offset means nothing."""
    by_cursor = Call.post(Effect.READ, "/cgi-bin/x", OwnerGroups, cursor="c").paged("items")
    page = by_cursor.decode({"items": [], "next_cursor": "d", "total": 3, "next_offset": 1})
    assert (page.next_cursor, page.total, page.extra) == ("d", None, {"total": 3, "next_offset": 1})
    assert by_cursor.at_cursor("d").body == {"cursor": "d"}
    assert (by_cursor.cursor, call().cursor, call().at_cursor("7").cursor) == ("c", "0", "7")


@pytest.mark.parametrize(("back", "kept"), [(-1, False), (0, False), (1, True), (180, True), (181, False)])
def test_days_that_the_platform_does_not_know_are_refused(fake: FakeWeCom, back: int, kept: bool) -> None:
    """Groups are known from yesterday to 180 days ago, counted in Beijing by the client's own clock."""
    day = yesterday(fake) + timedelta(days=1 - back)
    with fake.client() as app:
        if kept:
            assert len(app.statistics.get_groups_by_day(None, first_day=day)) == 1
            return
        with pytest.raises(ValidationError, match=rf"day_begin_time: got {day}, accepted: a Beijing day from "):
            app.statistics.get_groups_by_day(None, first_day=day)
        assert fake.count("externalcontact/groupchat/statistic_group_by_day") == 0
        with pytest.raises(InvalidRequestError):
            app.with_options(validate=False).statistics.get_groups_by_day(None, first_day=day)


def test_today_is_counted_in_beijing(fake: FakeWeCom) -> None:
    """Half past four in the afternoon in UTC is the next day already."""
    check = Recent("start", 180, latest=0)
    moment = 1_772_469_000  # 2026-03-02 16:30 UTC, 2026-03-03 00:30 in Beijing
    check.at({"start": moment}, moment)
    with pytest.raises(ValidationError, match="from 2025-09-04 to 2026-03-03"):
        check.at({"start": moment + 86_400}, moment)
    with pytest.raises(ValidationError, match="got 2025-09-03"):
        check.at({"start": moment - 181 * 86_400}, moment)


def test_without_the_time_nobody_knows() -> None:
    """A call that is checked by itself is not measured against a clock that it does not have."""
    call().check()
    with pytest.raises(ValidationError):
        call().check(now=0.0)
