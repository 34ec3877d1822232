"""Messages and events of customer service (微信客服) as ``kf/sync_msg`` gives them. Reads what was pulled; never pulls.

Manual: `读取消息 <https://developer.work.weixin.qq.com/document/path/94670>`_.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, cast, get_args

import attrs
from attrs import frozen

from wecom_auto._codec import decode, encode_object
from wecom_auto._model import Form, Model, OpenIntEnum, UnknownTagged, wire
from wecom_auto._types import JSON, JSONObject
from wecom_auto.errors import DecodeError
from wecom_auto.models._kf_contents import (
    KfBusinessCard,
    KfCalendar,
    KfChannels,
    KfFile,
    KfImage,
    KfLink,
    KfLocation,
    KfMeeting,
    KfMenu,
    KfMergedMessages,
    KfMiniProgram,
    KfNote,
    KfShopOrder,
    KfShopProduct,
    KfText,
    KfVideo,
    KfVoice,
)
from wecom_auto.models._kf_events import (
    KfCustomerMessageRecalled,
    KfEvent,
    KfMessageFailed,
    KfRejectSwitched,
    KfServicerMessageRecalled,
    KfServicerStatusChanged,
    KfSessionChanged,
    KfSessionEntered,
)

__all__ = [
    "KfContent",
    "KfHead",
    "KfMessage",
    "KfOrigin",
    "KfPage",
    "UnknownKfContent",
    "read_kf_message",
    "read_kf_page",
    "write_kf_message",
]


class KfOrigin(OpenIntEnum):
    """Who a message is from."""

    CUSTOMER = 3
    SYSTEM = 4
    """An event."""
    SERVICER = 5
    """A member in the client; messages sent through the API are not given."""


@frozen(kw_only=True)
class UnknownKfContent(UnknownTagged):
    """A kind of content that this version does not know; it is kept as it came.

    Attributes:
        msgtype: The kind, as the platform named it; ``"event"`` for an event.
        data: Everything that came under it.
    """


KfContent: TypeAlias = (
    KfText
    | KfImage
    | KfVoice
    | KfVideo
    | KfFile
    | KfLocation
    | KfLink
    | KfBusinessCard
    | KfMiniProgram
    | KfMenu
    | KfShopProduct
    | KfShopOrder
    | KfMergedMessages
    | KfChannels
    | KfMeeting
    | KfCalendar
    | KfNote
    | KfSessionEntered
    | KfMessageFailed
    | KfServicerStatusChanged
    | KfSessionChanged
    | KfCustomerMessageRecalled
    | KfServicerMessageRecalled
    | KfRejectSwitched
    | UnknownKfContent
)
"""Anything that a message can hold: what somebody wrote, or what happened."""


@frozen(kw_only=True)
class KfHead(Model):
    """What stands around the content of a message.

    Attributes:
        msgid: Its id; keep it to drop repetitions.
        open_kfid: The account; of an event too, although it says so inside.
        external_userid: The customer, if there is one; of an event too.
        sent_at: When.
        origin: Who it is from; ``None`` if it does not say.
        servicer_userid: The member, for `KfOrigin.SERVICER`.
    """

    msgid: str = ""
    open_kfid: str = ""
    external_userid: str = ""
    sent_at: datetime | None = wire("send_time", None)
    origin: KfOrigin | None = None
    servicer_userid: str = ""


@frozen(kw_only=True)
class KfMessage(KfHead):
    """One message or event of a customer-service account, as `read_kf_message` reads it.

    Attributes:
        content: What it says; look at its class. A `KfEvent` is an event.
    """

    content: KfContent = UnknownKfContent()

    @property
    def is_event(self) -> bool:
        """Whether something happened, instead of somebody writing something."""
        return isinstance(self.content, KfEvent) or self.origin is KfOrigin.SYSTEM


@frozen(kw_only=True)
class KfPage(Model):
    """A page of messages.

    Attributes:
        messages: Its messages and events, oldest first; may be empty although there is more.
        has_more: Whether to pull on.
        next_cursor: Where to pull on; store it for each account.
    """

    messages: tuple[KfMessage, ...] = wire("msg_list", ())
    has_more: bool = wire("", False, Form.FLAG)
    next_cursor: str = ""


_CONTENT: Final[Any] = KfContent
_EVENTS: Final = frozenset(kind.MSGTYPE for kind in get_args(KfContent) if issubclass(kind, KfEvent))
_AROUND: Final = frozenset({"errcode", "errmsg", "msg_list"})


def read_kf_message(raw: Mapping[str, JSON]) -> KfMessage:
    """Return an item of ``msg_list``; never refuses a kind, only what is no message at all.

    Args:
        raw: The item, as it came.

    Raises:
        DecodeError: An id is no text, or a time is none; `.path` names the place.
    """
    fields = dict(raw)
    kind = decode(str, fields.pop("msgtype", None) or "", at="msgtype")
    body = fields.pop(kind, None)
    inner = body if kind == "event" and isinstance(body, dict) else {}
    for name in ("open_kfid", "external_userid"):
        fields[name] = fields.get(name) or inner.get(name)
    head = decode(KfHead, fields)
    return KfMessage(content=_content(kind, body), **{name: getattr(head, name) for name in _HEAD})


def read_kf_page(raw: Mapping[str, JSON]) -> KfPage:
    """Return an answer of ``kf/sync_msg``.

    Args:
        raw: The answer, as it came.

    Raises:
        DecodeError: It is none; `.path` names the place.
    """
    items = decode(tuple[Mapping[str, JSON], ...], raw.get("msg_list"), at="msg_list")
    page = decode(KfPage, {name: value for name, value in raw.items() if name not in _AROUND})
    return attrs.evolve(page, messages=tuple(_read_at(index, item) for index, item in enumerate(items)))


def write_kf_message(message: KfMessage) -> JSONObject:
    """Return a message as the platform gives it."""
    content = dict(encode_object(message.content))
    inner: Mapping[str, JSON] = {}
    if isinstance(message.content, KfEvent):
        kind = message.content.MSGTYPE
        inner = cast("Mapping[str, JSON]", content.pop(kind))
        content["msgtype"] = "event"
        content["event"] = {"event_type": kind, **inner}
    head = encode_object(KfHead(**{name: getattr(message, name) for name in _HEAD}))
    return {name: value for name, value in head.items() if inner.get(name) != value} | content


_HEAD: Final = tuple(field.name for field in attrs.fields(KfHead))


def _content(kind: str, body: JSON) -> KfContent:
    event_type = body.get("event_type") if kind == "event" and isinstance(body, dict) else None
    if isinstance(event_type, str) and event_type in _EVENTS:
        rest = {name: value for name, value in cast("JSONObject", body).items() if name != "event_type"}
        content = _decoded({"msgtype": event_type, event_type: rest})
        if not isinstance(content, UnknownKfContent):
            return content
    return _decoded({"msgtype": kind} if body is None else {"msgtype": kind, kind: body})


def _decoded(tagged: JSONObject) -> KfContent:
    return cast("KfContent", decode(_CONTENT, tagged))


def _read_at(index: int, item: Mapping[str, JSON]) -> KfMessage:
    try:
        return read_kf_message(item)
    except DecodeError as error:
        place = f"msg_list[{index}].{error.path}"
        msg = str(error).removesuffix(f" at {error.path}")
        raise DecodeError(msg, path=place) from None
