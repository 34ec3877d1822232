"""Rules of the follow-up watch (未跟进预警) as data. Knows no customer and reads no clock."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from attrs import frozen

from wecom_auto.automotive._presets import preset_names, preset_text
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.sop._document._problems import DefinitionError, inside, read_int, read_table, read_text
from wecom_auto.sop._document._timing import ClockRange, parse_duration
from wecom_auto.sop._document._toml import read_toml

_SPANS: Final = ("first_response", "no_touch", "task_grace", "max_first_reply", "escalate_after", "reassign_after")
_KEYS: Final = ("name", "source", *_SPANS, "min_reply_percentage", "min_chats", "quiet")
_CHATS: Final = 100_000


class Rule(StrEnum):
    """Which rule a silence breaks."""

    FIRST_RESPONSE = "first_response"
    """Nobody has answered, or nobody has been in touch since the customer was added."""
    NO_TOUCH = "no_touch"
    """No effective contact for too many days."""
    GRADE = "grade"
    """The next contact that the grade (意向等级) asks for is late."""
    TASK = "task"
    """A staff task that nobody has answered."""
    FIGURES = "figures"
    """A member's own figures of one day: answers too few chats, or too late."""


class Rung(StrEnum):
    """How far an alert has climbed."""

    ALERT = "alert"
    """Whoever looks after the customer hears of it."""
    ESCALATE = "escalate"
    """The supervisor (N+1) hears of it."""
    REASSIGN = "reassign"
    """The work goes to another of the N members."""


@frozen(kw_only=True)
class WatchRules:
    """What is too late, and what happens then. A rule that is None is not looked at.

    Attributes:
        name: Of the preset or the file.
        first_response: In working time, to a customer's word or to a new customer.
        no_touch: Calendar time since the last effective contact.
        task_grace: Working time after the deadline of a staff task.
        min_reply_percentage: 0 to 100; below it a member's day is too bad.
        max_first_reply: Average time to the first answer; above it a member's day is too bad.
        min_chats: A day with fewer chats says nothing.
        escalate_after: Working time from the alert to the supervisor; None for never.
        reassign_after: Working time from the supervisor to another member; None for never.
        quiet: Parts of the day in which nobody is told anything, even if the shop works.
        source: Where the numbers come from.
    """

    name: str = "own"
    first_response: timedelta | None = None
    no_touch: timedelta | None = None
    task_grace: timedelta | None = None
    min_reply_percentage: int | None = None
    max_first_reply: timedelta | None = None
    min_chats: int = 5
    escalate_after: timedelta | None = timedelta(minutes=90)
    reassign_after: timedelta | None = None
    quiet: tuple[ClockRange, ...] = ()
    source: str = ""

    @classmethod
    def preset(cls, name: str = "automotive") -> WatchRules:
        """Take rules that ship with the package."""
        return cls.from_file(preset_text("watch", name))

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """List the rules that ship with the package."""
        return preset_names("watch")

    @classmethod
    def from_file(cls, source: str | os.PathLike[str]) -> WatchRules:
        """Read rules from a TOML file, or from its text; a key that is left out is a rule that is not looked at.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
        """
        table = read_table(read_toml(source), _KEYS, ("name",))
        spans = {key: _span(table, key) for key in _SPANS}
        return cls(
            name=read_text(table["name"], "name", chars=64),
            **spans,
            min_reply_percentage=_number(table, "min_reply_percentage", 100),
            min_chats=_number(table, "min_chats", _CHATS) or 1,
            quiet=read_list(table.get("quiet", []), "quiet", ClockRange.parse),
            source=str(table.get("source", "")),
        )


def _span(table: Mapping[str, object], key: str) -> timedelta | None:
    if key not in table:
        return None
    found = inside(key, parse_duration, table[key])
    if found <= timedelta():
        problem = f"{table[key]!r} is no time"
        raise DefinitionError(problem, place=key, remedy="leave the key out for a rule that is not wanted")
    return found


def _number(table: Mapping[str, object], key: str, most: int) -> int | None:
    return read_int(table[key], key, least=0, most=most) if key in table else None
