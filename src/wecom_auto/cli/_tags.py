"""``wecom-auto tags``: compare a corp's tags with a plan, and bring them to it. Deletes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wecom_auto.cli._corp import BaseUrl, CorpId, Fake, corp, made_up, progress
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from wecom_auto.automotive.tagplan import TagDiff, TagFinding, TagPlan

tags = typer.Typer(help="Tags as code (标签体系): compare a corp with a plan, bring it there.", no_args_is_help=True)

_EPILOG: Final = (
    "Exit codes: 0 planned, or the corp is as planned; 1 something was refused, or does not fit; "
    "2 a mistake in the command, a file or the credentials."
)
_PRESET: Final = "preset:"
_File = Annotated[str, typer.Argument(help="A plan in TOML, or preset:automotive for the one that ships.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@tags.command(epilog=_EPILOG)
def plan(
    file: _File, *, corp_id: CorpId = "", base_url: BaseUrl = "", fake: Fake = False, as_json: _Json = False
) -> None:
    """Say what differs: missing, renamed, foreign, misplaced, too long. Changes nothing."""
    wanted = _plan(file)
    with corp(corp_id, base_url, made_up() if fake else None) as client:
        _told(wanted, wanted.diff(client), as_json=as_json)


@tags.command("apply", epilog=_EPILOG)
def apply_(
    file: _File,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    corp_id: CorpId = "",
    base_url: BaseUrl = "",
    fake: Fake = False,
    as_json: _Json = False,
) -> None:
    """Create, rename and reorder until the corp is as planned; run it again after a crash. Deletes nothing."""
    if dry_run:
        plan(file, corp_id=corp_id, base_url=base_url, fake=fake, as_json=as_json)
        return
    wanted = _plan(file)
    with corp(corp_id, base_url, made_up() if fake else None) as client, progress("tags") as told:
        applied = wanted.apply(client, progress=told)
    if as_json:
        refused = [_row(finding) | {"error": error} for finding, error in applied.refused]
        document = {"done": [_row(one) for one in applied.done], "refused": refused, **_document(wanted, applied.left)}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for finding, error in applied.refused:
            typer.echo(f"refused: {finding}: {error}", err=True)
        for one in applied.left.warnings:
            typer.echo(f"  {one}", err=True)
        typer.echo(f"{wanted.name}: {len(applied.done)} changes made, {len(applied.left.changes)} left")
    if not applied.clean:
        raise typer.Exit(1)


def _told(wanted: TagPlan, diff: TagDiff, *, as_json: bool) -> None:
    from wecom_auto.automotive.tagplan import Difference

    if as_json:
        typer.echo(json.dumps(_document(wanted, diff), ensure_ascii=False, indent=2))
    else:
        for one in diff.findings:
            typer.echo(f"{'*' if one.changes else ' '} {one}")
        typer.echo(f"{wanted.name}: {len(diff.changes)} changes, {len(diff.warnings)} remarks; {diff.total} tags there")
    if diff.of(Difference.TOO_MANY):
        raise typer.Exit(1)


def _document(wanted: TagPlan, diff: TagDiff) -> dict[str, Any]:
    return {
        "plan": wanted.name,
        "tags": diff.total,
        "changes": [_row(one) for one in diff.changes],
        "warnings": [_row(one) for one in diff.warnings],
    }


def _row(one: TagFinding) -> dict[str, Any]:
    return {"kind": one.kind.value, "group": one.group, "tag": one.tag, "detail": one.detail, "id": one.id}


def _plan(file: str) -> TagPlan:
    from wecom_auto.automotive.tagplan import TagPlan
    from wecom_auto.sop import DefinitionError

    if file.startswith(_PRESET):
        return TagPlan.preset(file.removeprefix(_PRESET))
    try:
        return TagPlan.from_file(Path(file))
    except DefinitionError as error:
        msg = f"{file}: {error}"
        raise ConfigurationError(msg) from error
