"""Timetables (排班) and daily caps: who is behind a code at a moment. Pure: no clock, no database, no platform.

A code must lead to somebody: when nobody is on duty and everybody is full, it leads to those it belongs to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import field, frozen

from wecom_auto._time import CHINA, require_aware
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.automotive.fleet._codes import Code
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import Calendar, ChinaCalendar
from wecom_auto.sop._document._problems import DefinitionError, inside, read_table, read_text, suggestion
from wecom_auto.sop._document._timing import ClockRange, parse_zone
from wecom_auto.sop._document._toml import read_toml

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORDS: Final = (*_DAYS, "workday", "restday")
_TURN_KEYS: Final = {"hours", "days", "dates", "users"}


@frozen(kw_only=True)
class Turn:
    """A part of a timetable.

    Attributes:
        hours: From when until when; a turn that wraps midnight belongs to the day on which it begins.
        users: Who is on duty.
        days: ``mon`` to ``sun``, ``workday`` (make-up workdays included), ``restday``; none of them for every day.
        dates: Only on these dates; they come on top of `days`.
    """

    hours: ClockRange
    users: tuple[str, ...]
    days: frozenset[str] = frozenset()
    dates: frozenset[date] = frozenset()

    def begins_on(self, day: date, calendar: Calendar) -> bool:
        """Whether the turn is worked on this date."""
        if not self.days and not self.dates:
            return True
        word = "workday" if self.days & {"workday", "restday"} and calendar.day(day).workday else "restday"
        return day in self.dates or _DAYS[day.weekday()] in self.days or word in self.days

    def covers(self, at: datetime, calendar: Calendar) -> bool:
        """Whether the moment (wall clock) lies in this turn."""
        clock = at.time()
        if self.hours.start < self.hours.end:
            return self.hours.start <= clock < self.hours.end and self.begins_on(at.date(), calendar)
        if clock >= self.hours.start:
            return self.begins_on(at.date(), calendar)
        return clock < self.hours.end and self.begins_on(at.date() - timedelta(days=1), calendar)


@frozen(kw_only=True)
class Shift:
    """One timetable (班次).

    Attributes:
        name: What the table of codes calls it.
        turns: Who works when; turns may overlap.
        otherwise: Who is behind the code when no turn is on.
    """

    name: str
    turns: tuple[Turn, ...]
    otherwise: tuple[str, ...] = ()

    @property
    def users(self) -> frozenset[str]:
        """Everybody who ever is on duty."""
        return frozenset(self.otherwise).union(*(one.users for one in self.turns))


@frozen(kw_only=True)
class Shifts:
    """All timetables of a corp.

    Attributes:
        shifts: By name.
        zone: The zone of the wall clock.
        calendar: Knows workdays; mainland China by default.
    """

    shifts: Mapping[str, Shift] = field(factory=dict[str, Shift])
    zone: ZoneInfo = CHINA
    calendar: Calendar = field(factory=ChinaCalendar)

    @classmethod
    def from_file(cls, source: str | os.PathLike[str], *, calendar: Calendar | None = None) -> Shifts:
        """Read timetables from a TOML file, or from its text.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
        """
        table = read_table(read_toml(source), {"zone", "shift"}, ("shift",))
        found = read_list(table["shift"], "shift", _shift)
        return cls(
            shifts={one.name: one for one in found},
            zone=inside("zone", parse_zone, table["zone"]) if "zone" in table else CHINA,
            calendar=calendar or ChinaCalendar(),
        )

    def on_duty(self, name: str, at: datetime) -> tuple[str, ...]:
        """Return who is on duty at a moment, in the order of the file.

        Args:
            name: A timetable.
            at: Aware.

        Raises:
            ConfigurationError: there is no such timetable.
        """
        if name not in self.shifts:
            msg = f"no shift {name!r}; {suggestion(name, self.shifts)}"
            raise ConfigurationError(msg)
        shift, local = self.shifts[name], require_aware(at, "at").astimezone(self.zone)
        on = [user for turn in shift.turns if turn.covers(local, self.calendar) for user in turn.users]
        return tuple(dict.fromkeys(on or shift.otherwise))

    def midnight(self, at: datetime) -> datetime:
        """Return when the day of a moment began: daily caps count from here."""
        return require_aware(at, "at").astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)


@frozen(kw_only=True)
class Staffing:
    """Who is behind a code now, and why.

    Attributes:
        users: The members.
        full: Members left out because they had enough customers today.
        backup: Those of the backup stand in.
        overloaded: Everybody is full, the backup too, and the code leads to them nevertheless.
    """

    users: tuple[str, ...]
    full: tuple[str, ...] = ()
    backup: bool = False
    overloaded: bool = False


def staff(code: Code, shifts: Shifts, at: datetime, adds_today: Mapping[str, int]) -> Staffing:
    """Say who should be behind a code at a moment.

    Those of the code who are on duty and have room; else the backup who has room; else those on duty. Members of
    departments are chosen by the platform, so neither shifts nor caps concern them.

    Args:
        code: The code.
        shifts: The timetables.
        at: Aware.
        adds_today: How many customers each member has got today.

    Raises:
        ConfigurationError: the code names a timetable that is not there.
    """
    duty = _on_duty(code, shifts, at)
    if not code.daily_cap:
        return Staffing(users=duty)
    room = _with_room(duty, code.daily_cap, adds_today)
    full = tuple(one for one in duty if one not in room)
    if room or (not duty and code.parties):
        return Staffing(users=room, full=full)
    standby = _with_room(code.backup, code.daily_cap, adds_today)
    if standby:
        return Staffing(users=standby, full=full, backup=True)
    return Staffing(users=duty or code.backup, full=full, overloaded=True)


def _on_duty(code: Code, shifts: Shifts, at: datetime) -> tuple[str, ...]:
    if not code.shift:
        return code.users
    on = shifts.on_duty(code.shift, at)
    mine = tuple(one for one in on if not code.users or one in code.users)
    return mine or code.users or code.backup


def _with_room(users: Iterable[str], cap: int, adds_today: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(one for one in users if adds_today.get(one, 0) < cap)


def _shift(value: object) -> Shift:
    table = read_table(value, {"name", "turn", "otherwise"}, ("name", "turn"))
    return Shift(
        name=read_text(table["name"], "name", chars=64),
        turns=read_list(table["turn"], "turn", _turn),
        otherwise=read_list(table.get("otherwise", []), "otherwise", _user),
    )


def _turn(value: object) -> Turn:
    table = read_table(value, _TURN_KEYS, ("hours", "users"))
    users = read_list(table["users"], "users", _user)
    if not users:
        problem = "a turn needs somebody"
        raise DefinitionError(problem, place="users")
    return Turn(
        hours=inside("hours", ClockRange.parse, table["hours"]),
        users=users,
        days=frozenset(read_list(table.get("days", []), "days", _day)),
        dates=frozenset(read_list(table.get("dates", []), "dates", _date)),
    )


def _user(value: object) -> str:
    return read_text(value, "a userid", chars=64)


def _day(value: object) -> str:
    if value in _WORDS:
        return str(value)
    problem = f"unknown day {value!r:.40}"
    raise DefinitionError(problem, remedy=suggestion(str(value), _WORDS))


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        problem = f"{value!r:.40} is not a date"
        raise DefinitionError(problem, remedy="write 2026-10-01") from None
