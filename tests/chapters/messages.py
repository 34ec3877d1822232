"""What the tests know of `wecom.messages`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused
from tests.unit._models import filled, official

from wecom_auto import Call
from wecom_auto.errors import PermissionDeniedError
from wecom_auto.models import (
    CardAction,
    CardActionType,
    CardButton,
    CardHeading,
    CardType,
    FileMessage,
    ImageMessage,
    KeyValue,
    MarkdownMessage,
    MiniProgramNoticeMessage,
    MpNewsArticle,
    MpNewsMessage,
    NewsArticle,
    NewsMessage,
    StaffMessage,
    TemplateCardMessage,
    TextCardMessage,
    TextMessage,
    UnknownMessage,
    VideoMessage,
    VoiceMessage,
)
from wecom_auto.testing import FakeWeCom

TO: Final[Mapping[str, Any]] = {
    "users": ["u"],
    "parties": [1],
    "tags": [1],
    "selected_tickets": ["t"],
    "agent_id": 1,
    "safe": 0,
    "enable_id_trans": True,
    "enable_duplicate_check": True,
    "duplicate_check_interval_seconds": 1,
}

CALLS: Mapping[str, list[Call[Any]]] = {
    "message/send": [
        calls.messages.send(filled(kind), **TO) for kind in get_args(StaffMessage) if hasattr(kind, "MSGTYPE")
    ]
}

# Retired or undocumented kinds: `UnknownMessage` sends them.
BEYOND_REACH = {"message/send": ("interactive_taskcard", "template_msg")}
# For updating a card, which has a page of its own.
BEYOND_CATALOGUE = {"message/send": re.compile(r"template_card\.(replace_text|.*\.disable)")}
RECOGNISED = {"message/send": "with enable_duplicate_check"}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("message/send", calls.messages.send(TextMessage(content="x"), users=["u"], agent_id=1))
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "message/send",
        lambda: calls.messages.send(
            TextMessage(content=official("message/send.request")["text"]["content"]),
            users=["UserID1", "UserID2"],
            parties=["PartyID1"],
            tags=["TagID1"],
            agent_id=1,
            safe=0,
            enable_id_trans=False,
            enable_duplicate_check=False,
            duplicate_check_interval_seconds=1800,
        ),
    )
]

REFUSED: list[tuple[str, Make]] = [
    (
        "touser / toparty / totag / selected_ticket_list",
        lambda: calls.messages.send(TextMessage(content="x"), agent_id=1),
    ),
    ("touser", lambda: calls.messages.send(TextMessage(content="x"), agent_id=1, users=["u"] * 1001)),
    ("toparty", lambda: calls.messages.send(TextMessage(content="x"), agent_id=1, parties=[1] * 101)),
    ("agentid", lambda: calls.messages.send(TextMessage(content="x"), users=["u"])),
    ("text.content", lambda: calls.messages.send(TextMessage(content="字" * 683), users=["u"], agent_id=1)),
    ("markdown.content", lambda: calls.messages.send(MarkdownMessage(content="字" * 683), users=["u"], agent_id=1)),
    (
        "textcard.btntxt",
        lambda: calls.messages.send(
            TextCardMessage(title="t", description="d", url="u", button="五个字太长"), users=["u"], agent_id=1
        ),
    ),
    (
        "news.articles",
        lambda: calls.messages.send(NewsMessage(articles=(NewsArticle(title="t"),) * 9), users=["u"], agent_id=1),
    ),
    (
        "template_card.button_list[0].key",
        lambda: calls.messages.send(
            TemplateCardMessage(
                card_type=CardType.BUTTON_INTERACTION, button_list=(CardButton(text="接单", key="k" * 1025),)
            ),
            users=["u"],
            agent_id=1,
        ),
    ),
    ("safe", lambda: calls.messages.send(TextMessage(content="x"), users=["u"], agent_id=1, safe=3)),
]

ACCEPTED: list[Make] = [
    lambda: calls.messages.send(TextMessage(content="x"), users=["u"] * 1000, agent_id=1),
    lambda: calls.messages.send(TextMessage(content="x"), selected_tickets=["t"], agent_id=1),
    lambda: calls.messages.send(MiniProgramNoticeMessage(appid="a", page="p", title="t"), users=["u"]),
    lambda: calls.messages.send(UnknownMessage(msgtype="future", data={"future": {"x": 1}}), users=["u"], agent_id=1),
]


def messages(fake: FakeWeCom) -> Play:
    """Members get application messages of every kind; who does not exist is named."""
    fake.add_member("zhangsan")
    image = yield lambda app: app.media.upload("image", PNG, filename="car.png")
    voice = yield lambda app: app.media.upload("voice", b"#!AMR\nhello", filename="hello.amr")
    video = yield lambda app: app.media.upload("video", b"a video of a car", filename="car.mp4")
    file = yield lambda app: app.media.upload("file", b"a list of leads", filename="leads.txt")
    article = NewsArticle(title="新线索", url="https://example.com/lead", description="北京一店")
    stored = MpNewsArticle(
        title="周报", thumb_media_id=image.media_id, content="<p>周报</p>", url="https://example.com"
    )
    card = TemplateCardMessage(
        card_type=CardType.TEXT_NOTICE,
        main_title=CardHeading(title="新线索", desc="北京一店"),
        card_action=CardAction(type=CardActionType.URL, url="https://example.com/lead"),
    )
    kinds: list[StaffMessage] = [
        TextMessage(content="新线索：李四"),
        MarkdownMessage(content="**新线索**：李四"),
        ImageMessage(media_id=image.media_id),
        VoiceMessage(media_id=voice.media_id),
        VideoMessage(media_id=video.media_id, title="试驾"),
        FileMessage(media_id=file.media_id),
        TextCardMessage(title="新线索", description="李四", url="https://example.com/lead", button="接单"),
        NewsMessage(articles=(article,)),
        MpNewsMessage(articles=(stored,)),
        MiniProgramNoticeMessage(
            appid="wx8bd80126147dfAAA", page="/lead", title="新线索", content_item=(KeyValue(key="客户", value="李四"),)
        ),
        card,
    ]
    for message in kinds:
        sent = yield _sending(message)
        assert sent.msgid
        assert sent.invalid_userids == ("nobody",)
    assert [one.msgtype for one in fake.messages_to("zhangsan")] == [
        kind.MSGTYPE for kind in kinds if hasattr(kind, "MSGTYPE")
    ]
    try:
        yield lambda app: app.messages.send(TextMessage(content="x"), users=["nobody"])
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 81013, error)
    else:
        raise AssertionError


def _sending(message: StaffMessage) -> Any:
    return lambda app: app.messages.send(message, users=["zhangsan", "nobody"], enable_duplicate_check=True)


CASES: tuple[Case, ...] = (messages,)
