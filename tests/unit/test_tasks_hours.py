"""Working hours: what a deadline of two hours means on the last evening before 春节."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto._time import CHINA
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import ClockRange, Holidays
from wecom_auto.sop.tasks import WorkingHours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = WorkingHours(
    shifts=(ClockRange.parse("09:00-12:00"), ClockRange.parse("13:00-18:00")), days=Holidays.WORKDAYS_ONLY
)
NIGHT = WorkingHours(shifts=(ClockRange.parse("21:00-06:00"),), zone=BERLIN)


def china(text):
    """An instant on the wall clock of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def berlin(text):
    """An instant on the wall clock of Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        pytest.param("2026-03-02 10:00", timedelta(hours=2), "2026-03-02 12:00", id="up to the break"),
        pytest.param("2026-03-02 11:00", timedelta(hours=2), "2026-03-02 14:00", id="over the break"),
        pytest.param("2026-03-02 17:00", timedelta(hours=2), "2026-03-03 10:00", id="over night"),
        pytest.param("2026-03-06 17:00", timedelta(hours=2), "2026-03-09 10:00", id="over the weekend"),
        pytest.param("2026-03-07 11:00", timedelta(hours=2), "2026-03-09 11:00", id="from a closed day"),
        pytest.param("2026-02-14 17:00", timedelta(hours=2), "2026-02-24 10:00", id="over 春节"),
        pytest.param("2026-02-27 17:00", timedelta(hours=2), "2026-02-28 10:00", id="into a make-up Saturday"),
        pytest.param("2026-03-06 15:00", timedelta(days=1), "2026-03-09 15:00", id="a working day"),
        pytest.param("2026-02-13 15:00", timedelta(days=2), "2026-02-24 15:00", id="two working days, one made up"),
        pytest.param("2026-03-02 08:00", timedelta(), "2026-03-02 09:00", id="nothing"),
    ],
)
def test_a_deadline_counts_working_time(start, span, end):
    """Hours count while the shop works; breaks, nights, weekends and 春节 do not; make-up workdays (调休) do."""
    assert OFFICE.add(china(start), span) == china(end)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        pytest.param("2026-03-02 22:00", timedelta(hours=7), "2026-03-03 05:00", id="past midnight"),
        pytest.param("2026-03-03 05:00", timedelta(hours=2), "2026-03-03 22:00", id="over the day"),
        pytest.param("2026-03-28 23:00", timedelta(hours=4), "2026-03-29 04:00", id="clocks go forward at 2"),
        pytest.param("2026-10-24 23:00", timedelta(hours=4), "2026-10-25 02:00", id="clocks go back at 3"),
        pytest.param("2026-03-03 05:00", timedelta(days=1), "2026-03-04 05:00", id="the same hour of the next shift"),
    ],
)
def test_a_night_shift_counts_real_hours(start, span, end):
    """A shift over midnight is one shift, and an hour is an hour in the nights when clocks are changed."""
    done = NIGHT.add(berlin(start), span)
    assert done.astimezone(BERLIN).replace(tzinfo=None) == datetime.fromisoformat(end)


def test_a_day_may_have_hours_of_its_own():
    """A date wins over the calendar: the shop opens on a holiday for three hours, and is closed on a Tuesday."""
    special = {date(2026, 2, 18): (ClockRange.parse("10:00-13:00"),), date(2026, 3, 3): ()}
    shop = WorkingHours(shifts=OFFICE.shifts, days=Holidays.WORKDAYS_ONLY, dates=special)
    assert shop.next_open(china("2026-02-15 08:00")) == china("2026-02-18 10:00")
    assert shop.add(china("2026-03-02 17:30"), timedelta(hours=1)) == china("2026-03-04 09:30")


def test_a_day_that_closes_earlier_ends_the_deadline():
    """A working day from 15:00 ends with the shift of a day that closes at noon."""
    shop = WorkingHours(shifts=OFFICE.shifts, dates={date(2026, 3, 3): (ClockRange.parse("09:00-12:00"),)})
    assert shop.add(china("2026-03-02 15:00"), timedelta(days=1)) == china("2026-03-03 12:00")


def test_a_shop_that_never_opens_is_a_mistake():
    """Hours without an opening are refused by name, not searched for ever."""
    with pytest.raises(ConfigurationError, match="nobody works in the 400 days"):
        WorkingHours(shifts=()).next_open(china("2026-03-02 15:00"))


_CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
_SHIFTS = st.lists(
    st.tuples(_CLOCKS, _CLOCKS).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: ClockRange(*pair)),
    min_size=1,
    max_size=3,
).map(tuple)
_HOURS = st.builds(
    WorkingHours,
    shifts=_SHIFTS,
    days=st.sampled_from(Holidays),
    zone=st.sampled_from([CHINA, BERLIN, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Australia/Lord_Howe")]),
)
_MOMENTS = st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
_SPANS = st.timedeltas(timedelta(minutes=1), timedelta(hours=23))


@given(_HOURS, _MOMENTS, _SPANS)
def test_the_time_that_was_added_lies_between(hours, start, span):
    """Whatever the shifts and the zone: exactly the span of working time lies between start and deadline."""
    end = hours.add(start, span)
    assert hours.between(start, end) == span


@given(_HOURS, _MOMENTS, _SPANS, _SPANS)
def test_spans_may_be_added_one_after_the_other(hours, start, first, second):
    """Adding twice is adding the sum, as long as it stays below a day."""
    if first + second < timedelta(days=1):
        assert hours.add(hours.add(start, first), second) == hours.add(start, first + second)


@given(_HOURS, _MOMENTS, st.timedeltas(timedelta(), timedelta(days=9)))
def test_people_work_when_a_deadline_begins(hours, start, span):
    """The next opening is open, a deadline never lies before it, and it ends when people work or stop."""
    opening = hours.next_open(start)
    assert hours.is_open(opening)
    end = hours.add(start, span)
    assert end >= opening
    assert hours.is_open(end) or hours.is_open(end - timedelta(microseconds=1))
