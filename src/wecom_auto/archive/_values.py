"""What archives tell, whichever they are: who said something, to whom, when, of which kind. Values; reads nothing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.models import AgreeStatus

__all__ = [
    "Agreement",
    "ArchiveSource",
    "NoArchive",
    "Party",
    "PartyKind",
    "Sight",
    "SourcePage",
    "Unreadable",
    "Utterance",
    "chat_of",
    "is_internal",
    "party_of",
]

_EXTERNAL = "_external"
"""What the classic archive's msgids end in when somebody outside is in the chat."""
_OUTSIDE_CHARS = 24
"""Ids of people outside and of robots have 30 characters and more; a userid may well begin with wo, too."""


class Sight(StrEnum):
    """What an archive can see."""

    NOTHING = "nothing"
    """Nothing at all: there is no archive."""
    FACTS = "facts"
    """That something was said, by whom, when, of which kind, and which rules it hit; never a word."""
    TEXT = "text"
    """The words, too."""


class PartyKind(StrEnum):
    """Who somebody is."""

    MEMBER = "member"
    CONTACT = "contact"
    ROBOT = "robot"


@frozen(kw_only=True)
class Party:
    """Somebody in a conversation.

    Attributes:
        id: A userid, an external_userid or a robot's id.
        kind: Which of them.
    """

    id: str
    kind: PartyKind


@frozen(kw_only=True)
class Agreement:
    """What somebody outside has said about being archived.

    Attributes:
        place: The member of a one-to-one chat, or the group.
        external_userid: The person.
        status: What they said.
        at: When; aware.
    """

    place: str
    external_userid: str
    status: AgreeStatus
    at: datetime

    def __attrs_post_init__(self) -> None:
        require_aware(self.at, "at")


@frozen(kw_only=True)
class Utterance:
    """That somebody said something.

    Attributes:
        msgid: The platform's id.
        sender: Who.
        receivers: To whom; of a group everybody, if the source says so.
        room: The group; empty in a one-to-one chat.
        at: When; aware.
        kind: Which kind, as the classic archive names it: ``text``, ``image``, ``voice``, …
        action: ``send``, ``recall`` or ``switch``; of the zone always ``send``.
        hits: Names of key-word rules that it hit.
        text: Its words, if the source sees them; kept out of the repr.
        agreement: What it says about being archived, if that is what it is.
    """

    msgid: str
    sender: Party
    receivers: tuple[Party, ...] = field(default=(), converter=tuple[Party, ...])
    room: str = ""
    at: datetime
    kind: str
    action: str = "send"
    hits: tuple[str, ...] = field(default=(), converter=tuple[str, ...])
    text: str = field(default="", repr=False)
    agreement: Agreement | None = None

    def __attrs_post_init__(self) -> None:
        require_aware(self.at, "at")


@frozen(kw_only=True)
class Unreadable:
    """A message that cannot be read now, kept as it came.

    Attributes:
        msgid: The platform's id; empty if not even that is there.
        raw: The message, as the source got it: encrypted, if it came encrypted; kept out of the repr.
        why: What is wrong, without a word of what it says.
        key_version: The version of the public key that it was encrypted with; 0 if none is known.
    """

    msgid: str
    raw: str = field(repr=False)
    why: str
    key_version: int = 0


@frozen(kw_only=True)
class SourcePage:
    """What a source gives at once.

    Attributes:
        rows: In their order.
        cursor: Where to go on.
        more: There may be more at once.
    """

    rows: tuple[Utterance | Unreadable, ...] = field(default=(), converter=tuple["Utterance | Unreadable", ...])
    cursor: str
    more: bool = False


class ArchiveSource(Protocol):
    """Where messages come from: `ZoneArchive`, `NativeArchive`, `NoArchive`, or one of yours."""

    @property
    def name(self) -> str:
        """Names the cursor that is kept for it, up to 64 characters; never change it."""
        ...

    @property
    def sees(self) -> Sight:
        """What it can see."""
        ...

    def read(self, cursor: str, limit: int, /) -> SourcePage:
        """Give what came after a cursor; one that cannot be read is an `Unreadable`, never an exception.

        Args:
            cursor: Of the page before; empty at the very beginning.
            limit: The most rows.
        """
        ...

    def read_again(self, raw: str, /) -> Utterance | Unreadable:
        """Try a message that could not be read once more.

        Args:
            raw: Of an `Unreadable`.
        """
        ...


@frozen
class NoArchive:
    """There is no archive: it sees nothing, and says so."""

    name: str = "none"
    sees: Sight = Sight.NOTHING

    def read(self, cursor: str, _limit: int, /) -> SourcePage:
        """Give nothing."""
        return SourcePage(cursor=cursor)

    def read_again(self, raw: str, /) -> Unreadable:
        """Read nothing."""
        return Unreadable(msgid="", raw=raw, why="there is no archive")


def party_of(party_id: str) -> Party:
    """Say who an id of the classic archive is.

    People outside begin with ``wm`` or ``wo``, robots with ``wb`` (unverified), and their ids are long.
    """
    head = party_id[:2] if len(party_id) >= _OUTSIDE_CHARS else ""
    kind = {"wm": PartyKind.CONTACT, "wo": PartyKind.CONTACT, "wb": PartyKind.ROBOT}.get(head, PartyKind.MEMBER)
    return Party(id=party_id, kind=kind)


def is_internal(row: Utterance) -> bool:
    """Say whether only colleagues and robots are in a chat; a group whose people nobody names is not taken for one.

    Unverified: that the receivers of a group's message name those outside; where the msgid says it, that counts.
    """
    if row.msgid.endswith(_EXTERNAL) or (row.room and not row.receivers):
        return False
    return all(one.kind is not PartyKind.CONTACT for one in (row.sender, *row.receivers))


def chat_of(row: Utterance) -> tuple[str, str] | None:
    """Say whose agreement a row needs: place and person; None if nobody outside speaks or is spoken to alone.

    A chat in which no member is has an empty place, in which nobody can have agreed.
    """
    if row.room:
        return (row.room, row.sender.id) if row.sender.kind is PartyKind.CONTACT else None
    people = (row.sender, *row.receivers)
    contact = next((one.id for one in people if one.kind is PartyKind.CONTACT), "")
    member = next((one.id for one in people if one.kind is PartyKind.MEMBER), "")
    return (member, contact) if contact else None
