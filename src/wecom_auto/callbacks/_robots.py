"""What people do with a smart robot (智能机器人), as events. Reads decrypted JSON; answers nothing and fetches nothing.

Manual: `接收消息 <https://developer.work.weixin.qq.com/document/path/100719>`_ and
`接收事件 <https://developer.work.weixin.qq.com/document/path/101027>`_.
A robot's callbacks are JSON and name no receiver: its `Callback` has the receive id ``""``.
"""

from __future__ import annotations

import hashlib
import json
from typing import ClassVar

from attrs import field, frozen

from wecom_auto._model import OpenIntEnum, OpenStrEnum
from wecom_auto.callbacks._discreet import masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._json import at
from wecom_auto.callbacks._robot_contents import RobotContent, RobotQuote, RobotSelection
from wecom_auto.models.template_cards import CardType

__all__ = [
    "JSONEvent",
    "RobotCardClicked",
    "RobotChatEntered",
    "RobotChatType",
    "RobotEvent",
    "RobotFeedback",
    "RobotFeedbackKind",
    "RobotFeedbackReason",
    "RobotMessage",
    "RobotStreamPolled",
]


class RobotChatType(OpenStrEnum):
    """Where somebody talks to a robot."""

    SINGLE = "single"
    GROUP = "group"


class RobotFeedbackKind(OpenIntEnum):
    """What somebody thinks of a robot's answer."""

    GOOD = 1
    BAD = 2
    TAKEN_BACK = 3


class RobotFeedbackReason(OpenIntEnum):
    """What is wrong with a robot's answer."""

    OFF_TOPIC = 1
    INCOMPLETE = 2
    WRONG = 3
    WRONG_ANALYSIS = 4


@frozen(kw_only=True, repr=False)
class JSONEvent(KnownEvent):
    """An event whose body is JSON: ``raw`` is ``None``, and ``extra`` has what no attribute holds."""


@frozen(kw_only=True, repr=False)
class RobotEvent(JSONEvent):
    """Something that a person did with a robot; ``from_user`` is who.

    A userid is plain for robots that a super administrator made, and encrypted for others.

    Args:
        msg_id: Its own id, equal in redeliveries.
        robot_id: The robot (``aibotid``).
        chat_id: The group; empty in a single chat.
        chat_type: Where it was; ``None`` if the body does not say.
        from_corp_id: The corp of the person; empty for a robot of the corp's own.
        response_url: An address that takes one later answer; a secret.
    """

    FAMILY: ClassVar[str] = "aibot"

    msg_id: str = field(metadata=at("msgid"))
    robot_id: str = field(metadata=at("aibotid"))
    chat_id: str = field(default="", metadata=at("chatid"))
    chat_type: RobotChatType | None = field(default=None, metadata=at("chattype", kind=RobotChatType))
    from_corp_id: str = field(default="", metadata=at("from", "corpid"))
    response_url: str = field(default="", metadata=at("response_url"), repr=masked)

    @property
    def corp_id(self) -> str:
        """The corp of the person, if the robot is not the corp's own."""
        return self.from_corp_id

    @property
    def dedupe_key(self) -> str:
        """A text that is equal for two deliveries of one event; the id decides, whatever else differs."""
        if self.delivery is None or not self.tells_itself_apart:
            return super().dedupe_key
        parts = (self.FAMILY, self.delivery.receive_id, self.robot_id, self.msg_id)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@frozen(kw_only=True, repr=False)
class RobotMessage(RobotEvent):
    """Somebody wrote to a robot, or named it in a group.

    Answer with a `RobotStreamReply` or a `RobotCardReply`.
    A person may have three messages in work with one robot at a time.

    Args:
        content: What they sent; look at its class.
        quote: What they quoted, if they did.
    """

    CHANGE_TYPE: ClassVar[str] = "message"

    # Not shown: people's words do not belong into logs.
    content: RobotContent = field(repr=False)
    quote: RobotQuote | None = field(default=None, repr=False, metadata=at("quote", kind=RobotQuote))


@frozen(kw_only=True, repr=False)
class RobotStreamPolled(RobotEvent):
    """The platform asks for the next state of an answer that is not finished (流式消息刷新), for up to 6 minutes.

    Answer with a `RobotStreamReply` of the same id; its content replaces what was shown before.

    Args:
        stream_id: The id of the first reply.
    """

    CHANGE_TYPE: ClassVar[str] = "stream"
    # One poll looks like the next. Unverified: their ids may be equal too.
    READ_AGAIN: ClassVar[bool] = True

    stream_id: str = field(metadata=at("stream", "id"))


@frozen(kw_only=True, repr=False)
class RobotChatEntered(RobotEvent):
    """Somebody opened the single chat with a robot for the first time on a day (进入会话事件).

    Answer with a `RobotTextReply` or a `RobotCardReply`; without an answer it does not come again that day.
    """

    CHANGE_TYPE: ClassVar[str] = "enter_chat"


@frozen(kw_only=True, repr=False)
class RobotCardClicked(RobotEvent):
    """Somebody used a card of a robot (模板卡片事件); sent once only, and dropped after 5 s without an answer.

    Answer with a `RobotCardUpdate`.

    Args:
        card_type: Which of the five cards; ``None`` if the body does not say.
        event_key: The button.
        task_id: The card.
        selected: What was chosen, by question.
    """

    CHANGE_TYPE: ClassVar[str] = "template_card_event"

    card_type: CardType | None = field(
        default=None, metadata=at("event", "template_card_event", "card_type", kind=CardType)
    )
    event_key: str = field(default="", metadata=at("event", "template_card_event", "event_key"))
    task_id: str = field(default="", metadata=at("event", "template_card_event", "task_id"))
    selected: tuple[RobotSelection, ...] = field(
        default=(),
        metadata=at("event", "template_card_event", "selected_items", "selected_item", kind=tuple[RobotSelection, ...]),
    )


@frozen(kw_only=True, repr=False)
class RobotFeedback(RobotEvent):
    """Somebody judged an answer that had a feedback id (用户反馈事件); it takes no reply.

    Args:
        feedback_id: The id that the answer was given.
        kind: What they think of it.
        content: What they wrote.
        reasons: What is wrong with it, for `RobotFeedbackKind.BAD`.
    """

    CHANGE_TYPE: ClassVar[str] = "feedback_event"

    feedback_id: str = field(metadata=at("event", "feedback_event", "id"))
    kind: RobotFeedbackKind = field(metadata=at("event", "feedback_event", "type", kind=RobotFeedbackKind))
    content: str = field(default="", metadata=at("event", "feedback_event", "content"), repr=False)
    reasons: tuple[RobotFeedbackReason, ...] = field(
        default=(),
        metadata=at("event", "feedback_event", "inaccurate_reason_list", kind=tuple[RobotFeedbackReason, ...]),
    )
