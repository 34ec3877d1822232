"""What the tests know of `wecom.moments`, of files for moments, and of mass messages to any number of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import NOW, PNG, at, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError, NotFoundError
from wecom_auto.models import (
    AttachmentUse,
    CreateType,
    FileAttachment,
    ImageAttachment,
    LinkAttachment,
    MediaKind,
    MomentJobStatus,
    MomentLink,
    PublishStatus,
    Text,
    VideoAttachment,
    VisibleType,
)
from wecom_auto.testing import FakeWeCom

IMAGE, VIDEO = ImageAttachment(media_id="MEDIA_ID"), VideoAttachment(media_id="MEDIA_ID")
LINK = MomentLink(title="消息标题", url="https://example.link.com/path", media_id="MEDIA_ID")

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/add_moment_task": [
        calls.moments.create(
            text="x", attachments=[IMAGE, VIDEO, LINK], userids=["u"], department_ids=[1], tag_ids=["t"]
        )
    ],
    "externalcontact/get_moment_task_result": [calls.moments.result("j")],
    "externalcontact/cancel_moment_task": [calls.moments.cancel("m")],
    "externalcontact/get_moment_list": [
        call(start_at=NOW, end_at=NOW, creator="u", filter_type=1, cursor="c", limit=1)
        for call in (calls.moments.list, calls.moments.iter_all)
    ],
    "externalcontact/get_moment_task": [
        call("m", cursor="c", limit=1) for call in (calls.moments.list_members, calls.moments.iter_members)
    ],
    "externalcontact/get_moment_customer_list": [
        call("m", userid="u", cursor="c", limit=1)
        for call in (calls.moments.list_customers, calls.moments.iter_customers)
    ],
    "externalcontact/get_moment_send_result": [
        call("m", userid="u", cursor="c", limit=1) for call in (calls.moments.list_reached, calls.moments.iter_reached)
    ],
    "externalcontact/get_moment_comments": [calls.moments.interactions("m", userid="u")],
    "media/upload_attachment": [
        calls.media.upload_attachment(
            MediaKind.IMAGE, b"picture", attachment_type=AttachmentUse.MOMENT, filename="a.png"
        )
    ],
}

RECOGNISED = {"media/upload_attachment": "a second copy only dies later"}

ARGUMENTS = {"moment_id": "m", "jobid": "j"}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/add_moment_task", calls.moments.create(text="x")),
    ("externalcontact/get_moment_task_result", calls.moments.result("j")),
    ("externalcontact/cancel_moment_task", calls.moments.cancel("m")),
    ("externalcontact/get_moment_task", calls.moments.list_members("m")),
    ("externalcontact/get_moment_customer_list", calls.moments.list_customers("m", userid="u")),
    ("externalcontact/get_moment_send_result", calls.moments.list_reached("m", userid="u")),
    ("externalcontact/get_moment_comments", calls.moments.interactions("m", userid="u")),
    (
        "media/upload_attachment",
        calls.media.upload_attachment("image", b"picture", attachment_type=1, filename="a.png"),
    ),
]

READ_APART = {"externalcontact/get_moment_list": "the example breaks the manual's own types"}

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/add_moment_task",
        # The manual shows every kind at once, which its own text forbids: the call can be made, but not be sent.
        lambda: calls.moments.create(
            text=Text(content="文本消息内容"),
            attachments=[IMAGE, VIDEO, LINK],
            userids=["zhangshan", "lisi"],
            department_ids=[2, 3],
            tag_ids=["etXXXXXXXXXX", "etYYYYYYYYYY"],
        ),
    ),
    ("externalcontact/get_moment_task_result", lambda: calls.moments.result("xxxx")),
    ("externalcontact/cancel_moment_task", lambda: calls.moments.cancel("momXXXXXXXXXX")),
    (
        "externalcontact/get_moment_list",
        lambda: calls.moments.list(
            start_at=at(1_605_000_000),
            end_at=at(1_605_172_726),
            creator="zhangsan",
            filter_type=1,
            cursor="CURSOR",
            limit=10,
        ),
    ),
    ("externalcontact/get_moment_task", lambda: calls.moments.iter_members("momxxx", cursor="CURSOR", limit=10)),
    (
        "externalcontact/get_moment_customer_list",
        lambda: calls.moments.iter_customers("momxxx", userid="xxx", cursor="CURSOR", limit=10),
    ),
    (
        "externalcontact/get_moment_send_result",
        lambda: calls.moments.iter_reached("momxxx", userid="xxx", cursor="CURSOR", limit=100),
    ),
    ("externalcontact/get_moment_comments", lambda: calls.moments.interactions("momxxx", userid="xxx")),
]

REFUSED: list[tuple[str, Make]] = [
    ("text / attachments", lambda: calls.moments.create(userids=["u"])),
    ("text / attachments", lambda: calls.moments.create(text="")),
    ("text.content", lambda: calls.moments.create(text="字" * 2001)),
    ("attachments", lambda: calls.moments.create(attachments=[IMAGE] * 10)),
    ("attachments", lambda: calls.moments.create(attachments=[IMAGE, LINK])),
    ("attachments", lambda: calls.moments.create(attachments=[VIDEO, VIDEO])),
    ("attachments", lambda: calls.moments.create(attachments=[LINK, LINK])),
    (
        "attachments[0].msgtype",
        lambda: calls.moments.create(attachments=[FileAttachment(media_id="m")]),  # type: ignore[list-item]
    ),
    (
        "attachments[1].image.media_id",
        lambda: calls.moments.create(attachments=[IMAGE, ImageAttachment(pic_url="https://example.com/a.png")]),
    ),
    (
        "attachments[0].link.media_id",
        lambda: calls.moments.create(attachments=[LinkAttachment(title="t", url="u")]),  # type: ignore[list-item]
    ),
    (
        "attachments[0].link.title",
        lambda: calls.moments.create(attachments=[MomentLink(title="字" * 65, url="u", media_id="m")]),
    ),
    ("visible_range.sender_list.user_list", lambda: calls.moments.create(text="x", userids=["u"] * 100_001)),
    ("jobid", lambda: calls.moments.result("j" * 65)),
    ("end_time", lambda: calls.moments.list(start_at=NOW, end_at=NOW + timedelta(days=30, seconds=1))),
    ("end_time", lambda: calls.moments.iter_all(start_at=NOW, end_at=NOW - timedelta(days=1))),
    ("filter_type", lambda: calls.moments.list(start_at=NOW, end_at=NOW, filter_type=3)),
    ("limit", lambda: calls.moments.list(start_at=NOW, end_at=NOW, limit=21)),
    ("limit", lambda: calls.moments.list_members("m", limit=1001)),
    ("limit", lambda: calls.moments.list_customers("m", userid="u", limit=1001)),
    ("limit", lambda: calls.moments.list_reached("m", userid="u", limit=5001)),
    ("limit", lambda: calls.moments.list_reached("m", userid="u", limit=0)),
    (
        "media_type",
        lambda: calls.media.upload_attachment("video", b"a video", attachment_type=2, filename="a.mp4"),
    ),
    ("media_type", lambda: calls.media.upload_attachment("file", b"a file", attachment_type=1, filename="a.txt")),
    (
        "attachment_type",
        lambda: calls.media.upload_attachment("image", b"picture", attachment_type=3, filename="a.png"),
    ),
    ("media", lambda: calls.media.upload_attachment("image", b"tiny", attachment_type=1, filename="a.png")),
    (
        "media",
        lambda: calls.media.upload_attachment(
            "video", bytes(10 * 1024 * 1024 + 1), attachment_type=1, filename="a.mp4"
        ),
    ),
]

ACCEPTED: list[Make] = [
    lambda: calls.moments.create(text="字" * 2000, attachments=[IMAGE] * 9),
    lambda: calls.moments.create(attachments=[VIDEO], userids=["u"] * 100_000),
    lambda: calls.moments.create(attachments=[MomentLink(title="字" * 64, url="u", media_id="m")]),
    lambda: calls.moments.result("j" * 64),
    lambda: calls.moments.list(start_at=NOW, end_at=NOW + timedelta(days=30)),
    lambda: calls.media.upload_attachment(
        "image", bytes(10 * 1024 * 1024), attachment_type=AttachmentUse.PRODUCT_ALBUM, filename="a.png"
    ),
]


def moments(fake: FakeWeCom) -> Play:
    """A moment is a task: a job makes it, members publish it, and only then somebody sees it."""
    likely = fake.add_tag("意向", "高")
    li, wang = (fake.add_customer(name=name, followed_by="zhangsan") for name in ("李四", "王五"))
    fake.add_customer(name="赵六", followed_by="lisi")
    for one in (li, wang):
        fake.staff_marks_tag("zhangsan", one, add=[likely])
    jobid = yield lambda app: app.moments.create(
        text="周末试驾", userids=["zhangsan", "nobody"], tag_ids=[likely.id, "etNONE"]
    )
    job = yield lambda app: app.moments.result(jobid)
    assert (job.status, job.done, job.result) == (MomentJobStatus.STARTED, False, None)
    fake.clock.advance(seconds=5)
    job = yield lambda app: app.moments.result(jobid)
    made = job.result
    assert (job.status, job.type, made.errcode) == (MomentJobStatus.DONE, "add_moment_task", 0)
    assert (made.invalid_senders.userids, made.invalid_tags.tag_ids, made.complete) == (("nobody",), ("etNONE",), False)
    (task,) = yield lambda app: app.moments.iter_members(made.moment_id)
    assert (task.userid, task.status) == ("zhangsan", PublishStatus.NOT_PUBLISHED)
    try:
        yield lambda app: app.moments.interactions(made.moment_id, userid="zhangsan")
    except NotFoundError as error:
        refused(NotFoundError, 41062, error)
    else:
        raise AssertionError
    fake.unfriend(wang, "zhangsan")
    fake.publish_moment("zhangsan", made.moment_id)
    page = yield lambda app: app.moments.list_members(made.moment_id, limit=1)
    assert [one.status for one in page.items] == [PublishStatus.PUBLISHED]
    chosen = yield lambda app: app.moments.list_customers(made.moment_id, userid="zhangsan", limit=1)
    assert (len(chosen.items), bool(chosen.next_cursor)) == (1, True)
    everybody = yield lambda app: app.moments.iter_customers(made.moment_id, userid="zhangsan", limit=1)
    assert {one.external_userid for one in everybody} == {li.external_userid, wang.external_userid}
    reached = yield lambda app: app.moments.list_reached(made.moment_id, userid="zhangsan")
    assert [one.external_userid for one in reached.items] == [li.external_userid]
    (same,) = yield lambda app: app.moments.iter_reached(made.moment_id, userid="zhangsan")
    assert same == reached.items[0]


def moment_list(fake: FakeWeCom) -> Play:
    """What the corp made and what members made on their own is listed, with what customers did."""
    li = fake.add_customer(name="李四", followed_by="zhangsan")
    start, end = fake.clock.now() - timedelta(days=1), fake.clock.now() + timedelta(days=1)
    cover = yield lambda app: app.media.upload_attachment(
        "image", PNG, attachment_type=AttachmentUse.MOMENT, filename="封面.png"
    )
    assert (cover.type, cover.created_at) == ("image", fake.clock.now())
    link = MomentLink(title="新车到店", url="https://example.com/car", media_id=cover.media_id)
    yield lambda app: app.moments.create(text="周末试驾", attachments=[link])
    fake.clock.advance(seconds=5)
    listed = yield lambda app: app.moments.list(start_at=start, end_at=end)
    (moment,) = listed.items
    assert (moment.create_type, moment.visible_type, moment.creator) == (CreateType.CORP, VisibleType.PUBLIC, "")
    assert (moment.text.content, moment.created_at) == ("周末试驾", fake.clock.now())
    assert (moment.link.url, moment.link.title) == ("https://example.com/car", "新车到店")
    fake.publish_moment("zhangsan")
    fake.like_moment("zhangsan", moment.moment_id, li)
    fake.comment_moment("zhangsan", moment.moment_id, li)
    fake.comment_moment("zhangsan", moment.moment_id, "zhangsan")
    done = yield lambda app: app.moments.interactions(moment.moment_id, userid="zhangsan")
    assert [(one.external_userid, one.userid) for one in done.comments] == [(li.external_userid, ""), ("", "zhangsan")]
    assert [one.created_at for one in done.likes] == [fake.clock.now()]
    assert done.external_userids == (li.external_userid,)
    own = fake.member_publishes_moment("zhangsan", "下雨了")
    both = yield lambda app: app.moments.iter_all(start_at=start, end_at=end, limit=1)
    assert [one.moment_id for one in both] == [moment.moment_id, own.moment_id]
    assert (yield lambda app: app.moments.cancel(moment.moment_id)) is None
    try:
        yield lambda app: app.moments.cancel(own.moment_id)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 41067, error)
    else:
        raise AssertionError


def moments_awaited(fake: FakeWeCom) -> Play:
    """Making a moment and waiting for it is one operation; a file for a message does not fit into it."""
    fake.add_customer(name="李四", followed_by="zhangsan")
    picture = yield lambda app: app.media.upload("image", PNG, filename="a.png")
    try:
        yield lambda app: app.moments.create(attachments=[ImageAttachment(media_id=picture.media_id)])
    except InvalidRequestError as error:
        refused(InvalidRequestError, 41072, error)
    else:
        raise AssertionError
    made = yield lambda app: app.moments.create_and_wait(text="早上好")
    assert made.complete
    assert [one.userid for one in fake.moment_tasks(made.moment_id)] == ["zhangsan"]
    try:
        yield lambda app: app.moments.create_and_wait(text="早上好", userids=["nobody"])
    except NotFoundError as error:
        refused(NotFoundError, 41048, error)
    else:
        raise AssertionError


def mass_messages_to_many(fake: FakeWeCom) -> Play:
    """Any list of customers is cut into tasks; nobody is reached twice, and who cannot be reached is named."""
    ids = [fake.add_customer(name=name, followed_by="zhangsan").external_userid for name in ("李四", "王五")]
    done = yield lambda app: app.mass_messages.create_many(
        external_userids=[*ids, ids[0], "wmNOSUCHCUSTOMER"], sender="zhangsan", text="周末试驾"
    )
    assert done.done == tuple(ids)
    assert [(one.item, one.errcode) for one in done.failed] == [("wmNOSUCHCUSTOMER", 41048)]
    assert [made.msgid for made in done.answers] == list(fake.mass_messages())


CASES: tuple[Case, ...] = (moments, moment_list, moments_awaited, mass_messages_to_many)
