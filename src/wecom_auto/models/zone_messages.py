"""What a program in the data zone may tell of messages (数据与智能专区, manual 97240, 97266): that, and what kind.

No text: it may be looked at in the zone and does not leave it.
Unverified: the fields of hits, which are known from other implementations.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, wire

__all__ = ["ZoneHit", "ZoneHitRule", "ZoneKind", "ZoneMessage", "ZonePage", "ZoneParty", "ZonePartyType"]


class ZonePartyType(OpenIntEnum):
    """Who somebody in a conversation is."""

    MEMBER = 1
    CONTACT = 2
    ROBOT = 3


class ZoneKind(OpenIntEnum):
    """What kind of message it is; the zone numbers what the classic archive names."""

    TEXT = 1
    IMAGE = 2
    EMOTION = 3
    LINK = 4
    MINI_PROGRAM = 5
    VOICE = 6
    VIDEO = 7
    FILE = 8
    CARD = 9
    FORWARD = 10
    CHANNELS = 11
    CALENDAR = 12
    RED_PACKET = 13
    LOCATION = 14
    MEETING = 15
    TODO = 16
    VOTE = 17
    DOCUMENT = 18
    NEWS = 19
    MIXED = 20
    MEETING_CALL = 21
    CALL = 22
    DRIVE_FILE = 23
    AGREE = 24
    DISAGREE = 25
    CHAIN = 26
    MARKDOWN = 27
    NOTE = 28


@frozen(kw_only=True)
class ZoneParty(Model):
    """Somebody in a conversation.

    Attributes:
        type: Member, contact or robot.
        id: Their id.
    """

    type: ZonePartyType | None = None
    id: str = ""


@frozen(kw_only=True)
class ZoneMessage(Model):
    """That something was said.

    Attributes:
        msgid: Its id.
        sender: Who said it.
        receivers: To whom.
        chatid: The group; empty in a one-to-one chat.
        sent_at: When, to the second.
        kind: Which kind.
    """

    msgid: str
    sender: ZoneParty = ZoneParty()
    receivers: tuple[ZoneParty, ...] = wire("receiver_list", ())
    chatid: str = ""
    sent_at: datetime | None = wire("send_time", None)
    kind: ZoneKind | None = wire("msgtype", None)


@frozen(kw_only=True)
class ZoneHitRule(Model):
    """A rule that a message hit.

    Attributes:
        rule_id: The rule.
        has_keyword: One of its words was said.
        semantics: What the platform's model found in it, by its own numbers.
    """

    rule_id: str = ""
    has_keyword: bool = wire("has_hit_keyword", False, Form.FLAG)
    semantics: tuple[int, ...] = wire("semantics_list", ())


@frozen(kw_only=True)
class ZoneHit(Model):
    """The rules that one message hit.

    Attributes:
        msgid: The message.
        rules: Which.
    """

    msgid: str
    rules: tuple[ZoneHitRule, ...] = wire("hit_rule_list", ())


@frozen(kw_only=True)
class ZonePage(Model):
    """A page that a program in the zone hands out, as `ZoneArchive` asks for it.

    Attributes:
        messages: The ``msg_list`` of ``sync_msg``.
        hits: The ``msg_list`` of ``keyword/get_hit_msg_list``.
        next_cursor: Where to go on.
        has_more: Whether there is more.
    """

    messages: tuple[ZoneMessage, ...] = wire("msg_list", ())
    hits: tuple[ZoneHit, ...] = wire("hit_list", ())
    next_cursor: str = ""
    has_more: bool = wire("", False, Form.FLAG)
