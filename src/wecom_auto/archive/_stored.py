"""What is kept of the archive, as values. Frozen; reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from wecom_auto.archive._values import Party, Sight

__all__ = ["ArchiveState", "DeliverReport", "ReadReport", "StoredUtterance", "UnreadMessage"]


@frozen(kw_only=True)
class StoredUtterance:
    """That something was said, as it is kept.

    Attributes:
        msgid: The platform's id.
        source: Which archive told it.
        sender: Who.
        receiver: To whom, in a one-to-one chat; None in a group.
        room: The group; empty in a one-to-one chat.
        at: When.
        kind: Which kind: ``text``, ``image``, …
        action: ``send``, ``recall`` or ``switch``.
        characters: How long its words are; 0 if it has none, or nobody could see them.
        hits: Names of key-word rules that it hit.
        text: Its words, if they are kept; else None. Kept out of the repr.
    """

    msgid: str
    source: str
    sender: Party
    receiver: Party | None
    room: str
    at: datetime
    kind: str
    action: str
    characters: int
    hits: tuple[str, ...]
    text: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class UnreadMessage:
    """A message that could not be read, and is kept as it came.

    Attributes:
        msgid: The platform's id; empty if not even that is there.
        source: Which archive gave it.
        key_version: The version of the key that it wants; 0 if none is known.
        why: What is wrong.
        found_at: When it was met first.
    """

    msgid: str
    source: str
    key_version: int
    why: str
    found_at: datetime


@frozen(kw_only=True)
class ReadReport:
    """What a reading did.

    Attributes:
        pages: How many were read.
        stored: Messages that are new.
        repeated: Messages that were there already.
        refused: Messages of people who had not agreed; nothing of them is kept.
        internal: Messages among colleagues; nothing of them is kept unless the reader was told to.
        unreadable: Messages that could not be read; they are kept as they came.
        caught_up: There was nothing more to be had.
        sees: What the source can see.
    """

    pages: int = 0
    stored: int = 0
    repeated: int = 0
    refused: int = 0
    internal: int = 0
    unreadable: int = 0
    caught_up: bool = False
    sees: Sight = Sight.NOTHING


@frozen(kw_only=True)
class DeliverReport:
    """What a delivery did.

    Attributes:
        told: Messages that were heard.
        failed: Why messages could not be, by msgid; they come again, after all others.
    """

    told: int = 0
    failed: Mapping[str, str] = field(factory=dict[str, str])


@frozen(kw_only=True)
class ArchiveState:
    """How an archive stands.

    Attributes:
        cursor: How far it was read.
        stored: Messages that were ever stored.
        refused: Messages that were ever refused.
        unread: Messages that wait for being readable.
        untold: Messages that wait for being told.
        moved_at: When something was read last.
        caught_up_at: When there was last nothing more to be had: what lies days back means that messages are being
            lost.
    """

    cursor: str = ""
    stored: int = 0
    refused: int = 0
    unread: int = 0
    untold: int = 0
    moved_at: datetime | None = None
    caught_up_at: datetime | None = None
