"""Turn due touches into batches: look again, arbitrate, reserve, group. Sends nothing.

Each batch is one confirmation tap for one member, so the fewest batches are the best batches.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._rows import _batches, _journal, _ledger
from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._rows._ledger import CapRule
from wecom_auto.sop._rows._states import BatchKind, TouchStatus
from wecom_auto.sop._runs import _concurrency
from wecom_auto.sop._runs._judge import Verdict, faults_of, judge
from wecom_auto.sop._sending import _claims
from wecom_auto.sop._sending._absence import Presence
from wecom_auto.sop._sending._addressing import address
from wecom_auto.sop._sending._channels import CHANNELS
from wecom_auto.sop._shared import _faults
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop._shared._faults import apart
from wecom_auto.sop._shared._putting_off import put_off_touches, touches_with_definition
from wecom_auto.sop.arbitration import Claim, Fate, Ruling
from wecom_auto.sop.sending import Batch
from wecom_auto.sop.store import Touch
from wecom_auto.store import reading, repeatable, transaction

_MOST: Final = 20_000
_ALLOWED: Final = (BatchKind.SINGLE, BatchKind.GROUP)
"""What the platform gives each recipient so many of; moments it counts by the corp."""
_AGAIN: Final = timedelta(days=1)
"""When somebody who waits for another SOP to end is looked at again."""


def freeze(context: Context, tick: Tick) -> bool:
    """Freeze what is due into batches, many thousand messages at most; returns whether there may be more."""
    now = tick.now()
    with reading(context.engine) as connection:
        candidates = store.due_touches(connection, context.corp_id, now, "freeze", _MOST)
    before = tick.counts["faults"]
    aside, sieve = partial(put_off_touches, context, tick), partial(touches_with_definition, context, tick)
    parts = apart(_of_whole_members(candidates), partial(_freeze, context, now=now), aside, tick.faults, sieve)
    for counts in parts:
        tick.counts.update(counts)
    return len(candidates) == _MOST and (any(parts) or tick.counts["faults"] > before)


def _of_whole_members(candidates: Sequence[Touch]) -> Sequence[Touch]:
    """Leave the last member to the next round if the limit has cut that member's messages in two."""
    if len(candidates) < _MOST:
        return candidates
    last = candidates[-1].userid
    whole = [one for one in candidates if one.userid != last]
    return whole or candidates


@repeatable
def _freeze(context: Context, candidates: Sequence[Touch], *, now: datetime) -> Counter[str]:
    here = Presence.of(context, candidates, now)
    verdicts = [address(context, one, here) for one in judge(context, candidates, now)]
    waiting = _concurrency.waiting(context, verdicts)
    verdicts = [_wait(one, now) if one.touch.id in waiting else one for one in verdicts]
    hopeful = [one for one in verdicts if one.content is not None]
    coming = _claims.coming_today(context, hopeful, now)
    with transaction(context.engine) as connection:
        owned = store.lock_touches(connection, [one.id for one in candidates], TouchStatus.DUE)
        mine = [one for one in verdicts if one.touch.id in owned]
        freezer = _Freezer(context=context, connection=connection, now=now)
        freezer.run(mine, coming)
    return freezer.counts


def _wait(one: Verdict, now: datetime) -> Verdict:
    return evolve(one, state=TouchStatus.DUE, later=now + _AGAIN, reason="deferred:concurrency", content=None)


@frozen(kw_only=True)
class _Freezer:
    """The writing half of a freeze: one transaction."""

    context: Context
    connection: Connection
    now: datetime
    counts: Counter[str] = field(factory=Counter[str])
    entries: list[_journal.Entry] = field(factory=list[_journal.Entry])

    def run(self, verdicts: Sequence[Verdict], coming: Sequence[Claim]) -> None:
        """Write what becomes of every touch."""
        hopeful = [one for one in verdicts if one.content is not None]
        # From here on no other worker decides about these customers, so that what it decided before can be read.
        for kind in _ALLOWED:
            mine = {one.touch.external_userid for one in hopeful if one.kind is kind}
            _ledger.lock(self.connection, self.context.corp_id, mine, self._period(kind)[0])
        self._refuse([one for one in verdicts if one.content is None])
        leaders, followers = self._arbitrate(hopeful, coming)
        by_kind: defaultdict[BatchKind, list[Verdict]] = defaultdict(list)
        for one in leaders:
            by_kind[one.kind].append(one)
        for kind, some in by_kind.items():
            self._group(kind, self._within_caps(kind, some, followers) if kind in _ALLOWED else some, followers)
        if self.counts["dropped:cap"]:
            detail = str(self.counts["dropped:cap"])
            self.entries.append(_journal.Entry(reason="alert:cap", detail=detail))
        _journal.write(self.connection, self.context.corp_id, self.now, self.entries)

    def _group(self, kind: BatchKind, verdicts: Sequence[Verdict], followers: Mapping[int, Sequence[Verdict]]) -> None:
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
                self._batch(chunk, [other for one in chunk for other in followers.get(one.touch.id, ())])

    def _period(self, kind: BatchKind) -> tuple[str, int]:
        """The ledger period of now, and how many messages it allows."""
        return _ledger.period_of(self._rule(kind), self.now, self.context.settings.zone)

    def _rule(self, kind: BatchKind) -> CapRule:
        return self.context.settings.group_cap if kind is BatchKind.GROUP else self.context.settings.cap

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
            _faults.write(self.connection, self.context.corp_id, self.now, faults_of(group))
            if state is TouchStatus.FAILED:
                self.entries.append(_journal.Entry(reason=f"alert:{reason}", detail=group[0].touch.step))
            self.counts[reason] += len(group)

    def _arbitrate(
        self, verdicts: Sequence[Verdict], coming: Sequence[Claim]
    ) -> tuple[list[Verdict], dict[int, list[Verdict]]]:
        """Let the most important message to each customer win; say who shares whose message."""
        by_id = {one.touch.id: one for one in verdicts}
        leaders: list[Verdict] = []
        followers: defaultdict[int, list[Verdict]] = defaultdict(list)
        losers: list[Verdict] = []
        for ruling in _claims.rulings_on(self.context, self.connection, verdicts, coming, self.now):
            one = _ruled(by_id[ruling.claim.id], ruling)
            if ruling.fate is Fate.SEND:
                leaders.append(one)
            elif ruling.fate is Fate.MERGE:
                followers[ruling.into].append(one)
            else:
                losers.append(one)
        self._refuse(losers)
        return leaders, dict(followers)

    def _within_caps(
        self, kind: BatchKind, verdicts: Sequence[Verdict], followers: Mapping[int, Sequence[Verdict]]
    ) -> list[Verdict]:
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
            for one in (one for customer, one in taken.items() if customer not in lucky):
                self._refuse([self._capped(kind, each) for each in (one, *followers.get(one.touch.id, ()))])
        return chosen

    def _capped(self, kind: BatchKind, one: Verdict) -> Verdict:
        """Wait for the next period of the allowance, unless that is too late or the SOP does not want to wait."""
        end = _ledger.end_of(self._rule(kind), self.now, self.context.settings.zone)
        later = _claims.rules_of(self.context).same_hour(end, one.touch.due_at)
        if _claims.may_wait(one, later):
            return evolve(one, state=TouchStatus.DUE, later=later, reason="deferred:cap")
        return evolve(one, state=TouchStatus.CAPPED, reason="dropped:cap")

    def _batch(self, group: Sequence[Verdict], merged: Sequence[Verdict]) -> None:
        first, settings, batch_id = group[0], self.context.settings, self.context.new_id()
        content = first.content
        if content is None:
            return
        asking = [*group, *merged]
        row = BatchRow(
            batch=Batch(id=batch_id, kind=first.kind, check_at=self.now, reason="planned"),
            sender=first.sender,
            content_digest=content.digest,
            content=content.stamped(settings.link_parameter, batch_id).to_json(),
            audience=first.audience,
            slot_at=self.now,
            remind_seconds=_least(one.action.remind_after for one in asking if one.action is not None),
            escalate_seconds=_least(one.action.escalate_after for one in asking if one.action is not None),
        )
        _batches.insert(self.connection, self.context.corp_id, [row])
        period = self._period(first.kind)[0] if first.kind in _ALLOWED else None
        # One message, one reservation: who shares the message of another step holds none.
        for some, reserved in ((group, period), (merged, None)):
            # Asked now, whenever it was due: the gap to other messages counts from here.
            store.move_touches(
                self.connection,
                [one.touch for one in some],
                TouchStatus.BATCHED,
                reason="batched",
                batch_id=batch_id,
                due_at=self.now,
                reserved_period=reserved,
            )
        runs = {one.run.id: one.run for one in merged}
        self.entries.extend(store.lines([one.touch for one in merged], runs, "merged", batch_id))
        self.counts["batches"] += 1
        self.counts["merged"] += len(merged)
        self.counts["batched"] += len(asking)


def _ruled(one: Verdict, ruling: Ruling) -> Verdict:
    """A verdict with what the arbitration made of it."""
    if ruling.fate is Fate.DEFER:
        return evolve(one, state=TouchStatus.DUE, later=ruling.later, reason=ruling.reason)
    if ruling.fate is Fate.DROP:
        return evolve(one, state=TouchStatus.SKIPPED, reason=ruling.reason)
    return evolve(one, content=ruling.content)


def _least(spans: Iterable[timedelta | None]) -> int | None:
    given = [int(span.total_seconds()) for span in spans if span is not None]
    return min(given) if given else None
