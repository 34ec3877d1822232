"""What a simulation came to: numbers with names, ready for JSON and for a terminal. Counts nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil

from attrs import asdict, field, frozen

from wecom_auto._time import CHINA
from wecom_auto._types import JSON


@frozen(kw_only=True)
class Spread:
    """How a number is spread over members or days.

    Attributes:
        p50: Half are at most this.
        p95: Nineteen of twenty are at most this.
        max: The highest.
    """

    p50: int = 0
    p95: int = 0
    max: int = 0

    @classmethod
    def of(cls, values: Iterable[int]) -> Spread:
        """Read the spread off the values: nearest rank, no interpolation."""
        ranked = sorted(values)
        if not ranked:
            return cls()
        return cls(p50=_rank(ranked, 0.5), p95=_rank(ranked, 0.95), max=ranked[-1])


def _rank(ranked: list[int], share: float) -> int:
    return ranked[max(0, ceil(share * len(ranked)) - 1)]


@frozen(kw_only=True)
class MemberLoad:
    """One member's year.

    Attributes:
        userid: The member.
        taps: Confirmations in all.
        busiest_day: Confirmations on the busiest day.
        days_over: Days with more confirmations than the limit.
        unconfirmed: Tasks that were withdrawn because nobody tapped.
    """

    userid: str
    taps: int
    busiest_day: int
    days_over: int
    unconfirmed: int


@frozen(kw_only=True)
class Goals:
    """How many runs of one SOP came to an end, and how.

    Attributes:
        entered: Runs that began.
        ended: Runs that are over.
        goal: Runs that ended by a goal.
        sent: Messages that arrived.
    """

    entered: int = 0
    ended: int = 0
    goal: int = 0
    sent: int = 0

    def __add__(self, other: Goals) -> Goals:
        return Goals(
            entered=self.entered + other.entered,
            ended=self.ended + other.ended,
            goal=self.goal + other.goal,
            sent=self.sent + other.sent,
        )

    @property
    def conversion(self) -> float:
        """Share of the runs that reached the goal, 0 to 1."""
        return round(self.goal / self.entered, 4) if self.entered else 0.0


@frozen(kw_only=True)
class Lost:
    """What would be a broken promise; all of it is 0 unless there is a bug.

    Attributes:
        said_sent_but_was_not: The engine says sent, the platform's books say otherwise.
        sent_but_not_known: The platform sent something that the engine does not know of.
        stuck: Something that is due, and nobody looks at it.
    """

    said_sent_but_was_not: int = 0
    sent_but_not_known: int = 0
    stuck: int = 0

    def __add__(self, other: Lost) -> Lost:
        return Lost(
            said_sent_but_was_not=self.said_sent_but_was_not + other.said_sent_but_was_not,
            sent_but_not_known=self.sent_but_not_known + other.sent_but_not_known,
            stuck=self.stuck + other.stuck,
        )

    @property
    def total(self) -> int:
        """All of it."""
        return self.said_sent_but_was_not + self.sent_but_not_known + self.stuck


@frozen(kw_only=True)
class Report:
    """The result of a simulation.

    Attributes:
        sops: Name and version of each SOP.
        customers: Customers who came in.
        days: Days that were played.
        seed: By which dice.
        members: Members at work, successors not counted.
        start: The first moment.
        planned: Touches that came due: ``sent + done + sum(dropped) + unconfirmed + waiting``.
        sent: Messages that reached the customer, welcome messages included.
        done: Server actions and staff tasks that were carried out.
        dropped: Touches that nobody got, by reason.
        unconfirmed: Touches that no member tapped in time.
        waiting: Touches that are still open at the end.
        deferred: How often something was put off, by reason.
        tasks: Tasks for members at the platform; each is one tap.
        taps_per_member: Taps of each member in all the time.
        taps_per_day: Taps of a member on a day on which there were any.
        overloaded: Members with days over the limit, the worst first.
        overload_limit: Taps a day above which a day counts as overloaded.
        cap_losses: Touches that were dropped because the customer's allowance was used up.
        staff_tasks: Tasks that no call can do, by state: ``done``, ``overdue``, ``open``, ``cancelled``.
        goals: By SOP.
        alerts: What somebody had to hear of, by kind.
        duplicates: Messages that reached somebody twice, and tasks that no batch owns, by the platform's own books.
        lost: Broken promises.
        calls: Requests to the platform.
        ticks: How often the engine was woken.
    """

    sops: tuple[str, ...]
    customers: int
    days: int
    seed: int
    members: int
    start: datetime
    planned: int
    sent: int
    done: int
    dropped: Mapping[str, int]
    unconfirmed: int
    waiting: int
    deferred: Mapping[str, int]
    tasks: int
    taps_per_member: Spread
    taps_per_day: Spread
    overloaded: tuple[MemberLoad, ...]
    overload_limit: int
    cap_losses: int
    staff_tasks: Mapping[str, int]
    goals: Mapping[str, Goals]
    alerts: Mapping[str, int]
    duplicates: int
    lost: Lost = field(factory=Lost)
    calls: int = 0
    ticks: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing was sent twice and nothing was lost."""
        return not self.duplicates and not self.lost.total

    def document(self) -> dict[str, JSON]:
        """The report as JSON: sorted by name, the same text for the same seed."""
        return {
            "sops": [*self.sops],
            "customers": self.customers,
            "days": self.days,
            "seed": self.seed,
            "members": self.members,
            "from": self.start.astimezone(CHINA).isoformat(),
            "planned": self.planned,
            "sent": self.sent,
            "done": self.done,
            "dropped": _sorted(self.dropped),
            "unconfirmed": self.unconfirmed,
            "waiting": self.waiting,
            "deferred": _sorted(self.deferred),
            "tasks": self.tasks,
            "taps_per_member": asdict(self.taps_per_member),
            "taps_per_member_and_day": asdict(self.taps_per_day),
            "overloaded": {
                "limit_per_day": self.overload_limit,
                "members": [asdict(one) for one in self.overloaded],
            },
            "cap_losses": self.cap_losses,
            "staff_tasks": _sorted(self.staff_tasks),
            "goals": {name: asdict(one) | {"conversion": one.conversion} for name, one in sorted(self.goals.items())},
            "alerts": _sorted(self.alerts),
            "duplicates": self.duplicates,
            "lost": self.lost.total,
            "lost_detail": asdict(self.lost),
            "calls": self.calls,
            "ticks": self.ticks,
        }


def _sorted(counts: Mapping[str, int]) -> dict[str, JSON]:
    return dict(sorted(counts.items()))
