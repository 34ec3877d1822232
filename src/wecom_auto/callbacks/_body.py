"""Read decrypted bodies as events and write events as bodies. Never refuses a body for what it says, only for its form.

Rules: two envelopes become one; names differ in case; values come with blanks around them; lists come in three forms;
what cannot be read as its class is an `UnknownEvent` with everything in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from wecom_auto._time import from_unix, to_unix
from wecom_auto._types import JSON
from wecom_auto.callbacks._chapters import EVENT_TYPES
from wecom_auto.callbacks._event import Event, KnownEvent, UnknownEvent
from wecom_auto.callbacks._json_body import is_json, read_json, write_json
from wecom_auto.callbacks._wire import (
    NOTHING,
    LackingError,
    Table,
    as_fields,
    moment,
    read_fields,
    table_of,
    to_nodes,
    write_fields,
)
from wecom_auto.callbacks._xml import Node, parse_xml, trimmed, write_xml
from wecom_auto.callbacks.crypto import Delivery

_IMPLIED: Final = ("MsgType", "Event", "InfoType", "ChangeType")
_BY_NAME: Final = {
    (cls.FAMILY, cls.CHANGE_TYPE) if cls.FAMILY else ("", cls.MSG_TYPE): (cls, table_of(cls, implied=_IMPLIED))
    for cls in EVENT_TYPES
}
_BY_LOWER: Final = {(family.lower(), kind.lower()): known for (family, kind), known in _BY_NAME.items()}
_EPOCH: Final = from_unix(0)
_JSON_STARTS: Final = frozenset({b"{", b"["})


def _moment_or_none(seconds: JSON) -> datetime | None:
    try:
        return moment(str(seconds))
    except (ValueError, OverflowError, OSError):
        return None


# An event that cannot be typed may not fail at its time either.
_UNKNOWN: Final = table_of(UnknownEvent, instead={moment: _moment_or_none})


def read_event(plaintext: bytes, *, receive_id: str = "", timestamp: str = "", nonce: str = "") -> Event:
    """Read a decrypted body.

    Args:
        plaintext: XML of apps and suites, or JSON of robots.
        receive_id: Who it was encrypted for.
        timestamp: The signed timestamp of the request; it stands in for a missing ``CreateTime``.
        nonce: The signed nonce of the request.

    Raises:
        CallbackError: The body is neither XML nor a JSON object, or beyond the limits.
    """
    return read_delivery(Delivery(plaintext, receive_id, timestamp, nonce))


def read_delivery(delivery: Delivery) -> Event:
    """Read what was verified and decrypted; see `read_event`."""
    if trimmed(delivery.body)[:1] in _JSON_STARTS:
        return read_json(delivery)
    return _read_tree(parse_xml(delivery.body), delivery)


def _read_tree(root: Node, delivery: Delivery) -> Event:
    known = _known(root[2])
    if known is None:
        return _untyped(root, delivery, "")
    cls, table = known
    try:
        values, rest = read_fields(table, root[2])
    except LackingError as error:
        return _untyped(root, delivery, f"without {error}")
    except (ValueError, OverflowError, OSError) as error:
        # The message of the cause quotes the value, which may be anything.
        return _untyped(root, delivery, f"a field is not what the manual says ({type(error).__name__})")
    if "created_at" not in values and (signed_at := _moment_or_none(delivery.timestamp)):
        values["created_at"] = signed_at
    for name in table.required:
        if values.get(name) in NOTHING:
            return _untyped(root, delivery, f"without {name}")
    if rest:
        values["extra"] = as_fields(rest)
    return cls(tree=root, delivery=delivery, **values)


def _known(nodes: Iterable[Node]) -> tuple[type[KnownEvent], Table] | None:
    names = {tag: text for tag, text, _ in nodes}
    family = names.get("Event") or names.get("InfoType", "")
    kind = names.get("ChangeType", "") if family else names.get("MsgType", "")
    # In another case only if nothing else fits: it is never a page of the manual that says so.
    return _BY_NAME.get((family, kind)) or _BY_LOWER.get((family.lower(), kind.lower()))


def _untyped(root: Node, delivery: Delivery, problem: str) -> UnknownEvent:
    values, rest = read_fields(_UNKNOWN, root[2])
    created_at: datetime | None = values.pop("created_at", None)
    return UnknownEvent(
        created_at=created_at or _moment_or_none(delivery.timestamp) or _EPOCH,
        extra=as_fields(rest),
        tree=root,
        delivery=delivery,
        problem=problem if created_at or problem else "without a time",
        **values,
    )


def event_body(event: Event) -> bytes:
    """Write an event as the platform does: as JSON if it is one of a robot or of the data zone, otherwise as XML.

    Args:
        event: Any event; see `event_xml`.

    Raises:
        ValidationError: A text or a name in ``extra`` that XML cannot carry.
    """
    return write_json(event) if is_json(event) else event_xml(event)


def event_xml(event: Event) -> bytes:
    """Write an event as the platform does, in the envelope of providers if it `is_for_provider`.

    Args:
        event: Any event; ``raw`` and ``delivery`` are not looked at. Times are cut to whole seconds.

    Raises:
        ValidationError: A text or a name in ``extra`` that XML cannot carry.
    """
    nodes: list[Node] = [(tag, text, ()) for tag, text in _envelope(event) if text]
    nodes += write_fields(event)
    nodes += (node for tag, value in event.extra.items() for node in to_nodes(tag, value))
    return write_xml(("xml", "", tuple(nodes)))


def _envelope(event: Event) -> Iterator[tuple[str, str]]:
    msg_type, family, change_type = _kind_of(event)
    time = str(to_unix(event.created_at))
    if event.is_for_provider:
        yield from (("SuiteId", event.suite_id), ("AuthCorpId", event.auth_corp_id), ("ToUserName", event.to_user))
        yield from (("InfoType", family), ("TimeStamp", time), ("ChangeType", change_type))
    else:
        yield from (("ToUserName", event.to_user), ("FromUserName", event.from_user), ("CreateTime", time))
        yield from (("MsgType", msg_type), ("Event", family), ("ChangeType", change_type))
        yield from (("SuiteId", event.suite_id), ("AuthCorpId", event.auth_corp_id))
    yield ("AgentID", event.agent_id)


def _kind_of(event: Event) -> tuple[str, str, str]:
    if isinstance(event, KnownEvent):
        return event.MSG_TYPE, event.FAMILY, event.CHANGE_TYPE
    if isinstance(event, UnknownEvent):
        return event.msg_type, event.family, event.change_type
    msg = f"{type(event).__name__} is a base class; make one of its subclasses"
    raise TypeError(msg)
