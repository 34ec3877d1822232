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
from wecom_auto.sop._absence import Presence
from wecom_auto.sop._actions import GroupMass, Mass, Moment, Sending
from wecom_auto.sop._advance import replan
from wecom_auto.sop._batches import Audience, BatchRow
from wecom_auto.sop._channels import CHANNELS
from wecom_auto.sop._context import Context, CustomerFacts, Tick
from wecom_auto.sop._moment_content import check as check_moment
from wecom_auto.sop._states import BatchKind, TouchStatus
from wecom_auto.sop._subjects import facts_of, member_for
from wecom_auto.sop.contents import Content
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import Decision, DecisionKind
from wecom_auto.sop.sending import Batch
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading, repeatable, transaction

_MOST: Final = 20_000
_KINDS: Final[Mapping[type[Sending], BatchKind]] = {
    Mass: BatchKind.SINGLE,
    GroupMass: BatchKind.GROUP,
    Moment: BatchKind.MOMENT,
}
_ALLOWED: Final = (BatchKind.SINGLE, BatchKind.GROUP)
"""What the platform gives each recipient so many of; moments it counts by the corp."""
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
    action: Sending | None = None
    undo: bool = False
    definition: Definition | None = None
    facts: CustomerFacts | None = None
    sender: str = ""
    content: Content | None = None
    audience: str = ""

    @property
    def kind(self) -> BatchKind:
        """What kind of batch it goes into."""
        return BatchKind.SINGLE if self.action is None else _KINDS[type(self.action)]

    @property
    def tap(self) -> tuple[BatchKind, str, str, str]:
        """What one tap of one member sends; a moment of a programme is nobody else's."""
        own = self.touch.external_userid if self.kind is BatchKind.MOMENT else self.sender
        return self.kind, own, self.content.digest if self.content is not None else "", self.audience

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
            action = one.do if isinstance(one.do, Sending) else None
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
    facts = facts_of(context, runs.values())
    verdicts: list[Verdict] = []
    for touch in touches:
        run = runs[touch.enrolment_id]
        verdicts.append(look_again(context, touch, run, facts[run.id], touched[run.id], now, wanted))
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
    here = Presence.of(context, candidates, now)
    verdicts = [_address(context, one, here) for one in judge(context, candidates, now)]
    with transaction(context.engine) as connection:
        owned = store.lock_touches(connection, [one.id for one in candidates], TouchStatus.DUE)
        mine = [one for one in verdicts if one.touch.id in owned]
        freezer = _Freezer(context=context, connection=connection, now=now)
        freezer.run(mine)
    return freezer.counts


def _address(context: Context, verdict: Verdict, here: Presence) -> Verdict:
    """Choose the sender and fill the content in."""
    if verdict.action is None or verdict.definition is None or verdict.facts is None:
        return verdict
    sender = member_for(verdict.definition, verdict.facts, verdict.run.userid)
    if sender is None:
        return evolve(verdict, action=None, state=TouchStatus.SKIPPED, reason="blocked:not_friend")
    chosen = here.stand_in(verdict.definition, verdict.facts, verdict.touch, sender)
    if chosen.reason:
        state = TouchStatus.EXPIRED if chosen.later is None else TouchStatus.DUE
        return evolve(verdict, action=None, state=state, reason=chosen.reason, later=chosen.later)
    sender = chosen.userid
    audience = _audience(context, verdict.action)
    if audience is None:
        return evolve(verdict, action=None, state=TouchStatus.FAILED, reason="failed:unknown_tag")
    try:
        content = context.contents.render(verdict.action.content, context.settings.variables(sender))
        if verdict.kind is BatchKind.MOMENT:
            check_moment(content)
    except ConfigurationError:
        return evolve(verdict, action=None, state=TouchStatus.FAILED, reason="failed:content")
    unfit = _unfit(content, verdict.definition, here.now.astimezone(context.settings.zone).date())
    if unfit:
        return evolve(verdict, action=None, state=TouchStatus.SKIPPED, reason=unfit)
    return evolve(verdict, sender=sender, content=content, audience=audience)


def _audience(context: Context, action: Sending) -> str | None:
    """Who publishes a moment and who may see it; empty for messages.

    `None` if a tag does not exist: leaving it out would show the moment to customers it is not for.
    """
    if not isinstance(action, Moment):
        return ""
    found = [context.book.tag_ids(name) for name in action.visible]
    if not all(found):
        return None
    tag_ids = tuple(sorted({tag_id for ids in found for tag_id in ids}))
    return Audience(tag_ids=tag_ids, userids=tuple(context.settings.publishers)).to_json()


@frozen
class _Asked:
    """A message that somebody was asked for, or is about to be."""

    sop: str
    step: str
    anchor_at: datetime
    at: datetime


def _repeats(one: Verdict, other: _Asked) -> bool:
    """Whether a message is the same step again; the next date of a calendar is another one."""
    same = (other.sop, other.step) == (one.run.sop, one.touch.step)
    recurring = one.definition is not None and one.definition.entry.recurring
    return same and not (recurring and other.anchor_at != one.run.anchor_at)


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
        for kind in _ALLOWED:
            mine = {one.touch.external_userid for one in hopeful if one.kind is kind}
            _ledger.lock(self.connection, self.context.corp_id, mine, self._period(kind)[0])
        chosen = self._arbitrate(hopeful)
        self._refuse([one for one in verdicts if one.content is None])
        by_kind: defaultdict[BatchKind, list[Verdict]] = defaultdict(list)
        for one in chosen:
            by_kind[one.kind].append(one)
        for kind, some in by_kind.items():
            self._group(kind, self._within_caps(kind, some) if kind in _ALLOWED else some)
        _journal.write(self.connection, self.context.corp_id, self.now, self.entries)

    def _group(self, kind: BatchKind, verdicts: Sequence[Verdict]) -> None:
        """Put what one tap sends into one batch, as far as the platform takes it."""
        taps: defaultdict[tuple[object, int], list[Verdict]] = defaultdict(list)
        times: Counter[tuple[object, str]] = Counter()
        for one in verdicts:
            # Somebody whom two steps send the same gets it from two tasks: one task names everybody once.
            who = one.tap, one.touch.external_userid
            taps[one.tap, times[who]].append(one)
            times[who] += 1
        size = min(self.context.settings.recipients, CHANNELS[kind].most)
        for group in taps.values():
            for chunk in store.chunked(group, size):
                self._batch(chunk)

    def _period(self, kind: BatchKind) -> tuple[str, int]:
        """The ledger period of now, and how many messages it allows."""
        settings = self.context.settings
        rule = settings.group_cap if kind is BatchKind.GROUP else settings.cap
        return _ledger.period_of(rule, self.now, settings.zone)

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
            if any(_repeats(one, other) for other in asked):
                # Two runs of one customer with two members, and both chose the same sender.
                self._refuse([evolve(one, state=TouchStatus.SKIPPED, reason="skipped:duplicate")])
            elif (later := self._free_at(one, asked)) > self.now:
                self._refuse([evolve(one, state=TouchStatus.DUE, later=later, reason="deferred:fatigue")])
            else:
                winners.append(one)
                asked.append(_Asked(one.run.sop, one.touch.step, one.run.anchor_at, self.now))
        return winners

    def _free_at(self, one: Verdict, asked: Iterable[_Asked]) -> datetime:
        gap = self.context.settings.gap
        return max((other.at + gap for other in asked if other.sop != one.run.sop), default=self.now)

    def _recent(self, customers: Sequence[str]) -> defaultdict[str, list[_Asked]]:
        found: defaultdict[str, list[_Asked]] = defaultdict(list)
        since = self.now - max(self.context.settings.gap, timedelta(days=1))
        u, e = t.touches.c, t.enrolments.c
        columns = (u.external_userid, e.sop, u.step, e.anchor_at, u.due_at)
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
                found[row.external_userid].append(_Asked(row.sop, row.step, row.anchor_at, row.due_at))
        return found

    def _within_caps(self, kind: BatchKind, verdicts: Sequence[Verdict]) -> list[Verdict]:
        settings, (period, allowed) = self.context.settings, self._period(kind)
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
            batch=Batch(id=batch_id, kind=first.kind, check_at=self.now, reason="planned"),
            sender=first.sender,
            content_digest=content.digest,
            content=content.stamped(settings.link_parameter, batch_id).to_json(),
            audience=first.audience,
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
