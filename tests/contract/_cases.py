"""What every endpoint promises, told once and played everywhere.

A case sets its stage on the fake, asks through whatever client it is played with, and asserts what came.
On cassettes the fake plays along in the background, so that what happens between the calls happens there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.chapters import listed
from tests.contract._play import Case, Play

from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.errors import ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError
from wecom_auto.models import (
    AddWay,
    CardAction,
    CardActionType,
    CardHeading,
    CardType,
    ChatType,
    ContactType,
    FileAttachment,
    FileMessage,
    GroupMemberType,
    ImageAttachment,
    ImageMessage,
    JoinScene,
    KeyValue,
    LinkAttachment,
    MarkdownMessage,
    MiniProgramAttachment,
    MiniProgramNoticeMessage,
    MpNewsArticle,
    MpNewsMessage,
    NewsArticle,
    NewsMessage,
    NewTag,
    SendStatus,
    StaffMessage,
    TagFilter,
    TaskStatus,
    TemplateCardMessage,
    TextCardMessage,
    TextMessage,
    VideoAttachment,
    VideoMessage,
    VoiceMessage,
)
from wecom_auto.testing import FakeWeCom, Settings

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def refused(play_error: type[Exception], errcode: int, error: BaseException) -> None:
    """Assert that `error` is the class and code that the case expects."""
    assert isinstance(error, play_error)
    assert getattr(error, "errcode", 0) == errcode


def follow_users(fake: FakeWeCom) -> Play:
    """Members with the customer-contact right are listed, others are not."""
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    fake.add_member("qiantai", contact=False)
    members = yield lambda app: app.follow_users.list()
    assert members == ("zhangsan", "lisi")


def customers(fake: FakeWeCom) -> Play:
    """Customers are listed, read one by one and in pages, and remarked."""
    ids = [
        fake.add_customer(name=name, followed_by="zhangsan", state="bj01", gender=1).external_userid
        for name in ("李四", "王五", "赵六")
    ]
    fake.add_customer(name="孙七", followed_by="lisi")
    listed = yield lambda app: app.customers.list("zhangsan")
    assert sorted(listed) == sorted(ids)
    page = yield lambda app: app.customers.list_by_user(["zhangsan", "lisi"], limit=3)
    assert len(page.items) == 3
    assert page.next_cursor
    rest = yield lambda app: app.customers.list_by_user(["zhangsan", "lisi"], cursor=page.next_cursor, limit=3)
    assert len(rest.items) == 1
    assert rest.next_cursor == ""
    everybody = yield lambda app: app.customers.iter_by_user(["zhangsan", "lisi"], limit=1)
    assert sorted(one.name for one in everybody) == sorted(["李四", "王五", "赵六", "孙七"])
    assert {one.add_way for one in everybody if one.follow.state} == {AddWay.QR_CODE}
    done = yield lambda app: app.customers.remark(
        ids[0],
        userid="zhangsan",
        remark="李部长",
        description="看过 Model Y",
        remark_company="腾讯",
        remark_mobiles=["13800000001"],
    )
    assert done is None
    detail = yield lambda app: app.customers.get(ids[0])
    assert (detail.customer.name, detail.customer.type) == ("李四", ContactType.WECHAT)
    (follow,) = detail.follows
    assert (follow.remark, follow.description, follow.remark_company) == ("李部长", "看过 Model Y", "腾讯")
    assert len(follow.remark_mobiles) == 1
    assert (follow.state, follow.add_way, follow.created_at) == ("bj01", AddWay.QR_CODE, fake.clock.now())


def nobodys_customer(fake: FakeWeCom) -> Play:
    """A customer whom the member does not follow is not found."""
    fake.add_member("lisi")
    stranger = fake.add_customer(name="李四", followed_by="zhangsan").external_userid
    try:
        yield lambda app: app.customers.remark(stranger, userid="lisi", remark="x")
    except NotFoundError as error:
        refused(NotFoundError, 84061, error)
    else:
        raise AssertionError


def tags(fake: FakeWeCom) -> Play:
    """A tag group is made, changed, marked on a customer, and deleted."""
    customer = fake.add_customer(name="李四", followed_by="zhangsan").external_userid
    group = yield lambda app: app.tags.create([NewTag(name="高", order=9), "低"], group_name="意向", order=5)
    assert (group.group_name, group.order, {tag.name for tag in group.tags}) == ("意向", 5, {"高", "低"})
    high, low = group.tag_named("高"), group.tag_named("低")
    more = yield lambda app: app.tags.create(["中"], group_id=group.group_id)
    assert more.group_id == group.group_id
    assert (yield lambda app: app.tags.edit(low.id, name="没有")) is None
    (listed,) = yield lambda app: app.tags.list()
    assert {tag.name for tag in listed.tags} == {"高", "中", "没有"}
    (one,) = yield lambda app: app.tags.list(group_ids=[group.group_id])
    assert one.group_id == group.group_id
    assert (yield lambda app: app.tags.mark("zhangsan", customer, add=[high.id, low.id])) is None
    yield lambda app: app.tags.mark("zhangsan", customer, remove=[low.id])
    detail = yield lambda app: app.customers.get(customer)
    (tag,) = detail.follows[0].tags
    assert (tag.tag_id, tag.name, tag.group_name) == (high.id, "高", "意向")
    page = yield lambda app: app.customers.list_by_user(["zhangsan"])
    assert page.items[0].follow.tag_ids == (high.id,)
    assert (yield lambda app: app.tags.delete(tag_ids=[low.id])) is None
    yield lambda app: app.tags.delete(group_ids=[group.group_id])
    assert (yield lambda app: app.tags.list()) == ()


def tag_names(fake: FakeWeCom) -> Play:
    """A tag that does not exist is not found."""
    customer = fake.add_customer(name="李四", followed_by="zhangsan").external_userid
    try:
        yield lambda app: app.tags.mark("zhangsan", customer, add=["etNOSUCHTAG"])
    except NotFoundError as error:
        refused(NotFoundError, 40068, error)
    else:
        raise AssertionError


def contact_ways(fake: FakeWeCom) -> Play:
    """A channel code is made, read, changed, listed, used, and deleted."""
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    made = yield lambda app: app.contact_ways.create(
        users=["zhangsan", "lisi"], state="bj01-showroom", remark="北京一店展厅", skip_verify=True
    )
    assert made.config_id
    assert made.qr_code.startswith("https://")
    assert (yield lambda app: app.contact_ways.update(made.config_id, remark="北京一店", users=["zhangsan"])) is None
    way = yield lambda app: app.contact_ways.get(made.config_id)
    assert (way.config_id, way.remark, way.state, way.users) == (
        made.config_id,
        "北京一店",
        "bj01-showroom",
        ("zhangsan",),
    )
    assert (way.skip_verify, way.qr_code) == (True, made.qr_code)
    customer = fake.scan(made.config_id, name="李四").external_userid
    detail = yield lambda app: app.customers.get(customer)
    assert (detail.follows[0].userid, detail.follows[0].state) == ("zhangsan", "bj01-showroom")
    second = yield lambda app: app.contact_ways.create(users=["lisi"])
    page = yield lambda app: app.contact_ways.list(limit=1)
    assert len(page.items) == 1
    assert page.next_cursor
    start = fake.clock.now() - timedelta(days=1)
    refs = yield lambda app: app.contact_ways.iter_all(start_at=start, end_at=fake.clock.now(), limit=1)
    assert {ref.config_id for ref in refs} == {made.config_id, second.config_id}
    assert (yield lambda app: app.contact_ways.delete(second.config_id)) is None
    try:
        yield lambda app: app.contact_ways.get(second.config_id)
    except NotFoundError as error:
        refused(NotFoundError, 41044, error)
    else:
        raise AssertionError


def temporary_chats(fake: FakeWeCom) -> Play:
    """A temporary chat is opened by its code and closed by a call."""
    fake.settings = Settings(temp_chat=True)
    fake.add_member("yisheng")
    made = yield lambda app: app.contact_ways.create(
        users=["yisheng"], is_temp=True, expires_in_seconds=3600, chat_expires_in_seconds=7200
    )
    customer = fake.scan(made.config_id, name="李四").external_userid
    assert (yield lambda app: app.contact_ways.close_temp_chat("yisheng", customer)) is None


def join_ways(fake: FakeWeCom) -> Play:
    """A group code is made, read, replaced, used, and deleted."""
    fake.add_member("zhangsan")
    group = fake.create_group("zhangsan", "意向客户一群")
    customer = fake.add_customer(name="李四", followed_by="zhangsan")
    made = yield lambda app: app.join_ways.create(
        chat_ids=[group.chat_id],
        remark="展厅",
        auto_create_room=True,
        room_base_name="意向客户群",
        room_base_id=2,
        state="bj01",
    )
    way = yield lambda app: app.join_ways.get(made.config_id)
    assert (way.chat_ids, way.remark, way.state) == ((group.chat_id,), "展厅", "bj01")
    assert (way.auto_create_room, way.room_base_name, way.room_base_id) == (True, "意向客户群", 2)
    assert way.qr_code
    assert (
        yield lambda app: app.join_ways.update(
            made.config_id, chat_ids=[group.chat_id], auto_create_room=False, state="bj02"
        )
    ) is None
    changed = yield lambda app: app.join_ways.get(made.config_id)
    assert (changed.auto_create_room, changed.state, changed.remark) == (False, "bj02", "")
    fake.join_group(made.config_id, customer)
    chat = yield lambda app: app.groups.get(group.chat_id, need_name=True)
    (member,) = [one for one in chat.members if one.type == GroupMemberType.CUSTOMER]
    assert (member.userid, member.name, member.state) == (customer.external_userid, "李四", "bj02")
    assert (member.join_scene, member.joined_at) == (JoinScene.QR_CODE, fake.clock.now())
    assert (yield lambda app: app.join_ways.delete(made.config_id)) is None
    try:
        yield lambda app: app.join_ways.get(made.config_id)
    except NotFoundError:
        pass
    else:
        raise AssertionError


def groups(fake: FakeWeCom) -> Play:
    """Groups are listed, by owner too, and read with the members who are in them."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    made = [fake.create_group(owner, name) for owner, name in _GROUPS]
    customer = fake.add_customer(name="李四", followed_by="zhangsan")
    fake.join_group(made[0], customer, invited_by="zhangsan")
    page = yield lambda app: app.groups.list(limit=2)
    assert len(page.items) == 2
    assert page.next_cursor
    refs = yield lambda app: app.groups.iter_all(limit=1)
    assert {ref.chat_id for ref in refs} == {group.chat_id for group in made}
    own = yield lambda app: app.groups.list(owners=["lisi"])
    assert [ref.chat_id for ref in own.items] == [made[2].chat_id]
    group = yield lambda app: app.groups.get(made[0].chat_id)
    assert (group.name, group.owner, group.created_at) == ("一群", "zhangsan", fake.clock.now())
    (member,) = [one for one in group.members if one.userid == customer.external_userid]
    assert (member.name, member.join_scene) == ("", JoinScene.INVITED)
    assert member.invitor is not None
    assert member.invitor.userid == "zhangsan"
    fake.dismiss_group(made[1])
    try:
        yield lambda app: app.groups.get(made[1].chat_id)
    except NotFoundError:
        pass
    else:
        raise AssertionError


_GROUPS = [("zhangsan", "一群"), ("zhangsan", "二群"), ("lisi", "三群")]


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


def tokens(fake: FakeWeCom) -> Play:
    """Tickets are handed out for an hour or two, and the platform's addresses are listed."""
    fake.add_member("zhangsan")
    corp = yield lambda app: app.tokens.jsapi_ticket()
    own = yield lambda app: app.tokens.app_ticket()
    assert corp.ticket
    assert own.ticket
    assert (corp.expires_in_seconds, own.expires_in_seconds) == (7200, 7200)
    assert corp.ticket not in repr(corp)
    there = yield lambda app: app.tokens.api_ips()
    back = yield lambda app: app.tokens.callback_ips()
    assert (there, back) == (("127.0.0.1",), ("127.0.0.1",))
    try:
        yield lambda app: app.tokens.app_ticket("no_such_kind")
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError


CASES: Mapping[str, Case] = {
    case.__name__: case
    for case in (
        follow_users,
        customers,
        nobodys_customer,
        tags,
        tag_names,
        contact_ways,
        temporary_chats,
        join_ways,
        groups,
        mass_messages,
        mass_messages_to_groups,
        mass_messages_by_tag,
        welcome,
        media,
        messages,
        tokens,
        *listed("CASES"),
    )
}
