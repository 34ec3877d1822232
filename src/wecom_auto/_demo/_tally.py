"""Count what happened: our tables against the platform's own records. Assumes no number, changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import field, frozen

from wecom_auto._demo._company import Company
from wecom_auto._demo._leads import LeadList
from wecom_auto._demo._world import MAKER
from wecom_auto._time import CHINA
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import BatchStatus, TouchStatus
from wecom_auto.store import transaction

SENT: Final = 1
"""A recipient's status in the platform's results."""
_UNCONFIRMED: Final = "expired:unconfirmed"
_STAGES: Final = {"留资": "lead", "加微": "added", "到店": "visited", "试驾": "test_drive", "下订": "ordered"}
"""The stages of the funnel and their codes."""
_EVENTS: Final = {"到店": "store.visited", "试驾": "testdrive.done", "下订": "deal.signed"}


@frozen(kw_only=True)
class Alert:
    """Something a person has to look at."""

    at: datetime
    what: str
    sop: str
    step: str
    detail: str


@frozen(kw_only=True)
class Touches:
    """What became of every step that came due: ``planned`` is the sum of the others."""

    planned: int
    sent: int
    """Reached the customer."""
    done: int
    """Server actions, and tasks that a member finished."""
    dropped: Mapping[str, int]
    """By reason."""
    unconfirmed: int
    """Withdrawn because no member tapped in time."""
    waiting: int
    """Not settled when the play ended."""


@frozen(kw_only=True)
class Lost:
    """Ways in which something could have got lost; each is counted, all have to be 0."""

    said_sent_but_was_not: int
    sent_but_not_known: int
    stuck: int
    callbacks_not_handled: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.said_sent_but_was_not + self.sent_but_not_known + self.stuck + self.callbacks_not_handled


@frozen(kw_only=True)
class Outcome:
    """Everything the demonstration has to say."""

    seed: int
    people: int
    days: int
    start: datetime
    end: datetime
    leads: LeadList
    customers_added: int
    funnel: tuple[tuple[str, int], ...]
    touches: Touches
    tasks_created: int
    tasks_withdrawn: int
    welcomes: int
    duplicates: int
    lost: Lost
    alerts: tuple[Alert, ...]
    faults: Mapping[str, int]
    requests: int
    callbacks: int
    groups: Mapping[str, int]
    daily: Mapping[str, Mapping[date, int]] = field(repr=False)

    @property
    def clean(self) -> bool:
        """Whether nothing was sent twice and nothing got lost."""
        return not self.duplicates and not self.lost.total

    def document(self) -> dict[str, Any]:
        """The numbers as JSON; no name and no phone is among them."""
        refused = self.leads.refused
        return {
            "maker": MAKER,
            "seed": self.seed,
            "customers": self.people,
            "days": self.days,
            "from": self.start.astimezone(CHINA).isoformat(),
            "to": self.end.astimezone(CHINA).isoformat(),
            "leads_in": self.leads.rows,
            "leads_accepted": len(self.leads.accepted),
            "leads_repaired": dict(sorted(Counter(how for one in self.leads.accepted for how in one.repaired).items())),
            "rows_refused": len(refused),
            "refused": [{"line": one.line, "reason": one.reason, "detail": one.detail} for one in refused],
            "customers_added": self.customers_added,
            "funnel": {_STAGES[name]: count for name, count in self.funnel},
            "touches": {
                "planned": self.touches.planned,
                "sent": self.touches.sent,
                "done": self.touches.done,
                "dropped": dict(sorted(self.touches.dropped.items())),
                "unconfirmed": self.touches.unconfirmed,
                "waiting": self.touches.waiting,
            },
            "welcome_messages": self.welcomes,
            "mass_message_tasks": {"created": self.tasks_created, "withdrawn": self.tasks_withdrawn},
            "groups": dict(self.groups),
            "duplicates": self.duplicates,
            "lost": self.lost.total,
            "lost_detail": {
                "said_sent_but_was_not": self.lost.said_sent_but_was_not,
                "sent_but_not_known": self.lost.sent_but_not_known,
                "stuck": self.lost.stuck,
                "callbacks_not_handled": self.lost.callbacks_not_handled,
            },
            "alerts": [
                {
                    "at": one.at.astimezone(CHINA).isoformat(timespec="seconds"),
                    "what": one.what,
                    "sop": one.sop,
                    "step": one.step,
                    "detail": one.detail,
                }
                for one in self.alerts
            ],
            "faults_injected": dict(sorted(self.faults.items())),
            "requests": self.requests,
            "callbacks": self.callbacks,
        }


@frozen(kw_only=True)
class _Touch:
    state: TouchStatus = field(converter=TouchStatus)
    kind: str
    reason: str
    external_userid: str
    msgid: str | None
    due_at: datetime
    check_at: datetime | None
    sent_at: datetime | None


def tally(company: Company, leads: LeadList, *, seed: int, people: int, days: int, start: datetime) -> Outcome:
    """Count everything at the end of the play."""
    touches = _read_touches(company)
    platform = _platform(company)
    added = company.directory.external_userids()
    calls = company.fake.count("externalcontact/cancel_groupmsg_send")
    return Outcome(
        seed=seed,
        people=people,
        days=days,
        start=start,
        end=company.fake.clock.now(),
        leads=leads,
        customers_added=len(added),
        funnel=_funnel(company, leads, added),
        touches=_sort(touches),
        tasks_created=len(company.fake.mass_messages()),
        tasks_withdrawn=calls,
        welcomes=sum(call.errcode == 0 for call in company.fake.calls("externalcontact/send_welcome_msg")),
        duplicates=_duplicates(company, platform),
        lost=_lost(company, touches, platform),
        alerts=_alerts(company),
        faults=_faults(company),
        requests=company.fake.count("*"),
        callbacks=len(company.fake.deliveries),
        groups={one.name: len(one.members) - 1 for one in company.fake.groups() if not one.dismissed},
        daily=_daily(company, touches),
    )


def _read_touches(company: Company) -> list[_Touch]:
    u, b = t.touches.c, t.batches.c
    query = (
        sa.select(u.state, u.kind, u.reason, u.external_userid, b.msgid, u.due_at, u.check_at, u.sent_at)
        .select_from(t.touches.outerjoin(t.batches, b.id == u.batch_id))
        .order_by(u.id)
    )
    with transaction(company.engine) as connection:
        rows = connection.execute(query).mappings()
        return [_Touch(**dict(row)) for row in rows]


def _platform(company: Company) -> Mapping[tuple[str, str], int]:
    """What the platform itself recorded: (msgid, customer) to the recipient's status."""
    fake = company.fake
    return {
        (msgid, one.target): one.status
        for msgid in fake.mass_messages()
        for task in fake.mass_tasks(msgid)
        for one in task.recipients
    }


def _duplicates(company: Company, platform: Mapping[tuple[str, str], int]) -> int:
    """How often a customer got a text for a second time, and how many tasks there are that no batch of ours owns."""
    texts = {msgid: task.text for msgid in company.fake.mass_messages() for task in company.fake.mass_tasks(msgid)}
    got = Counter((target, texts[msgid]) for (msgid, target), status in platform.items() if status == SENT)
    return sum(times - 1 for times in got.values()) + _unclaimed(company)


def _unclaimed(company: Company) -> int:
    b = t.batches.c
    with transaction(company.engine) as connection:
        claimed = set(connection.scalars(sa.select(b.msgid).where(b.msgid.is_not(None))))
        states = [state.value for state in BatchStatus if state.unsettled]
        # The task of a batch that still looks for it is not a second one.
        open_batches = len(connection.execute(sa.select(b.id).where(b.state.in_(states))).all())
    return max(0, len(set(company.fake.mass_messages()) - claimed) - open_batches)


def _lost(company: Company, touches: Iterable[_Touch], platform: Mapping[tuple[str, str], int]) -> Lost:
    now = company.fake.clock.now()
    masses = [one for one in touches if one.kind == "mass" and one.msgid is not None]
    ours = {(one.msgid or "", one.external_userid): one.state for one in masses}
    arrived = {pair for pair, status in platform.items() if status == SENT}
    said = {pair for pair, state in ours.items() if state is TouchStatus.DELIVERED}
    # A task that is still open has not been asked for its results yet: its touches wait, and are counted as such.
    settled = {pair for pair, state in ours.items() if state.final}
    unknown = arrived - ours.keys()
    return Lost(
        said_sent_but_was_not=len(said - arrived),
        sent_but_not_known=len((arrived & settled) - said) + len(unknown),
        stuck=sum(not one.state.final and one.check_at is not None and one.check_at < now for one in touches),
        callbacks_not_handled=sum(one.outcome != "delivered" for one in company.fake.deliveries)
        + len(company.failures),
    )


def _sort(touches: Iterable[_Touch]) -> Touches:
    counts: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for one in touches:
        counts["planned"] += 1
        if one.state is TouchStatus.DELIVERED:
            counts["sent"] += 1
        elif one.state is TouchStatus.DONE:
            counts["done"] += 1
        elif not one.state.final:
            counts["waiting"] += 1
        elif one.reason == _UNCONFIRMED:
            counts["unconfirmed"] += 1
        else:
            dropped[one.reason] += 1
    return Touches(
        planned=counts["planned"],
        sent=counts["sent"],
        done=counts["done"],
        dropped=dropped,
        unconfirmed=counts["unconfirmed"],
        waiting=counts["waiting"],
    )


def _funnel(company: Company, leads: LeadList, added: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """How far the people of the list came, by what the directory knows of them."""
    facts = company.directory.facts_for((one, "") for one in added).values()
    reached = [(name, sum(one.event(event) is not None for one in facts)) for name, event in _EVENTS.items()]
    return (("留资", len(leads.accepted)), ("加微", len(facts)), *reached)


def _alerts(company: Company) -> tuple[Alert, ...]:
    d = t.decisions.c
    query = sa.select(d.at, d.reason, d.sop, d.step, d.detail).where(d.reason.like("alert:%")).order_by(d.id)
    with transaction(company.engine) as connection:
        senders = {row.id: f"{row.sender} ({row.id})" for row in connection.execute(sa.select(t.batches))}
        return tuple(
            Alert(
                at=row.at,
                what=row.reason.removeprefix("alert:"),
                sop=row.sop,
                step=row.step,
                detail=str(senders.get(row.detail) or row.detail),
            )
            for row in connection.execute(query)
        )


def _faults(company: Company) -> Counter[str]:
    """Which bad luck struck how often, by the platform's own log."""
    struck: Counter[str] = Counter()
    for path in ("add_msg_template", "get", "get_groupmsg_task", "mark_tag"):
        for call in company.fake.calls(f"externalcontact/{path}"):
            if call.fault is not None:
                struck[f"{path}: {_kind(call.fault)}"] += 1
    return struck


def _kind(fault: Any) -> str:
    what = "connection cut" if fault.reset else f"errcode {fault.errcode}" if fault.errcode else f"HTTP {fault.status}"
    return f"{what}, carried out" if fault.processed else what


def _daily(company: Company, touches: Iterable[_Touch]) -> dict[str, Mapping[date, int]]:
    days: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for one in touches:
        if one.state is TouchStatus.DELIVERED and one.sent_at is not None:
            days["welcome" if one.kind == "welcome" else "sent"][_day(one.sent_at)] += 1
        elif one.state.final and one.reason == _UNCONFIRMED:
            days["unconfirmed"][_day(one.due_at)] += 1
    for event in company.fake.events:
        if event.name.endswith(".add_external_contact"):
            days["added"][_day(event.created_at)] += 1
    return dict(days)


def _day(at: datetime) -> date:
    return at.astimezone(CHINA).date()
