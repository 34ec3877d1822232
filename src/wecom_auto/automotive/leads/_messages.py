"""What members read about their leads: cards made of frozen facts. Pure; no phone number stands in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from wecom_auto.automotive.leads._states import DeskSettings, NoticeKind
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
}
_ROWS: Final = {"model": "意向车型", "store": "门店", "source": "来源", "by": "首联时限", "about": "跟进人"}
_ACCEPT: Final = "lead:accept"
_REFUSE: Final = "lead:refuse"
_TASK: Final = "lead"
_REFUSED: Final = "refused on the card"


@frozen(kw_only=True)
class Pressed:
    """What a member said on a card.

    Attributes:
        lead_id: The lead.
        accepts: Yes or no.
        reason: For a no.
    """

    lead_id: str
    accepts: bool
    reason: str = _REFUSED


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
    if kind is NoticeKind.ASSIGNED and settings.buttons:
        return TemplateCardMessage(
            card_type=CardType.BUTTON_INTERACTION,
            source=CardSource(desc="线索"),
            task_id=f"{_TASK}-{lead_id}-{number}",
            main_title=CardHeading(title=title, desc=name),
            horizontal_content_list=tuple(CardHorizontalItem(keyname=key, value=value[:30]) for key, value in rows),
            card_action=CardAction(type=CardActionType.URL, url=url),
            button_list=(
                CardButton(text="接受", style=1, key=_ACCEPT),
                CardButton(text="拒绝", style=2, key=_REFUSE),
            ),
        )
    lines = [name, *(f"{key}: {value}" for key, value in rows)]
    return TextCardMessage(title=title, description="\n".join(filter(None, lines))[:500], url=url)


def pressed(task_id: str, key: str) -> Pressed | None:
    """What a pressed button says; None if the card is not one of ours.

    Args:
        task_id: Of the card.
        key: Of the button.
    """
    mark, _, rest = task_id.partition("-")
    lead_id, _, number = rest.rpartition("-")
    if mark != _TASK or not lead_id or not number.isdigit() or key not in {_ACCEPT, _REFUSE}:
        return None
    return Pressed(lead_id=lead_id, accepts=key == _ACCEPT)
