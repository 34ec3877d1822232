"""What the tests know of `wecom.groups`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play

from wecom_auto import Call
from wecom_auto.errors import NotFoundError
from wecom_auto.models import JoinScene
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/groupchat/get": [calls.groups.get("c", need_name=True)],
    "externalcontact/groupchat/list": [
        calls.groups.list(status=1, owners=["u"], cursor="c", limit=1),
        calls.groups.iter_all(status=1, owners=["u"], cursor="c", limit=1),
    ],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/groupchat/get", calls.groups.get("c")),
    ("externalcontact/groupchat/list", calls.groups.list()),
]

REQUESTS: list[tuple[str, Make]] = [
    ("externalcontact/groupchat/get", lambda: calls.groups.get("wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA", need_name=True)),
    (
        "externalcontact/groupchat/list",
        lambda: calls.groups.list(owners=["abel"], cursor="r9FqSqsI8fgNbHLHE5QoCP50UIg2cFQbfma3l2QsmwI", limit=10),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("limit", lambda: calls.groups.list(limit=1001)),
    ("owner_filter.userid_list", lambda: calls.groups.iter_all(owners=[f"u{i}" for i in range(101)])),
]


def groups(fake: FakeWeCom) -> Play:
    """Groups are listed, by owner too, and read with the members who are in them."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    made = [fake.create_group(owner, name) for owner, name in _GROUPS]
    customer = fake.add_customer(name="李四", followed_by="zhangsan")
    fake.join_group(made[0], customer, invited_by="zhangsan")
    page = yield lambda app: app.groups.list(limit=2)
    assert len(page.items) == 2
    assert page.next_cursor
    refs = yield lambda app: app.groups.iter_all(limit=1)
    assert {ref.chat_id for ref in refs} == {group.chat_id for group in made}
    own = yield lambda app: app.groups.list(owners=["lisi"])
    assert [ref.chat_id for ref in own.items] == [made[2].chat_id]
    group = yield lambda app: app.groups.get(made[0].chat_id)
    assert (group.name, group.owner, group.created_at) == ("一群", "zhangsan", fake.clock.now())
    (member,) = [one for one in group.members if one.userid == customer.external_userid]
    assert (member.name, member.join_scene) == ("", JoinScene.INVITED)
    assert member.invitor is not None
    assert member.invitor.userid == "zhangsan"
    fake.dismiss_group(made[1])
    try:
        yield lambda app: app.groups.get(made[1].chat_id)
    except NotFoundError:
        pass
    else:
        raise AssertionError


_GROUPS = [("zhangsan", "一群"), ("zhangsan", "二群"), ("lisi", "三群")]

CASES: tuple[Case, ...] = (groups,)
