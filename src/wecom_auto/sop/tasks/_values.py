"""Staff tasks as values: what is ordered, what is stored, which rules hold. Frozen; nothing here is looked up."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from wecom_auto.errors import ValidationError
from wecom_auto.sop._document._actions import TaskKind
from wecom_auto.sop._document._policies import Absence
from wecom_auto.sop._rows._states import TaskStatus

TITLE: Final = 100
DESCRIPTION: Final = 500
NAME: Final = 64


class EvidenceLevel(enum.StrEnum):
    """How much a completion is worth."""

    DATA = "data"
    """Found in data: the customer is a friend, the group exists, an event was seen."""
    DECLARED = "declared"
    """A person says so."""
    CRM = "crm"
    """Another system says so: a work order, a follow-up record."""
    ARCHIVE = "archive"
    """The message archive (会话内容存档), with the customer's consent, shows it."""


@frozen(kw_only=True)
class TaskOrder:
    """What somebody is to do.

    Attributes:
        title: What the member reads, at most 100 characters.
        kind: What kind of work it is, a `TaskKind` or a word of your own; the kinds `add_friend`, `create_group` and
            `kick` are found done in the directory.
        subject: Whom it is about: an external_userid, or a chat_id; empty for neither.
        member: Who looks after the subject.
        assignee: Who does it, if that is known already; else `role` says.
        role: Who of the shop does it; empty for the member.
        chat_id: The group, for `kick`.
        description: More words, at most 500 characters.
        due: How long it may take, in working hours of the assignee; `None` for the desk's rule.
        deadline_at: The deadline itself, aware; wins over `due`.
        remind_after: When the assignee is reminded, in working hours; `None` for half-way.
        escalate_after: When the supervisor hears of it, in working hours; `None` for the deadline.
        done: A condition that closes the task once it is true, such as ``event('store.visited')``.
        needs_evidence: Whether a person who closes it must leave words.
        on_absence: Who does it while the assignee is away.
        source: Which program or SOP wants it, at most 64 characters.
        step: Which part of that.
    """

    title: str
    kind: str = TaskKind.OTHER.value
    subject: str = ""
    member: str = ""
    assignee: str = ""
    role: str = ""
    chat_id: str = ""
    description: str = field(default="", repr=False)
    due: timedelta | None = None
    deadline_at: datetime | None = None
    remind_after: timedelta | None = None
    escalate_after: timedelta | None = None
    done: str = ""
    needs_evidence: bool = True
    on_absence: Absence = Absence.BACKUP
    source: str = ""
    step: str = ""

    def __attrs_post_init__(self) -> None:
        require(self.title.strip(), "title", "an empty text", f"1 to {TITLE} characters")
        for name, most in (("title", TITLE), ("description", DESCRIPTION), ("done", 2000)):
            _within(name, getattr(self, name), most)
        for name in ("subject", "member", "assignee", "role", "chat_id", "source", "step"):
            _within(name, getattr(self, name), NAME)
        _within("kind", self.kind, 32)
        require(self.due is None or self.due >= timedelta(), "due", str(self.due), "a span that is not negative")


def require(holds: object, name: str, value: str, limit: str) -> None:
    """Refuse an argument by name.

    Raises:
        ValidationError: `holds` is not true.
    """
    if not holds:
        raise ValidationError(name, value=value, limit=limit)


def _within(name: str, text: str, most: int) -> None:
    require(len(text) <= most, name, f"{len(text)} characters", f"at most {most} characters")


@frozen(kw_only=True)
class TaskRecord:
    """A staff task as stored.

    Attributes:
        id: Its number.
        title: What the member reads.
        state: Where it stands.
        assignee: Who has to do it; empty while nobody can be found.
        member: Who looks after the subject.
        role: Who was asked for.
        store: The assignee's shop.
        subject: The customer or the group.
        chat_id: The group, if it is about a group and a customer.
        kind: What kind of work it is.
        source: The SOP, or the program that wants it.
        step: The step of the SOP.
        description: More words.
        done: The condition that closes it.
        needs_evidence: Whether words must be left.
        on_absence: Who does it while the assignee is away.
        created_at: When it was made.
        deadline_at: When it is overdue.
        remind_at: When the assignee is reminded; `None` if that is past.
        escalate_at: When the supervisor hears of it; `None` if that is past.
        notified_at: When the assignee was last told.
        closed_at: When it was closed.
        handovers: How often it has changed hands because it was overdue.
        evidence: What proves that it was done, or why it was not.
        level: How much that is worth; empty while it is not done.
        touch_id: The touch of the SOP that waits for it; `None` for a task without one.
        due: How long it may take.
        check_at: When the desk looks at it again.
    """

    id: int
    title: str
    state: TaskStatus
    assignee: str
    member: str
    role: str
    store: str
    subject: str
    chat_id: str
    kind: str
    source: str
    step: str
    description: str = field(repr=False)
    done: str
    needs_evidence: bool
    on_absence: Absence
    created_at: datetime
    deadline_at: datetime
    remind_at: datetime | None
    escalate_at: datetime | None
    notified_at: datetime | None
    closed_at: datetime | None
    handovers: int
    evidence: str = field(repr=False)
    level: str
    touch_id: int | None
    due: timedelta | None
    check_at: datetime | None


@frozen(kw_only=True)
class TaskPage:
    """A page of the to-do list.

    Attributes:
        tasks: In the order of their deadlines.
        next: Pass it as `after` for the next page; empty at the end.
    """

    tasks: tuple[TaskRecord, ...]
    next: str = ""


@frozen(kw_only=True)
class AuditLine:
    """One thing that happened to a staff task, or to the confirmation of a mass message.

    Attributes:
        at: When.
        action: ``created``, ``done``, ``rejected``, ``reassigned``, ``held``, ``reminded``, ``escalated``,
            ``overdue``, ``cancelled``, ``comment``; of mass messages ``mass:created``, ``mass:reminded``,
            ``mass:escalated``, ``mass:confirmed``, ``mass:done``, ``mass:expired``, ``mass:cancelled``,
            ``mass:held``, ``mass:failed``.
        actor: Who decided; empty for the engine.
        userid: Whose work it is.
        external_userid: The customer or group; empty for a mass message to many.
        task_id: The task.
        batch_id: The batch of mass messages.
        source: The SOP or the program.
        step: The step.
        level: What the evidence is worth.
        detail: The evidence, the reason, the comment.
    """

    at: datetime
    action: str
    actor: str = ""
    userid: str = ""
    external_userid: str = ""
    task_id: int | None = None
    batch_id: str | None = None
    source: str = ""
    step: str = ""
    level: str = ""
    detail: str = field(default="", repr=False)


@frozen(kw_only=True)
class TaskRules:
    """What a corp decides once for all its staff tasks.

    Attributes:
        due: How long a task may take that says nothing.
        url: Where the card of a task leads; ``{id}`` and ``{userid}`` are filled in. Empty sends plain text.
        list_url: Where the card of a digest leads; ``{userid}`` is filled in. Empty sends plain text.
        button: The card's button, at most 4 characters.
        digest_from: From how many messages on that are due together a member gets one digest instead.
        per_minute: Most messages to one member a minute; the platform drops what is more than 30 without a word.
        per_hour: Most messages to one member an hour; the platform allows 1,000.
        attempts: How often a message is tried that the platform refuses.
        backoff: How long it waits after the first failure, twice as long after each further one.
        hand_over: Whether an overdue task goes to the stand-in, or else the supervisor, once.
        retry_held: How often somebody is looked for who can do a task that nobody could.
    """

    due: timedelta = timedelta(days=2)
    url: str = ""
    list_url: str = ""
    button: str = "去处理"
    digest_from: int = 3
    per_minute: int = 30
    per_hour: int = 1000
    attempts: int = 5
    backoff: timedelta = timedelta(minutes=1)
    hand_over: bool = False
    retry_held: timedelta = timedelta(hours=4)
