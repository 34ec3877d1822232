"""``wecom-auto inbox``: look at stored events, let them be handled again, delete old ones. Calls no handler itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import attrs
import typer

if TYPE_CHECKING:
    from wecom_auto.inbox import Inbox

inbox = typer.Typer(help="The inbox of callbacks (收件箱): count, list, replay, prune.", no_args_is_help=True)

_FOUND: Final = 1
_URL = Annotated[str, typer.Argument(help="Database, e.g. sqlite:///wecom.db.", show_default=False)]
_RECEIVER = Annotated[str, typer.Option(help="Name of the inbox in that database.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def _open(url: str, receiver: str, **settings: Any) -> Inbox:
    from wecom_auto.callbacks import EventRouter
    from wecom_auto.inbox import Inbox, InboxSettings
    from wecom_auto.store import open_store

    engine = open_store(url, migrate=False)
    return Inbox(engine, EventRouter(), receiver=receiver, settings=InboxSettings(**settings))


def _failed(error: Exception) -> typer.Exit:
    typer.echo(
        f"error: the database cannot be read ({type(error).__name__}); is it an inbox's, and migrated?", err=True
    )
    return typer.Exit(2)


@inbox.command()
def stats(url: _URL, *, receiver: _RECEIVER = "default", as_json: _JSON = False) -> None:
    """Count events and say how far behind the handlers are; exit code 1 if some are dead."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        found = _open(url, receiver).stats()
    except SQLAlchemyError as error:
        raise _failed(error) from None
    values = {
        **{state.value: number for state, number in found.counts.items()},
        "running": found.running,
        "lag_seconds": found.lag.total_seconds(),
        "received_per_minute": found.received_per_minute,
        "finished_per_minute": found.finished_per_minute,
        "duplicates": found.duplicates,
        "late": found.late,
    }
    typer.echo(json.dumps(values) if as_json else "\n".join(f"{name:20} {value}" for name, value in values.items()))
    if values["dead"]:
        raise typer.Exit(_FOUND)


@inbox.command()
def dead(
    url: _URL,
    *,
    receiver: _RECEIVER = "default",
    limit: Annotated[int, typer.Option(min=1, help="Most events listed.")] = 50,
    as_json: _JSON = False,
) -> None:
    """List events that a person has to look at, the newest first; exit code 1 if there are any."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        found = _open(url, receiver).dead(limit=limit)
    except SQLAlchemyError as error:
        raise _failed(error) from None
    for event in found:
        if as_json:
            # The subject names people, and is of no use here.
            values = {name: value for name, value in attrs.asdict(event).items() if name != "subject"}
            typer.echo(json.dumps(values, default=str, ensure_ascii=False))
        else:
            came = event.received_at.isoformat(timespec="seconds")
            typer.echo(f"{event.id}  {came}  {event.name}  {event.attempts} attempts: {event.error}")
    if found:
        raise typer.Exit(_FOUND)


@inbox.command()
def replay(
    url: _URL,
    *,
    receiver: _RECEIVER = "default",
    ids: Annotated[list[int] | None, typer.Option("--id", help="Only this event; may be repeated.")] = None,
    name: Annotated[str, typer.Option(help="Only events of this name or family.")] = "",
    everything: Annotated[bool, typer.Option(help="Call also the handlers that ended well.")] = False,
) -> None:
    """Let dead events be handled again by the worker."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        count = _open(url, receiver).replay(ids=ids, name=name, everything=everything)
    except SQLAlchemyError as error:
        raise _failed(error) from None
    typer.echo(f"{count} events wait again")


@inbox.command()
def prune(
    url: _URL,
    *,
    receiver: _RECEIVER = "default",
    done_days: Annotated[float, typer.Option(help="Keep what is done for so many days.")] = 7,
    dead_days: Annotated[float, typer.Option(help="Keep what is dead for so many days.")] = 30,
) -> None:
    """Delete what was finished long ago."""
    from sqlalchemy.exc import SQLAlchemyError

    keep = {"keep_done": timedelta(days=done_days), "keep_dead": timedelta(days=dead_days)}
    try:
        count = _open(url, receiver, **keep).prune()
    except SQLAlchemyError as error:
        raise _failed(error) from None
    typer.echo(f"{count} events deleted")
