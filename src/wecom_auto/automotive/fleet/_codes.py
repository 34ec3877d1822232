"""Codes that should exist, as values. Knows no table and no platform."""

from __future__ import annotations

import enum
from typing import Any

from attrs import asdict, field, frozen

from wecom_auto.automotive.channels import Source


class CodeKind(enum.StrEnum):
    """What a code leads to."""

    CONTACT = "contact"
    """联系我: a contact way; who scans it becomes the customer of a member."""
    GROUP = "group"
    """群活码: a join way; who scans it enters a group."""
    LINK = "link"
    """获客链接: an acquisition link; every customer it brings costs one of the corp's uses."""


@frozen(kw_only=True)
class Code:
    """One code that should exist.

    Attributes:
        key: What the table calls it, unique and never used for anything else, up to 64 characters.
        kind: What it leads to.
        users: Members behind it.
        parties: Departments behind it, by id.
        backup: Members who take over when everybody else has had enough customers today (备用员工).
        daily_cap: Customers a day after which a member is left out; 0 for none (每日上限).
        shift: Name of the timetable that says who is on duty (班次); empty for everybody, always.
        chat_ids: For a group code: the groups, filled in order.
        auto_create_room: For a group code: open a new group when the last one is full.
        room_base_name: For a group code: what new groups are called.
        room_base_id: For a group code: the number of the first new group.
        source: Where customers of this code come from; it becomes the `state`.
        remark: A note for yourselves, up to 30 characters; the name of an acquisition link.
        skip_verify: Customers are added without confirmation by the member.
        caption: What stands below the picture.
    """

    key: str
    kind: CodeKind = CodeKind.CONTACT
    users: tuple[str, ...] = ()
    parties: tuple[int, ...] = ()
    backup: tuple[str, ...] = ()
    daily_cap: int = 0
    shift: str = ""
    chat_ids: tuple[str, ...] = ()
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int = 1
    source: Source = field(factory=Source)
    remark: str = ""
    skip_verify: bool = True
    caption: str = ""

    @property
    def name(self) -> str:
        """What the platform is told as the note; a link must have a name, and takes the key for want of a note."""
        return self.remark or (self.key if self.kind is CodeKind.LINK else "")

    def settings(self, users: tuple[str, ...]) -> dict[str, Any]:
        """Return what the platform is to be told, with those who are to be behind the code now.

        Only this is compared: a new caption changes no code.
        """
        said: dict[str, Any] = {"remark": self.name, "source": asdict(self.source)}
        if self.kind is CodeKind.GROUP:
            said |= {
                "chat_ids": list(self.chat_ids),
                "auto_create_room": self.auto_create_room,
                "room_base_name": self.room_base_name,
                "room_base_id": self.room_base_id,
            }
        else:
            said |= {"users": sorted(users), "parties": sorted(self.parties), "skip_verify": self.skip_verify}
        return said
