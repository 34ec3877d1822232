"""The chapter of members (成员管理, manual 90196 and 90197), as far as customers see them: read one, change the card.

Names of lines that the console does not have, and mini programs that the corp has not installed, are ignored in
silence: `fake.allow_on_cards` says which there are; until then everything is.

Unverified: that lines which are left out stay, and that one with all values empty goes; that 48002 is what a secret
other than that of contact sync gets for writing, and what the contact-sync secret gets for reading; that a text has
room for 64 characters; the errcodes of lengths (40058); that no callback tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, nested, objects, text
from wecom_auto.testing._state import Member
from wecom_auto.testing._wire import Body, Refusal

NO_PERMISSION, NO_MEMBER, NOT_VISIBLE, BAD, MISSING = 48002, 60111, 60011, 40058, 40063
TITLE, VALUE = 12, 64
ACTIVE, NOT_ACTIVATED = 1, 4
VALUES: Final[Mapping[int, str]] = {0: "text", 1: "web", 2: "miniprogram"}
"""Which field holds the value of each type of line."""

USERID = text("userid", required=MISSING, octets=64)
PLAIN: Final = ("name", "alias", "position", "external_position")
UNPLAYED: Final = (
    "new_userid", "email", "biz_mail", "biz_mail_alias", "mobile", "telephone", "gender", "address", "department",
    "order", "is_leader_in_dept", "main_department", "direct_leader", "enable", "extattr",
)  # fmt: skip
"""Documented fields that change nothing here."""


@endpoint("GET", "user/get", USERID)
def get(ask: Ask) -> Mapping[str, object]:
    """Answer a member."""
    if ask.app.contact_sync:
        raise Refusal(NO_PERMISSION, "contact sync (通讯录同步) may not read since 15 August 2022: ask as an app")
    member = _member(ask)
    place = {"department": [member.department], "order": [0], "is_leader_in_dept": [0]}
    head: Body = {"userid": member.userid, "name": member.name, "alias": member.alias, "position": member.position}
    card: Body = {"external_position": member.external_position} if member.external_position else {}
    if member.card:
        card["external_profile"] = member.card
    return {
        **head,
        **place,
        "main_department": member.department,
        "status": ACTIVE if member.activated else NOT_ACTIVATED,
        "extattr": {"attrs": []},
        **card,
    }


@endpoint(
    "POST",
    "user/update",
    USERID,
    text("name", chars=64),
    text("alias", chars=64),
    text("position", octets=128),
    text("external_position", chars=12),
    text("avatar_mediaid"),
    nested(
        "external_profile",
        text("external_corp_name"),
        nested("wechat_channels", text("nickname", required=MISSING)),
        objects(
            "external_attr",
            text("name", required=MISSING),
            integer("type", required=MISSING, enum=(0, 1, 2)),
            nested("text", text("value", chars=VALUE)),
            nested("web", text("url"), text("title", chars=TITLE)),
            nested("miniprogram", text("appid"), text("pagepath"), text("title", chars=TITLE)),
        ),
    ),
    also=UNPLAYED,
)
def update(ask: Ask) -> None:
    """Change what was given."""
    if not ask.app.contact_sync:
        raise Refusal(NO_PERMISSION, "contact sync (通讯录同步) only: see fake.set_contact_sync")
    member, given = _member(ask), ask.body
    lines = [_checked(one) for one in (given.get("external_profile") or {}).get("external_attr") or []]
    if "external_profile" in given:
        member.card = merged(
            ask.state.card_labels, ask.state.card_programs, member.card, given["external_profile"], lines
        )
    if given.get("avatar_mediaid"):
        look.medium(ask, given["avatar_mediaid"])
        member.avatar = given["avatar_mediaid"]
    for name in PLAIN:
        if name in given and (given[name] or name != "name"):
            setattr(member, name, given[name])


def merged(
    labels: frozenset[str] | None, programs: frozenset[str] | None, old: Body, new: Body, lines: list[Body]
) -> Body:
    """Return a card after a change.

    Args:
        labels: The labels that the console has; None for any.
        programs: The mini programs that the corp has installed; None for any.
        old: The card before.
        new: What was given of it.
        lines: Its lines, checked.
    """
    rows: dict[str, Body] = {str(one["name"]): one for one in old.get("external_attr", ())}
    for line in lines:
        if labels is not None and line["name"] not in labels:
            continue
        value: Body = line[VALUES[line["type"]]]
        if programs is not None and value.get("appid", "") not in {"", *programs}:
            continue
        if any(value.values()):
            rows[line["name"]] = line
        else:
            rows.pop(line["name"], None)
    card = {**old, "external_attr": list(rows.values())}
    if new.get("external_corp_name"):
        card["external_corp_name"] = new["external_corp_name"]
    if new.get("wechat_channels"):
        card["wechat_channels"] = {"nickname": new["wechat_channels"]["nickname"], "status": 0}
    return card


def _checked(line: Mapping[str, Any]) -> Body:
    """Return a line with its value only; a link has both address and title, or neither."""
    field = VALUES[line["type"]]
    value: Body = line.get(field) or {}
    if field != "text" and bool(value.get("title")) != bool(value.get("url" if field == "web" else "appid")):
        raise Refusal(BAD, f"{line['name']}: title and address are given together, or are empty together")
    if field == "web" and value.get("url") and not str(value["url"]).startswith(("http://", "https://")):
        raise Refusal(BAD, f"{line['name']}: an address begins with http:// or https://")
    return {"type": line["type"], "name": line["name"], field: value}


def _member(ask: Ask) -> Member:
    found = ask.state.members.get(ask.body["userid"])
    if found is None or not found.active:
        raise Refusal(NO_MEMBER, f"userid {ask.body['userid']}: fake.add_member(...) adds them")
    if not look.visible(ask, found.userid):
        raise Refusal(NOT_VISIBLE, f"userid {found.userid}: see visible= of the app's fake.add_app(...)")
    return found
