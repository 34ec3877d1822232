"""Where a run goes on after a branch or goto, and which steps that passes by. Knows no times and no calendar.

A step that an undecided jump may pass by waits for it, even if it is due first: a holiday can move a message before the
branch that decides about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen

from wecom_auto.sop._document._actions import Branch, Goto, Jump
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop.conditions import Facts


def landing(jump: Jump, facts: Facts) -> str:
    """The step that a jump goes on with; empty if no case holds and the next step follows. Unknown is not true."""
    match jump:
        case Goto(step=target):
            return target
        case Branch(cases=cases):
            held = (case.goto for case in cases if case.when is None or case.when.evaluate(facts))
            return next(held, "")
        case _:
            return ""


def falls_through(step: Step) -> bool:
    """Whether some run goes on with the next step: not behind an end, a goto or a branch with an otherwise.

    A step whose guard is false or whose wait times out is passed over, with whatever it would have done.
    """
    if step.when is not None or step.wait is not None:
        return True
    if isinstance(step.jump, Branch):
        return not step.jump.always
    return step.jump is None and not step.ends


def shadow(steps: Sequence[Step], index: int) -> range:
    """The places of the steps that the jump of this step may pass by; empty for a step without a jump."""
    jump = steps[index].jump
    if jump is None:
        return range(0)
    return range(index + 1, max(place for place, step in enumerate(steps) if step.id in jump.targets))


@frozen
class Course:
    """The way of one run through the branches of its definition, while one plan is made.

    Attributes:
        steps: All steps, in the order of the document.
        done: Step id to outcome of every step decided before.
        waiting: The places of the jumps that are not decided yet.
        passed: The ids that a jump of this plan has passed by.
    """

    steps: Sequence[Step]
    done: Mapping[str, str]
    waiting: set[int] = field(init=False, factory=set[int])
    passed: set[str] = field(init=False, factory=set[str])

    def __attrs_post_init__(self) -> None:
        jumps = (place for place, step in enumerate(self.steps) if step.jump is not None and step.id not in self.done)
        self.waiting.update(jumps)

    def bars(self, step: Step) -> bool:
        """Whether the step is passed by, or waits for a jump that may pass it by."""
        if step.id in self.passed:
            return True
        place = self._place(step.id)
        return any(place in shadow(self.steps, other) for other in self.waiting)

    def decided(self, step: Step) -> None:
        """A step is decided; if it has a jump, nobody waits for it any more."""
        self.waiting.discard(self._place(step.id))

    def go(self, step: Step, target: str) -> Iterator[Step]:
        """Pass by everything between the step and its target; yields what was not decided before."""
        if not target:
            return
        for other in self.steps[self._place(step.id) + 1 : self._place(target)]:
            if other.id not in self.done and other.id not in self.passed:
                self.passed.add(other.id)
                self.decided(other)
                yield other

    def keys(self, due: Mapping[str, float]) -> dict[str, float]:
        """When each step can be decided: when it is due, and not before the jumps that may pass it by.

        Args:
            due: Step id to its time as a number.
        """
        found = dict(due)
        for place in sorted(self.waiting):
            for other in shadow(self.steps, place):
                step = self.steps[other].id
                if step in found:
                    found[step] = max(found[step], found[self.steps[place].id])
        return found

    def _place(self, step_id: str) -> int:
        return next(place for place, step in enumerate(self.steps) if step.id == step_id)
