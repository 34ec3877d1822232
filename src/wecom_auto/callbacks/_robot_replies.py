"""Passive replies of smart robots (智能机器人被动回复) as values. Writes their body; encrypts and sends nothing.

Manual: `被动回复消息 <https://developer.work.weixin.qq.com/document/path/101031>`_.
Robots answer in JSON, and the envelope has to carry the nonce of the request (manual 101033): the door sees to that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, cast

import attrs
from attrs import field, frozen

from wecom_auto._codec import encode_object
from wecom_auto.callbacks._event import Event
from wecom_auto.callbacks._json import Document
from wecom_auto.callbacks._replies import Reply, at_least_one, at_most_bytes
from wecom_auto.callbacks._robots import RobotCardClicked, RobotChatEntered, RobotMessage, RobotStreamPolled
from wecom_auto.errors import ValidationError
from wecom_auto.models.template_cards import TemplateCardMessage

__all__ = ["RobotCardReply", "RobotCardUpdate", "RobotReply", "RobotStreamReply", "RobotTextReply"]

_MOST_IMAGES: Final = 10
_LARGEST_IMAGE: Final = 10 << 20
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


@frozen
class RobotReply(Reply):
    """A reply of a smart robot."""

    TO: ClassVar[tuple[type[Event], ...]] = ()

    def allows(self, event: Event) -> bool:
        """Return whether the platform takes this reply to that event."""
        return isinstance(event, self.TO)

    def body(self, event: Event, created_at: int) -> bytes:  # noqa: ARG002 - a robot's reply names neither
        """Return the plain JSON."""
        return json.dumps(self.document(), ensure_ascii=False).encode()

    def document(self) -> Document:
        """Return what this kind of reply says."""
        raise NotImplementedError


@frozen
class RobotTextReply(RobotReply):
    """A text that welcomes somebody (回复欢迎语); the platform takes it when the chat is entered, and not otherwise.

    Args:
        content: The text.
    """

    TO: ClassVar[tuple[type[Event], ...]] = (RobotChatEntered,)

    content: str = field(validator=at_least_one)

    def document(self) -> Document:
        """Return the text."""
        return {"msgtype": "text", "text": {"content": self.content}}


@frozen
class RobotCardReply(RobotReply):
    """A card (模板卡片消息), to a message or when the chat is entered.

    Args:
        card: Any of the five template cards.
        feedback_id: Comes back in `RobotFeedback`; up to 256 UTF-8 bytes.
    """

    TO: ClassVar[tuple[type[Event], ...]] = (RobotChatEntered, RobotMessage)

    card: TemplateCardMessage
    feedback_id: str = field(default="", kw_only=True, validator=at_most_bytes(256))

    def document(self) -> Document:
        """Return the card."""
        return {"msgtype": "template_card", "template_card": _card(self.card, self.feedback_id)}


def _tuple_of_bytes(images: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(images)


def _tuple_of_texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


def _how_many(images: Sequence[bytes]) -> str:
    return f"<{len(images)}>"


def _images(_reply: object, attribute: attrs.Attribute[Any], value: Sequence[bytes]) -> None:
    if len(value) > _MOST_IMAGES:
        raise ValidationError(attribute.name, value=f"{len(value)} pictures", limit=f"at most {_MOST_IMAGES}")
    if any(len(image) > _LARGEST_IMAGE or not image.startswith(_PICTURES) for image in value):
        raise ValidationError(attribute.name, value="another file", limit="JPG and PNG of up to 10 MiB each")


@frozen
class RobotStreamReply(RobotReply):
    """An answer that grows (流式消息回复): the platform polls for the rest until it is finished, for up to 6 minutes.

    Args:
        stream_id: Yours; it comes back in `RobotStreamPolled`.
        content: Everything so far, in Markdown, up to 20,480 UTF-8 bytes: it replaces what was shown before.
        finish: Whether this is all.
        images: Up to 10 pictures, JPG or PNG of up to 10 MiB; only with ``finish``.
        feedback_id: Comes back in `RobotFeedback`; up to 256 UTF-8 bytes; counts in the first reply only.
        card: A card below the answer, once for each message.
    """

    TO: ClassVar[tuple[type[Event], ...]] = (RobotMessage, RobotStreamPolled)

    stream_id: str = field(validator=at_least_one)
    content: str = field(default="", validator=at_most_bytes(20_480))
    finish: bool = field(default=False, kw_only=True)
    images: tuple[bytes, ...] = field(
        default=(), kw_only=True, converter=_tuple_of_bytes, repr=_how_many, validator=_images
    )
    feedback_id: str = field(default="", kw_only=True, validator=at_most_bytes(256))
    card: TemplateCardMessage | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse pictures in an answer that goes on."""
        if self.images and not self.finish:
            raise ValidationError(field="images", value="an answer that goes on", limit="pictures when finish=True")

    def document(self) -> Document:
        """Return the answer so far."""
        stream: Document = {"id": self.stream_id, "finish": self.finish, "content": self.content}
        if self.images:
            stream["msg_item"] = [_image(image) for image in self.images]
        if self.feedback_id:
            stream["feedback"] = {"id": self.feedback_id}
        if self.card is None:
            return {"msgtype": "stream", "stream": stream}
        return {"msgtype": "stream_with_template_card", "stream": stream, "template_card": _card(self.card, "")}


@frozen
class RobotCardUpdate(RobotReply):
    """Another card in place of the one that was used (模版卡片更新消息).

    Args:
        card: Any of the five template cards; its ``task_id`` has to be the one of the event.
        userids: Who sees the change; everybody who has the card, unless given.
        feedback_id: Comes back in `RobotFeedback`; up to 256 UTF-8 bytes; replaces the one of before.
    """

    TO: ClassVar[tuple[type[Event], ...]] = (RobotCardClicked,)

    card: TemplateCardMessage
    userids: tuple[str, ...] = field(default=(), kw_only=True, converter=_tuple_of_texts)
    feedback_id: str = field(default="", kw_only=True, validator=at_most_bytes(256))

    def document(self) -> Document:
        """Return the card and who gets it."""
        document: Document = {"response_type": "update_template_card"}
        if self.userids:
            document["userids"] = list(self.userids)
        return document | {"template_card": _card(self.card, self.feedback_id)}


def _card(card: TemplateCardMessage, feedback_id: str) -> Document:
    fields = cast("Document", encode_object(card)["template_card"])
    return fields | {"feedback": {"id": feedback_id}} if feedback_id else fields


def _image(image: bytes) -> Document:
    # MD5 is the platform's choice: it checks the transport, not the sender.
    digest = hashlib.md5(image, usedforsecurity=False).hexdigest()
    return {"msgtype": "image", "image": {"base64": base64.b64encode(image).decode(), "md5": digest}}
