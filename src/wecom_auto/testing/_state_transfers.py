"""Customers and groups that change hands, as plain mutable rows. No rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from wecom_auto.testing._state import Relation

__all__ = ["Transfer", "Transfers"]


@define(kw_only=True)
class Transfer:
    """One customer on the way from one member to another: 1 done, 2 waiting, 3 refused, 4 taker full, 5 no record.

    `left_behind` is what a resigned member had with the customer; it is nobody's while the transfer waits.
    """

    seq: int
    external_userid: str
    handover_userid: str
    takeover_userid: str
    started_at: int
    due_at: int
    message: str = ""
    left_behind: Relation | None = None
    status: int = 2

    @property
    def resigned(self) -> bool:
        """Whether the member who gives had left."""
        return self.left_behind is not None


@define(kw_only=True)
class Transfers:
    """Customers and groups that change hands.

    `rows` has, by the two members, the last transfer of each customer, the newest last.
    `waiting` is in the order in which transfers fall due.
    `done_at` says when customers and groups of members who stayed changed hands.
    `gave` names the customers whom a member once gave away.
    `groups_given` counts the groups of one owner on one day.
    `heirs` names the new owners of groups that are being inherited, and when they will have them.
    """

    rows: dict[str, dict[str, Transfer]] = field(factory=dict[str, dict[str, Transfer]])
    waiting: dict[str, Transfer] = field(factory=dict[str, Transfer])
    done_at: dict[str, list[int]] = field(factory=dict[str, list[int]])
    gave: dict[str, dict[str, None]] = field(factory=dict[str, dict[str, None]])
    groups_given: dict[str, int] = field(factory=dict[str, int])
    heirs: dict[str, tuple[str, int]] = field(factory=dict[str, tuple[str, int]])
