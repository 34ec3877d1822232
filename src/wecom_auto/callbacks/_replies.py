"""Passive replies (被动回复) to members' messages and events, as values. Writes their body; encrypts and sends nothing.

Manual: `被动回复消息格式 <https://developer.work.weixin.qq.com/document/path/90241>`_ (also 96469).
A handler may return one, and the door sends it if the event `allows` it.
Unverified: which events take a reply (from a summary of the page, not the page), and the names in the XML of cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, cast

import attrs
from attrs import field, frozen

from wecom_auto._codec import encode_object
from wecom_auto._types import JSON
from wecom_auto.callbacks._event import Event, KnownEvent, UnknownEvent
from wecom_auto.callbacks._xml import Node, write_xml
from wecom_auto.errors import ValidationError
from wecom_auto.models.template_cards import TemplateCardMessage

__all__ = [
    "ButtonReply",
    "CardReply",
    "ImageReply",
    "NewsArticle",
    "NewsReply",
    "Reply",
    "TaskCardReply",
    "TextReply",
    "VideoReply",
    "VoiceReply",
    "XMLReply",
    "at_most_bytes",
]

_MESSAGES: Final = frozenset({"text", "image", "voice", "video", "location", "link"})
# The list of 90241 and 96469, and the cards, whose own pages say that they are answered by an update.
_EVENTS: Final = frozenset(
    {
        "subscribe",
        "enter_agent",
        "LOCATION",
        "click",
        "view",
        "view_miniprogram",
        "scancode_waitmsg",
        "template_card_event",
        "template_card_menu_event",
        "taskcard_click",
    }
)
_CARDS: Final = frozenset({"template_card_event", "template_card_menu_event"})
_MOST_ARTICLES: Final = 8
# Names that the platform spells another way than its JSON suggests.
_SPELT: Final = {
    "keyname": "KeyName",
    "pagepath": "PagePath",
    "appid": "AppId",
    "userid": "UserId",
    "checkbox": "CheckBox",
}


class Reply:
    """Something that a handler may return to answer the person at once."""

    __slots__ = ()

    def allows(self, event: Event) -> bool:
        """Return whether the platform takes this reply to that event."""
        raise NotImplementedError

    def body(self, event: Event, created_at: int) -> bytes:
        """Return the plain body.

        Args:
            event: What is answered.
            created_at: Unix seconds.

        Raises:
            ValidationError: A text that the body cannot carry.
        """
        raise NotImplementedError


def at_most_bytes(limit: int) -> Any:
    """Return an attrs validator that counts UTF-8 bytes: what is longer, the platform cuts off or refuses."""

    def check(_reply: object, attribute: attrs.Attribute[str], value: str) -> None:
        if (size := len(value.encode("utf-8", "surrogatepass"))) > limit:
            raise ValidationError(attribute.name, value=f"{size} bytes", limit=f"at most {limit} UTF-8 bytes")

    return check


def at_least_one(_reply: object, attribute: attrs.Attribute[str], value: str) -> None:
    """Refuse an empty identifier."""
    if not value:
        raise ValidationError(attribute.name, value="an empty text", limit="an id")


@frozen
class XMLReply(Reply):
    """A reply in the envelope of apps: to a member's message, to a menu, or to a card."""

    MSGTYPE: ClassVar[str] = ""
    TO: ClassVar[frozenset[str]] = _EVENTS

    def allows(self, event: Event) -> bool:
        """Return whether the platform takes this reply to that event: messages, menus and cards may have one."""
        msg_type, family = _kind_of(event)
        if event.is_for_provider or not event.from_user:
            return False
        return family in self.TO if msg_type == "event" else self.TO is _EVENTS and msg_type in _MESSAGES

    def body(self, event: Event, created_at: int) -> bytes:
        """Return the plain XML, addressed to who caused the event."""
        head: tuple[Node, ...] = (
            ("ToUserName", event.from_user, ()),
            ("FromUserName", event.to_user, ()),
            ("CreateTime", str(created_at), ()),
            ("MsgType", self.MSGTYPE, ()),
        )
        return write_xml(("xml", "", (*head, *self.nodes())))

    def nodes(self) -> Iterator[Node]:
        """Yield what this kind of reply says."""
        raise NotImplementedError


@frozen
class TextReply(XMLReply):
    """A text (文本消息).

    Args:
        content: 1 to 2,048 UTF-8 bytes.
    """

    MSGTYPE: ClassVar[str] = "text"

    content: str = field(validator=[at_least_one, at_most_bytes(2_048)])

    def nodes(self) -> Iterator[Node]:
        """Yield the text."""
        yield "Content", self.content, ()


@frozen
class ImageReply(XMLReply):
    """A picture (图片消息).

    Args:
        media_id: From ``media.upload``.
    """

    MSGTYPE: ClassVar[str] = "image"

    media_id: str = field(validator=at_least_one)

    def nodes(self) -> Iterator[Node]:
        """Yield the picture."""
        yield _texts("Image", MediaId=self.media_id)


@frozen
class VoiceReply(XMLReply):
    """A voice message (语音消息).

    Args:
        media_id: From ``media.upload``.
    """

    MSGTYPE: ClassVar[str] = "voice"

    media_id: str = field(validator=at_least_one)

    def nodes(self) -> Iterator[Node]:
        """Yield the voice message."""
        yield _texts("Voice", MediaId=self.media_id)


@frozen
class VideoReply(XMLReply):
    """A video (视频消息).

    Args:
        media_id: From ``media.upload``.
        title: Its title.
        description: Its description.
    """

    MSGTYPE: ClassVar[str] = "video"

    media_id: str = field(validator=at_least_one)
    title: str = ""
    description: str = ""

    def nodes(self) -> Iterator[Node]:
        """Yield the video."""
        yield _texts("Video", MediaId=self.media_id, Title=self.title, Description=self.description)


@frozen(kw_only=True)
class NewsArticle:
    """One article of a `NewsReply`.

    Args:
        title: Its title.
        url: Where a tap leads.
        description: Its description.
        pic_url: Its picture, JPG or PNG; 640 by 320 pixels advised for the first one, 80 by 80 for the others.
    """

    title: str
    url: str
    description: str = ""
    pic_url: str = ""


def _tuple_of_articles(articles: Iterable[NewsArticle]) -> tuple[NewsArticle, ...]:
    return tuple(articles)


def _articles(_reply: object, attribute: attrs.Attribute[Any], value: Sequence[NewsArticle]) -> None:
    if not 1 <= len(value) <= _MOST_ARTICLES:
        raise ValidationError(attribute.name, value=f"{len(value)} articles", limit=f"1 to {_MOST_ARTICLES} articles")


@frozen
class NewsReply(XMLReply):
    """Articles with pictures (图文消息).

    Args:
        articles: 1 to 8 of them. Unverified: the manual names no number here, and 8 where articles are sent.
    """

    MSGTYPE: ClassVar[str] = "news"

    articles: tuple[NewsArticle, ...] = field(converter=_tuple_of_articles, validator=_articles)

    def nodes(self) -> Iterator[Node]:
        """Yield the articles."""
        yield "ArticleCount", str(len(self.articles)), ()
        yield "Articles", "", tuple(_article(article) for article in self.articles)


@frozen
class TaskCardReply(XMLReply):
    """Another caption for the button that was pressed on a task card (任务卡片更新消息), which the manual has retired.

    Unverified: the page of today (96469) no longer has it.

    Args:
        replace_name: The caption.
    """

    MSGTYPE: ClassVar[str] = "update_taskcard"
    TO: ClassVar[frozenset[str]] = frozenset({"taskcard_click"})

    replace_name: str = field(validator=at_least_one)

    def nodes(self) -> Iterator[Node]:
        """Yield the caption."""
        yield _texts("TaskCard", ReplaceName=self.replace_name)


@frozen
class ButtonReply(XMLReply):
    """Another caption for the button that was pressed on a template card (更新点击用户的按钮文案).

    Args:
        replace_name: The caption; the button cannot be pressed any more.
    """

    MSGTYPE: ClassVar[str] = "update_button"
    TO: ClassVar[frozenset[str]] = _CARDS

    replace_name: str = field(validator=at_least_one)

    def nodes(self) -> Iterator[Node]:
        """Yield the caption."""
        yield _texts("Button", ReplaceName=self.replace_name)


@frozen
class CardReply(XMLReply):
    """Another card in place of the one that was used (更新点击用户的整张卡片); only who used it sees the change.

    Args:
        card: Any of the five template cards.
    """

    MSGTYPE: ClassVar[str] = "update_template_card"
    TO: ClassVar[frozenset[str]] = _CARDS

    card: TemplateCardMessage

    def nodes(self) -> Iterator[Node]:
        """Yield the card: the fields of its JSON under the names of XML."""
        fields = cast("Mapping[str, JSON]", encode_object(self.card)["template_card"])
        yield "TemplateCard", "", tuple(node for name in fields for node in _spell(name, fields[name]))


def _kind_of(event: Event) -> tuple[str, str]:
    if isinstance(event, KnownEvent):
        return event.MSG_TYPE, event.FAMILY
    return (event.msg_type, event.family) if isinstance(event, UnknownEvent) else ("", "")


def _texts(tag: str, **texts: str) -> Node:
    return tag, "", tuple((name, text, ()) for name, text in texts.items() if text)


def _article(article: NewsArticle) -> Node:
    return _texts("item", Title=article.title, Description=article.description, PicUrl=article.pic_url, Url=article.url)


def _spell(name: str, value: JSON) -> Iterator[Node]:
    tag = _SPELT.get(name) or "".join(word.capitalize() for word in name.split("_"))
    if isinstance(value, Mapping):
        yield tag, "", tuple(node for inner in value for node in _spell(inner, value[inner]))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _spell(name, item)
    else:
        yield tag, str(value).lower() if isinstance(value, bool) else str(value), ()
