"""Texts and attachments of mass messages, welcome messages and closing words (附件).

Values only: uploading is `media`, sending is `mass_messages` and `welcome`.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from attrs import frozen

from wecom_auto._model import Model, Tagged, UnknownTagged

__all__ = [
    "Attachment",
    "FileAttachment",
    "ImageAttachment",
    "LinkAttachment",
    "MiniProgramAttachment",
    "Text",
    "UnknownAttachment",
    "VideoAttachment",
]


@frozen(kw_only=True)
class Text(Model):
    """The text of a message.

    Attributes:
        content: The words; up to 4,000 UTF-8 bytes (about 1,300 Chinese characters) in mass and welcome messages.
    """

    content: str = ""


@frozen(kw_only=True)
class ImageAttachment(Tagged):
    """A picture (图片). Give one of the two; `media_id` wins.

    Attributes:
        media_id: From `media.upload`; it dies after 3 days.
        pic_url: From `media.upload_image`; it does not die.
    """

    MSGTYPE: ClassVar[str] = "image"

    media_id: str = ""
    pic_url: str = ""


@frozen(kw_only=True)
class LinkAttachment(Tagged):
    """A link with a cover (图文链接).

    Attributes:
        title: Up to 128 UTF-8 bytes.
        url: Up to 2,048 bytes.
        desc: Up to 512 UTF-8 bytes.
        picurl: URL of the cover, up to 2,048 bytes.
    """

    MSGTYPE: ClassVar[str] = "link"

    title: str
    url: str
    desc: str = ""
    picurl: str = ""


@frozen(kw_only=True)
class MiniProgramAttachment(Tagged):
    """A mini program card (小程序).

    Attributes:
        appid: The mini program; it must be linked to the corp.
        page: The page that opens.
        title: Up to 64 UTF-8 bytes.
        pic_media_id: The cover from `media.upload`, 520 by 416 pixels advised; it dies after 3 days.
    """

    MSGTYPE: ClassVar[str] = "miniprogram"

    appid: str
    page: str
    title: str
    pic_media_id: str


@frozen(kw_only=True)
class VideoAttachment(Tagged):
    """A video (视频).

    Attributes:
        media_id: From `media.upload`; it dies after 3 days.
    """

    MSGTYPE: ClassVar[str] = "video"

    media_id: str


@frozen(kw_only=True)
class FileAttachment(Tagged):
    """A file (文件).

    Attributes:
        media_id: From `media.upload`; it dies after 3 days.
    """

    MSGTYPE: ClassVar[str] = "file"

    media_id: str


@frozen(kw_only=True)
class UnknownAttachment(UnknownTagged):
    """An attachment that this version cannot type; it is kept and sent back as it came.

    Attributes:
        msgtype: The kind, as the platform named it.
        data: Everything else that came with it, usually one object under the name of the kind.
    """


Attachment: TypeAlias = (
    ImageAttachment | LinkAttachment | MiniProgramAttachment | VideoAttachment | FileAttachment | UnknownAttachment
)
"""Any attachment."""
