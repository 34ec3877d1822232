"""What one chapter does to another: resigning, deleting, expiring, looking from a narrow app."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.test_fake_support import PNG, Raw, code

from wecom_auto.testing import FakeWeCom, Settings

DAY = timedelta(days=1)


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with two members, that may make temporary contact ways."""
    fake = FakeWeCom(settings=Settings(temp_chat=True))
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give its app."""
    return Raw(fake)


@pytest.fixture
def narrow(fake: FakeWeCom) -> Raw:
    """Give an app that sees lisi only."""
    fake.add_app("narrow", "narrow-secret", agent_id=7, visible=["lisi"])
    return Raw(fake, "narrow-secret")


# null


def test_null_is_what_was_left_out(fake: FakeWeCom, raw: Raw) -> None:
    """A client that writes null for what it does not give changes nothing by it, at any depth."""
    one = fake.add_customer(followed_by="zhangsan").external_userid
    ids = {"userid": "zhangsan", "external_userid": one}
    raw.customer("remark", **ids, remark="李四", remark_mobiles=["13800000000"])
    assert code(raw.customer("remark", **ids, remark=None, remark_mobiles=None, description="老客户")) == 0
    (shown,) = raw.get("externalcontact/get", external_userid=one)["follow_user"]
    assert (shown["remark"], shown["remark_mobiles"], shown["description"]) == ("李四", ["13800000000"], "老客户")
    tag = raw.customer("add_corp_tag", group_name="意向", order=None, tag=[{"name": "高", "order": None}])
    assert code(raw.customer("edit_corp_tag", id=tag["tag_group"]["tag"][0]["id"], order=None, name="中")) == 0
    assert code(raw.customer("list_contact_way", start_time=None, end_time=None)) == 0


def test_null_is_missing_where_it_is_needed(raw: Raw) -> None:
    """A null is no value for what must be there, and no entry of a list."""
    assert code(raw.customer("add_corp_tag", group_name="意向", tag=[{"name": None}])) == 40063
    assert code(raw.customer("del_corp_tag", tag_id=[None])) == 40058


def test_a_body_too_deep_to_read_is_refused(raw: Raw) -> None:
    """Nested a hundred thousand times, a body answers 40058 and no traceback."""
    body = b'{"tag_id":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001
    answer = raw.http.post("externalcontact/del_corp_tag", params={"access_token": raw.token}, content=body)
    assert code(answer.json()) == 40058


@pytest.mark.parametrize("depth", [200, 400, 900])
def test_every_depth_is_answered(raw: Raw, depth: int) -> None:
    """Between what Python's JSON can read and what the fake can walk there is no depth that breaks it."""
    body = json.loads("[" * depth + "]" * depth)
    answer = raw.http.post(
        "externalcontact/del_corp_tag", params={"access_token": raw.token}, content=json.dumps({"tag_id": body})
    )
    assert code(answer.json()) in {40058, 40063}


# Tags of customers who wait for somebody


def test_a_deleted_tag_leaves_those_who_wait_for_an_heir(fake: FakeWeCom, raw: Raw) -> None:
    """A tag that is deleted after its member resigned does not come back with the customer, whenever it is deleted."""
    early, late = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="zhangsan")
    first, second, kept = (fake.add_tag("意向", name).id for name in ("高", "中", "低"))
    for one in (early, late):
        raw.customer("mark_tag", userid="zhangsan", external_userid=one.external_userid, add_tag=[first, second, kept])
    fake.leave("zhangsan")
    raw.customer("del_corp_tag", tag_id=[first])
    ids = [early.external_userid, late.external_userid]
    raw.customer("resigned/transfer_customer", handover_userid="zhangsan", takeover_userid="lisi", external_userid=ids)
    raw.customer("del_corp_tag", tag_id=[second])
    fake.clock.advance(days=1)
    assert [[tag.id for tag in fake.customer(one).tags_by("lisi")] for one in ids] == [[kept], [kept]]


# Narrow apps


def test_a_group_is_seen_by_whoever_sees_its_owner(fake: FakeWeCom, raw: Raw, narrow: Raw) -> None:
    """Apps read, list, link and hand on only the groups of owners in their visible range (92120, 92122, 95703)."""
    theirs, own = fake.create_group("zhangsan", "群").chat_id, fake.create_group("lisi", "群").chat_id
    assert code(narrow.customer("groupchat/get", chat_id=theirs)) == 60011
    assert code(narrow.customer("groupchat/get", chat_id=own)) == 0
    listed = narrow.customer("groupchat/list", limit=10, owner_filter={"userid_list": ["zhangsan", "lisi"]})
    assert [one["chat_id"] for one in listed["group_chat_list"]] == [own]
    assert code(narrow.customer("groupchat/add_join_way", scene=2, chat_id_list=[theirs])) == 60011
    for path in ("onjob_transfer", "transfer"):
        (failed,) = narrow.customer(f"groupchat/{path}", chat_id_list=[theirs], new_owner="lisi")["failed_chat_list"]
        assert failed["errcode"] == 60011
    assert fake.group(theirs).owner == "zhangsan"
    assert code(raw.customer("groupchat/get", chat_id=theirs)) == 0


# Who has resigned


def test_a_code_outlives_its_members(fake: FakeWeCom, raw: Raw) -> None:
    """A code or link with a member who resigned takes another name; only a new range is held against the staff."""
    way = raw.customer("add_contact_way", type=2, scene=2, user=["zhangsan", "lisi"])["config_id"]
    link = raw.customer("customer_acquisition/create_link", link_name="甲", range={"user_list": ["zhangsan"]})
    link_id = link["link"]["link_id"]
    fake.leave("zhangsan")
    assert code(raw.customer("update_contact_way", config_id=way, remark="新")) == 0
    assert code(raw.customer("update_contact_way", config_id=way, user=["zhangsan"])) == 60111
    assert code(raw.customer("customer_acquisition/update_link", link_id=link_id, link_name="乙")) == 0
    users = {"user_list": ["zhangsan"]}
    assert code(raw.customer("customer_acquisition/update_link", link_id=link_id, range=users)) == 60111


def test_an_owner_who_comes_back_has_their_groups(fake: FakeWeCom, raw: Raw) -> None:
    """Groups of a member who is back wait for no heir any more, except those that somebody has got."""
    kept, given = fake.create_group("zhangsan", "甲").chat_id, fake.create_group("zhangsan", "乙").chat_id
    fake.leave("zhangsan")
    raw.customer("groupchat/transfer", chat_id_list=[given], new_owner="lisi")
    fake.add_member("zhangsan")
    listed = raw.customer("groupchat/list", limit=10)["group_chat_list"]
    assert listed == [{"chat_id": kept, "status": 0}, {"chat_id": given, "status": 3}]


def test_a_dissolved_group_is_not_inherited(fake: FakeWeCom, raw: Raw) -> None:
    """A group that is dissolved while it is being inherited gets no owner: nobody is told of one."""
    fake.settings = Settings(inherit_lag=DAY)
    chat_id = fake.create_group("zhangsan", "群").chat_id
    fake.leave("zhangsan")
    raw.customer("groupchat/transfer", chat_id_list=[chat_id], new_owner="lisi")
    fake.dismiss_group(chat_id)
    before = len(fake.events)
    fake.clock.advance(days=2)
    assert len(fake.events) == before


# Temporary contact ways


def _temporary(raw: Raw, **fields: object) -> dict[str, Any]:
    return raw.customer("add_contact_way", **({"type": 1, "scene": 2, "user": ["lisi"], "is_temp": True} | fields))


def test_a_temporary_code_expires(fake: FakeWeCom, raw: Raw) -> None:
    """After its time, seven days unless given, nobody can scan or edit it; until then everybody can."""
    for fields, life in (({"expires_in": 3600}, timedelta(hours=1)), ({}, 7 * DAY)):
        config_id = _temporary(raw, **fields)["config_id"]
        fake.clock.advance(life - timedelta(seconds=1))
        raw.renew()
        assert fake.scan(config_id).follows[0].userid == "lisi"
        assert code(raw.customer("update_contact_way", config_id=config_id, remark="x")) == 0
        fake.clock.advance(seconds=1)
        with pytest.raises(LookupError, match="expired"):
            fake.scan(config_id)
        assert code(raw.customer("update_contact_way", config_id=config_id, remark="x")) == 41044


def test_other_codes_do_not_expire(fake: FakeWeCom, raw: Raw) -> None:
    """`expires_in` means something in temporary codes only."""
    config_id = _temporary(raw, is_temp=False, expires_in=60)["config_id"]
    fake.clock.advance(days=100)
    assert fake.scan(config_id).follows


def test_a_temporary_code_may_be_for_one_person(fake: FakeWeCom, raw: Raw) -> None:
    """With a unionid, only the customer who has it can use the code."""
    config_id = _temporary(raw, unionid="o-1")["config_id"]
    with pytest.raises(LookupError, match="unionid"):
        fake.scan(config_id)
    with pytest.raises(LookupError, match="unionid"):
        fake.scan(config_id, customer=fake.add_customer(unionid="o-2"))
    assert fake.scan(config_id, unionid="o-1").follows


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"type": 2, "user": ["lisi", "zhangsan"]}, 40058),
        ({"conclusions": {"text": {"content": "字" * 1334}}}, 45002),
        ({"conclusions": {"text": {}}}, 40063),
        ({"conclusions": {}}, 40063),
        ({"conclusions": {"link": {"title": "无"}}}, 40063),
        ({"conclusions": {"link": {"title": "题" * 43, "url": "https://a.cn"}}}, 40058),
        ({"conclusions": {"image": {"media_id": "nothing"}}}, 40007),
        ({"type": 2, "is_temp": False, "scene": 1, "style": 3}, 41042),
    ],
)
def test_temporary_codes_have_their_limits(raw: Raw, fields: dict[str, object], errcode: int) -> None:
    """One member, and closing words within bounds; style 3 is for codes of one member."""
    assert code(_temporary(raw, **fields)) == errcode


def test_closing_words_show_a_picture_by_its_address(raw: Raw) -> None:
    """A picture is written as media_id and read as pic_url; of several kinds the first is kept (92228)."""
    media_id = raw.upload("image", PNG)["media_id"]
    words = {"text": {"content": "再见"}, "image": {"media_id": media_id}, "link": {"url": "https://a.cn"}}
    config_id = _temporary(raw, conclusions=words)["config_id"]
    shown = raw.customer("get_contact_way", config_id=config_id)["contact_way"]["conclusions"]
    assert shown["text"] == {"content": "再见"}
    assert shown["image"]["pic_url"].startswith("https://")
    assert set(shown) == {"text", "image"}
