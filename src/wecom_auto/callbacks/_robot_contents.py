"""What people send to a smart robot (智能机器人), kind by kind. Values only: fetches no file and decrypts none.

Manual: `接收消息 <https://developer.work.weixin.qq.com/document/path/100719>`_.
Files are behind addresses that live 5 minutes and are encrypted; `CallbackCrypto.decrypt_media` opens what they give.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

import attrs
from attrs import frozen

from wecom_auto._model import Model, Tagged, UnknownTagged

__all__ = [
    "RobotContent",
    "RobotFile",
    "RobotImage",
    "RobotMixed",
    "RobotPart",
    "RobotQuote",
    "RobotSelection",
    "RobotSelectionOptions",
    "RobotText",
    "RobotVideo",
    "RobotVoice",
    "UnknownRobotContent",
]


@frozen(kw_only=True)
class RobotText(Tagged):
    """A text (文本).

    Attributes:
        content: The words; in a group they begin with the robot's name.
    """

    MSGTYPE: ClassVar[str] = "text"

    content: str = attrs.field(default="", repr=False)


@frozen(kw_only=True)
class RobotImage(Tagged):
    """A picture (图片); single chats only, unless it is part of a `RobotMixed`.

    Attributes:
        url: Where its encrypted bytes are for 5 minutes.
    """

    MSGTYPE: ClassVar[str] = "image"

    url: str = attrs.field(default="", repr=False)


@frozen(kw_only=True)
class RobotVoice(Tagged):
    """A voice message (语音); single chats only.

    Attributes:
        content: The words that were recognised.
    """

    MSGTYPE: ClassVar[str] = "voice"

    content: str = attrs.field(default="", repr=False)


@frozen(kw_only=True)
class RobotFile(Tagged):
    """A file (文件) of up to 100 MB; single chats only.

    Attributes:
        url: Where its encrypted bytes are for 5 minutes.
    """

    MSGTYPE: ClassVar[str] = "file"

    url: str = attrs.field(default="", repr=False)


@frozen(kw_only=True)
class RobotVideo(Tagged):
    """A video (视频) of up to 100 MB; single chats only.

    Attributes:
        url: Where its encrypted bytes are for 5 minutes.
    """

    MSGTYPE: ClassVar[str] = "video"

    url: str = attrs.field(default="", repr=False)


@frozen(kw_only=True)
class UnknownRobotContent(UnknownTagged):
    """A kind of content that this version does not know; it is kept as it came.

    Attributes:
        msgtype: The kind, as the platform named it.
        data: Everything else that came with it.
    """


RobotPart: TypeAlias = RobotText | RobotImage | UnknownRobotContent
"""A part of mixed content."""


@frozen(kw_only=True)
class RobotMixed(Tagged):
    """Texts and pictures in one message (图文混排).

    Attributes:
        parts: In the order in which people see them.
    """

    MSGTYPE: ClassVar[str] = "mixed"

    parts: tuple[RobotPart, ...] = attrs.field(default=(), metadata={"wire": "msg_item"})


RobotContent: TypeAlias = (
    RobotText | RobotImage | RobotMixed | RobotVoice | RobotFile | RobotVideo | UnknownRobotContent
)
"""Anything that people can send to a robot."""

RobotQuote: TypeAlias = RobotContent
"""The message that another one answers (引用)."""


@frozen(kw_only=True)
class RobotSelectionOptions(Model):
    """The wrapper that the platform puts around chosen options.

    Attributes:
        option_id: What was chosen.
    """

    option_id: tuple[str, ...] = ()


@frozen(kw_only=True)
class RobotSelection(Model):
    """What somebody chose in one question of a card.

    Attributes:
        question_key: Which question.
        option_ids: What was chosen, as the platform wraps it; `options` has it bare.
    """

    question_key: str
    option_ids: RobotSelectionOptions | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The ids of the chosen options."""
        return () if self.option_ids is None else self.option_ids.option_id
