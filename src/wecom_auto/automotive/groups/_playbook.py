"""What a broadcast group (播报群) gets and when: series in turn, nothing twice too soon, a quiet day. Pure.

Every post is a mass message that the owner taps, and a group gets only so many in a month.
"""

from __future__ import annotations

import os
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from wecom_auto.automotive._presets import preset_names, preset_text
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.errors import ValidationError
from wecom_auto.sop._document._problems import DefinitionError, inside, read_int, read_table, read_text
from wecom_auto.sop._document._timing import parse_duration
from wecom_auto.sop._document._toml import read_toml

_WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEYS: Final = {"name", "per_week", "quiet_day", "slots", "per_month", "repeat_after", "series"}
_DAYS: Final = 400
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


@frozen(kw_only=True)
class Series:
    """One series of contents.

    Attributes:
        name: What programs call it.
        title: What people call it.
    """

    name: str
    title: str


@frozen(kw_only=True)
class Post:
    """One post of a playbook.

    Attributes:
        at: When; aware.
        series: Which series.
        title: The title of the series.
        item: The name of the content.
    """

    at: datetime
    series: str
    title: str
    item: str


@frozen(kw_only=True)
class Used:
    """A content that went out.

    Attributes:
        series: Its series.
        item: Its name.
        day: When.
    """

    series: str
    item: str
    day: date


@frozen(kw_only=True)
class Playbook:
    """How a broadcast group is served (群运营剧本).

    Attributes:
        name: Of the preset or the file.
        series: In the order in which they take turns.
        per_week: Posts in a week, 1 to 7; with 7 no day is quiet.
        quiet_day: The weekday without a post, 0 for Monday.
        slots: The times of day that take turns.
        per_month: The most posts in a calendar month, and never more than it has days, because the platform allows a
            group no more, the owner's own messages included.
        repeat_after: How long a content is not used again.
        zone: Whose clock the slots are read from.
    """

    name: str
    series: tuple[Series, ...]
    per_week: int = 3
    quiet_day: int = 0
    slots: tuple[time, ...] = (time(10),)
    per_month: int = 14
    repeat_after: timedelta = timedelta(days=90)
    zone: ZoneInfo = _SHANGHAI

    @classmethod
    def preset(cls, name: str = "broadcast") -> Playbook:
        """Take a playbook that ships with the package.

        Args:
            name: ``broadcast`` has six series, three posts a week; ``daily_news`` (每日早报) one series, every morning.
        """
        return cls.from_file(preset_text("playbooks", name))

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """List the playbooks that ship with the package."""
        return preset_names("playbooks")

    @classmethod
    def from_file(cls, source: str | os.PathLike[str]) -> Playbook:
        """Read a playbook from a TOML file, or from its text.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
        """
        table = read_table(read_toml(source), _KEYS, ("name", "series"))
        series = read_list(table["series"], "series", _series)
        names = [one.name for one in series]
        if not names or len(set(names)) < len(names):
            problem = "at least one series, and no name twice"
            raise DefinitionError(problem, place="series")
        quiet = table.get("quiet_day", "mon")
        if quiet not in _WEEK:
            problem = f"{quiet!r} is no weekday"
            raise DefinitionError(problem, place="quiet_day", remedy=f"one of {', '.join(_WEEK)}")
        return cls(
            name=read_text(table["name"], "name", chars=64),
            series=series,
            per_week=read_int(table.get("per_week", 3), "per_week", least=1, most=7),
            quiet_day=_WEEK.index(str(quiet)),
            slots=read_list(table.get("slots", ["10:00"]), "slots", _time) or (time(10),),
            per_month=read_int(table.get("per_month", 14), "per_month", least=0, most=31),
            repeat_after=inside("repeat_after", parse_duration, table.get("repeat_after", "90d")),
        )

    def posts(
        self, first: date, days: int, items: Mapping[str, Sequence[str]], *, used: Iterable[Used] = ()
    ) -> tuple[Post, ...]:
        """Lay out the posts of some days; the same arguments give the same posts.

        A series without a fresh content gives its turn to the next one; if none has any, the day stays empty.

        Args:
            first: The first day.
            days: How many, 1 to 400.
            items: The contents of each series, the ones to be used first first.
            used: What went out before; it counts for rotation, repetition and the month's allowance.
        """
        if not 1 <= days <= _DAYS:
            raise ValidationError(field="days", value=str(days), limit=f"1 to {_DAYS}")
        return tuple(self._lay_out(first, days, items, sorted(used, key=lambda one: one.day)))

    def _lay_out(
        self, first: date, days: int, items: Mapping[str, Sequence[str]], used: Sequence[Used]
    ) -> Iterator[Post]:
        last_used = {(one.series, one.item): one.day for one in used}
        months = Counter((one.day.year, one.day.month) for one in used)
        done = {one.day for one in used}
        turn, number = self._next_turn(used), len(used)
        for day in (first + timedelta(days=count) for count in range(days)):
            full = months[day.year, day.month] >= min(self.per_month, monthrange(day.year, day.month)[1])
            if day in done or full or day.weekday() not in self.weekdays:
                continue
            found = self._fresh(turn, day, items, last_used)
            if found is None:
                continue
            turn, item = found
            series = self.series[turn]
            last_used[series.name, item] = day
            months[day.year, day.month] += 1
            at = datetime.combine(day, self.slots[number % len(self.slots)], self.zone)
            yield Post(at=at, series=series.name, title=series.title, item=item)
            turn, number = (turn + 1) % len(self.series), number + 1

    @property
    def weekdays(self) -> frozenset[int]:
        """The weekdays with posts, spread over the week around the quiet one."""
        if self.per_week == len(_WEEK):
            return frozenset(range(len(_WEEK)))
        rest = [(self.quiet_day + 1 + count) % 7 for count in range(6)]
        return frozenset(rest[count * 6 // self.per_week] for count in range(self.per_week))

    def _next_turn(self, used: Sequence[Used]) -> int:
        names = [one.name for one in self.series]
        known = [names.index(one.series) for one in used if one.series in names]
        return (known[-1] + 1) % len(names) if known else 0

    def _fresh(
        self, turn: int, day: date, items: Mapping[str, Sequence[str]], last_used: Mapping[tuple[str, str], date]
    ) -> tuple[int, str] | None:
        """The next series with a content that was not used lately; of those the one unused for longest."""
        for step in range(len(self.series)):
            number = (turn + step) % len(self.series)
            name = self.series[number].name
            known = [(last_used.get((name, item), date.min), item) for item in items.get(name, ())]
            fresh = [(last, item) for last, item in known if last == date.min or day - last >= self.repeat_after]
            if fresh:
                return number, min(fresh, key=lambda one: one[0])[1]
        return None


def _series(value: object) -> Series:
    table = read_table(value, {"name", "title"}, ("name", "title"))
    return Series(name=read_text(table["name"], "name", chars=64), title=read_text(table["title"], "title", chars=64))


def _time(value: object) -> time:
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        problem = f"{value!r} is no time of day"
        raise DefinitionError(problem, remedy='write "10:00"') from None
