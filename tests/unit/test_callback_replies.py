"""Passive replies: what they look like, which events take them, and how the doors send them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import anyio
import anyio.lowlevel
import httpx
import pytest

from wecom_auto.callbacks import (
    ButtonReply,
    Callback,
    CallbackCrypto,
    CallbackSet,
    CardReply,
    CustomerAdded,
    Element,
    Event,
    EventRouter,
    ImageReply,
    NewsArticle,
    NewsReply,
    Reply,
    RetiredKey,
    RobotCardReply,
    RobotCardUpdate,
    RobotStreamReply,
    RobotTextReply,
    TaskCardReply,
    TextReply,
    VideoReply,
    VoiceReply,
    asgi_app,
    event_xml,
    read_event,
    wsgi_app,
)
from wecom_auto.errors import ValidationError
from wecom_auto.models import (
    CardAction,
    CardActionType,
    CardButton,
    CardCheckbox,
    CardCheckboxOption,
    CardHeading,
    CardHorizontalItem,
    CardSource,
    CardType,
    TemplateCardMessage,
)

SECRETS = ("Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
OLD = ("OldToken", "ABCDEFGabcdefghijklmnopqrstuvwxyz0123456789")
CORP = "ww1234567890abcdef"
NOW = 1_700_000_001
PNG = b"\x89PNG\r\n\x1a\n" + b"x"
CARD = TemplateCardMessage(
    card_type=CardType.BUTTON_INTERACTION,
    source=CardSource(desc="来源", desc_color=2),
    task_id="T1",
    main_title=CardHeading(title="t", desc="d"),
    horizontal_content_list=(CardHorizontalItem(keyname="a", value="1"), CardHorizontalItem(keyname="b", value="2")),
    card_action=CardAction(type=CardActionType.MINI_PROGRAM, appid="wx1", page="p"),
    button_list=(CardButton(text="x", style=1, key="k"),),
    checkbox=CardCheckbox(
        question_key="q", option_list=(CardCheckboxOption(id="o", text="t", is_checked=True),), disable=True
    ),
    replace_text="已提交",
)


def message(kind: str = "text", **names: str) -> bytes:
    """Return a member's message or an event as the platform writes it."""
    fields = {"ToUserName": CORP, "FromUserName": "zhangsan", "CreateTime": "1700000000", "MsgType": kind, **names}
    return f"<xml>{''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())}</xml>".encode()


TEXT = message(Content="hi", MsgId="1", AgentID="1")
CARD_EVENT = message("event", Event="template_card_event", EventKey="k", TaskId="T1", CardType="button_interaction",
                     ResponseCode="R", AgentID="1")  # fmt: skip

TASK_EVENT = message("event", Event="taskcard_click", EventKey="k", TaskId="t")
ADDED = CustomerAdded(created_at=datetime(2026, 3, 1, tzinfo=UTC), userid="z", external_userid="w")


def robot(kind: str = "text", **body: Any) -> bytes:
    """Return a robot's callback."""
    head = {"msgid": "M", "aibotid": "B", "from": {"userid": "z"}, "msgtype": kind}
    return json.dumps({**head, **(body or {"text": {"content": "hi"}})}).encode()


ENTERED = robot("event", event={"eventtype": "enter_chat"})
CLICKED = robot("event", event={"eventtype": "template_card_event", "template_card_event": {"task_id": "T1"}})
POLLED = robot("stream", stream={"id": "S"})
FEEDBACK = robot("event", event={"eventtype": "feedback_event", "feedback_event": {"id": "F", "type": 1}})


def callback(receive_id: str = CORP) -> Callback:
    """Return a receiver whose clock stands still."""
    return Callback(*SECRETS, receive_id, clock=lambda: NOW)


def sent(body: bytes, secrets: tuple[str, str] = SECRETS, receive_id: str = CORP) -> tuple[dict[str, str], bytes]:
    """Return query and body of a request as the platform makes it."""
    envelope = CallbackCrypto(*secrets, receive_id).encrypt(body, nonce="request-nonce", timestamp=1_700_000_000)
    return envelope.query(), envelope.post_json() if body.startswith(b"{") else envelope.post_xml(CORP)


def tree(reply: Reply, body: bytes = TEXT) -> Element:
    """Return the plain XML of a reply, read again."""
    root = read_event(reply.body(read_event(body), NOW)).raw
    assert root is not None
    return root


def plain(element: Element) -> Any:
    """Return a tree as names and texts."""
    return [(child.tag, plain(child) if child.children else child.text) for child in element.children]


@pytest.mark.parametrize(
    ("reply", "kind", "body"),
    [
        (TextReply("你好 ]]> & <"), "text", [("Content", "你好 ]]> & <")]),
        (ImageReply("M"), "image", [("Image", [("MediaId", "M")])]),
        (VoiceReply("M"), "voice", [("Voice", [("MediaId", "M")])]),
        (VideoReply("M"), "video", [("Video", [("MediaId", "M")])]),
        (
            VideoReply("M", "t", "d"),
            "video",
            [("Video", [("MediaId", "M"), ("Title", "t"), ("Description", "d")])],
        ),
        (
            NewsReply([NewsArticle(title="t", url="u", description="d", pic_url="p"), NewsArticle(title="s", url="v")]),
            "news",
            [
                ("ArticleCount", "2"),
                (
                    "Articles",
                    [
                        ("item", [("Title", "t"), ("Description", "d"), ("PicUrl", "p"), ("Url", "u")]),
                        ("item", [("Title", "s"), ("Url", "v")]),
                    ],
                ),
            ],
        ),
        (TaskCardReply("已处理"), "update_taskcard", [("TaskCard", [("ReplaceName", "已处理")])]),
        (ButtonReply("已处理"), "update_button", [("Button", [("ReplaceName", "已处理")])]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Reply) else "",
)
def test_the_body_of_each_reply(reply: Reply, kind: str, body: object) -> None:
    """Each reply is the manual's XML, from the corp to the person."""
    head = [("ToUserName", "zhangsan"), ("FromUserName", CORP), ("CreateTime", str(NOW)), ("MsgType", kind)]
    assert plain(tree(reply)) == [*head, *body]  # type: ignore[misc]  # a list, as the cases have it


def test_a_card_is_its_json_under_other_names() -> None:
    """A card's XML has repeated siblings for lists, and the names of the manual, odd ones included."""
    card = tree(CardReply(CARD)).find("TemplateCard")
    assert card is not None
    assert plain(card) == [
        ("CardType", "button_interaction"),
        ("Source", [("Desc", "来源"), ("DescColor", "2")]),
        ("TaskId", "T1"),
        ("MainTitle", [("Title", "t"), ("Desc", "d")]),
        ("HorizontalContentList", [("KeyName", "a"), ("Value", "1")]),
        ("HorizontalContentList", [("KeyName", "b"), ("Value", "2")]),
        ("CardAction", [("Type", "2"), ("AppId", "wx1"), ("PagePath", "p")]),
        ("ButtonList", [("Text", "x"), ("Style", "1"), ("Key", "k")]),
        (
            "CheckBox",
            [
                ("QuestionKey", "q"),
                ("OptionList", [("Id", "o"), ("Text", "t"), ("IsChecked", "true")]),
                ("Disable", "true"),
            ],
        ),
        ("ReplaceText", "已提交"),
    ]


@pytest.mark.parametrize(
    ("reply", "document"),
    [
        (RobotTextReply("欢迎"), {"msgtype": "text", "text": {"content": "欢迎"}}),
        (
            RobotStreamReply("S", "一半", feedback_id="F"),
            {
                "msgtype": "stream",
                "stream": {"id": "S", "finish": False, "content": "一半", "feedback": {"id": "F"}},
            },
        ),
        (
            RobotStreamReply("S", "全部", finish=True, images=[PNG]),
            {
                "msgtype": "stream",
                "stream": {
                    "id": "S",
                    "finish": True,
                    "content": "全部",
                    "msg_item": [
                        {
                            "msgtype": "image",
                            "image": {
                                "base64": base64.b64encode(PNG).decode(),
                                "md5": hashlib.md5(PNG).hexdigest(),  # noqa: S324 - the platform's choice
                            },
                        }
                    ],
                },
            },
        ),
        (
            RobotStreamReply("S", card=TemplateCardMessage(card_type=CardType.TEXT_NOTICE)),
            {
                "msgtype": "stream_with_template_card",
                "stream": {"id": "S", "finish": False, "content": ""},
                "template_card": {"card_type": "text_notice"},
            },
        ),
        (
            RobotCardReply(TemplateCardMessage(card_type=CardType.TEXT_NOTICE), feedback_id="F"),
            {"msgtype": "template_card", "template_card": {"card_type": "text_notice", "feedback": {"id": "F"}}},
        ),
        (
            RobotCardUpdate(TemplateCardMessage(card_type=CardType.TEXT_NOTICE), userids=["z"]),
            {
                "response_type": "update_template_card",
                "userids": ["z"],
                "template_card": {"card_type": "text_notice"},
            },
        ),
    ],
    ids=str,
)
def test_the_body_of_each_robot_reply(reply: Reply, document: dict[str, Any]) -> None:
    """Each reply of a robot is the manual's JSON."""
    assert json.loads(reply.body(read_event(robot()), NOW)) == document


@pytest.mark.parametrize(
    "make",
    [
        lambda: TextReply(""),
        lambda: TextReply("汉" * 683),
        lambda: ImageReply(""),
        lambda: ButtonReply(""),
        lambda: NewsReply([]),
        lambda: NewsReply([NewsArticle(title="t", url="u")] * 9),
        lambda: RobotTextReply(""),
        lambda: RobotStreamReply(""),
        lambda: RobotStreamReply("S", "汉" * 6_827),
        lambda: RobotStreamReply("S", images=[PNG]),
        lambda: RobotStreamReply("S", finish=True, images=[PNG] * 11),
        lambda: RobotStreamReply("S", finish=True, images=[b"GIF89a"]),
        lambda: RobotStreamReply("S", finish=True, images=[PNG + bytes(10 << 20)]),
        lambda: RobotCardReply(CARD, feedback_id="f" * 257),
    ],
)
def test_what_the_platform_would_cut_or_refuse_is_refused_here(make: Callable[[], Reply]) -> None:
    """Limits of the manual are checked when a reply is made, in bytes where the manual counts bytes."""
    with pytest.raises(ValidationError):
        make()


def test_limits_are_not_too_strict() -> None:
    """The largest that the manual allows is allowed."""
    assert TextReply("汉" * 682 + "ab").content
    assert RobotStreamReply("S", "a" * 20_480, finish=True, images=[b"\xff\xd8\xff"] * 10).images
    assert "<10>" in repr(RobotStreamReply("S", finish=True, images=[PNG] * 10))


ALLOWED: list[tuple[Reply, dict[str, bytes], dict[str, bytes]]] = [
    (
        TextReply("x"),
        {
            **{kind: message(kind, MsgId="1") for kind in ("text", "image", "voice", "video", "location", "link")},
            **{
                name: message("event", Event=name, EventKey="k", AgentID="1")
                for name in ("subscribe", "enter_agent", "click", "view", "template_card_event", "taskcard_click")
            },
        },
        {
            "unsubscribe": message("event", Event="unsubscribe"),
            "contact": message("event", Event="change_contact", ChangeType="create_user", UserID="u"),
            "customer": event_xml(ADDED),
            "suite": b"<xml><SuiteId>s</SuiteId><InfoType>click</InfoType></xml>",
            "robot": robot(),
        },
    ),
    (ButtonReply("x"), {"card": CARD_EVENT}, {"text": TEXT, "task": TASK_EVENT}),
    (CardReply(CARD), {"card": CARD_EVENT}, {"text": TEXT, "robot": CLICKED}),
    (TaskCardReply("x"), {"task": TASK_EVENT}, {"card": CARD_EVENT}),
    (RobotTextReply("x"), {"entered": ENTERED}, {"message": robot(), "polled": POLLED, "text": TEXT}),
    (RobotStreamReply("S"), {"message": robot(), "polled": POLLED}, {"entered": ENTERED, "clicked": CLICKED}),
    (RobotCardReply(CARD), {"message": robot(), "entered": ENTERED}, {"polled": POLLED, "clicked": CLICKED}),
    (RobotCardUpdate(CARD), {"clicked": CLICKED}, {"message": robot(), "feedback": FEEDBACK}),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "yes", "no"), ALLOWED, ids=lambda value: type(value).__name__)
def test_which_events_take_which_reply(reply: Reply, yes: dict[str, bytes], no: dict[str, bytes]) -> None:
    """A reply goes to the events that the manual lists for it, and the callback refuses to make any other."""
    for body in yes.values():
        assert reply.allows(read_event(body)), body
    for body in no.values():
        event = read_event(body)
        assert not reply.allows(event), body
        with pytest.raises(ValidationError, match="reply"):
            callback().reply(event, reply)


def test_a_reply_is_sealed_for_the_platform() -> None:
    """A reply has a time, a signature and a nonce of its own, and opens with the same key for the same receiver."""
    event = callback().open(*sent(TEXT))
    sealed = read_event(callback().reply(event, TextReply("ok"))).raw
    assert sealed is not None
    signature, timestamp, nonce, encrypt = (
        sealed.value(tag) for tag in ("MsgSignature", "TimeStamp", "Nonce", "Encrypt")
    )
    assert timestamp == str(NOW)
    assert nonce != "request-nonce"
    lock = CallbackCrypto(*SECRETS, CORP)
    lock.verify(signature, timestamp=timestamp, nonce=nonce, encrypt=encrypt)
    body, receiver = lock.decrypt(encrypt)
    assert receiver == CORP
    assert b"<Content><![CDATA[ok]]></Content>" in body


def test_a_robot_hears_its_own_nonce() -> None:
    """A robot's reply is JSON, with a number for the time and the nonce of the request (manual 101033)."""
    robots = callback("")
    opened = robots.receive(*sent(robot(), receive_id=""))
    sealed = json.loads(opened.reply(RobotStreamReply("S", "hi")))
    assert (sealed["nonce"], sealed["timestamp"]) == ("request-nonce", NOW)
    lock = CallbackCrypto(*SECRETS, "")
    lock.verify(sealed["msgsignature"], timestamp=str(NOW), nonce="request-nonce", encrypt=sealed["encrypt"])
    assert json.loads(lock.decrypt(sealed["encrypt"])[0])["stream"]["content"] == "hi"


def test_a_reply_leaves_through_the_lock_that_the_event_came_by() -> None:
    """Behind rotation and behind several apps, the platform reads the reply with the key that it wrote with."""
    other = ("Other", "0123456789ABCDEFGabcdefghijklmnopqrstuvwxyz")
    rotating = Callback(*SECRETS, CORP, retired=[RetiredKey(*OLD, datetime.now(UTC) + timedelta(hours=1))])
    shared = CallbackSet(rotating, Callback(*other, {CORP, "wwb"}))
    for secrets, receiver in ((SECRETS, CORP), (OLD, CORP), (other, CORP), (other, "wwb")):
        opened = shared.receive(*sent(TEXT, secrets, receiver))
        sealed = read_event(opened.reply(TextReply("ok"))).raw
        assert sealed is not None
        lock = CallbackCrypto(*secrets, receiver)
        lock.verify(
            sealed.value("MsgSignature"),
            timestamp=sealed.value("TimeStamp"),
            nonce=sealed.value("Nonce"),
            encrypt=sealed.value("Encrypt"),
        )
        assert lock.decrypt(sealed.value("Encrypt"))[1] == receiver
        assert repr(opened).startswith("Opened(")


Post = Callable[[EventRouter, bytes], httpx.Response]


def in_asgi(router: EventRouter, body: bytes) -> httpx.Response:
    """Post a request to the ASGI door."""
    return in_asgi_app(asgi_app(callback(), router), body)


def in_asgi_app(app: Any, body: bytes) -> httpx.Response:
    """Post a request to an ASGI application."""
    query, content = sent(body)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://corp") as client:
            return await client.post("/", params=query, content=content)

    return anyio.run(send)


def in_wsgi(router: EventRouter, body: bytes) -> httpx.Response:
    """Post a request to the WSGI door."""
    query, content = sent(body)
    with httpx.Client(transport=httpx.WSGITransport(wsgi_app(callback(), router)), base_url="http://corp") as client:
        return client.post("/", params=query, content=content)


@pytest.fixture(params=[in_asgi, in_wsgi], ids=["asgi", "wsgi"])
def post(request: pytest.FixtureRequest) -> Post:
    """Post a request to a door."""
    found: Post = request.param
    return found


def decrypted(answer: httpx.Response) -> bytes:
    """Return the plain body of an answer."""
    sealed = read_event(answer.content).raw
    assert sealed is not None
    return CallbackCrypto(*SECRETS, CORP).decrypt(sealed.value("Encrypt"))[0]


def test_a_door_answers_with_what_a_handler_returns(post: Post) -> None:
    """The reply of the first handler that has one is the answer; what else handlers return is ignored."""
    router = EventRouter()
    for result in (None, "words", TextReply("first"), TextReply("second")):
        router.on(Event)(lambda event, result=result: result)
    answer = post(router, TEXT)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert b"<Content><![CDATA[first]]></Content>" in decrypted(answer)


def test_an_async_handler_replies_too() -> None:
    """The ASGI door awaits the reply."""
    router = EventRouter()

    @router.on(Event)
    async def answer(event: Event) -> TextReply:
        await anyio.lowlevel.checkpoint()
        return TextReply("later")

    assert b"later" in decrypted(in_asgi(router, TEXT))


def test_a_reply_that_cannot_be_is_logged_and_not_sent(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """A reply to an event that takes none, or with what XML cannot carry, is an empty 200 and a line in the log."""
    for body, reply in ((message("event", Event="unsubscribe"), TextReply("x")), (TEXT, TextReply("\x00"))):
        caplog.clear()
        router = EventRouter()
        router.on(Event)(lambda event, reply=reply: reply)
        answer = post(router, body)
        assert (answer.status_code, answer.content) == (200, b"")
        assert "callback reply not sent" in caplog.text


def test_a_handler_that_fails_does_not_take_the_reply_of_another(post: Post) -> None:
    """One handler raises, the next replies: the reply is sent."""
    router = EventRouter()

    @router.on(Event)
    def broken(event: Event) -> None:
        raise LookupError

    router.on(Event)(lambda event: TextReply("still"))
    assert b"still" in decrypted(post(router, TEXT))


def test_a_redelivery_is_answered_empty() -> None:
    """The handler is not called again, so there is nothing to say again."""
    router = EventRouter()
    router.on(Event)(lambda event: TextReply("once"))
    app = asgi_app(callback(), router)
    assert in_asgi_app(app, TEXT).content
    assert in_asgi_app(app, TEXT).content == b""


def test_a_set_of_callbacks_stands_at_a_door() -> None:
    """Several apps behind one WSGI door: each is answered with its own key, a robot in JSON."""
    router = EventRouter()
    router.on(Event)(lambda event: RobotStreamReply("S", "hi", finish=True))
    robots = Callback("Robot", SECRETS[1], "", clock=lambda: NOW)
    app = wsgi_app(CallbackSet(callback(), robots), router)
    query, body = sent(robot(), ("Robot", SECRETS[1]), "")
    heads: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": urlencode(query),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    (answer,) = app(environ, lambda status, headers, _=None: heads.append((status, headers)))  # type: ignore[arg-type]
    sealed = json.loads(answer)
    assert heads[0][0] == "200 OK"
    assert ("Content-Type", "application/json; charset=utf-8") in heads[0][1]
    assert b'"hi"' in CallbackCrypto("Robot", SECRETS[1], "").decrypt(sealed["encrypt"])[0]


def test_a_provider_hears_success_whatever_a_handler_returns(post: Post) -> None:
    """The providers' envelope takes no reply: the answer is the platform's word, with a suite or without."""
    router = EventRouter()
    router.on(Event)(lambda event: TextReply("x"))
    for head in ("<SuiteId>s</SuiteId>", "<ServiceCorpId>w</ServiceCorpId>"):
        body = f"<xml>{head}<InfoType>license_refund</InfoType><TimeStamp>1</TimeStamp></xml>".encode()
        assert post(router, body).content == b"success"
