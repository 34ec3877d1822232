"""What members read about their leads: cards made of frozen facts. Pure; no phone number stands in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from wecom_auto.automotive.leads._states import CustomerAnswer, DeskSettings, NoticeKind
from wecom_auto.models import (
    CardAction,
    CardActionType,
    CardButton,
    CardHeading,
    CardHorizontalItem,
    CardSource,
    CardType,
    StaffMessage,
    TemplateCardMessage,
    TextCardMessage,
)

_TITLES: Final = {
    NoticeKind.ASSIGNED: "新线索",
    NoticeKind.AGAIN: "客户再次留资",
    NoticeKind.REMIND: "线索待联系",
    NoticeKind.ALARM: "线索超时预警",
    NoticeKind.TAKEN: "线索已转给他人",
    NoticeKind.STOP: "客户撤回授权, 请停止联系",
    NoticeKind.FOLLOW_UP: "线索待跟进",
    NoticeKind.NOT_ADDED: "客户未添加企微, 请电话添加",
    NoticeKind.AMBIGUOUS: "新好友可能对应多条线索, 请核对",
    NoticeKind.ANSWER: "客户怎么说? 联系后点选",
}
_ANSWERS: Final = {
    CustomerAnswer.WANTS_DRIVE: "预约到店试驾",
    CustomerAnswer.INTERESTED: "有意向",
    CustomerAnswer.LATER: "以后再联系",
    CustomerAnswer.NO_ANSWER: "未接通",
    CustomerAnswer.WRONG_PERSON: "号码有误",
    CustomerAnswer.REFUSED: "不再联系",
}
_ROWS: Final = {"model": "意向车型", "store": "门店", "source": "来源", "by": "首联时限", "about": "跟进人"}
_ACCEPT: Final = "lead:accept"
_REFUSE: Final = "lead:refuse"
_ANSWER: Final = "lead:answer:"
_SAYS: Final = {f"{_ANSWER}{one.value}": one for one in CustomerAnswer}
_TASK: Final = "lead"
_SAID: Final = "leadsaid"
_REFUSED: Final = "refused on the card"


@frozen(kw_only=True)
class Pressed:
    """What a member said on a card.

    Attributes:
        lead_id: The lead.
        accepts: Yes or no.
        reason: For a no.
        answer: What the customer said; None on a card that asks for yes or no.
    """

    lead_id: str
    accepts: bool = False
    reason: str = _REFUSED
    answer: CustomerAnswer | None = None


def message(
    kind: NoticeKind, lead_id: str, number: int, content: Mapping[str, object], settings: DeskSettings
) -> StaffMessage:
    """Make the message; the same facts give the same bytes, so that the platform recognises a repeat.

    Args:
        kind: Why.
        lead_id: The lead.
        number: Which assignment.
        content: Frozen when it was decided.
        settings: Cards with buttons or with a link, and where a tap leads.
    """
    title = _TITLES[kind]
    name = str(content.get("name") or "")
    rows = [(label, str(content[key])) for key, label in _ROWS.items() if content.get(key)]
    url = settings.lead_url(lead_id)
    script = str(content.get("script_text") or "")
    buttons = _buttons(kind) if settings.buttons else ()
    if buttons:
        turn = f"-{content['turn']}" if kind is NoticeKind.ANSWER else ""
        return TemplateCardMessage(
            card_type=CardType.BUTTON_INTERACTION,
            source=CardSource(desc="线索"),
            task_id=f"{_SAID if turn else _TASK}-{lead_id}-{number}{turn}",
            main_title=CardHeading(title=title, desc=name),
            sub_title_text=f"话术: {script}" if script else "",
            horizontal_content_list=tuple(CardHorizontalItem(keyname=key, value=value[:30]) for key, value in rows),
            card_action=CardAction(type=CardActionType.URL, url=url),
            button_list=buttons,
        )
    lines = [name, *(f"{key}: {value}" for key, value in rows), *([f"话术: {script}"] if script else [])]
    return TextCardMessage(title=title, description="\n".join(filter(None, lines))[:500], url=url)


def _buttons(kind: NoticeKind) -> tuple[CardButton, ...]:
    if kind is NoticeKind.ANSWER:
        return tuple(CardButton(text=text, style=1, key=f"{_ANSWER}{one.value}") for one, text in _ANSWERS.items())
    accept = CardButton(text="接受", style=1, key=_ACCEPT)
    return (accept, CardButton(text="拒绝", style=2, key=_REFUSE)) if kind is NoticeKind.ASSIGNED else ()


def pressed(task_id: str, key: str) -> Pressed | None:
    """What a pressed button says; None if the card is not one of ours.

    Args:
        task_id: Of the card.
        key: Of the button.
    """
    mark, _, rest = task_id.partition("-")
    if mark == _TASK and key in {_ACCEPT, _REFUSE} and (lead_id := _numbered(rest)):
        return Pressed(lead_id=lead_id, accepts=key == _ACCEPT)
    if mark == _SAID and key in _SAYS and (lead_id := _numbered(_numbered(rest))):
        return Pressed(lead_id=lead_id, answer=_SAYS[key])
    return None


def _numbered(text: str) -> str:
    """What stands before a last number; empty if none stands there."""
    head, _, number = text.rpartition("-")
    return head if number.isdigit() else ""
