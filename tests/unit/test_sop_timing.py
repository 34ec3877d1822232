"""Offsets, windows and slots: wall-clock arithmetic, holidays, deadlines and daylight saving."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.unit._sop import CALENDAR, INSURANCE, PROSPECT, at, sop, step

from wecom_auto.sop import ChinaCalendar, Day, Definition, Offset, WeekendCalendar, plant_holidays
from wecom_auto.sop._document._timing import ClockRange, format_duration, open_minutes, parse_duration, parse_zone
from wecom_auto.sop._planning._timetable import Slot, next_opening, slot

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("offset", "anchor", "expected"),
    [
        ("+0d", "2026-09-29 15:20", "2026-09-29 15:20"),
        ("+0d 18:00", "2026-09-29 15:20", "2026-09-29 18:00"),
        ("+1d", "2026-09-29 15:20", "2026-09-30 15:20"),
        ("+3d 10:00", "2026-09-29 15:20", "2026-10-02 10:00"),
        ("-90d 10:00", "2026-11-12 00:00", "2026-08-14 10:00"),
        ("+2h", "2026-09-29 23:30", "2026-09-30 01:30"),
        ("-15min", "2026-10-01 00:05", "2026-09-30 23:50"),
        ("+1d 09:00", "2026-01-31 12:00", "2026-02-01 09:00"),
        ("-1d 09:00", "2027-03-01 12:00", "2027-02-28 09:00"),
        ("-1d 09:00", "2028-03-01 12:00", "2028-02-29 09:00"),
        ("+366d 09:00", "2028-02-29 12:00", "2029-03-01 09:00"),
        ("+1mo 09:00", "2026-01-31 12:00", "2026-02-28 09:00"),
        ("+1mo 09:00", "2028-01-31 12:00", "2028-02-29 09:00"),
        ("+12mo 09:00", "2028-02-29 12:00", "2029-02-28 09:00"),
        ("-3mo 09:00", "2026-05-31 12:00", "2026-02-28 09:00"),
        ("-1mo", "2026-01-15 12:00", "2025-12-15 12:00"),
    ],
)
def test_an_offset_counts_on_the_wall_clock(offset: str, anchor: str, expected: str) -> None:
    """Days and months are calendar time, month ends clamp, 29 February exists only when it exists."""
    assert Offset.parse(offset).resolve(at(anchor), SHANGHAI) == at(expected)
    assert str(Offset.parse(offset)) == offset


@pytest.mark.parametrize(
    ("offset", "anchor", "expected"),
    [
        ("+1d 02:30", "2026-03-28 12:00", "2026-03-29T03:30+02:00"),
        ("+1d 02:30", "2026-10-24 12:00", "2026-10-25T02:30+02:00"),
        ("+1d 10:00", "2026-03-28 12:00", "2026-03-29T10:00+02:00"),
        ("+1d", "2026-03-28 12:00", "2026-03-29T12:00+02:00"),
        ("+24h", "2026-03-28 12:00", "2026-03-29T13:00+02:00"),
    ],
)
def test_daylight_saving(offset: str, anchor: str, expected: str) -> None:
    """A time that does not exist moves forward, one that exists twice is the first, and days are not 24 hours."""
    found = Offset.parse(offset).resolve(at(anchor, BERLIN), BERLIN)
    assert found.astimezone(BERLIN).isoformat(timespec="minutes") == expected


@pytest.mark.parametrize(("text", "canonical"), [("24h", "1d"), ("12h", "12h"), ("90min", "90min"), ("0d", "0min")])
def test_durations(text: str, canonical: str) -> None:
    """A duration has one canonical text."""
    assert format_duration(parse_duration(text)) == canonical
    assert parse_duration(canonical) == parse_duration(text)


@pytest.mark.parametrize(
    ("allow", "quiet", "expected"),
    [
        ([], [], ((0, 1440),)),
        (["09:30-12:00", "14:00-20:30"], [], ((570, 720), (840, 1230))),
        (["09:00-12:00", "11:00-13:00"], [], ((540, 780),)),
        ([], ["21:00-08:30"], ((510, 1260),)),
        (["08:00-22:00"], ["12:00-13:00", "21:00-08:30"], ((510, 720), (780, 1260))),
        (["22:00-02:00"], [], ((0, 120), (1320, 1440))),
        (["22:00-00:00"], [], ((1320, 1440),)),
    ],
)
def test_open_minutes(allow: list[str], quiet: list[str], expected: tuple[tuple[int, int], ...]) -> None:
    """Allowed parts are joined, quiet hours are taken out, both may wrap midnight."""
    read = ClockRange.parse
    assert open_minutes(tuple(map(read, allow)), tuple(map(read, quiet))) == expected


def where(definition: Definition, anchor: str, name: str = "a", *, calendar: object = CALENDAR) -> Slot:
    """The slot of one step."""
    return slot(definition, definition.step(name), at(anchor, definition.zone), calendar)  # type: ignore[arg-type]


def test_the_invitation_moves_off_the_national_day() -> None:
    """3 days after 2026-09-29 is a public holiday; the invitation goes out on the first day after it."""
    found = where(PROSPECT, "2026-09-29 15:20", "invite")
    assert (found.nominal_at, found.due_at, found.reason) == (
        at("2026-10-02 10:00"), at("2026-10-08 10:00"), "moved:holiday",
    )  # fmt: skip


def test_the_renewal_offer_moves_to_the_friday_before() -> None:
    """60 days before 2026-11-12 is a Sunday; `workdays-only` with `earlier` means Friday."""
    found = where(INSURANCE, "2026-11-12 00:00", "d60")
    assert (found.nominal_at, found.due_at, found.reason) == (
        at("2026-09-13 10:00"), at("2026-09-11 10:00"), "moved:holiday",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("holidays", "day", "expected"),
    [
        ("send", "2026-10-02", "2026-10-02"),
        ("skip-statutory", "2026-10-02", "2026-10-08"),
        ("skip-statutory", "2026-09-13", "2026-09-13"),
        ("workdays-only", "2026-09-13", "2026-09-14"),
        ("workdays-only", "2026-09-20", "2026-09-20"),
        ("workdays-only", "2026-10-10", "2026-10-10"),
    ],
)
def test_holiday_policies(holidays: str, day: str, expected: str) -> None:
    """Weekends are open unless only workdays are; a make-up workday (调休) on a Sunday is a workday."""
    made = sop(step("a", "+0d 10:00"), window=f'holidays = "{holidays}"')
    assert where(made, f"{day} 08:00").due_at == at(f"{expected} 10:00")


def test_an_unpublished_year_is_provisional() -> None:
    """2027's table is not published: weekends only, and the slot says so."""
    made = sop(step("a", "+0d 10:00"), window='holidays = "workdays-only"')
    known, unknown = where(made, "2026-10-02 08:00"), where(made, "2099-01-01 08:00")
    assert (known.provisional, unknown.provisional) == (False, True)
    assert unknown.due_at == at("2099-01-01 10:00")


def test_overrides_are_final() -> None:
    """A plant holiday closes a workday, an override opens a holiday, also where no table is published."""
    own = plant_holidays({"2026-08-10": "高温假", "2026-10-02": "workday", "2099-01-01": "元旦"})
    made = sop(step("a", "+0d 10:00"), window='holidays = "workdays-only"')
    calendar = ChinaCalendar(own)
    assert where(made, "2026-08-10 08:00", calendar=calendar).due_at == at("2026-08-11 10:00")
    assert where(made, "2026-10-02 08:00", calendar=calendar).due_at == at("2026-10-02 10:00")
    assert calendar.day(date(2099, 1, 1)) == Day(workday=False, statutory=True, name="元旦", name_en="元旦")


def test_the_weekend_calendar_knows_weekends_only() -> None:
    """Zones without a table use Saturdays and Sundays, and that is final."""
    calendar = WeekendCalendar({date(2026, 12, 25): Day(workday=False, statutory=True)})
    assert [calendar.day(date(2026, 12, day)).workday for day in (24, 25, 26, 27, 28)] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert not calendar.day(date(2099, 1, 1)).provisional


def test_a_calendar_without_an_open_day_is_an_error() -> None:
    """A broken override file is reported; the search does not run for ever."""

    class Closed:
        def day(self, day: date, /) -> Day:
            return Day(workday=False, statutory=True)

    made = sop(step("a", "+0d 10:00"), window='holidays = "workdays-only"')
    with pytest.raises(ValueError, match="no opening within 400 days"):
        where(made, "2026-09-29 08:00", calendar=Closed())
    with pytest.raises(ValueError, match="no opening within 400 days"):
        next_opening(made, made.steps[0], at("2026-09-29 08:00"), Closed())


@pytest.mark.parametrize(
    ("offset", "anchor", "window", "expected", "reason"),
    [
        ("+0d", "2026-09-29 03:00", "", "2026-09-29 09:30", "deferred:window"),
        ("+0d", "2026-09-29 12:00", "", "2026-09-29 14:00", "deferred:window"),
        ("+0d", "2026-09-29 20:30", "", "2026-09-30 09:30", "deferred:window"),
        ("+0d", "2026-09-29 20:29", "", "2026-09-29 20:29", "due"),
        ("-1d 21:00", "2026-09-29 00:00", 'shift = "earlier"', "2026-09-28 14:00", "deferred:window"),
        ("-1d 08:00", "2026-09-29 00:00", 'shift = "earlier"', "2026-09-28 09:30", "deferred:window"),
        ("-1h", "2026-09-29 09:00", "", "2026-09-28 14:00", "deferred:window"),
        ("-1h", "2026-09-29 09:00", 'shift = "earlier"', "2026-09-28 14:00", "deferred:window"),
    ],
)
def test_a_closed_hour_moves_the_step(offset: str, anchor: str, window: str, expected: str, reason: str) -> None:
    """Outside the window a step waits for the next opening; one with a deadline goes before it instead."""
    made = sop(step("a", offset), window=f'allow = ["09:30-12:00", "14:00-20:30"]\n{window}')
    found = where(made, anchor)
    assert (found.due_at, found.reason) == (at(expected), reason)


@pytest.mark.parametrize("shift", ["earlier", "later"])
def test_a_deadline_step_never_shifts_past_the_anchor(shift: str) -> None:
    """A step before a date that falls into a holiday lasting over that date goes before the holiday."""
    made = sop(step("a", "-1d 10:00"), window=f'holidays = "workdays-only"\nshift = "{shift}"')
    found = where(made, "2026-10-03 00:00")
    assert found.due_at == at("2026-09-30 10:00")
    assert found.until is not None
    assert found.until <= at("2026-10-03 00:00")


def test_a_step_after_the_anchor_is_not_moved_before_it() -> None:
    """`shift = "earlier"` must not send "your insurance has lapsed" on the last day of cover."""
    made = sop(step("a", "+1d 10:00"), window='holidays = "workdays-only"\nshift = "earlier"')
    assert where(made, "2026-09-11 00:00").due_at == at("2026-09-14 10:00")


def test_steps_that_nobody_notices_ignore_window_and_holidays() -> None:
    """A tag is not a message: it is set when it is due, at night and on holidays too, and is never too late."""
    window = 'allow = ["09:30-12:00"]\nholidays = "workdays-only"'
    found = where(sop(step("a", "+0d 03:00", do='tag = "x"'), window=window), "2026-10-01 00:00")
    assert (found.due_at, found.until) == (at("2026-10-01 03:00"), None)


def test_spreading_after_a_holiday() -> None:
    """Runs that a holiday has moved are handed out over the following open days, each one always to the same day."""
    made = sop(step("a", "+0d 10:00"), window='holidays = "skip-statutory"\nspread = "2d"')
    anchor = at("2026-10-02 08:00")
    found = [slot(made, made.steps[0], anchor, CALENDAR, seed=f"wm{index}") for index in range(60)]
    assert {item.due_at for item in found} == {at(f"2026-10-{day:02} 10:00") for day in (8, 9, 10)}
    assert {item.reason for item in found} == {"moved:holiday", "moved:spread"}
    assert found == [slot(made, made.steps[0], anchor, CALENDAR, seed=f"wm{index}") for index in range(60)]
    ordinary = slot(made, made.steps[0], at("2026-09-29 08:00"), CALENDAR, seed="wm1")
    assert ordinary.due_at == at("2026-09-29 10:00")


def test_the_zone_is_the_definitions_own() -> None:
    """10:00 means 10:00 in the SOP's zone, whatever zone the anchor was written in."""
    made = sop(step("a", "+1d 10:00"), head='timezone = "Europe/Berlin"')
    found = slot(made, made.steps[0], at("2026-03-28 12:00"), CALENDAR)
    assert found.due_at == at("2026-03-29 10:00", BERLIN)
    assert found.due_at.utcoffset() == timedelta(0)


def test_zones_are_checked() -> None:
    """Zone names that are paths are refused like unknown ones."""
    for name in ("../etc/passwd", "", "/etc/localtime", "Asia/Beijing"):
        with pytest.raises(ValueError, match="not a time zone"):
            parse_zone(name)
