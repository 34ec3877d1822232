"""The ways that a run can take through a definition. Knows no dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from wecom_auto.sop._document._jumps import falls_through
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop.definition import Definition


@frozen
class Ways:
    """The steps in the order in which they come up, and where a run can go on after each.

    Attributes:
        steps: By time; in a SOP with branches in the order of the document, which is what branches count by.
        after: For each step, the places of those that can be next; none after an end.
    """

    steps: Sequence[Step]
    after: Sequence[Sequence[int]]

    @classmethod
    def of(cls, definition: Definition) -> Ways:
        """The ways through a definition."""
        steps = list(definition.steps)
        if not any(step.jump for step in steps):
            steps.sort(key=lambda step: step.at.approximate)
        places = {step.id: place for place, step in enumerate(steps)}
        after = [sorted({*_next(steps, place, places)}) for place in range(len(steps))]
        return cls(steps, after)

    def reached(self) -> frozenset[str]:
        """The steps that some run can come to."""
        found, todo = set[int](), [0]
        while todo:
            place = todo.pop()
            if place not in found:
                found.add(place)
                todo.extend(self.after[place])
        return frozenset(self.steps[place].id for place in found)

    def heaviest(self, weight: Callable[[Step], int]) -> int:
        """The greatest sum of weights on one way."""
        best = [0] * (len(self.steps) + 1)
        for place in reversed(range(len(self.steps))):
            best[place] = weight(self.steps[place]) + max((best[other] for other in self.after[place]), default=0)
        return best[0]


def _next(steps: Sequence[Step], place: int, places: dict[str, int]) -> Iterator[int]:
    step = steps[place]
    if step.jump is not None:
        yield from (places[target] for target in step.jump.targets)
    if falls_through(step) and place + 1 < len(steps):
        yield place + 1
