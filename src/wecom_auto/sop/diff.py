"""What differs between two versions of a definition, for people who decide whether to publish. Migrates nothing.

The difference is that of the canonical documents, so a default that is written out is no difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop.definition import Definition

__all__ = ["Change", "DefinitionDiff", "Kind", "StepChange", "diff"]


class Kind(StrEnum):
    """What has become of a step."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """It is due at another time, or stands at another place of the order; perhaps it does something else, too."""
    CHANGED = "changed"
    """Due as before, it does something else or under another guard."""


_SIGNS: Final = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.MOVED: ">", Kind.CHANGED: "~"}


@frozen
class Change:
    """One value that differs.

    Attributes:
        path: `policy.gap`, `entry.where`, or inside a step `do.mass`.
        before: The value in the old version; `None` where it was absent.
        after: The value in the new version; `None` where it is absent.
    """

    path: str
    before: JSON
    after: JSON

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.before)} → {_shown(self.after)}"


@frozen
class StepChange:
    """One step that differs.

    Attributes:
        step: Its id.
        kind: What has become of it.
        changes: The values that differ; empty for a step that is new, gone, or only stands elsewhere.
        summary: When it is due and what it does, for a step that is new or gone.
    """

    step: str
    kind: Kind
    changes: tuple[Change, ...] = ()
    summary: str = ""

    def __str__(self) -> str:
        what = "; ".join(map(str, self.changes)) or self.summary or "another place in the order"
        return f"{_SIGNS[self.kind]} step {self.step}: {what}"


@frozen(kw_only=True)
class DefinitionDiff:
    """Everything that differs between two versions.

    Attributes:
        sop: The name of the new version.
        before: The old version's number.
        after: The new version's number.
        rules: What differs outside the steps (policy, window, entry, exits, title and so on), by path.
        steps: The steps that differ, in the order of the new version; those that are gone at their old place.
    """

    sop: str
    before: int
    after: int
    rules: tuple[Change, ...] = ()
    steps: tuple[StepChange, ...] = field(default=())

    def __bool__(self) -> bool:
        """Whether anything but the number of the version differs."""
        return bool(self.rules or self.steps)

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """The ids of the steps of one kind."""
        return tuple(one.step for one in self.steps if one.kind is kind)

    def to_text(self) -> str:
        """Lines for a terminal: `+` new, `-` gone, `>` moved, `~` changed."""
        lines = [f"{self.sop} v{self.before} → v{self.after}"]
        lines += [f"~ {one}" for one in self.rules] + [str(one) for one in self.steps]
        return "\n".join(lines if self else [*lines, "no difference"]) + "\n"

    def document(self) -> dict[str, JSON]:
        """The difference as JSON."""
        return {
            "sop": self.sop,
            "before": self.before,
            "after": self.after,
            "rules": [_change(one) for one in self.rules],
            "steps": [
                {
                    "step": one.step,
                    "kind": one.kind.value,
                    "changes": [_change(item) for item in one.changes],
                    "summary": one.summary,
                }
                for one in self.steps
            ],
        }


def diff(old: Definition, new: Definition) -> DefinitionDiff:
    """Compare two versions.

    Args:
        old: What runs are in now.
        new: What is to be published.
    """
    rules = tuple(_compare(_rules(old), _rules(new)))
    steps = tuple(_steps(old, new))
    return DefinitionDiff(sop=new.sop, before=old.version, after=new.version, rules=rules, steps=steps)


def _rules(definition: Definition) -> dict[str, JSON]:
    return {key: value for key, value in definition.document().items() if key not in {"step", "version"}}


def _steps(old: Definition, new: Definition) -> Iterator[StepChange]:
    before = {step.id: step for step in old.steps}
    after = {step.id: step for step in new.steps}
    stay = _in_place([step.id for step in old.steps if step.id in after], [one for one in after if one in before])
    for step_id in _merged(list(before), list(after)):
        was, now = before.get(step_id), after.get(step_id)
        if was is None or now is None:
            step, kind = (now, Kind.ADDED) if now is not None else (was, Kind.REMOVED)
            yield StepChange(step_id, kind, summary="" if step is None else _summary(step))
            continue
        changes = tuple(_compare(was.document(), now.document()))
        if was.at != now.at or step_id not in stay:
            yield StepChange(step_id, Kind.MOVED, changes)
        elif changes:
            yield StepChange(step_id, Kind.CHANGED, changes)


def _merged(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The new order, with what is gone behind what stood before it."""
    merged = list(after)
    for place, step_id in enumerate(before):
        if step_id not in after:
            previous = before[place - 1] if place else None
            merged.insert(merged.index(previous) + 1 if previous is not None else 0, step_id)
    return merged


def _in_place(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The longest part of the order that is the same: what is not in it has moved."""
    place = {step_id: index for index, step_id in enumerate(before)}
    best: list[list[str]] = []
    for step_id in after:
        chains = [chain for chain in best if place[chain[-1]] < place[step_id]]
        best.append([*_longest(chains), step_id])
    return set(_longest(best))


def _longest(chains: Sequence[list[str]]) -> list[str]:
    return max(chains, key=len) if chains else []


def _summary(step: Step) -> str:
    guard = f" if {step.when.text}" if step.when is not None else ""
    named = f" {', '.join(step.contents)}" if step.contents else ""
    return f"{step.at} {', '.join(step.labels)}{named}{guard}"


def _compare(before: JSON, after: JSON, path: str = "") -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _compare(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    else:
        yield Change(path, before, after)


def _shown(value: JSON) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _change(one: Change) -> dict[str, JSON]:
    return {"path": one.path, "before": one.before, "after": one.after}
