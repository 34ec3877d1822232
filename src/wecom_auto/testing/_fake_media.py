"""The media chapter (素材管理, manual 90253, 90256, 95098): real multipart in, identifiers out. The bytes are not kept.

Unverified: the errcode of each size limit; 40009 images, 40011 videos and 45001 the rest, by their titles, and 41080
for what moments and product albums take. Nor is it documented what a kind answers that a use does not take (41072).
"""

from __future__ import annotations

from collections.abc import Mapping

from wecom_auto.testing._multipart import Upload, first_file
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, text
from wecom_auto.testing._state import Media
from wecom_auto.testing._wire import Refusal

BAD_KIND, EMPTY, BAD_PICTURE, TOO_LARGE = 40004, 44001, 40123, 45001
MISSING, WRONG_SCENE, ATTACHMENT_TOO_LARGE = 40063, 41072, 41080
MEGABYTE = 2**20
SMALLEST = 5
SIZES = {"image": (10, 40009), "voice": (2, TOO_LARGE), "video": (10, 40011), "file": (20, TOO_LARGE)}
ATTACHMENTS = {1: ("image", "video"), 2: ("image",)}
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


@endpoint(
    "POST",
    "media/upload",
    text("type", required=BAD_KIND, enum=tuple(SIZES), bad=BAD_KIND),
    multipart=True,
)
def upload(ask: Ask) -> Mapping[str, object]:
    """Keep a temporary medium for three days (90253)."""
    kind = str(ask.body["type"])
    found = _file(ask)
    megabytes, code = SIZES[kind]
    _check(found, megabytes, code, picture=kind == "image")
    # created_at is a string here, unlike every other time of the API (90253).
    return {"type": kind, "media_id": _keep(ask, kind, found, scene=0), "created_at": str(ask.now)}


@endpoint(
    "POST",
    "media/upload_attachment",
    text("media_type", required=BAD_KIND, enum=("image", "video", "file"), bad=BAD_KIND),
    integer("attachment_type", required=MISSING, enum=(1, 2), digits=True),
    multipart=True,
)
def upload_attachment(ask: Ask) -> Mapping[str, object]:
    """Keep a file for moments or product albums for three days; ids of `media/upload` do not work there (95098)."""
    kind, scene = str(ask.body["media_type"]), int(ask.body["attachment_type"])
    if kind not in ATTACHMENTS[scene]:
        raise Refusal(WRONG_SCENE, f"attachment_type {scene} takes {' and '.join(ATTACHMENTS[scene])}, not {kind}")
    found = _file(ask)
    _check(found, 10, ATTACHMENT_TOO_LARGE, picture=kind == "image")
    return {"type": kind, "media_id": _keep(ask, kind, found, scene=scene), "created_at": ask.now}


@endpoint("POST", "media/uploadimg", multipart=True)
def uploadimg(ask: Ask) -> Mapping[str, object]:
    """Keep a picture for good and answer its address (90256)."""
    found = _file(ask)
    _check(found, 2, 40009, picture=True)
    url = f"https://wework.qpic.cn/wwpic/{ask.state.ids.hexa('image')}/0"
    ask.state.images[url] = len(found.data)
    return {"url": url}


def _keep(ask: Ask, kind: str, found: Upload, *, scene: int) -> str:
    media_id = ask.state.ids.letters("3", "media", 64)
    ask.state.media[media_id] = Media(
        media_id=media_id, type=kind, size=len(found.data), filename=found.filename, created_at=ask.time, scene=scene
    )
    return media_id


def _file(ask: Ask) -> Upload:
    found = first_file(ask.raw.content_type, ask.raw.body)
    if found is None or len(found.data) <= SMALLEST:
        raise Refusal(EMPTY, "send a multipart part with a filename and more than 5 bytes")
    return found


def _check(found: Upload, megabytes: int, code: int, *, picture: bool) -> None:
    if len(found.data) > megabytes * MEGABYTE:
        raise Refusal(code, f"{len(found.data)} bytes, at most {megabytes} MB")
    if picture and not found.data.startswith(PICTURES):
        raise Refusal(BAD_PICTURE, "neither JPG nor PNG")
