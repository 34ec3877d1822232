"""Groups that change hands: who may have them, how often, what the lists say, and who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.callbacks.events import GroupUpdated, GroupUpdateDetail
from wecom_auto.testing import FakeGroup, FakeWeCom, Limits, Settings

ONJOB, RESIGNED = "groupchat/onjob_transfer", "groupchat/transfer"
LEFT, INHERITING, INHERITED = 1, 2, 3


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp of three members."""
    fake = FakeWeCom()
    for userid in ("zhangsan", "lisi", "wangwu"):
        fake.add_member(userid)
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of the corp."""
    return Raw(fake)


def _give(raw: Raw, path: str, *groups: FakeGroup, to: str = "lisi") -> list[int]:
    """Give groups away and return the errcode of each."""
    raw.renew()
    ids = [one.chat_id for one in groups]
    answer = raw.customer(path, chat_id_list=ids, new_owner=to)
    assert code(answer) == 0, answer
    failed = {one["chat_id"]: one["errcode"] for one in answer["failed_chat_list"]}
    assert all(one["errmsg"] for one in answer["failed_chat_list"])
    return [failed.get(one, 0) for one in ids]


def _listed(raw: Raw, **filters: object) -> dict[str, int]:
    raw.renew()
    rows = raw.customer("groupchat/list", limit=100, **filters)["group_chat_list"]
    return {one["chat_id"]: one["status"] for one in rows}


def test_a_group_has_its_new_owner_at_once(fake: FakeWeCom, raw: Raw) -> None:
    """The new owner joins, the old one stays a member, and the group stays an ordinary one."""
    group = fake.create_group("zhangsan", "一群")
    assert _give(raw, ONJOB, group) == [0]
    shown = raw.customer("groupchat/get", chat_id=group.chat_id)["group_chat"]
    assert (shown["owner"], [one["userid"] for one in shown["member_list"]]) == ("lisi", ["zhangsan", "lisi"])
    assert _listed(raw, owner_filter={"userid_list": ["lisi"]}) == {group.chat_id: 0}
    assert _listed(raw, owner_filter={"userid_list": ["zhangsan"]}) == {}


def test_both_changes_of_a_group_are_told(fake: FakeWeCom, raw: Raw) -> None:
    """Joining carries both versions of the member list; a new owner who was in the group causes one event only."""
    group = fake.create_group("zhangsan", "一群")
    before = raw.customer("groupchat/get", chat_id=group.chat_id)["group_chat"]["member_version"]
    _give(raw, ONJOB, group)
    _created, joined, changed = fake.events
    assert isinstance(joined, GroupUpdated)
    assert isinstance(changed, GroupUpdated)
    after = raw.customer("groupchat/get", chat_id=group.chat_id)["group_chat"]["member_version"]
    assert (joined.update_detail, joined.mem_change_list) == (GroupUpdateDetail.ADD_MEMBER, ("lisi",))
    assert (joined.last_mem_ver, joined.cur_mem_ver) == (before, after)
    assert (changed.update_detail, changed.chat_id) == (GroupUpdateDetail.CHANGE_OWNER, group.chat_id)
    _give(raw, ONJOB, group, to="zhangsan")
    assert [event.update_detail for event in fake.events[3:] if isinstance(event, GroupUpdated)] == [
        GroupUpdateDetail.CHANGE_OWNER
    ]


def test_a_group_of_an_owner_who_left_is_inherited(fake: FakeWeCom, raw: Raw) -> None:
    """It waits with status 1, ends with 3, and is then listed with the new owner's, without naming anybody."""
    group = fake.create_group("zhangsan", "一群")
    fake.leave("zhangsan")
    assert _listed(raw) == {}, "groups of members who left must be asked for by name"
    assert _listed(raw, owner_filter={"userid_list": ["zhangsan"]}, status_filter=LEFT) == {group.chat_id: LEFT}
    assert _give(raw, RESIGNED, group) == [0]
    assert _listed(raw) == _listed(raw, status_filter=INHERITED) == {group.chat_id: INHERITED}
    assert _listed(raw, status_filter=LEFT) == {}
    assert fake.group(group).owner == "lisi"


def test_inheriting_may_take_a_while(fake: FakeWeCom, raw: Raw) -> None:
    """With a lag the group is on its way with status 2, cannot be given again, and is told when it has arrived."""
    fake.settings = Settings(inherit_lag=timedelta(hours=1))
    group = fake.create_group("zhangsan", "一群")
    fake.leave("zhangsan")
    assert _give(raw, RESIGNED, group) == [0]
    assert _listed(raw, owner_filter={"userid_list": ["zhangsan"]}) == {group.chat_id: INHERITING}
    assert _give(raw, RESIGNED, group, to="wangwu") == [90507]
    assert fake.group(group).owner == "zhangsan"
    due = fake.clock.now() + timedelta(hours=1)
    fake.clock.advance(hours=5)
    assert fake.group(group).owner == "lisi"
    assert {event.created_at for event in fake.events if isinstance(event, GroupUpdated)} == {due}
    assert _give(raw, RESIGNED, group, to="wangwu") == [90508]


def test_an_heir_who_leaves_too_inherits_nothing(fake: FakeWeCom, raw: Raw) -> None:
    """The group waits again."""
    fake.settings = Settings(inherit_lag=timedelta(hours=1))
    group = fake.create_group("zhangsan", "一群")
    fake.leave("zhangsan")
    _give(raw, RESIGNED, group)
    fake.leave("lisi")
    fake.clock.advance(hours=1)
    assert _listed(raw, owner_filter={"userid_list": ["zhangsan"]}) == {group.chat_id: LEFT}
    assert _give(raw, RESIGNED, group, to="wangwu") == [0]


def test_each_group_has_a_reason_of_its_own(fake: FakeWeCom, raw: Raw) -> None:
    """Each endpoint does one kind of owner only; unknown, dissolved and unchanged groups fail, the rest is done."""
    own, left, stays = (fake.create_group(owner, "群") for owner in ("lisi", "wangwu", "zhangsan"))
    gone, nothing = (
        fake.create_group("zhangsan", "群"),
        FakeGroup(chat_id="wrNOTHING", name="", owner="", members=(), dismissed=False),
    )
    fake.dismiss_group(gone)
    fake.leave("wangwu")
    assert _give(raw, ONJOB, own, left, gone, nothing, stays) == [90504, 90502, 40050, 40050, 0]
    stays = fake.create_group("zhangsan", "群")
    assert _give(raw, RESIGNED, own, stays, gone, nothing, left) == [90504, 90500, 40050, 40050, 0]


@pytest.mark.parametrize("path", [ONJOB, RESIGNED])
@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"chat_id_list": []}, 40063),
        ({"chat_id_list": ["wr"] * 101}, 40058),
        ({"new_owner": ""}, 40063),
        ({"new_owner": "nobody"}, 60111),
        ({"new_owner": "gone"}, 60111),
        ({"new_owner": "clerk"}, 84074),
        ({"new_owner": "newcomer"}, 40098),
    ],
)
def test_a_call_may_fail_as_a_whole(
    fake: FakeWeCom, raw: Raw, path: str, body: dict[str, object], errcode: int
) -> None:
    """What is wrong with the new owner concerns every group."""
    group = fake.create_group("zhangsan", "一群")
    fake.add_member("gone")
    fake.leave("gone")
    fake.add_member("clerk", contact=False)
    fake.add_member("newcomer", verified=False)
    assert code(raw.customer(path, **({"chat_id_list": [group.chat_id], "new_owner": "lisi"} | body))) == errcode
    assert fake.group(group).owner == "zhangsan"


def test_a_group_changes_hands_twice_in_90_days(fake: FakeWeCom, raw: Raw) -> None:
    """The third time fails while owners stay; after an owner has left it works."""
    group = fake.create_group("zhangsan", "一群")
    assert [_give(raw, ONJOB, group, to=who) for who in ("lisi", "wangwu", "lisi")] == [[0], [0], [40128]]
    fake.leave("wangwu")
    assert _give(raw, RESIGNED, group) == [0]
    assert _give(raw, ONJOB, group, to="zhangsan") == [40128]
    fake.clock.advance(days=90)
    assert _give(raw, ONJOB, group, to="zhangsan") == [0]


@pytest.mark.parametrize("path", [ONJOB, RESIGNED])
def test_one_owner_gives_a_limited_number_a_day(fake: FakeWeCom, raw: Raw, path: str) -> None:
    """Above it each group fails by itself until midnight in China; other owners have a count of their own."""
    fake.limits = Limits(groups_given=2)
    groups = [fake.create_group("zhangsan", "群") for _ in range(3)]
    other = fake.create_group("wangwu", "群")
    if path == RESIGNED:
        fake.leave("zhangsan")
        fake.leave("wangwu")
    assert _give(raw, path, *groups, other) == [0, 0, 45009, 0]
    fake.clock.advance(hours=14, minutes=59)
    assert _give(raw, path, groups[2]) == [45009]
    fake.clock.advance(minutes=1)
    assert _give(raw, path, groups[2]) == [0]


def test_after_a_year_a_group_is_lost(fake: FakeWeCom, raw: Raw) -> None:
    """Groups of somebody who left a year ago cannot be given."""
    group = fake.create_group("zhangsan", "一群")
    fake.leave("zhangsan")
    fake.clock.advance(days=365)
    assert _give(raw, RESIGNED, group) == [90501]


def test_a_task_of_the_old_owner_reaches_no_group(fake: FakeWeCom, raw: Raw) -> None:
    """A mass message to groups that the old owner confirms later is not sent there."""
    group = fake.create_group("zhangsan", "一群")
    made = raw.customer(
        "add_msg_template",
        chat_type="group",
        sender="zhangsan",
        chat_id_list=[group.chat_id],
        text={"content": "x"},
    )
    _give(raw, ONJOB, group)
    (task,) = fake.tap("zhangsan", made["msgid"])
    assert [recipient.status for recipient in task.recipients] == [2]
