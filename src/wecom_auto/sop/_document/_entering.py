"""Who may come into a SOP, and on what: triggers, anchors and re-entry. Values only; it enrols nobody.

When a trigger that comes round falls due is worked out by `wecom_auto.sop._planning._occurrences`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from attrs import Factory, field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop._document._problems import DefinitionError, read_table, read_text, suggestion
from wecom_auto.sop._document._timing import YEARS, parse_duration
from wecom_auto.sop.conditions import Condition, read_condition

_AFTER: Final = re.compile(r"after ([0-9]{1,5}d)")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
VEHICLE_DATES: Final = ("delivered", "last_service", "last_visit", "policy_end", "warranty_end")
"""What a `vehicle:` trigger can count from; the attribute is `vehicle.delivered` and so on."""
_MONTHLY: Final = re.compile(r"monthly ([1-9]|[12][0-9]|3[01])")
_WEEKLY: Final = re.compile(r"weekly ([a-z]+(?:, ?[a-z]+)*)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
STAGE: Final = "stage"
"""The attribute that holds the customer's stage (客户阶段)."""


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


def _implied_anchor(entry: Entry) -> str | None:
    return {"vehicle": f"vehicle.{entry.subject}", "birthday": "birthday"}.get(entry.trigger)


def _implied_reentry(entry: Entry) -> Reentry:
    # Whoever has a birthday every year comes in every year, unless the definition says otherwise.
    return Reentry("per anchor") if entry.trigger in {"vehicle", "birthday", "calendar"} else Reentry()


@frozen
class Entry:
    """How customers, groups or members come into the SOP.

    Attributes:
        on: The trigger: `customer.added`, `tag.added:NAME`, `attribute.set:NAME`, `event:NAME`, `stage.entered:NAME`,
            `group.created`, `group.joined`, `vehicle:delivered` and its like, `birthday`, `calendar:2026-10-01`,
            `calendar:weekly mon`, `calendar:monthly 15`, `import` or `manual`.
        where: The condition for entry; `None` admits everyone.
        anchor: The attribute whose date the offsets count from; `None` counts from the moment of entry, and for a
            calendar trigger from its day. `vehicle:` and `birthday` bring their own.
        reentry: Whether the same customer may come again; by default once for each date where the trigger brings one,
            and never otherwise.
    """

    on: str
    where: Condition | None = None
    reentry: Reentry = field(default=Factory(_implied_reentry, takes_self=True))
    anchor: str | None = field(default=Factory(_implied_anchor, takes_self=True))

    @classmethod
    def parse(cls, value: object) -> Entry:
        """Read the `[entry]` table.

        Raises:
            DefinitionError: Unknown key or trigger, or `per anchor` without an anchor.
        """
        table = read_table(value, ("on", "where", "reentry", "anchor"), ("on",))
        entry = cls(_trigger(table["on"]), read_condition(table.get("where"), "where"))
        reentry = Reentry.parse(table["reentry"]) if "reentry" in table else entry.reentry
        anchor = read_text(table["anchor"], "anchor") if "anchor" in table else entry.anchor
        if entry.brings_date and anchor != entry.anchor:
            problem = f"the trigger {entry.on!r} brings its own anchor"
            remedy = "leave anchor out" if entry.anchor is None else f"leave anchor out; it is {entry.anchor!r}"
            raise DefinitionError(problem, place="anchor", remedy=remedy)
        if reentry.text == "per anchor" and anchor is None and not entry.recurring:
            problem = "reentry is 'per anchor', but no anchor is named"
            raise DefinitionError(problem, remedy='add anchor = "…", an attribute that holds a date')
        return cls(entry.on, entry.where, reentry, anchor)

    @property
    def trigger(self) -> str:
        """The kind of trigger, without its subject: `attribute.set`."""
        return self.on.partition(":")[0]

    @property
    def subject(self) -> str:
        """What the trigger is about: `insurance_expiry`; empty when it has none."""
        return self.on.partition(":")[2]

    @property
    def recurring(self) -> bool:
        """Whether the trigger is a date that comes up by itself: `occurrences` says when."""
        return self.trigger in {"birthday", "calendar"}

    @property
    def brings_date(self) -> bool:
        """Whether the trigger says itself what the offsets count from."""
        return self.recurring or self.trigger == "vehicle"

    def answers(self, on: str) -> bool:
        """Whether something that has happened lets people in.

        Args:
            on: A trigger as it is fired: `event:deal.signed`, `attribute.set:vehicle.delivered`.
        """
        return on == self.on or (self.trigger == "vehicle" and on == f"attribute.set:{self.anchor}")

    def document(self) -> dict[str, JSON]:
        """The canonical table."""
        found: dict[str, JSON] = {"on": self.on, "reentry": self.reentry.text}
        optional = {"where": None if self.where is None else self.where.text, "anchor": self.anchor}
        return found | {key: value for key, value in optional.items() if value is not None}


def _any_name(_subject: str) -> bool:
    return True


def _calendar(subject: str) -> bool:
    return read_calendar(subject) is not None


_SUBJECTS: Final[Mapping[str, Callable[[str], bool] | None]] = {
    "attribute.set": _any_name,
    "birthday": None,
    "calendar": _calendar,
    "customer.added": None,
    "event": _any_name,
    "group.created": None,
    "group.joined": None,
    "import": None,
    "manual": None,
    "stage.entered": _any_name,
    "tag.added": _any_name,
    "vehicle": VEHICLE_DATES.__contains__,
}
"""Every trigger, with the test of its subject; `None` takes no subject."""
TRIGGERS: Final = tuple(_SUBJECTS)
_REMEDIES: Final = {
    "calendar": "write calendar:2026-10-01, calendar:weekly mon or calendar:monthly 15",
    "vehicle": f"write vehicle: and one of {', '.join(VEHICLE_DATES)}",
}


def read_calendar(subject: str) -> date | frozenset[int] | int | None:
    """What follows `calendar:`: a date, weekdays (Monday is 0), a day of the month; `None` for anything else."""
    if match := _MONTHLY.fullmatch(subject):
        return int(match[1])
    if match := _WEEKLY.fullmatch(subject):
        days = [day.strip() for day in match[1].split(",")]
        return frozenset(map(WEEKDAYS.index, days)) if set(days) <= set(WEEKDAYS) else None
    try:
        found = date.fromisoformat(subject) if _DATE.fullmatch(subject) else None
    except ValueError:
        return None
    return found if found is not None and found.year in YEARS else None


def _trigger(value: object) -> str:
    text = read_text(value, "on")
    kind, colon, subject = text.partition(":")
    if kind not in _SUBJECTS:
        problem = f"unknown trigger {text!r:.60}"
        raise DefinitionError(problem, place="on", remedy=suggestion(kind, _SUBJECTS))
    takes = _SUBJECTS[kind]
    if bool(subject) is not (takes is not None) or bool(colon) is not bool(subject):
        problem = f"the trigger {kind!r} {'takes no subject' if takes is None else 'needs a subject'}"
        remedy = f"write {kind}{'' if takes is None else ':NAME'}"
        raise DefinitionError(problem, place="on", remedy=_REMEDIES.get(kind, remedy))
    if takes is not None and not takes(subject):
        problem = f"the trigger {kind!r} does not know {subject!r:.60}"
        near = suggestion(subject, VEHICLE_DATES) if kind == "vehicle" else _REMEDIES[kind]
        raise DefinitionError(problem, place="on", remedy=near)
    return _spelt(kind, subject) if kind == "calendar" else text


def _spelt(kind: str, subject: str) -> str:
    # One spelling for one meaning: the days of the week in their order.
    days = read_calendar(subject)
    if isinstance(days, frozenset):
        return f"{kind}:weekly {','.join(WEEKDAYS[day] for day in sorted(days))}"
    return f"{kind}:{subject}"
