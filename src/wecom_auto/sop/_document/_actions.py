"""What a step does, in three execution classes that are types. Does nothing itself.

WeCom lets a server do much less than the trade believes.
`ServerAction` is done by one call; `StaffConfirmed` is a task that a member must tap, and until then nothing was sent;
`StaffTask` has no API at all and is done by a person.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Self, TypeAlias

from attrs import evolve, frozen

from wecom_auto.sop.conditions import Condition

ARM = "{arm}"
"""Stands for the arm of an A/B step in a content name."""


@frozen(kw_only=True)
class Action:
    """One thing a step does; always one of the three execution classes.

    Attributes:
        label: The short word that diagrams and tables show.
        reaches_people: Whether a customer or a member notices it; then windows, holidays and lateness bind it.
        needs_friend: Whether the platform refuses it once the customer has left the member.
    """

    label: ClassVar[str] = "action"
    reaches_people: ClassVar[bool] = False
    needs_friend: ClassVar[bool] = False

    def for_arm(self, arm: str | None) -> Action:
        """The same action with `{arm}` filled in; only content has one."""
        del arm
        return self


@frozen(kw_only=True)
class ServerAction(Action):
    """Done by one call, at once, without a person."""


@frozen(kw_only=True)
class StaffConfirmed(Action):
    """A task in a member's WeCom client: nothing is sent until that member taps.

    Attributes:
        remind_after: When to nudge the member; `None` for the runner's own cadence.
        escalate_after: When to tell the supervisor (N+1); `None` for the runner's own cadence.
    """

    reaches_people: ClassVar[bool] = True
    remind_after: timedelta | None = None
    escalate_after: timedelta | None = None


class TaskKind(StrEnum):
    """What kind of work a staff task is, so that its completion can be found in data."""

    CALL = "call"
    ADD_FRIEND = "add_friend"
    """Add the customer as a friend, by phone number or card."""
    CREATE_GROUP = "create_group"
    KICK = "kick"
    """Ask a member of a group to leave, or remove them."""
    REPLY = "reply"
    VISIT = "visit"
    OTHER = "other"


class Evidence(StrEnum):
    """What whoever closes a staff task has to leave behind."""

    TEXT = "text"
    """A few words: a note, a work order, a message id."""
    NONE = "none"


@frozen(kw_only=True)
class StaffTask(Action):
    """Work that no API does: a call, a visit, a group to create. Completion is found in data.

    Attributes:
        title: What the member reads, at most 100 characters.
        kind: What kind of work it is.
        role: Who of the store does it, for example `售后经理`; empty for the acting member.
        done: Closes the task by itself once it is true; `None` waits for a person to close it.
        evidence: What must be left behind when a person closes it.
        due: How long the member has; `None` leaves the deadline to the runner.
        remind_after: When to nudge the member.
        escalate_after: When to tell the supervisor.
    """

    label: ClassVar[str] = "staff_task"
    reaches_people: ClassVar[bool] = True
    title: str
    kind: TaskKind = TaskKind.OTHER
    role: str = ""
    done: Condition | None = None
    evidence: Evidence = Evidence.TEXT
    due: timedelta | None = None
    remind_after: timedelta | None = None
    escalate_after: timedelta | None = None


@frozen(kw_only=True)
class Welcome(ServerAction):
    """The welcome message: uses the code of the callback, which lives 20 seconds and works once.

    It costs no tap and no monthly allowance, so windows and holidays do not bind it.
    Manual: https://developer.work.weixin.qq.com/document/path/92137 (发送新客户欢迎语).
    """

    label: ClassVar[str] = "welcome"
    needs_friend: ClassVar[bool] = True
    content: str


@frozen(kw_only=True)
class Sending(StaffConfirmed):
    """A message that a member confirms: to a customer, into a group, or as a moment.

    Attributes:
        content: The name of its content; `{arm}` in it stands for the arm of an A/B step.
    """

    content: str

    def for_arm(self, arm: str | None) -> Self:
        """The message with the arm's content."""
        return self if arm is None else evolve(self, content=self.content.replace(ARM, arm))


@frozen(kw_only=True)
class Mass(Sending):
    """A mass message (群发) to this customer, batched with others of the same content, sender and slot.

    Manual: https://developer.work.weixin.qq.com/document/path/92135 (创建企业群发).
    """

    label: ClassVar[str] = "mass"
    needs_friend: ClassVar[bool] = True


@frozen(kw_only=True)
class GroupMass(Sending):
    """A mass message (客户群群发) into this customer group, confirmed by the group's owner.

    Manual: https://developer.work.weixin.qq.com/document/path/92135 (创建企业群发, `chat_type` group).
    """

    label: ClassVar[str] = "group"


@frozen(kw_only=True)
class Moment(Sending):
    """A post in members' moments (客户朋友圈), seen by the customers who carry one of the tags.

    Manual: https://developer.work.weixin.qq.com/document/path/95094 (创建发表任务).

    Attributes:
        visible: Names of corp tags; empty for every customer of the member.
    """

    label: ClassVar[str] = "moment"
    visible: tuple[str, ...] = ()


@frozen(kw_only=True)
class Notice(ServerAction):
    """An application message (应用消息) to the acting member. It disturbs a person, so windows bind it.

    Manual: https://developer.work.weixin.qq.com/document/path/90236 (发送应用消息).

    Attributes:
        text: The name of a content, or the text itself.
    """

    label: ClassVar[str] = "notice"
    reaches_people: ClassVar[bool] = True
    text: str


@frozen(kw_only=True)
class Tag(ServerAction):
    """Mark the customer with a corp tag, by name (the directory knows its id)."""

    label: ClassVar[str] = "tag"
    needs_friend: ClassVar[bool] = True
    name: str


@frozen(kw_only=True)
class Untag(ServerAction):
    """Take a corp tag off the customer."""

    label: ClassVar[str] = "untag"
    needs_friend: ClassVar[bool] = True
    name: str


@frozen(kw_only=True)
class MovePool(ServerAction):
    """Hand the customer to a pool (for example 回访组): our own books, no call."""

    label: ClassVar[str] = "move_pool"
    pool: str


@frozen(kw_only=True)
class SetStage(ServerAction):
    """Set the attribute `stage` (客户阶段), which lets the customer into SOPs that wait for `stage.entered:NAME`."""

    label: ClassVar[str] = "stage"
    name: str


@frozen(kw_only=True)
class Webhook(ServerAction):
    """Call a named port of the program, for example to tell the dealer's own system. Names no address."""

    label: ClassVar[str] = "webhook"
    name: str


@frozen(kw_only=True)
class Case:
    """One arm of a branch.

    Attributes:
        goto: The step to go on with.
        when: The condition; `None` for "otherwise". Unknown is not true.
    """

    goto: str
    when: Condition | None = None


@frozen(kw_only=True)
class Jump(ServerAction):
    """Go on with a later step; the steps in between are skipped (`skipped:branch`). Carried out by the planner."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Every step it may go on with."""
        return ()


@frozen(kw_only=True)
class Branch(Jump):
    """The first case that holds says where to go on; without one the next step follows as usual."""

    label: ClassVar[str] = "branch"
    cases: tuple[Case, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """Every step it may go on with."""
        return tuple(dict.fromkeys(case.goto for case in self.cases))

    @property
    def always(self) -> bool:
        """Whether one of the cases holds in any case."""
        return any(case.when is None for case in self.cases)


@frozen(kw_only=True)
class Goto(Jump):
    """Go on with a later step, whatever is true."""

    label: ClassVar[str] = "goto"
    step: str

    @property
    def targets(self) -> tuple[str, ...]:
        """The step it goes on with."""
        return (self.step,)


@frozen(kw_only=True)
class EndAction(ServerAction):
    """End the run here; later steps are not reached."""

    label: ClassVar[str] = "end"


AnyAction: TypeAlias = (
    Welcome
    | Mass
    | GroupMass
    | Moment
    | StaffTask
    | Notice
    | Tag
    | Untag
    | MovePool
    | SetStage
    | Webhook
    | Branch
    | Goto
    | EndAction
)
