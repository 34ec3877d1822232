"""What the tests know of `wecom.media`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play

from wecom_auto import Call
from wecom_auto.models import FileAttachment, ImageAttachment, MediaKind, MiniProgramAttachment, VideoAttachment
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "media/upload": [calls.media.upload(MediaKind.IMAGE, b"picture", filename="a.png")],
    "media/uploadimg": [calls.media.upload_image(b"picture", filename="a.png")],
}

RECOGNISED = {
    "media/upload": "a second copy only dies later",
    "media/uploadimg": "a second copy costs one of 1,000 a day",
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("media/upload", calls.media.upload("image", b"picture", filename="a.png")),
    ("media/uploadimg", calls.media.upload_image(b"picture", filename="a.png")),
]

REFUSED: list[tuple[str, Make]] = [
    ("type", lambda: calls.media.upload("hologram", b"picture", filename="a.png")),
    ("media", lambda: calls.media.upload("image", b"tiny", filename="a.png")),
    ("media", lambda: calls.media.upload("voice", bytes(2 * 1024 * 1024 + 1), filename="a.amr")),
    ("media", lambda: calls.media.upload_image(bytes(2 * 1024 * 1024 + 1), filename="a.png")),
]

ACCEPTED: list[Make] = [lambda: calls.media.upload("file", b"123456", filename="a.txt")]


def media(fake: FakeWeCom) -> Play:
    """Files of every kind are uploaded and can be used in a message to customers."""
    customer = fake.add_customer(name="李四", followed_by="zhangsan").external_userid
    video = yield lambda app: app.media.upload("video", b"a video of a car", filename="试驾.mp4")
    file = yield lambda app: app.media.upload("file", "报价：十万元".encode(), filename="报价单.txt")
    cover = yield lambda app: app.media.upload("image", PNG, filename="封面.png")
    assert (video.type, file.type, cover.type) == ("video", "file", "image")
    assert cover.created_at == fake.clock.now()
    picture = yield lambda app: app.media.upload_image(PNG, filename="海报.png")
    assert picture.url.startswith("http")
    attachments = [
        ImageAttachment(pic_url=picture.url),
        VideoAttachment(media_id=video.media_id),
        FileAttachment(media_id=file.media_id),
        MiniProgramAttachment(appid="wx8bd80126147dfAAA", page="/car", title="配置", pic_media_id=cover.media_id),
    ]
    made = yield lambda app: app.mass_messages.create(
        external_userids=[customer], sender="zhangsan", attachments=attachments
    )
    assert made.msgid


CASES: tuple[Case, ...] = (media,)
