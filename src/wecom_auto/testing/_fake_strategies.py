"""The strategy chapters (规则组, manual 94883, 94890): nested rule groups for customers and for moments.

Unverified, because the table of codes has none for rule groups: 40058 for an id that does not exist, for a sixth level,
for more than 3,000 nodes, and for a super administrator; 60011 for a rule group of another app or of the console, and
for a node outside the parent's range. Nor does the manual say: that a department that a node names covers those below
it; that an edit of the rights resets those that it leaves out to their default; that a rule group with others below it
cannot be deleted, nor a node taken out that one below still holds; that its tags go with a rule group.
That making and editing must not run side by side (仅支持串行调用) is not enforced; `Limits.concurrency` can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeAlias

from attrs import frozen

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._fake_tags import remove_tag
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._ranges import Range, node_key, rights_of, rows_of
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import flag, integer, items, nested, objects, text
from wecom_auto.testing._state import State
from wecom_auto.testing._state_strategies import Node, Strategy
from wecom_auto.testing._wire import Body, Refusal

__all__ = ["RIGHTS", "new_strategy", "owned"]

MISSING, BAD, NOT_OWN, NO_MEMBER, NO_PARTY, NO_USERID = 40063, 40058, 60011, 60111, 60003, 41009
MEMBER, DEPARTMENT = 1, 2
ADMINS, NODES, LEVELS = 20, 3_000, 5
PER_CALL = {"customer": 100, "moment": NODES}
BASIC = ("view_customer_list", "view_customer_data", "view_room_list", "contact_me", "join_room")
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "customer": (
        *BASIC, "share_customer", "oper_resign_customer", "oper_resign_group", "send_customer_msg", "edit_welcome_msg",
        "view_behavior_data", "view_room_data", "send_group_msg", "room_deduplication", "rapid_reply",
        "onjob_customer_transfer", "edit_anti_spam_rule", "export_customer_list", "export_customer_data",
        "export_customer_group_list", "manage_customer_tag",
    ),
    "moment": ("view_moment_list", "send_moment", "manage_moment_cover_and_sign"),
}  # fmt: skip
ID = integer("strategy_id", required=MISSING)
NODE = (integer("type", required=MISSING, enum=(MEMBER, DEPARTMENT)), text("userid"), integer("partyid"))

_Serve: TypeAlias = Callable[[Ask, str], Mapping[str, object] | None]


@frozen
class _Change:
    """What an edit does to a range."""

    added: dict[str, Node]
    removed: frozenset[str]

    def applied(self, strategy: Strategy) -> dict[str, Node]:
        """Return the range afterwards; who is removed and added at once is in it."""
        kept = {key: one for key, one in strategy.nodes.items() if key not in self.removed}
        return {**self.added, **kept}


def list_strategies(ask: Ask, kind: str) -> Mapping[str, object]:
    """List the ids of the app's own rule groups."""
    rows = [one for one in rows_of(ask.state.strategies, kind).values() if one.agent_id == ask.app.agent_id]
    found, cursor = page(ask, rows, lambda one: one.strategy_id, page_size(ask, default=1000, most=1000))
    return {"strategy": [{"strategy_id": one.strategy_id} for one in found], **_next(cursor)}


def get(ask: Ask, kind: str) -> Mapping[str, object]:
    """Answer one rule group, with the rights that hold for it."""
    one = owned(ask, kind)
    shown: Body = {
        "strategy_id": one.strategy_id,
        "parent_id": one.parent_id,
        "strategy_name": one.name,
        "create_time": one.created_at,
        "admin_list": list(one.admins),
        "privilege": rights_of(rows_of(ask.state.strategies, kind), one),
    }
    return {"strategy": shown}


def get_range(ask: Ask, kind: str) -> Mapping[str, object]:
    """Answer a page of the members and departments of a rule group."""
    rows = sorted(owned(ask, kind).nodes.values(), key=_seq)
    found, cursor = page(ask, rows, _seq, page_size(ask, default=1000, most=1000))
    return {"range": [_show_node(one) for one in found], **_next(cursor)}


def create(ask: Ask, kind: str) -> Mapping[str, object]:
    """Make a rule group, at the top or below another one of the same app."""
    rows, parent_id = rows_of(ask.state.strategies, kind), int(ask.body.get("parent_id") or 0)
    _check_admins(ask)
    nodes = _nodes(ask, "range")
    if parent_id:
        parent = owned(ask, kind, parent_id)
        if _level(rows, parent) >= LEVELS:
            raise Refusal(BAD, f"parent_id: rule groups nest {LEVELS} levels deep")
        _check_inside(ask.state, nodes.values(), parent)
    _check_size(nodes)
    made = new_strategy(
        ask.state,
        kind,
        Strategy(
            strategy_id=0,
            parent_id=parent_id,
            name=ask.body["strategy_name"],
            created_at=ask.now,
            agent_id=ask.app.agent_id,
            admins=list(dict.fromkeys(ask.body["admin_list"])),
            privilege=_rights(kind, ask.body.get("privilege") or {}),
            nodes=nodes,
        ),
    )
    return {"strategy_id": made.strategy_id}


def edit(ask: Ask, kind: str) -> None:
    """Change what is given: name, administrators, rights, and nodes of the range."""
    one, rows = owned(ask, kind), rows_of(ask.state.strategies, kind)
    _check_admins(ask)
    change = _Change(_nodes(ask, "range_add"), frozenset(map(node_key, _listed(ask, "range_del"))))
    nodes = change.applied(one)
    _check_size(nodes)
    if one.parent_id:
        _check_inside(ask.state, change.added.values(), rows[one.parent_id])
    _check_below(ask.state, rows, one, nodes)
    one.nodes = nodes
    one.name = ask.body.get("strategy_name") or one.name
    one.admins = list(dict.fromkeys(ask.body.get("admin_list") or one.admins))
    if ask.body.get("privilege"):
        one.privilege = _rights(kind, ask.body["privilege"])


def delete(ask: Ask, kind: str) -> None:
    """Delete a rule group that has none below it, with its tags."""
    one, rows = owned(ask, kind), rows_of(ask.state.strategies, kind)
    below = [other.strategy_id for other in rows.values() if other.parent_id == one.strategy_id]
    if below:
        raise Refusal(BAD, f"strategy {one.strategy_id} has others below it: {below}")
    del rows[one.strategy_id]
    if kind == "customer":
        groups = [group for group in ask.state.tag_groups.values() if group.strategy_id == one.strategy_id]
        for tag in [tag for group in groups for tag in group.living()]:
            remove_tag(ask.state, tag)


def owned(ask: Ask, kind: str, strategy_id: int | None = None) -> Strategy:
    """Return a rule group of the app that asks.

    Raises:
        Refusal: 40058 there is none of that id, 60011 somebody else made it.
    """
    wanted = int(ask.body["strategy_id"]) if strategy_id is None else strategy_id
    found = rows_of(ask.state.strategies, kind).get(wanted)
    if found is None:
        raise Refusal(BAD, f"strategy_id {wanted}: no such {kind} strategy")
    if found.agent_id != ask.app.agent_id:
        raise Refusal(NOT_OWN, f"strategy_id {wanted}: made by another app or in the console")
    return found


def new_strategy(state: State, kind: str, strategy: Strategy) -> Strategy:
    """Give a rule group its id and put it where it belongs."""
    strategy.strategy_id = state.ids.number(f"{kind}_strategy")
    rows_of(state.strategies, kind)[strategy.strategy_id] = strategy
    return strategy


def _rights(kind: str, asked: Body) -> dict[str, bool]:
    """Return every right: as asked, granted where nothing was said, and the basic ones in any case."""
    return {right: right in BASIC or bool(asked.get(right, True)) for right in RIGHTS[kind]}


def _level(rows: dict[int, Strategy], strategy: Strategy) -> int:
    level = 1
    while strategy.parent_id:
        strategy, level = rows[strategy.parent_id], level + 1
    return level


def _check_admins(ask: Ask) -> None:
    for userid in ask.body.get("admin_list") or []:
        _check_member(ask, userid)
        if userid in ask.state.strategies.super_admins:
            raise Refusal(BAD, f"admin_list: {userid} is a super administrator (超级管理员)")


def _check_member(ask: Ask, userid: str) -> None:
    member = ask.state.members.get(userid)
    if member is None or not member.active:
        raise Refusal(NO_MEMBER, f"userid {userid}: fake.add_member({userid!r}) adds them")
    if not look.visible(ask, userid):
        raise Refusal(NOT_OWN, f"userid {userid}: see visible= of the app's fake.add_app(...)")


def _listed(ask: Ask, name: str) -> list[Body]:
    """Return the nodes of a request; each must say what its type promises."""
    nodes: list[Body] = ask.body.get(name) or []
    for node in nodes:
        if node["type"] == MEMBER and not node.get("userid"):
            raise Refusal(NO_USERID, f"{name}: type 1 needs userid")
        if node["type"] == DEPARTMENT and not node.get("partyid"):
            raise Refusal(MISSING, f"{name}: type 2 needs partyid")
    return nodes


def _nodes(ask: Ask, name: str) -> dict[str, Node]:
    """Return new nodes for a range; who they name must be there."""
    found: dict[str, Node] = {}
    for node in _listed(ask, name):
        if node["type"] == MEMBER:
            _check_member(ask, node["userid"])
        elif node["partyid"] not in ask.state.departments():
            raise Refusal(NO_PARTY, f"partyid {node['partyid']}: fake.add_department({node['partyid']}) adds it")
        found[node_key(node)] = _node(ask.state, node)
    return found


def _node(state: State, node: Body) -> Node:
    seq = state.ids.number("range_node")
    return Node(seq=seq, userid=node["userid"]) if node["type"] == MEMBER else Node(seq=seq, party=node["partyid"])


def _check_size(nodes: Mapping[str, Node]) -> None:
    if len(nodes) > NODES:
        raise Refusal(BAD, f"range: {len(nodes)} nodes, at most {NODES}")


def _check_inside(state: State, nodes: Iterable[Node], parent: Strategy) -> None:
    whole = Range.of(state, parent.nodes.values())
    for node in nodes:
        if not whole.has(node):
            raise Refusal(NOT_OWN, f"{_name(node)} is not in the range of the parent {parent.strategy_id}")


def _check_below(state: State, rows: dict[int, Strategy], strategy: Strategy, nodes: Mapping[str, Node]) -> None:
    """Refuse a range that no longer holds what rule groups right below it hold."""
    whole = Range.of(state, nodes.values())
    for child in [one for one in rows.values() if one.parent_id == strategy.strategy_id]:
        for node in child.nodes.values():
            if not whole.has(node):
                raise Refusal(NOT_OWN, f"strategy {child.strategy_id} below still holds {_name(node)}")


def _name(node: Node) -> str:
    return f"userid {node.userid}" if node.userid else f"partyid {node.party}"


def _seq(node: Node) -> int:
    return node.seq


def _show_node(node: Node) -> Body:
    if node.userid:
        return {"type": MEMBER, "userid": node.userid}
    return {"type": DEPARTMENT, "partyid": node.party}


def _next(cursor: str) -> Body:
    return {"next_cursor": cursor} if cursor else {}


def _register(kind: str) -> None:
    """Serve the six endpoints of one kind."""

    def serve(path: str, handler: _Serve, *checks: Callable[[Body], None]) -> None:
        endpoint("POST", f"externalcontact/{kind}_strategy/{path}", *checks)(lambda ask: handler(ask, kind))

    most = PER_CALL[kind]
    paging = (text("cursor"), integer("limit"))
    rights = nested("privilege", *(flag(right) for right in RIGHTS[kind]))
    serve("list", list_strategies, *paging)
    serve("get", get, ID)
    serve("get_range", get_range, ID, *paging)
    serve(
        "create",
        create,
        integer("parent_id"),
        text("strategy_name", required=MISSING),
        items("admin_list", required=MISSING, most=ADMINS),
        rights,
        objects("range", *NODE, required=MISSING, most=most),
    )
    serve(
        "edit",
        edit,
        ID,
        text("strategy_name"),
        items("admin_list", most=ADMINS),
        rights,
        objects("range_add", *NODE, most=most),
        objects("range_del", *NODE, most=most),
        partial(_check_total, most=most),
    )
    serve("del", delete, ID)


def _check_total(body: Body, most: int) -> None:
    """Hold added and removed nodes together against what one call takes."""
    count = len(body.get("range_add") or []) + len(body.get("range_del") or [])
    if count > most:
        raise Refusal(BAD, f"{count} nodes in one call, at most {most}")


for _kind in RIGHTS:
    _register(_kind)
