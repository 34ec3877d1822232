"""Who gets what, when, in the next days, and what is dropped and why. Sends nothing and writes nothing down.

A preview is `plan` run forward on a virtual clock, so it cannot disagree with the engine.
What the future will bring is assumed, and the assumptions are part of the answer.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

from wecom_auto._time import require_aware
from wecom_auto.sop._document._actions import (
    Action,
    Jump,
    MovePool,
    Notice,
    Sending,
    SetStage,
    StaffTask,
    Tag,
    Untag,
    Webhook,
    Welcome,
)
from wecom_auto.sop._document._entering import STAGE
from wecom_auto.sop._document._problems import DefinitionError
from wecom_auto.sop._document._timing import wall_to_utc
from wecom_auto.sop._planning._known import FutureFacts, KnownFacts
from wecom_auto.sop._planning._occurrences import occurrences
from wecom_auto.sop._planning._reasons import Language, reason_text
from wecom_auto.sop.calendar import Calendar
from wecom_auto.sop.conditions import Facts
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.planner import Decision, DecisionKind, EnrolmentState, Plan, plan

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Assumptions", "KnownFacts", "Preview", "PreviewRow", "Subject", "hypothetical", "preview"]

Outcome = Literal["do", "skip", "end"]
_OUTCOMES: dict[Outcome, str] = {"do": "执行", "skip": "跳过", "end": "结束"}
_DROPS = {DecisionKind.SKIP}
_ENDS = {DecisionKind.EXIT, DecisionKind.END}
_A_YEAR = timedelta(days=400)
"""A little more than the longest way to the next birthday that is kept every year."""
HEADINGS = ("at", "customer", "member", "step", "what", "outcome", "reason", "moved_from", "provisional", "note")


@frozen(kw_only=True)
class Assumptions:
    """What a preview takes for granted about the future; everything else stays as it is today.

    Attributes:
        confirmed: Members tap every task at once, so that `delivered('…')` is true afterwards.
        tags_applied: Tags that the SOP itself sets are there afterwards.
    """

    confirmed: bool = True
    tags_applied: bool = True

    def sentences(self, lang: Language = "zh") -> tuple[str, ...]:
        """The assumptions in words, for the foot of a table."""
        chosen = [
            ("客户的标签、事件、属性与好友关系保持今天的状态", "tags, events, attributes and friends stay as today")
        ]
        chosen.append(
            ("员工会立即确认每个任务", "members confirm every task at once")
            if self.confirmed
            else ("员工一个任务也不确认", "members confirm nothing")
        )
        if self.tags_applied:
            chosen.append(("流程自身打的标签立即生效", "tags that the SOP sets are there at once"))
        return tuple(sentence[0 if lang == "zh" else 1] for sentence in chosen)


@frozen
class Subject:
    """One run to preview, with what is known about its customer today."""

    enrolment: EnrolmentState
    facts: Facts


@frozen(kw_only=True)
class PreviewRow:
    """One line of a preview: one action, or one step that will not happen.

    Attributes:
        at: When, on the wall clock of the definition's zone.
        customer: external_userid.
        member: userid.
        step_id: The step; empty for the end of the run.
        what: What is done: `mass tpl/brochure`.
        outcome: `do`, `skip` or `end`.
        reason: Machine-readable reason.
        moved_from: Where the offset alone would have put it.
        provisional: The date rests on holidays that are not published yet.
        note: What the reason rests on: a condition, the name of the holiday.
    """

    at: datetime
    customer: str
    member: str
    step_id: str
    what: str
    outcome: Outcome
    reason: str
    moved_from: datetime | None = None
    provisional: bool = False
    note: str = ""

    def cells(self, lang: Language = "zh") -> tuple[str, ...]:
        """The row as text, one cell for each column."""
        moved = "" if self.moved_from is None else f"{self.moved_from:%Y-%m-%d %H:%M}"
        reason = reason_text(self.reason, lang)
        provisional = ("暂定", "provisional")[lang == "en"] if self.provisional else ""
        outcome = self.outcome if lang == "en" else _OUTCOMES[self.outcome]
        cells = (f"{self.at:%Y-%m-%d %H:%M}", self.customer, self.member, self.step_id, self.what, outcome, reason)
        return (*cells, moved, provisional, self.note)


@frozen(kw_only=True)
class Preview:
    """A table that can be shown, saved and compared.

    Attributes:
        title: The SOP's title and version.
        since: From when.
        until: Up to when.
        rows: By time, then customer.
        assumptions: What was taken for granted.
    """

    title: str
    since: datetime
    until: datetime
    rows: tuple[PreviewRow, ...]
    assumptions: Assumptions

    def to_csv(self) -> str:
        """The rows as CSV with a heading line; reasons as codes. Cells that a spreadsheet would run start with `'`."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADINGS)
        for row in self.rows:
            cells = list(row.cells("en"))
            cells[6] = row.reason
            writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell for cell in cells])
        return out.getvalue()

    def columns(self, lang: Language = "zh") -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Heading and cells of every column that has anything to say."""
        table = [row.cells(lang) for row in self.rows]
        columns = zip(headings(lang), zip(*table, strict=True), strict=True) if table else ()
        return tuple((head, cells) for head, cells in columns if any(cells))

    def to_html(self, lang: Language = "zh") -> str:
        """The rows as an HTML fragment: one `<table>`, escaped, no script, no style."""
        columns = self.columns(lang)
        heads = "".join(f"<th>{html.escape(head)}</th>" for head, _ in columns)
        table = zip(*(cells for _, cells in columns), strict=True)
        lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in cells) for cells in table)
        body = "".join(f'<tr class="{row.outcome}">{line}</tr>\n' for row, line in zip(self.rows, lines, strict=True))
        foot = "; ".join(html.escape(sentence) for sentence in self.assumptions.sentences(lang))
        return (
            f'<table class="sop-preview"><caption>{html.escape(self.title)}</caption>\n'
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\n"
            f'<tfoot><tr><td colspan="{max(1, len(columns))}">{foot}</td></tr></tfoot></table>\n'
        )

    def __rich__(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(self.title), caption=Text("; ".join(self.assumptions.sentences())))
        columns = self.columns()
        for index, (head, _) in enumerate(columns):
            table.add_column(head, no_wrap=index == 0)
        for index, row in enumerate(self.rows):
            table.add_row(*(Text(cells[index]) for _, cells in columns), style="dim" if row.outcome == "skip" else None)
        return table


def preview(
    definition: Definition,
    subjects: Iterable[Subject],
    *,
    now: datetime,
    days: int = 30,
    calendar: Calendar,
    assume: Assumptions | None = None,
) -> Preview:
    """Run `plan` forward for these runs.

    Args:
        definition: The version to preview, published or not.
        subjects: The runs; `why` and a single customer's preview pass one.
        now: Aware time from which to look ahead.
        days: How far, 1 to 1,000; the last day counts to its end.
        calendar: Answers for days.
        assume: What to take for granted; by default that members confirm and that the SOP's own tags appear.

    Raises:
        ValidationError: `now` is naive.
        ValueError: `days` is out of range.
    """
    if not 1 <= days <= 1000:  # noqa: PLR2004
        msg = f"days: {days} is not between 1 and 1000"
        raise ValueError(msg)
    since = require_aware(now, "now").astimezone(UTC)
    last_day = since.astimezone(definition.zone).date() + timedelta(days=days)
    until, taken = wall_to_utc(last_day, time.max, definition.zone), assume or Assumptions()
    rows = [row for subject in subjects for row in _Forward(definition, subject, calendar, taken).rows(since, until)]
    rows.sort(key=lambda row: (row.at, row.customer))
    title = f"{definition.title} (v{definition.version})"
    return Preview(title=title, since=since, until=until, rows=tuple(rows), assumptions=taken)


def hypothetical(
    definition: Definition, *, enrolled_at: datetime, anchor: object = None, facts: Facts | None = None
) -> Subject:
    """A customer who does not exist, for a preview of a file before anybody is in the SOP.

    Args:
        definition: The definition.
        enrolled_at: When the customer comes in (aware).
        anchor: The value of the anchor attribute, for example `"2026-11-12"` or a birthday; left out, the moment of
            entry, and for a calendar trigger its next day.
        facts: What is known about the customer; by default a friend without tags, events and attributes.

    Raises:
        DefinitionError: The definition counts from an attribute and `anchor` is not a date.
    """
    anchor_at = _anchor_at(definition, enrolled_at, anchor)
    if anchor_at is None:
        counted = definition.entry.anchor or definition.entry.on
        problem = f"offsets count from {counted!r}, and {anchor!r} is not a date"
        raise DefinitionError(problem, place="entry.anchor", remedy='give a date such as "2026-11-12"')
    state = EnrolmentState(
        id="preview",
        sop=definition.sop,
        version=definition.version,
        customer="preview",
        member="",
        anchor_at=anchor_at,
        enrolled_at=enrolled_at,
    )
    return Subject(state, facts or KnownFacts())


def _anchor_at(definition: Definition, enrolled_at: datetime, anchor: object) -> datetime | None:
    entry = definition.entry
    if entry.recurring:
        # Whoever enters today was let in for the next day that comes round.
        since = require_aware(enrolled_at, "enrolled_at")
        given = anchor if isinstance(anchor, str | date) else None
        found = occurrences(entry, given, definition.zone, since - timedelta(days=1), since + _A_YEAR)
        return next((one.at for one in found if one.at + timedelta(days=1) > since), None)
    if anchor is None:
        return None if entry.anchor is not None else enrolled_at
    return definition.anchor_at(anchor)


@frozen
class _Forward:
    definition: Definition
    subject: Subject
    calendar: Calendar
    assume: Assumptions

    def rows(self, now: datetime, until: datetime) -> Iterator[PreviewRow]:
        facts, state = FutureFacts(self.subject.facts), self.subject.enrolment
        moment: datetime | None = now
        while moment is not None and moment <= until:
            made = plan(self.definition, state, facts, moment, calendar=self.calendar)
            self._apply(made, facts)
            state = evolve(state, done={**state.done, **_outcomes(made)})
            yield from (self._row(item, moment) for item in made.decisions if item.kind is not DecisionKind.DEFER)
            yield from self._dropped(made, state, moment)
            moment = made.wake_at

    def _apply(self, made: Plan, facts: FutureFacts) -> None:
        for item in made.decisions:
            match item.do:
                case _ if item.kind in _DROPS:
                    pass
                case Sending() | StaffTask() | Welcome() if self.assume.confirmed:
                    facts.reached.add(item.step_id)
                case Tag(name=name) | Untag(name=name) if self.assume.tags_applied:
                    facts.tags[name] = isinstance(item.do, Tag)
                case SetStage(name=name) if self.assume.tags_applied:
                    facts.attributes[STAGE] = name
                case _:
                    pass

    def _dropped(self, made: Plan, state: EnrolmentState, moment: datetime) -> Iterator[PreviewRow]:
        """What an early end leaves undone: the question is always "why did he not get it?"."""
        if made.ended is None:
            return
        for step in self.definition.steps:
            if step.id not in state.done:
                made_up = Decision(step_id=step.id, kind=DecisionKind.SKIP, due_at=moment, reason="dropped:ended")
                yield self._row(made_up, moment)

    def _row(self, item: Decision, moment: datetime) -> PreviewRow:
        zone = self.definition.zone
        return PreviewRow(
            at=moment.astimezone(zone),
            customer=self.subject.enrolment.customer,
            member=self.subject.enrolment.member,
            step_id=item.step_id,
            what=_what(item),
            outcome="skip" if item.kind in _DROPS else "end" if item.kind in _ENDS else "do",
            reason=item.reason,
            moved_from=None if item.moved_from is None else item.moved_from.astimezone(zone),
            provisional=item.provisional,
            note=self._holiday(item) if isinstance(item.do, Jump) else item.detail or self._holiday(item),
        )

    def _holiday(self, item: Decision) -> str:
        if item.moved_from is None or not item.reason.startswith("moved:"):
            return ""
        return self.calendar.day(item.moved_from.astimezone(self.definition.zone).date()).name


def _outcomes(made: Plan) -> dict[str, str]:
    skipped = {item.step_id: item.reason for item in made.decisions if item.kind in _DROPS}
    asked = {item.step_id: "asked" for item in made.decisions if item.kind not in {*_DROPS, DecisionKind.DEFER}}
    return {step: (skipped | asked)[step] for step in made.settled}


def _what(item: Decision) -> str:
    if item.do is None:
        return item.kind.value if item.kind in _ENDS else ""
    about = item.detail if isinstance(item.do, Jump) else _about(item.do)
    return f"{item.do.label}{' →' if isinstance(item.do, Jump) and about else ''} {about}".rstrip()


def _about(action: Action) -> str:
    match action:
        case Sending(content=text) | Welcome(content=text) | StaffTask(title=text) | Notice(text=text):
            return text
        case Tag(name=text) | Untag(name=text) | SetStage(name=text) | Webhook(name=text) | MovePool(pool=text):
            return text
        case _:
            return ""


def headings(lang: Language) -> tuple[str, ...]:
    """The names of the columns of `PreviewRow.cells`."""
    if lang == "en":
        return tuple(head.replace("_", " ") for head in HEADINGS)
    return ("时间", "客户", "成员", "步骤", "动作", "结果", "原因", "原定时间", "暂定", "说明")
