"""What only temporary contact ways (临时会话, manual 92228) have: an end, one member, closing words. Answers nothing.

Unverified: 40058 for several members; 41044 for a code whose time is over; that a code without `expires_in` lives for
seven days; that closing words of several kinds keep the first.
"""

from __future__ import annotations

from typing import Any

from wecom_auto.testing._content import checked_part
from wecom_auto.testing._registry import Ask
from wecom_auto.testing._spec import any_of, nested, text
from wecom_auto.testing._state import ContactWay
from wecom_auto.testing._wire import Body

__all__ = ["CONCLUSIONS", "closing_words", "expired"]

MISSING, TOO_LARGE = 40063, 45002
WEEK = 7 * 86_400
KINDS = ("image", "link", "miniprogram")

CONCLUSIONS = nested(
    "conclusions",
    any_of("text", *KINDS),
    nested("text", text("content", required=MISSING, octets=4000, bad=TOO_LARGE)),
    nested("image", text("media_id", required=MISSING)),
    nested("link", text("title", octets=128), text("desc", octets=512), text("url", required=MISSING), text("picurl")),
    nested(
        "miniprogram",
        text("title", required=MISSING, octets=64),
        text("pic_media_id", required=MISSING),
        text("appid", required=MISSING),
        text("page", required=MISSING),
    ),
)


def closing_words(ask: Ask) -> Body:
    """Return the closing words of a request as `get_contact_way` shows them, if there are any.

    Raises:
        Refusal: 40007 media, 90207 an appid.
    """
    given: Body | None = ask.body.get("conclusions")
    if not given:
        return {}
    kind = next((one for one in KINDS if given.get(one)), "")
    kept: dict[str, Any] = {"text": given["text"]} if given.get("text") else {}
    return {"conclusions": kept | ({kind: _part(ask, kind, given[kind])} if kind else {})}


def expired(way: ContactWay, now: float) -> bool:
    """Say whether a temporary code has come to its end."""
    return bool(way.fields.get("is_temp")) and now >= way.created_at + way.fields.get("expires_in", WEEK)


def _part(ask: Ask, kind: str, part: Body) -> Body:
    kept = checked_part(ask, kind, part)
    if kind == "image":
        return {"pic_url": f"https://wework.qpic.cn/wwpic/{ask.state.ids.hexa('closing_picture')}/0"}
    return kept
