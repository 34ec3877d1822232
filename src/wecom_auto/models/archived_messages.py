"""A decrypted message of the classic archive (会话内容存档). Reads what was pulled; pulls and decrypts nothing.

Manual: `获取会话内容 <https://developer.work.weixin.qq.com/document/path/91774>`_.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, TypeAlias, cast

import attrs
from attrs import frozen

from wecom_auto._codec import decode
from wecom_auto._model import Form, Model, OpenStrEnum, Tagged, UnknownTagged, wire
from wecom_auto._types import JSON, JSONObject
from wecom_auto.models import _archived_contents as c
from wecom_auto.models import _archived_items as i

__all__ = [
    "ArchivedAction",
    "ArchivedContent",
    "ArchivedHead",
    "ArchivedMessage",
    "ArchivedSwitch",
    "UnknownArchivedContent",
    "read_archived_message",
]


class ArchivedAction(OpenStrEnum):
    """What was done."""

    SEND = "send"
    RECALL = "recall"
    SWITCH = "switch"


@frozen(kw_only=True)
class ArchivedSwitch(Tagged):
    """A member changed to another corp in the client (切换企业日志); on the wire there is no msgtype."""

    MSGTYPE: ClassVar[str] = "switch"


@frozen(kw_only=True)
class UnknownArchivedContent(UnknownTagged):
    """A kind of message that this version does not know; it is kept as it came.

    Attributes:
        msgtype: The kind, as the platform named it.
        data: What came with it: its fields under the kind's own name, if they stood under a name at all.
    """


ArchivedContent: TypeAlias = (
    c.ArchivedText
    | c.ArchivedImage
    | c.ArchivedVoice
    | c.ArchivedVideo
    | c.ArchivedFile
    | c.ArchivedEmotion
    | c.ArchivedRevoke
    | c.ArchivedAgree
    | c.ArchivedDisagree
    | c.ArchivedCard
    | c.ArchivedLocation
    | c.ArchivedLink
    | c.ArchivedMiniProgram
    | c.ArchivedChatRecord
    | c.ArchivedMixed
    | c.ArchivedTodo
    | c.ArchivedVote
    | c.ArchivedCollect
    | c.ArchivedRedPacket
    | c.ArchivedWeChatRedPacket
    | c.ArchivedMeeting
    | c.ArchivedDocument
    | c.ArchivedMarkdown
    | c.ArchivedNews
    | c.ArchivedCalendar
    | i.ArchivedMeetingCall
    | i.ArchivedVoipFile
    | i.ArchivedChannels
    | i.ArchivedCallSummary
    | i.ArchivedDriveFile
    | ArchivedSwitch
    | UnknownArchivedContent
)
"""Anything that an archived message can hold."""


@frozen(kw_only=True)
class ArchivedHead(Model):
    """What stands around the content of a message.

    Attributes:
        msgid: Its id; the same message may come again with it. One with somebody outside ends in ``_external``.
        action: What was done.
        sender: A userid, an external_userid, or a robot's id; of a switch, who switched.
        receivers: Of the same kinds.
        roomid: The group; empty in a one-to-one chat.
        sent_at: When, to the millisecond.
    """

    msgid: str = ""
    action: ArchivedAction = ArchivedAction.SEND
    sender: str = wire("from", "")
    receivers: tuple[str, ...] = wire("tolist", ())
    roomid: str = ""
    sent_at: datetime | None = wire("msgtime", None, Form.MILLISECONDS)


@frozen(kw_only=True)
class ArchivedMessage(ArchivedHead):
    """One archived message, as `read_archived_message` reads it.

    Attributes:
        content: What it says; look at its class.
    """

    content: ArchivedContent = UnknownArchivedContent()


_UNDER: Final[Mapping[str, str]] = {
    "docmsg": "doc",
    "external_redpacket": "redpacket",
    "markdown": "info",
    "news": "info",
    "voiptext": "info",
    "qydiskfile": "info",
}
"""The key of a kind's fields, where it is not the kind."""
_BESIDE: Final = frozenset({"vote"})
"""Kinds whose fields stand beside the msgtype."""
_HEAD: Final = tuple(field.name for field in attrs.fields(ArchivedHead) if field.name != "extra")
_KEYS: Final = frozenset({"msgid", "action", "from", "tolist", "roomid", "msgtime", "msgtype"})
_CONTENT: Final[Any] = ArchivedContent


def read_archived_message(raw: Mapping[str, JSON]) -> ArchivedMessage:
    """Return a decrypted message; never refuses a kind, only what is no message at all.

    Args:
        raw: The message, as it was decrypted.

    Raises:
        DecodeError: An id is no text, or a time is none; `.path` names the place.
    """
    if raw.get("action") == "switch":
        around = {name: raw.get(name) for name in ("msgid", "action")}
        head = decode(ArchivedHead, {**around, "from": raw.get("user"), "msgtime": raw.get("time")})
        rest = {name: value for name, value in raw.items() if name not in {"msgid", "action", "user", "time"}}
        return _joined(head, cast("ArchivedContent", decode(_CONTENT, {"msgtype": "switch", "switch": rest})), {})
    head = decode(ArchivedHead, {name: raw[name] for name in _KEYS & raw.keys() if name != "msgtype"})
    kind = decode(str, raw.get("msgtype") or "", at="msgtype")
    rest = {name: value for name, value in raw.items() if name not in _KEYS}
    body: JSON = rest if kind in _BESIDE else rest.pop(_UNDER.get(kind, kind), None)
    beside: JSONObject = {} if kind in _BESIDE else rest
    tagged = {"msgtype": kind} if body is None else {"msgtype": kind, kind: body}
    return _joined(head, cast("ArchivedContent", decode(_CONTENT, tagged)), beside)


def _joined(head: ArchivedHead, content: ArchivedContent, beside: JSONObject) -> ArchivedMessage:
    around: dict[str, Any] = {name: getattr(head, name) for name in _HEAD}
    return ArchivedMessage(content=content, **around, extra={**head.extra, **beside})
