"""Tables as dealers send them, line by line: CSV in the encodings of Chinese offices, and Excel workbooks.

It says what stands in each cell and on which line; it knows no column, repairs nothing and calculates no formula.
Memory does not grow with the number of rows.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.sheets._cell import Cell, Formula, Line, as_written, harmless, text_of
from wecom_auto.automotive.sheets._csv import decode_table, read_csv
from wecom_auto.automotive.sheets._excel import read_excel
from wecom_auto.automotive.sheets._open import read_sheet

__all__ = [
    "Cell",
    "Formula",
    "Line",
    "as_written",
    "decode_table",
    "harmless",
    "read_csv",
    "read_excel",
    "read_sheet",
    "text_of",
]

publish(globals(), __all__, __name__)
