"""Read what a program in the data zone hands out (数据与智能专区): that something was said, never what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import evolve, field, frozen

from wecom_auto import _codec
from wecom_auto._types import JSON, JSONObject
from wecom_auto.archive._values import (
    Agreement,
    Party,
    PartyKind,
    Sight,
    SourcePage,
    Unreadable,
    Utterance,
    chat_of,
)
from wecom_auto.errors import DecodeError, PagingError, api_error
from wecom_auto.models import AgreeStatus, ZoneHit, ZoneKind, ZoneMessage, ZonePage, ZoneParty, ZonePartyType

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

__all__ = ["ZoneArchive"]

_ROWS: Final = 1000
_KINDS: Final[Mapping[int, str]] = {
    ZoneKind.TEXT: "text",
    ZoneKind.IMAGE: "image",
    ZoneKind.EMOTION: "emotion",
    ZoneKind.LINK: "link",
    ZoneKind.MINI_PROGRAM: "weapp",
    ZoneKind.VOICE: "voice",
    ZoneKind.VIDEO: "video",
    ZoneKind.FILE: "file",
    ZoneKind.CARD: "card",
    ZoneKind.FORWARD: "chatrecord",
    ZoneKind.CHANNELS: "sphfeed",
    ZoneKind.CALENDAR: "calendar",
    ZoneKind.RED_PACKET: "redpacket",
    ZoneKind.LOCATION: "location",
    ZoneKind.MEETING: "meeting",
    ZoneKind.TODO: "todo",
    ZoneKind.VOTE: "vote",
    ZoneKind.DOCUMENT: "docmsg",
    ZoneKind.NEWS: "news",
    ZoneKind.MIXED: "mixed",
    ZoneKind.MEETING_CALL: "meeting_voice_call",
    ZoneKind.CALL: "voiptext",
    ZoneKind.DRIVE_FILE: "qydiskfile",
    ZoneKind.AGREE: "agree",
    ZoneKind.DISAGREE: "disagree",
    ZoneKind.CHAIN: "chain",
    ZoneKind.MARKDOWN: "markdown",
    ZoneKind.NOTE: "note",
}
_PARTIES: Final[Mapping[int, PartyKind]] = {
    ZonePartyType.MEMBER: PartyKind.MEMBER,
    ZonePartyType.CONTACT: PartyKind.CONTACT,
    ZonePartyType.ROBOT: PartyKind.ROBOT,
}
_SAID: Final = {"agree": AgreeStatus.AGREE, "disagree": AgreeStatus.DISAGREE}


@frozen(kw_only=True)
class ZoneArchive:
    """The archive as a program of yours in the data zone tells of it.

    The program is asked through `data_zone.call_program`, with ``{"cursor": "…", "limit": 1000}`` as request data.
    It answers what the zone's own ``sync_msg`` has answered to it (``msg_list``, ``next_cursor``, ``has_more``; with
    an ``errcode`` if that failed), and as ``hit_list`` the ``msg_list`` of ``keyword/get_hit_msg_list``, of the
    messages of the page. Whatever else it answers is not looked at, and text has no place in it.

    Attributes:
        client: An app that may call the program.
        program_id: The program.
        ability_id: What it is asked for.
        rules: What key-word rules (关键词规则) are called, by rule id; a hit of another rule goes by its id.
        name: Names the cursor.
    """

    client: WeCom = field(repr=False)
    program_id: str
    ability_id: str
    rules: Mapping[str, str] = field(factory=dict[str, str])
    name: str = "zone"

    @property
    def sees(self) -> Sight:
        """Facts and hits."""
        return Sight.FACTS

    def read(self, cursor: str, limit: int, /) -> SourcePage:
        """Ask the program for what came after a cursor; see `ArchiveSource.read`.

        Raises:
            APIError: What the platform, or the zone through the program, answered.
            DecodeError: The program answered something else.
            PagingError: It says that there is more, and does not move.
        """
        request = json.dumps({"cursor": cursor, "limit": min(limit, _ROWS)})
        answered = self.client.data_zone.call_program(self.program_id, ability_id=self.ability_id, request_data=request)
        answer = self._answer(answered)
        rows = _list(answer, "msg_list")
        page = _decoded(ZonePage, {name: value for name, value in answer.items() if name not in _PARTS})
        hits = self._hits(_list(answer, "hit_list"))
        following = page.next_cursor or cursor
        if page.has_more and following == cursor:
            msg = f"program {self.program_id}: it says that there is more, and gives the cursor that it was asked with"
            raise PagingError(msg)
        return SourcePage(rows=tuple(_row(raw, hits) for raw in rows), cursor=following, more=page.has_more)

    def read_again(self, raw: str, /) -> Utterance | Unreadable:
        """Read a row again that was not understood, by a newer version of this package, say."""
        return _row(json.loads(raw), {})

    def _answer(self, text: str) -> JSONObject:
        call = f"data zone {self.program_id}/{self.ability_id}"
        try:
            answer: Any = json.loads(text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            msg = "the program's response_data is no JSON object"
            raise DecodeError(msg, path="response_data", call=call)
        found: JSONObject = answer
        if code := _codec.decode(int, found.get("errcode") or 0, at="response_data.errcode"):
            raise api_error(code, str(found.get("errmsg", "")), call=call)
        return found

    def _hits(self, rows: list[JSON]) -> Mapping[str, tuple[str, ...]]:
        found = [_decoded(ZoneHit, raw) for raw in rows if isinstance(raw, Mapping)]
        return {one.msgid: tuple(self.rules.get(rule.rule_id, rule.rule_id) for rule in one.rules) for one in found}


_PARTS: Final = frozenset({"msg_list", "hit_list", "errcode", "errmsg"})


def _decoded(kind: Any, raw: JSONObject) -> Any:
    return _codec.decode(kind, raw)


def _list(answer: JSONObject, name: str) -> list[JSON]:
    found = answer.get(name) or []
    if not isinstance(found, list):
        msg = f"expected a list, found {type(found).__name__}"
        raise DecodeError(msg, path=f"response_data.{name}")
    return found


def _row(raw: JSON, hits: Mapping[str, tuple[str, ...]]) -> Utterance | Unreadable:
    kept = json.dumps(raw, ensure_ascii=False)
    try:
        one: ZoneMessage = _decoded(ZoneMessage, cast("JSONObject", raw))
    except DecodeError as error:
        msgid = raw.get("msgid") if isinstance(raw, Mapping) else ""
        return Unreadable(msgid=msgid if isinstance(msgid, str) else "", raw=kept, why=str(error))
    if one.sent_at is None:
        return Unreadable(msgid=one.msgid, raw=kept, why="it does not say when it was sent")
    kind = "" if one.kind is None else _KINDS.get(one.kind, f"zone:{int(one.kind)}")
    said = Utterance(
        msgid=one.msgid,
        sender=_party(one.sender),
        receivers=tuple(map(_party, one.receivers)),
        room=one.chatid,
        at=one.sent_at,
        kind=kind,
        hits=hits.get(one.msgid, ()),
    )
    return _with_agreement(said)


def _party(one: ZoneParty) -> Party:
    # Who is neither member nor robot is treated as somebody outside: nothing of them is kept without their word.
    kind = PartyKind.CONTACT if one.type is None else _PARTIES.get(one.type, PartyKind.CONTACT)
    return Party(id=one.id, kind=kind)


def _with_agreement(said: Utterance) -> Utterance:
    chat = chat_of(said)
    if said.kind not in _SAID or chat is None:
        return said
    place, person = chat
    agreement = Agreement(place=place, external_userid=person, status=_SAID[said.kind], at=said.at)
    return evolve(said, agreement=agreement)
