"""What the manual asks of messages of customer service (微信客服, 94677, 95122), as checks. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from attrs import frozen

from wecom_auto._checks import Check, Limit
from wecom_auto._types import JSON, JSONObject
from wecom_auto.errors import ValidationError
from wecom_auto.models import KfSendable, KfSessionState, KfText

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("content",),
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id",),
    "file": ("media_id",),
    "link": ("url", "title", "thumb_media_id"),
    "miniprogram": ("appid", "pagepath", "thumb_media_id"),
    "msgmenu": ("list",),
    "business_card": ("userid",),
    "ca_link": ("link_url",),
}
_TAPPED: Final = frozenset({"click", "view", "miniprogram"})
_TAPS: Final = 10
_ENTRY: Final = "msgmenu.list[]"


@frozen
class Whole:
    """A message that lacks nothing that its kind needs."""

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` naming what is missing."""
        kind = str(fields.get("msgtype", ""))
        part = cast("Mapping[str, JSON]", fields.get(kind) or {})
        for name in _NEEDED.get(kind, ()):
            if not part.get(name):
                field = f"{kind}.{name}"
                raise ValidationError(field, value="nothing", limit="a value: the platform needs it")


@frozen
class FewTaps:
    """A menu with at most 10 entries that can be tapped."""

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` when there are more."""
        menu = cast("Mapping[str, JSON]", fields.get("msgmenu") or {})
        entries = cast("Sequence[Mapping[str, JSON]]", menu.get("list") or ())
        taps = sum(one.get("type") in _TAPPED for one in entries)
        if taps > _TAPS:
            field, limit = "msgmenu.list", f"at most {_TAPS} of click, view and miniprogram"
            raise ValidationError(field, value=f"{taps} entries to tap", limit=limit)


@frozen
class ServicerNamed:
    """A servicer who gets the conversation, where one does."""

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` when nobody is named."""
        if fields.get("service_state") == KfSessionState.SERVICER and not fields.get("servicer_userid"):
            field, limit = "servicer_userid", "who gets the conversation"
            raise ValidationError(field, value="nothing", limit=limit)


MENU: Final[tuple[Check, ...]] = (
    Limit("text.content", bytes=2048),
    Limit("msgmenu.head_content", bytes=1024),
    Limit("msgmenu.tail_content", bytes=1024),
    Limit(f"{_ENTRY}.text.content", bytes=256, least=1),
    Limit(f"{_ENTRY}.click.id", bytes=128),
    Limit(f"{_ENTRY}.click.content", bytes=128, least=1),
    Limit(f"{_ENTRY}.view.url", bytes=2048, least=1),
    Limit(f"{_ENTRY}.view.content", bytes=1024, least=1),
    Limit(f"{_ENTRY}.miniprogram.appid", bytes=32, least=1),
    Limit(f"{_ENTRY}.miniprogram.pagepath", bytes=1024, least=1),
    Limit(f"{_ENTRY}.miniprogram.content", bytes=1024),
    FewTaps(),
    Whole(),
)
"""Of texts and menus, the only kinds that answer an event."""

ANY_KIND: Final[tuple[Check, ...]] = (
    *MENU,
    Limit("msgmenu.list", items=50),
    Limit("link.url", bytes=2048),
    Limit("link.title", bytes=128),
    Limit("link.desc", bytes=512),
    Limit("miniprogram.title", bytes=64),
    Limit("location.latitude", least=-90, most=90),
    Limit("location.longitude", least=-180, most=180),
)
"""Of all kinds."""

MSGID: Final = Limit("msgid", bytes=32)


def content_of(content: KfSendable | str) -> KfSendable:
    """Return `content`; a text becomes a message."""
    return KfText(content=content) if isinstance(content, str) else content
