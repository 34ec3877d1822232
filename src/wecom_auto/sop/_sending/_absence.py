"""Who sends instead of a member who is away, or who has not confirmed. Only followers can: others are no friends.

The roster is asked outside of transactions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import frozen

from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Absence, Target
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._shared._context import Context, CustomerFacts
from wecom_auto.sop._shared._senders import choose_sender
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.store import Touch
from wecom_auto.store import reading

_LOOK_AGAIN: Final = timedelta(hours=4)
AWAY: Final = "deferred:absent"
UNCONFIRMED: Final = "expired:unconfirmed"
PASSED_ON: Final = "reassigned:unconfirmed"
_ON_LEAVE: Final = sa.select(t.absences.c.userid).where(
    t.absences.c.corp_id == sa.bindparam("corp"),
    t.absences.c.from_at <= sa.bindparam("now"),
    t.absences.c.until_at > sa.bindparam("now"),
)


@frozen(kw_only=True)
class StandIn:
    """Who sends.

    Attributes:
        userid: The member; empty if nobody does now.
        reason: Why nobody does.
        later: When to look again; `None` for never.
    """

    userid: str = ""
    reason: str = ""
    later: datetime | None = None


@frozen(kw_only=True)
class Presence:
    """Who is here at one instant.

    Attributes:
        context: The runner.
        now: The instant.
        passed_by: Touch to the member who has not confirmed it.
        on_leave: Members of whom somebody has told the runner that they are away.
    """

    context: Context
    now: datetime
    passed_by: Mapping[int, str]
    on_leave: frozenset[str]

    @classmethod
    def of(cls, context: Context, touches: Iterable[Touch], now: datetime) -> Presence:
        """What is known about these touches and about everybody's leave."""
        u, found = t.touches.c, dict[int, str]()
        ids = [touch.id for touch in touches if touch.reason == PASSED_ON]
        with reading(context.engine) as connection:
            on_leave = frozenset(connection.scalars(_ON_LEAVE, {"corp": context.corp_id, "now": now}))
            for chunk in store.chunked(ids):
                query = sa.select(u.id, u.passed_by).where(u.id.in_(chunk), u.passed_by.is_not(None))
                found |= {row.id: row.passed_by for row in connection.execute(query)}
        return cls(context=context, now=now, passed_by=found, on_leave=on_leave)

    def away(self, userid: str) -> bool:
        """Whether a member is on leave."""
        return userid in self.on_leave or not self.context.office.roster.working(userid, self.now)

    def stand_in(self, definition: Definition, facts: CustomerFacts, touch: Touch, chosen: str) -> StandIn:
        """The member whom the SOP's rule has chosen, or who stands in."""
        if not chosen or definition.target is not Target.CUSTOMER:
            return StandIn(userid=chosen)
        passed = self.passed_by.get(touch.id, "")
        if chosen != passed and not self.away(chosen):
            return StandIn(userid=chosen)
        policy = definition.policy.on_absence
        if policy is Absence.HOLD and chosen != passed:
            return self._wait()
        friends = [one.relation.userid for one in facts.followers if one.relation.following]
        free = [one for one in friends if one not in {chosen, passed} and not self.away(one)]
        roster = self.context.office.roster
        first = roster.supervisor(chosen) if policy is Absence.SUPERVISOR else roster.backup(chosen)
        if first in free:
            return StandIn(userid=first)
        if free and policy is not Absence.SUPERVISOR:
            return StandIn(userid=choose_sender(definition, facts, avoid=frozenset(friends) - {*free}))
        return StandIn(reason=UNCONFIRMED) if passed else self._wait()

    def _wait(self) -> StandIn:
        return StandIn(reason=AWAY, later=self.now + _LOOK_AGAIN)
