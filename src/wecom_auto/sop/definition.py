"""A SOP definition: one canonical document, whoever wrote it. Plans nothing, sends nothing, reads no clock.

TOML files, JSON and the builders of `wecom_auto.sop.builders` make the same value.
Equal definitions have the same canonical JSON and therefore the same digest, which is stored with every run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop._document._consistency import check_jumps, check_target
from wecom_auto.sop._document._policies import Entry, Owner, Policy, Target, Window, check_category
from wecom_auto.sop._document._problems import (
    DefinitionError,
    inside,
    read_file,
    read_int,
    read_table,
    read_text,
    read_word,
)
from wecom_auto.sop._document._schema import SCHEMA, json_schema
from wecom_auto.sop._document._steps import Exit, Step, Wait, to_id
from wecom_auto.sop._document._timing import parse_zone, to_instant
from wecom_auto.sop._document._toml import read_toml
from wecom_auto.sop._document._yaml import read_yaml

__all__ = ["SCHEMA", "Definition", "Exit", "Step", "Wait"]

MAX_STEPS: Final = 200
_KEYS: Final = (
    "schema", "sop", "version", "title", "timezone", "priority", "owner", "target", "category", "policy", "entry",
    "window", "exit", "step",
)  # fmt: skip
_T = TypeVar("_T")
_Raw: TypeAlias = Mapping[str, object]


def _to_entry(value: Entry | _Raw) -> Entry:
    return value if isinstance(value, Entry) else inside("entry", Entry.parse, value)


def _to_window(value: Window | _Raw) -> Window:
    return value if isinstance(value, Window) else inside("window", Window.parse, value)


def _to_target(value: Target | str) -> Target:
    return Target(read_word(value, Target, "target"))


def _to_policy(value: Policy | _Raw) -> Policy:
    return value if isinstance(value, Policy) else inside("policy", Policy.parse, value)


def _to_exits(value: Iterable[Exit]) -> tuple[Exit, ...]:
    return tuple(value)


def _to_steps(value: Iterable[Step]) -> tuple[Step, ...]:
    steps = tuple(value)
    if not 1 <= len(steps) <= MAX_STEPS:
        problem = f"a SOP has 1 to {MAX_STEPS} steps, not {len(steps)}"
        raise DefinitionError(problem, place="step")
    seen: set[str] = set()
    for index, step in enumerate(steps):
        if step.id in seen:
            problem = f"the step id {step.id!r} is used twice"
            raise DefinitionError(problem, place=f"step[{index}].id", remedy="rename the later one", code="SOP002")
        seen.add(step.id)
    return steps


def _to_owner(value: Owner | str) -> Owner:
    return Owner(read_word(value, Owner, "owner"))


@frozen
class Definition:
    """A whole SOP. `Sop` of the builders is this class.

    Attributes:
        sop: The name that all versions share.
        version: A whole number from 1; a published version never changes.
        title: What people read.
        timezone: A name of the tz database.
        priority: 0 to 100; the higher one wins when two SOPs want the same customer on the same day.
        owner: Which follower sends.
        target: Whom it is about: a customer, a group, moments, a member of staff.
        category: SOPs of the same category may exclude each other; empty for none.
        policy: How it shares customers with other SOPs, and what becomes of it in trouble.
        entry: How customers come in.
        window: When people may be disturbed.
        exits: What ends a run early.
        steps: The steps in the order of the document.
    """

    sop: str = field(converter=to_id)
    version: int
    title: str
    timezone: str = field(default="Asia/Shanghai", kw_only=True)
    priority: int = field(default=50, kw_only=True)
    owner: Owner = field(default=Owner.LAST_CONTACT, converter=_to_owner, kw_only=True)
    target: Target = field(default=Target.CUSTOMER, converter=_to_target, kw_only=True)
    category: str = field(default="", kw_only=True)
    policy: Policy = field(factory=Policy, converter=_to_policy, kw_only=True)
    entry: Entry = field(converter=_to_entry, kw_only=True)
    window: Window = field(factory=Window, converter=_to_window, kw_only=True)
    exits: tuple[Exit, ...] = field(default=(), converter=_to_exits, kw_only=True)
    steps: tuple[Step, ...] = field(converter=_to_steps, kw_only=True)

    @cached_property
    def zone(self) -> ZoneInfo:
        """`timezone` as an object."""
        return parse_zone(self.timezone)

    def __attrs_post_init__(self) -> None:
        read_int(self.version, "version", least=1, most=1_000_000)
        read_int(self.priority, "priority", least=0, most=100)
        read_text(self.title, "title")
        if self.category:
            read_text(self.category, "category", chars=60)
        inside("timezone", parse_zone, self.timezone)
        check_category(self.policy, self.category)
        check_target(self.target, self.entry, self.steps)
        check_jumps(self.steps)
        for step in self.steps:
            for kind, name in step.when.uses if step.when is not None else ():
                self._check_delivered(step, kind, name)

    def _check_delivered(self, step: Step, kind: str, name: str) -> None:
        if kind == "delivered" and name not in {other.id for other in self.steps}:
            problem = f"delivered({name!r}) names no step of this SOP"
            raise DefinitionError(problem, place=f"step {step.id!r}.if", remedy="use the id of another step")

    @classmethod
    def from_document(cls, value: object) -> Definition:
        """Read a document that has been parsed already.

        Args:
            value: The table, as TOML or JSON gives it.

        Raises:
            DefinitionError: Anything unknown, missing or out of range, with its place and a suggestion.
        """
        table = read_table(value, _KEYS, ("sop", "version", "title", "entry", "step"))
        if table.get("schema", SCHEMA) != SCHEMA:
            problem = f"the format {table['schema']!r:.60} is not {SCHEMA!r}"
            raise DefinitionError(problem, place="schema", remedy="upgrade wecom_auto")
        return cls(
            inside("sop", to_id, table["sop"]),
            read_int(table["version"], "version", least=1, most=1_000_000),
            read_text(table["title"], "title"),
            timezone=read_text(table.get("timezone", "Asia/Shanghai"), "timezone"),
            priority=read_int(table.get("priority", 50), "priority", least=0, most=100),
            owner=Owner(read_word(table.get("owner", Owner.LAST_CONTACT.value), Owner, "owner")),
            target=Target(read_word(table.get("target", Target.CUSTOMER), Target, "target")),
            category=read_text(table["category"], "category", chars=60) if "category" in table else "",
            policy=inside("policy", Policy.parse, table.get("policy", {})),
            entry=inside("entry", Entry.parse, table["entry"]),
            window=inside("window", Window.parse, table.get("window", {})),
            exits=_each("exit", Exit.parse, table.get("exit", ())),
            steps=_each("step", Step.parse, table["step"]),
        )

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Definition:
        """Read a file: YAML if its name ends in `.yaml` or `.yml`, JSON if it ends in `.json`, otherwise TOML.

        Raises:
            DefinitionError: See `from_document`; also an unreadable file.
        """
        match Path(path).suffix.lower():
            case ".yaml" | ".yml":
                return cls.from_yaml(path)
            case ".json":
                return cls.from_json(read_file(path))
            case _:
                return cls.from_toml(Path(path))

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> Definition:
        """Read a TOML file.

        Args:
            source: A path; or the text itself, recognised by a line break or an equals sign.

        Raises:
            DefinitionError: See `from_document`; also unreadable files and bad TOML.
        """
        return cls.from_document(read_toml(source))

    @classmethod
    def from_yaml(cls, source: str | os.PathLike[str]) -> Definition:
        """Read a YAML file (extra `yaml`), in which every scalar is the text that was written.

        Numbers and `true` and `false` are read where the format wants them; `no`, `10:00` and `1.10` stay texts, and
        are refused where something else is wanted. Aliases, tags and keys that stand twice are refused.

        Args:
            source: A path; or the text itself, recognised by a line break.

        Raises:
            DefinitionError: See `from_document`; also unreadable files and bad YAML.
            ConfigurationError: PyYAML is not installed.
        """
        return cls.from_document(read_yaml(source, json_schema()))

    @classmethod
    def from_json(cls, text: str | bytes) -> Definition:
        """Read the canonical JSON, or any JSON of the same shape.

        Raises:
            DefinitionError: See `from_document`; also bad JSON.
        """
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            problem = f"not JSON: {error}"
            raise DefinitionError(problem) from None
        return cls.from_document(value)

    def document(self) -> dict[str, JSON]:
        """The canonical document as a table.

        Every default is written out, every optional part that is absent is left out.
        `target`, `category` and `policy`, which came later, are left out as well where they have their defaults:
        the digest of a definition that does not use them is what it always was.
        """
        return {
            "schema": SCHEMA,
            "sop": self.sop,
            "version": self.version,
            "title": self.title,
            "timezone": self.timezone,
            "priority": self.priority,
            "owner": self.owner.value,
            "entry": self.entry.document(),
            "window": self.window.document(),
            "exit": [item.document() for item in self.exits],
            "step": [step.document() for step in self.steps],
            **self._later_keys(),
        }

    def _later_keys(self) -> dict[str, JSON]:
        found: dict[str, JSON] = {} if self.target is Target.CUSTOMER else {"target": self.target.value}
        if self.category:
            found["category"] = self.category
        policy = self.policy.document()
        return found | ({"policy": policy} if policy else {})

    def to_json(self) -> str:
        """The canonical JSON: sorted keys, no spaces, UTF-8 text as it is."""
        return json.dumps(self.document(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def find(self, step_id: str) -> Step | None:
        """The step of this id, if there is one."""
        return next((step for step in self.steps if step.id == step_id), None)

    def step(self, step_id: str) -> Step:
        """The step of this id.

        Raises:
            KeyError: There is none.
        """
        found = self.find(step_id)
        if found is None:
            raise KeyError(step_id)
        return found

    def window_of(self, step: Step) -> Window:
        """When a step may disturb people: its own window, or the definition's."""
        return self.window if step.window is None else step.window

    def anchor_at(self, value: object) -> datetime | None:
        """The instant of an anchor attribute.

        Args:
            value: `"2026-11-12"`, an ISO date-time with an offset, a `date`, or an aware `datetime`.
                A plain date means its first moment in the definition's zone.

        Returns:
            An aware time in UTC, or `None` for a value that is not a date.
        """
        return to_instant(value, self.zone)

    @property
    def lead(self) -> timedelta:
        """How long before its anchor the first step is due; zero if none is. Enrol that early, and a little more."""
        return max([-step.at.approximate for step in self.steps if step.at.before_anchor], default=timedelta())


def _each(place: str, parse: Callable[[object], _T], value: object) -> tuple[_T, ...]:
    if not isinstance(value, list | tuple):
        problem = f"[[{place}]] must be a list of tables"
        raise DefinitionError(problem, place=place, remedy=f"write [[{place}]] with two brackets")
    items: list[object] = [*value]
    return tuple(inside(f"{place}[{index}]", parse, item) for index, item in enumerate(items))
