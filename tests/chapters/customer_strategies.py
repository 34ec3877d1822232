"""What the tests know of `wecom.customer_strategies`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused
from tests.unit._models import filled

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError, PermissionDeniedError
from wecom_auto.models import CustomerPrivilege, RangeNode, RangeNodeType
from wecom_auto.testing import FakeWeCom

ZHANG, ROOT = RangeNode.member("zhangsan"), RangeNode.department(1)
BOTH = [RangeNode(type=RangeNodeType.MEMBER, userid="u", partyid=1)]
RIGHTS = filled(CustomerPrivilege)
SAID = evolve(CustomerPrivilege().complete(), share_customer=False, manage_customer_tag=None)
"""The rights that the manual's own request says."""

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/customer_strategy/list": [
        calls.customer_strategies.list(cursor="c", limit=1),
        calls.customer_strategies.iter_all(cursor="c", limit=1),
    ],
    "externalcontact/customer_strategy/get": [calls.customer_strategies.get(1)],
    "externalcontact/customer_strategy/get_range": [
        calls.customer_strategies.list_range(1, cursor="c", limit=1),
        calls.customer_strategies.iter_range(1, cursor="c", limit=1),
    ],
    "externalcontact/customer_strategy/create": [
        calls.customer_strategies.create("x", parent_id=1, admins=["u"], privilege=RIGHTS, nodes=BOTH)
    ],
    "externalcontact/customer_strategy/edit": [
        calls.customer_strategies.edit(1, name="x", admins=["u"], privilege=RIGHTS, add=BOTH, remove=BOTH)
    ],
    "externalcontact/customer_strategy/del": [calls.customer_strategies.delete(1)],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/customer_strategy/list", calls.customer_strategies.list()),
    ("externalcontact/customer_strategy/get", calls.customer_strategies.get(1)),
    ("externalcontact/customer_strategy/get_range", calls.customer_strategies.list_range(1)),
    ("externalcontact/customer_strategy/create", calls.customer_strategies.create("x", admins=["u"], nodes=[ROOT])),
]

REQUESTS: list[tuple[str, Make]] = [
    ("externalcontact/customer_strategy/list", lambda: calls.customer_strategies.list(cursor="CURSOR", limit=1000)),
    ("externalcontact/customer_strategy/get", lambda: calls.customer_strategies.get(1)),
    (
        "externalcontact/customer_strategy/get_range",
        lambda: calls.customer_strategies.list_range(1, cursor="CURSOR", limit=1000),
    ),
    (
        "externalcontact/customer_strategy/create",
        lambda: calls.customer_strategies.create(
            "NAME",
            parent_id=0,
            admins=["zhangsan", "lisi"],
            privilege=evolve(SAID, oper_resign_group=None),
            nodes=[ZHANG, ROOT],
        ),
    ),
    (
        "externalcontact/customer_strategy/edit",
        lambda: calls.customer_strategies.edit(
            1,
            name="NAME",
            admins=["zhangsan", "lisi"],
            privilege=SAID,
            add=[ZHANG, ROOT],
            remove=[RangeNode.member("lisi"), RangeNode.department(2)],
        ),
    ),
    ("externalcontact/customer_strategy/del", lambda: calls.customer_strategies.delete(1)),
]

MANY = [RangeNode.department(number) for number in range(1, 100 + 2)]

REFUSED: list[tuple[str, Make]] = [
    ("limit", lambda: calls.customer_strategies.list(limit=1001)),
    ("limit", lambda: calls.customer_strategies.iter_range(1, limit=0)),
    ("strategy_name", lambda: calls.customer_strategies.create("", admins=["u"], nodes=[ROOT])),
    ("admin_list", lambda: calls.customer_strategies.create("x", admins=[], nodes=[ROOT])),
    ("admin_list", lambda: calls.customer_strategies.create("x", admins=["u"] * 21, nodes=[ROOT])),
    ("range", lambda: calls.customer_strategies.create("x", admins=["u"], nodes=[])),
    ("range", lambda: calls.customer_strategies.create("x", admins=["u"], nodes=MANY)),
    ("range[1]", lambda: calls.customer_strategies.create("x", admins=["u"], nodes=[ROOT, RangeNode(partyid=1)])),
    ("range[0]", lambda: calls.customer_strategies.create("x", admins=["u"], nodes=[RangeNode.member("")])),
    ("range[0]", lambda: calls.customer_strategies.create("x", admins=["u"], nodes=[RangeNode.department(0)])),
    (
        "strategy_name / admin_list / privilege / range_add / range_del",
        lambda: calls.customer_strategies.edit(1, add=[], remove=[]),
    ),
    ("strategy_name", lambda: calls.customer_strategies.edit(1, name="")),
    ("admin_list", lambda: calls.customer_strategies.edit(1, admins=[])),
    ("range_add[0]", lambda: calls.customer_strategies.edit(1, add=[RangeNode()])),
    ("range_add / range_del", lambda: calls.customer_strategies.edit(1, add=MANY[:51], remove=MANY[:50])),
    (
        "privilege.contact_me",
        lambda: calls.customer_strategies.edit(1, privilege=CustomerPrivilege(contact_me=False)),
    ),
]

ACCEPTED: list[Make] = [
    lambda: calls.customer_strategies.create("x", admins=["u"] * 20, nodes=MANY[1:]),
    lambda: calls.customer_strategies.edit(1, add=MANY[:50], remove=MANY[:50]),
    lambda: calls.customer_strategies.edit(1, privilege=CustomerPrivilege(share_customer=False)),
]

ARGUMENTS: Mapping[str, Any] = {"strategy_id": 1, "name": "x", "admins": ["u"], "nodes": [ROOT]}


def customer_strategies(fake: FakeWeCom) -> Play:
    """A region with a dealer below it: made, read, changed, and deleted from below."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    fake.add_department(2)
    fake.add_department(21, parent=2)
    fake.add_member("wangwu", department=21)
    region = yield lambda app: app.customer_strategies.create(
        "华东", admins=["zhangsan"], nodes=[RangeNode.department(2)], privilege=CustomerPrivilege(share_customer=False)
    )
    dealer = yield lambda app: app.customer_strategies.create(
        "上海一店", parent_id=region, admins=["lisi"], nodes=[RangeNode.member("wangwu")]
    )
    page = yield lambda app: app.customer_strategies.list(limit=1)
    assert [ref.strategy_id for ref in page.items] == [region]
    assert page.next_cursor
    refs = yield lambda app: app.customer_strategies.iter_all(limit=1)
    assert [ref.strategy_id for ref in refs] == [region, dealer]
    one = yield lambda app: app.customer_strategies.get(dealer)
    assert (one.name, one.parent_id, one.admins, one.created_at) == ("上海一店", region, ("lisi",), fake.clock.now())
    assert (one.privilege.share_customer, one.privilege.rapid_reply) == (False, True), "the parent's rights"
    edited = yield lambda app: app.customer_strategies.edit(
        dealer, name="上海二店", admins=["zhangsan", "lisi"], add=[RangeNode.department(21)]
    )
    assert edited is None
    nodes = yield lambda app: app.customer_strategies.iter_range(dealer, limit=1)
    assert nodes == (RangeNode.member("wangwu"), RangeNode.department(21))
    yield lambda app: app.customer_strategies.edit(dealer, remove=[RangeNode.member("wangwu")])
    page = yield lambda app: app.customer_strategies.list_range(dealer)
    assert page.items == (RangeNode.department(21),)
    one = yield lambda app: app.customer_strategies.get(dealer)
    assert (one.name, one.admins) == ("上海二店", ("zhangsan", "lisi"))
    try:
        yield lambda app: app.customer_strategies.edit(dealer, add=[RangeNode.member("lisi")])
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 60011, error)
    else:
        raise AssertionError
    assert (yield lambda app: app.customer_strategies.delete(dealer)) is None
    try:
        yield lambda app: app.customer_strategies.get(dealer)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError


def customer_strategies_at_large(fake: FakeWeCom) -> Play:
    """More nodes than one call takes are added and removed, rights are changed one by one, and a tree is deleted."""
    fake.add_member("zhangsan")
    nodes = [RangeNode.member(fake.add_member(f"m{number}").userid) for number in range(150)]
    top = yield lambda app: app.customer_strategies.create("全国", admins=["zhangsan"], nodes=[RangeNode.department(1)])
    added = yield lambda app: app.customer_strategies.add_range_many(top, nodes)
    assert (len(added.done), added.ok) == (150, True)
    removed = yield lambda app: app.customer_strategies.remove_range_many(top, nodes[:120])
    assert (len(removed.done), removed.ok) == (120, True)
    left = yield lambda app: app.customer_strategies.iter_range(top)
    assert left == (RangeNode.department(1), *nodes[120:])
    changed = yield lambda app: app.customer_strategies.change_privilege(top, CustomerPrivilege(rapid_reply=False))
    assert (changed.share_customer, changed.rapid_reply) == (True, False)
    for name in ("华东", "华南"):
        yield _below(top, name)
    gone = yield lambda app: app.customer_strategies.delete_tree(top)
    assert gone.ok
    assert (len(gone.done), gone.done[-1]) == (3, top)
    assert (yield lambda app: app.customer_strategies.iter_all()) == ()


def _below(parent_id: int, name: str) -> Any:
    return lambda app: app.customer_strategies.create(name, parent_id=parent_id, admins=["zhangsan"], nodes=[ZHANG])


CASES: tuple[Case, ...] = (customer_strategies, customer_strategies_at_large)
