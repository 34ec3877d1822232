"""What the fake answers to tests about groups' greetings and about schools: frozen snapshots; ask again for news."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from wecom_auto.testing._records import moment
from wecom_auto.testing._state_group_welcomes import Greeting
from wecom_auto.testing._state_school import Notice, Parent

__all__ = ["FakeGreeting", "FakeNotice", "FakeParent", "greeting_record", "notice_record", "parent_record"]


@frozen(kw_only=True)
class FakeGreeting:
    """What greeted a customer who joined a group.

    Args:
        external_userid: The customer.
        template_id: The template.
        text: The words, with the nickname filled in.
        attachment: What came with them, by kind, for example `{"link": {…}}`; empty if nothing did.
        at: When.
    """

    external_userid: str
    template_id: str
    text: str
    attachment: Mapping[str, Any] = field(hash=False)
    at: datetime


@frozen(kw_only=True)
class FakeParent:
    """A parent in the school's address book.

    Args:
        parent_userid: Their id there.
        external_userid: Their id as an external contact; empty before they first followed the notices.
        subscribed: They follow the school's notices.
        children: The students.
    """

    parent_userid: str
    external_userid: str
    subscribed: bool
    children: tuple[str, ...]


@frozen(kw_only=True)
class FakeNotice:
    """A notice of the school as it went out.

    Args:
        msgtype: Its kind.
        body: The request.
        parents: The parents who got it.
        students: The students who got it.
        at: When.
    """

    msgtype: str
    body: Mapping[str, Any] = field(hash=False)
    parents: tuple[str, ...]
    students: tuple[str, ...]
    at: datetime


def greeting_record(one: Greeting) -> FakeGreeting:
    """Return the snapshot of a greeting."""
    return FakeGreeting(
        external_userid=one.external_userid,
        template_id=one.template_id,
        text=str(one.content.get("text", {}).get("content", "")),
        attachment={kind: part for kind, part in one.content.items() if kind != "text"},
        at=moment(one.at),
    )


def parent_record(one: Parent) -> FakeParent:
    """Return the snapshot of a parent."""
    return FakeParent(
        parent_userid=one.parent_userid,
        external_userid=one.external_userid,
        subscribed=one.subscribed,
        children=tuple(one.children),
    )


def notice_record(one: Notice) -> FakeNotice:
    """Return the snapshot of a notice."""
    return FakeNotice(
        msgtype=one.msgtype,
        body=one.body,
        parents=tuple(one.parents),
        students=tuple(one.students),
        at=moment(one.at),
    )
