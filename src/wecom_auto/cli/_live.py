"""``wecom-auto sop why | replay | status``: look into a live store. Calls no platform and changes nothing."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wecom_auto._time import CHINA
from wecom_auto.cli._sop import PreviewLanguage
from wecom_auto.cli._store import CorpOfStore, StoreUrl, opened_runner

if TYPE_CHECKING:
    from rich.table import Table

    from wecom_auto.sop import Health, Runner
    from wecom_auto.sop.preview import PreviewRow

_INTERRUPTED: Final = 130
_LOG_COLUMNS: Final = 200
_SHOWN: Final = 300
_LANGUAGE: Final = typer.Option("--lang", help="Language of the sentences; JSON has codes.")
_JSON: Final = typer.Option("--json", help="Print one JSON object and nothing else.")


def write_forecast(
    url: str, corp: str, customer: str, days: int, form: str, lang: PreviewLanguage, out: Path | None
) -> None:
    """Write the preview of a live store as it comes: ``table``, ``csv``, ``html`` or ``json``."""
    from wecom_auto.sop.forecast import csv_lines, html_lines
    from wecom_auto.sop.preview import Assumptions, headings

    with opened_runner(url, corp) as runner:
        rows = runner.forecast(_now(), days=days, external_userid=customer)
        title = f"{days} days from {_now().astimezone(CHINA):%Y-%m-%d}"
        match form:
            case "csv":
                # Excel in China takes a CSV file without a byte-order mark for GBK.
                _stream(csv_lines(rows), out, "utf-8-sig")
            case "html":
                _stream(html_lines(rows, title, Assumptions(), headings(lang.value), lang.value), out, "utf-8")
            case "json":
                _stream((json.dumps(_row(row), ensure_ascii=False) + "\n" for row in rows), out, "utf-8")
            case _:
                _table_of(rows, title, lang, out)


def _stream(lines: Iterable[str], out: Path | None, encoding: str) -> None:
    if out is None:
        for line in lines:
            typer.echo(line, nl=False)
        return
    with out.open("w", encoding=encoding, newline="") as file:
        file.writelines(lines)
    typer.echo(f"wrote {out}", err=True)


def _row(row: PreviewRow) -> dict[str, object]:
    return {
        "at": row.at.isoformat(),
        "customer": row.customer,
        "member": row.member,
        "step": row.step_id,
        "what": row.what,
        "outcome": row.outcome,
        "reason": row.reason,
        "note": row.note,
    }


def _table_of(rows: Iterable[PreviewRow], title: str, lang: PreviewLanguage, out: Path | None) -> None:
    """The first rows; more than a few hundred lines on a terminal help nobody."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from wecom_auto.sop.preview import headings

    table, count = Table(title=Text(title)), 0
    for head in headings(lang.value):
        table.add_column(head, overflow="fold")
    for row in rows:
        count += 1
        if count <= _SHOWN:
            table.add_row(*map(Text, row.cells(lang.value)), style="dim" if row.outcome == "skip" else None)
    text = io.StringIO()
    console = Console(file=sys.stdout if out is None else text)
    if out is not None or not console.is_terminal:
        console.width = _LOG_COLUMNS
    console.print(table)
    if count > _SHOWN:
        console.print(f"{_SHOWN} of {count} rows; --format csv or html has all of them")
    if out is not None:
        _stream([text.getvalue()], out, "utf-8")


def why(
    customer: Annotated[str, typer.Argument(help="The customer's external_userid, wm….")],
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    lang: Annotated[PreviewLanguage, _LANGUAGE] = PreviewLanguage.ZH,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Tell why a customer did or did not get something: every decision, every tap, and what comes next.

    Exit code 1 if nothing is known about this customer.
    """
    with opened_runner(store, corp) as runner:
        found = runner.explain(customer, _now())
    if as_json:
        typer.echo(json.dumps(found.document(), ensure_ascii=False, indent=2))
    elif found.known:
        _show(found.table(lang.value))
    else:
        typer.echo(f"{customer}: nothing was ever decided about this customer", err=True)
    if not found.known:
        raise typer.Exit(1)


def replay(
    customer: Annotated[str, typer.Argument(help="The customer's external_userid, wm….")],
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    lang: Annotated[PreviewLanguage, _LANGUAGE] = PreviewLanguage.ZH,
) -> None:
    """Plan a customer's past again and compare; say what is not stored and was taken as it is today.

    Exit code 1 if a decision would be another one today.
    """
    with opened_runner(store, corp) as runner:
        found = runner.replay(customer)
    for line in found.sentences(lang.value):
        typer.echo(line)
    if not found.same:
        raise typer.Exit(1)


def status(
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(min=0.5, help="Seconds between two looks.")] = 2.0,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Show how the SOPs stand: lag, batches, taps that are missing, what a person must settle.

    Exit code 1 if a limit is exceeded, so that a probe may call it.
    """
    with opened_runner(store, corp) as runner:
        if watch and not as_json:
            _watch(runner, every)
            return
        health = runner.health(_now())
    if as_json:
        typer.echo(json.dumps(health.document(), ensure_ascii=False, indent=2))
    else:
        _show(_table(health))
    if not health.healthy:
        raise typer.Exit(health.exit_code)


def _watch(runner: Runner, every: float) -> None:
    from rich.console import Console
    from rich.live import Live

    try:
        with Live(_table(runner.health(_now())), console=Console(file=sys.stdout), refresh_per_second=4) as live:
            while True:
                time.sleep(every)
                live.update(_table(runner.health(_now())))
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


def _table(health: Health) -> Table:
    from rich.table import Table
    from rich.text import Text

    now = health.status
    colour = "green" if health.healthy else "red"
    table = Table(title=Text(f"{health.state} {now.at:%Y-%m-%d %H:%M:%S} UTC", style=colour), show_header=False)
    tick = "never" if now.last_tick is None else f"{now.last_tick:%Y-%m-%d %H:%M:%S}"
    rows = [
        ("runs", f"{now.active:,} active, {now.due:,} due, lag {now.due_lag}"),
        ("batches", ", ".join(f"{count:,} {state}" for state, count in sorted(now.batches.items())) or "none"),
        ("taps", f"{now.unconfirmed:,} unconfirmed"),
        ("unknown", f"{now.unknown:,} looked for, {now.held:,} wait for a person"),
        ("staff tasks", f"{now.open_tasks:,} open, {now.overdue_tasks:,} overdue"),
        ("caps", f"{now.cap_losses:,} touches lost in 24 h"),
        ("alerts", ", ".join(f"{count:,} × {kind}" for kind, count in sorted(now.alerts.items())) or "none in 24 h"),
        ("last tick", tick),
        ("callbacks", f"{now.dead_letters:,} given up"),
        ("faults", f"{now.faults:,} that fail with an error"),
    ]
    if now.clock_skew is not None:
        rows.append(("clock", f"the database is {now.clock_skew.total_seconds():+.1f} s ahead"))
    for name, text in rows:
        table.add_row(name, text)
    for reason in health.reasons:
        table.add_row("!", Text(reason, style="red"))
    return table


def _show(table: Table) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = _LOG_COLUMNS
    console.print(table)


def _now() -> datetime:
    return datetime.now(UTC)
