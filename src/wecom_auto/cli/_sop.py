"""``wecom-auto sop``: look at a definition before any customer does. Publishes nothing and sends nothing."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wecom_auto._time import CHINA

if TYPE_CHECKING:
    from wecom_auto.sop.check import Finding
    from wecom_auto.sop.preview import Preview

sop = typer.Typer(help="SOPs (标准作业流程): check, preview and draw a definition.", no_args_is_help=True)

_FILE: Final = typer.Argument(help="A definition in TOML.", exists=True, dir_okay=False, readable=True)
_DAY: Final = typer.Option(formats=["%Y-%m-%d"], help="The first day, by default today in Shanghai.")


class DiagramFormat(StrEnum):
    """What a diagram is written as."""

    MERMAID = "mermaid"
    SVG = "svg"


class PreviewFormat(StrEnum):
    """What a preview is written as."""

    TABLE = "table"
    CSV = "csv"
    HTML = "html"


@sop.command()
def check(
    file: Annotated[Path, _FILE],
    *,
    contents: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The content library; by default contents.toml beside FILE."),
    ] = None,
    today: Annotated[datetime | None, _DAY] = None,
    taps: Annotated[int, typer.Option(min=1, help="Confirmations that one member may be asked for a day.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of findings.")] = False,
) -> None:
    """Look for mistakes. Exit code 1 if there is an error, 0 if there are warnings only."""
    from wecom_auto.sop.check import Severity, check_file

    library = contents or _beside(file)
    findings = check_file(file, contents=library, today=_start(today).date(), taps_per_day=taps)
    if as_json:
        typer.echo(json.dumps([_finding(one) for one in findings], ensure_ascii=False, indent=2))
    else:
        for one in findings:
            typer.echo(str(one))
        typer.echo(f"{file}: {len(findings)} findings" if findings else f"{file}: nothing to complain about")
        if library is None:
            typer.echo("contents were not looked at: give --contents FILE", err=True)
    if any(one.severity is Severity.ERROR for one in findings):
        raise typer.Exit(1)


@sop.command()
def preview(
    file: Annotated[Path, _FILE],
    *,
    days: Annotated[int, typer.Option(min=1, max=1000, help="How many days to look ahead.")] = 30,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
            help="When the customer comes in, Shanghai time; by default now.",
        ),
    ] = None,
    anchor: Annotated[
        str | None, typer.Option(help="The date that offsets count from, e.g. the end of the insurance.")
    ] = None,
    form: Annotated[PreviewFormat, typer.Option("--format", help="What to print.")] = PreviewFormat.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of rows.")] = False,
) -> None:
    """Show what a customer who comes in would get in the next days, and what is dropped and why."""
    shown = _preview(file, _start(start), days, anchor)
    if as_json:
        typer.echo(json.dumps([_row(one) for one in shown.rows], ensure_ascii=False, indent=2))
    elif form is PreviewFormat.CSV:
        typer.echo(shown.to_csv(), nl=False)
    elif form is PreviewFormat.HTML:
        typer.echo(shown.to_html(), nl=False)
    else:
        from rich.console import Console

        Console(file=sys.stdout).print(shown)


@sop.command()
def diagram(
    file: Annotated[Path, _FILE],
    *,
    form: Annotated[DiagramFormat, typer.Option("--format", help="What to draw.")] = DiagramFormat.MERMAID,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write here instead of printing.")] = None,
) -> None:
    """Draw the definition: Mermaid text for Git hosting, or an SVG timeline."""
    from wecom_auto.sop import Definition
    from wecom_auto.sop.diagram import mermaid, svg

    definition = Definition.from_toml(file)
    drawn = mermaid(definition) if form is DiagramFormat.MERMAID else svg(definition)
    if out is None:
        typer.echo(drawn, nl=False)
    else:
        out.write_text(drawn, encoding="utf-8")
        typer.echo(f"wrote {out}", err=True)


def _beside(file: Path) -> Path | None:
    library = file.with_name("contents.toml")
    return library if library.is_file() else None


def _start(given: datetime | None) -> datetime:
    """Wall-clock times on the command line are Shanghai's; there is nobody else to ask."""
    return datetime.now(CHINA) if given is None else given.replace(tzinfo=CHINA)


def _preview(file: Path, start: datetime, days: int, anchor: str | None) -> Preview:
    from wecom_auto.sop import ChinaCalendar, Definition
    from wecom_auto.sop.preview import hypothetical, preview

    definition = Definition.from_toml(file)
    subject = hypothetical(definition, enrolled_at=start, anchor=anchor)
    return preview(definition, [subject], now=start, days=days, calendar=ChinaCalendar())


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "code": one.code,
        "severity": one.severity.value,
        "place": one.place,
        "message": one.message,
        "remedy": one.remedy,
    }


def _row(one: Any) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "step": one.step_id,
        "what": one.what,
        "outcome": one.outcome,
        "reason": one.reason,
        "moved_from": one.moved_from.isoformat() if one.moved_from else None,
        "provisional": one.provisional,
        "note": one.note,
    }
