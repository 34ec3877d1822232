"""Tell an Excel workbook from text by its first bytes, whatever the file is called. Reads no cell itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wecom_auto.automotive.sheets._cell import Line
from wecom_auto.automotive.sheets._csv import read_csv
from wecom_auto.automotive.sheets._excel import read_excel
from wecom_auto.errors import ConfigurationError

_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


def read_sheet(source: Path | bytes | str, *, sheet: str = "") -> Iterator[Line]:
    """Read a CSV file or an Excel workbook.

    Args:
        source: A file, its bytes, or the text of a CSV file.
        sheet: Name of the sheet of a workbook; by default the first one that is visible.

    Raises:
        ConfigurationError: an old workbook (.xls), one that is damaged or protected, or no sheet of that name.
        OSError: the file cannot be read.
    """
    if isinstance(source, str):
        return read_csv(source)
    start = source[:4] if isinstance(source, bytes) else _start(source)
    if start == _OLD_EXCEL:
        msg = "this is an old Excel workbook (.xls) or one with a password; save it as .xlsx without one"
        raise ConfigurationError(msg)
    return read_excel(source, sheet=sheet) if start == _ZIP else read_csv(source)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)
