"""Messages of an app to members of the corp (应用消息, manual 90236). Not for customers."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from attrs import frozen

from wecom_auto._model import Form, Model, Tagged, UnknownTagged, wire
from wecom_auto.models.template_cards import TemplateCardMessage

__all__ = [
    "FileMessage",
    "ImageMessage",
    "KeyValue",
    "MarkdownMessage",
    "MiniProgramNoticeMessage",
    "MpNewsArticle",
    "MpNewsMessage",
    "NewsArticle",
    "NewsMessage",
    "SentMessage",
    "StaffMessage",
    "TextCardMessage",
    "TextMessage",
    "UnknownMessage",
    "VideoMessage",
    "VoiceMessage",
]


@frozen(kw_only=True)
class TextMessage(Tagged):
    r"""A text (文本消息).

    Attributes:
        content: Up to 2,048 UTF-8 bytes; the platform cuts the rest. ``<a href>`` and ``\n`` work.
    """

    MSGTYPE: ClassVar[str] = "text"

    content: str


@frozen(kw_only=True)
class MarkdownMessage(Tagged):
    """A text in the platform's subset of Markdown (markdown消息); it is not shown in the WeChat plug-in.

    Attributes:
        content: Up to 2,048 UTF-8 bytes.
    """

    MSGTYPE: ClassVar[str] = "markdown"

    content: str


@frozen(kw_only=True)
class ImageMessage(Tagged):
    """A picture (图片消息).

    Attributes:
        media_id: From `media.upload`.
    """

    MSGTYPE: ClassVar[str] = "image"

    media_id: str


@frozen(kw_only=True)
class VoiceMessage(Tagged):
    """A voice recording (语音消息).

    Attributes:
        media_id: From `media.upload`.
    """

    MSGTYPE: ClassVar[str] = "voice"

    media_id: str


@frozen(kw_only=True)
class VideoMessage(Tagged):
    """A video (视频消息).

    Attributes:
        media_id: From `media.upload`.
        title: Up to 128 UTF-8 bytes; the platform cuts the rest.
        description: Up to 512 UTF-8 bytes; the platform cuts the rest.
    """

    MSGTYPE: ClassVar[str] = "video"

    media_id: str
    title: str = ""
    description: str = ""


@frozen(kw_only=True)
class FileMessage(Tagged):
    """A file (文件消息).

    Attributes:
        media_id: From `media.upload`.
    """

    MSGTYPE: ClassVar[str] = "file"

    media_id: str


@frozen(kw_only=True)
class TextCardMessage(Tagged):
    """A card with a button (文本卡片消息).

    Attributes:
        title: Up to 128 characters; the platform cuts the rest.
        description: Up to 512 characters; ``<div class="gray|highlight|normal">`` works.
        url: Where a tap leads, up to 2,048 bytes with ``https://``.
        button: The button's text, up to 4 characters; "详情" if empty.
    """

    MSGTYPE: ClassVar[str] = "textcard"

    title: str
    description: str
    url: str
    button: str = wire("btntxt", "")


@frozen(kw_only=True)
class NewsArticle(Model):
    """An article that leads elsewhere (图文). Give `url`, or `appid` and `page`.

    Attributes:
        title: Up to 128 UTF-8 bytes; the platform cuts the rest.
        description: Up to 512 UTF-8 bytes.
        url: Where a tap leads, up to 2,048 bytes.
        picurl: The cover, JPG or PNG, 1068×455 (first article) or 150×150.
        button: The button's text. Unverified: seen in typed models only.
        appid: A mini program instead of `url`.
        page: Its page.
    """

    title: str
    description: str = ""
    url: str = ""
    picurl: str = ""
    button: str = wire("btntxt", "")
    appid: str = ""
    page: str = wire("pagepath", "")


@frozen(kw_only=True)
class NewsMessage(Tagged):
    """Articles that lead elsewhere (图文消息).

    Attributes:
        articles: 1 to 8.
    """

    MSGTYPE: ClassVar[str] = "news"

    articles: tuple[NewsArticle, ...]


@frozen(kw_only=True)
class MpNewsArticle(Model):
    """An article stored in WeCom (图文).

    Attributes:
        title: Up to 128 UTF-8 bytes.
        thumb_media_id: The cover, from `media.upload`.
        content: HTML, up to 666 KB.
        author: Up to 64 UTF-8 bytes.
        digest: Up to 512 UTF-8 bytes.
        content_source_url: Where "阅读原文" leads.
        url: Listed as required by the reference, absent from older texts. Unverified.
    """

    title: str
    thumb_media_id: str
    content: str
    author: str = ""
    digest: str = ""
    content_source_url: str = ""
    url: str = ""


@frozen(kw_only=True)
class MpNewsMessage(Tagged):
    """Articles stored in WeCom (图文消息 mpnews).

    Attributes:
        articles: 1 to 8.
    """

    MSGTYPE: ClassVar[str] = "mpnews"

    articles: tuple[MpNewsArticle, ...]


@frozen(kw_only=True)
class KeyValue(Model):
    """A row of a notice.

    Attributes:
        key: The label.
        value: The text.
    """

    key: str
    value: str


@frozen(kw_only=True)
class MiniProgramNoticeMessage(Tagged):
    """A notice that opens a mini program (小程序通知消息). It needs no agent id.

    Attributes:
        appid: The mini program; it must be linked to the app.
        page: The page that opens.
        title: The title.
        description: A line below it.
        emphasis_first_item: Show the first row large.
        content_item: The rows.
    """

    MSGTYPE: ClassVar[str] = "miniprogram_notice"

    appid: str
    page: str
    title: str
    description: str = ""
    emphasis_first_item: bool = False
    content_item: tuple[KeyValue, ...] = ()


@frozen(kw_only=True)
class UnknownMessage(UnknownTagged):
    """A message of a kind that has no class here, for example ``UnknownMessage(msgtype="x", data={"x": {…}})``.

    Attributes:
        msgtype: The kind, as the platform names it.
        data: Everything else, usually one object under the name of the kind.
    """


StaffMessage: TypeAlias = (
    TextMessage
    | MarkdownMessage
    | ImageMessage
    | VoiceMessage
    | VideoMessage
    | FileMessage
    | TextCardMessage
    | NewsMessage
    | MpNewsMessage
    | MiniProgramNoticeMessage
    | TemplateCardMessage
    | UnknownMessage
)
"""Any message to members."""


@frozen(kw_only=True)
class SentMessage(Model):
    """What `messages.send` answers. Recipients that got nothing are listed although the call succeeded.

    Attributes:
        msgid: The id, for recalling.
        invalid_userids: Members who do not exist or are not in the app's range.
        invalid_partyids: Departments likewise.
        invalid_tagids: Tags likewise.
        unlicensed_userids: Members without a licence (互通账号); third-party apps only.
        response_code: For updating a card; valid 72 hours, once.
    """

    msgid: str = ""
    invalid_userids: tuple[str, ...] = wire("invaliduser", (), Form.PIPED)
    invalid_partyids: tuple[str, ...] = wire("invalidparty", (), Form.PIPED)
    invalid_tagids: tuple[str, ...] = wire("invalidtag", (), Form.PIPED)
    unlicensed_userids: tuple[str, ...] = wire("unlicenseduser", (), Form.PIPED)
    response_code: str = ""
