"""Print every event by chapter from the classes that the library reads them as. Adds no word to their docstrings."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import attrs
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes

from wecom_auto.callbacks._chapters import CHAPTERS, EVENT_TYPES, Chapter
from wecom_auto.callbacks._event import KnownEvent, name_of
from wecom_auto.callbacks._json_body import JSON_EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

_HEADINGS = ("Event", "Class", "When it comes", "Fields")
_JSON = Chapter("Robots and the data zone, in JSON (智能机器人, 数据专区)", "the robot or app itself", JSON_EVENT_TYPES)


def _fields(cls: type[KnownEvent]) -> list[str]:
    """Return the attributes that the class has besides those of every event."""
    shared = {field.name for field in attrs.fields(KnownEvent)}
    found: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return [field.name for field in found if field.name not in shared and not field.name.startswith("_")]


def _link(cls: type[KnownEvent]) -> nodes.paragraph:
    target = f"wecom_auto.callbacks.{cls.__name__}"
    node = addnodes.pending_xref(
        "", nodes.literal(text=cls.__name__), refdomain="py", reftype="class", reftarget=target, refexplicit=True,
        refwarn=True,
    )  # fmt: skip
    return nodes.paragraph("", "", node)


def _marks(cls: type[KnownEvent]) -> str:
    """Say what a program has to know of the whole event."""
    unverified = "Unverified: " in (cls.__doc__ or "") or "Unverified." in (cls.__doc__ or "")
    return " ".join(filter(None, ["Partly unverified." if unverified else "", "Look-alike." if cls.READ_AGAIN else ""]))


class Events(Directive):
    """`{events}`: a section with a table for each chapter."""

    def run(self) -> list[nodes.Node]:
        """Return the number of events and the sections."""
        count = f"{len(EVENT_TYPES)} events and messages in XML, {len(JSON_EVENT_TYPES)} in JSON."
        return [nodes.paragraph(text=count), *map(self._section, (*CHAPTERS, _JSON))]

    def _section(self, chapter: Chapter) -> nodes.section:
        names = [nodes.fully_normalize_name(chapter.title)]
        section = nodes.section("", nodes.title(text=chapter.title), names=names, ids=[nodes.make_id(chapter.title)])
        section += nodes.paragraph(text=f"Goes to {chapter.receivers}.")
        section += _table(_HEADINGS, map(self._cells, chapter.types))
        return section

    def _cells(self, cls: type[KnownEvent]) -> list[list[nodes.Node]]:
        summary, _, _ = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")
        said, problems = self.state.inline_text(" ".join(summary.split()), self.lineno)
        marks = _marks(cls)
        return [
            [nodes.paragraph("", "", nodes.literal(text=name_of(cls)))],
            [_link(cls)],
            [nodes.paragraph("", "", *said, *problems), *([nodes.paragraph(text=marks)] if marks else [])],
            [nodes.paragraph(text=", ".join(_fields(cls)))],
        ]


def _table(headings: tuple[str, ...], rows: Iterable[list[list[nodes.Node]]]) -> nodes.table:
    group = nodes.tgroup(cols=len(headings))
    group += [nodes.colspec(colwidth=1) for _ in headings]
    group += nodes.thead("", _row([[nodes.paragraph(text=heading)] for heading in headings]))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=["endpoints", "events"])


def _row(cells: list[list[nodes.Node]]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", *cell) for cell in cells])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("events", Events)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
