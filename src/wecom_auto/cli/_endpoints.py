"""``wecom-auto endpoints``: which paths of the platform have a method, and what calling them does. Asks no network."""

from __future__ import annotations

import difflib
import itertools
import json
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from wecom_auto._catalogue import Endpoint, Method

_LOG_COLUMNS: Final = 200
"""Width of a table in a file or a pipe, where nothing is gained by cutting it."""


def endpoints(
    path_filter: Annotated[
        str, typer.Argument(metavar="[PATH-FILTER]", help="Only paths that contain this, for example groupchat/.")
    ] = "",
    *,
    chapter: Annotated[str | None, typer.Option(help="Only this chapter, for example tags or mass_messages.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list, one object for each path.")] = False,
) -> None:
    """List the endpoints that have a method: path, method, what a call does, paging, page of the manual.

    Exit code 1 if no path contains the filter.
    """
    from wecom_auto._catalogue import find, workflows

    _check(chapter)
    found = [one for one in find(path_filter) if chapter in {None, one.chapter}]
    if as_json:
        typer.echo(json.dumps([one.document() for one in found], ensure_ascii=False, indent=2))
    elif found:
        _show(found, [] if path_filter else [one for one in workflows() if chapter in {None, one.chapter}])
    if not found:
        typer.echo(f"no endpoint has {path_filter!r} in its path", err=True)
        raise typer.Exit(1)


def _check(chapter: str | None) -> None:
    """Refuse a chapter that does not exist, and name one that sounds like it."""
    from wecom_auto._catalogue import endpoints as all_endpoints

    known = sorted({one.chapter for one in all_endpoints()})
    if chapter is not None and chapter not in known:
        similar = difflib.get_close_matches(chapter, known, n=1)
        meant = f"did you mean {similar[0]!r}?" if similar else f"there are {', '.join(known)}"
        msg = f"--chapter {chapter}: no such chapter; {meant}"
        raise ConfigurationError(msg)


def _show(found: Sequence[Endpoint], also: Sequence[Method]) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = _LOG_COLUMNS
    for chapter, some in itertools.groupby(found, key=lambda one: one.chapter):
        console.print(_table(chapter, list(some)))
    if also:
        console.print(_several(also))
    console.print(f"{len(found)} endpoints, {sum(len(one.methods) for one in found)} methods")


def _table(chapter: str, some: Sequence[Endpoint]) -> Table:
    """Two lines for each path, so that nothing is cut on a terminal of 80 columns."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"wecom.{chapter}"), title_justify="left", box=None, pad_edge=False)
    for head in ("method", "effect, paging", "path, page of the manual"):
        table.add_column(head, overflow="fold", no_wrap=not head.startswith("path"))
    for one in some:
        names = "\n".join(method.name.rpartition(".")[2] for method in one.methods)
        paging = _paging(one)
        path = f"{one.http} {one.path.removeprefix('/cgi-bin/')}"
        manual = f"{one.page} {one.title}" + " (partly unverified)" * one.unverified
        table.add_row(Text(names), Text(f"{one.effect.value}\n{paging}".strip()), Text(f"{path}\n{manual}"))
    return table


def _several(also: Sequence[Method]) -> Table:
    from rich.table import Table
    from rich.text import Text

    title = Text("What makes several calls")
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for head in ("method", "kind", "what it does"):
        table.add_column(head, overflow="fold")
    for one in also:
        table.add_row(Text(one.name), Text(one.kind), Text(one.summary))
    return table


def _paging(one: Endpoint) -> str:
    if one.largest_page:
        return f"{one.paging} ≤ {one.largest_page:,}"
    return "" if one.paging == "none" else one.paging
