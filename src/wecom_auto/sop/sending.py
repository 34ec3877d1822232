"""Decide how a send batch moves: states, guards, fences, leases. Never sends, never sleeps, never reads the clock.

``add_msg_template`` and ``add_moment_task`` take no client id and are not idempotent, so a lost answer must not become
a second task.
The protocol writes the intent down before the first byte leaves, and after an unknown outcome it looks before it asks
again.
The result is *effectively once*: the platform checks no fence, so a process that is frozen between the last check and
the write for longer than its lease can still create a second task.

| move | from → to | meaning |
|---|---|---|
| T1 | PLANNED | claimed: fence + 1, lease |
| T2 | PLANNED → CALLING | the intent is committed before the first byte leaves |
| T3 | CALLING | the last check before the write |
| T4 | CALLING → CREATED | the platform named a msgid, or the job that makes a moment |
| T4-job | CREATED → CREATED, FAILED, PLANNED or UNKNOWN | what became of that job |
| T5 | CALLING → PLANNED | certainly not created |
| T6 | CALLING → FAILED | the request is wrong |
| T7 | CALLING → UNKNOWN | anything else |
| T8 | CALLING → UNKNOWN | the lease ran out and nobody wrote an answer down |
| T9 | UNKNOWN → CREATED | found in the platform's list |
| T10 | UNKNOWN → PLANNED, HELD or CANCELLED | the whole list was read, it is not there |
| T11 | CREATED → DONE or EXPIRED | everybody answered, or the deadline passed |
| T12 | any → CANCELLED | withdrawn; what had gone out before is counted |
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._outcomes import Created, Lost, NotCreated, Outcome, Trouble, Wrong, outcome_of
from wecom_auto.sop._rows._states import BatchKind, BatchStatus, TouchStatus

__all__ = [
    "Batch",
    "Created",
    "Lost",
    "Move",
    "NotCreated",
    "Outcome",
    "Timing",
    "Trouble",
    "Wrong",
    "abandoned",
    "also_cancel",
    "begin",
    "cancel",
    "claim",
    "drop",
    "finish",
    "found",
    "job_ended",
    "may_write",
    "missing",
    "outcome_of",
    "postpone",
    "record",
    "resolve",
    "rested",
    "unsendable",
]


@frozen(kw_only=True)
class Timing:
    """The time constants of the protocol; the defaults are safe, longer is safer.

    Attributes:
        call_max: Hard limit of one create call.
        skew: How far two clocks may differ, the platform's included.
        lag: How late the platform's list may show a task. Unverified: to be measured on a real corp.
        quiet: How long an unknown outcome rests before the list is read; at least ``call_max + lag + skew``.
        lease: How long a claim holds; more than ``2 * call_max + skew``.
        retries: How often a batch whose task is proved missing is asked again before a person decides.
        backoff: First wait after a refusal that will pass; doubles up to 32 times.
        job: How long the platform's own job may take to make a moment; it is added to `quiet` for moments.
            Unverified: the manual names no time.

    Raises:
        ConfigurationError: ``quiet`` or ``lease`` is too short to be safe.
    """

    call_max: timedelta = timedelta(seconds=10)
    skew: timedelta = timedelta(seconds=5)
    lag: timedelta = timedelta(minutes=9)
    quiet: timedelta = timedelta(minutes=10)
    lease: timedelta = timedelta(seconds=60)
    retries: int = 2
    backoff: timedelta = timedelta(minutes=1)
    job: timedelta = timedelta(minutes=30)

    def __attrs_post_init__(self) -> None:
        quiet = self.call_max + self.lag + self.skew
        if self.quiet < quiet:
            msg = f"quiet is {self.quiet}, but call_max + lag + skew is {quiet}: a late task would be created twice"
            raise ConfigurationError(msg)
        lease = 2 * self.call_max + self.skew
        if self.lease <= lease:
            msg = f"lease is {self.lease}, but must be longer than 2 * call_max + skew = {lease}"
            raise ConfigurationError(msg)

    def making(self, kind: BatchKind) -> timedelta:
        """How long the platform may take to make what it was asked for."""
        return self.job if kind is BatchKind.MOMENT else timedelta(0)


@frozen(kw_only=True)
class Batch:
    """The part of a batch's row that the protocol reads and writes.

    Attributes:
        id: Short, unique, printable.
        kind: What it asks the platform for.
        state: Where it stands.
        fence: Grows with every claim; a write that carries an old one changes nothing.
        lease_until: Until when the claim of the present fence holds.
        first_call_at: When the first request of the present try left.
        last_call_at: When the last one left.
        attempts: How many requests were written in all.
        unknowns: How many tries were proved missing after an unknown outcome.
        jobid: The job that makes the task, for a moment.
        msgid: The task at the platform; for a moment the moment.
        check_at: When somebody has to look at it again; `None` when nobody has to.
        created_at: When the task came to be.
        cancel_reason: Why it is to be withdrawn, empty if it is not.
        reason: Why it is where it is.
    """

    id: str
    kind: BatchKind = BatchKind.SINGLE
    state: BatchStatus = BatchStatus.PLANNED
    fence: int = 0
    lease_until: datetime | None = None
    first_call_at: datetime | None = None
    last_call_at: datetime | None = None
    attempts: int = 0
    unknowns: int = 0
    jobid: str = ""
    msgid: str | None = None
    check_at: datetime | None = None
    created_at: datetime | None = None
    cancel_reason: str = ""
    reason: str = ""

    @property
    def unsettled(self) -> bool:
        """Whether a task may exist at the platform whose id nobody knows."""
        return self.state.unsettled or (self.state is BatchStatus.CREATED and self.msgid is None)

    @property
    def cancel_or_reason(self) -> str:
        """Why it is to be withdrawn, else why it is where it is."""
        return self.cancel_reason or self.reason


@frozen(kw_only=True)
class Move:
    """One transition, to be written in one transaction under the old fence.

    Attributes:
        rule: Its name in the table above, for the log.
        batch: The batch as it is to be.
        touches: The state that its live touches take, if they change.
        refused: Customers whose touches become ``refused`` instead.
        alert: Whether a person must hear of it.
    """

    rule: str
    batch: Batch
    touches: TouchStatus | None = None
    refused: tuple[str, ...] = field(default=(), repr=False)
    alert: bool = False


def claim(batch: Batch, now: datetime, timing: Timing, *, rival: bool = False) -> Move | None:
    """Take the batch for one piece of work (T1 for a planned one).

    Args:
        batch: As read in this transaction.
        now: Aware.
        timing: The constants.
        rival: Whether another batch of the same sender and content may or may not exist at the platform:
            a task found in the list could belong to either, so this one waits (I6).

    Returns:
        The move, or `None` if it is not due, claimed by somebody else, or finished.
    """
    if batch.state.final or batch.state in {BatchStatus.CALLING, BatchStatus.HELD} or not _free(batch, now):
        return None
    if batch.state is BatchStatus.PLANNED and rival and not batch.cancel_reason:
        return Move(rule="T1-wait", batch=evolve(batch, check_at=now + timing.backoff))
    lease_until = now + timing.lease
    claimed = evolve(batch, fence=batch.fence + 1, lease_until=lease_until, check_at=lease_until)
    return Move(rule="T1", batch=claimed)


def _free(batch: Batch, now: datetime) -> bool:
    due = batch.check_at is not None and batch.check_at <= now
    return due and (batch.lease_until is None or batch.lease_until <= now)


def begin(batch: Batch, now: datetime, timing: Timing) -> Move | None:
    """Write the intent down (T2); `None` if the batch was not claimed for a call or the lease is nearly over."""
    if batch.state is not BatchStatus.PLANNED or not _holds(batch, now, timing):
        return None
    calling = evolve(
        batch,
        state=BatchStatus.CALLING,
        first_call_at=batch.first_call_at or now,
        last_call_at=now,
        attempts=batch.attempts + 1,
        check_at=batch.lease_until,
    )
    return Move(rule="T2", batch=calling)


def may_write(batch: Batch, now: datetime, timing: Timing) -> bool:
    """Check for the last time before the request is written (T3)."""
    return batch.state is BatchStatus.CALLING and _holds(batch, now, timing)


def _holds(batch: Batch, now: datetime, timing: Timing) -> bool:
    return batch.lease_until is not None and batch.lease_until - now > timing.call_max + timing.skew


def record(batch: Batch, outcome: Outcome, now: datetime, timing: Timing) -> Move | None:
    """Write the answer down (T4 to T7); `None` if the batch is not being called."""
    if batch.state is not BatchStatus.CALLING:
        return None
    match outcome:
        case Created(msgid=msgid, jobid=jobid, refused=refused):
            created = _created(evolve(batch, jobid=jobid), msgid, now)
            return Move(rule="T4", batch=created, touches=TouchStatus.REQUESTED, refused=refused)
        case NotCreated(reason=reason, wait=wait):
            doubled = timing.backoff * 2 ** min(batch.attempts - 1, 5)
            return Move(rule="T5", batch=_again(batch, now + max(wait, doubled), reason))
        case Wrong(reason=reason, refused=everybody):
            failed = _closed(batch, BatchStatus.FAILED, reason)
            touches = TouchStatus.REFUSED if everybody else TouchStatus.FAILED
            return Move(rule="T6", batch=failed, touches=touches, alert=not everybody)
        case Lost(reason=reason):
            return Move(rule="T7", batch=_unknown(batch, reason, timing))


def job_ended(batch: Batch, outcome: Outcome, now: datetime, timing: Timing) -> Move | None:
    """Write down what became of the job of a moment; `None` if the batch does not wait for one."""
    if batch.state is not BatchStatus.CREATED or batch.msgid is not None:
        return None
    if isinstance(outcome, Created):
        return Move(rule="T4-job", batch=evolve(batch, msgid=outcome.msgid, check_at=now))
    # The job is over or forgotten: from here on it is as if the call itself had ended like this.
    move = record(evolve(batch, state=BatchStatus.CALLING, jobid=""), outcome, now, timing)
    back = TouchStatus.BATCHED if isinstance(outcome, NotCreated | Lost) else None
    return None if move is None else evolve(move, rule="T4-job", touches=move.touches or back)


def abandoned(batch: Batch, now: datetime, timing: Timing) -> Move | None:
    """Give up on a caller that never came back (T8): unknown, never straight back to planned."""
    if batch.state is not BatchStatus.CALLING or (batch.lease_until is not None and batch.lease_until > now):
        return None
    # The fence grows, so that the caller finds its own write refused if it lives after all.
    return Move(rule="T8", batch=evolve(_unknown(batch, "unknown:crashed", timing), fence=batch.fence + 1))


def rested(batch: Batch, now: datetime, timing: Timing) -> bool:
    """Whether the platform's list may be trusted about this batch (the guard of T9 and T10)."""
    called = batch.last_call_at
    return (
        batch.state is BatchStatus.UNKNOWN
        and called is not None
        and now >= called + timing.quiet + timing.making(batch.kind)
    )


def found(batch: Batch, msgid: str, now: datetime, timing: Timing) -> Move | None:
    """Take the task in the platform's list as ours (T9)."""
    if not rested(batch, now, timing):
        return None
    return Move(rule="T9", batch=_created(batch, msgid, now), touches=TouchStatus.REQUESTED)


def missing(batch: Batch, now: datetime, timing: Timing) -> Move | None:
    """Conclude from a completely read list that the task does not exist (T10)."""
    if not rested(batch, now, timing):
        return None
    if batch.cancel_reason:
        gone = _closed(batch, BatchStatus.CANCELLED, batch.cancel_reason)
        return Move(rule="T10", batch=gone, touches=TouchStatus.CANCELLED)
    proved = evolve(batch, unknowns=batch.unknowns + 1)
    if proved.unknowns <= timing.retries:
        return Move(rule="T10", batch=_again(proved, now, "retry:missing"))
    held = evolve(_released(proved), state=BatchStatus.HELD, check_at=None, reason="held:unknown")
    return Move(rule="T10", batch=held, alert=True)


def finish(batch: Batch, state: BatchStatus, reason: str) -> Move | None:
    """Close a created batch once its results are in (T11, T12); ``state`` is DONE, EXPIRED or CANCELLED."""
    if batch.state is not BatchStatus.CREATED:
        return None
    rule = "T12" if state is BatchStatus.CANCELLED else "T11"
    rest = {BatchStatus.EXPIRED: TouchStatus.EXPIRED, BatchStatus.CANCELLED: TouchStatus.CANCELLED}.get(state)
    return Move(rule=rule, batch=_closed(batch, state, reason), touches=rest)


def cancel(batch: Batch, reason: str, now: datetime) -> Move | None:
    """Ask for a batch to be withdrawn (T12).

    A planned batch that nobody has claimed is closed at once.
    Any other is marked, and whoever works it next withdraws it at the platform.
    """
    if batch.state.final:
        return None
    claimed = batch.lease_until is not None and batch.lease_until > now
    if batch.state is BatchStatus.HELD or (batch.state is BatchStatus.PLANNED and not claimed):
        closed = evolve(_closed(batch, BatchStatus.CANCELLED, reason), fence=batch.fence + 1)
        return Move(rule="T12", batch=closed, touches=TouchStatus.CANCELLED)
    soon = min(batch.check_at or now, now) if batch.state is BatchStatus.CREATED and not claimed else batch.check_at
    return Move(rule="T12-mark", batch=evolve(batch, cancel_reason=reason, check_at=soon))


def also_cancel(move: Move, reason: str, now: datetime) -> Move:
    """The same move of a batch whose withdrawal was asked for meanwhile."""
    asked = cancel(move.batch, reason, now)
    if asked is None:
        return move
    closed = asked.batch.state.final
    return evolve(move, batch=asked.batch, touches=asked.touches if closed else move.touches, alert=move.alert)


def resolve(batch: Batch, msgid: str, now: datetime) -> Move | None:
    """Let a person settle a held batch: with the task's id, or with an empty one to ask again."""
    if batch.state is not BatchStatus.HELD:
        return None
    if msgid:
        return Move(rule="resolve", batch=_created(batch, msgid, now), touches=TouchStatus.REQUESTED)
    return Move(rule="resolve", batch=evolve(_again(batch, now, "resolved"), unknowns=0))


def postpone(batch: Batch, until: datetime, reason: str) -> Move:
    """Give the claim back without a verdict; the batch stays where it is."""
    return Move(rule="postpone", batch=evolve(_released(batch), check_at=until, reason=reason))


def drop(batch: Batch, reason: str) -> Move:
    """Close a planned batch that has lost its last recipient before the call."""
    return Move(rule="T12", batch=_closed(batch, BatchStatus.CANCELLED, reason), touches=TouchStatus.CANCELLED)


def unsendable(batch: Batch, reason: str) -> Move:
    """Close a planned batch whose content cannot be sent as it was frozen (T6): a file is gone or has changed."""
    return Move(rule="T6", batch=_closed(batch, BatchStatus.FAILED, reason), touches=TouchStatus.FAILED, alert=True)


def _created(batch: Batch, msgid: str, now: datetime) -> Batch:
    # Looked at again at once: the poller knows its own cadence.
    return evolve(
        _released(batch),
        state=BatchStatus.CREATED,
        msgid=msgid or None,
        created_at=batch.last_call_at or now,
        check_at=now,
        reason="created",
    )


def _again(batch: Batch, when: datetime, reason: str) -> Batch:
    return evolve(_released(batch), state=BatchStatus.PLANNED, first_call_at=None, check_at=when, reason=reason)


def _unknown(batch: Batch, reason: str, timing: Timing) -> Batch:
    called = batch.last_call_at
    when = None if called is None else called + timing.quiet + timing.making(batch.kind)
    return evolve(_released(batch), state=BatchStatus.UNKNOWN, check_at=when, reason=reason)


def _closed(batch: Batch, state: BatchStatus, reason: str) -> Batch:
    return evolve(_released(batch), state=state, check_at=None, reason=reason)


def _released(batch: Batch) -> Batch:
    return evolve(batch, lease_until=None)
