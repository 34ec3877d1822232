"""The application-message chapter (发送应用消息, manual 90236): messages of an app to members of the corp.

Over-limit messages vanish in silence, as on the platform: errcode 0, nothing received.
Unverified: that a repeat within the duplicate check answers 0 and the first msgid,
and that agentid may be a string of digits, as several SDKs send it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import Check, integer, items, nested, objects, text, verify
from wecom_auto.testing._state import Message
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, BAD_KIND, NO_AGENT, NOT_OWN, NOBODY, ALL_BAD = 40063, 40058, 40008, 41011, 301002, 82001, 81013
NO_CONTENT, TOO_LARGE = 44004, 45002
PER_MINUTE, PER_HOUR = 30, 1_000

_MEDIA = (text("media_id", required=MISSING),)
_TITLE = text("title", required=MISSING, octets=128)
KINDS: dict[str, tuple[Check, ...]] = {
    "text": (text("content", required=NO_CONTENT),),
    "markdown": (text("content", required=NO_CONTENT, octets=2048, bad=TOO_LARGE),),
    "image": _MEDIA,
    "voice": _MEDIA,
    "video": (*_MEDIA, text("title", octets=128), text("description", octets=512)),
    "file": _MEDIA,
    "textcard": (
        text("url", required=MISSING, octets=2048),
        text("title", required=MISSING, chars=128),
        text("description", required=MISSING, chars=512),
        text("btntxt", chars=4),
    ),
    "news": (objects("articles", _TITLE, text("url", octets=2048), required=MISSING, most=8, too_many=45008),),
    "mpnews": (
        objects("articles", _TITLE, text("thumb_media_id", required=MISSING), required=MISSING, most=8, too_many=45008),
    ),
    "miniprogram_notice": tuple(text(name, required=MISSING) for name in ("appid", "title")),
    "template_card": (text("card_type", required=MISSING),),
    "template_msg": (text("template_id", required=MISSING),),
    "interactive_taskcard": (text("task_id", required=MISSING), text("title", required=MISSING)),
}


@endpoint(
    "POST",
    "message/send",
    text("msgtype", required=BAD_KIND, enum=tuple(KINDS), bad=BAD_KIND),
    text("touser"),
    text("toparty"),
    text("totag"),
    integer("agentid", digits=True),
    integer("safe", enum=(0, 1, 2)),
    integer("enable_id_trans", enum=(0, 1)),
    integer("enable_duplicate_check", enum=(0, 1)),
    integer("duplicate_check_interval", most=4 * 3_600),
    items("selected_ticket_list"),
    *(nested(kind) for kind in KINDS),
)
def send(ask: Ask) -> Mapping[str, object]:
    """Send an application message to members, departments and tags."""
    kind = str(ask.body["msgtype"])
    _check_agent(ask, kind)
    part: Body | None = ask.body.get(kind)
    if part is None:
        raise Refusal(MISSING, kind)
    verify(part, KINDS[kind])
    if "media_id" in part:
        look.medium(ask, part["media_id"])
    users, invalid = _receivers(ask)
    earlier = _repeated(ask)
    message = earlier or Message(
        msgid=ask.state.ids.letters("", "message", 64),
        agent_id=ask.app.agent_id,
        msgtype=kind,
        users=users,
        body=ask.body,
        at=ask.time,
    )
    if earlier is None:
        message.dropped = [one for one in users if not _room(ask, one)]
        ask.state.messages.append(message)
        ask.state.said[_body_key(ask)] = message
        for userid in dict.fromkeys(users):
            ask.state.heard[userid].append(message)
    card = {"response_code": message.msgid[:32]} if kind == "template_card" else {}
    return {**{name: "|".join(bad) for name, bad in invalid.items() if bad}, "msgid": message.msgid, **card}


def _check_agent(ask: Ask, kind: str) -> None:
    agent_id = ask.body.get("agentid")
    if agent_id is None and kind != "miniprogram_notice":
        raise Refusal(NO_AGENT)
    if agent_id is not None and int(agent_id) != ask.app.agent_id:
        raise Refusal(NOT_OWN, f"agentid {agent_id} is not the app of this token, which is {ask.app.agent_id}")


def _split(ask: Ask, name: str, most: int) -> list[str]:
    found = [one for one in str(ask.body.get(name) or "").split("|") if one]
    if len(found) > most:
        raise Refusal(BAD, f"{name}: {len(found)} receivers, at most {most}")
    return found


def _receivers(ask: Ask) -> tuple[list[str], dict[str, list[str]]]:
    """Resolve the receivers and name those that do not exist or may not be seen."""
    users, parties, tags = _split(ask, "touser", 1000), _split(ask, "toparty", 100), _split(ask, "totag", 100)
    if not (users or parties or tags):
        raise Refusal(NOBODY, "touser, toparty and totag are empty")
    if users == ["@all"]:
        users = [one.userid for one in ask.state.members.values() if one.active and look.visible(ask, one.userid)]
    good = {one for one in users if _reachable(ask, one)}
    known = {str(one) for one in ask.state.departments()}
    expanded = {one for party in parties if party in known for one in ask.state.of_department(int(party))}
    # The fake keeps no member tags (标签), so every totag is invalid.
    invalid = {
        "invaliduser": [one for one in users if one not in good],
        "invalidparty": [one for one in parties if one not in known],
        "invalidtag": tags,
    }
    everyone = sorted(good | {one for one in expanded if _reachable(ask, one)})
    if not everyone:
        raise Refusal(ALL_BAD)
    return everyone, invalid


def _reachable(ask: Ask, userid: str) -> bool:
    found = ask.state.members.get(userid)
    return found is not None and found.active and look.visible(ask, userid)


def _repeated(ask: Ask) -> Message | None:
    if ask.body.get("enable_duplicate_check") != 1:
        return None
    since = ask.time - ask.body.get("duplicate_check_interval", 1_800)
    last = ask.state.said.get(_body_key(ask))
    return last if last is not None and last.at > since else None


def _body_key(ask: Ask) -> str:
    return f"{ask.app.agent_id}:{json.dumps(ask.body, sort_keys=True)}"


def _room(ask: Ask, userid: str) -> bool:
    """Whether the member may get one more from this app: 30 a minute and 1000 an hour (90236)."""
    minute = hour = 0
    for one in reversed(ask.state.heard[userid]):
        if one.at <= ask.time - 3_600:
            break
        if one.agent_id == ask.app.agent_id and userid not in one.dropped:
            hour += 1
            minute += one.at > ask.time - 60
    return minute < PER_MINUTE and hour < PER_HOUR
