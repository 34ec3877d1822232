"""Numbers of the lead desk, each with its definition beside it. Counts what is stored and judges nobody."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from attrs import frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._periods import Period, reached
from wecom_auto.automotive.leads._states import AssignmentState, CustomerAnswer
from wecom_auto.store import reading

_WEEK: Final = timedelta(days=7)
_SMALL: Final = 30
"""Below so many cases a share says little."""


@frozen(kw_only=True)
class Metric:
    """One number.

    Attributes:
        name: Such as ``add_rate``.
        value: The number; None if there is no case.
        unit: ``share``, ``seconds`` or ``count``.
        cases: Of how many it was made.
        definition: What it is.
        target: What it is compared with; None for nothing.
        small: There are fewer than 30 cases.
    """

    name: str
    value: float | None
    unit: str
    cases: int
    definition: str
    target: float | None = None

    @property
    def small(self) -> bool:
        """Whether there are too few cases to read much into it."""
        return self.cases < _SMALL


@frozen(kw_only=True)
class FunnelStage:
    """How many leads have come so far.

    Attributes:
        stage: ``exposed``, ``lead``, ``link_opened``, ``added`` or ``first_reply``.
        leads: How many.
        share: Of the leads; None if there are none, or for what comes before them.
    """

    stage: str
    leads: int
    share: float | None


@frozen(kw_only=True)
class Overdue:
    """Leads of one member that nobody has reached in time.

    Attributes:
        store: Code of the store.
        userid: The member.
        overdue: Leads whose first contact is late now.
        open: Leads that they hold and have not reached.
        longest: How long the oldest one is late, in clock time.
    """

    store: str
    userid: str
    overdue: int
    open: int
    longest: timedelta


@frozen(kw_only=True)
class SourceCount:
    """Leads of one channel.

    Attributes:
        source: The channel; empty if nobody knows.
        leads: How many.
        added: How many of them became contacts.
        share: Of all leads.
    """

    source: str
    leads: int
    added: int
    share: float


@frozen(kw_only=True)
class AnswerCount:
    """What customers said, by script.

    Attributes:
        script: Which script (话术) the member was given; empty for none.
        answer: What they said, the last time.
        leads: How many leads.
    """

    script: str
    answer: CustomerAnswer
    leads: int


@frozen(kw_only=True)
class Span:
    """Which leads are counted: by when the desk got them.

    Attributes:
        since: At or after; aware.
        until: Before; aware.
        store: Code of a store; all if empty.
    """

    since: datetime | None = None
    until: datetime | None = None
    store: str = ""

    def leads(self, desk: Desk) -> list[sa.ColumnElement[bool]]:
        """As conditions on leads."""
        return self._on(desk, t.leads, t.leads.c.created_at)

    def assignments(self, desk: Desk) -> list[sa.ColumnElement[bool]]:
        """As conditions on assignments."""
        return self._on(desk, t.assignments, t.assignments.c.assigned_at)

    def _on(self, desk: Desk, table: sa.Table, at: sa.Column[datetime]) -> list[sa.ColumnElement[bool]]:
        wanted: list[sa.ColumnElement[bool]] = [table.c.corp_id == desk.corp_id]
        wanted += [at >= require_aware(self.since, "since")] if self.since else []
        wanted += [at < require_aware(self.until, "until")] if self.until else []
        return wanted + ([table.c.store == self.store] if self.store else [])


class LeadNumbers:
    """Numbers of one desk; `LeadDesk.numbers` is one.

    Args:
        desk: What the desk shares.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_rate(self, span: Span | None = None, *, within: timedelta = _WEEK) -> Metric:
        """Add rate (加微率), with the settings' target beside it.

        Args:
            span: Which leads; all if not given.
            within: How long after the link an add counts.
        """
        return _add_rate(self._desk, span or Span(), within)

    def reach_speed(self, span: Span | None = None) -> tuple[Metric, Metric]:
        """How long it takes to reach people: median and 90th percentile."""
        return _reach_speed(self._desk, span or Span())

    def accepted_in_time(self, span: Span | None = None) -> Metric:
        """Share of assignments that were accepted before the first contact was due."""
        return _accepted_in_time(self._desk, span or Span())

    def overdue(self, span: Span | None = None) -> tuple[Overdue, ...]:
        """Who is late, by store and member, the most first."""
        return _overdue(self._desk, span or Span())

    def source_mix(self, span: Span | None = None) -> tuple[SourceCount, ...]:
        """Leads by channel, the most first."""
        return _source_mix(self._desk, span or Span())

    def reached(
        self,
        name: str,
        *,
        since: datetime,
        until: datetime,
        store: str = "",
        within: timedelta = _WEEK,
        cost: Decimal | None = None,
    ) -> Period:
        """Count who was reached of the leads of a period (触达率), for `compare_periods`.

        Args:
            name: What you call the period.
            since: Leads that the desk got at or after; aware.
            until: Leads that the desk got before; aware.
            store: Code of a store; all if empty.
            within: How long after the desk got a lead a talk or an add counts; leads whose time is not over wait.
            cost: What the period has cost you; None if you do not know.

        Raises:
            ValidationError: The end is not after the beginning, a time is naive, or the cost is below 0.
        """
        return reached(self._desk, name, since, until, store, within, cost)

    def answers(self, span: Span | None = None) -> tuple[AnswerCount, ...]:
        """What customers said to which script (话术): the last answer of each lead, the most first.

        A comparison of scripts, and no experiment: who was given which one was not drawn by lot.
        """
        return _answers(self._desk, span or Span())

    def funnel(self, span: Span | None = None, *, exposed: int = 0) -> tuple[FunnelStage, ...]:
        """Exposed → lead → link opened → added → first reply.

        Args:
            span: Which leads; all if not given.
            exposed: What the advertising platform has counted.
        """
        return _funnel(self._desk, span or Span(), exposed)


def _add_rate(desk: Desk, span: Span, within: timedelta) -> Metric:
    """Leads that became contacts within a time after a link was sent or shown."""
    c = t.leads.c
    query = sa.select(c.link_sent_at, c.added_at).where(*span.leads(desk), c.link_sent_at.is_not(None))
    with reading(desk.engine) as connection:
        found = connection.execute(query).all()
    good = sum(row.added_at is not None and row.added_at - row.link_sent_at <= within for row in found)
    days = within / timedelta(days=1)
    return Metric(
        name="add_rate",
        value=good / len(found) if found else None,
        unit="share",
        cases=len(found),
        definition=f"加微率: leads added within {days:g} days ÷ leads that were sent a link or shown a code",
        target=desk.settings.add_rate_target,
    )


def _reach_speed(desk: Desk, span: Span) -> tuple[Metric, Metric]:
    """How long it took to reach people, half of them and nine of ten."""
    c = t.leads.c
    query = sa.select(c.created_at, c.contacted_at).where(*span.leads(desk), c.contacted_at.is_not(None))
    with reading(desk.engine) as connection:
        found = sorted((row.contacted_at - row.created_at).total_seconds() for row in connection.execute(query))
    words = "lead taken in → first effective contact, clock time, {}th percentile of the leads that were reached"
    targets = {50: timedelta(minutes=5), 90: timedelta(hours=2)}
    first, second = (
        Metric(
            name=f"reach_p{part}",
            value=_percentile(found, part),
            unit="seconds",
            cases=len(found),
            definition=words.format(part),
            target=target.total_seconds(),
        )
        for part, target in targets.items()
    )
    return first, second


def _percentile(values: Sequence[float], part: int) -> float | None:
    """The smallest value that at least so many percent do not exceed."""
    return values[max(math.ceil(len(values) * part / 100) - 1, 0)] if values else None


def _accepted_in_time(desk: Desk, span: Span) -> Metric:
    """Assignments that somebody said yes to before the first contact was due."""
    c = t.assignments.c
    counted = c.state != AssignmentState.WITHDRAWN.value
    query = sa.select(c.accepted_at, c.contact_by).where(*span.assignments(desk), counted)
    with reading(desk.engine) as connection:
        found = [row for row in connection.execute(query) if row.accepted_at or row.contact_by <= desk.now()]
    good = sum(row.accepted_at is not None and row.accepted_at <= row.contact_by for row in found)
    return Metric(
        name="accepted_in_time",
        value=good / len(found) if found else None,
        unit="share",
        cases=len(found),
        definition="assignments accepted before the first contact was due ÷ assignments accepted, or due by now",
    )


def _overdue(desk: Desk, span: Span) -> tuple[Overdue, ...]:
    """Who is late, by store and member, the most first."""
    c, now = t.assignments.c, desk.now()
    held = c.state.in_([AssignmentState.OPEN.value, AssignmentState.ACCEPTED.value])
    query = sa.select(c.store, c.userid, c.contact_by).where(*span.assignments(desk), held)
    people: dict[tuple[str, str], list[timedelta]] = {}
    with reading(desk.engine) as connection:
        for row in connection.execute(query):
            people.setdefault((row.store, row.userid), []).append(now - row.contact_by)
    found = [
        Overdue(
            store=store,
            userid=userid,
            overdue=sum(one > timedelta(0) for one in late),
            open=len(late),
            longest=max(*late, timedelta(0)),
        )
        for (store, userid), late in people.items()
    ]
    return tuple(sorted((one for one in found if one.overdue), key=lambda one: (-one.overdue, one.store, one.userid)))


def _source_mix(desk: Desk, span: Span) -> tuple[SourceCount, ...]:
    """Leads by channel, the most first."""
    c = t.leads.c
    query = sa.select(c.source, sa.func.count(), sa.func.count(c.added_at)).where(*span.leads(desk))
    with reading(desk.engine) as connection:
        found = connection.execute(query.group_by(c.source).order_by(sa.func.count().desc(), c.source)).all()
    total = sum(row[1] for row in found)
    return tuple(SourceCount(source=row[0], leads=row[1], added=row[2], share=row[1] / total) for row in found)


def _answers(desk: Desk, span: Span) -> tuple[AnswerCount, ...]:
    """The last answer of each lead, by script."""
    h, c = t.history.c, t.leads.c
    both = sa.and_(h.corp_id == c.corp_id, h.lead_id == c.lead_id, h.what == "answered")
    query = sa.select(h.lead_id, h.detail).join_from(t.leads, t.history, both).where(*span.leads(desk))
    with reading(desk.engine) as connection:
        last = {row.lead_id: row.detail for row in connection.execute(query.order_by(h.id))}
    counts = Counter((detail["script"], CustomerAnswer(detail["answer"])) for detail in last.values())
    found = (AnswerCount(script=script, answer=answer, leads=n) for (script, answer), n in counts.items())
    return tuple(sorted(found, key=lambda one: (-one.leads, one.script, one.answer)))


def _funnel(desk: Desk, span: Span, exposed: int) -> tuple[FunnelStage, ...]:
    """How far leads have come; exposures are counted by the advertising platform."""
    c = t.leads.c
    stages = {"lead": c.lead_id, "link_opened": c.link_opened_at, "added": c.added_at, "first_reply": c.first_reply_at}
    query = sa.select(*(sa.func.count(column) for column in stages.values())).where(*span.leads(desk))
    with reading(desk.engine) as connection:
        counts = connection.execute(query).one()
    total = counts[0]
    rows = [FunnelStage(stage="exposed", leads=exposed, share=None)]
    for stage, number in zip(stages, counts, strict=True):
        rows.append(FunnelStage(stage=stage, leads=number, share=number / total if total else None))
    return tuple(rows)
