"""The strategy-tag chapter (规则组标签, manual 94882): tags of one customer strategy, for its members only.

They lie in the same library as corp tags and use up the same room; `mark_tag` is theirs too.

Unverified: 40058 for a strategy that is not at the top, 40068 for a group of another strategy, 60011 for what another
app made, and, as for corp tags, what happens to names that exist already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wecom_auto.testing._fake_strategies import owned
from wecom_auto.testing._fake_tags import NAME, ORDER, new_group, new_tag, remove_tag
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import any_of, integer, items, objects, text
from wecom_auto.testing._state import Tag, TagGroup
from wecom_auto.testing._state_strategies import Strategy
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, NO_TAG, NAME_TAKEN, BAD_LENGTH, FULL, NOT_OWN = 40063, 40058, 40068, 40071, 40072, 40126, 60011


@endpoint("POST", "externalcontact/get_strategy_tag_list", integer("strategy_id"), items("tag_id"), items("group_id"))
def get_strategy_tag_list(ask: Ask) -> Mapping[str, object]:
    """List the app's strategy tags, or the parts that were asked for; groups win over tags."""
    groups, tags = ask.body.get("group_id") or [], ask.body.get("tag_id") or []
    wanted = int(ask.body.get("strategy_id") or 0)
    if wanted:
        owned(ask, "customer", wanted)
    found = [one for one in _living(ask) if wanted in (0, one.strategy_id)]
    if groups:
        return {"tag_group": [_show(one, one.living()) for one in found if one.group_id in groups]}
    if tags:
        picked = [(one, [tag for tag in one.living() if tag.id in tags]) for one in found]
        return {"tag_group": [_show(one, chosen) for one, chosen in picked if chosen]}
    return {"tag_group": [_show(one, one.living()) for one in found]}


@endpoint(
    "POST",
    "externalcontact/add_strategy_tag",
    integer("strategy_id", required=MISSING),
    text("group_id"),
    text("group_name", chars=30, bad=BAD_LENGTH),
    ORDER,
    objects("tag", NAME, ORDER, required=MISSING),
    any_of("group_id", "group_name"),
)
def add_strategy_tag(ask: Ask) -> Mapping[str, object]:
    """Create tags in a group of a strategy, or in a new one; only strategies at the top take them."""
    strategy = owned(ask, "customer")
    if strategy.parent_id:
        raise Refusal(BAD, f"strategy {strategy.strategy_id} lies below another; only those at the top take tags")
    wanted = {one["name"]: int(one.get("order", 0)) for one in ask.body["tag"]}
    group = _group_for(ask, strategy)
    taken = {one.name for one in group.living()} if group else set[str]()
    fresh = {name: order for name, order in wanted.items() if name not in taken}
    if not fresh:
        raise Refusal(NAME_TAKEN, "every name exists in this group")
    if sum(not one.deleted for one in ask.state.tags.values()) + len(fresh) > ask.limits.tags:
        raise Refusal(FULL, f"at most {ask.limits.tags} tags, corp tags and strategy tags together")
    home = group or _make_group(ask, strategy)
    made = [new_tag(ask.state, home, name, ask.now, order, ask.app.agent_id) for name, order in fresh.items()]
    return {"tag_group": _show(home, made)}


@endpoint(
    "POST",
    "externalcontact/edit_strategy_tag",
    text("id", required=MISSING),
    text("name", chars=30, bad=BAD_LENGTH),
    ORDER,
)
def edit_strategy_tag(ask: Ask) -> None:
    """Rename or reorder a strategy tag or a group of them."""
    row = _own(ask, ask.body["id"])
    name = ask.body.get("name") or row.name
    home = ask.state.tag_groups[row.group_id]
    siblings: list[Tag] | list[TagGroup] = home.living()
    if isinstance(row, TagGroup):
        siblings = [one for one in _living(ask) if one.strategy_id == home.strategy_id]
    if any(one is not row and one.name == name for one in siblings):
        raise Refusal(NAME_TAKEN, name)
    row.name = name
    row.order = int(ask.body.get("order", row.order))


@endpoint("POST", "externalcontact/del_strategy_tag", items("tag_id"), items("group_id"), any_of("tag_id", "group_id"))
def del_strategy_tag(ask: Ask) -> None:
    """Delete strategy tags and groups; a group goes with its last tag, and tags leave their customers."""
    rows = [_own(ask, one) for one in [*(ask.body.get("tag_id") or []), *(ask.body.get("group_id") or [])]]
    for row in rows:
        for tag in [row] if isinstance(row, Tag) else row.living():
            remove_tag(ask.state, tag)


def _living(ask: Ask) -> list[TagGroup]:
    """Return the groups of strategy tags that the app made, bigger order first."""
    groups = ask.state.tag_groups.values()
    own = [one for one in groups if one.strategy_id and not one.deleted and one.agent_id == ask.app.agent_id]
    return sorted(own, key=lambda one: -one.order)


def _group_for(ask: Ask, strategy: Strategy) -> TagGroup | None:
    """Find the group of a new tag: `group_id` wins, a `group_name` of this strategy is used again."""
    own = [one for one in _living(ask) if one.strategy_id == strategy.strategy_id]
    group_id = ask.body.get("group_id")
    if not group_id:
        return next((one for one in own if one.name == ask.body["group_name"]), None)
    found = next((one for one in own if one.group_id == group_id), None)
    if found is None:
        raise Refusal(NO_TAG, f"{group_id}: no such group in strategy {strategy.strategy_id}")
    return found


def _make_group(ask: Ask, strategy: Strategy) -> TagGroup:
    return new_group(
        ask.state,
        ask.body["group_name"],
        ask.now,
        order=int(ask.body.get("order", 0)),
        agent_id=ask.app.agent_id,
        strategy_id=strategy.strategy_id,
    )


def _own(ask: Ask, row_id: str) -> Tag | TagGroup:
    row = ask.state.tags.get(row_id) or ask.state.tag_groups.get(row_id)
    if row is None or row.deleted or not ask.state.tag_groups[row.group_id].strategy_id:
        raise Refusal(NO_TAG, row_id)
    if row.agent_id != ask.app.agent_id:
        raise Refusal(NOT_OWN, "made by another app or in the console")
    return row


def _show(group: TagGroup, tags: Iterable[Tag]) -> Body:
    shown = [{"id": one.id, "name": one.name, "create_time": one.created_at, "order": one.order} for one in tags]
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "create_time": group.created_at,
        "order": group.order,
        "strategy_id": group.strategy_id,
        "tag": shown,
    }
