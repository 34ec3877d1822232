"""Everybody whom the corp serves (获取已服务的外部联系人, manual 99434): friends and group members, customers or not.

A walk is the pages from one first page on: within it a person has one tmp_openid, in the next walk another, and its
cursors die after four hours.

Unverified: what a dead cursor answers (50100); that everybody in a customer group counts as a customer; that apps of
other kinds, which cannot call it, get 48002; the order of the lines.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import BAD_CURSOR, page, page_size
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, text
from wecom_auto.testing._wire import Body, Refusal

NO_PERMISSION, OUTSIDER = 48002, 2
LINES, SECONDS = 1_000, 4 * 3_600
_HEX = re.compile("[0-9a-f]{1,10}")


@frozen
class _Line:
    """One friendship or membership; `who` is the same for all lines of one person."""

    key: int
    who: str
    shown: Body


@endpoint("POST", "externalcontact/contact_list", text("cursor"), integer("limit"))
def contact_list(ask: Ask) -> Mapping[str, object]:
    """List everybody whom members in the app's range serve, once for each member and group."""
    if ask.app.kind != "self-built":
        raise Refusal(NO_PERMISSION, "self-built apps only")
    walk, cursor = _walk(ask)
    lines = sorted((*_friends(ask), *_group_members(ask), *_others(ask)), key=lambda one: one.key)
    size = page_size(ask, default=LINES, most=LINES)
    found, following = page(evolve(ask, body={**ask.body, "cursor": cursor}), lines, lambda one: one.key, size)
    shown = [{**one.shown, "tmp_openid": _tmp_openid(ask, walk, one.who)} for one in found]
    return {"info_list": shown, "next_cursor": f"{walk:x}.{following}" if following else ""}


def _walk(ask: Ask) -> tuple[int, str]:
    """Return when the walk began, and the cursor within it.

    Raises:
        Refusal: 50100 no cursor of a walk of the last four hours.
    """
    cursor = ask.body.get("cursor")
    if not cursor:
        return ask.now, ""
    began, _, rest = str(cursor).partition(".")
    if not _HEX.fullmatch(began) or not rest or not 0 <= ask.now - int(began, 16) < SECONDS:
        raise Refusal(BAD_CURSOR, "a cursor lives for 4 hours from the first page of its walk")
    return int(began, 16), rest


def _friends(ask: Ask) -> Iterator[_Line]:
    for person in ask.state.people.values():
        for one in person.followers.values():
            if not one.half and look.visible(ask, one.userid):
                shown = {"follow_userid": one.userid, "add_time": one.created_at}
                yield _line(ask, person.external_userid, shown | _customer(person.external_userid))


def _group_members(ask: Ask) -> Iterator[_Line]:
    groups = [one for one in ask.state.groups.values() if not one.dismissed and look.visible(ask, one.owner)]
    for group in groups:
        for one in group.members.values():
            if one.type == OUTSIDER:
                shown = {"follow_userid": group.owner, "chat_id": group.chat_id, "add_time": one.join_time}
                yield _line(ask, one.userid, shown | _customer(one.userid))


def _others(ask: Ask) -> Iterator[_Line]:
    for one in ask.state.served.others:
        if look.visible(ask, one.userid):
            shown: Body = {"is_customer": False, "name": f"***{one.name[-1:]}", "follow_userid": one.userid}
            chat = {"chat_name": one.chat_name} if one.chat_name else {}
            yield _line(ask, f"other {one.number}", {**shown, **chat, "add_time": one.added_at})


def _customer(external_userid: str) -> Body:
    return {"is_customer": True, "external_userid": external_userid}


def _line(ask: Ask, who: str, shown: Body) -> _Line:
    # A key of its own for each line, in no order that means anything: lines that vanish do not shift the rest.
    place = (who, shown["follow_userid"], shown.get("chat_id", ""), shown.get("chat_name", ""))
    return _Line(int.from_bytes(ask.state.ids.digest("served", *place)[:8], "big"), who, shown)


def _tmp_openid(ask: Ask, walk: int, who: str) -> str:
    return base64.urlsafe_b64encode(ask.state.ids.digest("tmp_openid", walk, who)).decode()[:32]
