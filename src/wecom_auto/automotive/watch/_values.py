"""What the watch looks at and what it says. Frozen values; nothing here is looked up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.watch._rules import Rule, Rung
from wecom_auto.models import BehaviorDay
from wecom_auto.sop.tasks import TaskRecord
from wecom_auto.sop.tasks._values import require

_CHARS: Final = 64
_MOST_MEMBERS: Final = 100


class SubjectKind(StrEnum):
    """What is watched."""

    CUSTOMER = "customer"
    GROUP = "group"
    STORE = "store"


class Evidence(StrEnum):
    """What an alert rests on, and what a contact is known from."""

    ARCHIVE = "archive"
    """The message archive (会话内容存档), with the customer's consent."""
    CRM = "crm"
    """A follow-up record of another system."""
    TASK = "task"
    """A staff task that was closed, or was not."""
    BEHAVIOUR = "behaviour"
    """The platform's daily statistics of a member (联系客户统计)."""


class Precision(StrEnum):
    """How closely the evidence looks."""

    CONVERSATION = "conversation"
    """At single messages."""
    CUSTOMER = "customer"
    """At one customer or group, as far as people have written things down."""
    MEMBER = "member"
    """At a member's whole day: it says nothing about any one customer."""


PRECISION: Final[Mapping[Evidence, Precision]] = {
    Evidence.ARCHIVE: Precision.CONVERSATION,
    Evidence.CRM: Precision.CUSTOMER,
    Evidence.TASK: Precision.CUSTOMER,
    Evidence.BEHAVIOUR: Precision.MEMBER,
}
"""From the closest look to the farthest."""


def _short(_: object, attribute: object, value: str) -> None:
    name = str(getattr(attribute, "name", "value"))
    require(len(value) <= _CHARS, name, f"{len(value)} characters", f"at most {_CHARS} characters")


@frozen(kw_only=True)
class Subject:
    """Somebody or something that N members look after, with one supervisor (N+1).

    Attributes:
        id: An external_userid, a chat_id or a store's code.
        kind: Which of them.
        members: The N, 1 to 100; the first looks after it, the others come when it is reassigned.
        supervisor: The 1; empty for whom the roster names.
        store: The shop; empty for that of the first member.
        since: From when on it is watched: the add, the opening of the group; aware.
        grade: The customer's grade; empty for none.
        graded_at: When the customer got it.
    """

    id: str = field(validator=_short)
    kind: SubjectKind = SubjectKind.CUSTOMER
    members: tuple[str, ...] = field(converter=tuple[str, ...])
    supervisor: str = field(default="", validator=_short)
    store: str = field(default="", validator=_short)
    since: datetime
    grade: str = field(default="", validator=_short)
    graded_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        require(self.id, "id", "an empty text", f"1 to {_CHARS} characters")
        count = len(self.members)
        require(1 <= count <= _MOST_MEMBERS, "members", f"{count} members", f"1 to {_MOST_MEMBERS}")
        for one in ("since", "graded_at"):
            if getattr(self, one) is not None:
                require_aware(getattr(self, one), one)


@frozen(kw_only=True)
class Touch:
    """Something that was said.

    Attributes:
        subject: Its id.
        at: When; aware.
        evidence: What it is known from. Daily statistics know of no single contact and are refused.
        inbound: The customer said it and waits; else a member said it, and reached the customer.
        userid: The member; empty if nobody knows.
    """

    subject: str
    at: datetime
    evidence: Evidence
    inbound: bool = False
    userid: str = ""

    def __attrs_post_init__(self) -> None:
        require_aware(self.at, "at")
        limit = "archive, crm or task: daily statistics know of no single contact"
        require(self.evidence is not Evidence.BEHAVIOUR, "evidence", self.evidence.value, limit)


@frozen(kw_only=True)
class Standing:
    """A subject, and what is known of it.

    Attributes:
        subject: Who is looked after.
        holder: Who looks after it now.
        touched_at: The last effective contact; None for none yet.
        waiting_at: Since when the customer waits for an answer; None if not.
        waiting_evidence: What that is known from.
    """

    subject: Subject
    holder: str
    touched_at: datetime | None = None
    waiting_at: datetime | None = None
    waiting_evidence: Evidence = Evidence.CRM


@frozen(kw_only=True)
class Fired:
    """A rung that was climbed.

    Attributes:
        rung: Which.
        at: When.
    """

    rung: Rung
    at: datetime


@frozen(kw_only=True)
class Silence:
    """One stretch of time in which nobody did what was to be done.

    Attributes:
        subject: Whom it is about: id of the subject, the task's subject, or the member.
        rule: The rule that it breaks first.
        about: The member whose work it is.
        since: When it began.
        deadline: When it is too long.
        evidence: What it is known from.
        precision: How closely that looks.
        supervisor: Who stands above, if not whom the roster names.
        others: Who may take the work over.
        task_id: The task that nobody has answered; None for other rules.
        detail: Figures, for people.
    """

    subject: str
    rule: Rule
    about: str
    since: datetime
    deadline: datetime
    evidence: Evidence
    precision: Precision
    supervisor: str = ""
    others: tuple[str, ...] = ()
    task_id: int | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        """Names the silence: one of a customer keeps its name whichever rule it breaks first."""
        what = {Rule.TASK: f"task:{self.task_id}", Rule.FIGURES: "figures"}.get(self.rule, "silence")
        text = f"{what}\n{self.subject}\n{self.since.timestamp()!r}"
        return hashlib.sha256(text.encode()).hexdigest()


@frozen(kw_only=True)
class Alert:
    """Somebody is to be told something now.

    Attributes:
        silence: About what, with the evidence.
        rung: How far it has climbed.
        to: Whom to tell; empty if there is nobody.
        due_at: Since when it was due.
    """

    silence: Silence
    rung: Rung
    to: str
    due_at: datetime

    @property
    def evidence(self) -> Evidence:
        """What it rests on."""
        return self.silence.evidence

    @property
    def precision(self) -> Precision:
        """How closely the evidence looks."""
        return self.silence.precision


def _sources(value: Iterable[Evidence]) -> frozenset[Evidence]:
    return frozenset(value)


@frozen(kw_only=True)
class Facts:
    """Everything that an evaluation looks at.

    Attributes:
        standings: The subjects.
        tasks: Staff tasks that are still to be done.
        figures: By member, the newest day whose figures are ready.
        fired: What was told already, by `Silence.key`, oldest first.
        sources: What is connected: where a contact would have been seen. Staff tasks always are.
    """

    standings: tuple[Standing, ...] = field(default=(), converter=tuple[Standing, ...])
    tasks: tuple[TaskRecord, ...] = field(default=(), converter=tuple[TaskRecord, ...])
    figures: Mapping[str, BehaviorDay] = field(factory=dict[str, BehaviorDay])
    fired: Mapping[str, tuple[Fired, ...]] = field(factory=dict[str, tuple[Fired, ...]])
    sources: frozenset[Evidence] = field(factory=lambda: frozenset({Evidence.TASK}), converter=_sources)

    @property
    def best(self) -> Evidence:
        """The source that looks the closest, of those in which nothing was seen."""
        return next((one for one in PRECISION if one in self.sources), Evidence.TASK)
