"""Draw what people will do: customers who come, buy and leave, members who are away and resign. Pure, by the seed.

Every person has dice of their own, so one more customer changes nothing for the others.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import Final

from attrs import frozen

from wecom_auto._time import CHINA
from wecom_auto.simulation._doors import Door, asked
from wecom_auto.simulation._habits import Habits, Share
from wecom_auto.simulation._scenario import Scenario

_SATURDAY: Final = 5
_YEAR: Final = 365
_ANCHORS: Final = (15, 365)
"""Days from the arrival to the date that a SOP counts from: the policies of a year end on every day of it."""


class Deed(enum.StrEnum):
    """What somebody does, or what is done to a customer."""

    ARRIVE = "arrive"
    ADD = "add"
    """A second member adds the customer."""
    EVENT = "event"
    TAG = "tag"
    ATTRIBUTE = "attribute"
    UNFRIEND = "unfriend"
    HIRE = "hire"


@frozen
class Moment:
    """One thing that happens.

    Attributes:
        at: When.
        who: The number of the customer or of the member's seat.
        deed: What.
        name: Of the event, tag or attribute.
        value: Of the attribute.
    """

    at: datetime
    who: int
    deed: Deed
    name: str = ""
    value: str = ""


@frozen(kw_only=True)
class Seat:
    """One member's place in the company: when it is empty, and when its holder changes.

    Attributes:
        away: From when until when nobody of this seat taps.
        resigns_at: When its first holder leaves; `None` for never.
    """

    away: tuple[tuple[datetime, datetime], ...] = ()
    resigns_at: datetime | None = None


def dice(*words: object) -> random.Random:
    """Dice that only these words decide about: no hash of this process, no clock."""
    return random.Random("/".join(map(str, words)))  # noqa: S311 - a play, not a secret


def seat_of(scenario: Scenario, number: int) -> int:
    """The seat that a customer comes to."""
    return dice(scenario.seed, "seat of", number).randrange(scenario.staff)


def lives(scenario: Scenario, doors: Sequence[Door], team: range) -> list[Moment]:
    """Everything that the customers of a team do, in the order of time."""
    wanted = _Wanted.of(scenario, doors)
    arrivals = _arrivals(scenario)
    found = [
        moment
        for number, at in enumerate(arrivals)
        if seat_of(scenario, number) in team
        for moment in _life(scenario, doors[number % len(doors)], wanted, number, at)
        if moment.at < scenario.end
    ]
    return sorted(found, key=_order)


def seats(scenario: Scenario, team: range) -> dict[int, Seat]:
    """Every year of a member of the team, by the number of the seat."""
    return {number: _seat(scenario, number) for number in team}


def _order(moment: Moment) -> tuple[datetime, int]:
    return moment.at, moment.who


@frozen(kw_only=True)
class _Wanted:
    """What the definitions ask for, with how often it happens."""

    events: Mapping[str, Share]
    tags: Mapping[str, Share]
    attributes: Mapping[str, Share]

    @classmethod
    def of(cls, scenario: Scenario, doors: Sequence[Door]) -> _Wanted:
        habits, definitions = scenario.habits, [one.definition for one in doors]
        names = {*asked(definitions, "event"), *(_happening(one, "event:") for one in doors)} - {""}
        for name in list(names):
            names |= _before(name, habits.events)
        brought = {name for one in doors for name in (*one.attributes, one.anchor)}
        return cls(
            events={name: habits.events.get(name, habits.other) for name in _in_order(names, habits.events)},
            tags={name: habits.tags[name] for name in asked(definitions, "tag") if name in habits.tags},
            attributes={
                name: habits.attributes.get(name, habits.other)
                for name in asked(definitions, "attr")
                if name not in brought
            },
        )


def _happening(one: Door, kind: str) -> str:
    return one.happens.removeprefix(kind) if one.happens.startswith(kind) else ""


def _before(name: str, table: Mapping[str, Share]) -> set[str]:
    """What must have happened before an event, as far back as it goes."""
    found: set[str] = set()
    while name in table and (name := table[name].after) and name not in found:
        found.add(name)
    return found


def _in_order(names: set[str], table: Mapping[str, Share]) -> list[str]:
    """Causes before what follows from them."""
    return sorted(names, key=lambda name: (len(_before(name, table)), name))


def _arrivals(scenario: Scenario) -> list[datetime]:
    """When customers come: by month, by weekday, in opening hours."""
    habits = scenario.habits
    first = scenario.start.astimezone(CHINA).date()
    days = [first + timedelta(days=number) for number in range(scenario.days)]
    weights = [*accumulate(_weight(day, habits) for day in days)]
    drawn = dice(scenario.seed, "arrivals")
    chosen = sorted(drawn.choices(days, cum_weights=weights, k=scenario.customers))
    minutes = (habits.closes - habits.opens) * 60
    opening = time(habits.opens)
    times = [
        datetime.combine(day, opening, CHINA) + timedelta(minutes=drawn.randrange(minutes), seconds=drawn.randrange(60))
        for day in chosen
    ]
    return sorted(max(at, scenario.start) for at in times)


def _weight(day: date, habits: Habits) -> float:
    return habits.months[day.month - 1] * (habits.weekend if day.weekday() >= _SATURDAY else 1)


def _life(scenario: Scenario, home: Door, wanted: _Wanted, number: int, at: datetime) -> Iterator[Moment]:
    drawn, habits = dice(scenario.seed, "customer", number), scenario.habits
    anchor = None if not home.anchor else at + timedelta(days=drawn.randrange(*_ANCHORS))
    yield Moment(at, number, Deed.ARRIVE, value="" if anchor is None else anchor.date().isoformat())
    if drawn.random() < habits.two_members:
        yield Moment(_later(at, Share(1, 1, 60), drawn), number, Deed.ADD)
    happened: dict[str, datetime] = {}
    for name, share in wanted.events.items():
        when = _drawn(share, at, anchor, happened, drawn)
        if when is not None:
            happened[name] = when
            yield Moment(when, number, Deed.EVENT, name)
    for deed, table in ((Deed.TAG, wanted.tags), (Deed.ATTRIBUTE, wanted.attributes)):
        for name, share in table.items():
            when = _drawn(share, at, anchor, happened, drawn)
            if when is not None:
                yield Moment(when, number, deed, name)
    when = _drawn(habits.unfriend, at, anchor, happened, drawn)
    if when is not None:
        yield Moment(when, number, Deed.UNFRIEND)


def _drawn(
    share: Share, at: datetime, anchor: datetime | None, happened: Mapping[str, datetime], drawn: random.Random
) -> datetime | None:
    # Thrown in any case, so that what one person does not do leaves the rest of that life as it was.
    lucky, when = drawn.random() < share.share, drawn.uniform(share.first, share.last)
    since = happened.get(share.after) if share.after else anchor if share.of_anchor else at
    if since is None or not lucky:
        return None
    return max(_daytime(since + timedelta(days=when)), at + timedelta(minutes=5))


def _later(at: datetime, share: Share, drawn: random.Random) -> datetime:
    return _daytime(at + timedelta(days=drawn.uniform(share.first, share.last)))


def _daytime(at: datetime) -> datetime:
    """What people do in person, they do between nine and nine."""
    local = at.astimezone(CHINA)
    if local.hour < 9:  # noqa: PLR2004 - opening time
        return local.replace(hour=local.hour + 9)
    return local.replace(hour=20) if local.hour >= 21 else local  # noqa: PLR2004 - closing time


def _seat(scenario: Scenario, number: int) -> Seat:
    drawn, habits = dice(scenario.seed, "seat", number), scenario.habits
    span = scenario.days / _YEAR
    away: list[tuple[datetime, datetime]] = []
    for _ in range(round(habits.holidays * span)):
        since = _midnight(scenario.start + timedelta(days=drawn.randrange(scenario.days)))
        away.append((since, since + timedelta(days=drawn.randint(*habits.holiday_days))))
    leaves = drawn.random() < habits.resign * span
    day = _midnight(scenario.start + timedelta(days=drawn.randrange(scenario.days)))
    return Seat(away=tuple(sorted(away)), resigns_at=day + timedelta(hours=18) if leaves else None)


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(CHINA).date(), time(), CHINA)
