"""The events a receiver can get, and how bodies become events and events bodies. Opens nothing; see `Callback`."""

from __future__ import annotations

from wecom_auto.callbacks._body import EVENT_TYPES, event_xml, read_event
from wecom_auto.callbacks._customer_contact import (
    ArchiveApproved,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    CustomerEvent,
    CustomerHalfAdded,
    CustomerTransferFailed,
    CustomerUnfollowed,
    DeleteSource,
    GroupCreated,
    GroupDismissed,
    GroupEvent,
    GroupUpdated,
    GroupUpdateDetail,
    JoinedBy,
    LeftBy,
    TagCreated,
    TagDeleted,
    TagEvent,
    TagKind,
    TagsShuffled,
    TagUpdated,
    TransferFailReason,
)
from wecom_auto.callbacks._event import Event, KnownEvent, UnknownEvent
from wecom_auto.callbacks._xml import Element
from wecom_auto.callbacks.crypto import Delivery

__all__ = [
    "EVENT_TYPES",
    "ArchiveApproved",
    "CustomerAdded",
    "CustomerDeleted",
    "CustomerEdited",
    "CustomerEvent",
    "CustomerHalfAdded",
    "CustomerTransferFailed",
    "CustomerUnfollowed",
    "DeleteSource",
    "Delivery",
    "Element",
    "Event",
    "GroupCreated",
    "GroupDismissed",
    "GroupEvent",
    "GroupUpdateDetail",
    "GroupUpdated",
    "JoinedBy",
    "KnownEvent",
    "LeftBy",
    "TagCreated",
    "TagDeleted",
    "TagEvent",
    "TagKind",
    "TagUpdated",
    "TagsShuffled",
    "TransferFailReason",
    "UnknownEvent",
    "event_xml",
    "read_event",
]
