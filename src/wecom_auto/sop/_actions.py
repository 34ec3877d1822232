"""What a step does, in three execution classes that are types. Does nothing itself.

WeCom lets a server do much less than the trade believes.
`ServerAction` is done by one call; `StaffConfirmed` is a task that a member must tap, and until then nothing was sent;
`StaffTask` has no API at all and is done by a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, TypeAlias

from attrs import evolve, frozen

from wecom_auto._types import JSON
from wecom_auto.sop._problems import DefinitionError, read_bool, read_table, read_text
from wecom_auto.sop._timing import format_duration, parse_duration

_KEYS = ("welcome", "mass", "staff_task", "tag", "untag", "move_pool", "end", "remind_staff", "escalate", "due")
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


@frozen(kw_only=True)
class StaffTask(Action):
    """Work that no API does: a call, a visit, a group to create. Completion is found in data.

    Attributes:
        title: What the member reads, at most 100 characters.
        due: How long the member has; `None` leaves the deadline to the runner.
        remind_after: When to nudge the member.
        escalate_after: When to tell the supervisor.
    """

    label: ClassVar[str] = "staff_task"
    reaches_people: ClassVar[bool] = True
    title: str
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
class Mass(StaffConfirmed):
    """A mass message (群发) to this customer, batched with others of the same content, sender and slot.

    Manual: https://developer.work.weixin.qq.com/document/path/92135 (创建企业群发).
    """

    label: ClassVar[str] = "mass"
    needs_friend: ClassVar[bool] = True
    content: str

    def for_arm(self, arm: str | None) -> Mass:
        """The message with the arm's content."""
        return self if arm is None else evolve(self, content=self.content.replace(ARM, arm))


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
class EndAction(ServerAction):
    """End the run here; later steps are not reached."""

    label: ClassVar[str] = "end"


AnyAction: TypeAlias = Welcome | Mass | StaffTask | Tag | Untag | MovePool | EndAction


def parse_actions(value: object) -> tuple[Action, ...]:
    """Read a step's `do` table.

    Args:
        value: `{mass = "tpl/x", tag = "已发资料", remind_staff = "24h", …}`; `tag` and `untag` also take a list.

    Raises:
        DefinitionError: Unknown key, empty table, or `remind_staff`, `escalate`, `due` without a task they belong to.
    """
    table = read_table(value, _KEYS)
    spans = {key: parse_duration(table[key]) for key in ("remind_staff", "escalate", "due") if key in table}
    actions: list[Action] = []
    if "welcome" in table:
        actions.append(Welcome(content=read_text(table["welcome"], "welcome")))
    remind, escalate = spans.get("remind_staff"), spans.get("escalate")
    if "mass" in table:
        content = read_text(table["mass"], "mass")
        actions.append(Mass(content=content, remind_after=remind, escalate_after=escalate))
    if "staff_task" in table:
        title, due = read_text(table["staff_task"], "staff_task", chars=100), spans.get("due")
        actions.append(StaffTask(title=title, due=due, remind_after=remind, escalate_after=escalate))
    actions.extend(Tag(name=name) for name in _names(table.get("tag"), "tag"))
    actions.extend(Untag(name=name) for name in _names(table.get("untag"), "untag"))
    if "move_pool" in table:
        actions.append(MovePool(pool=read_text(table["move_pool"], "move_pool")))
    if "end" in table and read_bool(table["end"], "end"):
        actions.append(EndAction())
    _check(table, actions)
    return tuple(actions)


def _check(table: Mapping[str, object], actions: list[Action]) -> None:
    if not actions:
        problem = "the step does nothing"
        raise DefinitionError(problem, remedy='write do = { mass = "tpl/…" } or another action')
    if "due" in table and "staff_task" not in table:
        problem = "'due' belongs to a staff_task, and there is none"
        raise DefinitionError(problem, remedy="a mass message has remind_staff and escalate")
    for key in ("remind_staff", "escalate"):
        if key in table and not {"mass", "staff_task"} & table.keys():
            problem = f"{key!r} needs a mass or staff_task beside it"
            raise DefinitionError(problem)


def _names(value: object, place: str) -> list[str]:
    if value is None:
        return []
    items: list[object] = [*value] if isinstance(value, list | tuple) else [value]
    return [read_text(item, place, chars=30) for item in items]


def actions_document(actions: tuple[Action, ...]) -> dict[str, JSON]:
    """The canonical `do` table of these actions."""
    found: dict[str, JSON] = {}
    for action in actions:
        match action:
            case Welcome() | Mass():
                found[action.label] = action.content
            case StaffTask():
                found["staff_task"] = action.title
            case Tag() | Untag():
                found[action.label] = _joined(found.get(action.label), action.name)
            case MovePool():
                found["move_pool"] = action.pool
            case EndAction():
                found["end"] = True
            case _:
                msg = f"{type(action).__name__} has no place in the document"
                raise TypeError(msg)
        found |= _spans(action)
    return found


def _joined(before: JSON, name: str) -> JSON:
    if before is None:
        return name
    return [*before, name] if isinstance(before, list) else [before, name]


def _spans(action: Action) -> dict[str, JSON]:
    if not isinstance(action, StaffConfirmed | StaffTask):
        return {}
    due = action.due if isinstance(action, StaffTask) else None
    spans = {"remind_staff": action.remind_after, "escalate": action.escalate_after, "due": due}
    return {key: format_duration(span) for key, span in spans.items() if span is not None}
