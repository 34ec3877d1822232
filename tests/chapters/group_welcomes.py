"""What the tests know of `wecom.group_welcomes`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs
from tests.chapters import Make
from tests.chapters._shared import ATTACHMENTS, EVERY_ATTACHMENT, LINK, MINI, PNG, TEXT, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError
from wecom_auto.models import FileAttachment, ImageAttachment, LinkAttachment, MiniProgramAttachment, UnknownAttachment
from wecom_auto.testing import FakeWeCom

_OFFICIAL_FILE = FileAttachment(media_id="1Yv-zXfHjSjU-7LH-GwtYqDGS-zz6w22KmWAT5COgP7o")
_OFFICIAL = [*(one for one in ATTACHMENTS if type(one) not in {FileAttachment, MiniProgramAttachment}), _OFFICIAL_FILE]

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/group_welcome_template/add": [
        calls.group_welcomes.create(text="x", attachments=[one], notify=True, agentid=1) for one in EVERY_ATTACHMENT
    ],
    "externalcontact/group_welcome_template/edit": [
        calls.group_welcomes.edit("t", text="x", attachments=[one], agentid=1) for one in EVERY_ATTACHMENT
    ],
    "externalcontact/group_welcome_template/get": [calls.group_welcomes.get("t")],
    "externalcontact/group_welcome_template/del": [calls.group_welcomes.delete("t", agentid=1)],
}

ARGUMENTS: Mapping[str, Any] = {"template_id": "t"}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/group_welcome_template/add", calls.group_welcomes.create(text="x")),
    ("externalcontact/group_welcome_template/edit", calls.group_welcomes.edit("t", text="x")),
    ("externalcontact/group_welcome_template/get", calls.group_welcomes.get("t")),
    ("externalcontact/group_welcome_template/del", calls.group_welcomes.delete("t")),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/group_welcome_template/add",
        lambda: calls.group_welcomes.create(
            text="亲爱的%NICKNAME%用户，你好",
            attachments=[*_OFFICIAL, attrs.evolve(MINI, page="/path/index")],
            agentid=1000014,
            notify=True,
        ),
    ),
    (
        "externalcontact/group_welcome_template/edit",
        lambda: calls.group_welcomes.edit(
            "msgXXXXXXX",
            text=TEXT,
            attachments=[*_OFFICIAL, attrs.evolve(MINI, page="/path/index", appid="wx8bd80126147df384")],
            agentid=1000014,
        ),
    ),
    ("externalcontact/group_welcome_template/get", lambda: calls.group_welcomes.get("msgXXXXXXX")),
    ("externalcontact/group_welcome_template/del", lambda: calls.group_welcomes.delete("msgXXXXXXX", agentid=1000014)),
]

REFUSED: list[tuple[str, Make]] = [
    ("text.content / image / link / miniprogram / file / video", calls.group_welcomes.create),
    ("text.content / image / link / miniprogram / file / video", lambda: calls.group_welcomes.edit("t", text="")),
    ("text.content", lambda: calls.group_welcomes.create(text="字" * 1001)),
    ("text.content", lambda: calls.group_welcomes.edit("t", text="x" * 3001)),
    ("attachments", lambda: calls.group_welcomes.create(text="x", attachments=[LINK, ImageAttachment(media_id="m")])),
    (
        "attachments",
        lambda: calls.group_welcomes.edit("t", attachments=[UnknownAttachment(msgtype="x", data={"x": {}})]),
    ),
    (
        "link.title",
        lambda: calls.group_welcomes.create(attachments=[LinkAttachment(title="字" * 43, url="https://example.com")]),
    ),
    (
        "link.desc",
        lambda: calls.group_welcomes.edit(
            "t", attachments=[LinkAttachment(title="x", desc="字" * 171, url="https://example.com")]
        ),
    ),
    ("miniprogram.title", lambda: calls.group_welcomes.create(attachments=[attrs.evolve(MINI, title="字" * 22)])),
]

ACCEPTED: list[Make] = [
    lambda: calls.group_welcomes.create(text="字" * 1000),
    lambda: calls.group_welcomes.create(attachments=[LINK]),
    lambda: calls.group_welcomes.edit("t", attachments=[attrs.evolve(MINI, title="x" * 64)]),
]


def group_welcomes(fake: FakeWeCom) -> Play:
    """A template is made, put on a group by its owner, greets who joins, is changed, and deleted."""
    fake.add_member("zhangsan")
    group = fake.create_group("zhangsan", "一群")
    link = LinkAttachment(
        title="新车", url="https://example.com/car", desc="到店试驾", picurl="https://example.com/c.png"
    )
    made = yield lambda app: app.group_welcomes.create(text="您好，%NICKNAME%", attachments=[link])
    assert fake.told_of_group_welcome(made) == ("zhangsan",)
    fake.use_group_welcome(group, made)
    fake.join_group(group, fake.add_customer(name="李四", followed_by="zhangsan"))
    (greeting,) = fake.greetings(group)
    assert (greeting.text, greeting.template_id) == ("您好，李四", made)
    assert greeting.attachment["link"]["url"] == link.url
    shown = yield lambda app: app.group_welcomes.get(made)
    assert shown.text is not None
    assert (shown.text.content, shown.attachment) == ("您好，%NICKNAME%", link)
    picture = yield lambda app: app.media.upload("image", PNG, filename="a.png")
    image = ImageAttachment(media_id=picture.media_id)
    assert (yield lambda app: app.group_welcomes.edit(made, attachments=[image])) is None
    changed = yield lambda app: app.group_welcomes.get(made)
    assert changed.text is None
    assert changed.image is not None
    assert (changed.image.media_id, changed.image.pic_url[:8]) == ("", "https://")
    assert (yield lambda app: app.group_welcomes.delete(made)) is None
    try:
        yield lambda app: app.group_welcomes.get(made)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40037, error)
    else:
        raise AssertionError


def group_welcomes_with_dead_files(fake: FakeWeCom) -> Play:
    """A file that died cannot go into a template; one that was alive then stays in it."""
    file = yield lambda app: app.media.upload("file", b"a longer file", filename="a.pdf")
    attachment = FileAttachment(media_id=file.media_id)
    made = yield lambda app: app.group_welcomes.create(attachments=[attachment], notify=False)
    assert fake.told_of_group_welcome(made) == ()
    fake.clock.advance(timedelta(days=3))
    kept = yield lambda app: app.group_welcomes.get(made)
    assert kept.file == attachment
    try:
        yield lambda app: app.group_welcomes.create(attachments=[attachment])
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40007, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (group_welcomes, group_welcomes_with_dead_files)
