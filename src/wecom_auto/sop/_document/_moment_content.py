"""What a moment (客户朋友圈) may hold: a text and pictures, or a video, or a link. Uploads nothing.

A content of the library is written once for messages and moments; what a moment cannot show is refused by name.
Manual: https://developer.work.weixin.qq.com/document/path/95094 (创建发表任务).
"""

from __future__ import annotations

from typing import Final

from wecom_auto.errors import ConfigurationError
from wecom_auto.models import Attachment, ImageAttachment, LinkAttachment, MomentAttachment, MomentLink, VideoAttachment
from wecom_auto.sop.contents import Content

TEXT_CHARS: Final = 2000
_IMAGES: Final = 9


def check(content: Content) -> None:
    """Refuse what a moment cannot show.

    Raises:
        ConfigurationError: The text is too long, kinds are mixed, or a file is not from `media.upload_attachment`.
    """
    if len(content.text) > TEXT_CHARS:
        msg = f"text has {len(content.text)} characters, a moment takes {TEXT_CHARS}: shorten it"
        raise ConfigurationError(msg)
    kinds = {type(one) for one in attachments(content)}
    most = _IMAGES if kinds == {ImageAttachment} else 1
    if len(kinds) > 1 or len(content.attachments) > most:
        msg = f"a moment takes up to {_IMAGES} pictures, or one video, or one link; give it a content of its own"
        raise ConfigurationError(msg)


def attachments(content: Content) -> tuple[MomentAttachment, ...]:
    """The attachments as a moment takes them.

    Raises:
        ConfigurationError: One that a moment cannot show, or without an uploaded file.
    """
    return tuple(_one(one) for one in content.attachments)


def shown(content: Content) -> tuple[str, ...]:
    """By what the platform's list shows the attachments: media ids, or the address of a link."""
    return tuple(one.url if isinstance(one, MomentLink) else one.media_id for one in attachments(content))


def _one(attachment: Attachment) -> MomentAttachment:
    match attachment:
        case ImageAttachment(media_id=media_id) | VideoAttachment(media_id=media_id) if media_id:
            return attachment
        case LinkAttachment(title=title, url=url, extra=extra) if isinstance(cover := extra.get("media_id"), str):
            return MomentLink(title=title, url=url, media_id=cover)
        case _:
            msg = f"a moment cannot show {type(attachment).__name__} without a media_id of media.upload_attachment"
            raise ConfigurationError(msg)
