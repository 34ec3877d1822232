"""Look at a step once more before anybody is asked for it: conditions, consent, exits, lateness, with fresh facts.

Since the step came due somebody may have booked a test drive. Writes nothing and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from wecom_auto.sop import store
from wecom_auto.sop._document._actions import GroupMass, Mass, Moment, Sending
from wecom_auto.sop._planning._consent import lacks_consent
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._moving import AGAIN, on_the_move
from wecom_auto.sop._rows._states import BatchKind, TouchStatus
from wecom_auto.sop._runs._advance import replan
from wecom_auto.sop._shared._context import Context, CustomerFacts
from wecom_auto.sop._shared._faults import DEFERRED, FAULT, SOON, is_general, name_of
from wecom_auto.sop._shared._subjects import facts_of
from wecom_auto.sop.contents import Content
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import Decision, DecisionKind
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading

AGAIN_SOON: Final = SOON
AGAIN_LATER: Final = 6 * SOON
_KINDS: Final[Mapping[type[Sending], BatchKind]] = {
    Mass: BatchKind.SINGLE,
    GroupMass: BatchKind.GROUP,
    Moment: BatchKind.MOMENT,
}


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
        facts: What is known about its subject.
        planned_at: When the timetable wants it, whatever has deferred it since.
        sender: Who has to tap.
        content: What is sent.
        audience: Whom a moment is for.
        fault: The error that has put it off, as `name_of` names it.
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
    planned_at: datetime | None = None
    sender: str = ""
    content: Content | None = None
    audience: str = ""
    fault: str = ""

    @property
    def kind(self) -> BatchKind:
        """What kind of batch it goes into."""
        return BatchKind.SINGLE if self.action is None else _KINDS[type(self.action)]

    @property
    def tap(self) -> tuple[BatchKind, str, str, str]:
        """What one tap of one member sends; a moment of a programme is nobody else's."""
        own = self.touch.external_userid if self.kind is BatchKind.MOMENT else self.sender
        return self.kind, own, self.content.digest if self.content is not None else "", self.audience


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
    definition = context.catalogue.cached(context.engine, run.sop, run.version)
    if lacks_consent(definition, facts):
        return Verdict(touch=touch, run=run, reason="blocked:no_consent")
    others = {step: other for step, other in touched.items() if step != touch.step}
    planned = replan(context, run, facts, others, now)
    left = next((one for one in planned.decisions if one.kind is DecisionKind.EXIT), None)
    if left is not None:
        return Verdict(touch=touch, run=run, reason=left.reason)
    mine = [one for one in planned.decisions if one.step_id == touch.step]
    verdict = _read(touch, run, mine, wanted)
    return evolve(verdict, definition=definition, facts=facts)


def _read(touch: Touch, run: Enrolment, decisions: Sequence[Decision], wanted: DecisionKind) -> Verdict:
    for one in decisions:
        if one.kind is wanted:
            action = one.do if isinstance(one.do, Sending) else None
            found = Verdict(touch=touch, run=run, reason=one.reason, state=TouchStatus.BATCHED, action=action)
            return evolve(found, planned_at=one.due_at)
        if one.kind is DecisionKind.DEFER:
            return Verdict(touch=touch, run=run, reason=one.reason, state=TouchStatus.DUE, later=one.due_at)
        if one.kind is DecisionKind.SKIP:
            return Verdict(touch=touch, run=run, reason=one.reason)
    return Verdict(touch=touch, run=run, reason="moved:anchor", undo=True)


def _waits(touch: Touch, run: Enrolment, now: datetime) -> Verdict:
    """The verdict on a step of somebody who is on the way to another member."""
    return Verdict(touch=touch, run=run, reason="deferred:transfer", state=TouchStatus.DUE, later=now + AGAIN)


def faulty(touch: Touch, run: Enrolment, error: Exception, now: datetime) -> Verdict:
    """The verdict on a step that cannot be looked at, or not be filled in, because of an error in data or code."""
    later = now + (AGAIN_SOON if touch.reason != DEFERRED else AGAIN_LATER)
    name = name_of(error)
    return Verdict(touch=touch, run=run, reason=DEFERRED, state=TouchStatus.DUE, later=later, fault=name)


def faults_of(verdicts: Iterable[Verdict]) -> list[Entry]:
    """The alerts about those that an error has put off, one for each fault of a step."""
    found = (
        Entry(reason=FAULT, sop=one.run.sop, step=one.touch.step, detail=one.fault) for one in verdicts if one.fault
    )
    return [*dict.fromkeys(found)]


def judge(
    context: Context,
    touches: Sequence[Touch],
    now: datetime,
    *,
    wanted: DecisionKind = DecisionKind.SEND,
    apart: bool = True,
) -> list[Verdict]:
    """Look again at many touches with fresh facts; a verdict is BATCHED if what is `wanted` may be done.

    A touch whose run makes the planner fail is put off, so that the others go on; without `apart` the error is raised.
    """
    with reading(context.engine) as connection:
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in touches])
        touched = store.touches_of(connection, runs)
        moving = on_the_move(connection, context.corp_id, (run.external_userid for run in runs.values()))
    facts = facts_of(context, runs.values())
    verdicts: list[Verdict] = []
    for touch in touches:
        run = runs[touch.enrolment_id]
        if touch.external_userid in moving and not run.withdrawn:
            verdicts.append(_waits(touch, run, now))
            continue
        try:
            verdicts.append(look_again(context, touch, run, facts[run.id], touched[run.id], now, wanted))
        except Exception as error:
            if not apart or is_general(error):
                raise
            verdicts.append(faulty(touch, run, error, now))
    return verdicts
