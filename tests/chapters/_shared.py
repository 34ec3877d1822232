"""What the data of several chapters is made of: calls without a client, moments, and the manual's own examples."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, get_args

from tests.unit._models import filled

from wecom_auto import Calls
from wecom_auto.models import (
    Attachment,
    Conclusions,
    FileAttachment,
    ImageAttachment,
    LinkAttachment,
    MiniProgramAttachment,
    Text,
    VideoAttachment,
)

calls = Calls()
NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
PNG: Final = b"\x89PNG\r\n\x1a\n" + b"picture"
EVERY_ATTACHMENT: Final[list[Any]] = [filled(kind) for kind in get_args(Attachment) if hasattr(kind, "MSGTYPE")]
"""One of each kind that says something in every field."""


def at(seconds: int) -> datetime:
    """Return a time as models hold it."""
    return datetime.fromtimestamp(seconds, UTC)


# As the manual's examples have them.
TEXT: Final = Text(content="文本消息内容")
LINK: Final = LinkAttachment(
    title="消息标题", picurl="https://example.pic.com/path", desc="消息描述", url="https://example.link.com/path"
)
MINI: Final = MiniProgramAttachment(
    title="消息标题", pic_media_id="MEDIA_ID", appid="wx8bd80126147dfAAA", page="/path/index.html"
)
ATTACHMENTS: Final[tuple[Attachment, ...]] = (
    ImageAttachment(media_id="MEDIA_ID", pic_url="http://p.qpic.cn/pic_wework/3474110808/7a6344sdadfwehe42060/0"),
    LINK,
    MINI,
    VideoAttachment(media_id="MEDIA_ID"),
    FileAttachment(media_id="MEDIA_ID"),
)
CONCLUSIONS: Final = Conclusions(text=TEXT, image=ImageAttachment(media_id="MEDIA_ID"), link=LINK, mini_program=MINI)
OFFICIAL_NOW: Final = at(1_605_171_726)
