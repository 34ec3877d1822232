"""What the manual forbids is refused before it costs a call, with an error that names field, value and limit."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.chapters import listed

from wecom_auto import Call, Calls, Effect
from wecom_auto.api._rules import MaxSpan
from wecom_auto.errors import ConflictError, ValidationError, api_error
from wecom_auto.models import (
    CardButton,
    CardType,
    ChatType,
    Conclusions,
    ImageAttachment,
    LinkAttachment,
    MarkdownMessage,
    MiniProgramAttachment,
    MiniProgramNoticeMessage,
    NewsArticle,
    NewsMessage,
    TagFilter,
    TemplateCardMessage,
    Text,
    TextCardMessage,
    TextMessage,
    UnknownAttachment,
    UnknownMessage,
)

calls = Calls()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
Make = Callable[[], Call[Any]]


def welcome(**fields: Any) -> Call[Any]:
    """Return the call of the welcome workflow."""
    return next(calls.welcome.send("code", **fields))


TOO_MUCH: list[tuple[str, Make]] = [
    ("userid_list", lambda: calls.customers.list_by_user([])),
    ("userid_list", lambda: calls.customers.list_by_user([f"u{i}" for i in range(101)])),
    ("limit", lambda: calls.customers.iter_by_user(["u"], limit=101)),
    ("limit", lambda: calls.customers.iter_by_user(["u"], limit=0)),
    ("remark", lambda: calls.customers.remark("wm", userid="u", remark="字" * 21)),
    ("description", lambda: calls.customers.remark("wm", userid="u", description="字" * 151)),
    ("remark_company", lambda: calls.customers.remark("wm", userid="u", remark_company="字" * 21)),
    (
        "remark / description / remark_company / remark_mobiles / remark_pic_mediaid",
        lambda: calls.customers.remark("wm", userid="u"),
    ),
    ("tag", lambda: calls.tags.create([], group_name="g")),
    ("group_id / group_name", lambda: calls.tags.create(["x"])),
    ("group_name", lambda: calls.tags.create(["x"], group_name="字" * 31)),
    ("tag[1].name", lambda: calls.tags.create(["x", "字" * 31], group_name="g")),
    ("order", lambda: calls.tags.create(["x"], group_name="g", order=2**32)),
    ("name", lambda: calls.tags.edit("t", name="字" * 31)),
    ("tag_id / group_id", calls.tags.delete),
    ("add_tag / remove_tag", lambda: calls.tags.mark("u", "wm")),
    ("user / party", calls.contact_ways.create),
    ("user", lambda: calls.contact_ways.create(users=["a", "b"], type=1)),
    ("user", lambda: calls.contact_ways.create(users=[f"u{i}" for i in range(101)])),
    ("party", lambda: calls.contact_ways.create(users=["a"], parties=[1], type=1)),
    ("state", lambda: calls.contact_ways.create(users=["a"], state="s" * 31)),
    ("type", lambda: calls.contact_ways.create(users=["a"], type=0)),
    ("scene", lambda: calls.contact_ways.create(users=["a"], scene=3)),
    ("style", lambda: calls.contact_ways.create(users=["a", "b"], scene=1, style=3)),
    ("remark", lambda: calls.contact_ways.create(users=["a"], remark="字" * 31)),
    ("expires_in", lambda: calls.contact_ways.create(users=["a"], is_temp=True, expires_in_seconds=1_209_601)),
    (
        "conclusions.text.content",
        lambda: calls.contact_ways.create(users=["a"], conclusions=Conclusions(text=Text(content="字" * 1334))),
    ),
    ("state", lambda: calls.contact_ways.update("c", state="s" * 31)),
    ("limit", lambda: calls.contact_ways.list(limit=1001)),
    ("chat_id_list", lambda: calls.join_ways.create(chat_ids=[])),
    ("chat_id_list", lambda: calls.join_ways.create(chat_ids=list("abcdef"))),
    ("room_base_name", lambda: calls.join_ways.update("c", chat_ids=["g"], room_base_name="字" * 41)),
    ("state", lambda: calls.join_ways.create(chat_ids=["g"], state="s" * 31)),
    ("limit", lambda: calls.groups.list(limit=1001)),
    ("owner_filter.userid_list", lambda: calls.groups.iter_all(owners=[f"u{i}" for i in range(101)])),
    ("external_userid", lambda: calls.mass_messages.create(external_userids=["wm"] * 10_001, text="x")),
    (
        "chat_id_list",
        lambda: calls.mass_messages.create(chat_type="group", sender="u", chat_ids=["g"] * 2001, text="x"),
    ),
    ("chat_type", lambda: calls.mass_messages.create(chat_type="everybody", sender="u", text="x")),
    ("sender", lambda: calls.mass_messages.create(chat_type=ChatType.GROUP, text="x")),
    ("sender / external_userid / tag_filter", lambda: calls.mass_messages.create(text="x")),
    ("chat_id_list", lambda: calls.mass_messages.create(sender="u", chat_ids=["g"], text="x")),
    (
        "external_userid",
        lambda: calls.mass_messages.create(chat_type="group", sender="u", external_userids=["wm"], text="x"),
    ),
    (
        "tag_filter",
        lambda: calls.mass_messages.create(
            chat_type="group", sender="u", tag_filter=TagFilter.all_of(("t",)), text="x"
        ),
    ),
    (
        "tag_filter.group_list[0].tag_list",
        lambda: calls.mass_messages.create(tag_filter=TagFilter.all_of(("t",) * 101), text="x"),
    ),
    ("text / attachments", lambda: calls.mass_messages.create(sender="u")),
    ("text.content", lambda: calls.mass_messages.create(sender="u", text="字" * 1334)),
    ("attachments", lambda: calls.mass_messages.create(sender="u", attachments=[ImageAttachment(media_id="m")] * 10)),
    (
        "attachments[0].msgtype",
        lambda: calls.mass_messages.create(sender="u", attachments=[UnknownAttachment(msgtype="hologram")]),
    ),
    (
        "attachments[1].link.title",
        lambda: calls.mass_messages.create(
            sender="u", attachments=[ImageAttachment(media_id="m"), LinkAttachment(title="字" * 43, url="u")]
        ),
    ),
    (
        "attachments[0].miniprogram.title",
        lambda: welcome(attachments=[MiniProgramAttachment(appid="a", page="p", title="字" * 22, pic_media_id="m")]),
    ),
    ("text / attachments", welcome),
    ("end_time", lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW + timedelta(days=32))),
    ("end_time", lambda: calls.mass_messages.iter_all(start_at=NOW, end_at=NOW - timedelta(days=1))),
    ("limit", lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW, limit=101)),
    ("filter_type", lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW, filter_type=3)),
    ("limit", lambda: calls.mass_messages.iter_members("m", limit=1001)),
    ("limit", lambda: calls.mass_messages.iter_results("m", userid="u", limit=1001)),
    ("type", lambda: calls.media.upload("hologram", b"picture", filename="a.png")),
    ("media", lambda: calls.media.upload("image", b"tiny", filename="a.png")),
    ("media", lambda: calls.media.upload("voice", bytes(2 * 1024 * 1024 + 1), filename="a.amr")),
    ("media", lambda: calls.media.upload_image(bytes(2 * 1024 * 1024 + 1), filename="a.png")),
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
    *listed("REFUSED"),
]


@pytest.mark.parametrize(("field", "make"), TOO_MUCH, ids=[f"{i}-{field}" for i, (field, _) in enumerate(TOO_MUCH)])
def test_a_broken_limit_is_named(field: str, make: Make) -> None:
    """The call can be built and previewed; checking it names the field."""
    call = make()
    with pytest.raises(ValidationError) as caught:
        call.check()
    assert caught.value.field == field
    assert caught.value.limit
    assert str(caught.value).startswith(f"{field}: got ")


AT_THE_LIMIT: list[Make] = [
    lambda: calls.customers.list_by_user([f"u{i}" for i in range(100)], limit=100),
    lambda: calls.customers.remark("wm", userid="u", remark="字" * 20, description="字" * 150),
    lambda: calls.customers.remark("wm", userid="u", remark=""),
    lambda: calls.customers.remark("wm", userid="u", remark_mobiles=[]),
    lambda: calls.tags.create(["字" * 30], group_id="g", order=2**32 - 1),
    lambda: calls.contact_ways.create(users=["a"], parties=[1], state="s" * 30),
    lambda: calls.contact_ways.create(users=["a"]),
    lambda: calls.contact_ways.create(users=["a"], scene=1, style=3),
    lambda: calls.join_ways.create(chat_ids=list("abcde"), room_base_name="字" * 40),
    lambda: calls.mass_messages.create(external_userids=["wm"] * 10_000, text="字" * 1333),
    lambda: calls.mass_messages.create(chat_type="group", sender="u", chat_ids=["g"] * 2000, text="x"),
    lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW + timedelta(days=31)),
    lambda: calls.media.upload("file", b"123456", filename="a.txt"),
    lambda: calls.messages.send(TextMessage(content="x"), users=["u"] * 1000, agent_id=1),
    lambda: calls.messages.send(TextMessage(content="x"), selected_tickets=["t"], agent_id=1),
    lambda: calls.messages.send(MiniProgramNoticeMessage(appid="a", page="p", title="t"), users=["u"]),
    lambda: calls.messages.send(UnknownMessage(msgtype="future", data={"future": {"x": 1}}), users=["u"], agent_id=1),
    lambda: welcome(text="x"),
    *listed("ACCEPTED"),
]


def test_a_span_that_is_not_there_is_not_judged() -> None:
    """A check looks at what is given; what must be given is another check's business."""
    MaxSpan("start_time", "end_time", 31)({"start_time": 1})


@pytest.mark.parametrize("make", AT_THE_LIMIT)
def test_what_is_allowed_passes(make: Make) -> None:
    """Exactly the limit is not over it."""
    make().check()


NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001  # the point of the tests


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("start_at", lambda: calls.contact_ways.list(start_at=NAIVE)),
        ("end_at", lambda: calls.contact_ways.iter_all(start_at=NOW, end_at=NAIVE)),
        ("start_at", lambda: calls.mass_messages.list(start_at=NAIVE, end_at=NOW)),
        ("userid_list", lambda: calls.customers.list_by_user("zhangsan")),
        ("user", lambda: calls.contact_ways.create(users="zhangsan")),
        ("tag", lambda: calls.tags.create("高意向", group_name="g")),
        ("add_tag", lambda: calls.tags.mark("u", "wm", add="et1")),
        ("touser", lambda: calls.messages.send(TextMessage(content="x"), users="zhangsan", agent_id=1)),
        ("filename", lambda: calls.media.upload("file", b"123456")),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(field: str, make: Make) -> None:
    """Naive times, one text for a list, and bytes without a name are mistakes, whatever `validate` says."""
    with pytest.raises(ValidationError) as caught:
        make()
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("effect", "make"),
    [
        (Effect.READ, lambda: calls.customers.list_by_user(["u"])),
        (Effect.READ, calls.tags.list),
        (Effect.SET, lambda: calls.tags.mark("u", "wm", add=["t"])),
        (Effect.SET, lambda: calls.tags.create(["x"], group_name="g")),
        (Effect.CREATE, lambda: calls.contact_ways.create(users=["u"])),
        (Effect.CREATE, lambda: calls.join_ways.create(chat_ids=["g"])),
        (Effect.SEND, lambda: calls.mass_messages.create(sender="u", text="x")),
        (Effect.SEND, lambda: calls.mass_messages.remind("m")),
        (Effect.SET, lambda: calls.mass_messages.cancel("m")),
        (Effect.DELETE, lambda: calls.contact_ways.delete("c")),
        (Effect.SET, lambda: calls.media.upload("image", b"picture", filename="a.png")),
        (Effect.SEND, lambda: calls.messages.send(TextMessage(content="x"), users=["u"], agent_id=1)),
        (
            Effect.SET,
            lambda: calls.messages.send(TextMessage(content="x"), users=["u"], agent_id=1, enable_duplicate_check=True),
        ),
        (Effect.SET, lambda: welcome(text="x")),
    ],
)
def test_what_may_be_repeated(effect: Effect, make: Make) -> None:
    """Only what the platform recognises, or what can only be set, may be sent again after a lost answer."""
    assert make().effect is effect


def test_one_member_makes_a_single_contact_way() -> None:
    """The type follows from the members, unless somebody says otherwise."""
    assert calls.contact_ways.create(users=["a"]).body == {"type": 1, "scene": 2, "user": ["a"]}
    assert calls.contact_ways.create(users=["a", "b"]).body == {"type": 2, "scene": 2, "user": ["a", "b"]}
    assert calls.contact_ways.create(users=["a"], type=2).body == {"type": 2, "scene": 2, "user": ["a"]}


def test_clearing_is_not_leaving() -> None:
    """An empty text clears a remark, an empty list clears the numbers, and what is not given stays."""
    body = calls.customers.remark("wm", userid="u", remark="", remark_mobiles=[]).body
    assert body == {"userid": "u", "external_userid": "wm", "remark": "", "remark_mobiles": [""]}


def test_the_first_page_asks_without_a_cursor_where_the_manual_does() -> None:
    """A GET with an empty cursor would be another request than the manual's."""
    assert calls.customers.get("wm").query == {"external_userid": "wm"}
    assert calls.customers.get("wm", cursor="c").query == {"external_userid": "wm", "cursor": "c"}


def test_uploads_take_bytes_files_and_paths(tmp_path: Path) -> None:
    """A path and an open file bring their own name; Chinese names survive."""
    path = tmp_path / "报价单.pdf"
    path.write_bytes(b"%PDF-1")
    from_path = calls.media.upload("file", path).upload
    with path.open("rb") as file:
        from_file = calls.media.upload("file", file).upload
    from_bytes = calls.media.upload("file", b"%PDF-1", filename="报价单.pdf").upload
    from_memory = calls.media.upload("file", io.BytesIO(b"%PDF-1"), filename="报价单.pdf").upload
    assert from_path == from_file == from_bytes == from_memory
    assert from_path is not None
    assert (from_path.filename, from_path.content_type) == ("报价单.pdf", "application/pdf")
    unknown = calls.media.upload("file", b"123456", filename="x.unknown").upload
    assert unknown is not None
    assert unknown.content_type == "application/octet-stream"


@pytest.mark.parametrize(("errcode", "sent"), [(0, True), (41051, False)])
def test_a_welcome_that_was_sent_already_is_no_error(errcode: int, sent: bool) -> None:
    """41051 says that the customer has the message or chats already: there is nothing left to do."""
    flow = calls.welcome.send("code", text="你好")
    next(flow)
    with pytest.raises(StopIteration) as stop:
        flow.throw(api_error(errcode, "", call="", attempts=1)) if errcode else flow.send(None)
    assert stop.value.value is sent


def test_another_conflict_is_an_error() -> None:
    """Only 41051 means that the work is done."""
    flow = calls.welcome.send("code", text="你好")
    next(flow)
    with pytest.raises(ConflictError):
        flow.throw(api_error(40071, "", call="", attempts=1))
