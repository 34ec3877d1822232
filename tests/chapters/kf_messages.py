"""What the tests know of `wecom.kf_messages`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.callbacks import KfMessagesWaiting
from wecom_auto.errors import InvalidRequestError, PermissionDeniedError, QuotaExceededError
from wecom_auto.models import (
    KfAcquisitionLink,
    KfBusinessCard,
    KfFile,
    KfImage,
    KfLink,
    KfLocation,
    KfMenu,
    KfMenuClick,
    KfMenuEntry,
    KfMenuEntryKind,
    KfMenuMiniProgram,
    KfMenuText,
    KfMenuView,
    KfMiniProgram,
    KfOrigin,
    KfSessionEntered,
    KfText,
    KfVideo,
    KfVoice,
    KfVoiceFormat,
)
from wecom_auto.testing import FakeWeCom

messages = calls.kf_messages
LINK = KfLink(url="https://a.cn", title="t", desc="d", thumb_media_id="m")
IMAGE: Any = KfImage(media_id="m")  # of a kind that answers no event
PROGRAM = KfMiniProgram(appid="a", page="p.html", title="t", thumb_media_id="m")
CLICK = KfMenuEntry(kind=KfMenuEntryKind.CLICK, click=KfMenuClick(id="i", content="c"))
MENU = KfMenu(
    head_content="h",
    tail_content="t",
    entries=(
        CLICK,
        KfMenuEntry(kind=KfMenuEntryKind.VIEW, view=KfMenuView(url="https://a.cn", content="c")),
        KfMenuEntry(kind=KfMenuEntryKind.MINI_PROGRAM, miniprogram=KfMenuMiniProgram(appid="a", page="p", content="c")),
        KfMenuEntry(kind=KfMenuEntryKind.TEXT, text=KfMenuText(content="c", no_newline=True)),
    ),
)
KINDS = (
    KfText(content="c"),
    KfImage(media_id="m"),
    KfVoice(media_id="m"),
    KfVideo(media_id="m", title="t", description="d"),
    KfFile(media_id="m"),
    LINK,
    PROGRAM,
    MENU,
    KfLocation(latitude=1.0, longitude=2.0, name="n", address="a"),
    KfBusinessCard(userid="u"),
    KfAcquisitionLink(url="https://a.cn"),
)


def menu(*entries: KfMenuEntry, **words: str) -> KfMenu:
    """A menu."""
    return KfMenu(entries=entries, **words)


def send(content: Any) -> Call[str]:
    """Send anything."""
    return messages.send("k", external_userid="w", content=content)


CALLS: Mapping[str, list[Call[Any]]] = {
    "kf/sync_msg": [messages.sync("k", cursor="c", token="t", limit=1, voice_format=KfVoiceFormat.SILK)],
    "kf/send_msg": [messages.send("k", external_userid="w", content=one, msgid="i") for one in KINDS],
    "kf/send_msg_on_event": [messages.send_on_event("c", content=one, msgid="i") for one in (KINDS[0], MENU)],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("kf/send_msg", send("t")),
    ("kf/send_msg_on_event", messages.send_on_event("c", content="t")),
]
READ_APART = {"kf/sync_msg": "its messages have a reader of their own: test_models_kf"}

REQUESTS: list[tuple[str, Make]] = [
    (
        "kf/sync_msg",
        lambda: messages.sync(
            "wkxxxxxx",
            cursor="4gw7MepFLfgF2VC5npN",
            token="ENCApHxnGDNAVNY4AaSJKj4Tb5mwsEMzxhFmHVGcra996NR",
            limit=1000,
            voice_format=KfVoiceFormat.AMR,
        ),
    ),
    (
        "kf/send_msg",
        lambda: messages.send(
            "OPEN_KFID", external_userid="EXTERNAL_USERID", content="你好，这是测试消息", msgid="MSGID"
        ),
    ),
    ("kf/send_msg_on_event", lambda: messages.send_on_event("CODE", content="欢迎咨询", msgid="MSG_ID")),
]

TEXT_ENTRY = KfMenuEntry(kind=KfMenuEntryKind.TEXT, text=KfMenuText(content="c"))


def clicked(**words: str) -> KfMenu:
    """A menu with one entry that answers."""
    return menu(KfMenuEntry(kind=KfMenuEntryKind.CLICK, click=KfMenuClick(**words)))


def viewed(**words: str) -> KfMenu:
    """A menu with one address."""
    return menu(KfMenuEntry(kind=KfMenuEntryKind.VIEW, view=KfMenuView(**words)))


def opened(**words: str) -> KfMenu:
    """A menu with one mini program."""
    return menu(KfMenuEntry(kind=KfMenuEntryKind.MINI_PROGRAM, miniprogram=KfMenuMiniProgram(**words)))


def said(content: str) -> KfMenu:
    """A menu with one line of text."""
    return menu(KfMenuEntry(kind=KfMenuEntryKind.TEXT, text=KfMenuText(content=content)))


REFUSED: list[tuple[str, Make]] = [
    ("open_kfid", lambda: messages.sync("")),
    ("cursor", lambda: messages.sync("k", cursor="c" * 65)),
    ("token", lambda: messages.sync("k", token="t" * 129)),
    ("limit", lambda: messages.sync("k", limit=0)),
    ("limit", lambda: messages.sync("k", limit=1001)),
    ("open_kfid", lambda: messages.send("", external_userid="w", content="t")),
    ("touser", lambda: messages.send("k", external_userid="", content="t")),
    ("msgid", lambda: messages.send("k", external_userid="w", content="t", msgid="i" * 33)),
    ("text.content", lambda: send("")),
    ("text.content", lambda: send("车" * 683)),
    ("image.media_id", lambda: send(KfImage(media_id=""))),
    ("voice.media_id", lambda: send(KfVoice(media_id=""))),
    ("video.media_id", lambda: send(KfVideo(media_id=""))),
    ("file.media_id", lambda: send(KfFile(media_id=""))),
    ("link.url", lambda: send(KfLink(title="t", thumb_media_id="m"))),
    ("link.url", lambda: send(KfLink(url="https://a.cn/" + "x" * 2048, title="t", thumb_media_id="m"))),
    ("link.title", lambda: send(KfLink(url="https://a.cn", title="车" * 43, thumb_media_id="m"))),
    ("link.desc", lambda: send(KfLink(url="https://a.cn", title="t", desc="车" * 171, thumb_media_id="m"))),
    ("link.thumb_media_id", lambda: send(KfLink(url="https://a.cn", title="t"))),
    ("miniprogram.title", lambda: send(KfMiniProgram(appid="a", page="p", title="车" * 22, thumb_media_id="m"))),
    ("miniprogram.pagepath", lambda: send(KfMiniProgram(appid="a", thumb_media_id="m"))),
    ("location.latitude", lambda: send(KfLocation(latitude=91.0, longitude=0.0))),
    ("location.longitude", lambda: send(KfLocation(latitude=0.0, longitude=-181.0))),
    ("business_card.userid", lambda: send(KfBusinessCard())),
    ("ca_link.link_url", lambda: send(KfAcquisitionLink())),
    ("msgmenu.list", lambda: send(menu())),
    ("msgmenu.list", lambda: send(menu(*[CLICK] * 11))),
    ("msgmenu.list", lambda: send(menu(*[TEXT_ENTRY] * 51))),
    ("msgmenu.head_content", lambda: send(menu(CLICK, head_content="车" * 342))),
    ("msgmenu.tail_content", lambda: send(menu(CLICK, tail_content="车" * 342))),
    ("msgmenu.list[0].click.id", lambda: send(clicked(id="i" * 129, content="c"))),
    ("msgmenu.list[0].click.content", lambda: send(clicked(content="车" * 43))),
    ("msgmenu.list[0].view.url", lambda: send(viewed(url="u" * 2049, content="c"))),
    ("msgmenu.list[0].view.content", lambda: send(viewed(url="u", content="车" * 342))),
    ("msgmenu.list[0].miniprogram.appid", lambda: send(opened(appid="a" * 33, page="p", content="c"))),
    ("msgmenu.list[0].miniprogram.pagepath", lambda: send(opened(appid="a", page="p" * 1025, content="c"))),
    ("msgmenu.list[0].miniprogram.content", lambda: send(opened(appid="a", page="p", content="车" * 342))),
    ("msgmenu.list[0].text.content", lambda: send(said("车" * 86))),
    ("code", lambda: messages.send_on_event("", content="t")),
    ("msgid", lambda: messages.send_on_event("c", content="t", msgid="i" * 33)),
    ("text.content", lambda: messages.send_on_event("c", content="车" * 683)),
    ("msgmenu.list", lambda: messages.send_on_event("c", content=menu(*[TEXT_ENTRY] * 11))),
    ("msgtype", lambda: messages.send_on_event("c", content=IMAGE)),
]

ACCEPTED: list[Make] = [
    lambda: messages.sync("k", cursor="c" * 64, token="t" * 128, limit=1000),
    lambda: messages.send("k", external_userid="w", content="t" * 2048, msgid="i" * 32),
    lambda: send(menu(*[CLICK] * 10, *[TEXT_ENTRY] * 40, head_content="h" * 1024, tail_content="t" * 1024)),
    lambda: send(KfLink(url="u" * 2048, title="t" * 128, desc="d" * 512, thumb_media_id="m")),
    lambda: send(KfLocation(latitude=-90.0, longitude=180.0)),
    lambda: messages.send_on_event("c", content=menu(*[CLICK] * 10)),
]

ARGUMENTS: Mapping[str, Any] = {"open_kfid": "k", "external_userid": "w", "content": "t", "code": "c"}


def _account(fake: FakeWeCom) -> Play:
    """Make an account; return its id and a link."""
    fake.add_member("zhangsan")
    media = yield lambda app: app.media.upload("image", PNG, filename="kf.png")
    open_kfid = yield lambda app: app.kf_accounts.create("客服", media_id=media.media_id)
    link = yield lambda app: app.kf_accounts.create_link(open_kfid, scene="live")
    return open_kfid, link, media.media_id


def kf_welcome(fake: FakeWeCom) -> Play:
    """Somebody enters by a link of a stream and is welcomed once; before they write nothing else may be said."""
    open_kfid, link, _ = yield from _account(fake)
    guest = fake.kf_enter(f"{link}&scene_param=spring", name="观众", channels="品牌视频号")
    (waiting,) = [one for one in fake.undelivered if isinstance(one, KfMessagesWaiting)]
    page = yield lambda app: app.kf_messages.sync(open_kfid, token=waiting.token)
    (entered,) = [one.content for one in page.messages]
    assert isinstance(entered, KfSessionEntered)
    assert (entered.scene, entered.scene_param, page.has_more) == ("live", "spring", False)
    code = entered.welcome_code
    assert (yield lambda app: app.kf_messages.send_on_event(code, content=menu(CLICK), msgid="hello")) == "hello"
    try:
        yield lambda app: app.kf_messages.send_on_event(code, content="两次")
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError
    try:
        yield lambda app: app.kf_messages.send(open_kfid, external_userid=guest.external_userid, content="先开口")
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 95031, error)
    else:
        raise AssertionError
    fake.clock.advance(timedelta(minutes=10))
    try:
        yield lambda app: app.kf_messages.sync(open_kfid, token=waiting.token)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 95007, error)
    else:
        raise AssertionError
    assert [one.msgtype for one in fake.kf_sent(guest)] == ["msgmenu"]


def kf_messages(fake: FakeWeCom) -> Play:
    """What a customer writes is pulled by cursor; five answers, within 48 hours, are all they get."""
    open_kfid, _, media_id = yield from _account(fake)
    guest = fake.kf_enter(open_kfid)
    who = guest.external_userid
    page = yield lambda app: app.kf_messages.sync(open_kfid)
    msgid = fake.kf_write(open_kfid, guest, "有现车吗", menu_id="i")
    rest = yield lambda app: app.kf_messages.sync_all(open_kfid, cursor=page.next_cursor)
    (question,) = rest.messages
    assert (question.msgid, question.origin, question.external_userid) == (msgid, KfOrigin.CUSTOMER, who)
    assert question.content == KfText(content="有现车吗", menu_id="i")
    assert (yield lambda app: app.kf_messages.sync(open_kfid, cursor=rest.next_cursor)).messages == ()
    first = yield lambda app: app.kf_messages.sync(open_kfid, limit=1)
    assert (len(first.messages), first.has_more) == (1, True)
    for content in ("有的", KfImage(media_id=media_id), KfBusinessCard(userid="zhangsan"), menu(CLICK), "再见"):
        yield lambda app, content=content: app.kf_messages.send(open_kfid, external_userid=who, content=content)
    try:
        yield lambda app: app.kf_messages.send(open_kfid, external_userid=who, content="第六条")
    except QuotaExceededError as error:
        refused(QuotaExceededError, 95001, error)
    else:
        raise AssertionError
    kinds = [one.msgtype for one in fake.kf_sent(guest)]
    assert kinds == ["text", "image", "business_card", "msgmenu", "text"]
    fake.kf_write(open_kfid, guest, "还在吗")
    fake.clock.advance(timedelta(hours=48))
    try:
        yield lambda app: app.kf_messages.send(open_kfid, external_userid=who, content="在")
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 95002, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (kf_welcome, kf_messages)
