"""Every official example of the chapters that exist is read, checked, and written back without loss."""

from __future__ import annotations

from types import NoneType
from typing import Any

import pytest
from tests.chapters import Make, listed, mapped
from tests.chapters._shared import ATTACHMENTS, LINK, TEXT, at, calls
from tests.chapters._shared import OFFICIAL_NOW as NOW
from tests.unit._models import OFFICIAL, missing, official, unknown

from wecom_auto import Call, _codec
from wecom_auto._call import Page
from wecom_auto.errors import DecodeError
from wecom_auto.models import (
    AddWay,
    ContactType,
    ContactWayScene,
    ContactWayType,
    CreateType,
    ExternalAttributeType,
    Gender,
    GroupMemberType,
    GroupStatus,
    ImageAttachment,
    JoinScene,
    MediaKind,
    SendStatus,
    TagType,
    TaskStatus,
    TextMessage,
)

ANSWERS: list[tuple[str, Call[Any]]] = listed("ANSWERS")
RESPONSES = [found for found in ANSWERS if found[1].result is not NoneType]
NO_CONTENT = [found for found in ANSWERS if found[1].result is NoneType]
REQUESTS: list[tuple[str, Make]] = listed("REQUESTS")


@pytest.mark.parametrize(("name", "call"), RESPONSES, ids=[name for name, _ in RESPONSES])
def test_an_official_answer_survives(name: str, call: Call[Any]) -> None:
    """Nothing of an official answer is lost, and nothing of it is unknown."""
    raw = official(f"{name}.response")
    value = call.decode({"errcode": 0, "errmsg": "ok", **raw})
    if isinstance(value, Page):
        known = {"next_offset", "total"} if call.by_offset else {"next_cursor"}
        rest = {key: inner for key, inner in raw.items() if key not in {call.items, *known}}
        assert (value.next_cursor, value.extra) == (raw.get("next_cursor", ""), rest)
        assert value.total == (raw["total"] if call.by_offset else None)
        assert missing(raw[call.items], _codec.encode(value.items)) == []
    elif not raw:
        assert value is None, "an example that says nothing of what the call asks for"
    else:
        respelt = mapped("RESPELT").get(name, [])
        assert missing(raw[call.key] if call.key else raw, _codec.encode(value)) == respelt
    assert unknown(value) == []


@pytest.mark.parametrize(("name", "call"), NO_CONTENT, ids=[name for name, _ in NO_CONTENT])
def test_an_answer_without_content_is_none(name: str, call: Call[None]) -> None:
    """Where the manual answers nothing but an errcode, so does the call."""
    assert official(f"{name}.response") == {}
    assert call.decode({"errcode": 0, "errmsg": "ok"}) is None


def test_customer() -> None:
    """客户详情 (92114), field by field."""
    detail = calls.customers.get("wm").decode(official("externalcontact/get.response"))
    customer = detail.customer
    assert customer.external_userid == "woAJ2GCAAAXtWyujaWJHDDGi0mACHAAA"
    assert (customer.name, customer.position, customer.unionid) == ("李四", "Manager", "ozynqsulJFCZ2z1aYeS8h-nuasdAAA")
    assert customer.avatar == "http://p.qlogo.cn/bizmail/IcsdgagqefergqerhewSdage/0"
    assert (customer.corp_name, customer.corp_full_name) == ("腾讯", "腾讯科技有限公司")
    assert (customer.type, customer.gender) == (ContactType.WECOM, Gender.MALE)
    assert customer.external_profile is not None
    text, web, mini = customer.external_profile.external_attr
    assert (text.type, text.name, text.text and text.text.value) == (ExternalAttributeType.TEXT, "文本名称", "文本")
    assert web.web is not None
    assert (web.web.url, web.web.title) == ("http://www.test.com", "标题")
    assert mini.mini_program is not None
    assert mini.mini_program.appid == "wx8bd80126147df384"
    assert (mini.mini_program.page, mini.mini_program.title) == ("/index", "my miniprogram")
    rocky, tommy = detail.follows
    assert (rocky.userid, rocky.remark, rocky.description) == ("rocky", "李部长", "对接采购事务")
    assert (rocky.created_at, rocky.add_way, rocky.oper_userid) == (at(1_525_779_812), AddWay.QR_CODE, "rocky")
    assert (rocky.remark_company, rocky.remark_mobiles) == ("腾讯科技", ("13800000001", "13000000002"))
    assert [tag.type for tag in rocky.tags] == [TagType.CORP, TagType.PERSONAL, TagType.STRATEGY]
    assert {(tag.name, tag.group_name) for tag in rocky.tags} == {("标签名称", "标签分组名称")}
    assert rocky.marked_tag_ids == ("etAJ2GCAAAXtWyujaWJHDDGi0mACHAAA", "stAJ2GCAAAXtWyujaWJHDDGi0mACHAAA")
    assert (tommy.state, tommy.add_way) == ("外联二维码1", AddWay.CARD_SHARE)
    assert detail.next_cursor == "NEXT_CURSOR"
    assert detail.followed_by("tommy") is tommy
    assert detail.followed_by("nobody") is None


def test_customers_by_user() -> None:
    """批量获取客户详情 (92994), field by field."""
    page = calls.customers.list_by_user(["u"]).decode(official("externalcontact/batch/get_by_user.response"))
    first, second = page.items
    assert (first.external_userid, first.name, first.add_way) == (
        "woAJ2GCAAAXtWyujaWJHDDGi0mACHAAA",
        "李四",
        AddWay.QR_CODE,
    )
    assert first.follow.tag_ids == first.follow.marked_tag_ids == ("etAJ2GCAAAXtWyujaWJHDDGi0mACHAAA",)
    assert second.follow.created_at == at(1_525_881_637)
    assert second.follow.tag_ids == ("etAJ2GCAAAXtWyujaWJHDDGi0mACHAAA", "stJHDDGi0mAGi0mACHBBByujaW")
    assert second.follow.state == "外联二维码1"
    assert second.customer.external_profile is None
    assert page.next_cursor == "r9FqSqsI8fgNbHLHE5QoCP50UIg2cFQbfma3l2QsmwI"


def test_tags() -> None:
    """企业标签库 (92117), field by field."""
    (group,) = calls.tags.list().decode(official("externalcontact/get_corp_tag_list.response"))
    assert (group.group_id, group.group_name, group.order, group.deleted) == ("TAG_GROUPID1", "GOURP_NAME", 1, False)
    assert group.created_at == at(1_557_838_797)
    assert [(tag.id, tag.name, tag.order, tag.deleted) for tag in group.tags] == [
        ("TAG_ID1", "NAME1", 1, False),
        ("TAG_ID2", "NAME2", 2, True),
    ]
    assert group.tag_named("NAME1") == group.tags[0]
    assert group.tag_named("NAME2") is None, "a deleted tag is not there"
    made = calls.tags.create(["x"], group_name="g").decode(official("externalcontact/add_corp_tag.response"))
    assert [tag.id for tag in made.tags] == ["TAG_ID1", "TAG_ID2"]


def test_contact_way() -> None:
    """联系我 (92228), field by field."""
    way = calls.contact_ways.get("c").decode(official("externalcontact/get_contact_way.response"))
    assert (way.config_id, way.remark, way.state) == ("42b34949e138eb6e027c123cba77fAAA", "test remark", "teststate")
    assert (way.type, way.scene, way.style) == (ContactWayType.SINGLE, ContactWayScene.MINI_PROGRAM, 2)
    assert (way.skip_verify, way.is_temp, way.is_exclusive, way.mark_source) == (True, True, False, None)
    assert way.qr_code == "http://p.qpic.cn/wwhead/duc2TvpEgSdicZ9RrdUtBkv2UiaA/0"
    assert (way.users, way.parties) == (("zhangsan", "lisi", "wangwu"), (2, 3))
    assert (way.expires_in_seconds, way.chat_expires_in_seconds) == (86_400, 86_400)
    assert way.unionid == "oxTWIuGaIt6gTKsQRLau2M0AAAA"
    assert way.conclusions is not None
    assert way.conclusions.text == TEXT
    assert way.conclusions.image == ImageAttachment(pic_url="http://p.qpic.cn/pic_wework/XXXXX")
    assert way.conclusions.link == LINK
    assert way.conclusions.mini_program is not None
    assert way.conclusions.mini_program.page == "/path/index"
    made = calls.contact_ways.create(users=["u"]).decode(official("externalcontact/add_contact_way.response"))
    assert (made.config_id, made.qr_code) == (way.config_id, way.qr_code)
    page = calls.contact_ways.list().decode(official("externalcontact/list_contact_way.response"))
    assert [ref.config_id for ref in page.items] == [
        "534b63270045c9ABiKEE814ef56d91c62f",
        "87bBiKEE811c62f63270041c62f5c9A4ef",
    ]


def test_join_way() -> None:
    """客户群进群方式 (92229), field by field; its example has a scene that the manual does not list."""
    way = calls.join_ways.get("c").decode(official("externalcontact/groupchat/get_join_way.response"))
    assert (way.config_id, way.remark, way.state) == ("9ad7fa5cdaa6511298498f979c472aaa", "aa_remark", "klsdup3kj3s1")
    assert way.scene == 3
    assert way.scene.name == "UNKNOWN_3"
    assert (way.auto_create_room, way.room_base_name, way.room_base_id) == (True, "销售客服群", 10)
    assert way.chat_ids == ("wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa", "wrOgQhDgAALPUthpRAKvl7mgiQRw_aaa")
    assert way.qr_code.startswith("http://p.qpic.cn/wwhead/")
    assert way.mark_source is True
    made = calls.join_ways.create(chat_ids=["c"]).decode(official("externalcontact/groupchat/add_join_way.response"))
    assert made.config_id == way.config_id


def test_group() -> None:
    """客户群详情 (92122), field by field."""
    group = calls.groups.get("c").decode(official("externalcontact/groupchat/get.response"))
    assert (group.chat_id, group.name, group.owner) == ("wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA", "销售客服群", "ZhuShengBen")
    assert (group.created_at, group.notice) == (at(1_572_505_490), "文明沟通，拒绝脏话")
    abel, customer = group.members
    assert (abel.userid, abel.type, abel.joined_at) == ("abel", GroupMemberType.MEMBER, at(1_572_505_491))
    assert abel.join_scene is JoinScene.INVITED
    assert abel.invitor is not None
    assert (abel.invitor.userid, abel.group_nickname, abel.name) == ("jack", "客服小张", "张三丰")
    assert (customer.type, customer.unionid) == (GroupMemberType.CUSTOMER, "ozynqsulJFCZ2z1aYeS8h-nuasdAAA")
    assert customer.invitor is None
    assert [admin.userid for admin in group.admins] == ["sam", "pony"]
    page = calls.groups.list().decode(official("externalcontact/groupchat/list.response"))
    assert {ref.status for ref in page.items} == {GroupStatus.NORMAL}
    assert page.items[1].chat_id == "wrOgQhDgAAcwMTB7YmDkbeBsAAAA"


def test_mass_message() -> None:
    """企业群发 (92135, 93338), field by field."""
    made = calls.mass_messages.create(sender="u", text="x").decode(
        official("externalcontact/add_msg_template.response")
    )
    assert (made.msgid, made.fail_list) == ("msgGCAAAXtWyujaWJHDDGi0mAAAA", ("wmqfasd1e1927831123109rBAAAA",))
    (task,) = calls.mass_messages.iter_members("m").decode(official("externalcontact/get_groupmsg_task.response")).items
    assert (task.userid, task.sent_at) == ("zhangsan", at(1_552_536_375))
    assert task.status == 1, "the manual's own example has a status that its table does not list"
    assert task.status not in set(TaskStatus)
    results = calls.mass_messages.iter_results("m", userid="u")
    (result,) = results.decode(official("externalcontact/get_groupmsg_send_result.response")).items
    assert (result.external_userid, result.chat_id) == ("wmqfasd1e19278asdasAAAA", "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA")
    assert (result.userid, result.status, result.sent_at) == ("zhangsan", SendStatus.SENT, at(1_552_536_375))


def test_mass_message_list() -> None:
    """群发记录列表 (93338): the example writes "xxxx" for a time, which is refused with its place; the rest is read."""
    call = calls.mass_messages.list(start_at=NOW, end_at=NOW)
    raw = official("externalcontact/get_groupmsg_list_v2.response")
    with pytest.raises(DecodeError) as caught:
        call.decode(raw)
    assert caught.value.path.endswith("[0].create_time")
    raw["group_msg_list"][0]["create_time"] = 1_605_171_726
    (message,) = call.decode(raw).items
    assert (message.msgid, message.creator) == ("msgGCAAAXtWyujaWJHDDGi0mAAAA", "xxxx")
    assert (message.created_at, message.create_type) == (NOW, CreateType.PERSONAL)
    assert message.text == TEXT
    assert message.attachments == ATTACHMENTS
    assert _codec.encode(message) == raw["group_msg_list"][0]


def test_media_and_messages() -> None:
    """上传临时素材, 上传图片 (90253, 90256) and 发送应用消息 (90236), field by field."""
    media = calls.media.upload("image", b"picture", filename="a.png").decode(official("media/upload.response"))
    assert media.media_id == "1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0"
    assert (media.type, media.created_at) == (MediaKind.IMAGE, at(1_380_000_000))
    image = calls.media.upload_image(b"picture", filename="a.png").decode(official("media/uploadimg.response"))
    assert image.url.endswith("060/0")
    sent = calls.messages.send(TextMessage(content="x"), users=["u"]).decode(official("message/send.response"))
    assert (sent.msgid, sent.response_code) == ("xxxx", "xyzxyz")
    assert (sent.invalid_userids, sent.invalid_partyids) == (("userid1", "userid2"), ("partyid1", "partyid2"))
    assert (sent.invalid_tagids, sent.unlicensed_userids) == (("tagid1", "tagid2"), ("userid3", "userid4"))


def test_tickets() -> None:
    """JS-SDK 凭证 (90506), field by field; the secret stays out of a repr."""
    corp = calls.tokens.jsapi_ticket().decode(official("get_jsapi_ticket.response"))
    assert corp.ticket.startswith("bxLdikRXVbTPdHSM05e5u5sUoXNKd8-")
    assert (corp.expires_in_seconds, corp.extra) == (7200, {})
    own = calls.tokens.app_ticket().decode(official("ticket/get.response"))
    assert (own.ticket, own.expires_in_seconds, own.extra) == ("pIKi3wRPNWCGF-pyP-YU5KWjDDD", 7200, {})
    assert own.ticket not in repr(own)


@pytest.mark.parametrize(("name", "make"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_an_official_request_can_be_made(name: str, make: Make) -> None:
    """The method sends what the manual shows, to the path and with the HTTP method that the manual shows.

    Fields that no argument of ours sends are left out of the manual's example.
    """
    call = make()
    beyond = mapped("BEYOND_REACH").get(name, ())
    shown = {key: value for key, value in official(f"{name}.request").items() if key not in beyond}
    assert (call.query if call.body is None else call.body) == shown
    assert (call.method, call.path) == ("GET" if call.body is None else "POST", f"/cgi-bin/{name}")


def test_every_example_is_used() -> None:
    """No official example lies about unread, except the token's, which the client itself reads."""
    names = {path.relative_to(OFFICIAL).as_posix() for path in OFFICIAL.rglob("*.json")} - {"gettoken.response.json"}
    used = {f"{name}.response.json" for name, _ in [*RESPONSES, *NO_CONTENT]}
    used |= {f"{name}.request.json" for name, _ in REQUESTS} | {
        f"{name}.response.json" for name in mapped("READ_APART")
    }
    used |= {f"{name}.response.json" for name in listed("UNREADABLE")}
    assert names == used
