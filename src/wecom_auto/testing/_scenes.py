"""The ground under every scene: how a test changes the world safely. Decides nothing about the world itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from wecom_auto.callbacks.events import Event
from wecom_auto.testing._core import Core
from wecom_auto.testing._records import FakeCustomer, FakeGroup, moment
from wecom_auto.testing._state import Group, Member, Person, Relation

__all__ = ["CustomerLike", "GroupLike", "Scenes", "scene"]

CustomerLike: TypeAlias = FakeCustomer | str
"""A customer, or their `external_userid`."""

GroupLike: TypeAlias = FakeGroup | str
"""A customer group, or its `chat_id`."""

S = TypeVar("S", bound="Scenes")
P = ParamSpec("P")
T = TypeVar("T")


def scene(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Run a method under the lock, and deliver its callbacks afterwards if the fake does so by itself."""

    @wraps(method)
    def act(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self._core.acting():
            return method(self, *args, **kwargs)

    return act


class Scenes:
    """Base of the scene classes: finds rows for them and emits events."""

    _core: Core

    def _now(self) -> int:
        return int(self._core.clock.time())

    def _time(self) -> float:
        return self._core.clock.time()

    def _emit(self, make: Callable[..., Event], **fields: object) -> None:
        state = self._core.state
        self._core.outbox.emit(make(created_at=moment(self._now()), to_user=state.corp_id, **fields))

    def _member(self, userid: str) -> Member:
        member = self._core.state.members.get(userid)
        if member is None or not member.active:
            msg = f"{userid}: no such active member; add_member({userid!r}) first"
            raise LookupError(msg)
        return member

    def _person(self, customer: CustomerLike) -> Person:
        external_userid = customer if isinstance(customer, str) else customer.external_userid
        person = self._core.state.people.get(external_userid)
        if person is None:
            msg = f"{external_userid}: no such customer; add_customer() or scan() first"
            raise LookupError(msg)
        return person

    def _relation(self, userid: str, customer: CustomerLike) -> Relation:
        relation = self._person(customer).followers.get(userid)
        if relation is None:
            msg = f"{userid} does not follow this customer"
            raise LookupError(msg)
        return relation

    def _group(self, group: GroupLike) -> Group:
        chat_id = group if isinstance(group, str) else group.chat_id
        found = self._core.state.groups.get(chat_id)
        if found is None or found.dismissed:
            msg = f"{chat_id}: no such group; create_group() first"
            raise LookupError(msg)
        return found
