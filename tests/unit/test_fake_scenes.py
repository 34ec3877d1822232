"""Scenes that make no sense are refused with a reason, and odd but legal requests are answered."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.testing import FakeWeCom
from wecom_auto.testing._server import serving
from wecom_auto.testing._wire import RawReply, RawRequest


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with one member."""
    fake = FakeWeCom()
    fake.add_member("zhangsan", name="张三", department=5)
    return fake


def test_unknown_people_are_named(fake: FakeWeCom) -> None:
    """A scene with somebody who is not there says who, and how to bring them in."""
    one = fake.add_customer()
    with pytest.raises(LookupError, match="add_member"):
        fake.create_group("nobody", "群")
    with pytest.raises(LookupError, match="add_customer"):
        fake.customer("wmunknown")
    with pytest.raises(LookupError, match="no such member"):
        fake.member("nobody")
    with pytest.raises(LookupError, match="does not follow"):
        fake.chat(one, "zhangsan")
    with pytest.raises(LookupError, match="does not follow"):
        one.follow("zhangsan")


def test_unknown_things_are_named(fake: FakeWeCom) -> None:
    """A scene with a group or mass message that is not there says so."""
    with pytest.raises(LookupError, match="create_group"):
        fake.group("wrunknown")
    with pytest.raises(LookupError, match="no such mass message"):
        fake.mass_tasks("msgunknown")


def test_snapshots_show_the_world(fake: FakeWeCom) -> None:
    """Members, groups and customers can be looked at whole."""
    one = fake.add_customer(followed_by=["lisi", "zhangsan"])
    chat = fake.create_group("zhangsan", "群")
    assert fake.member("zhangsan").name == "张三"
    assert fake.member("zhangsan").customers == (one.external_userid,)
    assert one.follow("zhangsan").userid == "zhangsan"
    assert fake.groups() == (fake.group(chat),)
    assert fake.customers() == (fake.customer(one.external_userid),)


def test_joining_twice_is_joining_once(fake: FakeWeCom) -> None:
    """Somebody who is in a group already causes no event."""
    chat, one = fake.create_group("zhangsan", "群"), fake.add_customer()
    fake.join_group(chat, one)
    fake.join_group(chat, one)
    assert [event.name for event in fake.events] == ["change_external_chat.create", "change_external_chat.update"]


def test_a_known_customer_of_a_code_stays_with_their_member(fake: FakeWeCom) -> None:
    """Who scans a code for several again reaches the member they have."""
    fake.add_member("lisi")
    Raw(fake).customer("add_contact_way", type=2, scene=2, user=["zhangsan", "lisi"], state="s")
    one = fake.scan("s")
    assert fake.scan("s", customer=one) == one
    assert len(fake.events) == 1


def test_departments_stand_behind_codes(fake: FakeWeCom) -> None:
    """A code of a department reaches its members."""
    Raw(fake).customer("add_contact_way", type=2, scene=2, party=[5], state="s")
    assert fake.scan("s").follows[0].userid == "zhangsan"


def test_someone_who_left_can_come_back(fake: FakeWeCom) -> None:
    """A member who returns has the right again, and none of the old customers."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.leave("zhangsan")
    fake.add_member("zhangsan")
    assert fake.member("zhangsan").active
    assert fake.member("zhangsan").customers == ()
    assert fake.customer(one).follows == ()


def test_staff_can_forget_everything(fake: FakeWeCom) -> None:
    """Without a msgid all that waits is forgotten; without any tap nothing is sent."""
    fake.add_customer(followed_by="zhangsan")
    Raw(fake).customer("add_msg_template", sender="zhangsan", text={"content": "x"})
    fake.forget("zhangsan")
    assert fake.tap("zhangsan") == ()
    fake.forget("zhangsan", "msgother")
    assert len(fake.pending("zhangsan")) == 1


def test_staff_can_take_a_tag_away(fake: FakeWeCom) -> None:
    """Tags set by hand can be taken by hand, by snapshot or by id; notes and numbers can be changed."""
    one, tag = fake.add_customer(followed_by="zhangsan"), fake.add_tag("意向", "高")
    fake.staff_marks_tag("zhangsan", one, add=[tag])
    fake.staff_marks_tag("zhangsan", one, remove=[tag.id])
    fake.staff_remarks("zhangsan", one, description="看X5", mobiles=["1"])
    assert fake.customer(one).tags_by("zhangsan") == []
    assert fake.customer(one).follow("zhangsan").description == "看X5"


def test_the_dials_can_be_read(fake: FakeWeCom) -> None:
    """Limits and settings in force are open to look at."""
    assert fake.limits.tags == 10_000
    assert fake.settings.token_seconds == 7_200


def test_a_post_without_a_body_is_an_empty_one(fake: FakeWeCom) -> None:
    """A missing body counts as no fields, so that required ones answer for themselves."""
    raw = Raw(fake)
    query = {"access_token": raw.token}
    assert code(raw.http.post("externalcontact/get_corp_tag_list", params=query).json()) == 0
    assert code(raw.http.post("externalcontact/mark_tag", params=query).json()) == 41009


def test_wrong_types_are_refused(fake: FakeWeCom) -> None:
    """An object and a flag must be what the manual says."""
    raw = Raw(fake)
    assert code(raw.customer("groupchat/list", limit=1, owner_filter="zhangsan")) == 40058
    assert code(raw.customer("add_msg_template", sender="zhangsan", text={"content": "x"}, allow_select=1)) == 40058


def test_a_company_in_the_remark_is_read_under_another_name(fake: FakeWeCom) -> None:
    """What is written as remark_company is read as remark_corp_name."""
    one, raw = fake.add_customer(followed_by="zhangsan"), Raw(fake)
    raw.customer("remark", userid="zhangsan", external_userid=one.external_userid, remark_company="腾讯")
    (follow,) = raw.get("externalcontact/get", external_userid=one.external_userid)["follow_user"]
    assert follow["remark_corp_name"] == "腾讯"


def test_tags_go_into_a_group_by_id(fake: FakeWeCom) -> None:
    """A group's id wins over a name."""
    tag, raw = fake.add_tag("意向", "高"), Raw(fake)
    made = raw.customer("add_corp_tag", group_id=tag.group_id, group_name="other", tag=[{"name": "低"}])
    assert made["tag_group"]["group_name"] == "意向"


def test_lists_of_the_other_chat_type_stay_apart(fake: FakeWeCom) -> None:
    """A list of group messages shows no single ones."""
    fake.add_customer(followed_by="zhangsan")
    raw, now = Raw(fake), int(fake.clock.time())
    raw.customer("add_msg_template", sender="zhangsan", text={"content": "x"})
    ask = {"start_time": now, "end_time": now}
    assert raw.customer("get_groupmsg_list_v2", chat_type="group", **ask)["group_msg_list"] == []


def test_messages_of_an_hour_ago_do_not_count(fake: FakeWeCom) -> None:
    """The member's hourly limit forgets what is older than an hour."""
    raw = Raw(fake)
    body = {"touser": "zhangsan", "msgtype": "text", "agentid": fake.agent_id}
    raw.post("message/send", **body, text={"content": "1"})
    fake.clock.advance(hours=1)
    raw.post("message/send", **body, text={"content": "2"})
    assert len(fake.messages_to("zhangsan")) == 2


def test_a_function_has_no_url_to_verify(fake: FakeWeCom) -> None:
    """A handler in place of a URL cannot be verified, and is told so."""
    check = fake.verify_url(lambda _query, _body: 200, "t", "k" * 43)  # type: ignore[arg-type]
    assert not check.ok


def test_a_form_without_file_has_none() -> None:
    """A JSON body is no form, and a form without filename has no file."""
    from wecom_auto.testing._multipart import first_file

    assert first_file("application/json", b"{}") is None
    assert (
        first_file(
            "multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--'
        )
        is None
    )


def test_a_broken_handler_is_seen(fake: FakeWeCom, capfd: pytest.CaptureFixture[str]) -> None:
    """A mistake of the fake itself is printed and not swallowed."""

    def broken(raw: RawRequest, /) -> RawReply:
        raise RuntimeError(raw.path)

    with serving(fake._core, broken, port=0, latency=0.0) as url, pytest.raises(OSError, match=r".*"):
        urllib.request.urlopen(url + "/cgi-bin/gettoken", timeout=5)  # noqa: S310 - our own loopback
    assert "RuntimeError" in capfd.readouterr().err


def test_a_clock_can_sleep(fake: FakeWeCom) -> None:
    """Sleeping on the virtual clock moves it, for those who await too."""
    import anyio

    before = fake.clock.time()
    fake.clock.sleep(2)
    anyio.run(fake.clock.sleep_async, 3)
    assert fake.clock.time() == before + 5
    assert "2026" in repr(fake.clock)
