"""What the tests know of the list of everybody whom the corp serves, which is part of `wecom.customers`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/contact_list": [
        calls.customers.list_served(cursor="c", limit=1),
        calls.customers.iter_served(cursor="c", limit=1),
    ],
}

ANSWERS: list[tuple[str, Call[Any]]] = [("externalcontact/contact_list", calls.customers.list_served())]

REQUESTS: list[tuple[str, Make]] = [
    ("externalcontact/contact_list", lambda: calls.customers.list_served(cursor="CURSOR", limit=1000)),
]

REFUSED: list[tuple[str, Make]] = [
    ("limit", lambda: calls.customers.list_served(limit=1001)),
    ("limit", lambda: calls.customers.iter_served(limit=0)),
]

ACCEPTED: list[Make] = [calls.customers.list_served, lambda: calls.customers.iter_served(limit=1)]


def served(fake: FakeWeCom) -> Play:
    """Friends, group members and others are listed, once for each member and group; a walk ends within 4 hours."""
    lisi = fake.add_customer(name="李四", followed_by=["zhangsan", "wanger"])
    group = fake.create_group("zhangsan", "一群")
    fake.join_group(group, lisi)
    fake.add_other_contact("刘备开", served_by="zhangsan", chat_name="外联群1")
    everybody = yield lambda app: app.customers.iter_served(limit=2)
    assert len(everybody) == 4
    theirs = [one for one in everybody if one.is_customer]
    assert {one.external_userid for one in theirs} == {lisi.external_userid}
    assert sorted((one.userid, one.chat_id) for one in theirs) == sorted(
        [("zhangsan", ""), ("wanger", ""), ("zhangsan", group.chat_id)]
    )
    assert len({one.tmp_openid for one in theirs}) == 1
    (other,) = [one for one in everybody if not one.is_customer]
    assert (other.name, other.chat_name, other.external_userid) == ("***开", "外联群1", "")
    assert other.added_at == fake.clock.now()
    page = yield lambda app: app.customers.list_served(limit=3)
    assert len(page.items) == 3
    fake.clock.advance(timedelta(hours=4))
    try:
        yield lambda app: app.customers.list_served(cursor=page.next_cursor)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 50100, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (served,)
