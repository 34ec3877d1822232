"""The card that a WeCom user shows to people of other corps (对外信息)."""

from __future__ import annotations

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, wire

__all__ = [
    "ChannelsAccount",
    "ChannelsAccountStatus",
    "ExternalAttribute",
    "ExternalAttributeType",
    "ExternalProfile",
    "MiniProgramValue",
    "TextValue",
    "WebValue",
]


class ExternalAttributeType(OpenIntEnum):
    """What a line of the card is (属性类型)."""

    TEXT = 0
    WEB = 1
    MINI_PROGRAM = 2


class ChannelsAccountStatus(OpenIntEnum):
    """Whether a Channels account may be shown (视频号绑定状态)."""

    USABLE = 0
    TO_BE_CONFIRMED = 1


@frozen(kw_only=True)
class TextValue(Model):
    """A line of text.

    Attributes:
        value: The text.
    """

    value: str = ""


@frozen(kw_only=True)
class WebValue(Model):
    """A line that opens a web page.

    Attributes:
        title: What people tap on.
        url: Where it leads.
    """

    title: str = ""
    url: str = ""


@frozen(kw_only=True)
class MiniProgramValue(Model):
    """A line that opens a mini program (小程序).

    Attributes:
        title: What people tap on.
        appid: The mini program.
        page: Its page; empty for the home page.
    """

    title: str = ""
    appid: str = ""
    page: str = wire("pagepath", "")


@frozen(kw_only=True)
class ExternalAttribute(Model):
    """One line of the card.

    Attributes:
        type: Which of `text`, `web` and `mini_program` is filled.
        name: The label.
        text: The text, for `ExternalAttributeType.TEXT`.
        web: The link, for `ExternalAttributeType.WEB`.
        mini_program: The mini program, for `ExternalAttributeType.MINI_PROGRAM`.
    """

    type: ExternalAttributeType = ExternalAttributeType.TEXT
    name: str = ""
    text: TextValue | None = None
    web: WebValue | None = None
    mini_program: MiniProgramValue | None = wire("miniprogram", None)


@frozen(kw_only=True)
class ChannelsAccount(Model):
    """A WeChat Channels account (视频号) on the card.

    Attributes:
        nickname: Its name; it must be bound to the corp.
        status: Whether it may be shown.
    """

    nickname: str = ""
    status: ChannelsAccountStatus = ChannelsAccountStatus.USABLE


@frozen(kw_only=True)
class ExternalProfile(Model):
    """The card of a WeCom user; customers on WeChat have none.

    Attributes:
        external_corp_name: The short name of the corp as outsiders see it.
        wechat_channels: The Channels account, if one is shown.
        external_attr: The lines of the card, in order.
    """

    external_corp_name: str = ""
    wechat_channels: ChannelsAccount | None = None
    external_attr: tuple[ExternalAttribute, ...] = ()
