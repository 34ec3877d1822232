"""What the two kinds of rule groups (规则组) share: their requests, and what takes more than one call.

Knows no path: the chapters say theirs, so that each endpoint stands written out in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from attrs import frozen

from wecom_auto._binding import step
from wecom_auto._bulk import BulkResult, Report, Together, in_bulk
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import Check, Limit
from wecom_auto._types import UNSET, JSONObject, Unset
from wecom_auto._walk import Found, Steps
from wecom_auto.api._rules import Given, page_of
from wecom_auto.api._values import listed
from wecom_auto.errors import PagingError, ValidationError, WeComError
from wecom_auto.models import CustomerStrategy, MomentStrategy, RangeNode, StrategyRef

__all__ = [
    "ADMINS",
    "CHANGES",
    "NODES",
    "MaxNodes",
    "WholeNodes",
    "delete_all",
    "detailed",
    "move_nodes",
    "range_page",
    "ref_page",
    "wire_nodes",
]

S = TypeVar("S", CustomerStrategy, MomentStrategy)

NODES: Final = 100
"""Nodes that one call takes (94883). The page of moment strategies says no number; the same is used for both."""

_SAYS: Final[Mapping[object, str]] = {1: "userid", 2: "partyid"}

ADMINS: Final[Check] = Limit("admin_list", items=20, least=1)
CHANGES: Final[Check] = Given("strategy_name", "admin_list", "privilege", "range_add", "range_del")


@frozen
class MaxNodes:
    """A bound on the nodes of a call, added and removed ones together.

    Attributes:
        fields: The wire fields that hold nodes.
        items: The most nodes.
    """

    fields: tuple[str, ...]
    items: int = NODES

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if there are too many."""
        lists = [nodes for name in self.fields if isinstance(nodes := fields.get(name), Sequence)]
        count = sum(map(len, lists))
        if count > self.items:
            limit, fix = f"at most {self.items} nodes in one call", "use add_range_many and remove_range_many"
            raise ValidationError(" / ".join(self.fields), value=f"{count:,} nodes", limit=limit, fix=fix)


@frozen
class WholeNodes:
    """Nodes that say which member, or which department.

    Attributes:
        field: The wire field that holds nodes.
    """

    field: str

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` for the first node that says neither."""
        nodes = fields.get(self.field)
        for index, node in enumerate(nodes if isinstance(nodes, Sequence) else ()):
            kind = node.get("type") if isinstance(node, Mapping) else None
            if not isinstance(node, Mapping) or not node.get(_SAYS.get(kind, "")):
                where, fix = f"{self.field}[{index}]", "RangeNode.member(userid) or RangeNode.department(partyid)"
                raise ValidationError(where, value="neither", limit="a member or a department", fix=fix)


def wire_nodes(field: str, nodes: Sequence[RangeNode] | Unset) -> Sequence[RangeNode] | Unset:
    """Return `nodes` for the wire; none is the same as not given, except where the page requires them."""
    return UNSET if isinstance(nodes, Unset) or not nodes else listed(field, nodes)


def ref_page(path: str, cursor: str, limit: int) -> Call[Page[StrategyRef]]:
    """Return the call for one page of ids."""
    call = Call.post(Effect.READ, path, StrategyRef, cursor=cursor or UNSET, limit=limit)
    return call.paged("strategy").checked(page_of(1000))


def range_page(path: str, strategy_id: int, cursor: str, limit: int) -> Call[Page[RangeNode]]:
    """Return the call for one page of a range."""
    fields = {"strategy_id": strategy_id, "cursor": cursor or UNSET, "limit": limit}
    return Call.post(Effect.READ, path, RangeNode, **fields).paged("range").checked(page_of(1000))


def detailed(
    page_at: Callable[[str], Call[Page[StrategyRef]]], get: Callable[[int], Call[S]], resume: str, concurrency: int
) -> Steps[S]:
    """Walk through all rule groups with their details: a page of ids, then each of them."""
    cursor, seen = resume, {resume}
    while True:
        page = yield from step(page_at(cursor))
        outcomes = yield Together((get(ref.strategy_id) for ref in page.items), concurrency, _is_error)
        yield Found(_answers(outcomes), page.next_cursor)
        cursor = page.next_cursor
        if not cursor:
            return
        if cursor in seen:
            msg = "the platform answered a cursor that it had answered before; what was read so far is complete"
            raise PagingError(msg)
        seen.add(cursor)


def move_nodes(
    nodes: Iterable[RangeNode], edit: Callable[[Sequence[RangeNode]], Call[None]], progress: Report | None
) -> Generator[Any, Any, BulkResult[RangeNode, None]]:
    """Send nodes in portions that one call takes, one call after the other, as the manual asks."""
    return in_bulk(nodes, NODES, edit, progress=progress)


def delete_all(
    strategy_id: int,
    walk: Steps[S],
    delete: Callable[[int], Call[None]],
    progress: Report | None,
) -> Generator[Any, Any, BulkResult[int, None]]:
    """Delete a rule group with all below it, the deepest first."""
    children: dict[int, list[int]] = {}
    answer: Any = None
    for_each = walk
    while True:
        try:
            wanted = for_each.send(answer)
        except StopIteration:
            break
        answer = None
        if isinstance(wanted, Found):
            for one in wanted.items:
                children.setdefault(one.parent_id, []).append(one.strategy_id)
        else:
            answer = yield wanted
    return (yield from in_bulk(_deepest_first(strategy_id, children), 1, lambda ids: delete(ids[0]), progress=progress))


def _deepest_first(strategy_id: int, children: dict[int, list[int]]) -> list[int]:
    order = [strategy_id]
    for one in order:  # grows while it is read, until the leaves
        order += [child for child in children.get(one, ()) if child not in order]
    return order[::-1]


def _is_error(_place: int, outcome: object) -> bool:
    return isinstance(outcome, WeComError)


def _answers(outcomes: Iterable[S | WeComError]) -> tuple[S, ...]:
    """Return the answers, or raise the first error."""
    found: list[S] = []
    for outcome in outcomes:
        if isinstance(outcome, WeComError):
            raise outcome
        found.append(outcome)
    return tuple(found)
