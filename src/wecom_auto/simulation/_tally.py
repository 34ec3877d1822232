"""Count what came of a simulation: in the engine's tables, and against them in the platform's own books."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.simulation._company import Company
from wecom_auto.simulation._play import Play
from wecom_auto.simulation._report import Goals, Lost, MemberLoad, Report, Spread
from wecom_auto.simulation._scenario import Scenario
from wecom_auto.sop import _tables as t
from wecom_auto.sop._states import BatchStatus, TouchStatus
from wecom_auto.store import reading

_SENT: Final = 1
_UNCONFIRMED: Final = "expired:unconfirmed"
_CAP: Final = "dropped:cap"
_LIMIT: Final = 5
"""Taps a day that a member is willing to make; the linter's default, too."""
_SHOWN: Final = 20


@frozen(kw_only=True)
class _Counted:
    """Touches by what became of them."""

    planned: int
    sent: int
    done: int
    dropped: Counter[str]
    unconfirmed: int
    waiting: int


def tally(company: Company, scenario: Scenario, play: Play) -> Report:
    """Count everything at the end of the play."""
    with reading(company.engine) as connection:
        touches = _touches(connection)
        loads = _loads(connection, play)
        deferred = _reasons(connection, "deferred:")
        alerts = _reasons(connection, "alert:")
        tasks = t.staff_tasks.c.state
        staff_tasks = _counts(connection, sa.select(tasks, sa.func.count()).group_by(tasks))
        goals = _goals(connection)
        duplicates, lost = _compare(connection, company)
    return Report(
        sops=tuple(f"{one.sop} v{one.version}" for one in scenario.definitions),
        customers=len(company.fake.customers()),
        days=scenario.days,
        seed=scenario.seed,
        members=scenario.staff,
        start=scenario.start,
        planned=touches.planned,
        sent=touches.sent,
        done=touches.done,
        dropped=touches.dropped,
        unconfirmed=touches.unconfirmed,
        waiting=touches.waiting,
        deferred=deferred,
        tasks=len(company.fake.mass_messages()),
        taps_per_member=Spread.of(one.taps for one in loads),
        taps_per_day=Spread.of(play.work.taps.values()),
        overloaded=_overloaded(loads),
        overload_limit=_LIMIT,
        cap_losses=touches.dropped[_CAP],
        staff_tasks=staff_tasks,
        goals=goals,
        alerts={name.removeprefix("alert:"): count for name, count in alerts.items()},
        duplicates=duplicates,
        lost=lost,
        calls=company.fake.count("*"),
        ticks=play.ticks,
    )


def _counts(connection: Connection, query: sa.Select[str, int]) -> Counter[str]:
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def _reasons(connection: Connection, prefix: str) -> Counter[str]:
    d = t.decisions.c
    query = sa.select(d.reason, sa.func.count()).where(d.reason.startswith(prefix)).group_by(d.reason)
    return _counts(connection, query)


def _touches(connection: Connection) -> _Counted:
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
    return _Counted(
        planned=counts["planned"],
        sent=counts["sent"],
        done=counts["done"],
        dropped=dropped,
        unconfirmed=counts["unconfirmed"],
        waiting=counts["waiting"],
    )


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
