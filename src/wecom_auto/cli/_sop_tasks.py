"""``wecom-auto sop tasks``: the to-do list of staff tasks, read from the store. Changes nothing and tells nobody."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wecom_auto._time import CHINA
from wecom_auto.cli._store import CorpOfStore, StoreUrl, opened_store
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from wecom_auto.sop.tasks import TaskRecord

_PAGE: Final = 500
_LOG_COLUMNS: Final = 200
_HEADS: Final = ("截止", "状态", "负责人", "门店", "类型", "任务", "客户", "来源", "编号")
_OVERDUE: Final = 1
EPILOG: Final = "Exit codes: 0 nothing is overdue or held; 1 something is; 2 a mistake in the command or the store."


def tasks(
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    assignee: Annotated[str, typer.Option(help="Only this member's.")] = "",
    shop: Annotated[str, typer.Option(help="Only this shop's.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind, e.g. call.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their deadline.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most tasks listed.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list and nothing else.")] = False,
) -> None:
    """List staff tasks (人工任务) that are still to be done, the most urgent first."""
    found = _read(store, corp, limit, assignee=assignee, store=shop, kind=kind, overdue=True if overdue else None)
    if as_json:
        typer.echo(json.dumps([_document(task) for task in found], ensure_ascii=False, indent=2))
    else:
        _show(found)
    if any(task.state.value != "open" for task in found):
        raise typer.Exit(_OVERDUE)


def _read(url: str, corp: str, limit: int, **wanted: Any) -> list[TaskRecord]:
    from wecom_auto.sop.tasks import TaskDesk

    with opened_store(url) as engine:
        desk, found, after = TaskDesk(engine, corp or _only_corp(engine)), list["TaskRecord"](), ""
        while len(found) < limit:
            page = desk.open(**wanted, after=after, limit=min(limit - len(found), _PAGE))
            found += page.tasks
            after = page.next
            if not after:
                break
    return found


def _only_corp(engine: Engine) -> str:
    from wecom_auto.sop.tasks import corps

    found = corps(engine)
    if len(found) > 1:
        msg = f"the store has {len(found)} corps: choose one with --corp"
        raise ConfigurationError(msg)
    return next(iter(found), "")


def _document(task: TaskRecord) -> dict[str, Any]:
    return {
        "id": task.id,
        "state": task.state.value,
        "kind": task.kind,
        "title": task.title,
        "assignee": task.assignee,
        "member": task.member,
        "role": task.role,
        "store": task.store,
        "subject": task.subject,
        "source": task.source,
        "step": task.step,
        "created_at": task.created_at.isoformat(),
        "deadline_at": task.deadline_at.isoformat(),
    }


def _show(found: list[TaskRecord]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = _LOG_COLUMNS
    table = Table(title=f"{len(found)} 个待办")
    for head in _HEADS:
        table.add_column(head, overflow="fold")
    for task in found:
        until = f"{task.deadline_at.astimezone(CHINA):%m-%d %H:%M}"
        cells = (until, task.state.value, task.assignee, task.store, task.kind, task.title, task.subject, task.source)
        style = None if task.state.value == "open" else "red"
        table.add_row(*(Text(cell) for cell in (*cells, str(task.id))), style=style)
    console.print(table)
