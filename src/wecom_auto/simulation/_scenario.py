"""What a simulation is asked to play. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from attrs import Attribute, field, frozen

from wecom_auto._time import CHINA, require_aware
from wecom_auto.errors import ConfigurationError
from wecom_auto.simulation._habits import Habits
from wecom_auto.sop import Contents, Definition, Settings
from wecom_auto.sop.calendar import Calendar, ChinaCalendar

START: Final = datetime(2026, 1, 1, tzinfo=CHINA)
"""Not today: the same command gives the same numbers tomorrow, and the whole year's holidays are published."""
_PER_MEMBER: Final = 500
_TEAM: Final = 5
"""Most members who share their customers. Small, so that a year of many customers can be played on many cores."""
_DAY: Final = timedelta(days=1)
_MOST: Final = {"customers": 1_000_000, "days": 1_000, "members": 5_000}


def _definitions(given: Iterable[Definition]) -> tuple[Definition, ...]:
    return tuple(given)


def _in_range(_instance: object, attribute: Attribute[int], value: int) -> None:
    most = _MOST[attribute.name]
    least = 0 if attribute.name == "members" else 1
    if not least <= value <= most:
        msg = f"{attribute.name}: {value} is not between {least} and {most:,}"
        raise ConfigurationError(msg)


def _aware(_instance: object, attribute: Attribute[datetime], value: datetime) -> None:
    require_aware(value, attribute.name)


@frozen(kw_only=True)
class Scenario:
    """A company, its SOPs and its year.

    Attributes:
        definitions: The SOPs that run together; their caps and gaps meet.
        contents: Their messages.
        customers: How many come in over the time, 1 to 1,000,000.
        days: How long, 1 to 1,000 days.
        seed: The same seed gives the same numbers.
        members: Members who have customers; 0 takes one for every 500 customers.
        start: The first moment (aware).
        tick: How often the service ticks at most; a tick without work is left out.
        habits: What people do.
        settings: What the corp decides: caps, gaps, deadlines. What members send by themselves is counted once a day.
        calendar: Knows holidays.

    Raises:
        ConfigurationError: A number is out of range.
    """

    definitions: tuple[Definition, ...] = field(converter=_definitions)
    contents: Contents = field(factory=lambda: Contents({}))
    customers: int = field(default=10_000, validator=_in_range)
    days: int = field(default=365, validator=_in_range)
    seed: int = 7
    members: int = field(default=0, validator=_in_range)
    start: datetime = field(default=START, validator=_aware)
    tick: timedelta = timedelta(hours=1)
    habits: Habits = field(factory=Habits)
    settings: Settings = field(factory=lambda: Settings(count_every=_DAY))
    calendar: Calendar = field(factory=ChinaCalendar)

    @property
    def staff(self) -> int:
        """How many members have customers."""
        return self.members or max(1, round(self.customers / _PER_MEMBER))

    @property
    def teams(self) -> tuple[range, ...]:
        """The members' seats by team, as even as can be: a customer and what happens to him stay in one team."""
        count = -(-self.staff // _TEAM)
        bounds = [self.staff * number // count for number in range(count + 1)]
        return tuple(map(range, bounds, bounds[1:]))

    @property
    def end(self) -> datetime:
        """The last moment."""
        return self.start + timedelta(days=self.days)
