"""A/B draws that are the same on every machine. Draws from a hash, never from chance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from wecom_auto.sop._document._problems import DefinitionError, read_int, read_table

HOLDOUT: Final = "holdout"
"""The arm that gets nothing, on purpose."""


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
