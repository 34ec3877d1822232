"""Messages and events of customer service: every kind typed, written back the same, and none refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.errors import DecodeError
from wecom_auto.models import (
    KfBusinessCard,
    KfCalendar,
    KfChannels,
    KfChannelsKind,
    KfChannelsScene,
    KfChannelsSource,
    KfContent,
    KfCustomerMessageRecalled,
    KfEvent,
    KfFile,
    KfImage,
    KfLink,
    KfLocation,
    KfMeeting,
    KfMenu,
    KfMenuClick,
    KfMenuEntry,
    KfMenuEntryKind,
    KfMenuMiniProgram,
    KfMenuText,
    KfMenuView,
    KfMergedItem,
    KfMergedMessages,
    KfMessageFailed,
    KfMiniProgram,
    KfNote,
    KfOrigin,
    KfRejectSwitched,
    KfSendFailure,
    KfServicerMessageRecalled,
    KfServicerStatus,
    KfServicerStatusChanged,
    KfSessionChange,
    KfSessionChanged,
    KfSessionEntered,
    KfShopOrder,
    KfShopProduct,
    KfStopKind,
    KfText,
    KfVideo,
    KfVoice,
    UnknownKfContent,
    read_kf_message,
    read_kf_page,
    write_kf_message,
)

FIXTURE = Path(__file__).parent.parent / "fixtures" / "callbacks" / "kf_messages.json"
# All constructed from the manual's lists of fields.
ITEMS: list[dict[str, Any]] = json.loads(FIXTURE.read_text("utf-8"))["msg_list"]
WM = {"open_kfid": "wkAAA", "external_userid": "wmAAA"}
CONTENTS: dict[str, object] = {
    "text": KfText(content="请问有现车吗", menu_id="101"),
    "image": KfImage(media_id="M1"),
    "voice": KfVoice(media_id="M2"),
    "video": KfVideo(media_id="M3", title="t", description="d"),
    "file": KfFile(media_id="M4"),
    "location": KfLocation(latitude=23.106, longitude=113.324, name="广州塔", address="海珠区"),
    "link": KfLink(
        title="t",
        desc="d",
        url="https://a.example.com",
        pic_url="https://a.example.com/p",
        thumb_media_id="M5",
    ),
    "business_card": KfBusinessCard(userid="zhangsan"),
    "miniprogram": KfMiniProgram(title="t", appid="wx1", page="pages/index", thumb_media_id="M6"),
    "msgmenu": KfMenu(
        head_content="满意吗",
        entries=(
            KfMenuEntry(kind=KfMenuEntryKind.CLICK, click=KfMenuClick(id="101", content="满意")),
            KfMenuEntry(kind=KfMenuEntryKind.VIEW, view=KfMenuView(url="https://a.example.com", content="看看")),
            KfMenuEntry(
                kind=KfMenuEntryKind.MINI_PROGRAM,
                miniprogram=KfMenuMiniProgram(appid="wx1", page="p", content="打开"),
            ),
            KfMenuEntry(kind=KfMenuEntryKind.TEXT, text=KfMenuText(content="谢谢", no_newline=True)),
        ),
        tail_content="欢迎再来",
    ),
    "channels_shop_product": KfShopProduct(
        product_id="1", title="t", sales_price="100", shop_nickname="s", head_image="h", shop_head_image="g"
    ),
    "channels_shop_order": KfShopOrder(
        order_id="1", product_titles="t", price_wording="¥1", state="已支付", image_url="u", shop_nickname="s"
    ),
    "merged_msg": KfMergedMessages(
        title="聊天记录",
        items=(
            KfMergedItem(
                sender_name="张三",
                msgtype="text",
                msg_content='{"text":{"content":"x"}}',
                sent_at=datetime(2021, 3, 11, 15, 53, 20, tzinfo=UTC),
            ),
        ),
    ),
    "channels": KfChannels(kind=KfChannelsKind.LIVE, nickname="n", title="t"),
    "meeting": KfMeeting(),
    "calendar": KfCalendar(),
    "note": KfNote(),
    "enter_session": KfSessionEntered(
        **WM,
        scene="123",
        scene_param="abc",
        welcome_code="WELCOME1",
        wechat_channels=KfChannelsSource(nickname="n", scene=KfChannelsScene.SHOP_PRODUCT, shop_nickname="s"),
    ),
    "msg_send_fail": KfMessageFailed(**WM, fail_msgid="msg_1", reason=KfSendFailure.OVER_48_HOURS),
    "servicer_status_change": KfServicerStatusChanged(
        open_kfid="wkAAA",
        servicer_userid="lisi",
        status=KfServicerStatus.STOPPED,
        stop_kind=KfStopKind.SUSPENDED,
    ),
    "session_status_change": KfSessionChanged(
        **WM,
        change=KfSessionChange.HANDED_ON,
        old_servicer_userid="lisi",
        new_servicer_userid="wangwu",
        msg_code="CODE1",
    ),
    "user_recall_msg": KfCustomerMessageRecalled(**WM, recall_msgid="msg_1"),
    "servicer_recall_msg": KfServicerMessageRecalled(**WM, recall_msgid="msg_1", servicer_userid="lisi"),
    "reject_customer_msg_switch_change": KfRejectSwitched(**WM, servicer_userid="lisi", refuses=True),
}


def name_of(item: dict[str, Any]) -> str:
    """Name a case after its kind."""
    return str(item["msgid"]).removeprefix("msg_")


@pytest.mark.parametrize("item", ITEMS, ids=name_of)
def test_every_kind_is_typed(item: dict[str, Any]) -> None:
    """Each message and event is its class, field by field with nothing left over, and is written as it came."""
    message = read_kf_message(item)
    assert (message.content, type(message.content)) == (CONTENTS[name_of(item)], type(CONTENTS[name_of(item)]))
    assert (message.msgid, message.open_kfid, message.extra, message.content.extra) == (item["msgid"], "wkAAA", {}, {})
    assert message.sent_at == datetime(2021, 3, 11, 16, 3, 5, tzinfo=UTC)
    assert message.is_event is isinstance(message.content, KfEvent) is (message.origin is KfOrigin.SYSTEM)
    assert write_kf_message(message) == item


def test_every_class_has_an_example() -> None:
    """No kind goes untested."""
    assert {type(content) for content in CONTENTS.values()} == set(get_args(KfContent)) - {UnknownKfContent}


def test_an_event_says_whose_it_is_outside() -> None:
    """The account and the customer of an event, which stand inside it, are where those of a message are."""
    message = read_kf_message(next(item for item in ITEMS if name_of(item) == "user_recall_msg"))
    assert (message.open_kfid, message.external_userid) == ("wkAAA", "wmAAA")


@pytest.mark.parametrize(
    "item",
    [
        {"msgtype": "later", "later": {"a": 1}},
        {"msgtype": "image"},
        {"msgtype": "image", "image": {"media_id": 7}},
        {"msgtype": "event", "event": {"event_type": "later", "open_kfid": "wk"}},
        {"msgtype": "event", "event": {"event_type": "msg_send_fail", "fail_type": "x"}},
        {"msgtype": "event", "event": {"event_type": ["a"]}},
        {"msgtype": "event", "event": [1]},
        {"msgtype": "event"},
        {},
    ],
    ids=str,
)
def test_a_kind_of_tomorrow_is_kept(item: dict[str, Any]) -> None:
    """What has no class, or lacks what the manual promises, is kept whole under its own kind, and written back."""
    message = read_kf_message(item)
    assert isinstance(message.content, UnknownKfContent)
    assert message.content.msgtype == item.get("msgtype", "")
    assert message.content.data == {name: value for name, value in item.items() if name != "msgtype"}
    assert read_kf_message(write_kf_message(message)) == message


def test_values_of_tomorrow_are_members() -> None:
    """Unknown reasons and origins are members, and unknown fields are kept inside and outside."""
    event = {"event_type": "msg_send_fail", "fail_type": 99, "new": 1}
    message = read_kf_message({"msgtype": "event", "event": event, "origin": 8, "also": 2})
    assert isinstance(message.content, KfMessageFailed)
    assert (message.content.reason, message.content.extra, message.origin, message.extra) == (
        99,
        {"new": 1},
        8,
        {"also": 2},
    )


def test_a_page_is_read_whole() -> None:
    """An answer gives its messages, whether there are more, and where; an empty one may have more."""
    page = read_kf_page({"errcode": 0, "errmsg": "ok", "next_cursor": "c", "has_more": 1, "msg_list": ITEMS, "new": 1})
    assert [message.content for message in page.messages] == list(CONTENTS.values())
    assert (page.has_more, page.next_cursor, page.extra) == (True, "c", {"new": 1})
    assert read_kf_page({"has_more": 1}).messages == ()


def test_what_is_no_message_is_named() -> None:
    """An item of another shape is an error that names its place and not its value."""
    with pytest.raises(DecodeError, match=r"found int at msg_list\[1\]\.msgid") as caught:
        read_kf_page({"msg_list": [{}, {"msgid": 13800138000}]})
    assert "13800138000" not in str(caught.value)
    for bad in ("x", {"a": 1}, [7]):
        with pytest.raises(DecodeError, match="msg_list"):
            read_kf_page({"msg_list": bad})


def test_nothing_personal_is_shown() -> None:
    """What people wrote, where they are, and codes that pay for a message are in no repr."""
    secrets = ("请问有现车吗", "广州塔", "23.106", "WELCOME1", "CODE1", "张三", "聊天记录")
    shown = repr(read_kf_page({"msg_list": ITEMS}))
    assert not [secret for secret in secrets if secret in shown]


@given(body=st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=5) | st.none(), max_size=4))
def test_any_body_of_a_known_kind_is_a_message(body: dict[str, Any]) -> None:
    """Whatever a known kind holds, it is that kind or unknown, and never an error."""
    for item in ITEMS:
        kind = item["msgtype"]
        inner = {**body, "event_type": item["event"]["event_type"]} if kind == "event" else body
        message = read_kf_message({"msgtype": kind, kind: inner})
        assert read_kf_message(write_kf_message(message)) == message
