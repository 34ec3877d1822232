"""Write the script: what every person and every member of staff does, and when. Pure: the same seed, the same play.

The funnel is the one of the trade's hand-outs: of 100 leads 45 become contacts, 18 visit, 11 test-drive, 6 order.
All other habits are ours and only meant to be lively.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from attrs import frozen

from wecom_auto._demo._leads import OWNER, Lead
from wecom_auto._demo._world import STORES
from wecom_auto._time import CHINA

ADDED: Final = 45 / 100
VISITED: Final = 18 / 45
DROVE: Final = 11 / 18
ORDERED: Final = 6 / 11


class Deed(StrEnum):
    """Something that a person does; the platform or the dealer's own system knows of it."""

    SCAN = "scan"
    CHAT = "chat"
    JOIN = "join"
    BOOK = "book"
    VISIT = "visit"
    DRIVE = "drive"
    SIGN = "sign"
    QUIT = "quit"
    QUIET = "quiet"
    UNFRIEND = "unfriend"
    RENEW = "renew"
    SELL = "sell"
    LEAVE = "leave"
    SYNC = "sync"
    REVOKE = "revoke"


@frozen(kw_only=True)
class Moment:
    """One deed at one time."""

    at: datetime
    deed: Deed
    line: int = 0
    """The lead, by its line in the list."""
    userid: str = ""
    """The member, for what members do by themselves."""


@frozen(kw_only=True)
class Habit:
    """What a member does with one task: tap after a while, tap only when nudged, or never."""

    tap_after: timedelta | None
    tap_when_nudged: timedelta | None


def script(leads: Sequence[Lead], start: datetime, end: datetime, seed: int) -> tuple[Moment, ...]:
    """Write everything that happens by itself, in the order of time."""
    moments = [moment for lead in leads for moment in _life(lead, start, _dice(seed, "life", lead.line))]
    moments += _company(start, end, seed)
    return tuple(sorted((one for one in moments if start <= one.at < end), key=_order))


def habit(seed: int, userid: str, number: int) -> Habit:
    """Say what a member does with the task that is the `number`-th of all."""
    dice = _dice(seed, "tap", userid, number)
    mood = dice.random()
    if mood < 0.7:  # noqa: PLR2004 - ours
        return Habit(tap_after=_minutes(dice, 5, 150), tap_when_nudged=None)
    if mood < 0.9:  # noqa: PLR2004 - ours
        return Habit(tap_after=None, tap_when_nudged=_minutes(dice, 5, 90))
    return Habit(tap_after=None, tap_when_nudged=None)


def work(seed: int, task_id: int) -> timedelta | None:
    """Say how long a member takes for a task of their own, or None if it is never done."""
    dice = _dice(seed, "work", task_id)
    return _minutes(dice, 30, 30 * 60) if dice.random() < 0.75 else None  # noqa: PLR2004 - ours


def _dice(*words: object) -> random.Random:
    return random.Random("/".join(map(str, words)))  # noqa: S311 - a play, not a secret


def _order(moment: Moment) -> tuple[datetime, int, str]:
    return moment.at, moment.line, moment.deed


def _life(lead: Lead, start: datetime, dice: random.Random) -> Iterator[Moment]:
    if dice.random() >= ADDED:
        return
    left = max(datetime.combine(lead.left_on, time(9, 30), CHINA), start)
    added = _daytime(left + _minutes(dice, 10, 3 * 24 * 60), dice)
    yield Moment(at=added, deed=Deed.SCAN, line=lead.line)
    deeds = _owner(lead, added, dice) if lead.kind == OWNER else _prospect(added, dice)
    yield from (Moment(at=at, deed=deed, line=lead.line) for at, deed in deeds)


def _prospect(added: datetime, dice: random.Random) -> Iterator[tuple[datetime, Deed]]:
    if dice.random() < 0.6:  # noqa: PLR2004 - ours
        yield _daytime(added + _minutes(dice, 30, 5 * 24 * 60), dice), Deed.CHAT
    joins = dice.random() < 0.5  # noqa: PLR2004 - ours
    if joins:
        yield added + _minutes(dice, 20, 600), Deed.JOIN
    if dice.random() < 0.02:  # noqa: PLR2004 - 5.9 of the trade's numbers
        yield _daytime(added + _minutes(dice, 60, 20 * 24 * 60), dice), Deed.UNFRIEND
    elif dice.random() < 0.03:  # noqa: PLR2004 - ours
        yield _daytime(added + _minutes(dice, 60, 10 * 24 * 60), dice), Deed.QUIET
    if dice.random() < VISITED:
        yield from _buying(added, dice, in_group=joins)


def _buying(added: datetime, dice: random.Random, *, in_group: bool) -> Iterator[tuple[datetime, Deed]]:
    visit = _daytime(added + _minutes(dice, 24 * 60, 12 * 24 * 60), dice)
    drives = dice.random() < DROVE
    if drives and dice.random() < 0.5:  # noqa: PLR2004 - ours
        yield visit - _minutes(dice, 120, 20 * 60), Deed.BOOK
    yield visit, Deed.VISIT
    if not drives:
        return
    drive = visit + timedelta(hours=1) if dice.random() < 0.6 else _daytime(visit + timedelta(days=3), dice)  # noqa: PLR2004 - ours
    yield drive, Deed.DRIVE
    if dice.random() < ORDERED:
        sign = _daytime(drive + _minutes(dice, 60, 18 * 24 * 60), dice)
        yield sign, Deed.SIGN
        if in_group:
            yield sign + timedelta(hours=20), Deed.QUIT


def _owner(lead: Lead, added: datetime, dice: random.Random) -> Iterator[tuple[datetime, Deed]]:
    if dice.random() < 0.02:  # noqa: PLR2004 - ours
        yield _daytime(added + _minutes(dice, 60, 40 * 24 * 60), dice), Deed.UNFRIEND
    if dice.random() < 0.04:  # noqa: PLR2004 - ours
        yield _daytime(added + timedelta(days=dice.randrange(2, 40)), dice), Deed.SELL
    if lead.insurance_ends is not None and dice.random() < 0.45:  # noqa: PLR2004 - ours
        before = timedelta(days=dice.randrange(3, 35))
        renewed = _daytime(datetime.combine(lead.insurance_ends, time(11), CHINA) - before, dice)
        yield max(renewed, added + timedelta(days=1)), Deed.RENEW


def _company(start: datetime, end: datetime, seed: int) -> Iterator[Moment]:
    """What happens to the company: two advisors leave, the mirror is checked every Monday night, tokens die."""
    dice = _dice(seed, "company")
    days = max(1, (end - start).days)
    for share, store in zip((0.3, 0.6), dice.sample(STORES, 2), strict=True):
        userid = dice.choice(store.advisors)
        left = _at_clock(start + timedelta(days=int(days * share)), time(18, 5))
        yield Moment(at=left, deed=Deed.LEAVE, userid=userid)
        yield Moment(at=_at_clock(left + timedelta(days=1), time(3)), deed=Deed.SYNC)
    for week in range(1, days // 7 + 1):
        yield Moment(at=_at_clock(start + timedelta(days=7 * week), time(3)), deed=Deed.SYNC)
    for share in (0.1, 0.45, 0.8):
        yield Moment(at=_at_clock(start + timedelta(days=int(days * share)), time(10, 0, 1)), deed=Deed.REVOKE)


def _minutes(dice: random.Random, least: int, most: int) -> timedelta:
    return timedelta(minutes=dice.randrange(least, most))


def _at_clock(day: datetime, clock: time) -> datetime:
    return datetime.combine(day.astimezone(CHINA).date(), clock, CHINA)


def _daytime(at: datetime, dice: random.Random) -> datetime:
    """Move what people do in person into the hours when they are awake and shops are open."""
    local = at.astimezone(CHINA)
    if time(9) <= local.time() <= time(21):
        return local
    return _at_clock(local + timedelta(days=local.hour >= 21), time(10)) + _minutes(dice, 0, 9 * 60)  # noqa: PLR2004 - closing time
