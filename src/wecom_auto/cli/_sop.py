"""``wecom-auto sop``: look at a definition before any customer does. Publishes nothing and sends nothing."""

from __future__ import annotations

import html
import io
import json
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wecom_auto._time import CHINA
from wecom_auto.cli._lines import line_of
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.table import Table

    from wecom_auto.sop import Definition
    from wecom_auto.sop.check import Finding
    from wecom_auto.sop.preview import Preview

sop = typer.Typer(help="SOPs (标准作业流程): check, preview and draw a definition.", no_args_is_help=True)

_EPILOG: Final = (
    "Exit codes: 0 done, perhaps with warnings; 1 an error was found; 2 a mistake in the command or a file."
)
_CUSTOMER: Final = 1
"""Which column of a preview names the customer."""
_LOG_COLUMNS: Final = 200
"""Width of a table in a file or a pipe, where nothing is gained by cutting it."""
_FILE: Final = typer.Argument(help="A definition in TOML, YAML or JSON.", exists=True, dir_okay=False, readable=True)
_DAY: Final = typer.Option(formats=["%Y-%m-%d"], help="The first day, by default today in Shanghai.")


class DiagramFormat(StrEnum):
    """What a diagram is written as."""

    MERMAID = "mermaid"
    SVG = "svg"


class AllowanceOption(StrEnum):
    """How many mass messages one customer can get."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class PreviewLanguage(StrEnum):
    """In which language a preview gives its reasons."""

    ZH = "zh"
    EN = "en"


class PreviewFormat(StrEnum):
    """What a preview is written as."""

    TABLE = "table"
    CSV = "csv"
    HTML = "html"


@sop.command(epilog=_EPILOG)
def check(
    file: Annotated[Path, _FILE],
    *,
    contents: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The content library; by default contents.toml beside FILE."),
    ] = None,
    today: Annotated[datetime | None, _DAY] = None,
    taps: Annotated[int, typer.Option(min=1, help="Confirmations that one member may be asked for a day.")] = 5,
    allowance: Annotated[
        AllowanceOption,
        typer.Option(help="The corp's allowance of messages: one for each day a month, 7 a week, 1 a day."),
    ] = AllowanceOption.MONTH,
    dealer_priced: Annotated[
        bool, typer.Option("--dealer-priced", help="Each dealer has its own prices: a price in a text is an error.")
    ] = False,
    require_consent: Annotated[
        bool, typer.Option("--require-consent", help="Marketing without policy.consent is an error.")
    ] = False,
    variable: Annotated[
        list[str] | None, typer.Option(help="A variable that is filled in; give all of them to find others.")
    ] = None,
    tags: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The corp's tags, one name a line; finds others.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of findings.")] = False,
) -> None:
    """Look for mistakes. Exit code 1 if there is an error, 0 if there are warnings only."""
    from wecom_auto.sop.check import Rules, Severity, check_file

    library = contents or library_beside(file)
    rules = Rules(
        taps_per_day=taps,
        allowance=allowance.value,
        dealer_priced=dealer_priced,
        require_consent=require_consent,
        variables=variable,
        corp_tags=None if tags is None else filter(None, map(str.strip, _text(tags).splitlines())),
    )
    findings = check_file(file, contents=library, today=_start(today).date(), rules=rules)
    text = _text(file)
    if as_json:
        document = [_finding(one, line_of(text, one.place)) for one in findings]
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for one in findings:
            line = line_of(text, one.place)
            typer.echo(f"{file}:{line}: {one}" if line else str(one))
        count = f"{len(findings)} finding{'s' * (len(findings) > 1)}" if findings else "nothing to complain about"
        typer.echo(f"{file}: {count}")
        if library is None:
            typer.echo("contents were not looked at: give --contents FILE", err=True)
    if any(one.severity is Severity.ERROR for one in findings):
        raise typer.Exit(1)


@sop.command(epilog=_EPILOG)
def preview(
    file: Annotated[
        Path | None, typer.Argument(help="A definition, or --store.", exists=True, dir_okay=False, readable=True)
    ] = None,
    *,
    store: Annotated[str, typer.Option(help="A live database instead of a file: everybody who is in a SOP.")] = "",
    corp: Annotated[str, typer.Option(help="With --store: the corp, if there are several.")] = "",
    customer: Annotated[str, typer.Option(help="With --store: only this customer's runs.")] = "",
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
    lang: Annotated[
        PreviewLanguage, typer.Option(help="Language of headings and reasons; CSV and JSON have codes.")
    ] = PreviewLanguage.ZH,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write here instead of printing; CSV as Excel opens it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of rows.")] = False,
) -> None:
    """Show who gets what in the next days, and what is dropped and why: of a definition, or of a live store."""
    if store:
        from wecom_auto.cli._live import write_forecast

        write_forecast(store, corp, customer, days, "json" if as_json else form.value, lang, out)
        return
    if file is None:
        msg = "FILE is missing: give a definition, or --store with the database of a service"
        raise ConfigurationError(msg)
    shown = _preview(file, _start(start), days, anchor)
    if as_json:
        _give(json.dumps([_row(one) for one in shown.rows], ensure_ascii=False, indent=2) + "\n", out)
    elif form is PreviewFormat.CSV:
        # Excel in China takes a CSV file without a byte-order mark for GBK.
        _give(shown.to_csv(), out, encoding="utf-8-sig")
    elif form is PreviewFormat.HTML:
        _give(_page(shown, lang), out)
    else:
        _show(shown, lang, out)


@sop.command(epilog=_EPILOG)
def diagram(
    file: Annotated[Path, _FILE],
    *,
    form: Annotated[
        DiagramFormat | None,
        typer.Option("--format", help="What to draw; by default what the name of --out ends in, else mermaid."),
    ] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write here instead of printing.")] = None,
) -> None:
    """Draw the definition: Mermaid text for Git hosting, or an SVG timeline."""
    from wecom_auto.sop.diagram import mermaid, svg

    definition = read_definition(file)
    by_name = DiagramFormat.SVG if out is not None and out.suffix.lower() == ".svg" else DiagramFormat.MERMAID
    _give(svg(definition) if (form or by_name) is DiagramFormat.SVG else mermaid(definition), out)


def _give(text: str, out: Path | None, *, encoding: str = "utf-8") -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    # The text has its own line ends: CSV and SVG are the same on every system.
    out.write_bytes(text.encode(encoding))
    typer.echo(f"wrote {out}", err=True)


def _page(shown: Preview, lang: PreviewLanguage) -> str:
    """Make a page of the fragment: without its declaration a browser may take UTF-8 for something else."""
    style = "body{font-family:sans-serif}td,th{padding:.3em .8em;text-align:left}.skip{color:#777}tfoot{font-size:90%}"
    title = html.escape(shown.title)
    return (
        f'<!doctype html>\n<html lang="{lang.value}">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{style}</style>\n{shown.to_html(lang.value)}</html>\n"
    )


def _show(shown: Preview, lang: PreviewLanguage, out: Path | None) -> None:
    from rich.console import Console

    plain = io.StringIO()
    console = Console(file=sys.stdout if out is None else plain)
    if out is not None or not console.is_terminal:
        console.width = _LOG_COLUMNS
    console.print(_table(shown, lang))
    if out is not None:
        _give(plain.getvalue(), out)


def _table(shown: Preview, lang: PreviewLanguage) -> Table:
    """The table without the customer, who is invented here; a narrow terminal folds cells and cuts nothing."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(shown.title), caption=Text("; ".join(shown.assumptions.sentences(lang.value))))
    columns = [column for index, column in enumerate(shown.columns(lang.value)) if index != _CUSTOMER]
    for head, _ in columns:
        table.add_column(head, overflow="fold")
    for index, row in enumerate(shown.rows):
        table.add_row(*(Text(cells[index]) for _, cells in columns), style="dim" if row.outcome == "skip" else None)
    return table


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8-sig", errors="replace")


def library_beside(file: Path) -> Path | None:
    """The content library that lies beside a definition, if there is one."""
    library = file.with_name("contents.toml")
    return library if library.is_file() else None


def _start(given: datetime | None) -> datetime:
    """Wall-clock times on the command line are Shanghai's; there is nobody else to ask."""
    return datetime.now(CHINA) if given is None else given.replace(tzinfo=CHINA)


def _preview(file: Path, start: datetime, days: int, anchor: str | None) -> Preview:
    from wecom_auto.sop import ChinaCalendar
    from wecom_auto.sop.preview import hypothetical, preview

    definition = read_definition(file)
    if anchor is None and definition.entry.anchor is not None:
        msg = f"{file}: offsets count from {definition.entry.anchor!r}; give its date, for example --anchor 2026-11-12"
        raise ConfigurationError(msg)
    subject = hypothetical(definition, enrolled_at=start, anchor=anchor)
    return preview(definition, [subject], now=start, days=days, calendar=ChinaCalendar())


def read_definition(file: Path) -> Definition:
    """Read a definition; a mistake in it is told with its line.

    Raises:
        ConfigurationError: The file is no definition.
    """
    from wecom_auto.sop import Definition, DefinitionError

    try:
        return Definition.from_file(file)
    except DefinitionError as error:
        line = line_of(_text(file), error.place)
        msg = f"{file}:{line}: {error}" if line else f"{file}: {error}"
        raise ConfigurationError(msg) from error


def _finding(one: Finding, line: int | None) -> dict[str, Any]:
    return {
        "line": line,
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
