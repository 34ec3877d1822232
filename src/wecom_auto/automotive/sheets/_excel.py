"""Excel workbooks, row by row: results of formulas beside the formulas, merged cells filled. Runs no formula.

openpyxl reads; this module adds what it leaves out when it does not load the whole sheet.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from wecom_auto.automotive.sheets._cell import Cell, Formula, Line
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook

_MOST_BYTES: Final = 1 << 30
"""Of an unpacked workbook: 200,000 rows of 20 cells take about 200 MB."""
_MOST_ROWS: Final = 1 << 20
_MOST_COLUMNS: Final = 512
_MOST_MERGED: Final = 200_000
_MERGED: Final = "}mergeCell"
_ROW: Final = "}row"
_DATA: Final = "}sheetData"


def read_excel(source: Path | bytes, *, sheet: str = "") -> Iterator[Line]:
    """Read one sheet of a workbook.

    A cell inside a merged range has the value of the range's first cell.

    Args:
        source: The .xlsx file or its bytes.
        sheet: Its name; by default the first one that is visible.

    Raises:
        ConfigurationError: no workbook, a damaged one, one that unpacks to more than 1 GiB, or no such sheet.
        ImportError: openpyxl is missing: ``pip install "wecom-auto[automotive]"``.
    """
    import openpyxl

    _refuse_bombs(source)
    try:
        # Two readers in step: one says what was written, the other what was calculated.
        written = openpyxl.load_workbook(_again(source), read_only=True, keep_links=False)
        counted = openpyxl.load_workbook(_again(source), read_only=True, data_only=True, keep_links=False)
        name = _sheet(written, sheet)
        merged = _Merged(_ranges(source, written[name]))
        for one in (written[name], counted[name]):
            one.reset_dimensions()  # a formatted column claims a million rows
        pairs = zip(written[name].iter_rows(), counted[name].iter_rows(values_only=True), strict=True)
        for number, (cells, values) in enumerate(pairs, start=1):
            _refuse_endless(number)
            row = [_cell(cell, value) for cell, value in zip(cells[:_MOST_COLUMNS], values, strict=False)]
            yield Line(number, tuple(merged.fill(number, row)))
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl lets through whatever its parts raise on a damaged file
        msg = f"the workbook cannot be read ({type(error).__name__}); open it in Excel and save it as .xlsx again"
        raise ConfigurationError(msg) from None


def _again(source: Path | bytes) -> Path | IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _refuse_bombs(source: Path | bytes) -> None:
    try:
        with zipfile.ZipFile(_again(source)) as parts:
            size = sum(one.file_size for one in parts.infolist())
    except zipfile.BadZipFile:
        msg = "the workbook is damaged; open it in Excel and save it as .xlsx again"
        raise ConfigurationError(msg) from None
    if size > _MOST_BYTES:
        msg = f"the workbook unpacks to {size:,} bytes, more than {_MOST_BYTES:,}; split it or save the sheet as CSV"
        raise ConfigurationError(msg)


def _refuse_endless(number: int) -> None:
    if number > _MOST_ROWS:
        msg = f"the sheet has more than {_MOST_ROWS:,} rows, which Excel does not write"
        raise ConfigurationError(msg)


def _sheet(book: Workbook, wanted: str) -> str:
    visible = [one.title for one in book.worksheets if one.sheet_state == "visible"]
    if wanted and wanted not in book.sheetnames:
        msg = f"the workbook has no sheet {wanted!r:.60}; it has {', '.join(book.sheetnames)[:200]}"
        raise ConfigurationError(msg)
    if not (wanted or visible):
        msg = "the workbook has no visible sheet"
        raise ConfigurationError(msg)
    return wanted or visible[0]


def _cell(cell: Any, value: Any) -> Cell:
    """What was written, with its result where it is calculated."""
    written = getattr(cell, "value", None)
    if getattr(cell, "data_type", "") == "f":
        return Formula(str(getattr(written, "text", written)), _plain(value))
    if isinstance(written, str) and written.startswith("="):
        return Formula(written)
    return _plain(written)


def _plain(value: Any) -> str | float | bool | date | None:
    """A value of the few kinds that a cell may hold; a time of day or a span is text."""
    return value if value is None or isinstance(value, str | float | int | bool | date) else str(value)


def _ranges(source: Path | bytes, sheet: Any) -> Iterator[tuple[int, int, int, int]]:
    """Yield first row, last row, first column and last column of what is merged.

    openpyxl knows it only when it loads the whole sheet into memory.
    """
    from defusedxml.ElementTree import iterparse
    from openpyxl.utils import range_boundaries

    path = sheet._worksheet_path  # noqa: SLF001 - no public name tells which part of the archive the sheet is
    with zipfile.ZipFile(_again(source)) as parts, parts.open(path) as part:
        found, data = 0, None
        for event, element in iterparse(part, events=("start", "end")):
            if event == "start":
                data = element if element.tag.endswith(_DATA) else data
            elif element.tag.endswith(_ROW) and data is not None:
                data.clear()  # or every row stays in memory, emptied
            elif element.tag.endswith(_MERGED) and found < _MOST_MERGED:
                found += 1
                left, top, right, bottom = range_boundaries(element.get("ref", ""))
                if left and top and right and bottom:
                    yield top, bottom, left, min(right, _MOST_COLUMNS)


class _Merged:
    """Merged ranges in the order of their first rows, and the values of those that are open."""

    def __init__(self, ranges: Iterable[tuple[int, int, int, int]]) -> None:
        self._ahead = sorted(ranges, reverse=True)
        self._open: list[tuple[tuple[int, int, int, int], Cell]] = []

    def fill(self, number: int, row: list[Cell]) -> Sequence[Cell]:
        while self._ahead and self._ahead[-1][0] <= number:
            found = self._ahead.pop()
            self._open.append((found, row[found[2] - 1] if found[2] <= len(row) else None))
        self._open = [one for one in self._open if one[0][1] >= number]
        for (_, _, left, right), value in self._open:
            row += [None] * (right - len(row))
            row[left - 1 : right] = [value] * (right - left + 1)
        return row
