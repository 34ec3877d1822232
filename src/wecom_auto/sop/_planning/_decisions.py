"""What the planner is given and what it answers, as values. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import Attribute, field, frozen

from wecom_auto._time import require_aware
from wecom_auto.sop._document._actions import Action

NOTHING_ASKED: Final = ("skipped", "blocked", "dropped")
"""How the outcome of a step begins that asked nobody for anything."""


class DecisionKind(StrEnum):
    """What a decision asks the runner to do."""

    SEND = "send"
    """Ask a member to send: a `StaffConfirmed` action."""
    WELCOME = "welcome"
    """Use the welcome code now."""
    STAFF_TASK = "staff_task"
    """Give a member work."""
    ACTION = "action"
    """Do a `ServerAction`."""
    SKIP = "skip"
    """Never do this step (or, with `do`, this action); write down why."""
    DEFER = "defer"
    """Not now; `due_at` says when."""
    BRANCH = "branch"
    """Go on as `detail` says; the steps in between are decisions of their own (`skipped:branch`)."""
    EXIT = "exit"
    """The run ends early; nothing that is not sent yet may be sent."""
    END = "end"
    """The run is over; what it has asked for still counts."""


class EndReason(StrEnum):
    """Why a run is over. Final: a run that has ended never changes again."""

    GOAL = "goal"
    """A goal exit: counted as a conversion."""
    EXIT = "exit"
    """Another exit."""
    STEP = "step"
    """A step with `end = true`."""
    COMPLETED = "completed"
    """Every step was done, skipped or too late."""

    @property
    def cancels_unsent(self) -> bool:
        """Whether tasks that no member has confirmed yet must be cancelled."""
        return self in {EndReason.GOAL, EndReason.EXIT}


def _aware(_instance: object, attribute: Attribute[datetime], value: datetime) -> None:
    require_aware(value, attribute.name)


@frozen(kw_only=True)
class EnrolmentState:
    """One run of one customer, as the planner needs it.

    Attributes:
        id: The run.
        sop: The SOP's name.
        version: The pinned version.
        customer: external_userid.
        member: userid of the member who sends.
        anchor_at: What the offsets count from.
        enrolled_at: When the customer came in.
        done: Step id to outcome, for every step that was decided. A step whose outcome starts with
            `skipped`, `blocked` or `dropped` asked nobody for anything; any other outcome keeps the run open until the
            step can no longer go out.
        arm_seed: Draws the arms; empty means the customer's id.
    """

    id: str
    sop: str
    version: int
    customer: str
    member: str
    anchor_at: datetime = field(validator=_aware)
    enrolled_at: datetime = field(validator=_aware)
    done: Mapping[str, str] = field(factory=dict[str, str])
    arm_seed: str = ""

    @property
    def seed(self) -> str:
        """What the arms are drawn from."""
        return self.arm_seed or self.customer


@frozen(kw_only=True)
class Decision:
    """One decision with its reason. A step with several actions gives one decision for each, in order.

    Attributes:
        step_id: The step; empty for `EXIT` and for `END` by completion.
        kind: What to do.
        due_at: When it was, or will be, due (UTC).
        reason: A code of `reason_text`.
        provisional: Whether the time rests on a year whose holidays are not published.
        do: The action; `None` where the whole step is skipped or deferred.
        arm: The drawn arm of an A/B step.
        moved_from: The nominal time, when window or calendar moved it.
        detail: The text behind the reason: the condition that was false, the exit that was true, the step that a branch
            goes on with.
    """

    step_id: str
    kind: DecisionKind
    due_at: datetime
    reason: str
    provisional: bool = False
    do: Action | None = None
    arm: str | None = None
    moved_from: datetime | None = None
    detail: str = ""


@frozen(kw_only=True)
class Plan:
    """What to do now, and when to ask again.

    Attributes:
        decisions: In the order in which they apply.
        wake_at: When to plan again, always later than `now`; `None` once the run has ended.
        ended: Why the run is over; `None` while it lives.
    """

    decisions: tuple[Decision, ...]
    wake_at: datetime | None
    ended: EndReason | None

    @property
    def settled(self) -> frozenset[str]:
        """The step ids that this plan decides for ever; add them to `EnrolmentState.done`."""
        settled = (item for item in self.decisions if item.kind is not DecisionKind.DEFER)
        return frozenset(item.step_id for item in settled if item.step_id)
