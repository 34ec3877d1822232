"""Who lies in the range of a rule group (管理范围), with departments as trees. Answers no request."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from wecom_auto.testing._state import State, Tag
from wecom_auto.testing._state_strategies import Node, Strategies, Strategy
from wecom_auto.testing._wire import Body

__all__ = ["Range", "node_key", "rights_of", "rows_of", "strategy_of_tag"]


def rows_of(strategies: Strategies, kind: str) -> dict[int, Strategy]:
    """Return the rule groups of a kind: `customer` or `moment`."""
    return strategies.customer if kind == "customer" else strategies.moment


def node_key(node: Body) -> str:
    """Return what tells nodes apart: `1:zhangsan`, `2:7`."""
    return f"{node['type']}:{node['userid'] if node['type'] == 1 else node['partyid']}"


@frozen
class Range:
    """The members and departments of a range; what lies below a department lies in it."""

    state: State
    userids: frozenset[str]
    parties: frozenset[int]

    @classmethod
    def of(cls, state: State, nodes: Iterable[Node]) -> Range:
        """Return the range of some nodes."""
        listed = list(nodes)
        userids = frozenset(one.userid for one in listed if one.userid)
        return cls(state, userids, frozenset(one.party for one in listed if not one.userid))

    def has_member(self, userid: str) -> bool:
        """Say whether a member lies in it, by themselves or by their department."""
        member = self.state.members.get(userid)
        return userid in self.userids or (member is not None and self.has_department(member.department))

    def has_department(self, party: int) -> bool:
        """Say whether a whole department lies in it, by itself or by one above."""
        return not self.parties.isdisjoint(self.state.line(party))

    def has(self, node: Node) -> bool:
        """Say whether everybody of a node lies in it."""
        return self.has_member(node.userid) if node.userid else self.has_department(node.party)


def rights_of(rows: dict[int, Strategy], strategy: Strategy) -> dict[str, bool]:
    """Return the rights in force: below the top they are those of the parent (94883)."""
    while strategy.parent_id:
        strategy = rows[strategy.parent_id]
    return dict(strategy.privilege)


def strategy_of_tag(state: State, tag: Tag) -> Strategy | None:
    """Return the customer strategy that a tag belongs to, None for a corp tag."""
    return state.strategies.customer.get(state.tag_groups[tag.group_id].strategy_id)
