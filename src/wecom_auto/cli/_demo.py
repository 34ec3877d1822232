"""``wecom-auto demo``: ninety days of a car maker in seconds. Touches no network but loopback."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from wecom_auto._demo._tally import Outcome


_INTERRUPTED: Final = 130
_BAR: Final = 40
"""Characters of the longest bar of the funnel; less where the terminal is narrow."""
_SHOWN: Final = 30
"""Refused rows on the terminal; the report and the JSON have all."""


def demo(
    *,
    customers: Annotated[
        int, typer.Option(min=1, max=100_000, help="People in the lead list; about 45 in 100 become contacts.")
    ] = 200,
    days: Annotated[int, typer.Option(min=1, max=300, help="Virtual days.")] = 90,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 7,
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for report.html, timeline.svg and wecom.db.")
    ] = Path("wecom-demo"),
    leads: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Your own lead list (CSV) instead of the shipped one."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Play a car maker with dealers, staff and customers on a fake WeCom: no credentials, no server, seconds.

    Exit code 1 if anything was sent twice or lost.
    """
    from wecom_auto._demo._run import Options, run

    options = Options(people=customers, days=days, seed=seed, leads=leads)
    try:
        with _progress(days) as progress:
            outcome = run(options, out, progress)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    report = out / "report.html"
    if as_json:
        typer.echo(json.dumps(outcome.document(), ensure_ascii=False, indent=2))
        typer.echo(f"report: {report}", err=True)
    else:
        _print(outcome)
        typer.echo(str(report))
    if not outcome.clean:
        raise typer.Exit(1)


@contextmanager
def _progress(days: int) -> Generator[Callable[[datetime], None]]:
    """Show virtual days on standard error: a bar on a terminal, one line in a log."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from wecom_auto._demo._world import START

    console = Console(stderr=True)
    if not console.is_terminal:
        typer.echo(f"playing {days} virtual day{'s' * (days > 1)} from {START:%Y-%m-%d}", err=True)
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("playing", total=days)

        def told(at: datetime) -> None:
            bar.update(task, completed=(at - START) // timedelta(days=1), description=f"{at:%Y-%m-%d}")

        yield told
        bar.update(task, completed=days)


def _print(outcome: Outcome) -> None:
    from rich.console import Console
    from rich.table import Table

    from wecom_auto.sop import reason_text

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    leads, touches = outcome.leads, outcome.touches
    console.print(f"[bold]Leads[/]  {leads.rows} rows = {len(leads.accepted)} accepted + {len(leads.refused)} refused")
    for one in leads.refused[:_SHOWN]:
        console.print(f"  line {one.line}: {one.reason}: {one.detail}", markup=False)
    if len(leads.refused) > _SHOWN:
        console.print(f"  and {len(leads.refused) - _SHOWN} more, all of them in the report")
    funnel = Table("stage", "people", "of all", "", title="Funnel", title_justify="left", box=None, pad_edge=False)
    whole = max(1, outcome.funnel[0][1])
    most = max(1, min(_BAR, console.width - 26))
    for name, count in outcome.funnel:
        funnel.add_row(name, str(count), f"{count / whole:.0%}", "█" * max(count > 0, round(most * count / whole)))
    console.print(funnel)
    console.print(
        f"[bold]Touches[/]  {touches.planned} planned = {touches.sent} sent + {touches.done} done"
        f" + {sum(touches.dropped.values())} dropped + {touches.unconfirmed} unconfirmed + {touches.waiting} waiting"
    )
    reasons = Table("dropped", "why", "steps", box=None, pad_edge=False)
    for code, count in Counter(touches.dropped).most_common():
        reasons.add_row(code, reason_text(code, "en"), str(count))
    if touches.dropped:
        console.print(reasons)
    console.print(
        f"[bold]Mass messages[/]  {outcome.tasks_created} tasks created, each one a tap; "
        f"{outcome.tasks_withdrawn} withdrawn"
    )
    console.print(
        f"[bold]Bad luck[/]  {sum(outcome.faults.values())} faults injected; "
        f"duplicates {outcome.duplicates}, lost {outcome.lost.total}"
    )
    kinds = Counter(one.what for one in outcome.alerts)
    console.print(f"[bold]Alerts[/]  {', '.join(f'{count} × {kind}' for kind, count in kinds.items()) or 'none'}")
