"""``wecom-auto qr``: bring the codes of a corp to a table, and draw them. Deletes only what it is told to delete."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from attrs import evolve, frozen

from wecom_auto._time import CHINA
from wecom_auto.cli._corp import BaseUrl, CorpId, Fake, corp, made_up, progress
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from wecom_auto import WeCom
    from wecom_auto.automotive.fleet import Fleet, FleetFinding, FleetReport, FleetTable, Shifts
    from wecom_auto.testing import FakeWeCom

qr = typer.Typer(help="Codes from a table (活码): contact ways, group codes, acquisition links.", no_args_is_help=True)

_EPILOG: Final = (
    "Exit codes: 0 done; 1 done, and rows, codes or the quota need a person; "
    "2 a mistake in the command, a file or the credentials."
)
_File = Annotated[Path, typer.Argument(help="The table: CSV (UTF-8 or GBK) or Excel.", exists=True, dir_okay=False)]
_Shifts = Annotated[
    Path | None,
    typer.Option("--shifts", exists=True, dir_okay=False, help="Timetables; by default shifts.toml beside FILE."),
]
_Db = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="WECOM_STORE",
        show_envvar=True,
        help="Where the codes are remembered; by default sqlite:///wecom.db, with --fake nowhere.",
    ),
]
_At = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M"], help="The moment that shifts are looked up for; by default now, Shanghai."
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@frozen
class _Scene:
    """A table, a corp, and what the fleet remembers."""

    fleet: Fleet
    client: WeCom
    table: FleetTable
    shifts: Shifts
    now: datetime


@qr.command(epilog=_EPILOG)
def plan(
    file: _File,
    *,
    shifts: _Shifts = None,
    db: _Db = "",
    at: _At = None,
    corp_id: CorpId = "",
    base_url: BaseUrl = "",
    fake: Fake = False,
    as_json: _Json = False,
) -> None:
    """Say what would be made, changed and deleted, which codes nobody knows, and whether there is room."""
    with _scene(file, shifts, db, at, corp_id, base_url, fake=fake) as scene:
        found = scene.fleet.plan(scene.table, now=scene.now, shifts=scene.shifts, client=scene.client)
    if as_json:
        _say({"counts": found.counts(), "findings": [_row(one) for one in found.findings], **_problems(scene.table)})
    else:
        _complain(scene.table)
        for one in found.findings:
            typer.echo(str(one))
        typer.echo(", ".join(f"{number} {name}" for name, number in found.counts().items()))
    if scene.table.problems or not found.fits:
        raise typer.Exit(1)


@qr.command("apply", epilog=_EPILOG)
def apply_(
    file: _File,
    *,
    shifts: _Shifts = None,
    db: _Db = "",
    at: _At = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete codes that the table does not have: printed ones stop working.")
    ] = False,
    look: Annotated[
        bool, typer.Option("--look/--no-look", help="Compare with the platform first; shifts can do without.")
    ] = True,
    sheet: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a page with all codes, to print.")] = None,
    pictures: Annotated[Path | None, typer.Option(file_okay=False, help="Write an SVG of each code there.")] = None,
    logo: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A PNG or JPEG for the middle of links' codes.")
    ] = None,
    corp_id: CorpId = "",
    base_url: BaseUrl = "",
    fake: Fake = False,
    as_json: _Json = False,
) -> None:
    """Bring the codes to the table; run it again after a crash, and every few minutes for shifts and daily caps."""
    if dry_run:
        plan(file, shifts=shifts, db=db, at=at, corp_id=corp_id, base_url=base_url, fake=fake, as_json=as_json)
        return
    with _scene(file, shifts, db, at, corp_id, base_url, fake=fake) as scene, progress("codes") as told:
        report = scene.fleet.apply(
            scene.table,
            scene.client,
            now=scene.now,
            shifts=scene.shifts,
            delete=delete,
            look=look,
            progress=told,
        )
        _draw(scene, sheet, pictures, logo)
    if as_json:
        _say({**_done(report), **_problems(scene.table)})
    else:
        _complain(scene.table)
        _tell(report)
    if scene.table.problems or not report.clean:
        raise typer.Exit(1)


@contextmanager
def _scene(
    file: Path, shifts: Path | None, db: str, at: datetime | None, corp_id: str, base_url: str, *, fake: bool
) -> Generator[_Scene]:
    from wecom_auto.automotive.fleet import Fleet, FleetTable, Shifts
    from wecom_auto.store import open_store

    beside = file.with_name("shifts.toml")
    times = _shifts(shifts or (beside if beside.is_file() else None)) or Shifts()
    table = FleetTable.read(file, shifts=times)
    engine = open_store(db or ("sqlite://" if fake else "sqlite:///wecom.db"))
    try:
        invented = made_up(_everybody(table, times)) if fake else None
        if invented is not None:
            table = _with_groups(table, invented)
        with corp(corp_id, base_url, invented) as client:
            now = datetime.now(UTC) if at is None else at.replace(tzinfo=CHINA)
            yield _Scene(Fleet(engine, client.corp_id), client, table, times, now)
    finally:
        engine.dispose()


def _shifts(file: Path | None) -> Shifts | None:
    from wecom_auto.automotive.fleet import Shifts
    from wecom_auto.sop import DefinitionError

    if file is None:
        return None
    try:
        return Shifts.from_file(file)
    except DefinitionError as error:
        msg = f"{file}: {error}"
        raise ConfigurationError(msg) from error


def _everybody(table: FleetTable, shifts: Shifts) -> Iterable[str]:
    for code in table.codes:
        yield from (*code.users, *code.backup)
    for shift in shifts.shifts.values():
        yield from sorted(shift.users)


def _with_groups(table: FleetTable, invented: FakeWeCom) -> FleetTable:
    """Give the made-up corp groups of its own for those that the table names: ids of groups cannot be chosen."""
    named = dict.fromkeys(chat_id for code in table.codes for chat_id in code.chat_ids)
    if named:
        invented.add_member("group-owner")
    made = {chat_id: invented.create_group("group-owner", chat_id).chat_id for chat_id in named}
    codes = (evolve(code, chat_ids=tuple(made[one] for one in code.chat_ids)) for code in table.codes)
    return evolve(table, codes=tuple(codes))


def _draw(scene: _Scene, sheet: Path | None, pictures: Path | None, logo: Path | None) -> None:
    from wecom_auto.automotive.fleet import CodeKind, CodePicture, print_sheet

    if sheet is None and pictures is None:
        return
    mark = logo.read_bytes() if logo else b""
    drawn: list[CodePicture] = []
    for code in scene.table.codes:
        known = scene.fleet.code(code.key)
        if known is None or not known.live or not known.url:
            continue
        link = code.kind is CodeKind.LINK
        picture = CodePicture(
            link=known.url if link else "",
            image_url="" if link else known.url,
            title=code.remark or code.key,
            caption=code.caption,
            logo=mark if link else b"",
        )
        drawn.append(picture)
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            # A key may hold anything; a file name may not.
            name = re.sub(r"[^\w.-]+", "_", code.key)
            (pictures / f"{name}.svg").write_text(picture.svg(), encoding="utf-8")
    if sheet is not None:
        sheet.write_text(print_sheet(drawn), encoding="utf-8")
        typer.echo(f"wrote {sheet}", err=True)


def _complain(table: FleetTable) -> None:
    for one in table.problems:
        typer.echo(str(one), err=True)


def _tell(report: FleetReport) -> None:
    for key, why in report.failed.items():
        typer.echo(f"failed: {key}: {why}", err=True)
    for key in report.doubtful:
        typer.echo(f"perhaps made twice: {key}: the platform lists no group codes, so nobody can look", err=True)
    if report.stopped:
        typer.echo(f"stopped: {report.stopped}; run it again", err=True)
    parts = ("created", "updated", "deleted", "found")
    typer.echo(", ".join(f"{len(getattr(report, name))} {name}" for name in parts) + f", {len(report.failed)} failed")


def _say(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _row(one: FleetFinding) -> dict[str, Any]:
    return {"todo": one.todo.value, "key": one.key, "kind": one.kind and one.kind.value, "detail": one.detail}


def _done(report: FleetReport) -> dict[str, Any]:
    names = ("created", "updated", "deleted", "found", "doubtful")
    found: dict[str, Any] = {name: list(getattr(report, name)) for name in names}
    return found | {"failed": dict(report.failed), "stopped": report.stopped}


def _problems(table: FleetTable) -> dict[str, Any]:
    rows = [{"row": one.row, "column": one.column, "value": one.value, "reason": one.reason} for one in table.problems]
    return {"problems": rows}
