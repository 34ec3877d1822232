"""What members do with the menu of an app (菜单事件) as values. Holds facts only: reads no bytes and calls no API.

They come to the app itself, of every kind.
Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`_.
A member may press one item twice in a second, so redeliveries of these are not told from repetitions.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._discreet import Part, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "ChosenPlace",
    "CodeScanned",
    "CodeScannedForAnswer",
    "MenuClicked",
    "MenuEvent",
    "MenuLinkOpened",
    "MenuMiniProgramOpened",
    "PhotoTaken",
    "PhotosChosen",
    "PhotosTakenOrChosen",
    "PlaceChosen",
    "ScanResult",
    "SentPicture",
    "SentPictures",
]


@frozen(kw_only=True, repr=False)
class ScanResult(Part):
    """What a member scanned.

    Args:
        kind: Mostly ``qrcode``.
        text: What the code says.
    """

    kind: str = field(default="", metadata=wire("ScanType"))
    text: str = field(default="", metadata=wire("ScanResult"), repr=masked)


@frozen(kw_only=True, repr=False)
class SentPicture(Part):
    """One of the pictures.

    Args:
        md5: Tells which `ImageReceived` it is.
    """

    md5: str = field(default="", metadata=wire("PicMd5Sum"))


@frozen(kw_only=True, repr=False)
class SentPictures(Part):
    """The pictures that a member sent.

    Args:
        count: How many.
        items: Each of them.
    """

    count: int | None = field(default=None, metadata=wire("Count", int))
    items: tuple[SentPicture, ...] = field(default=(), metadata=wire("PicList", item="item", of=SentPicture))


@frozen(kw_only=True, repr=False)
class ChosenPlace(Part):
    """A place that a member chose; the platform sends texts here.

    Args:
        latitude: Degrees north.
        longitude: Degrees east.
        scale: Zoom of the map.
        label: Address.
        name: Name of the place.
    """

    latitude: str = field(default="", metadata=wire("Location_X"), repr=masked)
    longitude: str = field(default="", metadata=wire("Location_Y"), repr=masked)
    scale: str = field(default="", metadata=wire("Scale"))
    label: str = field(default="", metadata=wire("Label"), repr=masked)
    name: str = field(default="", metadata=wire("Poiname"), repr=masked)


@frozen(kw_only=True, repr=False)
class MenuEvent(KnownEvent):
    """A member pressed an item of the menu; ``from_user`` is the member.

    Args:
        event_key: The item's key; the address or page of an item that opens one.
    """

    READ_AGAIN: ClassVar[bool] = True

    event_key: str = field(default="", metadata=wire("EventKey"))


@frozen(kw_only=True, repr=False)
class MenuClicked(MenuEvent):
    """A member pressed an item that asks for an answer (点击菜单拉取消息).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.
    """

    FAMILY: ClassVar[str] = "click"


@frozen(kw_only=True, repr=False)
class MenuLinkOpened(MenuEvent):
    """A member pressed an item that opens an address (点击菜单跳转链接): ``event_key``.

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.
    """

    FAMILY: ClassVar[str] = "view"


@frozen(kw_only=True, repr=False)
class MenuMiniProgramOpened(MenuEvent):
    """A member pressed an item that opens a mini program (点击菜单跳转小程序): ``event_key`` is the page.

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.
    """

    FAMILY: ClassVar[str] = "view_miniprogram"


@frozen(kw_only=True, repr=False)
class CodeScanned(MenuEvent):
    """A member scanned a code and saw the result (扫码推事件).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        scan: What was read.
    """

    FAMILY: ClassVar[str] = "scancode_push"

    scan: ScanResult = field(metadata=wire("ScanCodeInfo", of=ScanResult))


@frozen(kw_only=True, repr=False)
class CodeScannedForAnswer(MenuEvent):
    """A member scanned a code and waits for an answer of the app (扫码推事件且弹出“消息接收中”).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        scan: What was read.
    """

    FAMILY: ClassVar[str] = "scancode_waitmsg"

    scan: ScanResult = field(metadata=wire("ScanCodeInfo", of=ScanResult))


@frozen(kw_only=True, repr=False)
class PhotoTaken(MenuEvent):
    """A member took photos (弹出系统拍照发图).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        pictures: Which; each follows as an `ImageReceived`.
    """

    FAMILY: ClassVar[str] = "pic_sysphoto"

    pictures: SentPictures = field(metadata=wire("SendPicsInfo", of=SentPictures))


@frozen(kw_only=True, repr=False)
class PhotosTakenOrChosen(MenuEvent):
    """A member took or chose photos (弹出拍照或者相册发图).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        pictures: Which; each follows as an `ImageReceived`.
    """

    FAMILY: ClassVar[str] = "pic_photo_or_album"

    pictures: SentPictures = field(metadata=wire("SendPicsInfo", of=SentPictures))


@frozen(kw_only=True, repr=False)
class PhotosChosen(MenuEvent):
    """A member chose photos of the album (弹出微信相册发图器).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        pictures: Which; each follows as an `ImageReceived`.
    """

    FAMILY: ClassVar[str] = "pic_weixin"

    pictures: SentPictures = field(metadata=wire("SendPicsInfo", of=SentPictures))


@frozen(kw_only=True, repr=False)
class PlaceChosen(MenuEvent):
    """A member chose a place (弹出地理位置选择器).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        place: Where.
        app_type: ``wxwork`` if the member uses WeCom; empty in WeChat.
    """

    FAMILY: ClassVar[str] = "location_select"

    place: ChosenPlace = field(metadata=wire("SendLocationInfo", of=ChosenPlace))
    app_type: str = field(default="", metadata=wire("AppType"))


EVENTS: Final = (
    MenuClicked,
    MenuLinkOpened,
    MenuMiniProgramOpened,
    CodeScanned,
    CodeScannedForAnswer,
    PhotoTaken,
    PhotosTakenOrChosen,
    PhotosChosen,
    PlaceChosen,
)
"""The classes of this chapter that name an event."""
