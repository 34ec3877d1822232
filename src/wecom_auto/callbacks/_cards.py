"""What members do with the cards an app sent (模板卡片) as values. Holds facts only: reads no bytes and calls no API.

They come to the app that sent the card.
Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`_.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenStrEnum
from wecom_auto.callbacks._discreet import Part, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "CardEvent",
    "CardSelection",
    "CardType",
    "TaskCardPressed",
    "TemplateCardMenuUsed",
    "TemplateCardPressed",
]


class CardType(OpenStrEnum):
    """Kind of a template card."""

    TEXT_NOTICE = "text_notice"
    NEWS_NOTICE = "news_notice"
    BUTTON_INTERACTION = "button_interaction"
    VOTE_INTERACTION = "vote_interaction"
    MULTIPLE_INTERACTION = "multiple_interaction"


@frozen(kw_only=True, repr=False)
class CardSelection(Part):
    """What a member chose in one question of a card.

    Args:
        question_key: The question.
        option_ids: The options.
    """

    question_key: str = field(default="", metadata=wire("QuestionKey"))
    option_ids: tuple[str, ...] = field(default=(), metadata=wire("OptionIds", item="OptionId"))


@frozen(kw_only=True, repr=False)
class CardEvent(KnownEvent):
    """A member pressed something on a card; ``from_user`` is the member.

    Args:
        task_id: The card.
        event_key: Key of the button or the item.
    """

    task_id: str = field(metadata=wire("TaskId"))
    event_key: str = field(default="", metadata=wire("EventKey"))


@frozen(kw_only=True, repr=False)
class TemplateCardPressed(CardEvent):
    """A member pressed a button of a template card (模板卡片事件).

    May be answered at once with a change of the card.

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        card_type: What kind of card; ``None`` if it does not say.
        response_code: Changes the card once, within 72 hours; a secret.
        selected: What was chosen, by question.
    """

    FAMILY: ClassVar[str] = "template_card_event"

    card_type: CardType | None = field(default=None, metadata=wire("CardType", CardType))
    response_code: str = field(default="", metadata=wire("ResponseCode"), repr=masked)
    selected: tuple[CardSelection, ...] = field(
        default=(), metadata=wire("SelectedItems", item="SelectedItem", of=CardSelection)
    )


@frozen(kw_only=True, repr=False)
class TemplateCardMenuUsed(CardEvent):
    """A member used the menu in the corner of a template card (通用模板卡片右上角菜单事件).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        card_type: What kind of card; ``None`` if it does not say.
        response_code: Changes the card once, within 72 hours; a secret.
    """

    FAMILY: ClassVar[str] = "template_card_menu_event"

    card_type: CardType | None = field(default=None, metadata=wire("CardType", CardType))
    response_code: str = field(default="", metadata=wire("ResponseCode"), repr=masked)


@frozen(kw_only=True, repr=False)
class TaskCardPressed(CardEvent):
    """A member pressed a button of an old task card (任务卡片事件).

    Sent to self-built and provider-built apps.

    Unverified: the manual names it no more; its ``AgentId`` is in ``agent_id``.
    """

    FAMILY: ClassVar[str] = "taskcard_click"


EVENTS: Final = (
    TemplateCardPressed,
    TemplateCardMenuUsed,
    TaskCardPressed,
)
"""The classes of this chapter that name an event."""
