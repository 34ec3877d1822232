"""The customer chapter (客户管理, manual 92112-92115, 92994): read and remark.

Unverified: 84061 for a member without customers (92113 does not say), 40096 and 60111 for unknown ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, items, text
from wecom_auto.testing._state import Person, Relation, State
from wecom_auto.testing._wire import Body, Refusal

NO_USERID, NO_EXTERNAL, NO_RELATION, MISSING = 41009, 41035, 84061, 40063
FOLLOWERS_PER_PAGE = 500
CORP_TAG, STRATEGY_TAG = 1, 3
REMARKS = ("remark", "remark_company", "remark_mobiles", "remark_pic_mediaid", "description")


@endpoint("GET", "externalcontact/get_follow_user_list")
def get_follow_user_list(ask: Ask) -> Mapping[str, object]:
    """List the members with the customer-contact right in the app's range (92571)."""
    members = ask.state.members.values()
    return {
        "follow_user": [one.userid for one in members if one.active and one.contact and look.visible(ask, one.userid)]
    }


@endpoint("GET", "externalcontact/list", text("userid", required=NO_USERID))
def list_customers(ask: Ask) -> Mapping[str, object]:
    """List the customers of one member (92113)."""
    member = look.member(ask, ask.body["userid"])
    found = [one.external_userid for one in member.relations.values() if not one.half]
    if not found:
        raise Refusal(NO_RELATION, f"{member.userid} has no customers")
    return {"external_userid": found}


@endpoint("GET", "externalcontact/get", text("external_userid", required=NO_EXTERNAL), text("cursor"))
def get(ask: Ask) -> Mapping[str, object]:
    """Answer one customer and who follows them, 500 followers a page (92114)."""
    person = look.customer(ask, ask.body["external_userid"])
    follows = [one for one in person.followers.values() if not one.half and look.visible(ask, one.userid)]
    if not follows:
        raise Refusal(NO_RELATION, "nobody in the visible range follows this customer")
    follows.sort(key=lambda one: one.seq)
    rows, cursor = page(ask, follows, lambda one: one.seq, FOLLOWERS_PER_PAGE)
    users = [_follow_user(ask.state, one) for one in rows]
    return {
        "external_contact": contact(ask.state, person),
        "follow_user": users,
        **({"next_cursor": cursor} if cursor else {}),
    }


@endpoint(
    "POST",
    "externalcontact/batch/get_by_user",
    items("userid_list", required=MISSING, most=100),
    text("cursor"),
    integer("limit"),
)
def get_by_user(ask: Ask) -> Mapping[str, object]:
    """List the customers of up to 100 members in pages of at most 100 (92994)."""
    members = {userid: look.member(ask, userid) for userid in ask.body["userid_list"]}
    size = page_size(ask, default=50, most=100, above="most")
    rows: list[Relation] = []
    if len(members) == 1:
        (member,) = members.values()
        rows = list(member.relations.values())
    else:
        rows = sorted((one for each in members.values() for one in each.relations.values()), key=_seq)
    rows = [one for one in rows if not one.half]
    found, cursor = page(ask, rows, _seq, size)
    people = ask.state.people
    listed = [
        {"external_contact": contact(ask.state, people[one.external_userid]), "follow_info": _follow_info(one)}
        for one in found
    ]
    return {"external_contact_list": listed, "next_cursor": cursor}


@endpoint(
    "POST",
    "externalcontact/remark",
    text("userid", required=NO_USERID),
    text("external_userid", required=NO_EXTERNAL),
    text("remark", chars=20),
    text("remark_company", chars=20),
    text("description", chars=150),
    items("remark_mobiles"),
    text("remark_pic_mediaid"),
)
def remark(ask: Ask) -> None:
    """Change what a member noted about a customer; fields that are not given stay (92115)."""
    if not any(name in ask.body for name in REMARKS):
        raise Refusal(MISSING, "one of " + ", ".join(REMARKS))
    relation = look.relation(ask, ask.body["userid"], ask.body["external_userid"])
    if ask.body.get("remark_pic_mediaid"):
        look.medium(ask, ask.body["remark_pic_mediaid"])
    relation.remark = ask.body.get("remark", relation.remark)
    relation.description = ask.body.get("description", relation.description)
    relation.remark_company = ask.body.get("remark_company", relation.remark_company)
    # A list with one empty string clears the numbers (92115).
    relation.mobiles = [one for one in ask.body.get("remark_mobiles", relation.mobiles) if one]


def contact(state: State, person: Person) -> Body:
    """Return the `external_contact` object of a customer; a school's parents carry what the school knows."""
    shown: Body = {
        "external_userid": person.external_userid,
        "name": person.name,
        "type": person.type,
        "avatar": person.avatar,
        "gender": person.gender,
    }
    if person.unionid:
        shown["unionid"] = person.unionid
    parent = state.school.of_external(person.external_userid) if state.school.parents else None
    if parent is not None:
        shown |= {"foreign_key": parent.foreign_key, "is_subscribe": int(parent.subscribed)}
    return shown


def _seq(relation: Relation) -> int:
    return relation.seq


def _notes(relation: Relation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "userid": relation.userid,
        "remark": relation.remark,
        "description": relation.description,
        "createtime": relation.created_at,
        "remark_mobiles": list(relation.mobiles),
        "oper_userid": relation.oper_userid,
        "add_way": relation.add_way,
    }
    if relation.remark_company:
        shown["remark_corp_name"] = relation.remark_company
    if relation.state:
        shown["state"] = relation.state
    return shown


def _follow_info(relation: Relation) -> dict[str, Any]:
    return {**_notes(relation), "tag_id": list(relation.tags)}


def _follow_user(state: State, relation: Relation) -> dict[str, Any]:
    tags = [state.tags[one] for one in relation.tags]
    shown = [
        {
            "group_name": state.tag_groups[one.group_id].name,
            "tag_name": one.name,
            "tag_id": one.id,
            "type": STRATEGY_TAG if state.tag_groups[one.group_id].strategy_id else CORP_TAG,
        }
        for one in tags
    ]
    return {**_notes(relation), "tags": shown}
