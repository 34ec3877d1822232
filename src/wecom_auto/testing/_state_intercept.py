"""Intercept rules, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

__all__ = ["Intercept", "InterceptRule"]


@define(kw_only=True)
class InterceptRule:
    """A rule about what members write: `intercept_type` 1 blocks, 2 warns. A deleted row stays."""

    rule_id: str
    agent_id: int
    name: str
    created_at: int
    words: list[str]
    semantics: list[int]
    intercept_type: int
    users: dict[str, None]
    departments: dict[int, None]
    deleted: bool = False


@define(kw_only=True)
class Intercept:
    """Intercept rules, by id, oldest first."""

    rules: dict[str, InterceptRule] = field(factory=dict[str, InterceptRule])

    def living(self) -> list[InterceptRule]:
        """Return the rules that are not deleted."""
        return [rule for rule in self.rules.values() if not rule.deleted]
