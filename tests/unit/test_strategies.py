"""What takes more than one call in the chapters of rule groups, with either client."""

from __future__ import annotations

import threading
import time
from typing import Any

import anyio
import pytest

from wecom_auto import InvalidRequestError, PagingError, PermissionDeniedError, WeCom
from wecom_auto.models import CustomerPrivilege, MomentPrivilege, RangeNode
from wecom_auto.testing import FakeWeCom

KINDS = pytest.mark.parametrize("kind", ["customer", "moment"])
CUSTOMER = "externalcontact/customer_strategy/"


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with an administrator."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    return fake


def chapter(app: Any, kind: str) -> Any:
    """Return one of the two chapters."""
    return getattr(app, f"{kind}_strategies")


def family(app: Any, kind: str) -> list[int]:
    """Make a country with two regions, of which one has two dealers, and a stranger beside it."""
    made: list[int] = []
    for name, parent in (("全国", None), ("华东", 0), ("华南", 0), ("上海", 1), ("苏州", 1), ("别处", None)):
        more = {} if parent is None else {"parent_id": made[parent]}
        made.append(chapter(app, kind).create(name, admins=["zhangsan"], nodes=[RangeNode.department(1)], **more))
    return made


def test_details_come_with_names_and_parents(fake: FakeWeCom) -> None:
    """A walk asks for a page of ids and then for each of them, and can go on where it stopped."""
    with fake.client() as app:
        made = family(app, "customer")
        found = list(app.customer_strategies.iter_details(limit=4, concurrency=3))
        assert [one.strategy_id for one in found] == made
        assert [(one.name, one.parent_id) for one in found[:2]] == [("全国", 0), ("华东", made[0])]
        first = next(app.customer_strategies.iter_details(limit=4).batches())
        rest = app.customer_strategies.iter_details(limit=4, resume=first.checkpoint)
        assert [one.name for one in [*first.items, *rest]] == [one.name for one in found]


def test_details_come_to_the_asynchronous_client_too(fake: FakeWeCom) -> None:
    """`async for` over the same walk."""
    with fake.client() as app:
        made = family(app, "moment")

    async def main() -> list[int]:
        async with fake.async_client() as app:
            return [one.strategy_id async for one in app.moment_strategies.iter_details(limit=2, concurrency=2)]

    assert anyio.run(main) == made


def test_a_walk_stops_at_an_error(fake: FakeWeCom) -> None:
    """What cannot be read is an error, not a gap."""
    with fake.client() as app:
        family(app, "customer")
        fake.fail_next(CUSTOMER + "get", errcode=40058)
        with pytest.raises(InvalidRequestError):
            list(app.customer_strategies.iter_details())


def test_a_cursor_that_repeats_ends_a_walk(fake: FakeWeCom) -> None:
    """The walk does not go round in circles."""
    with fake.client() as app:
        family(app, "customer")
        walk = app.customer_strategies.iter_details(limit=2).batches()
        first = next(walk)
        fake.fail_next(CUSTOMER + "list", repeat_cursor=True)
        assert next(walk).checkpoint == first.checkpoint
        with pytest.raises(PagingError):
            next(walk)


@KINDS
def test_a_tree_is_deleted_from_its_leaves(fake: FakeWeCom, kind: str) -> None:
    """Children go before their parents, and strangers stay."""
    with fake.client() as app:
        top, east, south, shanghai, suzhou, stranger = family(app, kind)
        told: list[int] = []
        gone = chapter(app, kind).delete_tree(top, progress=lambda progress: told.append(progress.done))
        assert gone.ok
        assert set(gone.done[:2]) == {shanghai, suzhou}
        assert set(gone.done[2:4]) == {east, south}
        assert gone.done[4] == top
        assert told == [1, 2, 3, 4, 5]
        assert [ref.strategy_id for ref in chapter(app, kind).iter_all()] == [stranger]


def test_a_leaf_is_a_tree(fake: FakeWeCom) -> None:
    """Only what is named and what lies below it goes; a stranger's id is told in the result."""
    with fake.client() as app:
        made = family(app, "customer")
        assert app.customer_strategies.delete_tree(made[3]).done == (made[3],)
        foreign = fake.add_strategy("总部")
        (failure,) = app.customer_strategies.delete_tree(foreign).failed
        assert (failure.item, failure.errcode) == (foreign, 60011)


def test_nodes_are_added_100_at_a_time(fake: FakeWeCom) -> None:
    """One bad node takes its call along and nothing else; what is tried again may be all of it."""
    nodes = [RangeNode.member(fake.add_member(f"m{number}").userid) for number in range(250)]
    nodes[120] = RangeNode.member("nobody")
    with fake.client() as app:
        made = app.customer_strategies.create("全国", admins=["zhangsan"], nodes=[RangeNode.department(1)])
        added = app.customer_strategies.add_range_many(made, nodes)
        assert [len(some) for some in (added.done, added.failed, added.unknown, added.rest)] == [150, 100, 0, 0]
        assert {one.errcode for one in added.failed} == {60111}
        fake.add_member("nobody")
        again = app.customer_strategies.add_range_many(made, nodes)
        assert again.ok
        assert len(list(app.customer_strategies.iter_range(made))) == 251
        assert [len(call.body["range_add"]) for call in fake.calls(CUSTOMER + "edit")] == [100, 100, 50] * 2


@KINDS
def test_rights_change_one_by_one(fake: FakeWeCom, kind: str) -> None:
    """An edit replaces all rights, `change_privilege` keeps those that it does not name."""
    first, second = {"customer": ("share_customer", "rapid_reply"), "moment": ("send_moment", "view_moment_list")}[kind]
    make: Any = {"customer": CustomerPrivilege, "moment": MomentPrivilege}[kind]
    with fake.client() as app:
        rules = chapter(app, kind)
        made = rules.create("x", admins=["zhangsan"], nodes=[RangeNode.department(1)], privilege=make(**{first: False}))
        written = rules.change_privilege(made, make(**{second: False}))
        assert (getattr(written, first), getattr(written, second)) == (False, False)
        assert rules.get(made).privilege == written
        rules.edit(made, privilege=make(**{second: False}))
        assert getattr(rules.get(made).privilege, first) is True


def test_rule_groups_are_made_one_after_the_other(fake: FakeWeCom) -> None:
    """The manual forbids making them side by side: threads that share a client take turns, and none is refused."""
    most, now = 0, 0
    lock = threading.Lock()
    client = fake.client()
    send = client._transport.send

    def watched(call: Any, *rest: Any) -> Any:
        nonlocal most, now
        with lock:
            now += call.path.endswith("/create")
            most = max(most, now)
        try:
            time.sleep(0.005)  # long enough for the others to come in, if they could
            return send(call, *rest)
        finally:
            with lock:
                now -= call.path.endswith("/create")

    client._transport.send = watched  # type: ignore[method-assign]
    with client as app:
        app.follow_users.list()
        threads = [threading.Thread(target=_make, args=(app,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list(app.customer_strategies.iter_all())) == 8
    assert most == 1


def _make(app: WeCom) -> None:
    app.customer_strategies.create("x", admins=["zhangsan"], nodes=[RangeNode.department(1)])


def test_a_refusal_says_who_made_it(fake: FakeWeCom) -> None:
    """Who reads the error of a rule group made in the console reads why."""
    foreign = fake.add_strategy("总部")
    with fake.client() as app, pytest.raises(PermissionDeniedError, match="in the console"):
        app.customer_strategies.get(foreign)
