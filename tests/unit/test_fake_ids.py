"""Conversions of ids on the fake: which kind of app may ask what, and what it is told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto import APIError, BulkResult
from wecom_auto.models import UpgradedId
from wecom_auto.testing import FakeCustomer, FakeWeCom

CRM, DELEGATED = 100001, 100002


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with two apps of one provider beside its own."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    fake.add_app("crm", "crm-secret", agent_id=CRM, kind="third-party", provider="p")
    fake.add_app("made for us", "dev-secret", agent_id=DELEGATED, kind="delegated", provider="p")
    return fake


@pytest.fixture
def lisi(fake: FakeWeCom) -> FakeCustomer:
    """Give a customer with a unionid."""
    return fake.add_customer(name="李四", followed_by="zhangsan", unionid="oLISI")


ANY = {"external_userid": "wmX"}
OWN, DEV, THIRD = "", "dev-secret", "crm-secret"


@pytest.mark.parametrize(
    ("secret", "path", "body", "errcode"),
    [
        (OWN, "convert_to_openid", {}, 41035),
        (OWN, "opengid_to_chatid", {}, 40063),
        (OWN, "from_service_external_userid", ANY, 40063),
        (OWN, "from_service_external_userid", {**ANY, "source_agentid": 1000002}, 301002),
        (OWN, "from_service_external_userid", {**ANY, "source_agentid": 9}, 301002),
        (DEV, "from_service_external_userid", {**ANY, "source_agentid": CRM}, 48002),
        (OWN, "to_service_external_userid", ANY, 48002),
        (THIRD, "to_service_external_userid", ANY, 48002),
        (DEV, "to_service_external_userid", ANY, 40096),
        (OWN, "unionid_to_external_userid", {"unionid": "oLISI"}, 846000),
        (DEV, "unionid_to_external_userid", {}, 40063),
        (OWN, "get_new_external_userid", {"external_userid_list": ["wmX"]}, 846000),
        (THIRD, "get_new_external_userid", {"external_userid_list": []}, 40063),
        (THIRD, "get_new_external_userid", {"external_userid_list": ["wm"] * 1001}, 40058),
        (OWN, "groupchat/get_new_external_userid", {"chat_id": "wr", "external_userid_list": ["wm"]}, 846000),
        (THIRD, "groupchat/get_new_external_userid", {"external_userid_list": ["wm"]}, 40063),
        (THIRD, "groupchat/get_new_external_userid", {"chat_id": "wrNO", "external_userid_list": ["wm"]}, 40050),
    ],
)
def test_conversions_refuse(fake: FakeWeCom, secret: str, path: str, body: dict[str, Any], errcode: int) -> None:
    """Each conversion is for certain kinds of app, and names what is missing or unknown."""
    assert code(Raw(fake, secret).customer(path, **body)) == errcode


def test_each_kind_of_app_sees_another_id(fake: FakeWeCom, lisi: FakeCustomer) -> None:
    """A person has one id for the corp, and others for each kind of app of a provider, before and after the upgrade."""
    seen = [
        fake.external_userid_for(lisi, one, before_upgrade=old) for one in (CRM, DELEGATED) for old in (True, False)
    ]
    assert len({lisi.external_userid, *seen}) == 5
    assert {one[:2] for one in seen} == {"wm"}
    assert fake.external_userid_for(lisi, fake.agent_id) == lisi.external_userid
    with pytest.raises(LookupError, match="add_app"):
        fake.external_userid_for(lisi, 9)


def test_a_wecom_user_has_no_openid(fake: FakeWeCom, lisi: FakeCustomer) -> None:
    """WeChat customers only: others answer 41056."""
    raw = Raw(fake)
    assert raw.customer("convert_to_openid", external_userid=lisi.external_userid)["openid"] == fake.openid_of(lisi)
    fake._core.state.people[lisi.external_userid].type = 2
    assert code(raw.customer("convert_to_openid", external_userid=lisi.external_userid)) == 41056


def test_only_customers_in_range_are_converted(fake: FakeWeCom, lisi: FakeCustomer) -> None:
    """A follower, or the owner of a group of theirs, must be visible to the app, and to both apps between two."""
    fake.add_member("wanger")
    fake.add_app("blind", "blind-secret", agent_id=1000009, visible=["wanger"])
    blind, theirs = Raw(fake, "blind-secret"), fake.external_userid_for(lisi, CRM)
    ask = {"external_userid": theirs, "source_agentid": CRM}
    assert code(blind.customer("convert_to_openid", external_userid=lisi.external_userid)) == 40096
    assert code(blind.customer("from_service_external_userid", **ask)) == 40096
    fake.join_group(fake.create_group("wanger", "一群"), lisi)
    assert blind.customer("from_service_external_userid", **ask)["external_userid"] == lisi.external_userid
    assert code(blind.customer("convert_to_openid", external_userid=lisi.external_userid)) == 0


def test_an_opengid_leads_to_living_groups_in_range(fake: FakeWeCom) -> None:
    """A dissolved group is not found any more, and an owner out of range is not shown."""
    fake.add_app("blind", "blind-secret", agent_id=1000009, visible=[])
    group = fake.create_group("zhangsan", "一群")
    opengid = fake.opengid_of(group)
    assert Raw(fake).customer("opengid_to_chatid", opengid=opengid)["chat_id"] == group.chat_id
    assert code(Raw(fake, "blind-secret").customer("opengid_to_chatid", opengid=opengid)) == 60011
    fake.dismiss_group(group)
    assert code(Raw(fake).customer("opengid_to_chatid", opengid=opengid)) == 90511


def test_a_delegated_app_needs_a_sibling(fake: FakeWeCom, lisi: FakeCustomer) -> None:
    """`to_service` wants a third-party app of the same provider, and one that may see customers."""
    fake.add_app("alone", "alone-secret", agent_id=100003, kind="delegated", provider="q")
    form = fake.external_userid_for(lisi, 100003)
    alone = Raw(fake, "alone-secret")
    assert code(alone.customer("to_service_external_userid", external_userid=form)) == 610020
    fake.add_app("blind", "b", agent_id=100004, kind="third-party", provider="q", customer_contact=False)
    assert code(alone.customer("to_service_external_userid", external_userid=form)) == 610021
    dev = Raw(fake, "dev-secret")
    answer = dev.customer("to_service_external_userid", external_userid=fake.external_userid_for(lisi, DELEGATED))
    assert answer["external_userid"] == fake.external_userid_for(lisi, CRM)


def test_a_unionid_and_an_openid_are_of_one_person(fake: FakeWeCom, lisi: FakeCustomer) -> None:
    """An openid that nobody has and one of somebody else have their own codes; an unknown unionid answers no id."""
    other, third = fake.add_customer(), Raw(fake, "crm-secret")

    def asked(**body: str) -> dict[str, Any]:
        return third.customer("unionid_to_external_userid", **body)

    assert asked(unionid="oLISI")["external_userid"] == fake.external_userid_for(lisi, CRM)
    assert asked(unionid="oLISI", openid=fake.openid_of(lisi))["errcode"] == 0
    assert asked(unionid="oLISI", openid="oNOBODY")["errcode"] == 40073
    assert asked(unionid="oLISI", openid=fake.openid_of(other))["errcode"] == 610018
    assert asked(unionid="oNOBODY").keys() == {"errcode", "errmsg"}


def test_people_outside_a_group_are_left_out(fake: FakeWeCom, lisi: FakeCustomer) -> None:
    """Only members of the group are mapped, if the app sees the owner; the other conversion wants a follower."""
    inside, third = fake.add_customer(), Raw(fake, "crm-secret")
    group = fake.create_group("zhangsan", "一群")
    fake.join_group(group, inside)
    old = [fake.external_userid_for(one, CRM, before_upgrade=True) for one in (lisi, inside)]
    asked = {"chat_id": group.chat_id, "external_userid_list": old}
    (row,) = third.customer("groupchat/get_new_external_userid", **asked)["items"]
    assert row == {"external_userid": old[1], "new_external_userid": fake.external_userid_for(inside, CRM)}
    (own,) = third.customer("get_new_external_userid", external_userid_list=old)["items"]
    assert own["external_userid"] == old[0], "nobody follows the other"
    fake.add_app("blind", "blind-secret", agent_id=100009, kind="third-party", provider="p", visible=[])
    assert code(Raw(fake, "blind-secret").customer("groupchat/get_new_external_userid", **asked)) == 60011


def test_many_openids(fake: FakeWeCom) -> None:
    """One call each; a wrong id fails alone, and the answers stand in the order of what worked."""
    people = [fake.add_customer(followed_by="zhangsan") for _ in range(3)]
    wanted = [people[0].external_userid, "wmWRONG", *(one.external_userid for one in people[1:])]
    with fake.client() as app:
        result = app.ids.to_openid_many(wanted, concurrency=2)
    assert fake.count("externalcontact/convert_to_openid") == 4
    assert dict(zip(result.done, result.answers, strict=True)) == {
        one.external_userid: fake.openid_of(one) for one in people
    }
    assert [(one.item, one.errcode) for one in result.failed] == [("wmWRONG", 40096)]
    assert result.again == ()


def test_many_ids_of_a_provider(fake: FakeWeCom) -> None:
    """From a provider's ids to the corp's, from a delegated app's to its sibling's, and from unionids."""
    people = [fake.add_customer(followed_by="zhangsan", unionid=f"o{number}") for number in range(3)]
    with fake.client() as app:
        theirs = [fake.external_userid_for(one, CRM) for one in people]
        back = app.ids.from_service_many(theirs, source_agentid=CRM)
    assert back.ok
    assert list(back.answers) == [one.external_userid for one in people]
    with fake.client(secret="dev-secret", agent_id=DELEGATED) as app:
        mine = [fake.external_userid_for(one, DELEGATED) for one in people]
        assert list(app.ids.to_service_many(mine).answers) == theirs
        assert list(app.ids.from_unionid_many(["o0", "oNOBODY"]).answers) == [mine[0], None]


@pytest.mark.parametrize("in_group", [False, True], ids=["customers", "group members"])
def test_more_old_ids_than_one_call_takes(fake: FakeWeCom, *, in_group: bool) -> None:
    """2,001 ids are three calls; those that the answers leave out have failed, and say why."""
    group = fake.create_group("zhangsan", "一群")
    people = [fake.add_customer(followed_by="zhangsan") for _ in range(5)]
    for one in people:
        fake.join_group(group, one)
    old = [fake.external_userid_for(one, CRM, before_upgrade=True) for one in people]
    wanted = [*old, *(f"wm{number}" for number in range(1996))]
    with fake.client(secret="crm-secret", agent_id=CRM) as app:
        result: BulkResult[str, tuple[UpgradedId, ...]] = (
            app.ids.upgrade_in_group_many(group.chat_id, wanted) if in_group else app.ids.upgrade_many(wanted)
        )
    path = (
        "externalcontact/groupchat/get_new_external_userid" if in_group else "externalcontact/get_new_external_userid"
    )
    assert fake.count(path) == 3
    assert list(result.done) == old
    assert [row.new_external_userid for rows in result.answers for row in rows] == [
        fake.external_userid_for(one, CRM) for one in people
    ]
    assert len(result.failed) == 1996
    assert {one.errcode for one in result.failed} == {40096}
    assert isinstance(result.failed[0].error, APIError)
    assert path in str(result.failed[0].error)


def test_a_call_that_fails_fails_all_its_ids(fake: FakeWeCom) -> None:
    """A self-built app is refused for the first thousand; the rest is not tried."""
    with fake.client() as app:
        result = app.ids.upgrade_many([f"wm{number}" for number in range(1500)])
    assert (len(result.done), {one.errcode for one in result.failed}) == (0, {846000})
    assert len(result.failed) + len(result.rest) == 1500


def test_one_text_is_no_list(fake: FakeWeCom) -> None:
    """A single id where a list belongs is refused, not read letter by letter."""
    with fake.client() as app, pytest.raises(ValueError, match="one text"):
        app.ids.to_openid_many("wmX")
