"""Turn due touches into batches: check again, choose the sender, arbitrate, reserve, group. Sends nothing.

Each batch is one confirmation tap for one member, so the fewest batches are the best batches.
Conditions are looked at here a second time: since the step came due somebody may have booked a test drive.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import _batches, _journal, _ledger, store
from wecom_auto.sop import _tables as t
from wecom_auto.sop._actions import Mass
from wecom_auto.sop._advance import replan
from wecom_auto.sop._batches import BatchRow
from wecom_auto.sop._context import Context, CustomerFacts, Tick
from wecom_auto.sop._senders import choose_sender
from wecom_auto.sop._states import TouchStatus
from wecom_auto.sop.contents import Content
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import Decision, DecisionKind
from wecom_auto.sop.sending import Batch
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading, repeatable, transaction

_MOST: Final = 20_000
_ASKED: Final = (TouchStatus.BATCHED, TouchStatus.REQUESTED, TouchStatus.DELIVERED)


@frozen(kw_only=True)
class Verdict:
    """What a touch turned out to be when it was looked at again.

    Attributes:
        touch: The touch.
        run: Its run.
        reason: Why.
        state: The state that it takes; DUE with a `later` for a deferral.
        later: When to look again.
        action: The message to send, if it may be sent.
        undo: The step is no longer due at all (its anchor moved): forget the touch.
        definition: The run's definition.
    """

    touch: Touch
    run: Enrolment
    reason: str
    state: TouchStatus = TouchStatus.SKIPPED
    later: datetime | None = None
    action: Mass | None = None
    undo: bool = False
    definition: Definition | None = None
    facts: CustomerFacts | None = None
    sender: str = ""
    content: Content | None = None

    @property
    def priority(self) -> tuple[int, datetime, int]:
        """The order in which touches win: the SOP's priority, then the oldest."""
        return -(self.definition.priority if self.definition is not None else 0), self.touch.due_at, self.touch.id


def look_again(
    context: Context,
    touch: Touch,
    run: Enrolment,
    facts: CustomerFacts,
    touched: Mapping[str, Touch],
    now: datetime,
    wanted: DecisionKind = DecisionKind.SEND,
) -> Verdict:
    """Ask the planner once more about one step, as if it had not been decided."""
    if run.withdrawn:
        return Verdict(touch=touch, run=run, reason="dropped:ended")
    others = {step: other for step, other in touched.items() if step != touch.step}
    planned = replan(context, run, facts, others, now)
    left = next((one for one in planned.decisions if one.kind is DecisionKind.EXIT), None)
    if left is not None:
        return Verdict(touch=touch, run=run, reason=left.reason)
    mine = [one for one in planned.decisions if one.step_id == touch.step]
    verdict = _read(touch, run, mine, wanted)
    definition = context.catalogue.cached(context.engine, run.sop, run.version)
    return evolve(verdict, definition=definition, facts=facts)


def _read(touch: Touch, run: Enrolment, decisions: Sequence[Decision], wanted: DecisionKind) -> Verdict:
    for one in decisions:
        if one.kind is wanted:
            action = one.do if isinstance(one.do, Mass) else None
            return Verdict(touch=touch, run=run, reason=one.reason, state=TouchStatus.BATCHED, action=action)
        if one.kind is DecisionKind.DEFER:
            return Verdict(touch=touch, run=run, reason=one.reason, state=TouchStatus.DUE, later=one.due_at)
        if one.kind is DecisionKind.SKIP:
            return Verdict(touch=touch, run=run, reason=one.reason)
    return Verdict(touch=touch, run=run, reason="moved:anchor", undo=True)


def judge(
    context: Context, touches: Sequence[Touch], now: datetime, *, wanted: DecisionKind = DecisionKind.SEND
) -> list[Verdict]:
    """Look again at many touches with fresh facts; a verdict is BATCHED if what is `wanted` may be done."""
    with reading(context.engine) as connection:
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in touches])
        touched = store.touches_of(connection, runs)
    facts = context.book.facts_for([run.pair for run in runs.values()])
    verdicts: list[Verdict] = []
    for touch in touches:
        run = runs[touch.enrolment_id]
        verdicts.append(look_again(context, touch, run, facts[run.pair], touched[run.id], now, wanted))
    return verdicts


def freeze(context: Context, tick: Tick) -> bool:
    """Freeze what is due into batches, many thousand messages at most; returns whether there may be more."""
    now = tick.now()
    with reading(context.engine) as connection:
        candidates = store.due_touches(connection, context.corp_id, now, "freeze", _MOST)
    counts = _freeze(context, _of_whole_members(candidates), now) if candidates else Counter[str]()
    tick.counts.update(counts)
    return len(candidates) == _MOST and bool(counts)


def _of_whole_members(candidates: Sequence[Touch]) -> Sequence[Touch]:
    """Leave the last member to the next round if the limit has cut that member's messages in two."""
    last = candidates[-1].userid
    whole = [one for one in candidates if one.userid != last] if len(candidates) == _MOST else []
    return whole or candidates


@repeatable
def _freeze(context: Context, candidates: Sequence[Touch], now: datetime) -> Counter[str]:
    verdicts = [_address(context, one, now) for one in judge(context, candidates, now)]
    with transaction(context.engine) as connection:
        owned = store.lock_touches(connection, [one.id for one in candidates], TouchStatus.DUE)
        mine = [one for one in verdicts if one.touch.id in owned]
        freezer = _Freezer(context=context, connection=connection, now=now)
        freezer.run(mine)
    return freezer.counts


def _address(context: Context, verdict: Verdict, now: datetime) -> Verdict:
    """Choose the sender and fill the content in."""
    if verdict.action is None or verdict.definition is None or verdict.facts is None:
        return verdict
    sender = choose_sender(verdict.definition, verdict.facts, verdict.run.userid)
    if not sender:
        return evolve(verdict, action=None, state=TouchStatus.SKIPPED, reason="blocked:not_friend")
    try:
        content = context.contents.render(verdict.action.content, context.settings.variables(sender))
    except ConfigurationError:
        return evolve(verdict, action=None, state=TouchStatus.FAILED, reason="failed:content")
    unfit = _unfit(content, verdict.definition, now.astimezone(context.settings.zone).date())
    if unfit:
        return evolve(verdict, action=None, state=TouchStatus.SKIPPED, reason=unfit)
    return evolve(verdict, sender=sender, content=content)


def _unfit(content: Content, definition: Definition, today: date) -> str:
    """Why a content must not be sent today, or by this SOP; empty if it may."""
    if not content.is_valid_on(today):
        return "expired:content"
    category = str(getattr(definition, "category", ""))
    return "blocked:audience" if content.audience and category not in content.audience else ""


@frozen(kw_only=True)
class _Freezer:
    """The writing half of a freeze: one transaction."""

    context: Context
    connection: Connection
    now: datetime
    counts: Counter[str] = field(factory=Counter[str])
    entries: list[_journal.Entry] = field(factory=list[_journal.Entry])

    def run(self, verdicts: Sequence[Verdict]) -> None:
        """Write what becomes of every touch."""
        hopeful = [one for one in verdicts if one.content is not None]
        # From here on no other worker decides about these customers, so that what it decided before can be read.
        _ledger.lock(
            self.connection, self.context.corp_id, {one.touch.external_userid for one in hopeful}, self._period
        )
        chosen = self._arbitrate(hopeful)
        self._refuse([one for one in verdicts if one.content is None])
        chosen = self._within_caps(chosen)
        groups: defaultdict[tuple[str, str, int], list[Verdict]] = defaultdict(list)
        times: Counter[tuple[str, str, str]] = Counter()
        for one in chosen:
            if one.content is not None:
                # Somebody whom two steps send the same gets it from two tasks: one task names everybody once.
                who = one.sender, one.content.digest, one.touch.external_userid
                groups[one.sender, one.content.digest, times[who]].append(one)
                times[who] += 1
        for group in groups.values():
            for chunk in store.chunked(group, self.context.settings.recipients):
                self._batch(chunk)
        _journal.write(self.connection, self.context.corp_id, self.now, self.entries)

    @property
    def _period(self) -> str:
        return _ledger.period_of(self.context.settings.cap, self.now, self.context.settings.zone)[0]

    def _refuse(self, verdicts: Iterable[Verdict]) -> None:
        grouped: defaultdict[tuple[TouchStatus, str, datetime | None, bool], list[Verdict]] = defaultdict(list)
        for one in verdicts:
            grouped[one.state, one.reason, one.later, one.undo].append(one)
        for (state, reason, later, undo), group in grouped.items():
            touches = [one.touch for one in group]
            if undo:
                store.delete_touches(self.connection, touches)
            else:
                store.move_touches(self.connection, touches, state, reason=reason, check_at=later, due_at=later)
            runs = {one.run.id: one.run for one in group}
            self.entries.extend(store.lines(touches, runs, reason))
            if state is TouchStatus.FAILED:
                self.entries.append(_journal.Entry(reason=f"alert:{reason}", detail=group[0].touch.step))
            self.counts[reason] += len(group)

    def _arbitrate(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Let the most important message to each customer win; the others wait for the gap."""
        recent = self._recent([one.touch.external_userid for one in verdicts])
        winners: list[Verdict] = []
        for one in sorted(verdicts, key=lambda each: each.priority):
            asked = recent[one.touch.external_userid]
            if any(step == (one.run.sop, one.touch.step) for step, _ in asked):
                # Two runs of one customer with two members, and both chose the same sender.
                self._refuse([evolve(one, state=TouchStatus.SKIPPED, reason="skipped:duplicate")])
            elif (later := self._free_at(one, asked)) > self.now:
                self._refuse([evolve(one, state=TouchStatus.DUE, later=later, reason="deferred:fatigue")])
            else:
                winners.append(one)
                asked.append(((one.run.sop, one.touch.step), self.now))
        return winners

    def _free_at(self, one: Verdict, asked: Iterable[tuple[tuple[str, str], datetime]]) -> datetime:
        gap = self.context.settings.gap
        return max((at + gap for (sop, _), at in asked if sop != one.run.sop), default=self.now)

    def _recent(self, customers: Sequence[str]) -> defaultdict[str, list[tuple[tuple[str, str], datetime]]]:
        found: defaultdict[str, list[tuple[tuple[str, str], datetime]]] = defaultdict(list)
        since = self.now - max(self.context.settings.gap, timedelta(days=1))
        columns = (t.touches.c.external_userid, t.enrolments.c.sop, t.touches.c.step, t.touches.c.due_at)
        for chunk in store.chunked(sorted(set(customers))):
            query = (
                sa.select(*columns)
                .join(t.enrolments, t.enrolments.c.id == t.touches.c.enrolment_id)
                .where(
                    t.touches.c.corp_id == self.context.corp_id,
                    t.touches.c.external_userid.in_(chunk),
                    t.touches.c.due_at > since,
                    t.touches.c.kind == "mass",
                    t.touches.c.state.in_([state.value for state in _ASKED]),
                )
            )
            for row in self.connection.execute(query):
                found[row.external_userid].append(((row.sop, row.step), row.due_at))
        return found

    def _within_caps(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        settings, period = self.context.settings, self._period
        allowed = _ledger.period_of(settings.cap, self.now, settings.zone)[1]
        # One customer may win with two steps of one SOP: each needs a message of its own.
        rounds: list[dict[str, Verdict]] = []
        for one in verdicts:
            free = next((taken for taken in rounds if one.touch.external_userid not in taken), None)
            if free is None:
                rounds.append(free := {})
            free[one.touch.external_userid] = one
        chosen: list[Verdict] = []
        for taken in rounds:
            lucky = _ledger.reserve(
                self.connection, self.context.corp_id, list(taken), period, max(allowed - settings.reserve, 0)
            )
            chosen.extend(one for customer, one in taken.items() if customer in lucky)
            losers = [one for customer, one in taken.items() if customer not in lucky]
            self._refuse([evolve(one, state=TouchStatus.CAPPED, reason="dropped:cap") for one in losers])
        self._note_period(chosen, period)
        return chosen

    def _note_period(self, verdicts: Sequence[Verdict], period: str) -> None:
        for chunk in store.chunked([one.touch.id for one in verdicts]):
            held = sa.update(t.touches).where(t.touches.c.id.in_(chunk))
            self.connection.execute(held.values(reserved_period=period))

    def _batch(self, group: Sequence[Verdict]) -> None:
        first, settings, batch_id = group[0], self.context.settings, self.context.new_id()
        content = first.content
        if content is None:
            return
        row = BatchRow(
            batch=Batch(id=batch_id, check_at=self.now, reason="planned"),
            sender=first.sender,
            content_digest=content.digest,
            content=content.stamped(settings.link_parameter, batch_id).to_json(),
            slot_at=self.now,
            remind_seconds=_least(one.action.remind_after for one in group if one.action is not None),
            escalate_seconds=_least(one.action.escalate_after for one in group if one.action is not None),
        )
        _batches.insert(self.connection, self.context.corp_id, [row])
        touches = [one.touch for one in group]
        # Asked now, whenever it was due: the gap to other messages counts from here.
        store.move_touches(
            self.connection, touches, TouchStatus.BATCHED, reason="batched", batch_id=batch_id, due_at=self.now
        )
        self.counts["batches"] += 1
        self.counts["batched"] += len(touches)


def _least(spans: Iterable[timedelta | None]) -> int | None:
    given = [int(span.total_seconds()) for span in spans if span is not None]
    return min(given) if given else None
