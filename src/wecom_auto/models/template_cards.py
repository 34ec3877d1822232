"""Template cards: structured messages to members, with buttons and votes (模板卡片消息, manual 90236)."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, OpenStrEnum, Tagged, wire
from wecom_auto._types import UNSET, Unset

__all__ = [
    "CardAction",
    "CardActionType",
    "CardButton",
    "CardCheckbox",
    "CardCheckboxOption",
    "CardHeading",
    "CardHorizontalItem",
    "CardHorizontalType",
    "CardImage",
    "CardImageText",
    "CardJump",
    "CardMenu",
    "CardMenuItem",
    "CardOption",
    "CardQuote",
    "CardSelection",
    "CardSource",
    "CardSubmitButton",
    "CardType",
    "CardVerticalItem",
    "TemplateCardMessage",
]


class CardType(OpenStrEnum):
    """Which of the five cards it is (模板卡片类型)."""

    TEXT_NOTICE = "text_notice"
    """文本通知型."""
    NEWS_NOTICE = "news_notice"
    """图文展示型."""
    BUTTON_INTERACTION = "button_interaction"
    """按钮交互型."""
    VOTE_INTERACTION = "vote_interaction"
    """投票选择型."""
    MULTIPLE_INTERACTION = "multiple_interaction"
    """多项选择型."""


class CardActionType(OpenIntEnum):
    """What a tap does (跳转类型)."""

    NONE = 0
    URL = 1
    MINI_PROGRAM = 2


class CardHorizontalType(OpenIntEnum):
    """What the value of a row is (链接类型)."""

    PLAIN = 0
    URL = 1
    ATTACHMENT = 2
    MEMBER = 3


@frozen(kw_only=True)
class CardSource(Model):
    """Where a card comes from (卡片来源样式信息).

    Attributes:
        icon_url: 72 by 72 pixels advised.
        desc: Up to 20 characters advised.
        desc_color: 0 grey, 1 black, 2 red, 3 green.
    """

    icon_url: str = ""
    desc: str = ""
    desc_color: int = 0


@frozen(kw_only=True)
class CardHeading(Model):
    """Two lines: a title, or the emphasised data (一级标题, 关键数据样式).

    Attributes:
        title: Up to 36 characters advised; 14 for emphasised data.
        desc: Up to 44 characters advised; 22 for emphasised data.
    """

    title: str = ""
    desc: str = ""


@frozen(kw_only=True)
class CardQuote(Model):
    """A quotation (引用文献样式).

    Attributes:
        type: What a tap does.
        url: For `CardActionType.URL`.
        appid: For `CardActionType.MINI_PROGRAM`.
        page: Its page.
        title: The title.
        quote_text: The text.
    """

    type: CardActionType = CardActionType.NONE
    url: str = ""
    appid: str = ""
    page: str = wire("pagepath", "")
    title: str = ""
    quote_text: str = ""


@frozen(kw_only=True)
class CardImage(Model):
    """A picture (图片样式).

    Attributes:
        url: The picture.
        aspect_ratio: Width by height, 1.3 to 2.25; the platform takes 1.3 if it is not given.
    """

    url: str
    aspect_ratio: float | Unset = UNSET


@frozen(kw_only=True)
class CardImageText(Model):
    """A picture with text on its right (左图右文样式).

    Attributes:
        image_url: The picture.
        type: What a tap does.
        url: For `CardActionType.URL`.
        appid: For `CardActionType.MINI_PROGRAM`.
        page: Its page.
        title: The title.
        desc: The text.
    """

    image_url: str
    type: CardActionType = CardActionType.NONE
    url: str = ""
    appid: str = ""
    page: str = wire("pagepath", "")
    title: str = ""
    desc: str = ""


@frozen(kw_only=True)
class CardVerticalItem(Model):
    """A line of text below a picture (卡片二级垂直内容).

    Attributes:
        title: Up to 38 characters advised.
        desc: Up to 160 characters advised.
    """

    title: str
    desc: str = ""


@frozen(kw_only=True)
class CardHorizontalItem(Model):
    """A row of label and value (二级标题+文本列表).

    Attributes:
        keyname: Up to 5 characters advised.
        value: Up to 30 characters advised; the file's name for an attachment.
        type: What the value is.
        url: For `CardHorizontalType.URL`.
        media_id: For `CardHorizontalType.ATTACHMENT`.
        userid: For `CardHorizontalType.MEMBER`.
    """

    keyname: str
    value: str = ""
    type: CardHorizontalType = CardHorizontalType.PLAIN
    url: str = ""
    media_id: str = ""
    userid: str = ""


@frozen(kw_only=True)
class CardJump(Model):
    """A line that leads elsewhere (跳转指引样式).

    Attributes:
        title: Up to 18 characters advised.
        type: What a tap does.
        url: For `CardActionType.URL`.
        appid: For `CardActionType.MINI_PROGRAM`.
        page: Its page.
    """

    title: str
    type: CardActionType = CardActionType.NONE
    url: str = ""
    appid: str = ""
    page: str = wire("pagepath", "")


@frozen(kw_only=True)
class CardAction(Model):
    """What a tap on the card does (整体卡片的点击跳转事件).

    Attributes:
        type: URL or mini program; NONE for cards with buttons only.
        url: For `CardActionType.URL`.
        appid: For `CardActionType.MINI_PROGRAM`.
        page: Its page.
    """

    type: CardActionType = CardActionType.NONE
    url: str = ""
    appid: str = ""
    page: str = wire("pagepath", "")


@frozen(kw_only=True)
class CardMenuItem(Model):
    """An entry of the menu.

    Attributes:
        key: Comes back in the event; up to 1,024 bytes, unique in the card.
        text: What people read.
    """

    key: str
    text: str


@frozen(kw_only=True)
class CardMenu(Model):
    """The menu in the upper right corner (卡片右上角更多操作按钮); the card then needs a `task_id`.

    Attributes:
        action_list: 1 to 3 entries.
        desc: What the menu is for.
    """

    action_list: tuple[CardMenuItem, ...]
    desc: str = ""


@frozen(kw_only=True)
class CardButton(Model):
    """A button (按钮).

    Attributes:
        text: Up to 10 characters advised.
        style: 1 to 4.
        key: Comes back in the event; up to 1,024 bytes, unique in the card.
        type: 0 calls back, 1 opens `url`.
        url: For type 1.
    """

    text: str
    style: int | Unset = UNSET
    key: str = ""
    type: int = 0
    url: str = ""


@frozen(kw_only=True)
class CardCheckboxOption(Model):
    """An option of a vote (选项).

    Attributes:
        id: Up to 128 bytes, unique in the card.
        text: Up to 17 characters advised.
        is_checked: Chosen beforehand.
        disable: Cannot be chosen; only when a card is updated.
    """

    id: str
    text: str
    is_checked: bool | Unset = UNSET
    disable: bool = False


@frozen(kw_only=True)
class CardCheckbox(Model):
    """A vote (选择题样式).

    Attributes:
        question_key: Comes back in the event; up to 1,024 bytes.
        option_list: 1 to 20 options.
        mode: 0 one choice, 1 several.
        disable: Cannot be used; only when a card is updated.
    """

    question_key: str
    option_list: tuple[CardCheckboxOption, ...]
    mode: int = 0
    disable: bool = False


@frozen(kw_only=True)
class CardOption(Model):
    """An option of a drop-down list (选项).

    Attributes:
        id: Up to 128 bytes, unique in the list.
        text: Up to 16 characters advised.
        disable: Cannot be chosen; only when a card is updated.
    """

    id: str
    text: str
    disable: bool = False


@frozen(kw_only=True)
class CardSelection(Model):
    """A drop-down list (下拉式的选择器).

    Attributes:
        question_key: Comes back in the event; up to 1,024 bytes, unique in the card.
        option_list: 1 to 10 options.
        title: The label.
        selected_id: The option chosen beforehand; the first one if empty.
        disable: Cannot be used; only when a card is updated.
    """

    question_key: str
    option_list: tuple[CardOption, ...]
    title: str = ""
    selected_id: str = ""
    disable: bool = False


@frozen(kw_only=True)
class CardSubmitButton(Model):
    """The button that sends a vote or a selection (提交按钮样式).

    Attributes:
        text: Up to 10 characters advised.
        key: Comes back in the event; up to 1,024 bytes.
    """

    text: str
    key: str


@frozen(kw_only=True)
class TemplateCardMessage(Tagged):
    """A template card (模板卡片消息). Which parts it may have depends on its type.

    Attributes:
        card_type: Which of the five cards it is.
        source: Where it comes from.
        action_menu: The menu in the corner.
        task_id: Yours, unique per app, up to 128 bytes of ``[0-9a-zA-Z_-@]``.
            Needed by cards that call back.
        main_title: The title.
        quote_area: A quotation.
        emphasis_content: Large data; text notice only.
        sub_title_text: Up to 160 characters advised; a text notice needs it or a title.
        horizontal_content_list: Up to 6 rows.
        jump_list: Up to 3 lines; notices only.
        card_action: What a tap does; notices need it.
        card_image: A picture; a news notice needs it or `image_text_area`.
        image_text_area: A picture with text; news notice only.
        vertical_content_list: Up to 4 lines; news notice only.
        button_selection: A drop-down list; button card only.
        button_list: Up to 6 buttons; a button card needs one.
        checkbox: The vote; vote card only.
        select_list: Up to 3 lists; multiple-choice card only.
        submit_button: Vote and multiple-choice cards.
        replace_text: The button's text after it was used; only when a card is updated.
    """

    MSGTYPE: ClassVar[str] = "template_card"

    card_type: CardType
    source: CardSource | None = None
    action_menu: CardMenu | None = None
    task_id: str = ""
    main_title: CardHeading | None = None
    quote_area: CardQuote | None = None
    emphasis_content: CardHeading | None = None
    sub_title_text: str = ""
    horizontal_content_list: tuple[CardHorizontalItem, ...] = ()
    jump_list: tuple[CardJump, ...] = ()
    card_action: CardAction | None = None
    card_image: CardImage | None = None
    image_text_area: CardImageText | None = None
    vertical_content_list: tuple[CardVerticalItem, ...] = ()
    button_selection: CardSelection | None = None
    button_list: tuple[CardButton, ...] = ()
    checkbox: CardCheckbox | None = None
    select_list: tuple[CardSelection, ...] = ()
    submit_button: CardSubmitButton | None = None
    replace_text: str = ""
