"""Contact ways, join ways, groups and the people who come through them."""

from __future__ import annotations

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.testing import FakeWeCom, Limits, Settings


@pytest.fixture
def fake() -> FakeWeCom:
    """Give an empty corp."""
    return FakeWeCom()


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of a corp with staff."""
    fake.add_member("zhangsan")
    return Raw(fake)


SINGLE = {"type": 1, "scene": 2, "user": ["zhangsan"]}


def _way(raw: Raw, **fields: object) -> dict:
    return raw.customer("add_contact_way", **(SINGLE | fields))


def test_a_contact_way_comes_back_as_it_was_made(raw: Raw) -> None:
    """get_contact_way shows what add_contact_way was told, and the QR code of scene 2."""
    made = _way(raw, state="bj01-showroom", remark="北京一店")
    shown = raw.customer("get_contact_way", config_id=made["config_id"])["contact_way"]
    assert shown["state"] == "bj01-showroom"
    assert shown["skip_verify"] is True
    assert shown["qr_code"] == made["qr_code"]


def test_scene_1_has_no_qr_code(raw: Raw) -> None:
    """A mini-program button answers a config_id alone."""
    assert "qr_code" not in _way(raw, scene=1, style=1)


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"type": None}, 41037),
        ({"type": 3}, 41039),
        ({"scene": None}, 41038),
        ({"scene": 9}, 41040),
        ({"style": 4}, 41042),
        ({"state": "s" * 31}, 40058),
        ({"remark": "s" * 31}, 40058),
        ({"user": ["zhangsan", "lisi"]}, 40058),
        ({"user": []}, 40058),
        ({"type": 2, "user": []}, 40063),
        ({"type": 2, "user": [f"m{n}" for n in range(101)]}, 41041),
        ({"user": ["nobody"]}, 60111),
        ({"type": 2, "party": [99]}, 60123),
        ({"is_temp": True}, 48002),
        ({"user": "zhangsan"}, 40058),
    ],
)
def test_add_contact_way_refuses(raw: Raw, fields: dict, errcode: int) -> None:
    """Each wrong field of a contact way has its code."""
    body = {name: value for name, value in (SINGLE | fields).items() if value is not None}
    assert code(raw.customer("add_contact_way", **body)) == errcode


def test_departments_count_with_their_members(fake: FakeWeCom, raw: Raw) -> None:
    """The limit of 100 counts the members behind a department."""
    for number in range(101):
        fake.add_member(f"m{number}", department=5)
    assert code(_way(raw, type=2, user=[], party=[5])) == 41041


def test_contact_ways_and_join_ways_share_a_quota(fake: FakeWeCom, raw: Raw) -> None:
    """41045 for either once both together reach the limit; deleting one makes room."""
    fake.limits = Limits(contact_ways=2)
    chat = fake.create_group("zhangsan", "群").chat_id
    first = _way(raw)["config_id"]
    assert code(raw.customer("groupchat/add_join_way", scene=2, chat_id_list=[chat])) == 0
    assert code(_way(raw)) == 41045
    assert code(raw.customer("groupchat/add_join_way", scene=2, chat_id_list=[chat])) == 41045
    raw.customer("del_contact_way", config_id=first)
    assert code(_way(raw)) == 0


def test_updates_overwrite_what_is_given(raw: Raw) -> None:
    """update_contact_way keeps what it is not told, and is held against the same rules."""
    config_id = _way(raw, state="a", remark="r")["config_id"]
    assert code(raw.customer("update_contact_way", config_id=config_id, state="b")) == 0
    shown = raw.customer("get_contact_way", config_id=config_id)["contact_way"]
    assert (shown["state"], shown["remark"]) == ("b", "r")
    assert code(raw.customer("update_contact_way", config_id=config_id, user=["zhangsan", "lisi"])) == 40058


@pytest.mark.parametrize("call", ["get_contact_way", "update_contact_way", "del_contact_way"])
def test_unknown_contact_ways(raw: Raw, call: str) -> None:
    """41043 without, 41044 with an unknown config_id."""
    assert code(raw.customer(call)) == 41043
    assert code(raw.customer(call, config_id="x")) == 41044


def test_contact_ways_are_listed_for_90_days(fake: FakeWeCom, raw: Raw) -> None:
    """Without times the list covers 90 days; the limit pages it; another app sees none of it."""
    old = _way(raw)["config_id"]
    fake.clock.advance(days=91)
    raw.renew()
    new = [_way(raw)["config_id"] for _ in range(2)]
    first = raw.customer("list_contact_way", limit=1)
    second = raw.customer("list_contact_way", limit=1, cursor=first["next_cursor"])
    assert [row["config_id"] for row in first["contact_way"] + second["contact_way"]] == new
    assert second["next_cursor"] == ""
    everything = raw.customer("list_contact_way", start_time=0)["contact_way"]
    assert everything[0]["config_id"] == old
    assert code(raw.customer("list_contact_way", start_time=9, end_time=1)) == 40058
    fake.add_app("other", "s2", agent_id=7)
    assert Raw(fake, "s2").customer("list_contact_way")["contact_way"] == []


def test_a_list_limit_above_1000_becomes_1000(raw: Raw) -> None:
    """list_contact_way never answers more than 1000 codes."""
    for _ in range(1001):
        _way(raw)
    assert len(raw.customer("list_contact_way", limit=5000)["contact_way"]) == 1000
    assert len(raw.customer("list_contact_way")["contact_way"]) == 100


def test_who_scans_becomes_a_customer_with_the_state(fake: FakeWeCom, raw: Raw) -> None:
    """A scan ties the customer to the member, with the state of the code."""
    config_id = _way(raw, state="bj01")["config_id"]
    one = fake.scan(config_id, name="王五")
    follow = one.follow("zhangsan")
    assert (one.name, follow.state, follow.add_way, follow.half) == ("王五", "bj01", 1, False)
    assert raw.get("externalcontact/list", userid="zhangsan")["external_userid"] == [one.external_userid]
    assert fake.scan("bj01", customer=one) == one


def test_a_code_for_several_takes_turns(fake: FakeWeCom, raw: Raw) -> None:
    """The members of a code for several get customers in turn, and those who left none."""
    fake.add_member("lisi")
    _way(raw, type=2, user=["zhangsan", "lisi"], state="s")
    got = [fake.scan("s").follows[0].userid for _ in range(3)]
    assert got == ["zhangsan", "lisi", "zhangsan"]
    fake.leave("zhangsan")
    assert fake.scan("s").follows[0].userid == "lisi"


def test_a_code_with_nobody_behind_it_is_dead(fake: FakeWeCom, raw: Raw) -> None:
    """Unknown codes and codes whose members have left raise for the test, not for the customer."""
    _way(raw, state="s")
    fake.leave("zhangsan")
    with pytest.raises(LookupError, match="nobody"):
        fake.scan("s")
    with pytest.raises(LookupError, match="neither"):
        fake.scan("unknown")


def test_a_code_that_asks_first_waits_for_the_member(fake: FakeWeCom, raw: Raw) -> None:
    """With skip_verify false there is no relation (84061) before the member accepts."""
    _way(raw, state="s", skip_verify=False)
    one = fake.scan("s")
    write = {"userid": "zhangsan", "external_userid": one.external_userid, "remark": "x"}
    assert code(raw.customer("remark", **write)) == 84061
    assert fake.events == ()
    fake.accept("zhangsan", one)
    assert code(raw.customer("remark", **write)) == 0
    assert [event.name for event in fake.events] == ["change_external_contact.add_external_contact"]
    with pytest.raises(ValueError, match="already"):
        fake.accept("zhangsan", one)


def test_coming_back_after_a_farewell_keeps_the_notes(fake: FakeWeCom, raw: Raw) -> None:
    """A customer who deleted the member and scans again is a friend again, with the member's tags."""
    _way(raw, state="s")
    one, tag = fake.scan("s"), fake.add_tag("意向", "高")
    fake.staff_marks_tag("zhangsan", one, add=[tag])
    fake.unfriend(one, "zhangsan")
    back = fake.scan("s", customer=one)
    assert back.follow("zhangsan").unfriended is False
    assert back.tags_by("zhangsan") == [tag]


def test_temporary_chats_end_once() -> None:
    """close_temp_chat ends an open temporary chat; without one it answers 84061."""
    fake = FakeWeCom(settings=Settings(temp_chat=True))
    fake.add_member("zhangsan")
    raw = Raw(fake)
    _way(raw, is_temp=True, state="s")
    one = fake.scan("s")
    ids = {"userid": "zhangsan", "external_userid": one.external_userid}
    assert code(raw.customer("close_temp_chat", **ids)) == 0
    assert code(raw.customer("close_temp_chat", **ids)) == 84061
    assert raw.customer("list_contact_way")["contact_way"] == []


# Groups


def _join_way(raw: Raw, *chats: str, **fields: object) -> dict:
    return raw.customer("groupchat/add_join_way", scene=2, chat_id_list=list(chats), **fields)


def test_a_group_is_shown_as_documented(fake: FakeWeCom, raw: Raw) -> None:
    """groupchat/get names owner, members and how they came; names on request only."""
    chat = fake.create_group("zhangsan", "车主群")
    guest = fake.add_customer(name="李四", unionid="o1")
    config_id = _join_way(raw, chat.chat_id, state="s1")["config_id"]
    fake.join_group(config_id, guest)
    shown = raw.customer("groupchat/get", chat_id=chat.chat_id, need_name=1)["group_chat"]
    assert (shown["name"], shown["owner"]) == ("车主群", "zhangsan")
    owner, member = shown["member_list"]
    assert owner["type"] == 1
    assert (member["type"], member["name"], member["state"]) == (2, "李四", "s1")
    assert (member["join_scene"], member["unionid"]) == (3, "o1")
    unnamed = raw.customer("groupchat/get", chat_id=chat.chat_id)["group_chat"]["member_list"]
    assert all("name" not in one for one in unnamed)


def test_invited_customers_name_who_invited_them(fake: FakeWeCom, raw: Raw) -> None:
    """An invitation is scene 1 and names the inviting member."""
    chat = fake.create_group("zhangsan", "群")
    fake.join_group(chat, fake.add_customer(), invited_by="zhangsan")
    member = raw.customer("groupchat/get", chat_id=chat.chat_id)["group_chat"]["member_list"][1]
    assert (member["join_scene"], member["invitor"]) == (1, {"userid": "zhangsan"})


def test_unknown_and_dissolved_groups_answer_40050(fake: FakeWeCom, raw: Raw) -> None:
    """40050 names a chat_id that does not exist any more, or never did."""
    chat = fake.create_group("zhangsan", "群")
    fake.dismiss_group(chat)
    assert code(raw.customer("groupchat/get", chat_id=chat.chat_id)) == 40050
    assert code(raw.customer("groupchat/get", chat_id="wrx")) == 40050
    assert code(_join_way(raw, "wrx")) == 40050


def test_groups_are_listed_by_owner_and_status(fake: FakeWeCom, raw: Raw) -> None:
    """Groups of owners who left are listed only when the owner is named, with status 1."""
    fake.add_member("lisi")
    left, stays = fake.create_group("lisi", "a").chat_id, fake.create_group("zhangsan", "b").chat_id
    fake.leave("lisi")
    assert raw.customer("groupchat/list", limit=10)["group_chat_list"] == [{"chat_id": stays, "status": 0}]
    named = raw.customer("groupchat/list", limit=10, owner_filter={"userid_list": ["lisi"]}, status_filter=1)
    assert named["group_chat_list"] == [{"chat_id": left, "status": 1}]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [({}, 40063), ({"limit": 1001}, 40058), ({"limit": 10, "owner_filter": {"userid_list": ["x"] * 101}}, 40058)],
)
def test_group_list_refuses(raw: Raw, body: dict, errcode: int) -> None:
    """The limit is required and at most 1000; at most 100 owners."""
    assert code(raw.customer("groupchat/list", **body)) == errcode


def test_a_wide_range_needs_an_owner_filter(fake: FakeWeCom, raw: Raw) -> None:
    """With more than 1000 visible members the list without filter answers 81017."""
    for number in range(1000):
        fake.add_member(f"m{number}")
    assert code(raw.customer("groupchat/list", limit=10)) == 81017
    assert code(raw.customer("groupchat/list", limit=10, owner_filter={"userid_list": ["m1"]})) == 0


def test_groups_come_in_pages(fake: FakeWeCom, raw: Raw) -> None:
    """A cursor continues the list of groups."""
    made = [fake.create_group("zhangsan", str(n)).chat_id for n in range(3)]
    first = raw.customer("groupchat/list", limit=2)
    second = raw.customer("groupchat/list", limit=2, cursor=first["next_cursor"])
    assert [one["chat_id"] for one in first["group_chat_list"] + second["group_chat_list"]] == made


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"scene": None}, 41038),
        ({"scene": 5}, 41040),
        ({"chat_id_list": []}, 40063),
        ({"chat_id_list": ["a"] * 6}, 41091),
        ({"state": "s" * 31}, 40058),
        ({"room_base_name": "s" * 41}, 40058),
        ({"auto_create_room": 2}, 40058),
    ],
)
def test_add_join_way_refuses(fake: FakeWeCom, raw: Raw, fields: dict, errcode: int) -> None:
    """Each wrong field of a join way has its code."""
    chat = fake.create_group("zhangsan", "群").chat_id
    body = {"scene": 2, "chat_id_list": [chat]} | fields
    given = {name: value for name, value in body.items() if value is not None}
    assert code(raw.customer("groupchat/add_join_way", **given)) == errcode


def test_a_join_way_is_overwritten_whole(fake: FakeWeCom, raw: Raw) -> None:
    """What update_join_way is not told goes back to its default; a long remark is cut, not refused."""
    chat = fake.create_group("zhangsan", "群").chat_id
    config_id = _join_way(raw, chat, state="s", remark="长" * 40)["config_id"]
    shown = raw.customer("groupchat/get_join_way", config_id=config_id)["join_way"]
    assert (len(shown["remark"]), shown["state"], shown["auto_create_room"]) == (30, "s", 1)
    raw.customer("groupchat/update_join_way", config_id=config_id, scene=2, chat_id_list=[chat])
    shown = raw.customer("groupchat/get_join_way", config_id=config_id)["join_way"]
    assert (shown["remark"], shown["state"]) == ("", "")
    assert code(raw.customer("groupchat/del_join_way", config_id=config_id)) == 0
    assert code(raw.customer("groupchat/get_join_way", config_id=config_id)) == 41044
    assert code(raw.customer("groupchat/get_join_way")) == 41043


def test_a_full_group_opens_the_next(fake: FakeWeCom, raw: Raw) -> None:
    """When all groups are full, a join way that may opens a numbered one with the same owner."""
    fake.limits = Limits(group_size=2)
    chat = fake.create_group("zhangsan", "群").chat_id
    way = _join_way(raw, chat, auto_create_room=1, room_base_name="车主群", room_base_id=10)["config_id"]
    rooms = [fake.join_group(way, fake.add_customer()).name for _ in range(3)]
    assert rooms == ["群", "车主群10", "车主群11"]
    listed = raw.customer("groupchat/get_join_way", config_id=way)["join_way"]["chat_id_list"]
    assert len(listed) == 3


def test_a_full_group_without_successor_is_full(fake: FakeWeCom, raw: Raw) -> None:
    """With auto_create_room 0 nobody else gets in."""
    fake.limits = Limits(group_size=1)
    way = _join_way(raw, fake.create_group("zhangsan", "群").chat_id, auto_create_room=0)["config_id"]
    with pytest.raises(LookupError, match="full or dissolved, and auto_create_room is off"):
        fake.join_group(way, fake.add_customer())
    assert len(fake.groups()) == 1


def test_a_sixth_group_pushes_the_oldest_out(fake: FakeWeCom, raw: Raw) -> None:
    """A join way names five groups at most: one that it opens takes the place of the oldest, which lives on."""
    fake.limits = Limits(group_size=2)
    chats = [fake.create_group("zhangsan", f"群{n}").chat_id for n in range(5)]
    assert code(raw.customer("groupchat/add_join_way", scene=2, chat_id_list=[*chats, chats[0]])) == 41091
    way = raw.customer("groupchat/add_join_way", scene=2, chat_id_list=chats, room_base_name="群", room_base_id=5)
    rooms = [fake.join_group(way["config_id"], fake.add_customer()).name for _ in range(6)]
    assert rooms == ["群0", "群1", "群2", "群3", "群4", "群5"]
    listed = raw.customer("groupchat/get_join_way", config_id=way["config_id"])["join_way"]["chat_id_list"]
    assert listed[:4] == chats[1:]
    assert len(listed) == 5
    assert not fake.group(chats[0]).dismissed


def test_a_new_group_belongs_to_who_is_still_there(fake: FakeWeCom, raw: Raw) -> None:
    """The owner of the first group opens the next one; if they left, the owner of the second; if all left, nobody."""
    fake.limits = Limits(group_size=1)
    fake.add_member("lisi")
    chats = [fake.create_group(owner, owner).chat_id for owner in ("zhangsan", "lisi")]
    way = raw.customer("groupchat/add_join_way", scene=2, chat_id_list=chats)["config_id"]
    fake.leave("zhangsan")
    assert fake.join_group(way, fake.add_customer()).owner == "lisi"
    fake.leave("lisi")
    with pytest.raises(LookupError, match="nobody can open"):
        fake.join_group(way, fake.add_customer())


def test_quitting_changes_the_member_version(fake: FakeWeCom, raw: Raw) -> None:
    """Joins and quits change member_version, and the event names the version before and after."""
    chat = fake.create_group("zhangsan", "群")
    guest = fake.add_customer()
    fake.join_group(chat, guest, invited_by="zhangsan")
    before = raw.customer("groupchat/get", chat_id=chat.chat_id)["group_chat"]["member_version"]
    fake.quit_group(chat, guest)
    after = raw.customer("groupchat/get", chat_id=chat.chat_id)["group_chat"]["member_version"]
    event = fake.events[-1]
    assert (event.last_mem_ver, event.cur_mem_ver) == (before, after)
    assert event.mem_change_list == (guest.external_userid,)
    with pytest.raises(LookupError, match="not in"):
        fake.quit_group(chat, guest)
