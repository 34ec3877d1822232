"""Do what rules want: put tags on, take them off when their time is over. Each customer is a transaction of their own.

The newest signal about a tag counts, in whatever order signals arrive.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto._time import Clock, from_unix, require_aware
from wecom_auto.automotive._exclusive import NO_RELATION, TagChoice
from wecom_auto.automotive.channels import Attribution
from wecom_auto.automotive.tagplan._plan import TagPlan
from wecom_auto.automotive.tagplan._rules import Signal, SignalKind, TagOrder, evaluate
from wecom_auto.automotive.tagplan._tables import tag_orders
from wecom_auto.directory import Directory
from wecom_auto.errors import ConfigurationError, NotFoundError, WeComError
from wecom_auto.models import TagGroup
from wecom_auto.store import insert_once, reading, repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

TellTagged = Callable[[str, str, datetime], None]
"""Hears of a tag that was put on: the customer, the tag's name, when. ``Runner.tag_added`` is one."""

_MOST: Final = 1000
_PAUSE: Final = timedelta(minutes=5)
_LONGEST: Final = timedelta(days=1)
_DOUBLINGS: Final = 10
_KEY: Final = ("external_userid", "userid", "tag_group", "tag")


@frozen(kw_only=True)
class TaggerReport:
    """What a run of `Tagger.run` did.

    Attributes:
        on: Tags that were put on.
        off: Tags that were taken off.
        failed: Why orders could not be carried out, by external_userid; they come again later.
    """

    on: int = 0
    off: int = 0
    failed: Mapping[str, str] = field(factory=dict[str, str])


class Tagger:
    """Puts tags on customers by the rules of a plan (自动打标签).

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        plan: The groups and the rules.
        clock: Unix seconds of "now".
    """

    def __init__(self, engine: Engine, corp_id: str, plan: TagPlan, *, clock: Clock = time.time) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self.plan = plan
        self._clock = clock

    def __repr__(self) -> str:
        return f"Tagger(corp_id={self.corp_id!r}, plan={self.plan.name!r})"

    @repeatable
    def hear(self, signal: Signal) -> tuple[TagOrder, ...]:
        """Write down what the rules want after a signal; `run` does it.

        Returns:
            What they want; none of it if no rule means the signal.
        """
        orders = evaluate(self.plan.rules, signal)
        with transaction(self.engine) as connection:
            for order in orders:
                self._want(connection, order)
        return orders

    def hear_source(self, found: Attribution) -> tuple[TagOrder, ...]:
        """Hear where a customer came from: a signal for each part of the source; see `hear`.

        Args:
            found: From `Channels.record`, which gives every add once.
        """
        signals = [
            Signal(
                kind=SignalKind.STATE,
                field=kind.value,
                value=key,
                at=found.added_at,
                external_userid=found.external_userid,
                userid=found.userid,
            )
            for kind, key in found.source.parts()
        ]
        return tuple(order for one in signals for order in self.hear(one))

    def run(
        self,
        client: WeCom,
        directory: Directory,
        now: datetime,
        *,
        limit: int = _MOST,
        tell: TellTagged | None = None,
    ) -> TaggerReport:
        """Put on what is wanted and take off what is over; run it every minute.

        Stopped half-way, it goes on where it stood. A tag of an exclusive group takes the others of the group off in
        the same call.

        Args:
            client: Its app may mark customers.
            directory: Knows who follows a customer, and with which tags; it is told what was marked.
            now: Aware.
            limit: The most orders in one call.
            tell: Called after a tag was put on; ``runner.tag_added`` begins the SOPs that wait for it, because the
                platform sends no callback for what a program has marked. Not called again after a crash in between.
        """
        moment = require_aware(now, "now")
        due = self._due(moment, limit)
        work = _Work(self.plan, client, directory, directory.tag_groups() if due else ())
        counts = {True: 0, False: 0}
        failed: dict[str, str] = {}
        for order in due:
            taking = order.taking(moment)
            try:
                calls = work.carry_out(order, taking=taking)
            except WeComError as error:
                failed[order.external_userid] = str(error)
                self._later(order, moment)
            else:
                counts[taking] += calls
                if calls and not taking and tell is not None:
                    tell(order.external_userid, order.tag, moment)
                self._settle(order, over=taking)
        return TaggerReport(on=counts[False], off=counts[True], failed=failed)

    def _want(self, connection: Connection, order: TagOrder) -> None:
        key = {"corp_id": self.corp_id, "external_userid": order.external_userid, "userid": order.userid}
        row = {
            **key,
            "tag_group": order.group,
            "tag": order.tag,
            "rule": order.rule,
            "off": order.off,
            "heard_at": order.at,
            "expires_at": order.expires_at,
            "due_at": from_unix(self._clock()),
            "attempts": 0,
        }
        exclusive = self.plan.group(order.group).exclusive and not order.off
        o = tag_orders.c
        others = (*(o[name] == value for name, value in key.items()), o.tag_group == order.group, o.tag != order.tag)
        if exclusive and connection.execute(sa.select(o.tag).where(*others, ~o.off, o.heard_at > order.at)).first():
            return  # A newer word has chosen another tag of the group.
        if not insert_once(connection, tag_orders, row):
            newer = tag_orders.c.heard_at <= order.at
            connection.execute(sa.update(tag_orders).where(*self._mine(row), newer).values(row))
        if exclusive:
            # The others of the group go with it, and no end of theirs may come after.
            connection.execute(sa.delete(tag_orders).where(*others, o.heard_at <= order.at))

    def _due(self, now: datetime, limit: int) -> list[_Due]:
        o = tag_orders.c
        query = sa.select(*(o[name] for name in _Due.__annotations__)).where(o.corp_id == self.corp_id, o.due_at <= now)
        query = query.order_by(o.due_at, o.heard_at, o.external_userid, o.tag).limit(limit)
        with reading(self.engine) as connection:
            return [_Due(*row) for row in connection.execute(query)]

    @repeatable
    def _settle(self, order: _Due, *, over: bool) -> None:
        """Let an order rest; the time of its word is kept, so that an older one that comes late changes nothing."""
        waits = None if over else order.expires_at
        with transaction(self.engine) as connection:
            self._note(connection, order, due_at=waits, expires_at=waits, attempts=0)

    @repeatable
    def _later(self, order: _Due, now: datetime) -> None:
        pause = min(_PAUSE * 2 ** min(order.attempts, _DOUBLINGS), _LONGEST)
        with transaction(self.engine) as connection:
            self._note(connection, order, due_at=now + pause, attempts=order.attempts + 1)

    def _note(self, connection: Connection, order: _Due, **values: object) -> None:
        # A newer word that came meanwhile stays due.
        same = (*self._mine({name: getattr(order, name) for name in _KEY}), tag_orders.c.heard_at == order.heard_at)
        connection.execute(sa.update(tag_orders).where(*same).values(**values))

    def _mine(self, row: Mapping[str, Any]) -> tuple[sa.ColumnElement[bool], ...]:
        o = tag_orders.c
        return (o.corp_id == self.corp_id, *(o[name] == row[name] for name in _KEY))


@frozen
class _Due:
    """An order whose time has come; the fields are columns."""

    external_userid: str
    userid: str
    tag_group: str
    tag: str
    off: bool
    heard_at: datetime
    expires_at: datetime | None
    attempts: int

    def taking(self, now: datetime) -> bool:
        """Whether the tag goes."""
        return self.off or (self.expires_at is not None and self.expires_at <= now)


@frozen
class _Work:
    """One run: whom it asks."""

    plan: TagPlan
    client: WeCom
    directory: Directory
    library: tuple[TagGroup, ...]

    def carry_out(self, order: _Due, *, taking: bool) -> int:
        """Mark everybody's view of the customer; return how many calls that took."""
        choice = TagChoice.of(self.library, order.tag_group)
        if order.tag not in choice.ids and not taking:
            msg = f"no tag {order.tag!r} in group {order.tag_group!r}: apply the plan, then sync the tags"
            raise ConfigurationError(msg)
        return sum(
            self._mark(order, follower.userid, *self._change(order, follower.tags, choice, taking=taking))
            for follower in self.directory.facts(order.external_userid).followers
            if follower.relation.following and order.userid in {"", follower.userid}
        )

    def _change(
        self, order: _Due, present: frozenset[str], choice: TagChoice, *, taking: bool
    ) -> tuple[list[str], list[str]]:
        if taking:
            return [], [choice.ids[order.tag]] if order.tag in present and order.tag in choice.ids else []
        if self.plan.group(order.tag_group).exclusive:
            return choice.only(order.tag, present)
        return choice.added(order.tag, present), []

    def _mark(self, order: _Due, userid: str, add: list[str], remove: list[str]) -> int:
        if not add and not remove:
            return 0
        try:
            self.client.tags.mark(userid, order.external_userid, add=add, remove=remove)
        except NotFoundError as error:
            if error.errcode != NO_RELATION:
                raise
            return 0
        self.directory.mark_tags(userid, order.external_userid, add=add, remove=remove)
        return 1
