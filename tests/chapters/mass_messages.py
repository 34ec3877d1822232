"""What the tests know of `wecom.mass_messages`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import ATTACHMENTS, EVERY_ATTACHMENT, NOW, OFFICIAL_NOW, at, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import ConflictError
from wecom_auto.models import (
    ChatType,
    ImageAttachment,
    LinkAttachment,
    SendStatus,
    TagFilter,
    TaskStatus,
    UnknownAttachment,
)
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/add_msg_template": [
        calls.mass_messages.create(
            chat_type=ChatType.SINGLE,
            external_userids=["wm"],
            chat_ids=["c"],
            tag_filter=TagFilter.all_of(("t",)),
            sender="u",
            allow_select=True,
            text="x",
            attachments=EVERY_ATTACHMENT,
        )
    ],
    "externalcontact/get_groupmsg_list_v2": [
        call(start_at=NOW, end_at=NOW, creator="u", filter_type=1, cursor="c", limit=1)
        for call in (calls.mass_messages.list, calls.mass_messages.iter_all)
    ],
    "externalcontact/get_groupmsg_task": [calls.mass_messages.iter_members("m", cursor="c", limit=1)],
    "externalcontact/get_groupmsg_send_result": [
        calls.mass_messages.iter_results("m", userid="u", cursor="c", limit=1)
    ],
    "externalcontact/remind_groupmsg_send": [calls.mass_messages.remind("m")],
    "externalcontact/cancel_groupmsg_send": [calls.mass_messages.cancel("m")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/add_msg_template", calls.mass_messages.create(sender="u", text="x")),
    ("externalcontact/get_groupmsg_task", calls.mass_messages.iter_members("m")),
    ("externalcontact/get_groupmsg_send_result", calls.mass_messages.iter_results("m", userid="u")),
    ("externalcontact/remind_groupmsg_send", calls.mass_messages.remind("m")),
    ("externalcontact/cancel_groupmsg_send", calls.mass_messages.cancel("m")),
]

READ_APART = {"externalcontact/get_groupmsg_list_v2": "the example writes xxxx for a time"}
REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/add_msg_template",
        lambda: calls.mass_messages.create(
            external_userids=["woAJ2GCAAAXtWyujaWJHDDGi0mACAAAA", "wmqfasd1e1927831123109rBAAAA"],
            sender="zhangsan",
            text="文本消息内容",
            attachments=ATTACHMENTS,
        ),
    ),
    (
        "externalcontact/get_groupmsg_list_v2",
        lambda: calls.mass_messages.list(
            chat_type=ChatType.SINGLE,
            start_at=OFFICIAL_NOW,
            end_at=at(1_605_172_726),
            creator="zhangshan",
            filter_type=1,
            limit=50,
            cursor="CURSOR",
        ),
    ),
    (
        "externalcontact/get_groupmsg_task",
        lambda: calls.mass_messages.iter_members("msgGCAAAXtWyujaWJHDDGi0mACAAAA", limit=50, cursor="CURSOR "),
    ),
    (
        "externalcontact/get_groupmsg_send_result",
        lambda: calls.mass_messages.iter_results(
            "msgGCAAAXtWyujaWJHDDGi0mACAAAA", userid="zhangsan ", limit=50, cursor="CURSOR "
        ),
    ),
    ("externalcontact/remind_groupmsg_send", lambda: calls.mass_messages.remind("msgGCAAAXtWyujaWJHDDGi0mACAAAA")),
    ("externalcontact/cancel_groupmsg_send", lambda: calls.mass_messages.cancel("msgGCAAAXtWyujaWJHDDGi0mACAAAA")),
]

REFUSED: list[tuple[str, Make]] = [
    ("external_userid", lambda: calls.mass_messages.create(external_userids=["wm"] * 10_001, text="x")),
    (
        "chat_id_list",
        lambda: calls.mass_messages.create(chat_type="group", sender="u", chat_ids=["g"] * 2001, text="x"),
    ),
    ("chat_type", lambda: calls.mass_messages.create(chat_type="everybody", sender="u", text="x")),
    ("sender", lambda: calls.mass_messages.create(chat_type=ChatType.GROUP, text="x")),
    ("sender / external_userid / tag_filter", lambda: calls.mass_messages.create(text="x")),
    ("tag_filter.group_list", lambda: calls.mass_messages.create(text="x", tag_filter=TagFilter.all_of())),
    (
        "tag_filter.group_list[0].tag_list",
        lambda: calls.mass_messages.create(text="x", tag_filter=TagFilter.all_of(())),
    ),
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
    ("end_time", lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW + timedelta(days=32))),
    ("end_time", lambda: calls.mass_messages.iter_all(start_at=NOW, end_at=NOW - timedelta(days=1))),
    ("limit", lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW, limit=101)),
    ("filter_type", lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW, filter_type=3)),
    ("limit", lambda: calls.mass_messages.iter_members("m", limit=1001)),
    ("limit", lambda: calls.mass_messages.iter_results("m", userid="u", limit=1001)),
]

ACCEPTED: list[Make] = [
    lambda: calls.mass_messages.create(external_userids=["wm"] * 10_000, text="字" * 1333),
    lambda: calls.mass_messages.create(chat_type="group", sender="u", chat_ids=["g"] * 2000, text="x"),
    lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW + timedelta(days=31)),
]


def mass_messages(fake: FakeWeCom) -> Play:
    """A mass message is a task: nothing is sent before the member taps, and the result says who got it."""
    people = [fake.add_customer(name=name, followed_by="zhangsan") for name in ("李四", "王五")]
    ids = [one.external_userid for one in people]
    link = LinkAttachment(title="新车", url="https://example.com/car", desc="到店试驾")
    made = yield lambda app: app.mass_messages.create(
        external_userids=[*ids, "wmNOSUCHCUSTOMER"], sender="zhangsan", text="周末试驾", attachments=[link]
    )
    assert made.fail_list == ("wmNOSUCHCUSTOMER",)
    (task,) = yield lambda app: app.mass_messages.iter_members(made.msgid)
    assert (task.userid, task.status, task.sent_at) == ("zhangsan", TaskStatus.NOT_SENT, None)
    waiting = yield lambda app: app.mass_messages.iter_results(made.msgid, userid="zhangsan", limit=1)
    assert {result.status for result in waiting} == {SendStatus.NOT_SENT}
    assert (yield lambda app: app.mass_messages.remind(made.msgid)) is None
    fake.unfriend(people[1], "zhangsan")
    fake.tap("zhangsan", made.msgid)
    (task,) = yield lambda app: app.mass_messages.iter_members(made.msgid)
    assert (task.status, task.sent_at) == (TaskStatus.SENT, fake.clock.now())
    results = yield lambda app: app.mass_messages.iter_results(made.msgid, userid="zhangsan")
    assert {result.external_userid: result.status for result in results} == {
        ids[0]: SendStatus.SENT,
        ids[1]: SendStatus.NOT_FRIEND,
    }
    start, end = fake.clock.now() - timedelta(days=1), fake.clock.now() + timedelta(days=1)
    page = yield lambda app: app.mass_messages.list(start_at=start, end_at=end)
    (message,) = page.items
    assert (message.msgid, message.creator) == (made.msgid, "")
    assert message.text is not None
    assert message.text.content == "周末试驾"
    assert message.attachments == (link,)
    (same,) = yield lambda app: app.mass_messages.iter_all(start_at=start, end_at=end)
    assert same == message


def mass_messages_to_groups(fake: FakeWeCom) -> Play:
    """A message to groups goes to chosen groups of their owner, and can be stopped while nobody has tapped."""
    fake.add_member("zhangsan")
    group = fake.create_group("zhangsan", "一群")
    made = yield lambda app: app.mass_messages.create(
        chat_type=ChatType.GROUP, sender="zhangsan", chat_ids=[group.chat_id], text="周末试驾"
    )
    fake.tap("zhangsan", made.msgid)
    (result,) = yield lambda app: app.mass_messages.iter_results(made.msgid, userid="zhangsan")
    assert (result.chat_id, result.external_userid, result.status) == (group.chat_id, "", SendStatus.SENT)
    second = yield lambda app: app.mass_messages.create(chat_type="group", sender="zhangsan", text="下周")
    assert (yield lambda app: app.mass_messages.cancel(second.msgid)) is None
    try:
        yield lambda app: app.mass_messages.cancel(second.msgid)
    except ConflictError as error:
        refused(ConflictError, 41093, error)
    else:
        raise AssertionError


def mass_messages_by_tag(fake: FakeWeCom) -> Play:
    """Customers can be chosen by their tags."""
    tag = fake.add_tag("意向", "高")
    people = [fake.add_customer(name=name, followed_by="zhangsan") for name in ("李四", "王五")]
    yield lambda app: app.tags.mark("zhangsan", people[0].external_userid, add=[tag.id])
    made = yield lambda app: app.mass_messages.create(
        tag_filter=TagFilter.all_of((tag.id,)), sender="zhangsan", text="试驾", allow_select=False
    )
    (result,) = yield lambda app: app.mass_messages.iter_results(made.msgid, userid="zhangsan")
    assert result.external_userid == people[0].external_userid


CASES: tuple[Case, ...] = (mass_messages, mass_messages_to_groups, mass_messages_by_tag)
