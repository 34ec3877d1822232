"""What a message of customer service (微信客服) holds, kind by kind. Values only: pulls nothing and fetches no file.

Manual: `读取消息 <https://developer.work.weixin.qq.com/document/path/94670>`_.
What people wrote, and what names them, is kept out of the repr.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import attrs
from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, OpenStrEnum, Tagged, wire

__all__ = [
    "KfBusinessCard",
    "KfCalendar",
    "KfChannels",
    "KfChannelsKind",
    "KfFile",
    "KfImage",
    "KfLink",
    "KfLocation",
    "KfMeeting",
    "KfMenu",
    "KfMenuClick",
    "KfMenuEntry",
    "KfMenuEntryKind",
    "KfMenuMiniProgram",
    "KfMenuText",
    "KfMenuView",
    "KfMergedItem",
    "KfMergedMessages",
    "KfMiniProgram",
    "KfNote",
    "KfShopOrder",
    "KfShopProduct",
    "KfText",
    "KfVideo",
    "KfVoice",
]


class KfChannelsKind(OpenIntEnum):
    """What of a channels account (视频号) was sent."""

    POST = 1
    LIVE = 2
    CARD = 3


class KfMenuEntryKind(OpenStrEnum):
    """What an entry of a menu does."""

    CLICK = "click"
    VIEW = "view"
    MINI_PROGRAM = "miniprogram"
    TEXT = "text"


@frozen(kw_only=True)
class KfText(Tagged):
    """A text (文本).

    Attributes:
        content: The words.
        menu_id: The entry of a menu that was chosen, if one was.
    """

    MSGTYPE: ClassVar[str] = "text"

    content: str = wire("", "", show=False)
    menu_id: str = ""


@frozen(kw_only=True)
class KfImage(Tagged):
    """A picture (图片).

    Attributes:
        media_id: For `media.download`, 3 days.
    """

    MSGTYPE: ClassVar[str] = "image"

    media_id: str


@frozen(kw_only=True)
class KfVoice(Tagged):
    """A voice message (语音).

    Attributes:
        media_id: For `media.download`, 3 days.
    """

    MSGTYPE: ClassVar[str] = "voice"

    media_id: str


@frozen(kw_only=True)
class KfVideo(Tagged):
    """A video (视频).

    Attributes:
        media_id: For `media.download`, 3 days.
        title: Unverified: known from other implementations.
        description: Unverified: known from other implementations.
    """

    MSGTYPE: ClassVar[str] = "video"

    media_id: str
    title: str = ""
    description: str = ""


@frozen(kw_only=True)
class KfFile(Tagged):
    """A file (文件).

    Attributes:
        media_id: For `media.download`, 3 days.
    """

    MSGTYPE: ClassVar[str] = "file"

    media_id: str


@frozen(kw_only=True)
class KfLocation(Tagged):
    """A place (位置).

    Attributes:
        latitude: Degrees north.
        longitude: Degrees east.
        name: Its name.
        address: Its address.
    """

    MSGTYPE: ClassVar[str] = "location"

    latitude: float | None = attrs.field(default=None, repr=False)
    longitude: float | None = attrs.field(default=None, repr=False)
    name: str = wire("", "", show=False)
    address: str = wire("", "", show=False)


@frozen(kw_only=True)
class KfLink(Tagged):
    """A link (链接).

    Attributes:
        title: Its title.
        desc: Its text.
        url: Where it leads.
        pic_url: Its picture.
        thumb_media_id: Unverified: known from other implementations.
    """

    MSGTYPE: ClassVar[str] = "link"

    title: str = ""
    desc: str = ""
    url: str = ""
    pic_url: str = ""
    thumb_media_id: str = ""


@frozen(kw_only=True)
class KfBusinessCard(Tagged):
    """The card of a member (名片).

    Attributes:
        userid: The member.
    """

    MSGTYPE: ClassVar[str] = "business_card"

    userid: str = ""


@frozen(kw_only=True)
class KfMiniProgram(Tagged):
    """A mini program card (小程序).

    Attributes:
        title: Its title.
        appid: The mini program.
        page: The page that opens.
        thumb_media_id: Its cover, for `media.download`.
    """

    MSGTYPE: ClassVar[str] = "miniprogram"

    title: str = ""
    appid: str = ""
    page: str = wire("pagepath", "")
    thumb_media_id: str = ""


@frozen(kw_only=True)
class KfMenuClick(Model):
    """An entry that answers for the customer.

    Attributes:
        id: Comes back as `KfText.menu_id`.
        content: What people read.
    """

    id: str = ""
    content: str = ""


@frozen(kw_only=True)
class KfMenuView(Model):
    """An entry that opens an address.

    Attributes:
        url: The address.
        content: What people read.
    """

    url: str = ""
    content: str = ""


@frozen(kw_only=True)
class KfMenuMiniProgram(Model):
    """An entry that opens a mini program.

    Attributes:
        appid: The mini program.
        page: The page that opens.
        content: What people read.
    """

    appid: str = ""
    page: str = wire("pagepath", "")
    content: str = ""


@frozen(kw_only=True)
class KfMenuText(Model):
    """An entry that is text only.

    Attributes:
        content: What people read.
        no_newline: Whether the next entry stays on the same line.
    """

    content: str = ""
    no_newline: bool = wire("", False, Form.FLAG)


@frozen(kw_only=True)
class KfMenuEntry(Model):
    """An entry of a menu; one of its parts is there, as its kind says.

    Attributes:
        kind: Which part.
        click: Answers for the customer.
        view: Opens an address.
        miniprogram: Opens a mini program.
        text: Is text only.
    """

    kind: KfMenuEntryKind | None = wire("type", None)
    click: KfMenuClick | None = None
    view: KfMenuView | None = None
    miniprogram: KfMenuMiniProgram | None = None
    text: KfMenuText | None = None


@frozen(kw_only=True)
class KfMenu(Tagged):
    """A menu (菜单消息).

    Attributes:
        head_content: The text above.
        entries: The entries.
        tail_content: The text below.
    """

    MSGTYPE: ClassVar[str] = "msgmenu"

    head_content: str = ""
    entries: tuple[KfMenuEntry, ...] = wire("list", ())
    tail_content: str = ""


@frozen(kw_only=True)
class KfShopProduct(Tagged):
    """A product of a channels shop (视频号商品).

    Attributes:
        product_id: The product.
        title: Its name.
        sales_price: Its price in fen, as a text.
        shop_nickname: The shop.
        head_image: Picture of the product.
        shop_head_image: Picture of the shop.
    """

    MSGTYPE: ClassVar[str] = "channels_shop_product"

    product_id: str = ""
    title: str = ""
    sales_price: str = ""
    shop_nickname: str = ""
    head_image: str = ""
    shop_head_image: str = ""


@frozen(kw_only=True)
class KfShopOrder(Tagged):
    """An order in a channels shop (视频号订单).

    Attributes:
        order_id: The order.
        product_titles: What was ordered.
        price_wording: The price as people read it.
        state: The state as people read it.
        image_url: Picture of the order.
        shop_nickname: The shop.
    """

    MSGTYPE: ClassVar[str] = "channels_shop_order"

    order_id: str = ""
    product_titles: str = ""
    price_wording: str = ""
    state: str = ""
    image_url: str = ""
    shop_nickname: str = ""


@frozen(kw_only=True)
class KfMergedItem(Model):
    """One message of a forwarded conversation.

    Attributes:
        sender_name: Who wrote it.
        msgtype: Its kind.
        msg_content: JSON of the message, as a text.
        sent_at: When.
    """

    sender_name: str = wire("", "", show=False)
    msgtype: str = ""
    msg_content: str = wire("", "", show=False)
    sent_at: datetime | None = wire("send_time", None)


@frozen(kw_only=True)
class KfMergedMessages(Tagged):
    """A forwarded conversation (聊天记录).

    Attributes:
        title: Its title.
        items: Its messages.
    """

    MSGTYPE: ClassVar[str] = "merged_msg"

    title: str = wire("", "", show=False)
    items: tuple[KfMergedItem, ...] = wire("item", (), show=False)


@frozen(kw_only=True)
class KfChannels(Tagged):
    """Something of a channels account (视频号).

    Attributes:
        kind: What of it.
        nickname: The account.
        title: Its title.
    """

    MSGTYPE: ClassVar[str] = "channels"

    kind: KfChannelsKind | None = wire("sub_type", None)
    nickname: str = ""
    title: str = ""


@frozen(kw_only=True)
class KfMeeting(Tagged):
    """A meeting (会议); the manual names no fields."""

    MSGTYPE: ClassVar[str] = "meeting"


@frozen(kw_only=True)
class KfCalendar(Tagged):
    """An appointment (日程); the manual names no fields."""

    MSGTYPE: ClassVar[str] = "calendar"


@frozen(kw_only=True)
class KfNote(Tagged):
    """A note (笔记); the manual names no fields."""

    MSGTYPE: ClassVar[str] = "note"
