"""Bring attribute and tag of customers up to date with their stage and grade, one customer after the other.

Every customer is a transaction of their own, so that a run that is stopped goes on where it stood.
It takes off only tags of the group that it shows, and only those that are on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from sqlalchemy.engine import Engine

from wecom_auto.automotive._exclusive import NO_RELATION, TagChoice
from wecom_auto.automotive.lifecycle import _rows
from wecom_auto.automotive.lifecycle._moves import Position
from wecom_auto.directory import Directory, Follower
from wecom_auto.errors import ConfigurationError, NotFoundError, WeComError
from wecom_auto.store import reading, repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_PAUSE: Final = timedelta(minutes=5)
_LONGEST: Final = timedelta(days=1)
_DOUBLINGS: Final = 10


@frozen(kw_only=True)
class Shown:
    """What is shown of one kind of position.

    Attributes:
        attribute: Name of the attribute.
        tag_group: Name of the group of corp tags; empty for none.
        tags: Name of the tag, by value; a value without one takes every tag of the group off.
    """

    attribute: str
    tag_group: str
    tags: Mapping[str, str]


@frozen(kw_only=True)
class MirrorReport:
    """What a run of `Journey.mirror` did.

    Attributes:
        shown: Customers whose attribute and tag are right now.
        marked: Calls that marked a customer.
        failed: Why customers could not be shown, by external_userid; they come again later.
    """

    shown: int = 0
    marked: int = 0
    failed: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class Mirror:
    """Shows positions. Made for one run."""

    engine: Engine
    corp_id: str
    client: WeCom
    directory: Directory
    tell: Callable[[str, str, str], None]

    def run(self, shown: Iterable[Shown], now: datetime, limit: int) -> MirrorReport:
        """Show what is due, at most `limit` customers of each kind."""
        done, marked = 0, 0
        failed: dict[str, str] = {}
        for kind in shown:
            with reading(self.engine) as connection:
                due = _rows.to_mirror(connection, self.corp_id, kind.attribute, now, limit)
            group = self._group(kind) if due else TagChoice()
            facts = self.directory.facts_for((position.external_userid, "") for position, _ in due)
            for position, attempts in due:
                customer = position.external_userid
                try:
                    self.tell(customer, kind.attribute, position.value)
                    marked += self._mark(
                        customer, kind.tags.get(position.value, ""), group, facts[customer, ""].followers
                    )
                except WeComError as error:
                    failed[customer] = str(error)
                    pause = min(_PAUSE * 2 ** min(attempts, _DOUBLINGS), _LONGEST)
                    self._note(kind.attribute, position, now + pause, attempts + 1)
                else:
                    done += 1
                    self._note(kind.attribute, position, None, 0)
        return MirrorReport(shown=done, marked=marked, failed=failed)

    def _group(self, kind: Shown) -> TagChoice:
        """Return the group's tags, all that are wanted among them."""
        if not kind.tag_group:
            return TagChoice()
        found = TagChoice.of(self.directory.tag_groups(), kind.tag_group)
        missing = [name for name in kind.tags.values() if name not in found.ids]
        if missing:
            msg = (
                f"tag group {kind.tag_group!r} lacks {', '.join(missing)}: apply the tag plan, "
                "then read the library with directory.sync(client, kinds=[SyncKind.TAGS])"
            )
            raise ConfigurationError(msg)
        return found

    def _mark(self, customer: str, name: str, group: TagChoice, followers: Iterable[Follower]) -> int:
        """Leave exactly one tag of the group on, for every member who has the customer."""
        calls = 0
        for follower in followers if group.ids else ():
            add, remove = group.only(name, follower.tags)
            if not follower.relation.following or not (add or remove):
                continue
            try:
                self.client.tags.mark(follower.userid, customer, add=add, remove=remove)
            except NotFoundError as error:
                if error.errcode != NO_RELATION:
                    raise
                continue  # They are no friends any more; the event that says so is under way.
            calls += 1
            self.directory.mark_tags(follower.userid, customer, add=add, remove=remove)
        return calls

    @repeatable
    def _note(self, kind: str, position: Position, again_at: datetime | None, attempts: int) -> None:
        with transaction(self.engine) as connection:
            _rows.mirrored(connection, self.corp_id, kind, position, again_at=again_at, attempts=attempts)
