"""Plan one customer's past again and compare: does the planner, asked today, decide what it decided then? Reads only.

The journal knows what was decided and when; events and friendships know since when they hold.
Tags, attributes and the channel are stored as they are today, so a decision that rests on one of them names it as an
assumption: where the replay differs, that is the first place to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop import store
from wecom_auto.sop._planning._reasons import Language, reason_text
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows._journal import LoggedDecision
from wecom_auto.sop._shared._context import Context, CustomerFacts
from wecom_auto.sop._shared._subjects import facts_of
from wecom_auto.sop.conditions import Condition
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import Decision, DecisionKind, plan
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading

__all__ = ["Replay", "ReplayedDecision"]

_PLANNED: Final = ("skipped:", "exit:", "end:", "deferred:window", "deferred:waiting", "moved:holiday", "moved:spread")
"""Reasons that the planner gives by itself; the others come from arbitration, the platform and people."""
_NOT_OURS: Final = frozenset({"skipped:duplicate", "skipped:no_code"})
_ASKED: Final = "asked"
_ASKS: Final = frozenset({DecisionKind.SEND, DecisionKind.STAFF_TASK, DecisionKind.ACTION, DecisionKind.WELCOME})
_STORED: Final = frozenset({"event", "unfollowed", "delivered"})
"""What a condition may ask for and the store knows with its time."""


@frozen(kw_only=True)
class ReplayedDecision:
    """One decision, then and now.

    Attributes:
        at: When it was made.
        sop: The SOP.
        step: The step; empty for the end of the run.
        then: The reason that was written down.
        now: What the planner says today about that moment: a reason, or ``asked``; empty for nothing.
        same: Whether both agree.
        assumed: What is not stored with its time and was taken as it is today.
    """

    at: datetime
    sop: str
    step: str
    then: str
    now: str
    same: bool
    assumed: tuple[str, ...] = ()

    def sentence(self, lang: Language = "zh") -> str:
        """The comparison in words."""
        words = {_ASKED: ("发起", "asked for"), "": ("无", "nothing")}
        column = 0 if lang == "zh" else 1
        then = reason_text(self.then, lang)
        now = words[self.now][column] if self.now in words else reason_text(self.now, lang)
        mark = "=" if self.same else "≠"
        step = self.step or self.sop
        note = ""
        if self.assumed and not self.same:
            names = ", ".join(self.assumed)
            note = f"（假定未变：{names}）" if lang == "zh" else f" (assumed as today: {names})"
        return f"{self.at:%Y-%m-%d %H:%M} {step}: {then} {mark} {now}{note}"


@frozen(kw_only=True)
class Replay:
    """The past of one customer, planned again.

    Attributes:
        customer: external_userid.
        decisions: Every decision of the planner, oldest first.
        not_planned: Lines of the journal that the planner had no part in, by reason.
    """

    customer: str
    decisions: tuple[ReplayedDecision, ...] = ()
    not_planned: Mapping[str, int] = field(factory=dict[str, int])

    @property
    def same(self) -> bool:
        """Whether every decision is the same."""
        return all(one.same for one in self.decisions)

    @property
    def differences(self) -> tuple[ReplayedDecision, ...]:
        """What is not."""
        return tuple(one for one in self.decisions if not one.same)

    @property
    def assumed(self) -> tuple[str, ...]:
        """Everything that had to be taken as it is today."""
        return tuple(sorted({name for one in self.decisions for name in one.assumed}))

    def sentences(self, lang: Language = "zh") -> tuple[str, ...]:
        """One line for each decision, and what was assumed."""
        lines = [one.sentence(lang) for one in self.decisions]
        if self.assumed:
            names = ", ".join(self.assumed)
            lines.append(f"未记录历史、按今天取值：{names}" if lang == "zh" else f"not stored, taken as today: {names}")
        return tuple(lines)


@frozen
class _AsOf:
    """Today's facts with what came later taken away again."""

    today: CustomerFacts
    moment: datetime
    member: str
    reached: frozenset[str]

    def has_tag(self, name: str, /) -> bool:
        return self.today.has_tag(name)

    def event(self, name: str, /) -> datetime | None:
        at = self.today.event(name)
        return at if at is not None and at <= self.moment else None

    def attribute(self, name: str, /) -> JSON:
        return self.today.attribute(name)

    def state(self) -> str:
        return self.today.state()

    def following(self) -> bool:
        mine = [one.relation for one in self.today.followers if one.relation.userid == self.member or not self.member]
        return any(one.following or (getattr(one, "status_at", None) or self.moment) > self.moment for one in mine)

    def delivered(self, step_id: str, /) -> bool:
        return step_id in self.reached


def replay(context: Context, customer: str) -> Replay:
    """Plan every decision of the customer's runs again."""
    with reading(context.engine) as connection:
        lines = _journal.read(connection, context.corp_id, customer)
        runs = store.runs_of(connection, context.corp_id, customer)
        touched = store.touches_of(connection, [run.id for run in runs])
    facts = facts_of(context, runs)
    decisions: list[ReplayedDecision] = []
    for run in runs:
        mine = [one for one in lines if one.enrolment_id == run.id]
        again = _Again(context, run, facts[run.id], mine, touched.get(run.id, {}))
        decisions.extend(again.decisions())
    others = [one.reason for one in lines if not _of_planner(one) and one.reason not in {"requested", "done", "sent"}]
    counts = {reason: others.count(reason) for reason in sorted(set(others))}
    return Replay(customer=customer, decisions=tuple(sorted(decisions, key=_when)), not_planned=counts)


def _when(one: ReplayedDecision) -> datetime:
    return one.at


def _of_planner(line: LoggedDecision) -> bool:
    return line.reason.startswith(_PLANNED) and line.reason not in _NOT_OURS


@frozen
class _Again:
    """One run, planned again at each moment at which something was decided."""

    context: Context
    run: Enrolment
    facts: CustomerFacts
    lines: Sequence[LoggedDecision]
    touched: Mapping[str, Touch]

    def decisions(self) -> Iterator[ReplayedDecision]:
        """Every decision of the planner, then and now."""
        definition = self.context.catalogue.cached(self.context.engine, self.run.sop, self.run.version)
        firsts: dict[str, LoggedDecision] = {}
        for line in self.lines:
            if not line.step and not line.reason.startswith(("exit:", "end:")):
                continue
            if line.reason.startswith("deferred:"):
                if _of_planner(line):
                    yield self._compared(definition, line, firsts)
                continue
            if line.step in firsts:
                continue
            if line.step:
                firsts[line.step] = line
            if _of_planner(line) or line.reason in {"requested", "done", "sent"}:
                yield self._compared(definition, line, {k: v for k, v in firsts.items() if k != line.step})

    def _compared(
        self, definition: Definition, line: LoggedDecision, before: Mapping[str, LoggedDecision]
    ) -> ReplayedDecision:
        done = {step: self._outcome(step, one) for step, one in before.items() if one.at <= line.at}
        reached = frozenset(one.step for one in self.lines if one.reason == "sent" and one.at < line.at)
        facts = _AsOf(self.facts, line.at, self.run.userid, reached)
        state = evolve(self.run.planner_state(done), done=done)
        made = plan(definition, state, facts, line.at, calendar=self.context.calendar)
        now = _said(made.decisions, line.step)
        then = line.reason if _of_planner(line) else _ASKED
        same = now == then or (then == _ASKED and now == "end:step")
        assumed = _assumed(definition, line.step)
        return ReplayedDecision(
            at=line.at, sop=self.run.sop, step=line.step, then=line.reason, now=now, same=same, assumed=assumed
        )

    def _outcome(self, step: str, line: LoggedDecision) -> str:
        touch = self.touched.get(step)
        return touch.outcome if touch is not None else line.reason


def _said(decisions: Iterable[Decision], step: str) -> str:
    mine = [one for one in decisions if one.step_id == step or (not step and one.kind is DecisionKind.EXIT)]
    if not mine:
        left = next((one.reason for one in decisions if one.kind is DecisionKind.EXIT), "")
        return left if not step else ""
    asked = next((one for one in mine if one.kind in _ASKS), None)
    return _ASKED if asked is not None else mine[0].reason


def _assumed(definition: Definition, step_id: str) -> tuple[str, ...]:
    """What the conditions of a step and of the exits read that has no history."""
    conditions: list[Condition] = [one.when for one in definition.exits]
    if step_id:
        step = definition.step(step_id)
        conditions += [
            one for one in (step.when, step.wait.until if step.wait is not None else None) if one is not None
        ]
    uses = {use for one in conditions for use in one.uses if use[0] not in _STORED}
    return tuple(sorted(f"{kind}({name!r})" if name else kind for kind, name in uses))
