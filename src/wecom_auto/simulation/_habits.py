"""What people do, and how often: every number of a simulation that is not the engine's. Data only.

The shares of the funnel are the trade's own rule of thumb (of 45 contacts 18 visit, 11 drive, 6 order);
where a number is ours, it says so. All of them are arguments: measure your stores and put your own in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import Attribute, field, frozen

from wecom_auto.errors import ConfigurationError


def _share(_instance: object, attribute: Attribute[float], value: float) -> None:
    if not 0 <= value <= 1:
        msg = f"{attribute.name}: {value} is not a share between 0 and 1"
        raise ConfigurationError(msg)


@frozen
class Share:
    """How many customers do something, and when.

    Attributes:
        share: Between 0 and 1; of all customers, or of those who did what `after` names.
        first: Earliest day after the customer came in (or after the anchor, see `of_anchor`); may be negative then.
        last: Latest day.
        after: Only those who did this before: the name of another event. The days count from that.
        of_anchor: Days count from the date that the SOP's offsets count from.
    """

    share: float = field(validator=_share)
    first: float = 0.1
    last: float = 30
    after: str = field(default="", kw_only=True)
    of_anchor: bool = field(default=False, kw_only=True)


_EVENTS: Final = {
    # Of 45 contacts 18 visit, 11 drive and 6 order.
    "store.visited": Share(0.40, 0.5, 21),
    "testdrive.booked": Share(0.45, -1.5, -0.1, after="store.visited"),
    "testdrive.done": Share(0.61, 0.02, 3, after="store.visited"),
    "deal.signed": Share(0.55, 0.1, 30, after="testdrive.done"),
    # Six of ten policies are renewed; the rest of the spread is ours.
    "insurance.renewed": Share(0.60, -35, -3, of_anchor=True),
}
_TAGS: Final = {
    # Ours: who asks to be left alone, and whose purchase a member marks.
    "勿扰": Share(0.02, 0.5, 20),
    "已成交": Share(1.0, 0.1, 1, after="deal.signed"),
    "投诉中": Share(0.01, 1, 90),
}
_ATTRIBUTES: Final = {
    # Ours: a car that is sold takes its owner out of the renewal.
    "car_sold": Share(0.04, 10, 300),
}


@frozen(kw_only=True)
class Habits:
    """The table of everything that is drawn.

    Attributes:
        months: Weight of each month's arrivals, January first: the slack of the Spring Festival, the autumn and the
            end of the year. The shape is the trade's, the numbers are ours.
        weekend: How many times more people come on a Saturday or Sunday than on another day.
        opens: Hour from which people come.
        closes: Hour until which they come.
        two_members: Share of customers whom a second member adds, too.
        events: What the dealer's own system reports of a customer, by the name that conditions use.
        tags: Tags that members put by hand.
        attributes: Attributes that become true.
        other: For every name that a definition asks for and no table knows.
        unfriend: Customers who delete the member.
        prompt: Share of tasks that a member taps by himself.
        nudged: Share of tasks that are tapped only after a nudge; the rest is never tapped.
        prompt_minutes: How long a tap takes, from and to.
        nudged_minutes: How long it takes after the nudge.
        holidays: Holidays of a member in a year.
        holiday_days: How long one lasts, from and to; nothing is tapped meanwhile.
        resign: Share of members who leave within a year; a successor comes the next day.
        tasks_done: Share of staff tasks that get done.
        task_hours: How long one takes, from and to.
    """

    months: tuple[float, ...] = (0.9, 0.6, 1.0, 0.95, 1.05, 1.0, 0.85, 0.95, 1.15, 1.05, 1.1, 1.3)
    weekend: float = 1.6
    opens: int = 9
    closes: int = 20
    two_members: float = field(default=0.03, validator=_share)
    events: Mapping[str, Share] = field(factory=lambda: dict(_EVENTS))
    tags: Mapping[str, Share] = field(factory=lambda: dict(_TAGS))
    attributes: Mapping[str, Share] = field(factory=lambda: dict(_ATTRIBUTES))
    other: Share = Share(0.10, 0.5, 30)
    unfriend: Share = Share(0.05, 0.1, 180)
    prompt: float = field(default=0.75, validator=_share)
    nudged: float = field(default=0.15, validator=_share)
    prompt_minutes: tuple[int, int] = (3, 150)
    nudged_minutes: tuple[int, int] = (5, 90)
    holidays: int = 2
    holiday_days: tuple[int, int] = (3, 8)
    resign: float = field(default=0.15, validator=_share)
    tasks_done: float = field(default=0.75, validator=_share)
    task_hours: tuple[float, float] = (0.5, 30)
