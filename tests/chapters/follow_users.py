"""What the tests know of `wecom.follow_users`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters._shared import calls
from tests.contract._play import Case, Play

from wecom_auto import Call
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {"externalcontact/get_follow_user_list": [calls.follow_users.list()]}

ANSWERS: list[tuple[str, Call[Any]]] = [("externalcontact/get_follow_user_list", calls.follow_users.list())]


def follow_users(fake: FakeWeCom) -> Play:
    """Members with the customer-contact right are listed, others are not."""
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    fake.add_member("qiantai", contact=False)
    members = yield lambda app: app.follow_users.list()
    assert members == ("zhangsan", "lisi")


CASES: tuple[Case, ...] = (follow_users,)
