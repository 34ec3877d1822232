"""The conversations of customer service (微信客服, manual 94669, 94670, 94674, 94677, 95122, 95159).

`fake.kf_enter`, `kf_write` and their neighbours play the customer and the servicers.

Unverified: that a customer who never wrote answers 95031 and is `ENDED` (4) to who asks for the state; that a used or
strange code answers 40058, a msgid that was used before, too; that the same token and cursor may be used twice; that a
member whom a department brings counts as servicer only if they are named; the code of a menu with too many entries
(95008). The strict limit of pulling without a token is not imitated: its numbers are not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._fake_kf import BAD, KFID, MISSING, account
from wecom_auto.testing._kf_rules import ASSISTANT, CLOSED, DAYS_2, END_CODE, NEW, POOL, SERVED, code
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import Check, integer, items, nested, objects, text, verify
from wecom_auto.testing._state_kf import KfAccountRow, KfReply, KfTalk
from wecom_auto.testing._wire import Body, Refusal

USED_UP, LATE, BAD_TOKEN, MENU_FULL, BAD_KIND = 95001, 95002, 95007, 95008, 40008
NO_SERVICER, BAD_MOVE, BUSY, RESTING, NOT_SET_UP, SILENT = 95014, 95016, 95018, 95019, 95021, 95031
REPLIES, TAPS, EVENT_ENTRIES, ENTRIES, ROWS = 5, 10, 10, 50, 1_000
DAYS_3: Final = 3 * 86_400
MOVES: Final[Mapping[int, frozenset[int]]] = {
    NEW: frozenset({ASSISTANT, POOL, SERVED}),
    ASSISTANT: frozenset({POOL, SERVED}),
    POOL: frozenset({SERVED}),
    SERVED: frozenset({SERVED, CLOSED}),
    CLOSED: frozenset(),
}
WHO = text("external_userid", required=MISSING)
MSGID = text("msgid", octets=32)
_MEDIA = (text("media_id", required=MISSING),)
_CONTENT = text("content", required=MISSING, octets=1024)
_MENU: tuple[Check, ...] = (
    text("head_content", octets=1024),
    text("tail_content", octets=1024),
    objects(
        "list",
        text("type", required=MISSING, enum=("click", "view", "miniprogram", "text")),
        nested("text", text("content", required=MISSING, octets=256), integer("no_newline", enum=(0, 1))),
        nested("click", text("id", octets=128), text("content", required=MISSING, octets=128)),
        nested("view", text("url", required=MISSING, octets=2048), _CONTENT),
        nested(
            "miniprogram",
            text("appid", required=MISSING, octets=32),
            text("pagepath", required=MISSING, octets=1024),
            _CONTENT,
        ),
        required=MISSING,
        most=ENTRIES,
        too_many=MENU_FULL,
    ),
)
KINDS: Mapping[str, tuple[Check, ...]] = {
    "text": (text("content", required=MISSING),),
    "image": _MEDIA,
    "voice": _MEDIA,
    "video": (*_MEDIA, text("title"), text("description")),
    "file": _MEDIA,
    "link": (
        text("url", required=MISSING, octets=2048),
        text("title", required=MISSING, octets=128),
        text("desc", octets=512),
        text("thumb_media_id", required=MISSING),
    ),
    "miniprogram": (
        text("appid", required=MISSING),
        text("pagepath", required=MISSING),
        text("title", octets=64),
        text("thumb_media_id", required=MISSING),
    ),
    "msgmenu": _MENU,
    "location": (),
    "business_card": (text("userid", required=MISSING),),
    "ca_link": (text("link_url", required=MISSING),),
}


@endpoint(
    "POST",
    "kf/sync_msg",
    KFID,
    text("cursor", octets=64),
    text("token", octets=128),
    integer("limit", least=1, most=ROWS),
    integer("voice_format", enum=(0, 1)),
)
def sync_msg(ask: Ask) -> Mapping[str, object]:
    """Answer what came after a cursor, of three days."""
    found, token, cursor = account(ask), ask.body.get("token", ""), ask.body.get("cursor", "")
    if token and ask.time >= ask.state.kf.tokens.get(token, 0):
        raise Refusal(BAD_TOKEN, "unknown, or older than 10 minutes")
    mark, _, number = cursor.rpartition("-")
    if cursor and (mark != found.open_kfid or not number.isdigit()):
        raise Refusal(BAD, "cursor: of another account, or none")
    start = int(number or 0)
    fresh = [(place, one) for place, one in enumerate(found.rows) if place >= start]
    fresh = [(place, one) for place, one in fresh if one["send_time"] > ask.time - DAYS_3]
    size = ask.body.get("limit", ROWS)
    shown = fresh[:size]
    end = shown[-1][0] + 1 if shown else len(found.rows)
    more = len(fresh) > size
    return {"msg_list": [one for _, one in shown], "has_more": int(more), "next_cursor": f"{found.open_kfid}-{end}"}


@endpoint(
    "POST",
    "kf/send_msg",
    text("touser", required=MISSING),
    KFID,
    MSGID,
    text("msgtype", required=BAD_KIND, enum=tuple(KINDS), bad=BAD_KIND),
    *(nested(kind) for kind in KINDS),
)
def send_msg(ask: Ask) -> Mapping[str, object]:
    """Send a customer a message."""
    found, who = account(ask), ask.body["touser"]
    talk = found.talks.get(who)
    if talk is None or not talk.wrote_at:
        raise Refusal(SILENT, f"touser {who}: fake.kf_write(...) lets them write first")
    if talk.state not in (NEW, ASSISTANT):
        raise Refusal(BUSY, f"the conversation is in state {talk.state}")
    if ask.time >= talk.wrote_at + DAYS_2:
        raise Refusal(LATE, "they wrote more than 48 hours ago")
    if talk.replies >= REPLIES:
        raise Refusal(USED_UP, f"{REPLIES} messages since they wrote")
    _verify(ask, tuple(KINDS))
    talk.replies += 1
    return _sent(ask, found, who)


@endpoint(
    "POST",
    "kf/send_msg_on_event",
    text("code", required=MISSING),
    MSGID,
    text("msgtype", required=BAD_KIND, enum=("text", "msgmenu"), bad=BAD_KIND),
    nested("text"),
    nested("msgmenu"),
)
def send_msg_on_event(ask: Ask) -> Mapping[str, object]:
    """Answer an event, once."""
    paid = ask.state.kf.codes.get(ask.body["code"])
    found = ask.state.kf.accounts.get(paid.open_kfid) if paid else None
    if paid is None or found is None or ask.time >= paid.until:
        raise Refusal(BAD, "code: unknown, used, or too old")
    if found.talks[paid.external_userid].state != paid.state:
        raise Refusal(BUSY, "the conversation is not as it was")
    if paid.text_only and ask.body["msgtype"] != "text":
        raise Refusal(BAD_KIND, "while the customer waits there is only text")
    _verify(ask, ("text", "msgmenu"), entries=EVENT_ENTRIES)
    del ask.state.kf.codes[ask.body["code"]]
    found.talks[paid.external_userid].welcomed_at = ask.time
    return _sent(ask, found, paid.external_userid)


@endpoint("POST", "kf/service_state/get", KFID, WHO)
def get_state(ask: Ask) -> Mapping[str, object]:
    """Answer who has a conversation."""
    talk = account(ask).talks.get(ask.body["external_userid"])
    if talk is None:
        return {"service_state": CLOSED}
    return {"service_state": talk.state, **({"servicer_userid": talk.servicer} if talk.state == SERVED else {})}


@endpoint(
    "POST",
    "kf/service_state/trans",
    KFID,
    WHO,
    integer("service_state", required=MISSING, enum=(1, 2, 3, 4)),
    text("servicer_userid"),
)
def move(ask: Ask) -> Mapping[str, object]:
    """Give a conversation to somebody, or end it."""
    found, to = account(ask), ask.body["service_state"]
    talk = _talk(ask, found)
    if to not in MOVES[talk.state]:
        raise Refusal(BAD_MOVE, f"from {talk.state} to {to}")
    userid = ask.body.get("servicer_userid", "")
    if to == SERVED and userid not in found.servicers:
        raise Refusal(NO_SERVICER, f"servicer_userid {userid}: kf/servicer/add adds them")
    if to == SERVED and not found.servicers[userid]:
        raise Refusal(RESTING, f"servicer_userid {userid}: fake.kf_serve(...) lets them work")
    first = to in (POOL, SERVED) and not talk.moved
    talk.state, talk.servicer, talk.moved = to, userid if to == SERVED else "", talk.moved or first
    if first or to == CLOSED:
        until = ask.time + (END_CODE if to == CLOSED else DAYS_2)
        who = ask.body["external_userid"]
        return {"msg_code": code(ask.state, found, who, talk, until=until, text_only=to == POOL)}
    return {}


@endpoint(
    "POST",
    "kf/customer/batchget",
    items("external_userid_list", required=MISSING, most=100),
    integer("need_enter_session_context", enum=(0, 1)),
)
def batchget(ask: Ask) -> Mapping[str, object]:
    """Answer who customers are."""
    shown: list[Body] = []
    invalid: list[str] = []
    for who in ask.body["external_userid_list"]:
        talks = [one.talks[who] for one in ask.state.kf.accounts.values() if who in one.talks]
        fresh = [one for one in talks if ask.time < max(one.wrote_at, one.entry.get("at", 0)) + DAYS_2]
        if not fresh:
            invalid.append(who)
            continue
        person = ask.state.people[who]
        line: Body = {
            "external_userid": who,
            "nickname": person.name,
            "avatar": person.avatar,
            "gender": person.gender,
            **({"unionid": person.unionid} if person.unionid else {}),
        }
        if ask.body.get("need_enter_session_context"):
            last = max(fresh, key=lambda one: one.entry.get("at", 0)).entry
            line["enter_session_context"] = {name: value for name, value in last.items() if name != "at"}
        shown.append(line)
    return {"customer_list": shown, "invalid_external_userid": invalid}


@endpoint("GET", "kf/customer/get_upgrade_service_config")
def get_upgrades(ask: Ask) -> Mapping[str, object]:
    """Answer whom the console allows to recommend."""
    kf = ask.state.kf
    members = {"userid_list": [*kf.upgrade_userids], "department_id_list": [*kf.upgrade_departments]}
    return {"member_range": members, "groupchat_range": {"chat_id_list": [*kf.upgrade_chat_ids]}}


@endpoint(
    "POST",
    "kf/customer/upgrade_service",
    KFID,
    WHO,
    integer("type", required=MISSING, enum=(1, 2)),
    nested("member", text("userid", required=MISSING), text("wording")),
    nested("groupchat", text("chat_id", required=MISSING), text("wording")),
)
def upgrade_service(ask: Ask) -> None:
    """Recommend a member or a group."""
    talk = _talk(ask, account(ask))
    kf, name, key = ask.state.kf, *(("member", "userid") if ask.body["type"] == 1 else ("groupchat", "chat_id"))
    part = ask.body.get(name)
    if part is None:
        raise Refusal(MISSING, name)
    of_departments = [one for party in kf.upgrade_departments for one in ask.state.of_department(party)]
    allowed = [*kf.upgrade_userids, *of_departments] if name == "member" else kf.upgrade_chat_ids
    if part[key] not in allowed:
        raise Refusal(NOT_SET_UP, f"{part[key]}: fake.kf_allow_upgrades(...) sets it up")
    talk.recommended = part[key]


@endpoint("POST", "kf/customer/cancel_upgrade_service", KFID, WHO)
def cancel_upgrade_service(ask: Ask) -> None:
    """Take a recommendation back."""
    _talk(ask, account(ask)).recommended = ""


def _talk(ask: Ask, found: KfAccountRow) -> KfTalk:
    talk = found.talks.get(ask.body["external_userid"])
    if talk is None:
        raise Refusal(SILENT, f"{ask.body['external_userid']}: fake.kf_enter(...) begins a conversation")
    return talk


def _verify(ask: Ask, kinds: tuple[str, ...], *, entries: int = ENTRIES) -> None:
    kind = ask.body["msgtype"]
    part: Body | None = ask.body.get(kind) if kind in kinds else None
    if part is None:
        raise Refusal(MISSING, kind)
    verify(part, KINDS[kind])
    for name in ("media_id", "thumb_media_id"):
        if name in part:
            look.medium(ask, part[name])
    lines: list[Any] = part.get("list", [])
    if len(lines) > entries or sum(one["type"] != "text" for one in lines) > TAPS:
        raise Refusal(MENU_FULL, f"at most {TAPS} entries to tap")
    if kind == "business_card" and part["userid"] not in ask.state.members:
        raise Refusal(BAD, f"userid {part['userid']}: no member")
    links = (one.url for one in ask.state.acquisition.links.values())
    if kind == "ca_link" and not any(part["link_url"].startswith(one) for one in links):
        raise Refusal(BAD, "link_url: no acquisition link of this corp")


def _sent(ask: Ask, found: KfAccountRow, who: str) -> Mapping[str, object]:
    msgid = ask.body.get("msgid") or ask.state.ids.letters("", "kf message", 32)
    if msgid in found.msgids:
        raise Refusal(BAD, "msgid: used before")
    found.msgids.add(msgid)
    kind = ask.body["msgtype"]
    reply = KfReply(open_kfid=found.open_kfid, msgid=msgid, msgtype=kind, body=ask.body[kind], at=ask.time)
    ask.state.kf.sent.setdefault(who, []).append(reply)
    return {"msgid": msgid}
