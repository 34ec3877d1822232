"""The small rules a definition carries: who may come in, when people may be disturbed, how arms are drawn.

Values only: the planner and the runner apply them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from attrs import frozen

from wecom_auto._types import JSON
from wecom_auto.sop._problems import DefinitionError, read_int, read_table, read_text, suggestion
from wecom_auto.sop._timing import (
    ClockRange,
    format_duration,
    open_minutes,
    parse_duration,
    parse_late,
)
from wecom_auto.sop.conditions import Condition

HOLDOUT: Final = "holdout"
"""The arm that gets nothing, on purpose."""
_AFTER: Final = re.compile(r"after ([0-9]{1,5}d)")
_TRIGGERS: Final = {
    "attribute.set": True,
    "customer.added": False,
    "event": True,
    "import": False,
    "manual": False,
    "tag.added": True,
}


class Holidays(StrEnum):
    """What the calendar does to a touch."""

    SEND = "send"
    """Every day is as good as another."""
    SKIP_STATUTORY = "skip-statutory"
    """Not on public holidays (法定节假日, days off in lieu included); ordinary weekends are fine."""
    WORKDAYS_ONLY = "workdays-only"
    """Workdays only, make-up workdays (调休) included."""


class Shift(StrEnum):
    """Where a touch goes that falls on a closed day."""

    LATER = "later"
    EARLIER = "earlier"


class Owner(StrEnum):
    """Which follower sends, when several members follow the customer."""

    ADDER = "adder"
    LAST_CONTACT = "last_contact"
    TAG_OWNER = "tag_owner"
    FIXED = "fixed"


@frozen
class Reentry:
    """Whether a customer who was in the SOP before may come in again.

    Attributes:
        text: `never`, `after 180d`, `always` or `per anchor`.
        after: The distance from the last entry, for `after Nd`.
    """

    text: str = "never"
    after: timedelta | None = None

    @classmethod
    def parse(cls, value: object) -> Reentry:
        """Read the rule.

        Raises:
            DefinitionError: Another word.
        """
        if isinstance(value, str):
            if value in {"never", "always", "per anchor"}:
                return cls(value)
            if match := _AFTER.fullmatch(value):
                after = parse_duration(match[1])
                return cls(f"after {after.days}d", after)
        problem = f"{value!r:.60} is not a rule for re-entry"
        raise DefinitionError(problem, remedy='write "never", "after 180d", "always" or "per anchor"')

    def allows(self, last_entry: datetime | None, now: datetime, *, same_anchor: bool = False) -> bool:
        """Whether a new run may start.

        Args:
            last_entry: When the customer last entered this SOP, whatever its version; `None` for never.
            now: The time of the new entry.
            same_anchor: Whether any earlier run had the same anchor (the same expiry date).
        """
        if last_entry is None or self.text == "always":
            return True
        if self.text == "per anchor":
            return not same_anchor
        return self.after is not None and now - last_entry >= self.after


@frozen
class Entry:
    """How customers come into the SOP.

    Attributes:
        on: The trigger: `customer.added`, `tag.added:NAME`, `attribute.set:NAME`, `event:NAME`, `import` or `manual`.
        where: The condition for entry; `None` admits everyone.
        reentry: Whether the same customer may come again.
        anchor: The attribute whose date the offsets count from; `None` counts from the moment of entry.
    """

    on: str
    where: Condition | None = None
    reentry: Reentry = Reentry()
    anchor: str | None = None

    @classmethod
    def parse(cls, value: object) -> Entry:
        """Read the `[entry]` table.

        Raises:
            DefinitionError: Unknown key or trigger, or `per anchor` without an anchor.
        """
        table = read_table(value, ("on", "where", "reentry", "anchor"), ("on",))
        reentry = Reentry.parse(table.get("reentry", "never"))
        anchor = read_text(table["anchor"], "anchor") if "anchor" in table else None
        if reentry.text == "per anchor" and anchor is None:
            problem = "reentry is 'per anchor', but no anchor is named"
            raise DefinitionError(problem, remedy='add anchor = "…", an attribute that holds a date')
        return cls(_trigger(table["on"]), read_condition(table.get("where"), "where"), reentry, anchor)

    @property
    def trigger(self) -> str:
        """The kind of trigger, without its subject: `attribute.set`."""
        return self.on.partition(":")[0]

    @property
    def subject(self) -> str:
        """What the trigger is about: `insurance_expiry`; empty when it has none."""
        return self.on.partition(":")[2]

    def document(self) -> dict[str, JSON]:
        """The canonical table."""
        found: dict[str, JSON] = {"on": self.on, "reentry": self.reentry.text}
        optional = {"where": None if self.where is None else self.where.text, "anchor": self.anchor}
        return found | {key: value for key, value in optional.items() if value is not None}


@frozen
class Window:
    """When people may be disturbed.

    Attributes:
        allow: Parts of the day that are open, in the definition's zone; empty for the whole day.
        quiet: Parts of the day that are closed even if allowed.
        holidays: What the calendar does.
        shift: Where a touch on a closed day goes.
        late: A touch later than this is skipped, never sent after an outage.
        spread: Over how many open days touches are spread that a holiday has moved; zero for none.
    """

    allow: tuple[ClockRange, ...] = ()
    quiet: tuple[ClockRange, ...] = ()
    holidays: Holidays = Holidays.SEND
    shift: Shift = Shift.LATER
    late: timedelta = timedelta(days=2)
    spread: timedelta = timedelta()

    @cached_property
    def openings(self) -> tuple[tuple[int, int], ...]:
        """The open minutes of a day, sorted and disjoint."""
        return open_minutes(self.allow, self.quiet)

    def __attrs_post_init__(self) -> None:
        if not self.openings:
            problem = "the quiet hours leave no minute of the day open"
            raise DefinitionError(problem, remedy="shorten quiet or widen allow")

    @classmethod
    def parse(cls, value: object) -> Window:
        """Read the `[window]` table.

        Raises:
            DefinitionError: Unknown key or value, or no minute of the day left open.
        """
        table = read_table(value, ("allow", "quiet", "holidays", "shift", "late", "spread"))
        return cls(
            allow=_ranges(table.get("allow"), "allow"),
            quiet=_ranges(table.get("quiet"), "quiet"),
            holidays=Holidays(read_word(table.get("holidays", Holidays.SEND), Holidays, "holidays")),
            shift=Shift(read_word(table.get("shift", Shift.LATER), Shift, "shift")),
            late=parse_late(table.get("late", "drop after 2d")),
            spread=_spread(table.get("spread")),
        )

    def document(self) -> dict[str, JSON]:
        """The canonical table."""
        found: dict[str, JSON] = {
            "holidays": self.holidays.value,
            "shift": self.shift.value,
            "late": f"drop after {format_duration(self.late)}",
        }
        for key, ranges in (("allow", self.allow), ("quiet", self.quiet)):
            if ranges:
                found[key] = [str(item) for item in ranges]
        return found | ({"spread": format_duration(self.spread)} if self.spread else {})


@frozen
class Arms:
    """An A/B draw: arms with weights, and perhaps a holdout that gets nothing.

    Attributes:
        weights: `(arm, weight)` in the order of the names; weights are relative, 1 to 1,000,000.
    """

    weights: tuple[tuple[str, int], ...]

    @classmethod
    def parse(cls, value: object) -> Arms:
        """Read `{A = 45, B = 45, holdout = 10}`.

        Raises:
            DefinitionError: No arm beside the holdout, or a weight that is not a positive whole number.
        """
        names: list[str] = [str(key) for key in value] if isinstance(value, Mapping) else []  # pyright: ignore[reportUnknownVariableType]
        table = read_table(value, names)
        if not set(names) - {HOLDOUT}:
            problem = "an A/B step needs at least one arm beside the holdout"
            raise DefinitionError(problem, remedy="write ab = { A = 50, B = 50 }")
        weights = sorted((name, read_int(weight, name, least=1, most=1_000_000)) for name, weight in table.items())
        return cls(tuple(weights))

    def draw(self, seed: str, step_id: str) -> str:
        """The arm of one run: the same seed and step always draw the same arm, on every machine.

        Args:
            seed: The run's seed (`EnrolmentState.arm_seed`).
            step_id: The step, so that two steps draw independently.
        """
        ticket = stable_number(f"{seed}\x1f{step_id}") % sum(weight for _, weight in self.weights)
        for arm, weight in self.weights:
            ticket -= weight
            if ticket < 0:
                return arm
        raise AssertionError  # pragma: no cover - the tickets add up to the weights


def stable_number(text: str) -> int:
    """A number from a text that is the same in every process, unlike `hash`."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def read_word(value: object, words: type[StrEnum], place: str) -> str:
    """One of the words of an enum.

    Raises:
        DefinitionError: Another word, with a suggestion.
    """
    known = [word.value for word in words]
    if value in known:
        return str(value)
    problem = f"{place} must be one of its words, not {value!r:.60}"
    raise DefinitionError(problem, remedy=suggestion(str(value), known))


def read_condition(value: object, place: str) -> Condition | None:
    """A condition, as text or built; `None` when the key is absent.

    Raises:
        DefinitionError: Neither; a text outside the grammar is a `ConditionError` inside the message.
    """
    if value is None or isinstance(value, Condition):
        return value
    try:
        return Condition.parse(read_text(value, "a condition", chars=1_000_000))
    except DefinitionError as error:
        raise error.at(place) from None


def _trigger(value: object) -> str:
    text = read_text(value, "on")
    kind, colon, subject = text.partition(":")
    if kind not in _TRIGGERS:
        problem = f"unknown trigger {text!r:.60}"
        raise DefinitionError(problem, place="on", remedy=suggestion(kind, _TRIGGERS))
    if bool(subject) is not _TRIGGERS[kind] or bool(colon) is not bool(subject):
        problem = f"the trigger {kind!r} {'needs a subject' if _TRIGGERS[kind] else 'takes no subject'}"
        raise DefinitionError(problem, place="on", remedy=f"write {kind}{':NAME' if _TRIGGERS[kind] else ''}")
    return text


def _ranges(value: object, place: str) -> tuple[ClockRange, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        problem = f"{place} must be a list of parts of the day"
        raise DefinitionError(problem, remedy='write ["09:30-12:00"]')
    items: list[object] = [*value]
    return tuple(sorted({ClockRange.parse(item) for item in items}, key=str))


def _spread(value: object) -> timedelta:
    if value is None:
        return timedelta()
    span = parse_duration(value)
    if span % timedelta(days=1):
        problem = f"spread counts whole days, not {value!r}"
        raise DefinitionError(problem, place="spread", remedy='write "2d"')
    return span
