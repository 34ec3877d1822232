"""The corp-tag chapter (企业标签管理, manual 92117, 92118): the tag library, and marking customers.

Unverified: what the platform answers when every name of an `add_corp_tag` exists already; 40071 is answered, and
names that are new beside known ones are created while the known ones are passed over. And what `mark_tag` answers for
a strategy tag that the member or the app may not use (60011); taking such a tag off is always allowed.
"""

from __future__ import annotations

from collections.abc import Mapping

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._ranges import Range, strategy_of_tag
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import any_of, integer, items, objects, text
from wecom_auto.testing._state import State, Tag, TagGroup
from wecom_auto.testing._wire import Body, Refusal

__all__ = ["new_group", "new_tag", "remove_tag"]

MISSING, NO_TAG, NAME_TAKEN, BAD_LENGTH, FULL, NOT_OWN, BAD = 40063, 40068, 40071, 40072, 40126, 60011, 40058
NO_USERID, NO_EXTERNAL = 41009, 41035
ORDER = integer("order", most=2**32 - 1)
NAME = text("name", required=MISSING, chars=30, bad=BAD_LENGTH)


@endpoint("POST", "externalcontact/get_corp_tag_list", items("tag_id"), items("group_id"))
def get_corp_tag_list(ask: Ask) -> Mapping[str, object]:
    """List the tag library, or the parts that were asked for; groups win over tags."""
    groups, tags = ask.body.get("group_id") or [], ask.body.get("tag_id") or []
    if groups:
        found = [_show_group(one, deleted=True) for one in _library(ask.state) if one.group_id in groups]
    elif tags:
        found = [_pick(one, tags) for one in _library(ask.state) if not one.tags.keys().isdisjoint(tags)]
    else:
        living = sorted((one for one in _library(ask.state) if not one.deleted), key=lambda one: -one.order)
        found = [_show_group(one, deleted=False) for one in living]
    return {"tag_group": found}


@endpoint(
    "POST",
    "externalcontact/add_corp_tag",
    text("group_id"),
    text("group_name", chars=30, bad=BAD_LENGTH),
    ORDER,
    objects("tag", NAME, ORDER, required=MISSING),
    any_of("group_id", "group_name"),
    also=("agentid",),
)
def add_corp_tag(ask: Ask) -> Mapping[str, object]:
    """Create tags in a group that exists, or that is created with them."""
    wanted = {one["name"]: int(one.get("order", 0)) for one in ask.body["tag"]}
    group = _group_for(ask)
    taken = {one.name for one in group.living()} if group else set[str]()
    fresh = {name: order for name, order in wanted.items() if name not in taken}
    if not fresh:
        raise Refusal(NAME_TAKEN, "every name exists in this group")
    if sum(not one.deleted for one in ask.state.tags.values()) + len(fresh) > ask.limits.tags:
        raise Refusal(FULL, f"at most {ask.limits.tags} tags")
    if group is None:
        order = int(ask.body.get("order", 0))
        group = new_group(ask.state, ask.body["group_name"], ask.now, order=order, agent_id=ask.app.agent_id)
    made = [new_tag(ask.state, group, name, ask.now, order, ask.app.agent_id) for name, order in fresh.items()]
    return {"tag_group": _show(group) | {"tag": [_show_tag(one) for one in made]}}


@endpoint(
    "POST",
    "externalcontact/edit_corp_tag",
    text("id", required=MISSING),
    text("name", chars=30, bad=BAD_LENGTH),
    ORDER,
    also=("agentid",),
)
def edit_corp_tag(ask: Ask) -> None:
    """Rename or reorder a tag or a group; an app may edit its own only."""
    row = _own(ask, ask.body["id"])
    name = ask.body.get("name") or row.name
    if isinstance(row, Tag):
        siblings: list[Tag] | list[TagGroup] = ask.state.tag_groups[row.group_id].living()
    else:
        siblings = [one for one in _library(ask.state) if not one.deleted]
    if any(one is not row and one.name == name for one in siblings):
        raise Refusal(NAME_TAKEN, name)
    row.name = name
    row.order = int(ask.body.get("order", row.order))


@endpoint(
    "POST",
    "externalcontact/del_corp_tag",
    items("tag_id"),
    items("group_id"),
    any_of("tag_id", "group_id"),
    also=("agentid",),
)
def del_corp_tag(ask: Ask) -> None:
    """Delete tags and groups; a group goes with its last tag, and tags leave their customers."""
    rows = [_own(ask, one) for one in [*(ask.body.get("tag_id") or []), *(ask.body.get("group_id") or [])]]
    for row in rows:
        for tag in [row] if isinstance(row, Tag) else row.living():
            remove_tag(ask.state, tag)


@endpoint(
    "POST",
    "externalcontact/mark_tag",
    text("userid", required=NO_USERID),
    text("external_userid", required=NO_EXTERNAL),
    items("add_tag"),
    items("remove_tag"),
    any_of("add_tag", "remove_tag"),
)
def mark_tag(ask: Ask) -> None:
    """Set and take tags of one member on one customer."""
    relation = look.relation(ask, ask.body["userid"], ask.body["external_userid"])
    add, remove = ask.body.get("add_tag") or [], ask.body.get("remove_tag") or []
    for tag_id in (*add, *remove):
        if tag_id not in ask.state.tags or ask.state.tags[tag_id].deleted:
            raise Refusal(NO_TAG, str(tag_id))
    for tag_id in add:
        _check_usable(ask, ask.state.tags[tag_id], relation.userid)
    tags = {one: None for one in relation.tags if one not in remove} | dict.fromkeys(add)
    if len(tags) > ask.limits.tags_per_customer:
        raise Refusal(BAD, f"at most {ask.limits.tags_per_customer} tags on one customer")
    relation.tags = tags


def _check_usable(ask: Ask, tag: Tag, userid: str) -> None:
    """Refuse a strategy tag of another app, or for a member outside the strategy's range (92118, 94882)."""
    strategy = strategy_of_tag(ask.state, tag)
    if strategy is None:
        return
    if strategy.agent_id != ask.app.agent_id:
        raise Refusal(NOT_OWN, f"{tag.id} belongs to a strategy of another app")
    if not Range.of(ask.state, strategy.nodes.values()).has_member(userid):
        raise Refusal(NOT_OWN, f"{userid} is not in the range of strategy {strategy.strategy_id}")


def new_group(
    state: State, name: str, now: int, *, order: int = 0, agent_id: int = 0, strategy_id: int = 0
) -> TagGroup:
    """Put a tag group into the library, or among the tags of a strategy."""
    group = TagGroup(
        group_id=state.ids.letters("et", "tag", 32),
        name=name,
        created_at=now,
        order=order,
        agent_id=agent_id,
        strategy_id=strategy_id,
    )
    state.tag_groups[group.group_id] = group
    return group


def new_tag(state: State, group: TagGroup, name: str, now: int, order: int = 0, agent_id: int = 0) -> Tag:
    """Put a tag into a group."""
    tag = Tag(
        id=state.ids.letters("et", "tag", 32),
        name=name,
        group_id=group.group_id,
        created_at=now,
        order=order,
        agent_id=agent_id,
    )
    state.tags[tag.id] = group.tags[tag.id] = tag
    return tag


def remove_tag(state: State, tag: Tag) -> None:
    """Delete a tag, take it from every customer, and delete its group when it was the last."""
    tag.deleted = True
    group = state.tag_groups[tag.group_id]
    group.deleted = not group.living()
    for relation in state.relations():
        relation.tags.pop(tag.id, None)


def _group_for(ask: Ask) -> TagGroup | None:
    """Find the group of a new tag: `group_id` wins, a known `group_name` is used again."""
    group_id = ask.body.get("group_id")
    if group_id:
        group = ask.state.tag_groups.get(group_id)
        if group is None or group.deleted or group.strategy_id:
            raise Refusal(NO_TAG, str(group_id))
        return group
    named = ask.body["group_name"]
    return next((one for one in _library(ask.state) if one.name == named and not one.deleted), None)


def _library(state: State) -> list[TagGroup]:
    """Return the groups of corp tags; those of strategies have endpoints of their own."""
    return [one for one in state.tag_groups.values() if not one.strategy_id]


def _own(ask: Ask, row_id: str) -> Tag | TagGroup:
    row = ask.state.tags.get(row_id) or ask.state.tag_groups.get(row_id)
    if row is None or row.deleted or ask.state.tag_groups[row.group_id].strategy_id:
        raise Refusal(NO_TAG, row_id)
    if row.agent_id not in (0, ask.app.agent_id):
        raise Refusal(NOT_OWN, "made by another app")
    return row


def _show_tag(tag: Tag, *, deleted: bool = False) -> Body:
    shown: Body = {"id": tag.id, "name": tag.name, "create_time": tag.created_at, "order": tag.order}
    return shown | ({"deleted": tag.deleted} if deleted else {})


def _show(group: TagGroup) -> Body:
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "create_time": group.created_at,
        "order": group.order,
    }


def _show_group(group: TagGroup, *, deleted: bool) -> Body:
    tags = list(group.tags.values()) if deleted else group.living()
    return _show(group) | {"tag": [_show_tag(one, deleted=deleted) for one in tags]}


def _pick(group: TagGroup, wanted: list[str]) -> Body:
    """Show a group with the tags that were asked for; only this query marks deleted groups."""
    tags = [_show_tag(tag, deleted=True) for tag in group.tags.values() if tag.id in wanted]
    return _show(group) | {"deleted": group.deleted, "tag": tags}
