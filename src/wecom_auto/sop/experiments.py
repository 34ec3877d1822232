"""Whether an arm of an A/B step was better than another one: counts, the difference, and how sure it is.

Counts whom a step has met, whether they were reached or not: leaving out who was not reached would compare different
people. It decides nothing, and it ends no test.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto._time import require_aware
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.sop._document._arms import HOLDOUT, Arms
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop._shared._context import Context
from wecom_auto.store import reading

__all__ = ["ArmCount", "Experiment", "Happened", "Uplift", "compare_arms"]

Happened = Mapping[str, Collection[datetime]]
"""When what counts happened, by customer: the orders of a DMS, for example."""
_Z: Final = 1.959963984540054
"""Of a normal distribution: 95 % lie within so many standard deviations."""
_SMALL: Final = 30
_FEW: Final = 5


@frozen(kw_only=True)
class ArmCount:
    """What came of one arm.

    Attributes:
        arm: Its name; ``holdout`` gets nothing, on purpose.
        customers: Whom the step has met and whose time is over; each customer once.
        reached: How many of them were sent the message.
        successes: How many of them did what counts, within the time.
    """

    arm: str
    customers: int
    reached: int = 0
    successes: int = 0

    @property
    def rate(self) -> float | None:
        """Successes ÷ customers; None without customers."""
        return self.successes / self.customers if self.customers else None


@frozen(kw_only=True)
class Uplift:
    """One arm against the control.

    Attributes:
        arm: Which.
        control: Against which.
        difference: Rate of the arm − rate of the control.
        low: Lower end of the 95 % interval of the difference (Newcombe, 1998, method 10).
        high: Upper end.
        relative: Difference ÷ rate of the control, 0.7 for +70 %; None if the control had no success.
        small: Fewer than 30 customers or 5 successes in one of the two: do not read much into it.
    """

    arm: str
    control: str
    difference: float
    low: float
    high: float
    relative: float | None
    small: bool

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0. With several arms, or after looking every day, that happens by chance."""
        return self.low > 0 or self.high < 0


@frozen(kw_only=True)
class Experiment:
    """What an A/B step has shown so far.

    Attributes:
        sop: The SOP.
        step: The step.
        within: How long after the step's time something counts.
        control: The arm that others are compared with.
        arms: The counts, the control first.
        uplifts: Every other arm against the control; an arm without customers is left out.
        waiting: Customers whose time is not over, and who are not counted yet.
        definition: What was counted.
    """

    sop: str
    step: str
    within: timedelta
    control: str
    arms: tuple[ArmCount, ...]
    uplifts: tuple[Uplift, ...]
    waiting: int = 0
    definition: str = field(default="", repr=False)


def compare_arms(arm: ArmCount, control: ArmCount) -> Uplift:
    """Compare two arms.

    Args:
        arm: What was tried.
        control: What it is compared with.

    Raises:
        ValidationError: An arm without customers, or with more successes than customers.
    """
    for one in (arm, control):
        if not 0 <= one.successes <= one.customers or not one.customers:
            seen = f"{one.successes} of {one.customers}"
            raise ValidationError(field=one.arm, value=seen, limit="at least one customer, and no more successes")
    first, second = arm.successes / arm.customers, control.successes / control.customers
    (low1, high1), (low2, high2) = _wilson(arm), _wilson(control)
    difference = first - second
    return Uplift(
        arm=arm.arm,
        control=control.arm,
        difference=difference,
        # Never past -1 and 1, which the last digit of a sum of roots may be.
        low=max(-1.0, difference - math.hypot(first - low1, high2 - second)),
        high=min(1.0, difference + math.hypot(high1 - first, second - low2)),
        relative=difference / second if second else None,
        small=min(arm.customers, control.customers) < _SMALL or min(arm.successes, control.successes) < _FEW,
    )


def _wilson(one: ArmCount) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson, 1927), which stays between 0 and 1 also for few cases."""
    n, p = one.customers, one.successes / one.customers
    middle, width = p + _Z**2 / (2 * n), _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return max(0.0, (middle - width) / (1 + _Z**2 / n)), min(1.0, (middle + width) / (1 + _Z**2 / n))


@frozen(kw_only=True)
class _Met:
    """A customer whom the step has met."""

    customer: str
    arm: str
    at: datetime
    reached: bool
    goal_at: datetime | None


def experiment(
    context: Context,
    sop: str,
    step: str,
    now: datetime,
    *,
    within: timedelta,
    happened: Happened | None,
    control: str,
) -> Experiment:
    """Evaluate an A/B step; see `Runner.experiment`."""
    if within <= timedelta(0):
        raise ValidationError(field="within", value=str(within), limit="longer than nothing")
    with reading(context.engine) as connection:
        arms, versions = _arms(context, connection, sop, step)
        met = _met(connection, context.corp_id, sop, step, versions)
    names = [name for name, _ in arms.weights]
    chosen = control or (HOLDOUT if HOLDOUT in names else names[0])
    if chosen not in names:
        msg = f"{sop}/{step} has no arm {chosen!r}; it has {', '.join(names)}"
        raise ConfigurationError(msg)
    over = [one for one in met if one.at + within <= now]
    counts = {name: _count(name, [one for one in over if one.arm == name], within, happened) for name in names}
    others = [name for name in names if name != chosen]
    comparable = [name for name in others if counts[name].customers and counts[chosen].customers]
    what = "told by the caller" if happened is not None else "the goal of the run"
    days, which = within / timedelta(days=1), ", ".join(map(str, versions))
    return Experiment(
        sop=sop,
        step=step,
        within=within,
        control=chosen,
        arms=(counts[chosen], *(counts[name] for name in others)),
        uplifts=tuple(compare_arms(counts[name], counts[chosen]) for name in comparable),
        waiting=len(met) - len(over),
        definition=(
            f"customers with a success within {days:g} days after the step was due ÷ customers whom the step has "
            f"met, reached or not, each at the first time; success: {what}; versions {which}"
        ),
    )


def _arms(context: Context, connection: Connection, sop: str, step: str) -> tuple[Arms, list[int]]:
    """The arms of the newest version, and the versions that draw in the same way."""
    newest = context.catalogue.latest(connection, sop)
    found = newest.find(step)
    if found is None or found.ab is None:
        msg = f"{sop}/{step} draws no arms: give a step of the newest version that has ab = {{ … }}"
        raise ConfigurationError(msg)
    d = t.definitions.c
    every = connection.scalars(sa.select(d.version).where(d.corp_id == context.corp_id, d.sop == sop))
    same = [one for one in sorted(every) if _draws(context, connection, sop, one, step) == found.ab]
    return found.ab, same


def _draws(context: Context, connection: Connection, sop: str, version: int, step: str) -> Arms | None:
    found = context.catalogue.load(connection, sop, version).find(step)
    return found.ab if found else None


def _met(connection: Connection, corp_id: str, sop: str, step: str, versions: Collection[int]) -> list[_Met]:
    """Whom the step has met, each customer at the first time."""
    u, e = t.touches.c, t.enrolments.c
    columns = (u.external_userid, u.arm, u.due_at, u.state, e.goal, e.ended_at)
    query = sa.select(*columns).join(t.enrolments, e.id == u.enrolment_id)
    query = query.where(u.corp_id == corp_id, e.sop == sop, u.step == step, u.arm != "", e.version.in_(versions))
    first: dict[str, _Met] = {}
    for row in connection.execute(query.order_by(u.due_at, u.id)):
        met = _Met(
            customer=row.external_userid,
            arm=row.arm,
            at=row.due_at,
            reached=row.state == TouchStatus.DELIVERED.value,
            goal_at=row.ended_at if row.goal else None,
        )
        first.setdefault(met.customer, met)
    return list(first.values())


def _count(arm: str, met: Collection[_Met], within: timedelta, happened: Happened | None) -> ArmCount:
    return ArmCount(
        arm=arm,
        customers=len(met),
        reached=sum(one.reached for one in met),
        successes=sum(_succeeded(one, within, happened) for one in met),
    )


def _succeeded(one: _Met, within: timedelta, happened: Happened | None) -> bool:
    times = happened.get(one.customer, ()) if happened is not None else [one.goal_at] if one.goal_at else ()
    return any(one.at <= require_aware(at, "happened") <= one.at + within for at in times)
