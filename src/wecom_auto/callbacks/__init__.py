"""Callbacks (回调): what the platform tells us. Verifies, decrypts, types, routes; starts no server, keeps no file.

`Callback` opens requests, `EventRouter` hands events to functions, `asgi_app` and `wsgi_app` are the doors.
The classes of events are here and in `wecom_auto.callbacks.events`; the cryptography is `wecom_auto.callbacks.crypto`.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.callbacks._callback import Callback
from wecom_auto.callbacks._duplicates import DuplicateGuard, RecentKeys
from wecom_auto.callbacks.asgi import asgi_app
from wecom_auto.callbacks.crypto import CallbackCrypto, Envelope
from wecom_auto.callbacks.events import (
    EVENT_TYPES,
    ArchiveApproved,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    CustomerEvent,
    CustomerHalfAdded,
    CustomerTransferFailed,
    CustomerUnfollowed,
    DeleteSource,
    Delivery,
    Element,
    Event,
    GroupCreated,
    GroupDismissed,
    GroupEvent,
    GroupUpdated,
    GroupUpdateDetail,
    JoinedBy,
    KnownEvent,
    LeftBy,
    TagCreated,
    TagDeleted,
    TagEvent,
    TagKind,
    TagsShuffled,
    TagUpdated,
    TransferFailReason,
    UnknownEvent,
    event_xml,
    read_event,
)
from wecom_auto.callbacks.router import EventRouter, HandlerFailure, Handling
from wecom_auto.callbacks.wsgi import wsgi_app

__all__ = [
    "EVENT_TYPES",
    "ArchiveApproved",
    "Callback",
    "CallbackCrypto",
    "CustomerAdded",
    "CustomerDeleted",
    "CustomerEdited",
    "CustomerEvent",
    "CustomerHalfAdded",
    "CustomerTransferFailed",
    "CustomerUnfollowed",
    "DeleteSource",
    "Delivery",
    "DuplicateGuard",
    "Element",
    "Envelope",
    "Event",
    "EventRouter",
    "GroupCreated",
    "GroupDismissed",
    "GroupEvent",
    "GroupUpdateDetail",
    "GroupUpdated",
    "HandlerFailure",
    "Handling",
    "JoinedBy",
    "KnownEvent",
    "LeftBy",
    "RecentKeys",
    "TagCreated",
    "TagDeleted",
    "TagEvent",
    "TagKind",
    "TagUpdated",
    "TagsShuffled",
    "TransferFailReason",
    "UnknownEvent",
    "asgi_app",
    "event_xml",
    "read_event",
    "wsgi_app",
]

publish(globals(), __all__, __name__)
