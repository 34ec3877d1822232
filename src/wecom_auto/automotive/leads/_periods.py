"""What changed between two periods, what it cost, and how sure one can be (前后对比). Proves no cause."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.errors import ValidationError
from wecom_auto.sop import ArmCount, Uplift, compare_arms
from wecom_auto.store import reading

CAUTION: Final = (
    "before and after is no experiment: season, offers, staff and where the leads came from have changed, too; "
    "the 95 % interval is about chance alone, and of the cost nothing but the quotient is known"
)
_NONE: Final = Decimal(0)


@frozen(kw_only=True)
class Period:
    """How many people were to be reached in a period, how many were, and what that has cost.

    A cost is of the whole period: compare periods for whose people the time is over, with nobody `waiting`.

    Attributes:
        name: What you call it.
        since: The beginning; aware.
        until: The end, later; aware.
        people: Whom somebody was to reach.
        reached: How many of them were reached.
        cost: What the period has cost you (投入): wages, text messages, links. You know it, nothing here does; None if
            you do not.
        waiting: People whose time is not over; they are not among `people`.
        definition: What was counted.
    """

    name: str
    since: datetime
    until: datetime
    people: int
    reached: int
    cost: Decimal | None = None
    waiting: int = 0
    definition: str = field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        if require_aware(self.until, "until") <= require_aware(self.since, "since"):
            raise ValidationError(field="until", value=self.until.isoformat(), limit=f"after {self.since.isoformat()}")
        if not 0 <= self.reached <= self.people:
            seen = f"{self.reached} of {self.people}"
            raise ValidationError(field="reached", value=seen, limit="no more than the people, and not below 0")
        if self.cost is not None and not (self.cost.is_finite() and self.cost >= _NONE):
            raise ValidationError(field="cost", value=str(self.cost), limit="a finite amount of 0 or more")

    @property
    def rate(self) -> float | None:
        """Reached ÷ people (触达率); None without people."""
        return self.reached / self.people if self.people else None

    @property
    def cost_per_reached(self) -> Decimal | None:
        """Cost ÷ reached (单个触达成本), in the currency of the cost; None without a cost or if nobody was reached."""
        return self.cost / self.reached if self.cost is not None and self.reached else None


@frozen(kw_only=True)
class PeriodChange:
    """One period against an earlier one.

    Attributes:
        before: The earlier one.
        after: The later one.
        uplift: The difference of the rates with its 95 % interval, as of `sop.compare_arms`; ``clear`` means that
            chance alone seldom makes such a difference, not what made it.
        cost_difference: Cost for each person reached, after − before; None if one is not known.
        caution: What the numbers do not say. Show it beside them.
    """

    before: Period
    after: Period
    uplift: Uplift
    cost_difference: Decimal | None
    caution: str = CAUTION


def compare_periods(before: Period, after: Period) -> PeriodChange:
    """Compare two periods.

    For a proof draw lots: `sop.Runner.experiment` compares people of the same days.

    Args:
        before: The earlier one.
        after: The later one, which begins when the first is over, or afterwards.

    Raises:
        ValidationError: They overlap, or in one of them there was nobody to reach.
    """
    if after.since < before.until:
        limit = f"at or after the end of the earlier period, {before.until.isoformat()}"
        raise ValidationError(field="after.since", value=after.since.isoformat(), limit=limit)
    first, second = before.cost_per_reached, after.cost_per_reached
    return PeriodChange(
        before=before,
        after=after,
        uplift=compare_arms(_arm("after", after), _arm("before", before)),
        cost_difference=second - first if first is not None and second is not None else None,
    )


def _arm(name: str, one: Period) -> ArmCount:
    return ArmCount(arm=name, customers=one.people, reached=one.people, successes=one.reached)


def reached(
    desk: Desk, name: str, since: datetime, until: datetime, store: str, within: timedelta, cost: Decimal | None
) -> Period:
    """Count the leads of a period that were reached in time; see `LeadNumbers.reached`."""
    if within <= timedelta(0):
        raise ValidationError(field="within", value=str(within), limit="longer than nothing")
    c = t.leads.c
    first, last = require_aware(since, "since"), require_aware(until, "until")
    wanted = [c.corp_id == desk.corp_id, c.created_at >= first, c.created_at < last]
    wanted += [c.store == store] if store else []
    with reading(desk.engine) as connection:
        rows = connection.execute(sa.select(c.created_at, c.contacted_at, c.added_at).where(*wanted)).all()
    over = [row for row in rows if row.created_at + within <= desk.now()]
    good = sum(
        any(at is not None and at - row.created_at <= within for at in (row.contacted_at, row.added_at)) for row in over
    )
    days = within / timedelta(days=1)
    return Period(
        name=name,
        since=since,
        until=until,
        people=len(over),
        reached=good,
        cost=cost,
        waiting=len(rows) - len(over),
        definition=(
            f"触达率: leads talked to or added within {days:g} days ÷ leads of the period whose {days:g} days are over"
        ),
    )
