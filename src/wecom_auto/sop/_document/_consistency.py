"""Rules between the parts of a definition: what goes with which target, and where a run may go on. Reads nothing in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from wecom_auto.sop._document._actions import (
    Action,
    GroupMass,
    Jump,
    Mass,
    Moment,
    MovePool,
    SetStage,
    Tag,
    Untag,
    Welcome,
)
from wecom_auto.sop._document._entering import TRIGGERS, Entry
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._document._problems import DefinitionError, suggestion
from wecom_auto.sop._document._steps import Step

_BELONGS: Final[Mapping[type[Action], frozenset[Target]]] = {
    Welcome: frozenset({Target.CUSTOMER}),
    Mass: frozenset({Target.CUSTOMER}),
    Tag: frozenset({Target.CUSTOMER}),
    Untag: frozenset({Target.CUSTOMER}),
    MovePool: frozenset({Target.CUSTOMER}),
    SetStage: frozenset({Target.CUSTOMER, Target.GROUP, Target.STAFF}),
    GroupMass: frozenset({Target.GROUP}),
    Moment: frozenset({Target.MOMENT}),
}
"""Actions that only some targets have; every other action goes with all of them."""
_SENDS: Final = {
    Target.CUSTOMER: 'mass = "tpl/…"',
    Target.GROUP: 'group = "tpl/…"',
    Target.MOMENT: 'moment = "tpl/…"',
    Target.STAFF: 'notice = "…" or staff_task = "…"',
}
_ANY_TARGET: Final = frozenset({"calendar", "event", "import", "manual"})
_ENTERS: Final[Mapping[Target, frozenset[str]]] = {
    Target.CUSTOMER: frozenset(TRIGGERS) - {"group.created"},
    Target.GROUP: _ANY_TARGET | {"attribute.set", "group.created", "group.joined", "stage.entered"},
    Target.MOMENT: _ANY_TARGET,
    Target.STAFF: _ANY_TARGET | {"attribute.set", "birthday", "stage.entered"},
}


def check_target(target: Target, entry: Entry, steps: Iterable[Step]) -> None:
    """Refuse actions and triggers that the target does not have.

    Raises:
        DefinitionError: With the place and what the target has instead.
    """
    if entry.trigger not in _ENTERS[target]:
        problem = f"a SOP for target {target.value!r} cannot begin on {entry.on!r}"
        remedy = f"use {', '.join(sorted(_ENTERS[target]))}, or set target"
        raise DefinitionError(problem, place="entry.on", remedy=remedy, code="SOP006")
    for index, step in enumerate(steps):
        for action in step.do:
            if target not in _BELONGS.get(type(action), frozenset(Target)):
                problem = f"{action.label!r} does not go with target {target.value!r}"
                place = f"step[{index}].do.{action.label}"
                remedy = f"write {_SENDS[target]}, or set target"
                raise DefinitionError(problem, place=place, remedy=remedy, code="SOP006")


def check_jumps(steps: Sequence[Step]) -> None:
    """Refuse a branch or goto that leads nowhere, back, or to a step that is due before it.

    Raises:
        DefinitionError: With the place and the nearest later step.
    """
    places = {step.id: index for index, step in enumerate(steps)}
    for index, step in enumerate(steps):
        if step.jump is not None:
            _check_jump(steps, places, index, step.jump)


def _check_jump(steps: Sequence[Step], places: Mapping[str, int], index: int, jump: Jump) -> None:
    later = [step.id for step in steps[index + 1 :]]
    place = f"step[{index}].do.{jump.label}"
    for target in jump.targets:
        if target not in places:
            problem = f"{jump.label} goes to {target!r}, and no step is called that"
            remedy = suggestion(target, later) if later else "there is no later step"
            raise DefinitionError(problem, place=place, remedy=remedy, code="SOP005")
        if places[target] <= index:
            problem = f"{jump.label} goes back to {target!r}; a run goes forward only"
            remedy = f"later steps: {', '.join(later) or 'none'}"
            raise DefinitionError(problem, place=place, remedy=remedy, code="SOP005")
        if steps[places[target]].at.approximate < steps[index].at.approximate:
            problem = f"{jump.label} goes to {target!r}, which is due before it"
            remedy = f"give {target!r} an offset of {steps[index].at} or later"
            raise DefinitionError(problem, place=place, remedy=remedy, code="SOP005")
