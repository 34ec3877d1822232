"""Official answers of group welcomes, conversions of ids, schools and served contacts, field by field."""

from __future__ import annotations

import pickle

import pytest
from tests.chapters._shared import LINK, TEXT, at, calls
from tests.unit._models import official

from wecom_auto import _codec
from wecom_auto.errors import DecodeError
from wecom_auto.models import (
    FileAttachment,
    GroupWelcome,
    ImageAttachment,
    MiniProgramMessage,
    Mobile,
    SentNotice,
    SubscribeMode,
    UpgradedId,
    VideoAttachment,
)


def test_group_welcome() -> None:
    """入群欢迎语素材 (92366), field by field."""
    made = calls.group_welcomes.create(text="x").decode(official("externalcontact/group_welcome_template/add.response"))
    assert made == "msgXXXXXX"
    welcome = calls.group_welcomes.get("t").decode(official("externalcontact/group_welcome_template/get.response"))
    assert (welcome.text, welcome.link) == (TEXT, LINK)
    assert welcome.image == ImageAttachment(pic_url="http://p.qpic.cn/pic_wework/XXXXX")
    assert welcome.mini_program is not None
    assert (welcome.mini_program.appid, welcome.mini_program.page) == ("wx8bd80126147df384", "/path/index")
    assert (welcome.mini_program.title, welcome.mini_program.pic_media_id) == ("消息标题", "MEDIA_ID")
    assert welcome.file == FileAttachment(media_id="1Yv-zXfHjSjU-7LH-GwtYqDGS-zz6w22KmWAT5COgP7o")
    assert welcome.video == VideoAttachment(media_id="MEDIA_ID")
    assert welcome.agentid == 0
    assert welcome.attachment == welcome.image, "the platform's order of priority"


def test_a_group_welcome_without_attachment_has_none() -> None:
    """A template may be a text and nothing else; one that holds a video shows it."""
    assert GroupWelcome(text=TEXT).attachment is None
    assert GroupWelcome(video=VideoAttachment(media_id="m")).attachment == VideoAttachment(media_id="m")


def test_a_template_can_be_said_again() -> None:
    """What `get` answered goes into `edit` as it is."""
    welcome = GroupWelcome(text=TEXT, link=LINK)
    assert welcome.attachment is not None
    call = calls.group_welcomes.edit("t", text=welcome.text or "", attachments=[welcome.attachment])
    assert call.body == {"template_id": "t", **_codec.encode_object(welcome)}
    call.check()


def test_ids() -> None:
    """ID 转换 (92323, 94822, 95195, 95327, 95884), field by field."""
    assert calls.ids.to_openid("wm").decode(official("externalcontact/convert_to_openid.response")) == "ooAAAAAAAAAAA"
    assert calls.ids.to_chat_id("o").decode(official("externalcontact/opengid_to_chatid.response")) == "ooAAAAAAAAAAA"
    name = "externalcontact/from_service_external_userid.response"
    assert calls.ids.from_service("wm", source_agentid=1).decode(official(name)) == "xxx"
    name = "externalcontact/to_service_external_userid.response"
    assert calls.ids.to_service("wm").decode(official(name)) == "ooAAAAAAAAAAA"
    pairs = (
        UpgradedId(external_userid="xxxxx", new_external_userid="AAAA"),
        UpgradedId(external_userid="yyyyy", new_external_userid="BBBB"),
    )
    assert calls.ids.upgrade(["wm"]).decode(official("externalcontact/get_new_external_userid.response")) == pairs
    name = "externalcontact/groupchat/get_new_external_userid.response"
    assert calls.ids.upgrade_in_group("wr", ["wm"]).decode(official(name)) == pairs


def test_a_unionid_may_find_nobody() -> None:
    """外部联系人unionid转换 (93274): its example has no id, which is None; an id is read, anything else refused."""
    call = calls.ids.from_unionid("o")
    assert call.decode(official("externalcontact/unionid_to_external_userid.response")) is None
    assert call.decode({"external_userid": "wmX"}) == "wmX"
    with pytest.raises(DecodeError) as caught:
        call.decode({"external_userid": 5})
    assert caught.value.path == "external_userid"


def test_served_contacts() -> None:
    """已服务的外部联系人 (99434), field by field."""
    page = calls.customers.list_served().decode(official("externalcontact/contact_list.response"))
    group, friend, member, other = page.items
    assert (group.is_customer, group.name, group.chat_name, group.chat_id) == (False, "***开", "外联群1", "")
    assert (friend.is_customer, friend.external_userid, friend.name) == (True, "woAJ2GCAAAXtWyujaWJHDDGi0mACHAAA", "")
    assert (friend.tmp_openid, friend.userid, friend.added_at) == ("TMP_ID", "USER_ID", at(1_694_418_699))
    assert (member.chat_id, member.userid) == ("CHATID", "")
    assert (other.external_userid, other.userid, other.chat_name) == ("", "USER_ID", "")
    assert page.next_cursor == "NEXT_CURSOR"


def test_school() -> None:
    """家校沟通 (91609, 92318, 92320, 92506), field by field."""
    assert (
        calls.school.get_subscribe_mode().decode(official("externalcontact/get_subscribe_mode.response"))
        is SubscribeMode.SCAN
    )
    codes = calls.school.get_qr_codes().decode(official("externalcontact/get_subscribe_qr_code.response"))
    assert codes.big == codes.middle == codes.thumb == "http://p.qpic.cn/wwhead/XXXX"
    sent = calls.school.send(MiniProgramMessage(appid="wx", page="p"), to_all=True).decode(
        official("externalcontact/message/send.response")
    )
    assert (sent.invalid_parents, sent.invalid_students) == (("parent_userid1",), ("student_userid1",))
    assert (sent.invalid_parties, sent.invalid_external_userids) == (("party1",), ())
    assert not sent.complete
    matches = calls.school.find_by_mobile(["1"]).decode(official("externalcontact/batch_to_external_userid.response"))
    (found,), (failed,) = matches.found, matches.failed
    assert (found.mobile, found.external_userid, found.foreign_key) == ("18900000000", "aaabbbcccc", "zhangsan")
    assert (failed.errcode, failed.errmsg, failed.mobile) == (60136, "record not found", "10000000001")
    assert matches.external_userid_of("18900000000") == "aaabbbcccc"
    assert matches.external_userid_of("10000000001") is None


def test_departments_are_numbers_or_texts() -> None:
    """A list of ids is read as it comes, and anything else in it is refused with its place."""
    sent = _codec.decode(SentNotice, {"invalid_party": [7, "party1"]})
    assert sent.invalid_parties == (7, "party1")
    assert _codec.encode(sent) == {"invalid_party": [7, "party1"]}
    for strange in (1.5, True, [], {}):
        with pytest.raises(DecodeError) as caught:
            _codec.decode(SentNotice, {"invalid_party": [7, strange]})
        assert caught.value.path == "invalid_party[1]"


def test_a_notice_that_reached_everybody_is_complete() -> None:
    """No list of invalid receivers means that everybody who was named got it."""
    assert SentNotice().complete
    assert not SentNotice(invalid_external_userids=("wm",)).complete


def test_a_mobile_number_hides_itself() -> None:
    """The repr says nothing, and everything else is the text that it was made of."""
    mobile = Mobile("13800000001")
    assert "138" not in repr(mobile)
    assert (mobile, str(mobile), f"{mobile}") == ("13800000001",) * 3
    assert pickle.loads(pickle.dumps(mobile)) == mobile  # noqa: S301  # our own bytes
    assert hash(mobile) == hash("13800000001")
    call = calls.school.find_by_mobile([mobile])
    assert call.body == {"mobiles": ["13800000001"]}
    assert "138" not in repr(call)
    row = official("externalcontact/batch_to_external_userid.response")
    assert "18900000000" not in repr(calls.school.find_by_mobile(["1"]).decode(row))
