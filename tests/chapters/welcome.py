"""What the tests know of `wecom.welcome`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import ATTACHMENTS, EVERY_ATTACHMENT, PNG, TEXT, calls
from tests.contract._play import Case, Play

from wecom_auto import Call
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.models import ImageAttachment, MiniProgramAttachment
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/send_welcome_msg": [next(calls.welcome.send("code", text="x", attachments=EVERY_ATTACHMENT))]
}

RECOGNISED = {"externalcontact/send_welcome_msg": "a code works once"}

ANSWERS: list[tuple[str, Call[Any]]] = [("externalcontact/send_welcome_msg", next(calls.welcome.send("w", text="x")))]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/send_welcome_msg",
        lambda: next(calls.welcome.send("CALLBACK_CODE", text=TEXT, attachments=ATTACHMENTS)),
    )
]


def welcome_call(**fields: Any) -> Call[Any]:
    """Return the call of the welcome workflow."""
    return next(calls.welcome.send("code", **fields))


REFUSED: list[tuple[str, Make]] = [
    (
        "attachments[0].miniprogram.title",
        lambda: welcome_call(
            attachments=[MiniProgramAttachment(appid="a", page="p", title="字" * 22, pic_media_id="m")]
        ),
    ),
    ("text / attachments", welcome_call),
]

ACCEPTED: list[Make] = [lambda: welcome_call(text="x")]


def welcome(fake: FakeWeCom) -> Play:
    """A new customer is greeted once; the second greeting finds the work done."""
    fake.add_member("zhangsan")
    made = yield lambda app: app.contact_ways.create(users=["zhangsan"], state="bj01")
    fake.scan(made.config_id, name="李四")
    (code,) = [event.welcome_code for event in fake.events if isinstance(event, CustomerAdded)]
    media = yield lambda app: app.media.upload("image", PNG, filename="car.png")
    image = ImageAttachment(media_id=media.media_id)
    assert (yield lambda app: app.welcome.send(code, text="您好，我是张三", attachments=[image])) is True
    assert (yield lambda app: app.welcome.send(code, text="您好，我是张三")) is False


CASES: tuple[Case, ...] = (welcome,)
