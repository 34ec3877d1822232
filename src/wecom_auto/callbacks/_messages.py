"""What members write to an app (接收消息) as values. Holds facts only: reads no bytes and calls no API.

They come to the app itself, of every kind, once it has a callback URL.
Manual: `消息格式 <https://developer.work.weixin.qq.com/document/path/90239>`_.
What they wrote is not in a repr: a conversation does not belong in a log.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenStrEnum
from wecom_auto.callbacks._discreet import masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import decimal, wire

__all__ = [
    "ImageReceived",
    "LinkReceived",
    "LocationReceived",
    "MemberMessage",
    "TextReceived",
    "VideoReceived",
    "VoiceFormat",
    "VoiceReceived",
]


class VoiceFormat(OpenStrEnum):
    """How speech is coded."""

    AMR = "amr"
    SPEEX = "speex"


@frozen(kw_only=True, repr=False)
class MemberMessage(KnownEvent):
    """Something that a member sent to an app; ``from_user`` is the member.

    Args:
        msg_id: Unique; the platform sends it again with every try.
    """

    msg_id: int = field(metadata=wire("MsgId", int))

    @property
    def tells_itself_apart(self) -> bool:
        """True: it has an id of its own."""
        return True

    @property
    def is_for_provider(self) -> bool:
        """False: a suite gets it on its data URL, in the envelope of apps."""
        return False


@frozen(kw_only=True, repr=False)
class TextReceived(MemberMessage):
    """A member wrote a text (文本消息).

    Sent to every kind of app. Manual: `消息格式 <https://developer.work.weixin.qq.com/document/path/90239>`__.

    Args:
        content: What they wrote.
    """

    MSG_TYPE: ClassVar[str] = "text"

    content: str = field(metadata=wire("Content"), repr=masked)


@frozen(kw_only=True, repr=False)
class ImageReceived(MemberMessage):
    """A member sent a picture (图片消息).

    Sent to every kind of app. Manual: `消息格式 <https://developer.work.weixin.qq.com/document/path/90239>`__.

    Args:
        media_id: Fetch it with it within 3 days.
        pic_url: Address of the picture.
    """

    MSG_TYPE: ClassVar[str] = "image"

    media_id: str = field(metadata=wire("MediaId"))
    pic_url: str = field(default="", metadata=wire("PicUrl"), repr=masked)


@frozen(kw_only=True, repr=False)
class VoiceReceived(MemberMessage):
    """A member sent speech (语音消息).

    Sent to every kind of app. Manual: `消息格式 <https://developer.work.weixin.qq.com/document/path/90239>`__.

    Args:
        media_id: Fetch it with it within 3 days.
        format: How the sound is coded; ``None`` if it does not say.
    """

    MSG_TYPE: ClassVar[str] = "voice"

    media_id: str = field(metadata=wire("MediaId"))
    format: VoiceFormat | None = field(default=None, metadata=wire("Format", VoiceFormat))


@frozen(kw_only=True, repr=False)
class VideoReceived(MemberMessage):
    """A member sent a video (视频消息).

    Sent to every kind of app. Manual: `消息格式 <https://developer.work.weixin.qq.com/document/path/90239>`__.

    Args:
        media_id: Fetch it with it within 3 days.
        thumb_media_id: Of its preview, for 3 days.
    """

    MSG_TYPE: ClassVar[str] = "video"

    media_id: str = field(metadata=wire("MediaId"))
    thumb_media_id: str = field(default="", metadata=wire("ThumbMediaId"))


@frozen(kw_only=True, repr=False)
class LocationReceived(MemberMessage):
    """A member sent a place (位置消息).

    Sent to every kind of app. Manual: `消息格式 <https://developer.work.weixin.qq.com/document/path/90239>`__.

    Args:
        latitude: Degrees north.
        longitude: Degrees east.
        scale: Zoom of the map.
        label: Address or name of the place.
        app_type: ``wxwork`` if it was sent inside WeCom; empty from WeChat.
    """

    MSG_TYPE: ClassVar[str] = "location"

    latitude: float = field(metadata=wire("Location_X", decimal), repr=masked)
    longitude: float = field(metadata=wire("Location_Y", decimal), repr=masked)
    scale: int | None = field(default=None, metadata=wire("Scale", int))
    label: str = field(default="", metadata=wire("Label"), repr=masked)
    app_type: str = field(default="", metadata=wire("AppType"))


@frozen(kw_only=True, repr=False)
class LinkReceived(MemberMessage):
    """A member sent a link (链接消息).

    Sent to every kind of app. Manual: `消息格式 <https://developer.work.weixin.qq.com/document/path/90239>`__.

    Args:
        url: Where it leads.
        title: Its title.
        description: Its text.
        pic_url: Address of its picture.
    """

    MSG_TYPE: ClassVar[str] = "link"

    url: str = field(metadata=wire("Url"), repr=masked)
    title: str = field(default="", metadata=wire("Title"), repr=masked)
    description: str = field(default="", metadata=wire("Description"), repr=masked)
    pic_url: str = field(default="", metadata=wire("PicUrl"), repr=masked)


EVENTS: Final = (
    TextReceived,
    ImageReceived,
    VoiceReceived,
    VideoReceived,
    LocationReceived,
    LinkReceived,
)
"""The classes of this chapter that name an event."""
