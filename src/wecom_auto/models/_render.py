"""Show values as tables in notebooks and terminals. Never shows phone numbers, never truncates what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Protocol, TypeAlias

__all__ = ["RichTable", "Rows", "html_table", "rich_table"]

Rows: TypeAlias = Iterable[tuple[str, object]]


class RichTable(Protocol):
    """What this package uses of `rich.table.Table`, which is installed with the ``cli`` extra only."""

    def add_column(self, header: str) -> None:
        """Add a column."""

    def add_row(self, *cells: str) -> None:
        """Add a row."""


def html_table(title: str, rows: Rows) -> str:
    """Return a two-column HTML table; every text is escaped, because customers choose their own names."""
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows if value)
    return f"<table><caption>{escape(title)}</caption>{body}</table>"


def rich_table(title: str, rows: Rows) -> RichTable:
    """Return a two-column table for rich, which calls `__rich__` only when it is installed."""
    from rich.markup import escape as plain
    from rich.table import Table

    table = Table("", "", title=plain(title), show_header=False, title_justify="left")
    for name, value in rows:
        if value:
            table.add_row(plain(name), plain(str(value)))
    return table
