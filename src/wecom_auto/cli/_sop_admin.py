"""``wecom-auto sop publish, migrate, pause, resume, end, prune, sizes``: change a store of SOPs. Calls no platform.

Whatever moves runs or removes rows is shown first and done only with ``--apply``; workers may go on meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import attrs
import typer

from wecom_auto.cli._corp import progress
from wecom_auto.cli._sop import read_definition
from wecom_auto.cli._store import CorpOfStore, StoreUrl, opened_runner
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from wecom_auto.sop.administration import Migration

_Sop = Annotated[str, typer.Argument(help="The name of a published SOP.")]
_Apply = Annotated[bool, typer.Option("--apply", help="Do it; without this it is only shown.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
_SHOWN: Final = "nothing was changed: add --apply to do it"


class EditOption(StrEnum):
    """What becomes of runs of older versions."""

    MIGRATE = "migrate"
    RESTART = "restart"


def publish(
    file: Annotated[Path, typer.Argument(help="A definition.", exists=True, dir_okay=False)],
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    force: Annotated[bool, typer.Option("--force", help="Publish although the check found an error.")] = False,
) -> None:
    """Publish a version; new runs take it, and running ones do what its on_edit says. Makes the store if there is none.

    What `wecom-auto sop check` calls an error is refused.
    """
    from wecom_auto.sop.check import Severity, check

    definition = read_definition(file)
    errors = [one for one in check(definition, today=datetime.now(UTC).date()) if one.severity is Severity.ERROR]
    for one in errors:
        typer.echo(str(one), err=True)
    if errors and not force:
        msg = f"{file}: {len(errors)} error{'s' * (len(errors) > 1)}: mend it, or publish with --force"
        raise ConfigurationError(msg)
    with opened_runner(store, corp, migrate=True) as runner:
        is_new = runner.publish(definition, datetime.now(UTC))
    typer.echo(f"{definition.sop} v{definition.version} {'is published' if is_new else 'was published before'}")


def migrate(
    sop: _Sop,
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    policy: Annotated[EditOption, typer.Option(help="Go on in the new version, or begin again.")] = EditOption.MIGRATE,
    sample: Annotated[int, typer.Option(min=0, max=1000, help="Runs shown one by one.")] = 5,
    apply: _Apply = False,
    as_json: _Json = False,
) -> None:
    """Move running runs to the newest version: who loses and gets which steps, and what comes next for them."""
    from wecom_auto.sop import Edit

    now, edit = datetime.now(UTC), Edit(policy.value)
    with opened_runner(store, corp) as runner, progress(sop) as told:
        if apply:
            found = runner.admin.migrate(sop, now, policy=edit, sample=sample, progress=_counting(told))
        else:
            found = runner.admin.show_migration(sop, now, policy=edit, sample=sample)
    _answer(attrs.asdict(found), as_json=as_json, text=_migration_text(found), applied=apply)


def _migration_text(found: Migration) -> str:
    lines = [f"{found.sop}: {found.runs} runs to v{found.to_version} ({found.policy})"]
    for title, counts in (
        ("from version", found.by_version),
        ("lose", found.dropped),
        ("get", found.added),
        ("go on with", found.next_steps),
    ):
        lines += [f"  {title} {name or '(nothing left)'}: {number}" for name, number in counts.items()]
    lines += [
        f"  {move.external_userid} v{move.from_version}: next {move.next_step or '(nothing)'}"
        f"{f' {move.next_at:%Y-%m-%d %H:%M}Z' if move.next_at else ''}"
        for move in found.moves
    ]
    return "\n".join(lines)


def pause(sop: _Sop, *, store: StoreUrl, corp: CorpOfStore = "") -> None:
    """Stop a SOP for the time being: nothing more is sent, and the next tick withdraws what nobody has confirmed."""
    with opened_runner(store, corp) as runner:
        runner.pause(sop, datetime.now(UTC))
    typer.echo(f"{sop} is paused")


def resume(sop: _Sop, *, store: StoreUrl, corp: CorpOfStore = "") -> None:
    """Let a paused SOP go on; what has become too late meanwhile is skipped with its reason."""
    with opened_runner(store, corp) as runner:
        runner.resume(sop, datetime.now(UTC))
    typer.echo(f"{sop} goes on")


def end(
    sop: _Sop,
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End a SOP for good: its runs are closed, the next tick withdraws its tasks. It cannot be begun again."""
    if not yes:
        typer.confirm(f"End {sop} for good?", abort=True)
    with opened_runner(store, corp) as runner:
        runner.end(sop, datetime.now(UTC))
    typer.echo(f"{sop} has ended")


def prune(
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    keep: Annotated[int, typer.Option(min=31, help="Days that an ended run stays.")] = 395,
    apply: _Apply = False,
    as_json: _Json = False,
) -> None:
    """Remove runs that ended long ago, with their steps, tasks and decisions. The audit log stays."""
    now, span = datetime.now(UTC), timedelta(days=keep)
    with opened_runner(store, corp) as runner, progress("prune") as told:
        if apply:
            found = runner.admin.prune(now, keep=span, progress=_counting(told))
        else:
            found = runner.admin.show_prune(now, keep=span)
    rows = {name: number for name, number in found.rows.items() if number}
    text = "\n".join(f"{name:24} {number:>12,}" for name, number in rows.items()) or "nothing is that old"
    _answer({"before": found.before, "rows": rows}, as_json=as_json, text=text, applied=apply)


def sizes(
    *,
    store: StoreUrl,
    corp: CorpOfStore = "",
    sql: Annotated[bool, typer.Option("--sql", help="Also print the SQL that divides the log by month.")] = False,
    as_json: _Json = False,
) -> None:
    """Count rows by table and by month, with advice. Reads whole tables."""
    from wecom_auto.sop.administration import partition_sql

    now = datetime.now(UTC)
    with opened_runner(store, corp) as runner:
        found, dialect = runner.admin.sizes(now), runner.admin.dialect
    lines = [f"{name:24} {number:>12,}" for name, number in found.rows.items()]
    lines += [f"{one.month:24} {one.touches:>12,} steps {one.decisions:>12,} decisions" for one in found.months]
    lines += [f"* {sentence}" for sentence in found.advice]
    if sql and dialect != "sqlite":
        lines += [
            f"{statement};"
            for statement in partition_sql(dialect, _first([one.month for one in found.months], now), 36)
        ]
    _answer(attrs.asdict(found), as_json=as_json, text="\n".join(lines), applied=True)


def _first(months: Sequence[str], now: datetime) -> date:
    return min([now.date(), *(date.fromisoformat(f"{month}-01") for month in months)])


def _counting(told: Callable[[int, int, str], None]) -> Callable[[int], None]:
    return lambda done: told(done, 0, f"{done} done")


def _answer(document: Mapping[str, Any], *, as_json: bool, text: str, applied: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**document, "applied": applied}, ensure_ascii=False, indent=2, default=_plain))
        return
    typer.echo(text)
    if not applied:
        typer.echo(_SHOWN, err=True)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
