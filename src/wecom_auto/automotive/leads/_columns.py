"""Which heading means which field, as data, and where the headings of a table stand. Reads no row of a customer."""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from attrs import field, frozen

from wecom_auto.automotive.sheets import Cell, text_of
from wecom_auto.errors import ConfigurationError

FIELDS: Final = (
    "phone",
    "name",
    "store",
    "dealer",
    "region",
    "city",
    "source",
    "campaign",
    "model",
    "left_at",
    "unionid",
    "external_userid",
    "note",
)
"""What a column can mean."""
IDENTITIES: Final[tuple[str, ...]] = ("phone", "unionid", "external_userid")
"""Without one of these nobody knows whose lead it is."""
IGNORED: Final = "ignored"
_SOFT: Final = re.compile(r"[\s_*:：()（）\[\]【】/\\.-]+")
_UNIT: Final = re.compile(r"[(（\[【].*?[)）\]】]")


@frozen
class Columns:
    """The headings that are understood.

    Attributes:
        names: Field to headings.
        labels: Field to its name in reports.
        personal: Fields whose values are never shown in full.
    """

    names: Mapping[str, tuple[str, ...]] = field(repr=False)
    labels: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    personal: frozenset[str] = frozenset(IDENTITIES)

    @classmethod
    def default(cls) -> Columns:
        """The headings that come with the library."""
        return _shipped()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Columns:
        """Read headings of your own; they come on top of the shipped ones unless the file says ``replace = true``.

        ```toml
        [phone]
        names = ["客户联系号码"]
        ```

        Args:
            path: A TOML file with a table for each field.

        Raises:
            ConfigurationError: not TOML, an unknown field, or ``names`` is no list of texts.
        """
        try:
            document = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            msg = f"{os.fspath(path)}: not TOML: {error}"
            raise ConfigurationError(msg) from None
        base = None if document.pop("replace", False) is True else _shipped()
        return _columns(document, base)

    def field_of(self, heading: str) -> str:
        """The field that a heading means; empty if none.

        Args:
            heading: As it stands in the table.
        """
        return self._index.get(plain(heading)) or self._index.get(plain(_UNIT.sub("", heading))) or ""

    def label(self, name: str) -> str:
        """What a report calls a field."""
        return self.labels.get(name, name)

    @cached_property
    def _index(self) -> Mapping[str, str]:
        return {plain(heading): name for name, headings in self.names.items() for heading in headings}


def plain(heading: str) -> str:
    """A heading without what people write in different ways."""
    return _SOFT.sub("", unicodedata.normalize("NFKC", heading)).casefold()


@cache
def _shipped() -> Columns:
    text = (files("wecom_auto.automotive.leads") / "columns.toml").read_text(encoding="utf-8")
    return _columns(tomllib.loads(text), None)


def _columns(document: Mapping[str, object], base: Columns | None) -> Columns:
    names = dict(base.names) if base else {}
    labels = dict(base.labels) if base else {}
    personal: set[str] = {*(base.personal if base else IDENTITIES)}
    for name, table in document.items():
        if name not in {*FIELDS, IGNORED} or not isinstance(table, Mapping):
            msg = f"columns: {name!r:.60} is no field of a lead; known: {', '.join(FIELDS)}"
            raise ConfigurationError(msg)
        given = table.get("names", ())
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            msg = f"columns: {name}.names has to be a list of texts"
            raise ConfigurationError(msg)
        # Own headings win over shipped ones, wherever those pointed.
        fresh = {plain(one) for one in given}
        names = {key: tuple(one for one in old if plain(one) not in fresh) for key, old in names.items()}
        names[name] = (*names.get(name, ()), *given)
        labels[name] = str(table.get("label", labels.get(name, name)))
        if table.get("personal") is True:
            personal.add(name)
    return Columns(names, labels, frozenset(personal))


@frozen
class Header:
    """What the columns of one table mean.

    Attributes:
        fields: Field to column, counted from 0.
        headings: The heading of every column.
    """

    fields: Mapping[str, int]
    headings: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        """Whether it can say whose lead a row is."""
        return any(name in self.fields for name in IDENTITIES)


def find_header(above: Sequence[Sequence[Cell]], columns: Columns) -> tuple[int, Header] | None:
    """Find the headings among the first lines of a table: below a title, over one line or two.

    Args:
        above: The first lines.
        columns: What headings mean.

    Returns:
        How many lines to leave behind, and the headings; None if no line has two columns that are understood, or one
        that says whose lead a row is.
    """
    best: tuple[int, Header] | None = None
    for at, line in enumerate(above):
        single = _header([text_of(cell) for cell in line], columns)
        candidates = [(at + 1, single)]
        if at + 1 < len(above):
            candidates.append((at + 2, _header(_two_lines(line, above[at + 1], columns), columns)))
        for found in candidates:
            if found[1].is_usable and (best is None or len(found[1].fields) > len(best[1].fields)):
                best = found
    return best


def _header(headings: Sequence[str], columns: Columns) -> Header:
    fields: dict[str, int] = {}
    for at, heading in enumerate(headings):
        name = columns.field_of(heading) if heading else ""
        if name and name != IGNORED:
            fields.setdefault(name, at)
    return Header(fields, tuple(headings))


def _two_lines(upper: Sequence[Cell], lower: Sequence[Cell], columns: Columns) -> list[str]:
    """Headings over two lines: the lower one counts where it is understood, a merged upper one where it is empty."""
    width = max(len(upper), len(lower))
    texts = [[text_of(line[at]) if at < len(line) else "" for at in range(width)] for line in (upper, lower)]
    return [under if columns.field_of(under) or not over else over for over, under in zip(*texts, strict=True)]
