"""Count what came of a simulation: in the engine's tables, and against them in the platform's own books."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.simulation._company import Company
from wecom_auto.simulation._play import Play
from wecom_auto.simulation._report import Goals, Lost, MemberLoad, Report, Spread
from wecom_auto.simulation._scenario import Scenario
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import BatchStatus, TouchStatus
from wecom_auto.store import reading

_SENT: Final = 1
_UNCONFIRMED: Final = "expired:unconfirmed"
_CAP: Final = "dropped:cap"
_LIMIT: Final = 5
"""Taps a day that a member is willing to make; the linter's default, too."""
_SHOWN: Final = 20


@frozen(kw_only=True)
class Count:
    """What came of one team's year: numbers that can be added to those of other teams.

    Attributes:
        touches: Touches by state: planned, sent, done, unconfirmed, waiting.
        dropped: Touches that nobody got, by reason.
        deferred: How often something was put off, by reason.
        alerts: What somebody had to hear of, by kind.
        staff_tasks: Staff tasks by state.
        goals: By SOP.
        loads: Every member's year.
        taps: Taps of a member on a day, for every day with any.
        books: By the platform's own books: customers, tasks, calls, and what is there twice.
        lost: Broken promises.
        ticks: How often the engine was woken.
    """

    touches: Counter[str]
    dropped: Counter[str]
    deferred: Counter[str]
    alerts: Counter[str]
    staff_tasks: Counter[str]
    goals: Mapping[str, Goals]
    loads: tuple[MemberLoad, ...]
    taps: tuple[int, ...]
    books: Counter[str]
    lost: Lost
    ticks: int


def count(company: Company, play: Play) -> Count:
    """Count everything at the end of a play."""
    fake = company.fake
    with reading(company.engine) as connection:
        touches, dropped = _touches(connection)
        tasks = t.staff_tasks.c.state
        duplicates, lost = _compare(connection, company)
        return Count(
            touches=touches,
            dropped=dropped,
            deferred=_reasons(connection, "deferred:"),
            alerts=_reasons(connection, "alert:"),
            staff_tasks=_counts(connection, sa.select(tasks, sa.func.count()).group_by(tasks)),
            goals=_goals(connection),
            loads=tuple(_loads(connection, play)),
            taps=tuple(play.work.taps.values()),
            books=Counter(
                customers=len(fake.customers()),
                tasks=len(fake.mass_messages()),
                calls=fake.count("*"),
                duplicates=duplicates,
            ),
            lost=lost,
            ticks=play.ticks,
        )


def report(scenario: Scenario, counts: Sequence[Count]) -> Report:
    """Add the teams up."""
    touches, books = _sum(one.touches for one in counts), _sum(one.books for one in counts)
    dropped = _sum(one.dropped for one in counts)
    loads = [load for one in counts for load in one.loads]
    return Report(
        sops=tuple(f"{one.sop} v{one.version}" for one in scenario.definitions),
        customers=books["customers"],
        days=scenario.days,
        seed=scenario.seed,
        members=scenario.staff,
        start=scenario.start,
        planned=touches["planned"],
        sent=touches["sent"],
        done=touches["done"],
        dropped=dropped,
        unconfirmed=touches["unconfirmed"],
        waiting=touches["waiting"],
        deferred=_sum(one.deferred for one in counts),
        tasks=books["tasks"],
        taps_per_member=Spread.of(one.taps for one in loads),
        taps_per_day=Spread.of(taps for one in counts for taps in one.taps),
        overloaded=_overloaded(loads),
        overload_limit=_LIMIT,
        cap_losses=dropped[_CAP],
        staff_tasks=_sum(one.staff_tasks for one in counts),
        goals=_all_goals(counts),
        alerts={name.removeprefix("alert:"): times for name, times in _sum(one.alerts for one in counts).items()},
        duplicates=books["duplicates"],
        lost=sum((one.lost for one in counts), Lost()),
        calls=books["calls"],
        ticks=sum(one.ticks for one in counts),
    )


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counters:
        total.update(one)
    return total


def _all_goals(counts: Sequence[Count]) -> Mapping[str, Goals]:
    return {
        sop: sum((one.goals[sop] for one in counts if sop in one.goals), Goals())
        for sop in dict.fromkeys(sop for one in counts for sop in one.goals)
    }


def _counts(connection: Connection, query: sa.Select[str, int]) -> Counter[str]:
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def _reasons(connection: Connection, prefix: str) -> Counter[str]:
    d = t.decisions.c
    query = sa.select(d.reason, sa.func.count()).where(d.reason.startswith(prefix)).group_by(d.reason)
    return _counts(connection, query)


def _touches(connection: Connection) -> tuple[Counter[str], Counter[str]]:
    u = t.touches.c
    counts: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    query = sa.select(u.state, u.reason, sa.func.count().label("times")).group_by(u.state, u.reason)
    for row in connection.execute(query):
        state = TouchStatus(row.state)
        counts["planned"] += row.times
        if state is TouchStatus.DELIVERED:
            counts["sent"] += row.times
        elif state is TouchStatus.DONE:
            counts["done"] += row.times
        elif not state.final:
            counts["waiting"] += row.times
        elif row.reason == _UNCONFIRMED:
            counts["unconfirmed"] += row.times
        else:
            dropped[row.reason] += row.times
    return counts, dropped


def _loads(connection: Connection, play: Play) -> list[MemberLoad]:
    b = t.batches.c
    expired = b.state == BatchStatus.EXPIRED.value
    missed = _counts(connection, sa.select(b.sender, sa.func.count()).where(expired).group_by(b.sender))
    days: defaultdict[str, list[int]] = defaultdict(list)
    for (userid, _day), taps in play.work.taps.items():
        days[userid].append(taps)
    return [
        MemberLoad(
            userid=userid,
            taps=sum(days[userid]),
            busiest_day=max(days[userid], default=0),
            days_over=sum(taps > _LIMIT for taps in days[userid]),
            unconfirmed=missed[userid],
        )
        for userid in sorted({userid for userid, _day in play.work.asked})
    ]


def _overloaded(loads: Iterable[MemberLoad]) -> tuple[MemberLoad, ...]:
    over = [one for one in loads if one.days_over]
    return tuple(sorted(over, key=lambda one: (-one.days_over, -one.taps, one.userid))[:_SHOWN])


def _goals(connection: Connection) -> Mapping[str, Goals]:
    e, u = t.enrolments.c, t.touches.c
    sent_query = (
        sa.select(e.sop, sa.func.count())
        .join(t.touches, u.enrolment_id == e.id)
        .where(u.state == TouchStatus.DELIVERED.value)
        .group_by(e.sop)
    )
    sent = _counts(connection, sent_query)
    ended, goal = sa.func.count(e.ended_at), sa.func.sum(sa.case((e.goal.is_(True), 1), else_=0))
    query = sa.select(e.sop, sa.func.count().label("entered"), ended.label("ended"), goal.label("goal")).group_by(e.sop)
    return {
        row.sop: Goals(entered=row.entered, ended=row.ended, goal=row.goal, sent=sent[row.sop])
        for row in connection.execute(query)
    }


def _compare(connection: Connection, company: Company) -> tuple[int, Lost]:
    """Hold the engine's rows against what the platform itself wrote down."""
    arrived: Counter[tuple[str, str]] = Counter(_arrived(company))
    ours = _ours(connection)
    said = Counter({pair: 1 for pair, state in ours.items() if state is TouchStatus.DELIVERED})
    settled = {pair for pair, state in ours.items() if state.final}
    twice = sum(times - 1 for times in arrived.values()) + _same_step_twice(connection)
    now = company.fake.clock.now()
    lost = Lost(
        said_sent_but_was_not=len(said.keys() - arrived.keys()),
        # What is still open at the end has not been asked for its results yet.
        sent_but_not_known=len((arrived.keys() & settled) - said.keys()) + len(arrived.keys() - ours.keys()),
        stuck=connection.scalar(sa.select(sa.func.count()).where(t.touches.c.check_at < now)) or 0,
    )
    return twice + _unclaimed(connection, company), lost


def _arrived(company: Company) -> Iterator[tuple[str, str]]:
    """(task, customer) for every message that the platform delivered."""
    fake = company.fake
    for msgid in fake.mass_messages():
        for task in fake.mass_tasks(msgid):
            yield from ((msgid, one.target) for one in task.recipients if one.status == _SENT)


def _ours(connection: Connection) -> dict[tuple[str, str], TouchStatus]:
    u, b = t.touches.c, t.batches.c
    query = sa.select(b.msgid, u.external_userid, u.state).join(t.batches, b.id == u.batch_id)
    rows = connection.execute(query.where(b.msgid.is_not(None)))
    return {(row.msgid, row.external_userid): TouchStatus(row.state) for row in rows}


def _same_step_twice(connection: Connection) -> int:
    """How often one step of one run was delivered more than once."""
    u = t.touches.c
    delivered = sa.select(sa.func.count().label("times")).where(u.state == TouchStatus.DELIVERED.value)
    grouped = delivered.group_by(u.enrolment_id, u.run, u.step).subquery()
    query = sa.select(sa.func.coalesce(sa.func.sum(grouped.c.times - 1), 0))
    return int(connection.scalar(query) or 0)


def _unclaimed(connection: Connection, company: Company) -> int:
    """Tasks at the platform that no batch of ours owns: made twice, or by nobody."""
    b = t.batches.c
    claimed = set(connection.scalars(sa.select(b.msgid).where(b.msgid.is_not(None))))
    states = [state.value for state in BatchStatus if state.unsettled]
    looking = connection.scalar(sa.select(sa.func.count()).where(b.state.in_(states))) or 0
    return max(0, len(set(company.fake.mass_messages()) - claimed) - looking)
