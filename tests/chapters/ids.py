"""What the tests know of `wecom.ids`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import NotFoundError, PermissionDeniedError
from wecom_auto.models import UpgradedId
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/convert_to_openid": [calls.ids.to_openid("wm")],
    "externalcontact/opengid_to_chatid": [calls.ids.to_chat_id("o")],
    "externalcontact/from_service_external_userid": [calls.ids.from_service("wm", source_agentid=1)],
    "externalcontact/to_service_external_userid": [calls.ids.to_service("wm")],
    "externalcontact/unionid_to_external_userid": [calls.ids.from_unionid("o", openid="o")],
    "externalcontact/get_new_external_userid": [calls.ids.upgrade(["wm"])],
    "externalcontact/groupchat/get_new_external_userid": [calls.ids.upgrade_in_group("wr", ["wm"])],
}

ARGUMENTS: Mapping[str, Any] = {"opengid": "o", "unionid": "o", "external_userids": ["wm"], "source_agentid": 1}

ANSWERS: list[tuple[str, Call[Any]]] = [(name, made[0]) for name, made in CALLS.items()]

REQUESTS: list[tuple[str, Make]] = [
    ("externalcontact/convert_to_openid", lambda: calls.ids.to_openid("wmAAAAAAA")),
    ("externalcontact/opengid_to_chatid", lambda: calls.ids.to_chat_id("oAAAAAAA")),
    (
        "externalcontact/from_service_external_userid",
        lambda: calls.ids.from_service("aaa", source_agentid=100001),
    ),
    ("externalcontact/to_service_external_userid", lambda: calls.ids.to_service("wmAAAAAAA")),
    ("externalcontact/unionid_to_external_userid", lambda: calls.ids.from_unionid("oAAAAAAA")),
    ("externalcontact/get_new_external_userid", lambda: calls.ids.upgrade(["xxxxx", "yyyyyy"])),
    (
        "externalcontact/groupchat/get_new_external_userid",
        lambda: calls.ids.upgrade_in_group("wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA", ["xxxxx", "yyyyyy"]),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("external_userid_list", lambda: calls.ids.upgrade([])),
    ("external_userid_list", lambda: calls.ids.upgrade(["wm"] * 1001)),
    ("external_userid_list", lambda: calls.ids.upgrade_in_group("wr", [])),
    ("external_userid_list", lambda: calls.ids.upgrade_in_group("wr", ["wm"] * 1001)),
]

ACCEPTED: list[Make] = [
    lambda: calls.ids.upgrade(["wm"] * 1000),
    lambda: calls.ids.upgrade_in_group("wr", ["wm"] * 1000),
]


def ids_of_wechat(fake: FakeWeCom) -> Play:
    """A customer has an openid, a group has an opengid, and both lead back."""
    lisi = fake.add_customer(name="李四", followed_by="zhangsan")
    group = fake.create_group("zhangsan", "一群")
    assert (yield lambda app: app.ids.to_openid(lisi.external_userid)) == fake.openid_of(lisi)
    assert (yield lambda app: app.ids.to_chat_id(fake.opengid_of(group))) == group.chat_id
    many = yield lambda app: app.ids.to_openid_many([lisi.external_userid] * 2)
    assert (many.ok, many.answers) == (True, (fake.openid_of(lisi),) * 2)
    try:
        yield lambda app: app.ids.to_openid("wmNOBODY")
    except NotFoundError as error:
        refused(NotFoundError, 40096, error)
    else:
        raise AssertionError
    try:
        yield lambda app: app.ids.to_chat_id("oNOGROUP")
    except NotFoundError as error:
        refused(NotFoundError, 90511, error)
    else:
        raise AssertionError


def ids_of_a_provider(fake: FakeWeCom) -> Play:
    """A self-built app turns the ids of a provider's app into the corp's own."""
    fake.add_app("CRM", "secret-of-the-crm", agent_id=100001, kind="third-party", provider="crm")
    lisi = fake.add_customer(name="李四", followed_by="zhangsan")
    theirs = fake.external_userid_for(lisi, 100001)
    assert theirs != lisi.external_userid
    ours = yield lambda app: app.ids.from_service(theirs, source_agentid=100001)
    assert ours == lisi.external_userid
    try:
        yield lambda app: app.ids.from_service(lisi.external_userid, source_agentid=100001)
    except NotFoundError as error:
        refused(NotFoundError, 40096, error)
    else:
        raise AssertionError


def ids_for_a_provider(fake: FakeWeCom) -> Play:
    """A provider's app finds customers by unionid and by old ids; a self-built one may not ask."""
    lisi = fake.add_customer(name="李四", followed_by="zhangsan", unionid="oLISI")
    wangwu = fake.add_customer(name="王五")
    group = fake.create_group("zhangsan", "一群")
    fake.join_group(group, wangwu)
    try:
        yield lambda app: app.ids.upgrade([lisi.external_userid])
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 846000, error)
    else:
        raise AssertionError
    fake.set_app_kind("delegated", provider="crm")
    fake.add_app("CRM", "secret-of-the-crm", agent_id=100001, kind="third-party", provider="crm")
    old, new = (fake.external_userid_for(lisi, fake.agent_id, before_upgrade=one) for one in (True, False))
    assert (yield lambda app: app.ids.from_unionid("oLISI", openid=fake.openid_of(lisi))) == new
    assert (yield lambda app: app.ids.from_unionid("oNOBODY")) is None
    assert (yield lambda app: app.ids.to_service(new)) == fake.external_userid_for(lisi, 100001)
    pair = UpgradedId(external_userid=old, new_external_userid=new)
    assert (yield lambda app: app.ids.upgrade([old, "wmUNKNOWN"])) == (pair,)
    member = fake.external_userid_for(wangwu, fake.agent_id, before_upgrade=True)
    (row,) = yield lambda app: app.ids.upgrade_in_group(group.chat_id, [member, old])
    assert row.new_external_userid == fake.external_userid_for(wangwu, fake.agent_id)


CASES: tuple[Case, ...] = (ids_of_wechat, ids_of_a_provider, ids_for_a_provider)
