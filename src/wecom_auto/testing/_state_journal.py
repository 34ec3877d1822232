"""What happened when, as plain rows: the ground of every statistic. No rules; scenes write, nobody deletes."""

from __future__ import annotations

from attrs import define, field

__all__ = ["Deed", "Departure", "GroupTalk", "Journal", "Talk"]


@define(kw_only=True)
class Deed:
    """Something passed between a member and a customer."""

    at: float
    userid: str
    external_userid: str


@define(kw_only=True)
class Talk:
    """Messages of a one-to-one chat at one moment; those of the customer came first."""

    at: float
    userid: str
    external_userid: str
    sent: int
    received: int


@define(kw_only=True)
class GroupTalk:
    """Messages that one person wrote in a group at one moment."""

    at: float
    chat_id: str
    who: str
    messages: int


@define(kw_only=True)
class Departure:
    """Somebody who was in a group, and is no more."""

    at: float
    chat_id: str
    who: str
    joined_at: int


@define(kw_only=True)
class Journal:
    """Everything that is counted, oldest first. `dismissed` says when a group was dissolved."""

    added: list[Deed] = field(factory=list[Deed])
    requested: list[Deed] = field(factory=list[Deed])
    lost: list[Deed] = field(factory=list[Deed])
    talks: list[Talk] = field(factory=list[Talk])
    group_talks: list[GroupTalk] = field(factory=list[GroupTalk])
    departures: list[Departure] = field(factory=list[Departure])
    dismissed: dict[str, float] = field(factory=dict[str, float])
