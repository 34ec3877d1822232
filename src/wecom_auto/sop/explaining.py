"""Why a customer did or did not get something: the whole chain of reasons, in Chinese and English. Changes nothing.

The lines are those of the journal; what they say of taps comes from the batches, what comes next from the planner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto._types import JSON
from wecom_auto.sop import store
from wecom_auto.sop._planning._reasons import Language, reason_text
from wecom_auto.sop._rows import _journal, _ledger, _work
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._journal import LoggedDecision
from wecom_auto.sop._rows._states import BatchStatus, EnrolmentStatus
from wecom_auto.sop._shared._context import Context, CustomerFacts
from wecom_auto.sop._shared._faults import FAULT
from wecom_auto.sop._shared._subjects import facts_of
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.preview import PreviewRow, Subject, preview
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Explanation", "ReasonLine", "RunStory", "TapStory"]

_AHEAD: Final = 365


@frozen(kw_only=True)
class TapStory:
    """What became of the task that one member had to confirm.

    Attributes:
        step: The step.
        batch: The batch.
        member: Who has to tap.
        state: Where the batch stands.
        created_at: When the member got the task; `None` if there is none yet.
        confirmed_at: When the member tapped.
        reminders: How often the member was nudged.
        escalated_at: When the supervisor was told.
        expires_at: When the task is withdrawn if nobody taps.
    """

    step: str
    batch: str
    member: str
    state: BatchStatus
    created_at: datetime | None = None
    confirmed_at: datetime | None = None
    reminders: int = 0
    escalated_at: datetime | None = None
    expires_at: datetime | None = None

    def sentence(self, lang: Language, zone: ZoneInfo) -> str:
        """The story of the task in one sentence."""
        zh = lang == "zh"
        if self.created_at is None:
            return f"任务尚未创建（{self.state.value}）" if zh else f"no task exists yet ({self.state.value})"
        made = _clock(self.created_at, zone)
        told = [f"{made} 任务发给 {self.member}" if zh else f"{self.member} got the task at {made}"]
        if self.reminders:
            told.append(f"已提醒 {self.reminders} 次" if zh else f"nudged {self.reminders}×")
        if self.escalated_at is not None:
            at = _clock(self.escalated_at, zone)
            told.append(f"{at} 已通知上级" if zh else f"the supervisor was told at {at}")
        if self.confirmed_at is not None:
            at = _clock(self.confirmed_at, zone)
            told.append(f"{at} 已确认发送" if zh else f"tapped at {at}")
        elif self.state is BatchStatus.CREATED:
            until = "" if self.expires_at is None else _clock(self.expires_at, zone)
            told.append(f"等待确认，{until} 后撤回" if zh else f"waits for the tap, withdrawn at {until}")
        else:
            told.append(f"未确认（{self.state.value}）" if zh else f"never tapped ({self.state.value})")
        return ("，" if zh else "; ").join(told)


@frozen(kw_only=True)
class ReasonLine:
    """One line of the chain.

    Attributes:
        at: When it was decided.
        step: The step; empty for the run as a whole.
        reason: The code.
        detail: The condition, the batch, the error code.
        due_at: When the step was due, or will be.
    """

    at: datetime
    step: str
    reason: str
    detail: str = ""
    due_at: datetime | None = None

    def sentence(self, lang: Language, zone: ZoneInfo) -> str:
        """The reason in words, with what it rests on."""
        text = reason_text(self.reason, lang)
        if self.reason.startswith(("deferred:", "moved:")) and self.due_at is not None:
            text += f" → {_clock(self.due_at, zone)}"
        if self.detail and self.reason.startswith(("skipped:", "exit:", "deferred:", "failed:")):
            text += f"（{self.detail}）" if lang == "zh" else f" ({self.detail})"
        return text


@frozen(kw_only=True)
class RunStory:
    """One run of the customer.

    Attributes:
        sop: The SOP and its version: ``prospect-30d v3``.
        title: What people call it.
        member: The member of the run.
        entered_at: When the customer came in.
        anchor_at: What the steps count from.
        ended: Why the run is over; empty while it lives.
        zone: For the times.
        lines: What was decided, oldest first.
        taps: What became of the tasks, by step.
        coming: What comes next, if everything stays as it is; one row that says so, if the version was published by a
            newer release and cannot be read.
    """

    sop: str
    title: str
    member: str
    entered_at: datetime
    anchor_at: datetime
    ended: str
    zone: ZoneInfo
    lines: tuple[ReasonLine, ...] = ()
    taps: Mapping[str, TapStory] = field(factory=dict[str, TapStory])
    coming: tuple[PreviewRow, ...] = ()


@frozen(kw_only=True)
class Explanation:
    """Everything that is known about why one customer got what.

    Attributes:
        customer: external_userid.
        now: As of when.
        runs: Every run, oldest first.
        refusals: Why the customer was not let in, or what concerns no run.
        allowance: Messages used or reserved in the present period, and how many it allows.
    """

    customer: str
    now: datetime
    runs: tuple[RunStory, ...] = ()
    refusals: tuple[ReasonLine, ...] = ()
    allowance: tuple[int, int] = (0, 0)
    zone: ZoneInfo

    @property
    def known(self) -> bool:
        """Whether anything was ever decided about this customer."""
        return bool(self.runs or self.refusals)

    def sentences(self, lang: Language = "zh") -> tuple[str, ...]:
        """The whole chain, one sentence a line."""
        return tuple(self._sentences(lang))

    def _sentences(self, lang: Language) -> Iterator[str]:
        zh = lang == "zh"
        for run in self.runs:
            entered = _clock(run.entered_at, run.zone)
            yield f"{run.title}（{run.sop}，{run.member}）" if zh else f"{run.title} ({run.sop}, {run.member})"
            yield f"  {entered} 进入流程" if zh else f"  {entered} came in"
            yield from (f"  {line}" for line in _told(run, lang))
            if run.ended:
                yield f"  结束：{reason_text(run.ended, lang)}" if zh else f"  over: {reason_text(run.ended, lang)}"
            for row in run.coming:
                at, outcome = _clock(row.at, run.zone), reason_text(row.reason, lang)
                yield (
                    f"  {at} 将要：{row.what or row.step_id}（{outcome}）"
                    if zh
                    else (f"  {at} next: {row.what or row.step_id} ({outcome})")
                )
        for line in self.refusals:
            yield f"{_clock(line.at, self.zone)} {line.sentence(lang, self.zone)}"
        used, allowed = self.allowance
        yield f"本期群发 {used}/{allowed} 条" if zh else f"mass messages of this period: {used} of {allowed}"

    def document(self) -> dict[str, JSON]:
        """The chain as JSON: codes, not sentences."""
        return {
            "customer": self.customer,
            "at": self.now.isoformat(),
            "runs": [_run_document(run) for run in self.runs],
            "refusals": [_line_document(line) for line in self.refusals],
            "allowance": {"used": self.allowance[0], "allowed": self.allowance[1]},
        }

    def table(self, lang: Language = "zh") -> Table:
        """The chain for a terminal: past in order, what waits, what comes."""
        from rich.table import Table
        from rich.text import Text

        zh = lang == "zh"
        heads = ("时间", "步骤", "原因", "确认") if zh else ("when", "step", "why", "tap")
        table = Table(title=Text(self.customer), show_lines=False)
        for head in heads:
            table.add_column(head, overflow="fold")
        for run in self.runs:
            table.add_section()
            name = f"{run.title}（{run.sop}，{run.member}）" if zh else f"{run.title} ({run.sop}, {run.member})"
            table.add_row("", Text(name, style="bold"), Text(reason_text(run.ended, lang) if run.ended else ""), "")
            last = {line.step: index for index, line in enumerate(run.lines)}
            for index, line in enumerate(run.lines):
                tap = run.taps.get(line.step) if last[line.step] == index else None
                table.add_row(
                    _clock(line.at, run.zone),
                    line.step,
                    Text(line.sentence(lang, run.zone), style=_style(line.reason)),
                    tap.sentence(lang, run.zone) if tap is not None else "",
                )
            for row in run.coming:
                reason = reason_text(row.reason, lang)
                table.add_row(_clock(row.at, run.zone), row.step_id, Text(f"{row.what} {reason}", style="dim"), "")
        for line in self.refusals:
            table.add_row(_clock(line.at, self.zone), "", line.sentence(lang, self.zone), "")
        used, allowed = self.allowance
        table.caption = f"本期群发 {used}/{allowed}" if zh else f"mass messages of this period: {used} of {allowed}"
        return table

    def __rich__(self) -> Table:
        return self.table()


_STYLES: Final = {
    "sent": "green",
    "done": "green",
    "exit": "green",
    "skipped": "yellow",
    "dropped": "yellow",
    "blocked": "red",
    "failed": "red",
    "expired": "red",
    "held": "red",
}


def _style(reason: str) -> str:
    return _STYLES.get(reason.partition(":")[0], "")


def _told(run: RunStory, lang: Language) -> Iterator[str]:
    last = {line.step: index for index, line in enumerate(run.lines)}
    for index, line in enumerate(run.lines):
        if line.reason == "entered":
            continue
        step = f"{line.step}：" if line.step and lang == "zh" else f"{line.step}: " if line.step else ""
        yield f"{_clock(line.at, run.zone)} {step}{line.sentence(lang, run.zone)}"
        tap = run.taps.get(line.step)
        if tap is not None and last[line.step] == index:
            yield f"    {tap.sentence(lang, run.zone)}"


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _line_document(line: ReasonLine) -> dict[str, JSON]:
    return {
        "at": line.at.isoformat(),
        "step": line.step,
        "reason": line.reason,
        "detail": line.detail,
        "due_at": None if line.due_at is None else line.due_at.isoformat(),
    }


def _run_document(run: RunStory) -> dict[str, JSON]:
    return {
        "sop": run.sop,
        "title": run.title,
        "member": run.member,
        "entered_at": run.entered_at.isoformat(),
        "anchor_at": run.anchor_at.isoformat(),
        "ended": run.ended,
        "lines": [_line_document(line) for line in run.lines],
        "taps": {step: _tap_document(tap) for step, tap in sorted(run.taps.items())},
        "coming": [
            {"at": row.at.isoformat(), "step": row.step_id, "what": row.what, "reason": row.reason}
            for row in run.coming
        ],
    }


def _tap_document(tap: TapStory) -> dict[str, JSON]:
    times = {
        "created_at": tap.created_at,
        "confirmed_at": tap.confirmed_at,
        "escalated_at": tap.escalated_at,
        "expires_at": tap.expires_at,
    }
    given: dict[str, JSON] = {name: None if at is None else at.isoformat() for name, at in times.items()}
    return {"batch": tap.batch, "member": tap.member, "state": tap.state.value, "reminders": tap.reminders, **given}


def explain(context: Context, customer: str, now: datetime) -> Explanation:
    """Read everything about one customer and put it together."""
    with reading(context.engine) as connection:
        lines = _journal.read(connection, context.corp_id, customer)
        runs = store.runs_of(connection, context.corp_id, customer)
        touched = store.touches_of(connection, [run.id for run in runs])
        ids = [touch.batch_id for steps in touched.values() for touch in steps.values() if touch.batch_id]
        taps = _taps(connection, ids)
        allowance = _allowance(connection, context, customer, now)
    stories = [
        _story(
            context,
            run,
            [one for one in lines if one.enrolment_id == run.id or _entry_of(one, run)],
            touched,
            taps,
            now,
        )
        for run in runs
    ]
    ours = {id(one) for run in runs for one in lines if one.enrolment_id == run.id or _entry_of(one, run)}
    others = tuple(_line(one) for one in lines if id(one) not in ours)
    return Explanation(
        customer=customer,
        now=now.astimezone(UTC),
        runs=tuple(stories),
        refusals=others,
        allowance=allowance,
        zone=context.settings.zone,
    )


def _entry_of(line: LoggedDecision, run: Enrolment) -> bool:
    """The line of the entry is written before the run has a number."""
    return line.enrolment_id is None and line.reason == "entered" and (line.sop, line.at) == (run.sop, run.enrolled_at)


def _line(one: LoggedDecision) -> ReasonLine:
    return ReasonLine(at=one.at, step=one.step, reason=one.reason, detail=one.detail, due_at=one.due_at)


def _story(
    context: Context,
    run: Enrolment,
    lines: Iterable[LoggedDecision],
    touched: Mapping[int, Mapping[str, Touch]],
    taps: Mapping[str, TapStory],
    now: datetime,
) -> RunStory:
    definition = context.catalogue.readable(context.engine, run.sop, run.version)
    steps = touched.get(run.id, {})
    named = {step: taps[touch.batch_id] for step, touch in steps.items() if touch.batch_id and touch.batch_id in taps}
    return RunStory(
        sop=f"{run.sop} v{run.version}",
        title=run.sop if definition is None else definition.title,
        member=run.userid,
        entered_at=run.enrolled_at,
        anchor_at=run.anchor_at,
        ended=run.end_reason or "",
        zone=context.settings.zone if definition is None else definition.zone,
        lines=tuple(_line(one) for one in lines),
        taps=named,
        coming=_coming(context, definition, run, steps, now),
    )


def _coming(
    context: Context, definition: Definition | None, run: Enrolment, steps: Mapping[str, Touch], now: datetime
) -> tuple[PreviewRow, ...]:
    if run.state != EnrolmentStatus.ACTIVE.value:
        return ()
    if definition is None:
        return (unread(context, run, now),)
    subject = subject_of(run, steps, facts_of(context, [run])[run.id])
    found = preview(definition, [subject], now=now, days=_AHEAD, calendar=context.calendar)
    return found.rows


def unread(context: Context, run: Enrolment, now: datetime) -> PreviewRow:
    """The row of a run whose version this release cannot read: it is put off with an alert, like a tick does."""
    return PreviewRow(
        at=now.astimezone(context.settings.zone),
        customer=run.external_userid,
        member=run.userid,
        step_id="",
        what="",
        outcome="skip",
        reason=FAULT,
        note=f"{run.sop} v{run.version} was published by a newer release",
    )


def subject_of(run: Enrolment, steps: Mapping[str, Touch], facts: CustomerFacts) -> Subject:
    """A run as the preview takes it: what its steps have become, and what reached the customer."""
    delivered = [step for step, touch in steps.items() if touch.state in _work.DELIVERED]
    done = {step: touch.outcome for step, touch in steps.items()}
    return Subject(run.planner_state(done), facts.with_delivered(delivered) if delivered else facts)


def _taps(connection: Connection, ids: Sequence[str]) -> dict[str, TapStory]:
    b = t.batches.c
    found: dict[str, TapStory] = {}
    for chunk in store.chunked(sorted(set(ids))):
        for row in connection.execute(sa.select(t.batches).where(b.id.in_(chunk))):
            found[row.id] = TapStory(
                step="",
                batch=row.id,
                member=row.sender,
                state=BatchStatus(row.state),
                created_at=row.created_at,
                confirmed_at=row.confirmed_at,
                reminders=row.reminds,
                escalated_at=row.escalated_at,
                expires_at=row.expires_at,
            )
    return found


def _allowance(connection: Connection, context: Context, customer: str, now: datetime) -> tuple[int, int]:
    c = t.caps.c
    period, allowed = _ledger.period_of(context.settings.cap, now, context.settings.zone)
    mine = (c.corp_id == context.corp_id, c.external_userid == customer, c.period == period)
    used = connection.scalar(sa.select(c.reserved + c.used).where(*mine)) or 0
    return used, allowed
