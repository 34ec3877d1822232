"""Uploaded files (素材管理, manual 90253, 90256 and 95098)."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, OpenStrEnum, wire

__all__ = ["AttachmentUse", "Media", "MediaKind", "UploadedAttachment", "UploadedImage"]


class MediaKind(OpenStrEnum):
    """What a temporary file is (媒体文件类型)."""

    IMAGE = "image"
    """JPG or PNG, up to 10 MB."""
    VOICE = "voice"
    """AMR, up to 2 MB and 60 s."""
    VIDEO = "video"
    """MP4, up to 10 MB."""
    FILE = "file"
    """Anything, up to 20 MB."""


class AttachmentUse(OpenIntEnum):
    """What an attachment is uploaded for (附件类型)."""

    MOMENT = 1
    """朋友圈: pictures and videos."""
    PRODUCT_ALBUM = 2
    """商品图册: pictures."""


@frozen(kw_only=True)
class Media(Model):
    """A temporary file (临时素材). It lives 3 days and all apps of the corp can use it.

    Attributes:
        media_id: The id.
        type: What it is.
        created_at: When it was uploaded; it dies 3 days later.
    """

    media_id: str
    type: MediaKind = MediaKind.FILE
    created_at: datetime | None = wire("", None, Form.TEXT_SECONDS)


@frozen(kw_only=True)
class UploadedAttachment(Model):
    """A temporary file for moments or product albums (附件资源). It lives 3 days and works nowhere else.

    Attributes:
        media_id: The id.
        type: What it is.
        created_at: When it was uploaded; it dies 3 days later.
    """

    media_id: str
    type: MediaKind = MediaKind.FILE
    created_at: datetime | None = None


@frozen(kw_only=True)
class UploadedImage(Model):
    """A permanent picture (上传图片).

    Attributes:
        url: Opens in WeCom and in messages to customers only.
    """

    url: str
