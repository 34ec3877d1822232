"""Bring the messages of a freeze before the arbitration, with what the database knows about their customers' days.

Reads only; what becomes of each message is written by the freeze.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Conflict, Purpose
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.sop._rows._states import BatchKind, TouchStatus
from wecom_auto.sop._runs._advance import replan
from wecom_auto.sop._runs._entry import by_date
from wecom_auto.sop._runs._judge import Verdict
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop._shared._faults import is_general
from wecom_auto.sop._shared._subjects import facts_of
from wecom_auto.sop.arbitration import Asked, Claim, Rules, Ruling, arbitrate, within_ceiling
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import DecisionKind
from wecom_auto.sop.store import Enrolment
from wecom_auto.store import one_of, reading

_ASKED: Final = (TouchStatus.BATCHED, TouchStatus.REQUESTED, TouchStatus.DELIVERED)
_WAS_ASKED: Final = (
    sa.select(
        t.touches.c.external_userid,
        t.touches.c.step,
        t.touches.c.due_at,
        t.enrolments.c.sop,
        t.enrolments.c.version,
        t.enrolments.c.anchor_at,
    )
    .join(t.enrolments, t.enrolments.c.id == t.touches.c.enrolment_id)
    .where(
        t.touches.c.corp_id == sa.bindparam("corp"),
        t.touches.c.external_userid.in_(sa.bindparam("customers", expanding=True)),
        t.touches.c.due_at > sa.bindparam("since"),
        t.touches.c.kind == "mass",
        one_of(t.touches.c.state, _ASKED),
    )
)
_TAPS: Final = (BatchKind.SINGLE.value, BatchKind.GROUP.value)


def rules_of(context: Context) -> Rules:
    """The corp's rules of arbitration."""
    settings = context.settings
    return Rules(zone=settings.zone, repeat=max(settings.gap, timedelta(days=1)))


def rulings_on(
    context: Context, connection: Connection, verdicts: Sequence[Verdict], coming: Iterable[Claim], now: datetime
) -> list[Ruling]:
    """Decide about the messages of one freeze, the most important first.

    Args:
        context: The corp.
        connection: A transaction that keeps other workers from deciding about the same customers.
        verdicts: Messages with sender and content.
        coming: From `coming_today`.
        now: Aware.
    """
    rules = rules_of(context)
    claims = [_claim(context, one, now) for one in verdicts]
    gap = max((one.gap for one in claims), default=timedelta())
    since = min(rules.horizon(now), now - max(gap, rules.repeat))
    asked = _asked(context, connection, {one.customer for one in claims}, since)
    found = arbitrate([*claims, *coming], asked, now, rules)
    if context.settings.taps_per_day:
        taps = _taps(context, connection, {one.sender for one in claims}, rules.start_of_day(now))
        found = within_ceiling(found, taps, context.settings.taps_per_day, now, rules)
    return sorted(found, key=lambda one: one.claim.order)


def _claim(context: Context, one: Verdict, now: datetime) -> Claim:
    return _claim_of(context, one.definition, one.run, one.touch.step, now, since=one.touch.due_at, verdict=one)


def _claim_of(
    context: Context,
    definition: Definition | None,
    run: Enrolment,
    step: str,
    at: datetime,
    *,
    since: datetime,
    verdict: Verdict | None = None,
    number: int = 0,
) -> Claim:
    if definition is None:  # pragma: no cover - a message without a definition has no content either
        msg = f"step {step} without a definition"
        raise ValueError(msg)
    policy = definition.policy
    planned = verdict.planned_at if verdict is not None and verdict.planned_at is not None else since
    return Claim(
        id=number if verdict is None else verdict.touch.id,
        customer=run.external_userid,
        sop=run.sop,
        key=_key(definition, run, step),
        sender=verdict.sender if verdict is not None else "",
        at=at,
        since=since,
        deadline=_deadline(definition, step, planned),
        purpose=policy.purpose,
        priority=definition.priority,
        gap=policy.gap if policy.gap is not None else context.settings.gap,
        fatigue=policy.fatigue,
        on_conflict=policy.on_conflict,
        content=verdict.content if verdict is not None else None,
        splits=policy.allow_split,
    )


def _key(definition: Definition, run: Enrolment, step: str) -> Hashable:
    """What is said: the next date of a calendar says something else."""
    return (run.sop, step, run.anchor_at if by_date(definition) else None)


def _deadline(definition: Definition, step_id: str, planned: datetime) -> datetime:
    step = definition.step(step_id)
    waits = step.wait.max if step.wait is not None else timedelta()
    return planned + definition.window_of(step).late + waits


def may_wait(one: Verdict, later: datetime) -> bool:
    """Whether a message that lost may wait until then: its SOP says so, and it is not too late."""
    if one.definition is None or one.planned_at is None or one.definition.policy.on_conflict is Conflict.DROP:
        return False
    return later <= _deadline(one.definition, one.touch.step, one.planned_at)


def _asked(
    context: Context, connection: Connection, customers: Iterable[str], since: datetime
) -> Mapping[str, Sequence[Asked]]:
    """What members were asked to send to these customers."""
    found: defaultdict[str, list[Asked]] = defaultdict(list)
    known = {"corp": context.corp_id, "since": since}
    for chunk in store.chunked(sorted(customers)):
        for row in connection.execute(_WAS_ASKED, known | {"customers": chunk}):
            definition = context.catalogue.known(connection, row.sop, row.version)
            anchor = row.anchor_at if definition is not None and by_date(definition) else None
            key = (row.sop, row.step, anchor)
            # What it was for nobody can read; that the customer got it still counts.
            purpose = definition.policy.purpose if definition is not None else Purpose.MARKETING
            asked = Asked(sop=row.sop, key=key, at=row.due_at, purpose=purpose)
            found[row.external_userid].append(asked)
    return found


def _taps(context: Context, connection: Connection, senders: Iterable[str], since: datetime) -> Counter[str]:
    """How many confirmations members were asked for since a time."""
    b, found = t.batches.c, Counter[str]()
    for chunk in store.chunked(sorted(senders)):
        mine = (b.corp_id == context.corp_id, b.sender.in_(chunk), b.slot_at >= since, b.kind.in_(_TAPS))
        query = sa.select(b.sender, sa.func.count()).where(*mine).group_by(b.sender)
        found.update({row[0]: row[1] for row in connection.execute(query)})
    return found


@frozen(kw_only=True)
class _Later:
    """A run that comes due later today."""

    id: int
    at: datetime


def coming_today(context: Context, verdicts: Sequence[Verdict], now: datetime) -> list[Claim]:
    """Messages of other runs whose turn comes later today, for the same customers.

    They are planned as if nothing happened until then; nothing is decided about them.
    """
    customers = {one.touch.external_userid for one in verdicts if one.kind is BatchKind.SINGLE}
    if not customers:
        return []
    end, own = rules_of(context).next_day(now), {one.run.id for one in verdicts}
    with reading(context.engine) as connection:
        if len(context.catalogue.running(connection)) == 1:
            return []
        later = [
            *_waking(context, connection, customers, now, end),
            *_waiting(context, connection, customers, now, end),
        ]
        later = [one for one in later if one.id not in own]
        runs = store.enrolments_by_id(connection, [one.id for one in later])
        # Those that cannot be planned say so when their own turn comes.
        unread = [one.id for one in runs.values() if not context.catalogue.known(connection, one.sop, one.version)]
        runs = {number: run for number, run in runs.items() if number not in unread}
        touched = store.touches_of(connection, runs)
    facts = facts_of(context, runs.values())
    found: list[Claim] = []
    for one in (each for each in later if each.id in runs):
        run = runs[one.id]
        definition = context.catalogue.cached(context.engine, run.sop, run.version)
        try:
            planned = replan(context, run, facts[run.id], _without_due(touched.get(run.id, {})), one.at)
        except Exception as error:
            if is_general(error):
                raise
            continue
        steps = {each.step_id: each.due_at for each in planned.decisions if each.kind is DecisionKind.SEND}
        for step, due_at in steps.items():
            number = -len(found) - 1
            found.append(_claim_of(context, definition, run, step, one.at, since=due_at, number=number))
    return found


def _without_due(touched: Mapping[str, store.Touch]) -> dict[str, store.Touch]:
    return {step: touch for step, touch in touched.items() if touch.state is not TouchStatus.DUE}


def _waking(
    context: Context, connection: Connection, customers: Iterable[str], now: datetime, end: datetime
) -> list[_Later]:
    e, found = t.enrolments.c, list[_Later]()
    for chunk in store.chunked(sorted(customers)):
        mine = (e.corp_id == context.corp_id, e.external_userid.in_(chunk), _work.ACTIVE)
        query = sa.select(e.id, e.wake_at).where(*mine, e.wake_at > now, e.wake_at < end)
        rows = connection.execute(query.where(e.sop.in_(_work.running_sops())), {"corp": context.corp_id})
        found.extend(_Later(id=row.id, at=row.wake_at) for row in rows)
    return found


def _waiting(
    context: Context, connection: Connection, customers: Iterable[str], now: datetime, end: datetime
) -> list[_Later]:
    """Runs whose message was deferred to a later hour of today."""
    u, e, found = t.touches.c, t.enrolments.c, list[_Later]()
    for chunk in store.chunked(sorted(customers)):
        mine = (u.corp_id == context.corp_id, u.external_userid.in_(chunk), _work.WORK["freeze"])
        query = sa.select(u.enrolment_id, sa.func.min(u.check_at).label("at")).join(
            t.enrolments, e.id == u.enrolment_id
        )
        query = query.where(*mine, u.check_at > now, u.check_at < end, e.sop.in_(_work.running_sops()))
        rows = connection.execute(query.group_by(u.enrolment_id), {"corp": context.corp_id})
        found.extend(_Later(id=row.enrolment_id, at=row.at) for row in rows)
    return found
