"""Move runs along their timetable: ask the planner, write touches down, set the next wake-up. Sends nothing.

One short transaction for each chunk. No lease is needed here, because nothing leaves the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Final

from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._planning._consent import lacks_consent
from wecom_auto.sop._rows import _journal, _work
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._moving import AGAIN, on_the_move
from wecom_auto.sop._rows._shards import shard_of
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop._runs._ending import leave
from wecom_auto.sop._shared._context import Context, CustomerFacts, Tick
from wecom_auto.sop._shared._faults import apart
from wecom_auto.sop._shared._putting_off import put_off_runs, with_definition
from wecom_auto.sop._shared._subjects import facts_of
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import Decision, DecisionKind, EndReason, Plan, plan
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading, repeatable, transaction

WELCOME_CODE: Final = timedelta(seconds=20)
"""How long a welcome code lives (manual 92137)."""
_KINDS: Final = {
    DecisionKind.WELCOME: "welcome",
    DecisionKind.SEND: "mass",
    DecisionKind.STAFF_TASK: "staff_task",
    DecisionKind.ACTION: "action",
}
_STEP: Final = attrgetter("step_id")
_LEADS: Final = {kind: rank for rank, kind in enumerate(_KINDS)}
"""Of several actions of one step, which one the touch is about."""
# A step that goes on is logged by its outcome; here only what does not happen, or not now.
_TOLD: Final = frozenset(
    {
        DecisionKind.SKIP,
        DecisionKind.DEFER,
        DecisionKind.BRANCH,
        DecisionKind.EXIT,
        DecisionKind.END,
        DecisionKind.WELCOME,
    }
)


@frozen(kw_only=True)
class _Progress:
    """What one chunk writes."""

    wakes: defaultdict[datetime, list[int]] = field(factory=lambda: defaultdict[datetime, list[int]](list))
    touches: list[dict[str, object]] = field(factory=list[dict[str, object]])
    entries: list[Entry] = field(factory=list[Entry])
    ends: defaultdict[tuple[str, bool], list[int]] = field(
        factory=lambda: defaultdict[tuple[str, bool], list[int]](list)
    )

    @property
    def runs(self) -> int:
        """How many runs were moved."""
        return sum(map(len, (*self.wakes.values(), *self.ends.values())))


def advance(context: Context, tick: Tick, shard: int | None = None) -> None:
    """Bring every run that is due up to now: of one shard, or of all."""
    while True:
        now = tick.now()
        with reading(context.engine) as connection:
            due = store.due_enrolments(connection, context.corp_id, now, context.settings.chunk, shard)
        if not due:
            return
        moved, before = 0, tick.counts["faults"]
        aside = partial(put_off_runs, context, tick)
        sieve = partial(with_definition, context, tick, put_off=aside)
        for progress in apart(due, partial(_advance_chunk, context, now=now), aside, tick.faults, sieve):
            moved += progress.runs
            tick.counts["advanced"] += progress.runs
            tick.counts["touches"] += len(progress.touches)
            tick.counts["ended"] += sum(map(len, progress.ends.values()))
        # Where nothing was left for this worker, others are at it, and reading it again would only be in their way.
        if len(due) < context.settings.chunk or not moved + tick.counts["faults"] - before:
            return


@repeatable
def _advance_chunk(context: Context, due: Sequence[Enrolment], *, now: datetime) -> _Progress:
    with reading(context.engine) as connection:
        touched = store.touches_of(connection, [run.id for run in due])
        moving = on_the_move(connection, context.corp_id, (run.external_userid for run in due))
    # Facts are read between two transactions: on SQLite a reader would wait for our own writer.
    facts = facts_of(context, due)
    definitions = context.catalogue.cached_many(context.engine, {(run.sop, run.version) for run in due})
    plans = [
        (run, _replan(context, run, definitions[run.sop, run.version], facts[run.id], touched.get(run.id, {}), now))
        for run in due
        if run.external_userid not in moving
    ]
    with transaction(context.engine) as connection:
        owned = store.lock_due(connection, due, now)
        progress = _Progress()
        # Whoever is on the way to another member is left alone: a giver who is no friend any more ends no run.
        progress.wakes[now + AGAIN].extend(run.id for run in due if run.external_userid in moving and run.id in owned)
        for run, planned in plans:
            if run.id in owned:
                _collect(context, progress, run, planned, now)
        _write(connection, context.corp_id, progress, now)
    return progress


def replan(context: Context, run: Enrolment, facts: CustomerFacts, touched: Mapping[str, Touch], now: datetime) -> Plan:
    """Ask the planner about one run, with what its steps have become."""
    definition = context.catalogue.cached(context.engine, run.sop, run.version)
    return _replan(context, run, definition, facts, touched, now)


def _replan(
    context: Context,
    run: Enrolment,
    definition: Definition,
    facts: CustomerFacts,
    touched: Mapping[str, Touch],
    now: datetime,
) -> Plan:
    if lacks_consent(definition, facts):
        return _without_consent(definition, now)
    delivered = [step for step, touch in touched.items() if touch.state in _work.DELIVERED]
    known = facts.with_delivered(delivered) if delivered else facts
    done = {step: touch.outcome for step, touch in touched.items()}
    return plan(definition, run.planner_state(done), known, now, calendar=context.calendar)


def _without_consent(definition: Definition, now: datetime) -> Plan:
    """The end of a run whose subject has withdrawn the consent that let it begin."""
    detail = definition.policy.consent_attribute
    left = Decision(step_id="", kind=DecisionKind.EXIT, due_at=now, reason="exit:no_consent", detail=detail)
    return Plan(decisions=(left,), wake_at=None, ended=EndReason.EXIT)


def _collect(context: Context, progress: _Progress, run: Enrolment, planned: Plan, now: datetime) -> None:
    wait: datetime | None = None
    for step, group in groupby(planned.decisions, key=_STEP):
        decisions = tuple(group)
        if step and _awaits_code(decisions, run, now):
            wait = run.enrolled_at + WELCOME_CODE
            continue
        progress.entries.extend([_entry(run, one) for one in decisions if one.kind in _TOLD])
        if step and (touch := touch_row(context.corp_id, run, decisions, now)) is not None:
            progress.touches.append(touch)
    if planned.ended is not None and wait is None:
        reason = next(one.reason for one in planned.decisions if one.kind in {DecisionKind.EXIT, DecisionKind.END})
        progress.ends[reason, planned.ended is EndReason.GOAL].append(run.id)
    else:
        progress.wakes[min(at for at in (planned.wake_at, wait) if at is not None)].append(run.id)


def _awaits_code(decisions: Sequence[Decision], run: Enrolment, now: datetime) -> bool:
    """Whether the callback may still be on its way to use the welcome code: then the timetable keeps off the step."""
    return decisions[0].kind is DecisionKind.WELCOME and now < run.enrolled_at + WELCOME_CODE


def touch_row(corp_id: str, run: Enrolment, decisions: Sequence[Decision], now: datetime) -> dict[str, object] | None:
    """The outbox row for what was decided about one step; `None` if it was only deferred."""
    lead = min((one for one in decisions if one.kind in _LEADS), key=_rank, default=None)
    if lead is None and decisions[-1].kind in {DecisionKind.DEFER, DecisionKind.EXIT}:
        return None
    first = lead or decisions[0]
    late_welcome = first.kind is DecisionKind.WELCOME
    state = TouchStatus.SKIPPED if lead is None or late_welcome else TouchStatus.DUE
    if first.kind in {DecisionKind.BRANCH, DecisionKind.END}:
        state = TouchStatus.DONE
    return {
        "corp_id": corp_id,
        "enrolment_id": run.id,
        "run": run.run,
        "step": first.step_id,
        "external_userid": run.external_userid,
        "userid": run.userid,
        "kind": _KINDS.get(first.kind, "none"),
        "state": state.value,
        "due_at": first.due_at,
        "check_at": _look_at(first, now) if state is TouchStatus.DUE else None,
        "attempts": 0,
        "reason": "skipped:no_code" if late_welcome else first.reason,
        "arm": first.arm or "",
        "shard": shard_of(run.external_userid),
    }


def _look_at(lead: Decision, now: datetime) -> datetime:
    """When the touch is taken up: a message at the beginning of the minute in which it was planned.

    Whoever freezes may have a clock that is a little behind: a message that is not due for it yet would get a batch of
    its own, which is one more tap.
    """
    planned = now.replace(second=0, microsecond=0) if lead.kind is DecisionKind.SEND else now
    return max(lead.due_at, planned)


def _rank(decision: Decision) -> int:
    return _LEADS[decision.kind]


def _entry(run: Enrolment, one: Decision) -> Entry:
    return Entry(
        reason="skipped:no_code" if one.kind is DecisionKind.WELCOME else one.reason,
        external_userid=run.external_userid,
        sop=run.sop,
        step=one.step_id,
        enrolment_id=run.id,
        due_at=one.due_at,
        detail=one.detail,
    )


def _write(connection: Connection, corp_id: str, progress: _Progress, now: datetime) -> None:
    store.insert_touches(connection, progress.touches)
    _journal.write(connection, corp_id, now, progress.entries)
    for wake_at, ids in progress.wakes.items():
        store.wake_enrolments(connection, ids, wake_at)
    for (reason, goal), ids in progress.ends.items():
        store.end_enrolments(connection, ids, reason, now, goal=goal)
        if reason.startswith(store.WITHDRAWN):
            leave(connection, corp_id, ids, now)
