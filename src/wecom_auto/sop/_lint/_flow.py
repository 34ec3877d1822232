"""Look at the course of a definition: what is never reached, what is due at a closed hour, what cannot be a welcome."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from wecom_auto.sop._document._actions import StaffConfirmed, StaffTask
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop._lint._course import Ways
from wecom_auto.sop._lint._findings import Finding, finding
from wecom_auto.sop.definition import Definition


def flow(definition: Definition) -> Iterator[Finding]:
    """Everything about when and whether steps come up."""
    ways = Ways.of(definition)
    reached = ways.reached()
    yield from _order(definition)
    for step in ways.steps:
        place = f"step {step.id!r}"
        if step.id not in reached:
            problem = "no run comes here: every way before it ends or goes past it"
            yield finding("SOP010", place, problem, "remove it, or let a branch go on with it")
        yield from _window(definition, step, place)
        yield from _welcome(definition, step, place)


def _order(definition: Definition) -> Iterator[Finding]:
    if not any(step.jump for step in definition.steps):
        return
    for before, step in pairwise(definition.steps):
        if step.at.approximate < before.at.approximate:
            problem = f"it is due before {before.id!r}, which stands above it, and branches go by the order of the file"
            yield finding("SOP014", f"step {step.id!r}.at", problem, f"move it above {before.id!r}")


def _window(definition: Definition, step: Step, place: str) -> Iterator[Finding]:
    clock, window = step.at.clock, definition.window_of(step)
    if not step.reaches_people or clock is None:
        return
    minute = clock.hour * 60 + clock.minute
    if not any(start <= minute < end for start, end in window.openings):
        allow = ", ".join(map(str, window.allow)) or "the whole day without quiet"
        problem = f"{clock:%H:%M} is not inside {allow}, so the step always moves"
        yield finding("SOP011", f"{place}.at", problem, "move it into the window")


def _welcome(definition: Definition, step: Step, place: str) -> Iterator[Finding]:
    if not step.is_welcome:
        return
    if any(isinstance(action, StaffConfirmed | StaffTask) for action in step.do):
        problem = "a welcome lives 20 seconds and a task of a member does not"
        yield finding("SOP040", place, problem, "put the mass message or task into a step of its own")
    if step.at.count or step.at.clock is not None or definition.entry.on != "customer.added":
        problem = "the welcome code exists only in the 20 seconds after the customer was added"
        yield finding("SOP040", f"{place}.at", problem, 'write at = "+0d" and enter on customer.added')
