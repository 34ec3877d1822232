"""What administrators do about rule groups in the console, where no app is asked. Answers no request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from wecom_auto.testing._fake_strategies import RIGHTS, new_strategy
from wecom_auto.testing._fake_tags import new_group, new_tag
from wecom_auto.testing._ranges import rows_of
from wecom_auto.testing._records import FakeTag, tag_record
from wecom_auto.testing._scenes import Scenes, scene
from wecom_auto.testing._state_strategies import Node, Strategy

__all__ = ["StrategyScenes"]


class StrategyScenes(Scenes):
    """Departments, super administrators, and rule groups that no app made."""

    @scene
    def add_department(self, party: int, *, parent: int = 1) -> None:
        """Put a department into the corp; one that a member names needs this only to lie below another.

        Args:
            party: Its id; 1 is the root and always there.
            parent: The department above it.
        """
        state = self._core.state
        if party in state.line(parent):
            msg = f"department {party} would lie below itself"
            raise ValueError(msg)
        state.parents[party] = parent

    @scene
    def make_super_admin(self, userid: str) -> None:
        """Make a member a super administrator (超级管理员), whom no rule group takes as its administrator."""
        self._core.state.strategies.super_admins[self._member(userid).userid] = None

    @scene
    def add_strategy(
        self,
        name: str,
        *,
        kind: Literal["customer", "moment"] = "customer",
        admins: Iterable[str] = (),
        members: Iterable[str] = (),
        departments: Iterable[int] = (),
        parent_id: int = 0,
        agent_id: int = 0,
    ) -> int:
        """Make a rule group without asking an app, and return its id.

        Args:
            name: The name.
            kind: For customer contact or for moments.
            admins: Its administrators.
            members: Members in its range.
            departments: Departments in its range.
            parent_id: The rule group above it.
            agent_id: The app that made it; 0 is the console, whose rule groups no app can see.
        """
        state = self._core.state
        if parent_id and parent_id not in rows_of(state.strategies, kind):
            msg = f"{parent_id}: no such {kind} strategy"
            raise LookupError(msg)
        nodes = {
            f"1:{one}": Node(seq=state.ids.number("range_node"), userid=self._member(one).userid) for one in members
        }
        nodes |= {f"2:{one}": Node(seq=state.ids.number("range_node"), party=int(one)) for one in departments}
        row = Strategy(
            strategy_id=0,
            parent_id=parent_id,
            name=name,
            created_at=self._now(),
            agent_id=agent_id,
            admins=[self._member(one).userid for one in admins],
            privilege=dict.fromkeys(RIGHTS[kind], True),
            nodes=nodes,
        )
        return new_strategy(state, kind, row).strategy_id

    @scene
    def add_strategy_tag(self, strategy_id: int, group: str, name: str) -> FakeTag:
        """Give a customer strategy a tag, in a group that is made if it is new, without any callback."""
        state = self._core.state
        strategy = state.strategies.customer.get(strategy_id)
        if strategy is None:
            msg = f"{strategy_id}: no such customer strategy; add_strategy() first"
            raise LookupError(msg)
        own = [one for one in state.tag_groups.values() if one.strategy_id == strategy_id and not one.deleted]
        home = next((one for one in own if one.name == group), None)
        if home is None:
            home = new_group(state, group, self._now(), agent_id=strategy.agent_id, strategy_id=strategy_id)
        return tag_record(state, new_tag(state, home, name, self._now(), agent_id=strategy.agent_id))
