"""Read decrypted JSON as events and write such events as JSON. Refuses what is no object, and nothing for what it says.

Like the other bodies: what cannot be read as its class is an `UnknownEvent` with everything in it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, cast

import attrs

from wecom_auto._codec import decode, encode_object
from wecom_auto._time import from_unix, to_unix
from wecom_auto._types import JSON
from wecom_auto.callbacks import _robots as robots
from wecom_auto.callbacks._event import Event, UnknownEvent
from wecom_auto.callbacks._json import Document, merge, put, read_paths, take, write_paths
from wecom_auto.callbacks._robot_contents import RobotContent
from wecom_auto.callbacks._robots import JSONEvent, RobotEvent, RobotMessage
from wecom_auto.callbacks._wire import moment
from wecom_auto.callbacks._zone import ZoneConversationUpdated
from wecom_auto.callbacks.crypto import Delivery
from wecom_auto.errors import CallbackError, DecodeError

JSON_EVENT_TYPES: Final[tuple[type[JSONEvent], ...]] = (
    robots.RobotMessage,
    robots.RobotStreamPolled,
    robots.RobotChatEntered,
    robots.RobotCardClicked,
    robots.RobotFeedback,
    ZoneConversationUpdated,
)
"""Every class that a JSON body can become, besides `UnknownEvent`."""

_BY_NAME: Final = {(cls.FAMILY, cls.CHANGE_TYPE): cls for cls in JSON_EVENT_TYPES}
_FAMILIES: Final = frozenset(family for family, _ in _BY_NAME)
_CONTENT: Final[Any] = RobotContent
_EPOCH: Final = from_unix(0)


def read_json(delivery: Delivery) -> Event:
    """Read a decrypted JSON body.

    Raises:
        CallbackError: It is no JSON object.
    """
    document = _parse(delivery.body)
    name = _name_of(document)
    cls = _BY_NAME.get(name)
    if cls is None:
        return _untyped(document, delivery, name, "")
    try:
        return _typed(cls, document, delivery)
    except DecodeError as error:
        # What failed half-way has taken fields out.
        return _untyped(_parse(delivery.body), delivery, name, str(error))


def write_json(event: Event) -> bytes:
    """Write an event as the JSON that the platform sends; one without a class is its ``extra``.

    Args:
        event: A `JSONEvent`, or an `UnknownEvent` that came as JSON.
    """
    document: Document = {}
    if isinstance(event, JSONEvent):
        _write_head(document, event)
        write_paths(event, document)
    merge(document, event.extra)
    return json.dumps(document).encode()


def is_json(event: Event) -> bool:
    """Return whether the platform sends this event as JSON."""
    return isinstance(event, JSONEvent) or (isinstance(event, UnknownEvent) and event.family in _FAMILIES)


def _parse(body: bytes) -> Document:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        msg = "callback body is not the JSON object the platform sends"
        raise CallbackError(msg)
    return cast("Document", document)


def _name_of(document: Document) -> tuple[str, str]:
    if "aibotid" in document:
        kind = document.get("msgtype")
        event: object = document.get("event")
        if kind == "event" and isinstance(event, dict):
            return RobotEvent.FAMILY, _text(cast("Document", event).get("eventtype"))
        return RobotEvent.FAMILY, "stream" if kind == "stream" else "message"
    return ("zone", _text(document["event_type"])) if "event_type" in document else ("", "")


def _typed(cls: type[JSONEvent], document: Document, delivery: Delivery) -> Event:
    values = _read_head(cls, document) | read_paths(cls, document)
    values.setdefault("created_at", _moment_or_none(delivery.timestamp) or _EPOCH)
    for attribute in attrs.fields(cls):
        if attribute.default is attrs.NOTHING and attribute.name not in values:
            msg = f"without {attribute.name}"
            raise DecodeError(msg)
    if document:
        values["extra"] = document
    return cls(delivery=delivery, **values)


def _read_head(cls: type[JSONEvent], document: Document) -> dict[str, Any]:
    """Take what every event of a family says around its own fields."""
    if not issubclass(cls, RobotEvent):
        take(document, "event_type")
        return _given(created_at=_moment(document, "timestamp"))
    kind = _text_of(document, "msgtype")
    take(document, "event", "eventtype")
    head = _given(created_at=_moment(document, "create_time"), from_user=_text_of(document, "from", "userid"))
    if issubclass(cls, RobotMessage):
        head["content"] = decode(_CONTENT, {"msgtype": kind, kind: take(document, kind)})
    return head


def _write_head(document: Document, event: JSONEvent) -> None:
    if not isinstance(event, RobotEvent):
        document |= {"event_type": event.CHANGE_TYPE, "timestamp": to_unix(event.created_at)}
        return
    document["create_time"] = to_unix(event.created_at)
    put(document, event.from_user, "from", "userid")
    if isinstance(event, RobotMessage):
        document |= encode_object(event.content)
    elif isinstance(event, robots.RobotStreamPolled):
        document["msgtype"] = "stream"
    else:
        document["msgtype"] = "event"
        put(document, event.CHANGE_TYPE, "event", "eventtype")


def _text_of(document: Document, *path: str) -> str:
    return decode(str, take(document, *path) or "", at=".".join(path))


def _moment(document: Document, name: str) -> datetime | None:
    stated = take(document, name)
    if stated is None or stated == "":
        return None
    found = _moment_or_none(stated)
    if found is None:
        msg = "expected unix seconds"
        raise DecodeError(msg, path=name)
    return found


def _given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in {None, ""}}


def _untyped(document: Document, delivery: Delivery, name: tuple[str, str], problem: str) -> UnknownEvent:
    sender: object = document.get("from")
    stated = document.get("create_time", document.get("timestamp"))
    return UnknownEvent(
        created_at=_moment_or_none(stated) or _moment_or_none(delivery.timestamp) or _EPOCH,
        from_user=_text(cast("Document", sender).get("userid")) if isinstance(sender, dict) else "",
        msg_type=_text(document.get("msgtype")),
        family=name[0],
        change_type=name[1],
        extra=cast("dict[str, JSON]", document),
        delivery=delivery,
        problem=problem,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment_or_none(seconds: object) -> datetime | None:
    try:
        return moment(str(seconds))
    except (ValueError, OverflowError, OSError):
        return None
