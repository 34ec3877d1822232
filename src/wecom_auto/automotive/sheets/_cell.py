"""What a cell may hold, and a line of cells. Reads no file."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Final, TypeAlias

from attrs import field, frozen

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"))
"""Characters without a width, which chat programs and right-to-left marks leave in copied numbers."""


@frozen
class Formula:
    """A cell that is calculated.

    Attributes:
        text: The formula, beginning with ``=``. It is text of a stranger: show it, never run it.
        result: What the program that saved the file has calculated; None if it has calculated nothing.
    """

    text: str = field(repr=False)
    result: str | float | bool | date | None = field(default=None, repr=False)


Cell: TypeAlias = str | float | bool | date | Formula | None
"""What a cell may hold; whole numbers are ``int`` or ``float`` as the file has them, days may be ``datetime``."""


@frozen
class Line:
    """One row of a table.

    Attributes:
        number: Its line in a CSV file, or its row in a sheet, counted from 1: where a person looks for it.
        cells: What stands in it; nothing of it is shown by ``repr``.
        swallowed: Lines that an open quotation mark has drawn into this one; they follow as lines of their own.
        broken: It holds bytes that the encoding of the file does not know.
        parts: If a quoted cell goes over several lines of a file: each of those lines read by itself, for a reader
            that finds the whole has too few or too many cells.
    """

    number: int
    cells: tuple[Cell, ...] = field(repr=False)
    swallowed: int = 0
    broken: bool = False
    parts: tuple[Line, ...] = field(default=(), repr=False)

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(text_of(cell) for cell in self.cells)


def text_of(cell: Cell) -> str:
    """Return what stands in a cell as plain text: full-width forms become plain, spaces at the ends go.

    Args:
        cell: Of a `Line`; a formula counts as its result.
    """
    if isinstance(cell, Formula):
        return text_of(cell.result)
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    text = cell if isinstance(cell, str) else str(cell)
    return unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).strip()


def as_written(cell: Cell) -> str:
    """Return what stands in a cell; a formula without a result is its own text.

    Args:
        cell: Of a `Line`.
    """
    return cell.text if isinstance(cell, Formula) and cell.result is None else text_of(cell)


def harmless(text: str) -> str:
    """Return text that a spreadsheet program does not take for a formula.

    Args:
        text: What somebody else wrote, to go into a CSV or Excel file.
    """
    return f"'{text}" if text.startswith(_DANGEROUS) else text
