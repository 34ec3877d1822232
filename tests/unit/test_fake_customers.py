"""Customers and tags: every limit and errcode that the fake claims for them."""

from __future__ import annotations

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.testing import FakeWeCom, Limits


@pytest.fixture
def fake() -> FakeWeCom:
    """Give an empty corp."""
    return FakeWeCom()


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of a corp with staff."""
    fake.add_member("zhangsan")
    return Raw(fake)


def test_a_customer_is_shown_as_documented(fake: FakeWeCom, raw: Raw) -> None:
    """externalcontact/get answers contact and follow data with tag names."""
    one = fake.add_customer(name="李四", followed_by="zhangsan", state="bj01", unionid="o1")
    tag = fake.add_tag("意向", "高")
    assert code(raw.customer("mark_tag", userid="zhangsan", external_userid=one.external_userid, add_tag=[tag.id])) == 0
    answer = raw.get("externalcontact/get", external_userid=one.external_userid)
    assert answer["external_contact"]["name"] == "李四"
    assert answer["external_contact"]["unionid"] == "o1"
    (follow,) = answer["follow_user"]
    assert (follow["userid"], follow["state"], follow["add_way"]) == ("zhangsan", "bj01", 1)
    assert follow["tags"] == [{"group_name": "意向", "tag_name": "高", "tag_id": tag.id, "type": 1}]
    assert fake.customer(one).tags_by("zhangsan") == [tag]


@pytest.mark.parametrize(
    ("path", "query", "errcode"),
    [
        ("externalcontact/get", {}, 41035),
        ("externalcontact/get", {"external_userid": "wmunknown"}, 40096),
        ("externalcontact/list", {}, 41009),
        ("externalcontact/list", {"userid": "nobody"}, 60111),
        ("externalcontact/list", {"userid": "zhangsan"}, 84061),
    ],
)
def test_reads_refuse_wrong_ids(raw: Raw, path: str, query: dict[str, str], errcode: int) -> None:
    """Missing and unknown ids have their own codes; a member without customers answers 84061."""
    assert code(raw.get(path, **query)) == errcode


def test_a_member_without_the_right_answers_84074(fake: FakeWeCom, raw: Raw) -> None:
    """The customer-contact right decides who is listed and who may be asked."""
    fake.add_member("clerk", contact=False)
    assert raw.get("externalcontact/get_follow_user_list")["follow_user"] == ["zhangsan"]
    assert code(raw.get("externalcontact/list", userid="clerk")) == 84074


def test_followers_come_500_a_page(fake: FakeWeCom, raw: Raw) -> None:
    """A customer with 501 followers needs a second page, which ends without a cursor."""
    members = [f"m{number}" for number in range(501)]
    one = fake.add_customer(followed_by=members).external_userid
    first = raw.get("externalcontact/get", external_userid=one)
    second = raw.get("externalcontact/get", external_userid=one, cursor=first["next_cursor"])
    assert [len(page["follow_user"]) for page in (first, second)] == [500, 1]
    assert "next_cursor" not in second


def _page(raw: Raw, userids: list[str], **more: object) -> dict:
    return raw.customer("batch/get_by_user", userid_list=userids, **more)


def test_customers_of_several_members_come_in_pages(fake: FakeWeCom, raw: Raw) -> None:
    """Every relation comes exactly once, whatever the page size."""
    made = {(fake.add_customer(followed_by=who).external_userid, who) for who in ("zhangsan", "lisi") * 4}
    seen, cursor = [], ""
    while True:
        page = _page(raw, ["zhangsan", "lisi"], limit=3, cursor=cursor)
        seen += [
            (row["external_contact"]["external_userid"], row["follow_info"]["userid"])
            for row in page["external_contact_list"]
        ]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == 8
    assert set(seen) == made


def test_a_limit_that_is_too_large_becomes_100(fake: FakeWeCom, raw: Raw) -> None:
    """batch/get_by_user falls back to its maximum, not to its default of 50."""
    for _ in range(101):
        fake.add_customer(followed_by="zhangsan")
    assert len(_page(raw, ["zhangsan"], limit=5000)["external_contact_list"]) == 100
    assert len(_page(raw, ["zhangsan"])["external_contact_list"]) == 50


def test_a_customer_who_goes_between_two_pages_shifts_nobody(fake: FakeWeCom, raw: Raw) -> None:
    """A cursor survives deletions: the rest is still read exactly once."""
    made = [fake.add_customer(followed_by="zhangsan") for _ in range(4)]
    first = _page(raw, ["zhangsan"], limit=2)
    fake.delete_customer("zhangsan", made[0])
    second = _page(raw, ["zhangsan"], limit=2, cursor=first["next_cursor"])
    found = [row["external_contact"]["external_userid"] for row in second["external_contact_list"]]
    assert found == [one.external_userid for one in made[2:]]


@pytest.mark.parametrize("cursor", ["garbage!", "AAAA"])
def test_a_made_up_cursor_answers_50100(raw: Raw, cursor: str) -> None:
    """50100 names an invalid cursor."""
    assert code(_page(raw, ["zhangsan"], cursor=cursor)) == 50100


def test_a_cursor_belongs_to_its_query(fake: FakeWeCom, raw: Raw) -> None:
    """The cursor of one member's list is refused for another's."""
    for who in ("zhangsan", "zhangsan", "lisi"):
        fake.add_customer(followed_by=who)
    cursor = _page(raw, ["zhangsan"], limit=1)["next_cursor"]
    assert code(_page(raw, ["lisi"], limit=1, cursor=cursor)) == 50100


def test_a_cursor_can_be_made_to_repeat(fake: FakeWeCom, raw: Raw) -> None:
    """repeat_cursor answers the request's own cursor: a client that trusts it would loop for ever."""
    for _ in range(3):
        fake.add_customer(followed_by="zhangsan")
    cursor = _page(raw, ["zhangsan"], limit=1)["next_cursor"]
    fake.fail_next("externalcontact/batch/get_by_user", repeat_cursor=True)
    assert _page(raw, ["zhangsan"], limit=1, cursor=cursor)["next_cursor"] == cursor


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"userid_list": ["zhangsan"] * 101}, 40058),
        ({"userid_list": "zhangsan"}, 40058),
        ({"userid_list": ["x"]}, 60111),
    ],
)
def test_get_by_user_refuses(raw: Raw, body: dict, errcode: int) -> None:
    """No members, more than 100, not a list, and an unknown one are refused."""
    assert code(raw.customer("batch/get_by_user", **body)) == errcode


def test_a_remark_changes_what_is_given_and_keeps_the_rest(fake: FakeWeCom, raw: Raw) -> None:
    """Fields that are left out stay; an empty number clears the list."""
    one = fake.add_customer(followed_by="zhangsan")
    ids = {"userid": "zhangsan", "external_userid": one.external_userid}
    assert code(raw.customer("remark", **ids, remark="李总", description="看X5", remark_mobiles=["1", "2"])) == 0
    assert code(raw.customer("remark", **ids, description="", remark_mobiles=[""])) == 0
    (row,) = _page(raw, ["zhangsan"])["external_contact_list"]
    follow = row["follow_info"]
    assert (follow["remark"], follow["description"], follow["remark_mobiles"]) == ("李总", "", [])


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({}, 40063),
        ({"remark": "长" * 21}, 40058),
        ({"remark_company": "长" * 21}, 40058),
        ({"description": "长" * 151}, 40058),
        ({"remark_pic_mediaid": "unknown"}, 40007),
    ],
)
def test_remark_refuses(fake: FakeWeCom, raw: Raw, fields: dict[str, str], errcode: int) -> None:
    """Nothing to change, too long texts and unknown media are refused."""
    one = fake.add_customer(followed_by="zhangsan")
    assert code(raw.customer("remark", userid="zhangsan", external_userid=one.external_userid, **fields)) == errcode


def test_only_living_relations_can_be_written(fake: FakeWeCom, raw: Raw) -> None:
    """84061 after the member deleted the customer; a customer's farewell leaves the relation usable."""
    one = fake.add_customer(followed_by=["zhangsan", "lisi"])
    fake.unfriend(one, "zhangsan")
    fake.delete_customer("lisi", one)
    write = {"external_userid": one.external_userid, "remark": "x"}
    assert code(raw.customer("remark", userid="zhangsan", **write)) == 0
    assert code(raw.customer("remark", userid="lisi", **write)) == 84061
    assert raw.get("externalcontact/list", userid="zhangsan")["external_userid"] == [one.external_userid]


def test_someone_who_left_takes_their_relations_along(fake: FakeWeCom, raw: Raw) -> None:
    """A resigned member vanishes from the list, their customers become unassigned, and calls answer 60111."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.leave("zhangsan")
    assert raw.get("externalcontact/get_follow_user_list")["follow_user"] == []
    assert code(raw.get("externalcontact/list", userid="zhangsan")) == 60111
    assert code(raw.get("externalcontact/get", external_userid=one.external_userid)) == 84061
    assert fake.member("zhangsan").unassigned == (one.external_userid,)


# Tags


def _add(raw: Raw, *names: str, group: str = "意向", **more: object) -> dict:
    return raw.customer("add_corp_tag", group_name=group, tag=[{"name": name} for name in names], **more)


def test_tags_are_created_in_a_named_group_once(raw: Raw) -> None:
    """A known group is used again, a name given twice makes one tag, and a known name is passed over."""
    first = _add(raw, "高", "高", "低")["tag_group"]
    second = _add(raw, "低", "中")["tag_group"]
    assert second["group_id"] == first["group_id"]
    assert [tag["name"] for tag in second["tag"]] == ["中"]
    (group,) = raw.customer("get_corp_tag_list")["tag_group"]
    assert [tag["name"] for tag in group["tag"]] == ["高", "低", "中"]


def test_tags_are_listed_by_order(raw: Raw) -> None:
    """Bigger order comes first, for groups and tags."""
    raw.customer("add_corp_tag", group_name="a", order=1, tag=[{"name": "x", "order": 1}, {"name": "y", "order": 2}])
    raw.customer("add_corp_tag", group_name="b", order=2, tag=[{"name": "z"}])
    groups = raw.customer("get_corp_tag_list")["tag_group"]
    assert [group["group_name"] for group in groups] == ["b", "a"]
    assert [tag["name"] for tag in groups[1]["tag"]] == ["y", "x"]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"group_name": "g"}, 40063),
        ({"group_name": "g", "tag": []}, 40063),
        ({"tag": [{"name": "x"}]}, 40063),
        ({"group_id": "etunknown", "tag": [{"name": "x"}]}, 40068),
        ({"group_name": "g", "tag": [{"name": "x" * 31}]}, 40072),
        ({"group_name": "g" * 31, "tag": [{"name": "x"}]}, 40072),
        ({"group_name": "g", "order": 2**32, "tag": [{"name": "x"}]}, 40058),
        ({"group_name": "g", "order": "1", "tag": [{"name": "x"}]}, 40058),
        ({"group_name": "g", "tag": [{}]}, 40063),
        ({"group_name": "g", "tag": ["x"]}, 40058),
    ],
)
def test_add_corp_tag_refuses(raw: Raw, body: dict, errcode: int) -> None:
    """Empty groups, unknown groups, long names and wild orders are refused."""
    assert code(raw.customer("add_corp_tag", **body)) == errcode


def test_names_that_all_exist_answer_40071(raw: Raw) -> None:
    """A repeated add_corp_tag creates nothing twice and says so."""
    _add(raw, "高")
    assert code(_add(raw, "高")) == 40071


def test_the_corp_has_room_for_so_many_tags() -> None:
    """40126 above the corp's tag limit, and nothing is created."""
    fake = FakeWeCom(limits=Limits(tags=2))
    raw = Raw(fake)
    assert code(_add(raw, "a", "b", "c")) == 40126
    assert raw.customer("get_corp_tag_list")["tag_group"] == []
    assert code(_add(raw, "a", "b")) == 0


def test_tags_can_be_renamed_but_not_to_a_sibling(raw: Raw) -> None:
    """edit_corp_tag renames tags and groups; a sibling's name answers 40071, an unknown id 40068."""
    group = _add(raw, "高", "低")["tag_group"]
    high, low = group["tag"]
    assert code(raw.customer("edit_corp_tag", id=high["id"], name="很高")) == 0
    assert code(raw.customer("edit_corp_tag", id=low["id"], name="很高")) == 40071
    assert code(raw.customer("edit_corp_tag", id=group["group_id"], name="购车意向")) == 0
    assert code(raw.customer("edit_corp_tag", id="etunknown", name="x")) == 40068
    assert code(raw.customer("edit_corp_tag", name="x")) == 40063
    (shown,) = raw.customer("get_corp_tag_list")["tag_group"]
    assert (shown["group_name"], shown["tag"][0]["name"]) == ("购车意向", "很高")


def test_an_app_edits_its_own_tags_only(fake: FakeWeCom, raw: Raw) -> None:
    """60011 for the tags of another app, to edit as to delete."""
    tag = _add(raw, "高")["tag_group"]["tag"][0]["id"]
    fake.add_app("other", "s2", agent_id=7)
    other = Raw(fake, "s2")
    assert code(other.customer("edit_corp_tag", id=tag, name="x")) == 60011
    assert code(other.customer("del_corp_tag", tag_id=[tag])) == 60011


def test_a_deleted_tag_leaves_customers_and_takes_an_empty_group_along(fake: FakeWeCom, raw: Raw) -> None:
    """The last tag takes its group; queries by id still show both as deleted."""
    one = fake.add_customer(followed_by="zhangsan")
    group = _add(raw, "高")["tag_group"]
    tag = group["tag"][0]["id"]
    raw.customer("mark_tag", userid="zhangsan", external_userid=one.external_userid, add_tag=[tag])
    assert code(raw.customer("del_corp_tag", tag_id=[tag])) == 0
    assert fake.customer(one).tags_by("zhangsan") == []
    assert raw.customer("get_corp_tag_list")["tag_group"] == []
    (shown,) = raw.customer("get_corp_tag_list", tag_id=[tag])["tag_group"]
    assert shown["deleted"] is True
    assert shown["tag"][0]["deleted"] is True
    assert code(raw.customer("del_corp_tag", tag_id=[tag])) == 40068


def test_deleting_a_group_deletes_its_tags(raw: Raw) -> None:
    """del_corp_tag with a group id empties the library of it; with nothing it answers 40063."""
    group = _add(raw, "高", "低")["tag_group"]
    assert code(raw.customer("del_corp_tag")) == 40063
    assert code(raw.customer("del_corp_tag", group_id=[group["group_id"]])) == 0
    assert raw.customer("get_corp_tag_list")["tag_group"] == []


def test_group_ids_win_over_tag_ids(raw: Raw) -> None:
    """With group_id given, tag_id is ignored."""
    one, two = _add(raw, "x", group="a")["tag_group"], _add(raw, "y", group="b")["tag_group"]
    found = raw.customer("get_corp_tag_list", group_id=[one["group_id"]], tag_id=[two["tag"][0]["id"]])["tag_group"]
    assert [group["group_name"] for group in found] == ["a"]


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"userid": ""}, 41009),
        ({"external_userid": ""}, 41035),
        ({"add_tag": []}, 40063),
        ({"add_tag": ["etunknown"]}, 40068),
        ({"external_userid": "wmunknown"}, 40096),
        ({"userid": "nobody"}, 60111),
    ],
)
def test_mark_tag_refuses(fake: FakeWeCom, raw: Raw, fields: dict, errcode: int) -> None:
    """Each missing or unknown id of mark_tag has its code."""
    one, tag = fake.add_customer(followed_by="zhangsan"), fake.add_tag("意向", "高")
    body = {"userid": "zhangsan", "external_userid": one.external_userid, "add_tag": [tag.id]}
    assert code(raw.customer("mark_tag", **(body | fields))) == errcode


def test_a_customer_has_room_for_so_many_tags() -> None:
    """40058 above the tags of one member on one customer; what was there stays."""
    fake = FakeWeCom(limits=Limits(tags_per_customer=1))
    one, raw = fake.add_customer(followed_by="zhangsan"), Raw(fake)
    tags = [fake.add_tag("意向", name) for name in ("高", "低")]
    body = {"userid": "zhangsan", "external_userid": one.external_userid}
    assert code(raw.customer("mark_tag", **body, add_tag=[tags[0].id])) == 0
    assert code(raw.customer("mark_tag", **body, add_tag=[tags[1].id])) == 40058
    assert code(raw.customer("mark_tag", **body, add_tag=[tags[1].id], remove_tag=[tags[0].id])) == 0
    assert fake.customer(one).tags_by("zhangsan") == [tags[1]]
