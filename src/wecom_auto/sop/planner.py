"""Decide what a run does now. Never sends, never sleeps, never reads the clock, never touches a store.

Times are counted from the anchor alone, so a late step shifts no other and `wake_at` can be computed again at any time.
Facts are read when a step is due, not before. The same function answers preview, dry run, simulation and "why".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from attrs import frozen

from wecom_auto._time import require_aware
from wecom_auto.sop._document._actions import Action, EndAction, Jump, StaffConfirmed, StaffTask, Welcome
from wecom_auto.sop._document._arms import HOLDOUT
from wecom_auto.sop._document._jumps import Course, landing
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._planning._decisions import NOTHING_ASKED, Decision, DecisionKind, EndReason, EnrolmentState, Plan
from wecom_auto.sop._planning._reasons import reason_text
from wecom_auto.sop._planning._standing import blocked
from wecom_auto.sop._planning._timetable import Slot, next_opening, slot
from wecom_auto.sop.calendar import Calendar
from wecom_auto.sop.conditions import Facts
from wecom_auto.sop.definition import Definition, Step

__all__ = ["Decision", "DecisionKind", "EndReason", "EnrolmentState", "Facts", "Plan", "plan", "reason_text"]

_LOOK_AGAIN = timedelta(days=1)
"""A waiting step is looked at once a day even if no event wakes the run."""
_LOOK_FOR_TABLE = timedelta(days=7)
"""The State Council publishes a year's holidays in November: a week is soon enough for January."""


def plan(definition: Definition, enrolment: EnrolmentState, facts: Facts, now: datetime, *, calendar: Calendar) -> Plan:
    """Decide what one run does at `now`.

    Exits come first.
    Then every step that is due and not done is decided once: done, skipped with a reason, or deferred.
    A message or staff task happens only while the window is open; one that is later than the policy allows is skipped.

    Args:
        definition: The version that the run is pinned to.
        enrolment: The run.
        facts: What is known about the customer now.
        now: Aware time.
        calendar: Answers for days; used only if the window cares about holidays.

    Raises:
        ValidationError: `now` is naive.
        ValueError: The calendar leaves no open day within 400 days.
    """
    moment = require_aware(now, "now").astimezone(UTC)
    left = _exit(definition, facts, moment)
    if left is not None:
        return left
    course = Course(definition.steps, enrolment.done)
    return _Run(definition, enrolment, facts, moment, calendar, course).plan()


def _exit(definition: Definition, facts: Facts, now: datetime) -> Plan | None:
    for item in definition.exits:
        if item.when.evaluate(facts):
            ended, reason = (EndReason.GOAL, "exit:goal") if item.goal else (EndReason.EXIT, "exit:condition")
            text = item.when.text
            decision = Decision(step_id="", kind=DecisionKind.EXIT, due_at=now, reason=reason, detail=text)
            return Plan(decisions=(decision,), wake_at=None, ended=ended)
    return None


_KINDS: tuple[tuple[type[Action], DecisionKind], ...] = (
    (Welcome, DecisionKind.WELCOME),
    (StaffConfirmed, DecisionKind.SEND),
    (StaffTask, DecisionKind.STAFF_TASK),
    (EndAction, DecisionKind.END),
    (Action, DecisionKind.ACTION),
)


@frozen
class _Run:
    """One call of `plan` for a run that no exit has ended."""

    definition: Definition
    enrolment: EnrolmentState
    facts: Facts
    now: datetime
    calendar: Calendar
    course: Course

    def plan(self) -> Plan:
        """Decide every step whose time has come, in the order of their times and behind the branches before them."""
        decisions: list[Decision] = []
        wakes: list[datetime] = []
        asked: list[datetime] = []
        for step, times in self._timetable():
            if self.course.bars(step):
                # A jump that is not decided yet wakes the run itself.
                continue
            if min(times.nominal_at, times.due_at) > self.now:
                # The table of the year may come out any day, and move the step forward.
                again = self.now + _LOOK_FOR_TABLE if times.provisional else times.due_at
                wakes.append(min(times.due_at, again))
                continue
            made = tuple(self._decide(step, times))
            decisions.extend(made)
            decisions.extend(self._passed_by(step, made[-1]))
            if made[-1].kind is DecisionKind.END:
                return Plan(decisions=tuple(decisions), wake_at=None, ended=EndReason.STEP)
            if made[-1].kind is DecisionKind.DEFER:
                wakes.append(made[-1].due_at)
            elif made[0].kind is not DecisionKind.SKIP and times.until is not None:
                asked.append(times.until)
        return self._close(decisions, wakes, asked)

    def _close(self, decisions: list[Decision], wakes: list[datetime], asked: list[datetime]) -> Plan:
        """Keep the run until its last touch may no longer go out, so that exits and the goal still count."""
        closing = self.now if wakes else max([self.now, *asked, *self._asked_before()])
        if closing > self.now:
            wakes = [closing]
        if wakes:
            return Plan(decisions=tuple(decisions), wake_at=min(wakes), ended=None)
        end = Decision(step_id="", kind=DecisionKind.END, due_at=self.now, reason="end:completed")
        return Plan(decisions=(*decisions, end), wake_at=None, ended=EndReason.COMPLETED)

    def _asked_before(self) -> list[datetime]:
        outcomes = self.enrolment.done
        steps = [step for step in self.definition.steps if step.id in outcomes and step.reaches_people]
        asked = [self._slot(step).until for step in steps if not outcomes[step.id].startswith(NOTHING_ASKED)]
        return [until for until in asked if until is not None]

    def _slot(self, step: Step) -> Slot:
        return slot(self.definition, step, self.enrolment.anchor_at, self.calendar, seed=self.enrolment.seed)

    def _timetable(self) -> list[tuple[Step, Slot]]:
        done = self.enrolment.done
        pairs = [(step, self._slot(step)) for step in self.definition.steps if step.id not in done]
        order = self.course.keys({step.id: times.due_at.timestamp() for step, times in pairs})
        return sorted(pairs, key=lambda pair: order[pair[0].id])

    def _passed_by(self, step: Step, last: Decision) -> Iterator[Decision]:
        """What a step that was decided means for the steps behind its branch."""
        if last.kind is DecisionKind.DEFER:
            return
        self.course.decided(step)
        if last.kind is DecisionKind.BRANCH:
            for other in self.course.go(step, last.detail):
                yield _made(other, self._slot(other), DecisionKind.SKIP, "skipped:branch", detail=step.id)

    def _decide(self, step: Step, times: Slot) -> Iterator[Decision]:
        """Time first, then the wait, then the guard, then what stands in the way of the touch."""
        opening = next_opening(self.definition, step, self.now, self.calendar) if step.reaches_people else self.now
        late = times.until is not None and opening > times.until
        refused = (
            self._timing(step, times, opening, late=late) or self._waiting(step, times) or self._guard(step, times)
        )
        if refused is not None:
            yield refused
            return
        arm = step.ab.draw(self.enrolment.seed, step.id) if step.ab is not None else None
        obstacle = self._too_late(times) if late else self._obstacle(step, arm)
        if obstacle is not None:
            yield _made(step, times, DecisionKind.SKIP, obstacle, arm=arm)
        for action in step.do:
            # What a message would have marked is not marked without it; but a run that should end or turn, does.
            if obstacle is None or isinstance(action, EndAction | Jump):
                yield self._action(step, times, action, arm)

    def _timing(self, step: Step, times: Slot, opening: datetime, *, late: bool) -> Decision | None:
        if not times.exists:
            return _made(step, times, DecisionKind.SKIP, times.reason, at=self.now)
        if self.now < times.due_at:
            return _made(step, times, DecisionKind.DEFER, times.reason)
        if late:
            reason = self._too_late(times)
            # The way of a run does not depend on when it began, so a branch is taken all the same.
            whole = reason == "skipped:before_entry" and step.jump is None
            return _made(step, times, DecisionKind.SKIP, reason) if whole else None
        if opening > self.now:
            return _made(step, times, DecisionKind.DEFER, "deferred:window", at=opening)
        return None

    def _too_late(self, times: Slot) -> str:
        before = times.until is not None and times.until < self.enrolment.enrolled_at
        return "skipped:before_entry" if before else "skipped:late"

    def _waiting(self, step: Step, times: Slot) -> Decision | None:
        if step.wait is None or step.wait.until.evaluate(self.facts):
            return None
        limit, text = times.due_at + step.wait.max, step.wait.until.text
        if self.now >= limit:
            return _made(step, times, DecisionKind.SKIP, "skipped:timeout", detail=text)
        again = min(limit, self.now + _LOOK_AGAIN)
        return _made(step, times, DecisionKind.DEFER, "deferred:waiting", at=again, detail=text)

    def _guard(self, step: Step, times: Slot) -> Decision | None:
        truth = True if step.when is None else step.when.evaluate(self.facts)
        if truth or step.when is None:
            return None
        reason = "skipped:unknown" if truth is None else "skipped:condition"
        return _made(step, times, DecisionKind.SKIP, reason, detail=step.when.text)

    def _obstacle(self, step: Step, arm: str | None) -> str | None:
        if arm == HOLDOUT:
            return "skipped:holdout"
        is_touch, target = step.reaches_people or step.is_welcome, self.definition.target
        # Whatever a step does in a group or for a member, there must be a group or a member to do it for.
        needs_somebody = target in {Target.GROUP, Target.STAFF} or any(action.needs_friend for action in step.do)
        return blocked(target, self.facts) if is_touch and needs_somebody else None

    def _action(self, step: Step, times: Slot, action: Action, arm: str | None) -> Decision:
        if action.needs_friend and not self.facts.following():
            return _made(step, times, DecisionKind.SKIP, "blocked:not_friend", do=action, arm=arm)
        if isinstance(action, Jump):
            target = landing(action, self.facts)
            reason = "branch:taken" if target else "branch:none"
            return _made(step, times, DecisionKind.BRANCH, reason, do=action, arm=arm, detail=target)
        kind = next(kind for known, kind in _KINDS if isinstance(action, known))
        reason = "end:step" if kind is DecisionKind.END else times.reason
        return _made(step, times, kind, reason, do=action.for_arm(arm), arm=arm)


def _made(
    step: Step,
    times: Slot,
    kind: DecisionKind,
    reason: str,
    *,
    at: datetime | None = None,
    do: Action | None = None,
    arm: str | None = None,
    detail: str = "",
) -> Decision:
    return Decision(
        step_id=step.id,
        kind=kind,
        due_at=at or times.due_at,
        reason=reason,
        provisional=times.provisional,
        do=do,
        arm=arm,
        moved_from=None if times.due_at == times.nominal_at else times.nominal_at,
        detail=detail,
    )
