"""Mass messages, welcome messages, media and application messages of the fake."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from tests.unit.test_fake_support import PNG, Raw, code

from wecom_auto.testing import FakeWeCom, Limits, RateRule, Settings

TEXT = {"text": {"content": "您好"}}


@pytest.fixture
def fake() -> FakeWeCom:
    """Give an empty corp."""
    return FakeWeCom()


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of a corp with staff."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    return Raw(fake)


def _send(raw: Raw, **fields: object) -> dict:
    return raw.customer("add_msg_template", **(TEXT | fields))


def _results(raw: Raw, msgid: str, userid: str = "zhangsan") -> list[dict]:
    return raw.customer("get_groupmsg_send_result", msgid=msgid, userid=userid)["send_list"]


def test_nothing_is_sent_before_the_member_taps(fake: FakeWeCom, raw: Raw) -> None:
    """A mass message waits with status 0; the tap makes the task 2 and the customer 1, with times."""
    one = fake.add_customer(followed_by="zhangsan").external_userid
    made = _send(raw, external_userid=[one], sender="zhangsan")
    assert made["fail_list"] == []
    ask = {"msgid": made["msgid"]}
    assert raw.customer("get_groupmsg_task", **ask)["task_list"] == [{"userid": "zhangsan", "status": 0}]
    assert _results(raw, made["msgid"]) == [{"external_userid": one, "userid": "zhangsan", "status": 0}]
    fake.clock.advance(minutes=5)
    fake.tap("zhangsan")
    now = int(fake.clock.time())
    task = {"userid": "zhangsan", "status": 2, "send_time": now}
    assert raw.customer("get_groupmsg_task", **ask)["task_list"] == [task]
    (result,) = _results(raw, made["msgid"])
    assert (result["status"], result["send_time"]) == (1, now)


def test_without_sender_the_last_chat_decides(fake: FakeWeCom, raw: Raw) -> None:
    """Each customer's task goes to the member who chatted last; one who never chatted, to who came last."""
    chatted = fake.add_customer(followed_by=["zhangsan", "lisi"])
    silent = fake.add_customer(followed_by=["lisi", "zhangsan"])
    fake.chat(chatted, "lisi")
    fake.clock.advance(minutes=1)
    fake.chat(chatted, "zhangsan")
    made = _send(raw, external_userid=[chatted.external_userid, silent.external_userid])
    (task,) = fake.mass_tasks(made["msgid"])
    assert task.userid == "zhangsan"
    assert len(task.recipients) == 2


def test_the_named_sender_sends_to_their_own_customers_only(fake: FakeWeCom, raw: Raw) -> None:
    """Strangers, unfriended and unknown customers come back in fail_list."""
    mine, foreign, gone = (fake.add_customer(followed_by=who) for who in ("zhangsan", "lisi", "zhangsan"))
    fake.unfriend(gone, "zhangsan")
    listed = [mine.external_userid, foreign.external_userid, gone.external_userid, "wmunknown"]
    made = _send(raw, external_userid=listed, sender="zhangsan")
    assert made["fail_list"] == listed[1:]
    assert [one.target for one in fake.mass_tasks(made["msgid"])[0].recipients] == listed[:1]


def test_a_message_for_nobody_answers_41048(fake: FakeWeCom, raw: Raw) -> None:
    """41048 when nobody is left to send to."""
    assert code(_send(raw, external_userid=["wmunknown"], sender="zhangsan")) == 41048
    assert code(_send(raw, sender="zhangsan")) == 41048


def test_a_sender_alone_means_all_their_customers(fake: FakeWeCom, raw: Raw) -> None:
    """Without list and filter the sender's customers are meant, without a fail_list."""
    for who in ("zhangsan", "zhangsan", "lisi"):
        fake.add_customer(followed_by=who)
    made = _send(raw, sender="zhangsan")
    assert made["fail_list"] == []
    assert len(fake.mass_tasks(made["msgid"])[0].recipients) == 2


def test_tag_filters_are_or_inside_and_and_between(fake: FakeWeCom, raw: Raw) -> None:
    """Tags of one entry are alternatives, entries must all fit; a list of customers switches the filter off."""
    high, low, bj = fake.add_tag("意向", "高"), fake.add_tag("意向", "低"), fake.add_tag("城市", "北京")
    people = [fake.add_customer(followed_by="zhangsan") for _ in range(3)]
    for one, tags in zip(people, ([high, bj], [low, bj], [high]), strict=True):
        fake.staff_marks_tag("zhangsan", one, add=tags)
    wanted = {"group_list": [{"tag_list": [high.id, low.id]}, {"tag_list": [bj.id]}]}
    made = _send(raw, tag_filter=wanted)
    found = {one.target for one in fake.mass_tasks(made["msgid"])[0].recipients}
    assert found == {people[0].external_userid, people[1].external_userid}
    listed = _send(raw, tag_filter=wanted, external_userid=[people[2].external_userid])
    assert listed["fail_list"] == []
    assert code(_send(raw, tag_filter={"group_list": [{"tag_list": ["etunknown"]}]})) == 40068


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({}, 40063),
        ({"chat_type": "other", "sender": "zhangsan"}, 40058),
        ({"sender": "nobody"}, 60111),
        ({"external_userid": ["w"] * 10_001}, 40058),
        ({"chat_type": "group"}, 40063),
        ({"chat_type": "group", "sender": "zhangsan", "chat_id_list": ["w"] * 2001}, 40058),
        ({"sender": "zhangsan", "tag_filter": {"group_list": [{"tag_list": ["e"] * 101}]}}, 40058),
        ({"sender": "zhangsan", "text": {"content": "长" * 1334}}, 45002),
        ({"sender": "zhangsan", "text": {"content": ""}}, 44004),
        ({"sender": "zhangsan", "text": {}}, 40063),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "image", "image": {"pic_url": "x"}}] * 10}, 41064),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "voice"}]}, 41065),
        ({"sender": "zhangsan", "attachments": [{"image": {"pic_url": "x"}}]}, 41065),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "image"}]}, 40063),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "image", "image": {}}]}, 40063),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "image", "image": {"media_id": "x"}}]}, 40007),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "image", "image": {"pic_url": "http://x"}}]}, 40094),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "link", "link": {"title": "t"}}]}, 40063),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "link", "link": {"title": "t" * 129, "url": "u"}}]}, 40058),
        ({"sender": "zhangsan", "attachments": [{"msgtype": "video", "video": {"media_id": "x"}}]}, 40007),
    ],
)
def test_add_msg_template_refuses(fake: FakeWeCom, raw: Raw, fields: dict, errcode: int) -> None:
    """Each limit of a mass message has its code, and a refused one leaves no task."""
    fake.add_customer(followed_by="zhangsan")
    assert code(_send(raw, **fields)) == errcode
    assert fake.mass_messages() == ()


def test_attachments_come_back_in_the_list(fake: FakeWeCom, raw: Raw) -> None:
    """The list shows text and attachments; a media_id wins over a pic_url, and an API message has no creator."""
    fake.add_customer(followed_by="zhangsan")
    media = raw.upload("image", PNG)["media_id"]
    parts = [
        {"msgtype": "image", "image": {"media_id": media, "pic_url": "http://x"}},
        {"msgtype": "miniprogram", "miniprogram": {"appid": "wx1", "page": "/p", "title": "t", "pic_media_id": media}},
        {"msgtype": "link", "link": {"title": "t", "url": "https://e.com"}},
    ]
    made = _send(raw, sender="zhangsan", attachments=parts)
    now = int(fake.clock.time())
    (row,) = raw.customer("get_groupmsg_list_v2", chat_type="single", start_time=now, end_time=now)["group_msg_list"]
    assert row["msgid"] == made["msgid"]
    assert row["attachments"] == [{"msgtype": "image", "image": {"media_id": media}}, *parts[1:]]
    assert "creator" not in row
    parts[1]["miniprogram"]["appid"] = "not-an-appid"
    assert code(_send(raw, sender="zhangsan", attachments=parts)) == 90207


def test_media_die_after_three_days(fake: FakeWeCom, raw: Raw) -> None:
    """A media_id of three days ago answers 40007."""
    fake.add_customer(followed_by="zhangsan")
    media = raw.upload("image", PNG)["media_id"]
    part = {"msgtype": "image", "image": {"media_id": media}}
    assert code(_send(raw, sender="zhangsan", attachments=[part])) == 0
    fake.clock.advance(days=3)
    raw.renew()
    assert code(_send(raw, sender="zhangsan", attachments=[part])) == 40007


def test_a_tap_finds_friends_lost_meanwhile(fake: FakeWeCom, raw: Raw) -> None:
    """Who unfriends or is deleted between creation and tap gets status 2."""
    people = [fake.add_customer(followed_by="zhangsan") for _ in range(3)]
    msgid = _send(raw, sender="zhangsan")["msgid"]
    fake.unfriend(people[0], "zhangsan")
    fake.delete_customer("zhangsan", people[1])
    fake.tap("zhangsan", msgid)
    assert [row["status"] for row in _results(raw, msgid)] == [2, 2, 1]


@pytest.mark.parametrize(
    ("rule", "most", "later"),
    [("month", 31, timedelta(days=30)), ("week", 7, timedelta(days=7)), ("day", 1, timedelta(days=1))],
)
def test_a_customer_gets_so_many_messages(rule: str, most: int, later: timedelta) -> None:
    """Above the quota of March's 31 days, 7 a week or 1 a day the result is 3; the next period starts anew."""
    fake = FakeWeCom(settings=Settings(quota=rule))
    one = fake.add_customer(followed_by="zhangsan")
    for _ in range(most):
        fake.member_mass_send("zhangsan", "x")
    assert fake.customer(one).mass_messages == most
    raw = Raw(fake)
    assert fake.member_mass_send("zhangsan", "x").recipients[0].status == 3
    msgid = _send(raw, sender="zhangsan")["msgid"]
    fake.tap("zhangsan")
    assert _results(raw, msgid)[0]["status"] == 3
    fake.clock.advance(later)
    assert fake.member_mass_send("zhangsan", "x").recipients[0].status == 1


def test_a_member_s_own_message_is_listed_as_theirs(fake: FakeWeCom, raw: Raw) -> None:
    """create_type 1 names its creator; filter_type and creator pick."""
    fake.add_customer(followed_by="zhangsan")
    own = fake.member_mass_send("zhangsan", "亲")
    corp = _send(raw, sender="zhangsan")["msgid"]
    now = int(fake.clock.time())

    def listed(**more: object) -> list[str]:
        answer = raw.customer("get_groupmsg_list_v2", chat_type="single", start_time=now - 9, end_time=now, **more)
        return [row["msgid"] for row in answer["group_msg_list"]]

    assert listed() == listed(filter_type=2) == [own.msgid, corp]
    assert listed(filter_type=0) == [corp]
    assert listed(filter_type=1) == listed(creator="zhangsan") == [own.msgid]


def test_the_list_lags_if_told_to(fake: FakeWeCom, raw: Raw) -> None:
    """With a lag a fresh message is not listed, which is what reconciliation must survive."""
    fake.settings = Settings(list_lag=timedelta(seconds=20))
    fake.add_customer(followed_by="zhangsan")
    _send(raw, sender="zhangsan")
    start = int(fake.clock.time())
    ask = {"chat_type": "single", "start_time": start, "end_time": start + 60}
    assert raw.customer("get_groupmsg_list_v2", **ask)["group_msg_list"] == []
    fake.clock.advance(seconds=20)
    assert len(raw.customer("get_groupmsg_list_v2", **ask)["group_msg_list"]) == 1


def test_a_fresh_message_is_being_dispatched_if_told_to(fake: FakeWeCom, raw: Raw) -> None:
    """41063 for tasks and results until the dispatch lag is over."""
    fake.settings = Settings(dispatch_lag=timedelta(seconds=5))
    fake.add_customer(followed_by="zhangsan")
    msgid = _send(raw, sender="zhangsan")["msgid"]
    assert code(raw.customer("get_groupmsg_task", msgid=msgid)) == 41063
    assert code(raw.customer("get_groupmsg_send_result", msgid=msgid, userid="zhangsan")) == 41063
    fake.clock.advance(seconds=5)
    assert code(raw.customer("get_groupmsg_task", msgid=msgid)) == 0


def test_the_list_covers_a_month_at_most(raw: Raw) -> None:
    """More than 31 days, or an end before the start, answers 40058."""
    ask = {"chat_type": "single", "start_time": 0}
    assert code(raw.customer("get_groupmsg_list_v2", **ask, end_time=31 * 86_400)) == 0
    assert code(raw.customer("get_groupmsg_list_v2", **ask, end_time=31 * 86_400 + 1)) == 40058
    assert code(raw.customer("get_groupmsg_list_v2", **ask, end_time=-1)) == 40058


def test_large_limits_fall_back_to_the_default(fake: FakeWeCom, raw: Raw) -> None:
    """Mass-message lists answer 50 rows to a limit above 100, and results 500 to one above 1000."""
    for _ in range(501):
        fake.add_customer(followed_by="zhangsan")
    for _ in range(51):
        msgid = _send(raw, sender="zhangsan")["msgid"]
    now = int(fake.clock.time())
    ask = {"chat_type": "single", "start_time": now, "end_time": now}
    assert len(raw.customer("get_groupmsg_list_v2", **ask, limit=101)["group_msg_list"]) == 50
    assert len(raw.customer("get_groupmsg_list_v2", **ask, limit=100)["group_msg_list"]) == 51
    result = raw.customer("get_groupmsg_send_result", msgid=msgid, userid="zhangsan", limit=1001)
    assert len(result["send_list"]) == 500
    assert len(raw.customer("get_groupmsg_send_result", msgid=msgid, userid="zhangsan", limit=1000)["send_list"]) == 501


@pytest.mark.parametrize(
    "call", ["get_groupmsg_task", "get_groupmsg_send_result", "remind_groupmsg_send", "cancel_groupmsg_send"]
)
def test_unknown_mass_messages(raw: Raw, call: str) -> None:
    """41046 without, 41047 with an unknown msgid."""
    more = {"userid": "zhangsan"} if call == "get_groupmsg_send_result" else {}
    assert code(raw.customer(call, **more)) == 41046
    assert code(raw.customer(call, msgid="msgx", **more)) == 41047


def test_three_reminders_in_24_hours(fake: FakeWeCom, raw: Raw) -> None:
    """The fourth answers 41094 until the first is a day old."""
    fake.add_customer(followed_by="zhangsan")
    msgid = _send(raw, sender="zhangsan")["msgid"]
    assert [code(raw.customer("remind_groupmsg_send", msgid=msgid)) for _ in range(4)] == [0, 0, 0, 41094]
    fake.clock.advance(days=1)
    raw.renew()
    assert code(raw.customer("remind_groupmsg_send", msgid=msgid)) == 0


def test_a_cancelled_message_cannot_be_tapped(fake: FakeWeCom, raw: Raw) -> None:
    """Cancelling stops what is unconfirmed; twice answers 41093, as does reminding."""
    fake.add_customer(followed_by="zhangsan")
    msgid = _send(raw, sender="zhangsan")["msgid"]
    assert code(raw.customer("cancel_groupmsg_send", msgid=msgid)) == 0
    assert code(raw.customer("cancel_groupmsg_send", msgid=msgid)) == 41093
    assert code(raw.customer("remind_groupmsg_send", msgid=msgid)) == 41093
    assert fake.tap("zhangsan") == ()
    with pytest.raises(LookupError, match="cancelled"):
        fake.tap("zhangsan", msgid)
    assert _results(raw, msgid)[0]["status"] == 0


def test_forgotten_messages_wait_for_a_named_tap(fake: FakeWeCom, raw: Raw) -> None:
    """A forgotten task is passed over by a general tap and sent by a tap with its msgid."""
    fake.add_customer(followed_by="zhangsan")
    msgid = _send(raw, sender="zhangsan")["msgid"]
    fake.forget("zhangsan", msgid)
    assert fake.tap("zhangsan") == ()
    assert fake.pending("zhangsan")[0].forgotten
    assert fake.tap("zhangsan", msgid)[0].done
    assert fake.pending("zhangsan") == ()


def test_unticked_customers_get_nothing(fake: FakeWeCom, raw: Raw) -> None:
    """With allow_select the member may untick customers; they keep status 0."""
    one, two = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    msgid = _send(raw, sender="zhangsan", allow_select=True)["msgid"]
    fake.tap("zhangsan", msgid, only=[two])
    assert [row["status"] for row in _results(raw, msgid)] == [0, 1]
    assert fake.customer(one).mass_messages == 0


def test_who_leaves_sends_no_more(fake: FakeWeCom, raw: Raw) -> None:
    """A resigned member's tasks stay unsent for ever."""
    fake.add_customer(followed_by="zhangsan")
    msgid = _send(raw, sender="zhangsan")["msgid"]
    fake.leave("zhangsan")
    with pytest.raises(LookupError, match="no such active member"):
        fake.tap("zhangsan")
    assert raw.customer("get_groupmsg_task", msgid=msgid)["task_list"] == [{"userid": "zhangsan", "status": 0}]
    assert code(raw.customer("get_groupmsg_send_result", msgid=msgid, userid="lisi")) == 60111


def test_group_messages_go_to_owners_only(fake: FakeWeCom, raw: Raw) -> None:
    """Groups of others fail; results list what was sent and nothing that waits."""
    mine, foreign = fake.create_group("zhangsan", "a").chat_id, fake.create_group("lisi", "b").chat_id
    made = _send(raw, chat_type="group", sender="zhangsan", chat_id_list=[mine, foreign])
    assert made["fail_list"] == [foreign]
    assert _results(raw, made["msgid"]) == []
    fake.tap("zhangsan")
    (row,) = _results(raw, made["msgid"])
    assert (row["chat_id"], row["status"]) == (mine, 1)
    assert "external_userid" not in row


def test_a_group_dissolved_meanwhile_is_not_listed(fake: FakeWeCom, raw: Raw) -> None:
    """A dissolved group gets nothing."""
    chat = fake.create_group("zhangsan", "a")
    msgid = _send(raw, chat_type="group", sender="zhangsan")["msgid"]
    fake.dismiss_group(chat)
    fake.tap("zhangsan")
    assert _results(raw, msgid) == []


# Welcome


def _welcome_code(fake: FakeWeCom, raw: Raw, **way: object) -> str:
    fields = {"type": 1, "scene": 2, "user": ["zhangsan"], "state": "s"} | way
    raw.customer("add_contact_way", **fields)
    fake.scan("s")
    return fake.events[-1].welcome_code


def test_a_welcome_works_once_within_20_seconds(fake: FakeWeCom, raw: Raw) -> None:
    """At the 20th second it works, afterwards 41051 says that it was sent."""
    key = _welcome_code(fake, raw)
    fake.clock.advance(seconds=20)
    assert code(raw.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 0
    assert code(raw.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 41051


def test_a_late_welcome_answers_41050(fake: FakeWeCom, raw: Raw) -> None:
    """After 20 seconds, as for an invented code, 41050; without one 41049."""
    key = _welcome_code(fake, raw)
    fake.clock.advance(seconds=21)
    assert code(raw.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 41050
    assert code(raw.customer("send_welcome_msg", welcome_code="x", **TEXT)) == 41050
    assert code(raw.customer("send_welcome_msg", **TEXT)) == 41049


def test_no_welcome_after_the_first_word(fake: FakeWeCom, raw: Raw) -> None:
    """41051 once member and customer are chatting."""
    key = _welcome_code(fake, raw)
    (one,) = fake.customers()
    fake.chat(one, "zhangsan")
    assert code(raw.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 41051


def test_the_second_app_waits_and_then_learns(fake: FakeWeCom, raw: Raw) -> None:
    """41096 while another app's welcome is on its way, 41051 when it has arrived."""
    fake.settings = Settings(welcome_lag=timedelta(seconds=3))
    key = _welcome_code(fake, raw)
    fake.add_app("other", "s2", agent_id=7)
    other = Raw(fake, "s2")
    assert code(raw.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 0
    assert code(other.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 41096
    fake.clock.advance(seconds=3)
    assert code(other.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 41051


def test_a_refused_welcome_can_be_repeated(fake: FakeWeCom, raw: Raw) -> None:
    """Wrong content does not use the code up."""
    key = _welcome_code(fake, raw)
    assert code(raw.customer("send_welcome_msg", welcome_code=key)) == 40063
    assert code(raw.customer("send_welcome_msg", welcome_code=key, **TEXT)) == 0


def test_the_console_s_welcome_leaves_no_code(fake: FakeWeCom, raw: Raw) -> None:
    """A member whom the console greets for gets events without a code."""
    fake.add_member("zhangsan", console_welcome=True)
    assert _welcome_code(fake, raw) == ""


@pytest.mark.parametrize("used", [True, False])
def test_a_half_added_customer_has_one_welcome(fake: FakeWeCom, raw: Raw, used: bool) -> None:
    """The half event brings a code; the full event brings another only if the first was not used."""
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s")
    one = fake.scan("s", half=True)
    first = fake.events[-1]
    assert first.name == "change_external_contact.add_half_external_contact"
    if used:
        assert code(raw.customer("send_welcome_msg", welcome_code=first.welcome_code, **TEXT)) == 0
    fake.accept("zhangsan", one)
    assert bool(fake.events[-1].welcome_code) is not used


# Media


def test_uploads_are_real_multipart(fake: FakeWeCom, raw: Raw) -> None:
    """The bytes arrive whole, whatever they are; the time is a string, as on the platform."""
    noise = random.Random(1).randbytes(5000)
    data = PNG + noise + b"\r\n--\r\n\r"
    answer = raw.upload("image", data, "车.png")
    assert answer["created_at"] == str(int(fake.clock.time()))
    (media,) = fake.state()["media"].values()
    assert (media["size"], media["filename"]) == (len(data), "车.png")


@pytest.mark.parametrize(
    ("kind", "data", "errcode"),
    [
        ("image", PNG, 0),
        ("image", b"\xff\xd8\xff" + b"0" * 9, 0),
        ("file", b"123456", 0),
        ("file", b"12345", 44001),
        ("file", b"", 44001),
        ("picture", PNG, 40004),
        ("image", b"GIF89a....", 40123),
        ("image", PNG + b"0" * 10 * 2**20, 40009),
        ("voice", b"#!AMR" + b"0" * 2 * 2**20, 45001),
        ("video", b"0" * (10 * 2**20 + 1), 40011),
    ],
)
def test_media_limits(raw: Raw, kind: str, data: bytes, errcode: int) -> None:
    """Kinds, formats and sizes are held against the manual."""
    assert code(raw.upload(kind, data)) == errcode


def test_an_upload_without_file_answers_44001(raw: Raw) -> None:
    """44001 when the form has no part with a filename."""
    query = {"access_token": raw.token, "type": "file"}
    assert code(raw.http.post("media/upload", params=query, content=b"123456789").json()) == 44001
    assert code(raw.http.post("media/upload", params=query, data={"media": "123456789"}).json()) == 44001


def test_pictures_get_an_address_that_messages_accept(fake: FakeWeCom, raw: Raw) -> None:
    """A picture from uploadimg has a URL, of the only kind that mass messages take."""
    fake.add_customer(followed_by="zhangsan")
    answer = raw.http.post("media/uploadimg", params={"access_token": raw.token}, files={"f": ("a.png", PNG)}).json()
    part = {"msgtype": "image", "image": {"pic_url": answer["url"]}}
    assert code(_send(raw, sender="zhangsan", attachments=[part])) == 0


def test_pictures_are_limited_by_the_day(fake: FakeWeCom, raw: Raw) -> None:
    """45009 above the daily number of pictures."""
    fake.limits = Limits(paths={"media/uploadimg": (RateRule(1, "day"),)})
    send = {"params": {"access_token": raw.token}, "files": {"media": ("a.png", PNG)}}
    assert [code(raw.http.post("media/uploadimg", **send).json()) for _ in range(2)] == [0, 45009]


# Application messages


def _message(raw: Raw, **fields: object) -> dict:
    body = {"touser": "zhangsan", "msgtype": "text", "agentid": raw.fake.agent_id, "text": {"content": "派单"}}
    return raw.post("message/send", **(body | fields))


def test_members_get_application_messages(fake: FakeWeCom, raw: Raw) -> None:
    """Receivers who do not exist are named, the others get the message."""
    answer = _message(raw, touser="zhangsan|nobody", toparty="99")
    assert (answer["invaliduser"], answer["invalidparty"]) == ("nobody", "99")
    (got,) = fake.messages_to("zhangsan")
    assert (got.msgid, got.body["text"]) == (answer["msgid"], {"content": "派单"})
    assert fake.messages_to("lisi") == ()


def test_everybody_and_departments(fake: FakeWeCom, raw: Raw) -> None:
    """@all and a department reach their members."""
    fake.add_member("wangwu", department=5)
    _message(raw, touser="@all")
    _message(raw, touser="", toparty="5")
    assert [len(fake.messages_to(one)) for one in ("zhangsan", "wangwu")] == [1, 2]


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"touser": ""}, 82001),
        ({"touser": "nobody"}, 81013),
        ({"touser": "|".join(f"m{n}" for n in range(1001))}, 40058),
        ({"msgtype": "telegram"}, 40008),
        ({"msgtype": "markdown"}, 40063),
        ({"text": {"content": ""}}, 44004),
        ({"msgtype": "image", "image": {"media_id": "x"}}, 40007),
        ({"msgtype": "textcard", "textcard": {"title": "t"}}, 40063),
        ({"msgtype": "news", "news": {"articles": [{"title": "t"}] * 9}}, 45008),
        ({"msgtype": "markdown", "markdown": {"content": "长" * 683}}, 45002),
        ({"agentid": 99}, 301002),
        ({"duplicate_check_interval": 14_401}, 40058),
    ],
)
def test_message_send_refuses(raw: Raw, fields: dict, errcode: int) -> None:
    """Each wrong field of an application message has its code."""
    assert code(_message(raw, **fields)) == errcode


def test_a_message_without_agentid_answers_41011(raw: Raw) -> None:
    """41011 names a missing agentid."""
    assert code(raw.post("message/send", touser="zhangsan", msgtype="text", text={"content": "x"})) == 41011


def test_over_limit_messages_vanish_in_silence(fake: FakeWeCom, raw: Raw) -> None:
    """The 31st message of a minute answers 0 and never arrives."""
    assert {code(_message(raw, text={"content": str(n)})) for n in range(31)} == {0}
    assert len(fake.messages_to("zhangsan")) == 30
    fake.clock.advance(minutes=1)
    _message(raw)
    assert len(fake.messages_to("zhangsan")) == 31


def test_the_duplicate_check_swallows_repeats(fake: FakeWeCom, raw: Raw) -> None:
    """The same body within the interval arrives once; after it, again."""
    first, second = (_message(raw, enable_duplicate_check=1) for _ in range(2))
    assert first["msgid"] == second["msgid"]
    fake.clock.advance(seconds=1800)
    _message(raw, enable_duplicate_check=1)
    assert len(fake.messages_to("zhangsan")) == 2


def test_a_card_can_be_updated_later(raw: Raw) -> None:
    """A template card answers a response_code."""
    answer = _message(raw, msgtype="template_card", template_card={"card_type": "button_interaction"})
    assert answer["response_code"]
