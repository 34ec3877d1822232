"""``wecom-auto sop diff``: what a new version changes, and for how many runs. Publishes and migrates nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wecom_auto.cli._sop import read_definition
from wecom_auto.cli._store import CorpOfStore, opened_store

if TYPE_CHECKING:
    from wecom_auto.sop import Definition

_DIFFERENT: Final = 1
EPILOG: Final = "Exit codes: 0 no difference; 1 a difference; 2 a mistake in the command or a file."


def diff(
    old: Annotated[Path, typer.Argument(help="The version that runs are in.", exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(help="The version to publish.", exists=True, dir_okay=False)],
    *,
    store: Annotated[
        str | None, typer.Option(help="Database, e.g. sqlite:///wecom.db: count the runs that are in OLD.")
    ] = None,
    corp: CorpOfStore = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Show what a new version changes: + new, - gone, > moved, ~ changed. With a store, who is affected."""
    from wecom_auto.sop.diff import diff as compare

    before, after = read_definition(old), read_definition(new)
    found = compare(before, after)
    affected = None if store is None else _affected(store, corp, before)
    if as_json:
        document = found.document() | ({} if affected is None else {"running": dict(affected)})
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        typer.echo(found.to_text(), nl=False)
        if affected is not None:
            typer.echo(f"{sum(count for _, count in affected)} running in v{before.version}, by what comes next:")
            for step, count in affected:
                typer.echo(f"{count:>9}  {step or '(nothing)'}")
    if found:
        raise typer.Exit(_DIFFERENT)


def _affected(url: str, corp: str, definition: Definition) -> tuple[tuple[str, int], ...]:
    from wecom_auto.sop._rows._pinned import corp_of, next_steps
    from wecom_auto.store import reading

    with opened_store(url) as engine, reading(engine) as connection:
        return next_steps(connection, corp_of(connection, definition.sop, corp), definition)
