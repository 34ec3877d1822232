"""``wecom-auto sop simulate``: play a year of SOPs on a fake company. Touches no corp and writes no file."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wecom_auto._time import CHINA
from wecom_auto.cli._sop import library_beside, read_definition

if TYPE_CHECKING:
    from rich.console import Console

    from wecom_auto.simulation import Report, Scenario, Spread

_INTERRUPTED: Final = 130
_SHOWN: Final = 5
_FILES: Final = typer.Argument(help="Definitions in TOML; they run together.", exists=True, dir_okay=False)


def simulate(
    files: Annotated[list[Path], _FILES],
    *,
    customers: Annotated[int, typer.Option(min=1, max=1_000_000, help="Customers who come in.")] = 10_000,
    days: Annotated[int, typer.Option(min=1, max=1000, help="Virtual days.")] = 365,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 7,
    members: Annotated[
        int, typer.Option(min=0, max=5_000, help="Members with customers; by default one for every 500 customers.")
    ] = 0,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day; by default 2026-01-01.")
    ] = None,
    contents: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The content library; by default contents.toml beside a FILE."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=1_000, help="Processes at once; by default one for every core.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Play a year of these SOPs: who sends how much, what is dropped and why, who has too much to do.

    The planner, the store and the send protocol are the real ones; the platform, the members and the customers are
    not. Exit code 1 if anything was sent twice or lost.
    """
    from wecom_auto.simulation import simulate as play

    scenario = _scenario(files, contents, start, customers=customers, days=days, seed=seed, members=members)
    try:
        with _progress(scenario) as progress:
            report = play(scenario, progress, workers=workers or os.cpu_count() or 1)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if as_json:
        typer.echo(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        _print(report)
    if not report.clean:
        raise typer.Exit(1)


def _scenario(
    files: list[Path],
    contents: Path | None,
    start: datetime | None,
    *,
    customers: int,
    days: int,
    seed: int,
    members: int,
) -> Scenario:
    from wecom_auto.simulation import START, Scenario
    from wecom_auto.sop import Contents

    library = contents or next(filter(None, map(library_beside, files)), None)
    return Scenario(
        definitions=[read_definition(file) for file in files],
        contents=Contents({}) if library is None else Contents.from_toml(library),
        customers=customers,
        days=days,
        seed=seed,
        members=members,
        start=START if start is None else start.replace(tzinfo=CHINA),
    )


@contextmanager
def _progress(scenario: Scenario) -> Generator[Callable[[datetime], None]]:
    """Show virtual days on standard error: a bar on a terminal, nothing in a log."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    text = TextColumn("{task.description}")
    columns = (text, BarColumn(), MofNCompleteColumn(), TextColumn("days"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("playing", total=scenario.days)

        def told(at: datetime) -> None:
            day = (at - scenario.start) // timedelta(days=1)
            bar.update(task, completed=day, description=f"{at.astimezone(CHINA):%Y-%m-%d}")

        yield told
        bar.update(task, completed=scenario.days)


def _print(report: Report) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    lost = report.lost
    console.print(
        f"[bold]{', '.join(report.sops)}[/]: {report.customers:,} customers, {report.members} members,"
        f" {report.days} days from {report.start.astimezone(CHINA):%Y-%m-%d}, seed {report.seed}"
    )
    console.print(
        f"[bold]Touches[/]  {report.planned:,} planned = {report.sent:,} sent + {report.done:,} done"
        f" + {sum(report.dropped.values()):,} dropped + {report.unconfirmed:,} unconfirmed + {report.waiting:,} waiting"
    )
    _print_reasons(console, report.dropped, "dropped")
    _print_reasons(console, report.deferred, "put off")
    console.print(
        f"[bold]Taps[/]  {report.tasks:,} tasks; a member: {_spread(report.taps_per_member)};"
        f" a member on a day: {_spread(report.taps_per_day)}"
    )
    for one in report.overloaded[:_SHOWN]:
        console.print(
            f"  [yellow]{one.userid}[/]: more than {report.overload_limit} taps on {one.days_over} days,"
            f" {one.busiest_day} on the worst; {one.unconfirmed} tasks never confirmed"
        )
    console.print(f"[bold]Caps[/]  {report.cap_losses:,} touches lost because the customer's allowance was used up")
    if report.staff_tasks:
        told = ", ".join(f"{count:,} {state}" for state, count in sorted(report.staff_tasks.items()))
        console.print(f"[bold]Staff tasks[/]  {told}")
    for name, goal in sorted(report.goals.items()):
        console.print(
            f"[bold]Goal[/]  {name}: {goal.goal:,} of {goal.entered:,} runs ({goal.conversion:.1%}), {goal.sent:,} sent"
        )
    told = ", ".join(f"{count:,} × {kind}" for kind, count in Counter(report.alerts).most_common())
    console.print(f"[bold]Alerts[/]  {told or 'none'}")
    colour = "green" if report.clean else "red"
    console.print(f"[{colour}]duplicates {report.duplicates}, lost {lost.total}[/] by the platform's own books")


def _print_reasons(console: Console, counts: Mapping[str, int], what: str) -> None:
    from rich.table import Table

    from wecom_auto.sop import reason_text

    if not counts:
        return
    table = Table(what, "why", "steps", box=None, pad_edge=False)
    for code, count in Counter(counts).most_common():
        table.add_row(code, reason_text(code, "en"), f"{count:,}")
    console.print(table)


def _spread(spread: Spread) -> str:
    return f"p50 {spread.p50}, p95 {spread.p95}, max {spread.max}"
