"""Which days are workdays, and which of those answers are only provisional. Plans nothing.

`ChinaCalendar` takes the State Council's tables from `chinesecalendar`, which refuses years that are not published yet.
Such a day is answered by weekends only and marked provisional; it is never silently final.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Protocol

from attrs import field, frozen

_SATURDAY = 5
_CHINESE = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}


@frozen(kw_only=True)
class Day:
    """What is known about one date.

    Attributes:
        workday: People work, make-up workdays (调休) included.
        statutory: A public holiday or a day off in lieu, not an ordinary weekend.
        provisional: The year's table is not published; `workday` knows weekends only.
        name: The holiday in Chinese; empty for an ordinary day.
        name_en: The holiday in English; empty for an ordinary day.
    """

    workday: bool
    statutory: bool = False
    provisional: bool = False
    name: str = ""
    name_en: str = ""


class Calendar(Protocol):
    """Answers for one date; pure, so that preview and replay see what planning saw."""

    def day(self, day: date, /) -> Day:
        """What this date is."""
        ...


@frozen
class WeekendCalendar:
    """Saturdays and Sundays are off, nothing else is known: for zones without a table.

    Attributes:
        overrides: Dates that differ, by date.
    """

    overrides: Mapping[date, Day] = field(factory=dict[date, Day])

    def day(self, day: date, /) -> Day:
        """What this date is."""
        return self.overrides.get(day) or Day(workday=day.weekday() < _SATURDAY)


@frozen
class ChinaCalendar:
    """The calendar of mainland China with a corp's own days on top.

    Attributes:
        overrides: Dates that differ from the table, by date: plant holidays, shop closed, a Saturday on duty.
            An override is final, also in a year whose table is not published.
    """

    overrides: Mapping[date, Day] = field(factory=dict[date, Day])

    def day(self, day: date, /) -> Day:
        """What this date is.

        Raises:
            ImportError: `chinesecalendar` is missing: `pip install "wecom-auto[sop]"`.
        """
        return self.overrides.get(day) or _published(day)


def plant_holidays(days: Mapping[str, str]) -> dict[date, Day]:
    """Overrides from data, for example a table of a TOML file.

    Args:
        days: ISO date to the name of the holiday; the name `workday` makes a day off a workday.

    Raises:
        ValueError: A key is not an ISO date.
    """
    return {
        date.fromisoformat(text): Day(workday=True)
        if name == "workday"
        else Day(workday=False, statutory=True, name=name, name_en=name)
        for text, name in days.items()
    }


@lru_cache(maxsize=4096)
def _published(day: date) -> Day:
    import chinese_calendar

    try:
        detail = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return Day(workday=day.weekday() < _SATURDAY, provisional=True)
    # The name also stands on make-up workdays, which belong to a holiday without being one.
    off, name = bool(detail[0]), str(detail[1] or "")
    if not off or not name:
        return Day(workday=not off)
    return Day(workday=False, statutory=True, name=_CHINESE.get(name, name), name_en=name)
