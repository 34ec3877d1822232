"""Name the states that runs, touches, batches and tasks can be in. Holds no rule of how they move."""

from __future__ import annotations

import enum
from typing import Final


class EnrolmentStatus(enum.IntEnum):
    """Where one run of one customer stands; ``ENDED`` is final and never rewritten."""

    ACTIVE = 0
    ENDED = 1


class TouchStatus(enum.StrEnum):
    """What has become of one step of one run."""

    DUE = "due"
    """Chosen by the planner; not yet carried out or frozen into a batch."""
    BATCHED = "batched"
    """Part of a batch whose request is not settled."""
    REQUESTED = "requested"
    """The platform has the task; a member of staff has to tap."""
    OPEN = "open"
    """A task of a member of staff that no call can do."""
    DELIVERED = "delivered"
    """The platform says that it was sent to the customer."""
    DONE = "done"
    """Carried out: a server action, or a staff task with evidence."""
    NOT_FRIEND = "not_friend"
    """Not sent: the customer is no longer a friend of the sender (status 2)."""
    CAPPED = "capped"
    """Not sent: the customer's allowance of mass messages was used up (status 3, or our own ledger)."""
    REFUSED = "refused"
    """Not sent: the platform named the customer in ``fail_list``."""
    FAILED = "failed"
    """Not sent: the request was wrong."""
    EXPIRED = "expired"
    """Not sent: no member tapped, or the deadline of a task passed."""
    CANCELLED = "cancelled"
    """Not sent: taken back by us."""
    SKIPPED = "skipped"
    """Not sent: the planner or a re-check said no; the reason says why."""

    @property
    def final(self) -> bool:
        """Whether nothing can change it any more."""
        return self not in _LIVE_TOUCHES


_LIVE_TOUCHES: Final = frozenset({TouchStatus.DUE, TouchStatus.BATCHED, TouchStatus.REQUESTED, TouchStatus.OPEN})


class BatchKind(enum.StrEnum):
    """What a send batch asks the platform for."""

    SINGLE = "single"
    """A mass message (群发) to customers of one member."""
    GROUP = "group"
    """A mass message into groups (客户群群发) of one owner."""
    MOMENT = "moment"
    """A post in the moments (客户朋友圈) of members."""


class BatchStatus(enum.StrEnum):
    """Where a send batch stands; `wecom_auto.sop.sending` has the moves between them."""

    PLANNED = "planned"
    """Frozen; nothing has been asked of the platform, or it certainly did not happen."""
    CALLING = "calling"
    """The intent is written down; the request may be on its way."""
    UNKNOWN = "unknown"
    """Nobody knows whether the task exists: look before asking again."""
    HELD = "held"
    """Still unknown after all tries: a person decides."""
    CREATED = "created"
    """The task exists; members have to tap."""
    DONE = "done"
    """Every recipient has an answer."""
    EXPIRED = "expired"
    """Nobody tapped in time; the rest was withdrawn."""
    CANCELLED = "cancelled"
    """Taken back by us."""
    FAILED = "failed"
    """The platform refused the request for good."""

    @property
    def final(self) -> bool:
        """Whether nothing can change it any more."""
        return self in _FINAL_BATCHES

    @property
    def unsettled(self) -> bool:
        """Whether a task may or may not exist at the platform."""
        return self in _UNSETTLED


_FINAL_BATCHES: Final = frozenset({BatchStatus.DONE, BatchStatus.EXPIRED, BatchStatus.CANCELLED, BatchStatus.FAILED})
_UNSETTLED: Final = frozenset({BatchStatus.CALLING, BatchStatus.UNKNOWN})


class TaskStatus(enum.StrEnum):
    """Where a task of a member of staff stands."""

    OPEN = "open"
    """Somebody has to do it."""
    HELD = "held"
    """Nobody could be found to do it: a person decides."""
    OVERDUE = "overdue"
    """Its deadline has passed; it may still be done, late."""
    DONE = "done"
    REJECTED = "rejected"
    """The assignee says that it cannot be done."""
    CANCELLED = "cancelled"
    """Taken back by us: there is no reason for it any more."""

    @property
    def final(self) -> bool:
        """Whether nothing can change it any more."""
        return self not in _LIVE_TASKS


_LIVE_TASKS: Final = frozenset({TaskStatus.OPEN, TaskStatus.HELD, TaskStatus.OVERDUE})


class SopStatus(enum.StrEnum):
    """Whether a published SOP works."""

    RUNNING = "running"
    PAUSED = "paused"
    """Keeps its runs; nothing is sent."""
    ENDED = "ended"
    """All runs are closed; for good."""
