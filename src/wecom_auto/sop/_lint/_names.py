"""Look at what a definition rests on outside itself: tags of the corp, consent. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator

from wecom_auto.sop._document._actions import Branch, Mass, Moment, StaffTask, Tag, Untag
from wecom_auto.sop._document._policies import Purpose
from wecom_auto.sop._document._problems import suggestion
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop._lint._findings import Finding, finding
from wecom_auto.sop._lint._rules import Rules
from wecom_auto.sop.conditions import Condition
from wecom_auto.sop.definition import Definition


def names(definition: Definition, rules: Rules) -> Iterator[Finding]:
    """Tags that nobody can have, and marketing that nobody has agreed to."""
    if rules.corp_tags is not None:
        for place, name in _tags(definition):
            if name not in rules.corp_tags:
                yield finding("SOP029", place, f"the corp has no tag {name!r}", suggestion(name, rules.corp_tags))
    sends = any(isinstance(action, Mass) for step in definition.steps for action in step.do)
    marketing = definition.policy.purpose is Purpose.MARKETING
    if rules.require_consent and marketing and sends and not definition.policy.consent:
        problem = "it is marketing, and nothing asks whether the customer has agreed to it"
        remedy = 'add consent = "marketing" to [policy], or set purpose to service or legal'
        yield finding("SOP060", "policy.consent", problem, remedy)


def _tags(definition: Definition) -> Iterator[tuple[str, str]]:
    if definition.entry.trigger == "tag.added":
        yield "entry.on", definition.entry.subject
    yield from _asked("entry.where", definition.entry.where)
    for index, item in enumerate(definition.exits):
        yield from _asked(f"exit[{index}].when", item.when)
    for step in definition.steps:
        yield from _step_tags(step, f"step {step.id!r}")


def _step_tags(step: Step, place: str) -> Iterator[tuple[str, str]]:
    yield from _asked(f"{place}.if", step.when)
    yield from _asked(f"{place}.wait", None if step.wait is None else step.wait.until)
    for action in step.do:
        match action:
            case Tag(name=name) | Untag(name=name):
                yield f"{place}.do", name
            case Moment(visible=visible):
                yield from ((f"{place}.do", name) for name in visible)
            case StaffTask(done=done):
                yield from _asked(f"{place}.do", done)
            case Branch(cases=cases):
                for case in cases:
                    yield from _asked(f"{place}.do", case.when)
            case _:
                pass


def _asked(place: str, condition: Condition | None) -> Iterator[tuple[str, str]]:
    for kind, name in sorted(condition.uses) if condition is not None else ():
        if kind == "tag":
            yield place, name
