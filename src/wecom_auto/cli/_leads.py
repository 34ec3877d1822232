"""``wecom-auto leads``: take a lead list into a store, or say what would happen. Tells no member and sends nothing."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wecom_auto.cli._corp import CorpId
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from wecom_auto.automotive.leads import BadRow, ImportReport, LeadDesk, LeadReader

leads = typer.Typer(help="The lead desk (线索台): take lead lists in.", no_args_is_help=True)

KEY: Final = "WECOM_AUTO_LEADS_KEY"
"""The environment variable with the secret behind phone numbers; a command line is seen by everybody."""
_EPILOG: Final = (
    "Exit codes: 0 every row was taken; 1 done, and some rows could not be used; "
    "2 a mistake in the command, a file or the installation."
)
_MEMORY: Final = "sqlite://"
_SHOWN: Final = 20
_COUNTS: Final = ("rows", "new", "merged", "repeated", "bad", "blank")


@leads.callback()
def _group() -> None:
    """A group, although it has one command so far."""


@leads.command("import", epilog=_EPILOG)
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or Excel (.xlsx).", exists=True, dir_okay=False, readable=True)],
    *,
    store: Annotated[str, typer.Option(help="Database, e.g. sqlite:///wecom.db; needed unless --dry-run.")] = "",
    corp_id: CorpId = "",
    network: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The network file; stores are checked against it.")
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Headings of your own, in TOML.")
    ] = None,
    sheet: Annotated[str, typer.Option(help="Sheet of a workbook; by default the first visible one.")] = "",
    errors: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write bad rows here, to be corrected and imported again.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing; say what would happen.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Take a list in: rows that were there before are repeated, people who are known are merged."""
    desk, reader = _open(store, corp_id, network, columns, dry_run=dry_run)
    with _progress(quiet=as_json) as progress:
        report = desk.import_file(file, reader=reader, sheet=sheet, dry_run=dry_run, errors=errors, progress=progress)
    typer.echo(json.dumps(_document(report), ensure_ascii=False, indent=2) if as_json else _text(report, file, errors))
    if report.bad:
        raise typer.Exit(1)


def _open(
    store: str, corp_id: str, network: Path | None, columns: Path | None, *, dry_run: bool
) -> tuple[LeadDesk, LeadReader]:
    from attrs import evolve

    from wecom_auto.automotive.leads import Columns, LeadDesk, LeadKeys
    from wecom_auto.automotive.network import Network, read_network
    from wecom_auto.store import open_store

    if not dry_run and not (store and corp_id):
        msg = f"{'--store' if not store else '--corp-id'} is missing; or look first with --dry-run"
        raise ConfigurationError(msg)
    key = os.environ.get(KEY, "")
    if not key and (store or not dry_run):
        msg = f"the key behind phone numbers is missing: set {KEY} to the output of `openssl rand -hex 32`, and keep it"
        raise ConfigurationError(msg)
    desk = LeadDesk(
        open_store(store or _MEMORY),
        corp_id or "dry-run",
        network=read_network(network) if network else Network(),
        keys=LeadKeys(key or secrets.token_bytes(32)),
    )
    reader = desk.reader()
    return desk, evolve(reader, columns=Columns.from_file(columns)) if columns else reader


@contextmanager
def _progress(*, quiet: bool) -> Generator[Callable[[int], object]]:
    """Show how many rows were read, on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("rows"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=None)
        yield lambda count: bar.update(task, completed=count)


def _document(report: ImportReport) -> dict[str, Any]:
    counts = {name: getattr(report, name) for name in _COUNTS}
    more = {"dry_run": report.dry_run, "repaired": report.repaired, "reasons": report.reasons}
    return counts | more | {"problems": [_row(one) for one in report.problems]}


def _row(bad: BadRow) -> dict[str, Any]:
    problems = [
        {"column": one.column, "value": one.value, "reason": one.reason, "detail": one.detail} for one in bad.problems
    ]
    return {"row": bad.number, "problems": problems}


def _text(report: ImportReport, file: Path, errors: Path | None) -> str:
    lines = [
        f"{file}:{bad.number}: {one.column or 'row'} {one.value}: {one.detail} [{one.reason}]".replace(" : ", ": ")
        for bad in report.problems[:_SHOWN]
        for one in bad.problems
    ]
    if len(report.problems) > _SHOWN:
        lines.append(f"… and {report.bad - _SHOWN} more bad rows; --errors writes all of them")
    lines += [f"{name:10}{getattr(report, name):>8,}" for name in _COUNTS]
    lines += [f"repaired  {number:>8,}  {kind}" for kind, number in report.repaired.items()]
    lines += [f"bad       {number:>8,}  {reason}" for reason, number in report.reasons.items()]
    if report.bad and errors is not None:
        lines.append(f"{errors}: correct it and import it; rows that are fine are not doubled")
    if report.dry_run:
        lines.append("nothing was stored (--dry-run)")
    return "\n".join(lines)
