"""Steps and exits of a definition: their values and how they are read. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Final, TypeAlias

from attrs import field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop._document._actions import ARM, Action, EndAction, Jump, Sending, Welcome
from wecom_auto.sop._document._arms import HOLDOUT, Arms
from wecom_auto.sop._document._do import actions_document, parse_actions
from wecom_auto.sop._document._problems import DefinitionError, inside, is_table, read_bool, read_table
from wecom_auto.sop._document._timing import Offset, format_duration, parse_duration
from wecom_auto.sop._document._window import Window
from wecom_auto.sop.conditions import Condition, read_condition

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_Raw: TypeAlias = Mapping[str, object]


def to_id(value: object) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    problem = f"{value!r:.80} is not an identifier"
    raise DefinitionError(problem, remedy="use 1 to 64 letters, digits, dots, dashes and underscores")


def _required(value: object) -> Condition:
    condition = read_condition(value, "")
    if condition is None:
        problem = "a condition is missing"
        raise DefinitionError(problem)
    return condition


def _to_required(value: Condition | str) -> Condition:
    return _required(value)


def _to_condition(value: Condition | str | None) -> Condition | None:
    return read_condition(value, "")


def _to_offset(value: Offset | str) -> Offset:
    return value if isinstance(value, Offset) else inside("at", Offset.parse, value)


def _to_actions(value: Iterable[Action] | _Raw) -> tuple[Action, ...]:
    return inside("do", parse_actions, value) if is_table(value) else tuple(value)  # type: ignore[arg-type]


def _to_arms(value: Arms | _Raw | None) -> Arms | None:
    return value if value is None or isinstance(value, Arms) else inside("ab", Arms.parse, value)


@frozen
class Exit:
    """A condition that ends a run, tested before every step.

    Attributes:
        when: The condition; unknown does not end a run.
        goal: Whether leaving here counts as a conversion.
    """

    when: Condition = field(converter=_to_required)
    goal: bool = field(default=False, kw_only=True)

    @classmethod
    def parse(cls, value: object) -> Exit:
        """Read one `[[exit]]` table.

        Raises:
            DefinitionError: Unknown key, or no condition.
        """
        table = read_table(value, ("when", "goal"), ("when",))
        return cls(inside("when", _required, table["when"]), goal=read_bool(table.get("goal", False), "goal"))

    def document(self) -> dict[str, JSON]:
        """The canonical table."""
        found: dict[str, JSON] = {"when": self.when.text}
        return found | ({"goal": True} if self.goal else {})


@frozen
class Wait:
    """Hold a step until something is true, but never for ever.

    Attributes:
        until: The condition to wait for.
        max: How long; afterwards the step is skipped (`skipped:timeout`). There is no wait without it.
    """

    until: Condition = field(converter=_to_required)
    max: timedelta

    @classmethod
    def parse(cls, value: object) -> Wait:
        """Read `{ for = "event('testdrive.booked')", max = "7d" }`.

        Raises:
            DefinitionError: Unknown key, or no maximum (`SOP003`).
        """
        table = read_table(value, ("for", "max"), ("for",))
        if "max" not in table:
            problem = "a wait without a maximum would never end"
            raise DefinitionError(problem, remedy='add max = "7d"', code="SOP003")
        return cls(inside("for", _required, table["for"]), inside("max", parse_duration, table["max"]))

    def document(self) -> dict[str, JSON]:
        """The canonical table."""
        return {"for": self.until.text, "max": format_duration(self.max)}


def _to_window(value: Window | _Raw | None) -> Window | None:
    return value if value is None or isinstance(value, Window) else inside("window", Window.parse, value)


def _to_wait(value: Wait | _Raw | None) -> Wait | None:
    return value if value is None or isinstance(value, Wait) else inside("wait", Wait.parse, value)


@frozen
class Step:
    """One step: when, under which guard, and what.

    Attributes:
        id: Its name for ever: a run never repeats a step id, in no version of the SOP.
        at: The offset from the anchor.
        do: The actions, in the order in which they are done.
        when: The guard (`if` in TOML), tested when the step is due, not before.
        ab: The arms, for an A/B step.
        wait: What to wait for before the step fires.
        window: The step's own window, in the place of the definition's as a whole; `None` for the definition's.
    """

    id: str = field(converter=to_id)
    at: Offset = field(converter=_to_offset)
    do: tuple[Action, ...] = field(converter=_to_actions, kw_only=True)
    when: Condition | None = field(default=None, converter=_to_condition, kw_only=True)
    ab: Arms | None = field(default=None, converter=_to_arms, kw_only=True)
    wait: Wait | None = field(default=None, converter=_to_wait, kw_only=True)
    window: Window | None = field(default=None, converter=_to_window, kw_only=True)

    @cached_property
    def reaches_people(self) -> bool:
        """Whether any action is noticed by a customer or a member."""
        return any(action.reaches_people for action in self.do)

    @cached_property
    def is_welcome(self) -> bool:
        """Whether the step uses the welcome code."""
        return any(isinstance(action, Welcome) for action in self.do)

    @cached_property
    def ends(self) -> bool:
        """Whether the run ends with it."""
        return any(isinstance(action, EndAction) for action in self.do)

    @cached_property
    def jump(self) -> Jump | None:
        """Where the run goes on after it, unless with the next step."""
        return next((action for action in self.do if isinstance(action, Jump)), None)

    def __attrs_post_init__(self) -> None:
        if self.ab is None and any(isinstance(action, Sending) and ARM in action.content for action in self.do):
            problem = f"step {self.id!r} names content by {ARM} but draws no arm"
            raise DefinitionError(problem, remedy="add ab = { A = 50, B = 50 }")

    @classmethod
    def parse(cls, value: object) -> Step:
        """Read one `[[step]]` table.

        Raises:
            DefinitionError: Unknown key (also inside `do`), or a missing `id`, `at` or `do`.
        """
        table = read_table(value, ("id", "at", "if", "do", "ab", "wait", "window"), ("id", "at", "do"))
        return cls(
            inside("id", to_id, table["id"]),
            inside("at", Offset.parse, table["at"]),
            do=inside("do", parse_actions, table["do"]),
            when=inside("if", lambda text: read_condition(text, ""), table.get("if")),
            ab=inside("ab", Arms.parse, table["ab"]) if "ab" in table else None,
            wait=inside("wait", Wait.parse, table["wait"]) if "wait" in table else None,
            window=inside("window", Window.parse, table["window"]) if "window" in table else None,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Short words for what the step does: `("mass", "remind", "escalate")`."""
        keys = (key for key in actions_document(self.do) if key not in {"due", "visible"})
        return tuple("remind" if key == "remind_staff" else key for key in keys)

    @property
    def contents(self) -> tuple[str, ...]:
        """Every content name the step may use, one for each arm that is not the holdout."""
        arms = [arm for arm, _ in self.ab.weights if arm != HOLDOUT] if self.ab else [None]
        actions = [action.for_arm(arm) for action in self.do for arm in arms]
        names = [action.content for action in actions if isinstance(action, Sending | Welcome)]
        return tuple(dict.fromkeys(names))

    def document(self) -> dict[str, JSON]:
        """The canonical table."""
        found: dict[str, JSON] = {"id": self.id, "at": str(self.at), "do": actions_document(self.do)}
        if self.when is not None:
            found["if"] = self.when.text
        if self.ab is not None:
            found["ab"] = dict(self.ab.weights)
        if self.window is not None:
            found["window"] = self.window.document()
        return found | ({"wait": self.wait.document()} if self.wait is not None else {})
