"""People outside whom members serve without having marked them as customers, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

__all__ = ["OtherContact", "Served"]


@define(kw_only=True)
class OtherContact:
    """A contact of a member, or somebody in a member's group that is no customer group; nobody's customer."""

    number: int
    name: str
    userid: str
    chat_name: str
    added_at: int


@define(kw_only=True)
class Served:
    """Everybody who is served and no customer."""

    others: list[OtherContact] = field(factory=list[OtherContact])
