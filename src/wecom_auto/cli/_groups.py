"""``wecom-auto groups``: which groups need a human today, read from the store. Changes nothing and calls nobody."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wecom_auto.cli._store import CorpOfStore, StoreUrl, opened_store
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from wecom_auto.automotive.groups import GroupPolicy, GroupReport

groups = typer.Typer(help="Customer groups (客户群) of prospects.", no_args_is_help=True)
_EPILOG: Final = (
    "Exit codes: 0 no group needs anybody; 1 some do; 2 a mistake in the command, a file or the store. "
    "Nothing is read from the platform: the mirror must be synced."
)
_LOG_COLUMNS: Final = 200


@groups.callback()
def _group() -> None:
    pass


@groups.command(epilog=_EPILOG)
def report(
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    policy: Annotated[str, typer.Option(help="A policy in TOML; by default the one that ships.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print an HTML table and nothing else.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV and nothing else.")] = False,
) -> None:
    """List only the groups that need a human today (今日需人工处理的群), the worst first."""
    with opened_store(store) as engine:
        found = _report(engine, corp or _only_corp(engine), _policy(policy))
    if as_json:
        typer.echo(found.to_json())
    elif as_html:
        typer.echo(found.to_html(), nl=False)
    elif as_csv:
        typer.echo(found.to_csv(), nl=False)
    else:
        _show(found)
    if found.rows:
        raise typer.Exit(1)


def _report(engine: Engine, corp_id: str, policy: GroupPolicy) -> GroupReport:
    from wecom_auto.automotive.groups import GroupDesk
    from wecom_auto.directory import Directory
    from wecom_auto.sop.tasks import TaskDesk

    desk = GroupDesk(engine, Directory(engine, corp_id), policy, tasks=TaskDesk(engine, corp_id))
    return desk.report(datetime.now(UTC))


def _policy(file: str) -> GroupPolicy:
    from wecom_auto.automotive.groups import GroupPolicy

    # The report does not ask when prospects are lost, so any period does for the policy that ships.
    return GroupPolicy.from_file(file) if file else GroupPolicy.preset(lost_after=timedelta(days=90))


def _only_corp(engine: Engine) -> str:
    from wecom_auto.automotive.groups import corps

    found = corps(engine)
    if len(found) != 1:
        msg = f"the store has groups of {len(found)} corps: {'choose one with --corp' if found else 'sync first'}"
        raise ConfigurationError(msg)
    return found[0]


def _show(found: GroupReport) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = _LOG_COLUMNS
    heads, *rows = found.to_rows()
    table = Table(title=found.summary)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
