"""What a mass message or a welcome message may hold: text and attachments. Sends nothing.

Unverified: the manual names no errcode for a title or link that is too long; 40058 is answered.
"""

from __future__ import annotations

from typing import Any

from wecom_auto.testing._lookups import medium
from wecom_auto.testing._registry import Ask
from wecom_auto.testing._spec import any_of, nested, objects, text
from wecom_auto.testing._wire import Body, Refusal

__all__ = ["CONTENT", "IMAGE", "MINIPROGRAM", "checked_content", "checked_part"]

MISSING, TOO_LARGE, TOO_MANY, BAD_KIND, NO_CONTENT = 40063, 45002, 41064, 41065, 44004
BAD_URL, BAD_APPID = 40094, 90207
KINDS = ("image", "link", "miniprogram", "video", "file")

IMAGE = nested("image", any_of("media_id", "pic_url"), text("media_id"), text("pic_url"))
LINK = nested(
    "link",
    text("title", required=MISSING, octets=128),
    text("desc", octets=512),
    text("url", required=MISSING, octets=2048),
    text("picurl", octets=2048),
)
MINIPROGRAM = nested(
    "miniprogram",
    text("appid", required=MISSING),
    text("page", required=MISSING),
    text("title", required=MISSING, octets=64),
    text("pic_media_id", required=MISSING),
)
FILES = tuple(nested(kind, text("media_id", required=MISSING)) for kind in ("video", "file"))

CONTENT = (
    any_of("text", "attachments"),
    nested("text", text("content", octets=4000, bad=TOO_LARGE)),
    objects(
        "attachments",
        text("msgtype", required=BAD_KIND, enum=KINDS, bad=BAD_KIND),
        IMAGE,
        LINK,
        MINIPROGRAM,
        *FILES,
        most=9,
        too_many=TOO_MANY,
    ),
)
"""The checks of `text` and `attachments` (manual 92135, 92137)."""


def checked_content(ask: Ask) -> Body:
    """Return text and attachments as they will be shown, after looking up their media.

    Raises:
        Refusal: 44004 empty text and nothing else, 40063 an attachment without its object, 40007 media,
            40094 a pic_url that `media/uploadimg` did not give, 90207 an appid.
    """
    words: Body = ask.body.get("text") or {}
    attachments: list[Body] = ask.body.get("attachments") or []
    if not words.get("content") and not attachments:
        raise Refusal(NO_CONTENT, "text.content")
    content: dict[str, Any] = {"text": {"content": words["content"]}} if words.get("content") else {}
    if attachments:
        content["attachments"] = [_attachment(ask, one) for one in attachments]
    return content


def _attachment(ask: Ask, one: Body) -> Body:
    kind = str(one["msgtype"])
    part: Body | None = one.get(kind)
    if not part:
        raise Refusal(MISSING, f"attachments: {kind}")
    return {"msgtype": kind, kind: checked_part(ask, kind, part)}


def checked_part(ask: Ask, kind: str, part: Body) -> Body:
    """Return one attachment as it will be shown, after looking up its media.

    Raises:
        Refusal: 40007, 40094 and 90207 as for `checked_content`.
    """
    if kind == "image":
        return _image(ask, part)
    if kind in ("video", "file"):
        medium(ask, part["media_id"])
    if kind == "miniprogram":
        medium(ask, part["pic_media_id"])
        if not str(part["appid"]).startswith("wx"):
            raise Refusal(BAD_APPID, "miniprogram.appid")
    return part


def _image(ask: Ask, part: Body) -> Body:
    """Keep one of the two sources: the media id wins, and answers never carry both."""
    if part.get("media_id"):
        medium(ask, part["media_id"])
        return {"media_id": part["media_id"]}
    if part["pic_url"] not in ask.state.images:
        raise Refusal(BAD_URL, "image.pic_url must come from media/uploadimg")
    return {"pic_url": part["pic_url"]}
