"""Print the table of all endpoints from the catalogue that the library makes of its methods. Adds no word to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes

from wecom_auto import Calls
from wecom_auto._catalogue import Endpoint, Method, endpoints, workflows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sphinx.application import Sphinx


def _link(method: Method) -> nodes.paragraph:
    """Return a link to the docs of a method, under the name of its class."""
    owner = type(getattr(Calls(), method.chapter))
    short = method.name.removeprefix("wecom.")
    target = f"{owner.__module__}.{owner.__qualname__}.{short.rpartition('.')[2]}"
    node = addnodes.pending_xref(
        "", nodes.literal(text=short), refdomain="py", reftype="meth", reftarget=target, refexplicit=True, refwarn=True
    )  # fmt: skip
    return nodes.paragraph("", "", node)


def _text(text: str) -> nodes.paragraph:
    return nodes.paragraph(text=text)


def _paging(one: Endpoint) -> str:
    return f"{one.paging} ≤ {one.largest_page:,}" if one.largest_page else f"paging: {one.paging}"


def _cells(one: Endpoint) -> list[list[nodes.Node]]:
    manual = nodes.paragraph("", "", nodes.reference("", f"{one.page} {one.title}", refuri=one.url))
    facts = [_text(f"effect: {one.effect.value}"), _text(_paging(one))]
    return [
        [_text(f"{one.http} {one.path.removeprefix('/cgi-bin/')}")],
        [_link(method) for method in one.methods],
        [_text(one.summary), *([_text("Partly unverified.")] if one.unverified else [])],
        [*facts, manual],
    ]


def _table(headings: Sequence[str], rows: Iterable[list[list[nodes.Node]]]) -> nodes.table:
    group = nodes.tgroup(cols=len(headings))
    group += [nodes.colspec(colwidth=1) for _ in headings]
    group += nodes.thead("", _row([[_text(heading)] for heading in headings]))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=["endpoints"])


def _row(cells: list[list[nodes.Node]]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", *cell) for cell in cells])


class Endpoints(Directive):
    """`{endpoints}`: every path, once, by chapter; with the argument `several` what makes several calls."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the number of endpoints and the table."""
        if self.arguments == ["several"]:
            rows = ([[_link(one)], [_text(one.kind)], [_text(one.summary)]] for one in workflows())
            return [_table(("Method", "Kind", "What it does"), rows)]
        found = endpoints()
        contact = sum(one.path.startswith("/cgi-bin/externalcontact/") for one in found)
        methods = sum(len(one.methods) for one in found)
        count = f"{len(found)} endpoints with {methods} methods; {contact} of them are customer contact (客户联系)."
        headings = ("Path", "Method", "What it does", "For programs, and the manual's page")
        return [_text(count), _table(headings, map(_cells, found))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("endpoints", Endpoints)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
