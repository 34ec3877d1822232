"""Customer strategies and moment strategies, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

__all__ = ["Node", "Strategies", "Strategy"]


@define(kw_only=True)
class Node:
    """A member or a department in a range; `userid` is empty for a department."""

    seq: int
    userid: str = ""
    party: int = 0


@define(kw_only=True)
class Strategy:
    """A rule group. `agent_id` 0 means that it was made in the console; `parent_id` 0 that it lies at the top."""

    strategy_id: int
    parent_id: int
    name: str
    created_at: int
    agent_id: int
    admins: list[str] = field(factory=list[str])
    privilege: dict[str, bool] = field(factory=dict[str, bool])
    nodes: dict[str, Node] = field(factory=dict[str, Node])


@define(kw_only=True)
class Strategies:
    """Both kinds of rule groups, each by id; and who is a super administrator, which no rule group takes."""

    customer: dict[int, Strategy] = field(factory=dict[int, Strategy])
    moment: dict[int, Strategy] = field(factory=dict[int, Strategy])
    super_admins: dict[str, None] = field(factory=dict[str, None])
