"""Read and write a step's `do` table. Knows the keys of every action; carries none of them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from wecom_auto._types import JSON
from wecom_auto.sop._document._actions import (
    Action,
    Branch,
    Case,
    EndAction,
    Evidence,
    Goto,
    GroupMass,
    Jump,
    Mass,
    Moment,
    MovePool,
    Notice,
    SetStage,
    StaffConfirmed,
    StaffTask,
    Tag,
    TaskKind,
    Untag,
    Webhook,
    Welcome,
)
from wecom_auto.sop._document._problems import (
    DefinitionError,
    inside,
    is_table,
    read_bool,
    read_table,
    read_text,
    read_word,
)
from wecom_auto.sop._document._timing import format_duration, parse_duration
from wecom_auto.sop.conditions import read_condition

_SENDINGS: Final = {"mass": Mass, "group": GroupMass, "moment": Moment}
_CONFIRMED: Final = {*_SENDINGS, "staff_task"}
"""What a person is asked for, and can be reminded of."""
_ACTIONS: Final = (
    "welcome", "mass", "group", "moment", "staff_task", "notice", "tag", "untag", "move_pool", "stage", "webhook",
    "branch", "goto", "end",
)  # fmt: skip
_DETAILS: Final = ("visible", "remind_staff", "escalate", "due")
DO_KEYS: Final = (*_ACTIONS, *_DETAILS)
_TASK_KEYS: Final = ("title", "kind", "role", "due", "done", "evidence")
_CASES: Final = 20


def parse_actions(value: object) -> tuple[Action, ...]:
    """Read a step's `do` table.

    The actions come back in the order in which they are carried out: the message, the task and the notice first, then
    the marks and the books, then where to go on, and the end last. Several `tag` or `untag` names are several actions.

    Args:
        value: For example `{ mass = "tpl/brochure", tag = "已发资料", remind_staff = "24h" }`.

    Raises:
        DefinitionError: Unknown key, nothing to do, or a key without the action it belongs to.
    """
    table = read_table(value, DO_KEYS)
    actions = tuple(action for read in _READERS for action in read(table))
    _check(table, actions)
    return actions


def _asked(table: Mapping[str, object]) -> Iterator[Action]:
    if "welcome" in table:
        yield Welcome(content=read_text(table["welcome"], "welcome"))
    spans = _spans_of(table)
    remind, escalate = spans.get("remind_staff"), spans.get("escalate")
    nudges = {"remind_after": remind, "escalate_after": escalate}
    for key, kind in _SENDINGS.items():
        if key in table and kind is not Moment:
            yield kind(content=read_text(table[key], key), remind_after=remind, escalate_after=escalate)
    if "moment" in table:
        visible = tuple(_names(table.get("visible"), "visible"))
        yield Moment(
            content=read_text(table["moment"], "moment"), visible=visible, remind_after=remind, escalate_after=escalate
        )
    if "staff_task" in table:
        yield inside("staff_task", lambda task: _task(task, spans.get("due"), nudges), table["staff_task"])


def _spans_of(table: Mapping[str, object]) -> dict[str, timedelta]:
    keys = ("remind_staff", "escalate", "due")
    return {key: inside(key, parse_duration, table[key]) for key in keys if key in table}


def _task(value: object, due: timedelta | None, nudges: Mapping[str, timedelta | None]) -> StaffTask:
    table = read_table(value, _TASK_KEYS, ("title",)) if is_table(value) else {"title": value}
    if "due" in table and due is not None:
        problem = "due is given twice, in the task and beside it"
        raise DefinitionError(problem, remedy="keep one of them")
    own = inside("due", parse_duration, table["due"]) if "due" in table else due
    return StaffTask(
        title=read_text(table["title"], "title" if is_table(value) else "staff_task", chars=100),
        kind=TaskKind(read_word(table.get("kind", TaskKind.OTHER), TaskKind, "kind")),
        role=read_text(table["role"], "role", chars=60) if "role" in table else "",
        done=read_condition(table.get("done"), "done"),
        evidence=Evidence(read_word(table.get("evidence", Evidence.TEXT), Evidence, "evidence")),
        due=own,
        **nudges,
    )


def _done(table: Mapping[str, object]) -> Iterator[Action]:
    if "notice" in table:
        yield Notice(text=read_text(table["notice"], "notice", chars=500))
    for name in _names(table.get("tag"), "tag"):
        yield Tag(name=name)
    for name in _names(table.get("untag"), "untag"):
        yield Untag(name=name)
    if "move_pool" in table:
        yield MovePool(pool=read_text(table["move_pool"], "move_pool"))
    if "stage" in table:
        yield SetStage(name=read_text(table["stage"], "stage", chars=60))
    if "webhook" in table:
        yield Webhook(name=read_text(table["webhook"], "webhook", chars=60))


def _left(table: Mapping[str, object]) -> Iterator[Action]:
    if "branch" in table:
        yield Branch(cases=_cases(table["branch"]))
    if "goto" in table:
        yield Goto(step=read_text(table["goto"], "goto", chars=64))
    if "end" in table and read_bool(table["end"], "end"):
        yield EndAction()


_READERS: Final[tuple[Callable[[Mapping[str, object]], Iterator[Action]], ...]] = (_asked, _done, _left)


def _cases(value: object) -> tuple[Case, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _CASES:  # pyright: ignore[reportUnknownArgumentType]
        problem = f"a branch is a list of 1 to {_CASES} tables"
        remedy = 'write [{ if = "event(\'visit\')", goto = "a" }, { goto = "b" }]'
        raise DefinitionError(problem, place="branch", remedy=remedy)
    items: list[object] = [*value]
    cases = tuple(inside(f"branch[{index}]", _case, item) for index, item in enumerate(items))
    for index, case in enumerate(cases[:-1]):
        if case.when is None:
            problem = "a case without `if` always holds, so the cases after it never do"
            raise DefinitionError(problem, place=f"branch[{index}]", remedy="move it to the end")
    return cases


def _case(value: object) -> Case:
    table = read_table(value, ("if", "goto"), ("goto",))
    return Case(goto=read_text(table["goto"], "goto", chars=64), when=read_condition(table.get("if"), "if"))


def _check(table: Mapping[str, object], actions: tuple[Action, ...]) -> None:
    if not actions:
        problem = "the step does nothing"
        raise DefinitionError(problem, remedy='write do = { mass = "tpl/…" } or another action')
    if "due" in table and "staff_task" not in table:
        problem = "'due' belongs to a staff_task, and there is none"
        raise DefinitionError(problem, remedy="a mass message has remind_staff and escalate")
    if "visible" in table and "moment" not in table:
        problem = "'visible' belongs to a moment, and there is none"
        raise DefinitionError(problem, remedy="who gets a mass message is said by entry.where and if")
    for key in ("remind_staff", "escalate"):
        if key in table and not _CONFIRMED & table.keys():
            problem = f"{key!r} needs a mass or staff_task beside it"
            raise DefinitionError(problem, remedy="or a group or moment")
    if sum(isinstance(action, Jump | EndAction) for action in actions) > 1:
        problem = "a step goes on at one place only: branch, goto or end"
        raise DefinitionError(problem, remedy="keep one of them")


def _names(value: object, place: str) -> list[str]:
    if value is None:
        return []
    items: list[object] = [*value] if isinstance(value, list | tuple) else [value]
    return [read_text(item, place, chars=30) for item in items]


def actions_document(actions: tuple[Action, ...]) -> dict[str, JSON]:
    """The canonical `do` table of these actions."""
    found: dict[str, JSON] = {}
    for action in actions:
        key, value = _written(action)
        found[key] = _joined(found.get(key), value) if isinstance(action, Tag | Untag) else value
        found |= _details(action)
    return found


def _written(action: Action) -> tuple[str, JSON]:
    match action:
        case Welcome(content=text) | Mass(content=text) | GroupMass(content=text) | Moment(content=text):
            return action.label, text
        case Tag(name=text) | Untag(name=text) | SetStage(name=text) | Webhook(name=text) | MovePool(pool=text):
            return action.label, text
        case Notice(text=text) | Goto(step=text):
            return action.label, text
        case StaffTask():
            return action.label, _task_document(action)
        case Branch(cases=cases):
            return action.label, [_case_document(case) for case in cases]
        case EndAction():
            return action.label, True
        case _:
            msg = f"{type(action).__name__} has no place in the document"
            raise TypeError(msg)


def _task_document(task: StaffTask) -> JSON:
    more: dict[str, JSON] = {
        "kind": None if task.kind is TaskKind.OTHER else task.kind.value,
        "role": task.role or None,
        "done": None if task.done is None else task.done.text,
        "evidence": None if task.evidence is Evidence.TEXT else task.evidence.value,
    }
    given = {key: value for key, value in more.items() if value is not None}
    return {"title": task.title, **given} if given else task.title


def _case_document(case: Case) -> dict[str, JSON]:
    return {"goto": case.goto} if case.when is None else {"if": case.when.text, "goto": case.goto}


def _joined(before: JSON, name: JSON) -> JSON:
    if before is None:
        return name
    return [*before, name] if isinstance(before, list) else [before, name]


def _details(action: Action) -> dict[str, JSON]:
    if not isinstance(action, StaffConfirmed | StaffTask):
        return {}
    due = action.due if isinstance(action, StaffTask) else None
    spans = {"remind_staff": action.remind_after, "escalate": action.escalate_after, "due": due}
    found: dict[str, JSON] = {key: format_duration(span) for key, span in spans.items() if span is not None}
    if isinstance(action, Moment) and action.visible:
        found["visible"] = list(action.visible)
    return found
