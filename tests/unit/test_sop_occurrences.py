"""When triggers that are dates come round: birthdays, weekdays, days of the month, a vehicle's dates."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit._sop import INSURANCE, SHANGHAI, at, sop, step

from wecom_auto.errors import ValidationError
from wecom_auto.sop import Entry, occurrences

YEARS = (at("2026-01-01 00:00"), at("2029-01-01 00:00"))


def days(on: str, value: object, since: datetime, until: datetime, zone: ZoneInfo = SHANGHAI) -> list[str]:
    """Key and local day of every occurrence."""
    found = occurrences(Entry.parse({"on": on}), value, zone, since, until)  # type: ignore[arg-type]
    return [f"{one.key} {one.at.astimezone(zone):%Y-%m-%d %H:%M}" for one in found]


@pytest.mark.parametrize("value", ["1992-02-29", "02-29", "--02-29", date(1992, 2, 29), "1992-02-29T00:00:00+08:00"])
def test_a_leap_birthday_is_kept_on_the_28th(value: object) -> None:
    """29 February is 28 February in other years, and itself in a leap year."""
    assert days("birthday", value, *YEARS) == [
        "birthday:2026 2026-02-28 00:00", "birthday:2027 2027-02-28 00:00", "birthday:2028 2028-02-29 00:00",
    ]  # fmt: skip


def test_a_corrected_birthday_has_the_same_key() -> None:
    """Whoever corrects the date after the congratulation is not congratulated again."""
    (before,) = days("birthday", "1990-06-03", at("2026-01-01 00:00"), at("2027-01-01 00:00"))
    (after,) = days("birthday", "1990-06-04", at("2026-01-01 00:00"), at("2027-01-01 00:00"))
    assert (before, after) == ("birthday:2026 2026-06-03 00:00", "birthday:2026 2026-06-04 00:00")


@pytest.mark.parametrize("value", [None, "", "soon", "02-30", "13-01", 19900603, "1990-06-03T10:00:00"])
def test_a_value_that_is_no_date_has_no_birthday(value: object) -> None:
    """Missing, impossible and naive values enrol nobody."""
    assert days("birthday", value, *YEARS) == []


def test_weekdays_come_every_week() -> None:
    """A weekly trigger comes on its weekdays, the first moment of the day included and the last excluded."""
    assert days("calendar:weekly thu,mon", None, at("2026-10-05 00:00"), at("2026-10-12 00:00")) == [
        "calendar:2026-10-05 2026-10-05 00:00", "calendar:2026-10-08 2026-10-08 00:00",
    ]  # fmt: skip


def test_a_day_of_the_month_is_clamped() -> None:
    """The 31st is the last day of a shorter month, over the turn of the year as well."""
    assert days("calendar:monthly 31", None, at("2026-12-01 00:00"), at("2027-05-01 00:00")) == [
        "calendar:2026-12-31 2026-12-31 00:00",
        "calendar:2027-01-31 2027-01-31 00:00",
        "calendar:2027-02-28 2027-02-28 00:00",
        "calendar:2027-03-31 2027-03-31 00:00",
        "calendar:2027-04-30 2027-04-30 00:00",
    ]


def test_one_day_comes_once() -> None:
    """A calendar date and a vehicle's date have one occurrence, inside its span only."""
    assert days("calendar:2026-10-01", None, *YEARS) == ["calendar:2026-10-01 2026-10-01 00:00"]
    assert days("calendar:2026-10-01", None, at("2026-10-02 00:00"), at("2027-10-01 00:00")) == []
    assert days("vehicle:policy_end", "2026-11-12", *YEARS) == ["vehicle.policy_end:2026-11-12 2026-11-12 00:00"]
    assert days("vehicle:policy_end", None, *YEARS) == []


def test_a_trigger_that_is_no_date_never_comes_round() -> None:
    """Events and imports let people in when they happen."""
    assert days("event:deal.signed", "2026-11-12", *YEARS) == []


def test_a_midnight_that_the_clock_jumps_over_moves_forward() -> None:
    """In Beirut 29 March 2026 begins at one o'clock; the birthday is still that day."""
    beirut = ZoneInfo("Asia/Beirut")
    assert days("birthday", "03-29", *YEARS, beirut)[0] == "birthday:2026 2026-03-29 01:00"


def test_a_span_has_an_end() -> None:
    """A naive time and a span beyond ten years are refused instead of taking for ever."""
    entry = Entry.parse({"on": "birthday"})
    with pytest.raises(ValueError, match="longer than 3700 days"):
        occurrences(entry, "02-29", SHANGHAI, at("2026-01-01 00:00"), at("2099-01-01 00:00"))
    with pytest.raises(ValidationError):
        occurrences(entry, "02-29", SHANGHAI, datetime(2026, 1, 1), at("2027-01-01 00:00"))  # noqa: DTZ001 - the point


def test_the_lead_says_how_early_to_enrol() -> None:
    """The first step of a renewal is ninety days before the date; a step after it needs no lead."""
    assert INSURANCE.lead == timedelta(days=89, hours=14)
    assert sop(step("a", "+1d 10:00")).lead == timedelta()


RULES = st.sampled_from(["birthday", "calendar:weekly mon,sun", "calendar:monthly 30", "calendar:2026-10-01"])
ZONES = st.sampled_from(["Asia/Shanghai", "America/Sao_Paulo", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Beirut"])


@given(RULES, ZONES, st.dates(date(2025, 1, 1), date(2028, 1, 1)), st.lists(st.integers(1, 90), min_size=1, max_size=6))
def test_spans_side_by_side_lose_and_double_nothing(on: str, name: str, start: date, lengths: list[int]) -> None:
    """However a service cuts time into spans, every occurrence is found exactly once."""
    entry, zone = Entry.parse({"on": on}), ZoneInfo(name)
    edges = [datetime(start.year, start.month, start.day, 7, tzinfo=UTC)]
    for length in lengths:
        edges.append(edges[-1] + timedelta(days=length, hours=length % 24))
    whole = occurrences(entry, "02-29", zone, edges[0], edges[-1])
    parts = [
        one for since, until in itertools.pairwise(edges) for one in occurrences(entry, "02-29", zone, since, until)
    ]
    assert list(whole) == parts
    assert len({one.key for one in parts}) == len(parts)
