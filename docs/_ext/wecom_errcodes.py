"""Print the table of all error codes from the data that the library uses. Adds no word of its own to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import Directive

from wecom_auto.errors import ErrorCode, api_error, error_table

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_HEADINGS = ("Code", "Meaning", "For programs", "What to do")
_SPEAKERS = {"api": "HTTP API", "archive": "archive library", "callback": "callback libraries"}


def _cells(entry: ErrorCode) -> list[list[str]]:
    facts = [f"repeat: {entry.retry.value}", f"happened: {entry.applied.value}"]
    if entry.namespace == "api" and entry.code:
        facts.insert(0, type(api_error(entry.code)).__name__)
    return [[str(entry.code)], [entry.zh, entry.meaning], facts, [entry.remedy]]


def _row(cells: list[list[str]], ids: list[str]) -> nodes.row:
    row = nodes.row(ids=ids)
    row += [nodes.entry("", *[nodes.paragraph(text=line) for line in cell]) for cell in cells]
    return row


def _table(entries: list[ErrorCode], namespace: str) -> nodes.table:
    group = nodes.tgroup(cols=len(_HEADINGS))
    group += [nodes.colspec(colwidth=1) for _ in _HEADINGS]
    group += nodes.thead("", _row([[heading] for heading in _HEADINGS], []))
    rows = [_row(_cells(entry), [f"errcode-{namespace}-{entry.code}"]) for entry in entries]
    group += nodes.tbody("", *rows)
    return nodes.table("", group, classes=["errcodes"])


class ErrorCodes(Directive):
    """`{errcodes} api`: one table for one namespace."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the number of codes and the table."""
        [namespace] = self.arguments
        entries = [entry for (speaker, _), entry in error_table().items() if speaker == namespace]
        count = nodes.paragraph(text=f"{len(entries):,} codes of the {_SPEAKERS[namespace]}.")
        return [count, _table(entries, namespace)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("errcodes", ErrorCodes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
