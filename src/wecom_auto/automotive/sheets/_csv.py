"""CSV and tab-separated text: which encoding, which separator, where a record ends. Reads in one pass, line by line.

A quotation mark that is never closed costs the line it stands on, not those that follow.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from attrs import evolve

from wecom_auto.automotive.sheets._cell import Cell, Formula, Line
from wecom_auto.errors import ConfigurationError

_CHUNK: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS: Final = ("\t", ",", ";", "|", "，")
_SAMPLE: Final = 1 << 16
_FEW: Final = 10
"""One in so many: of zero bytes, that every character has two bytes; of faults, that it is another encoding."""
_ASCII: Final = bytes(range(128))
_LONGEST: Final = 1 << 17
"""Characters of one record; what is longer is an open quotation mark."""
_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
"""How Excel is told to keep a number as text: ``="13800138000"``."""


def read_csv(source: Path | bytes | str) -> Iterator[Line]:
    """Read a table of separated values.

    Args:
        source: A file, its bytes, or its text. UTF-8 with or without a mark, GBK and GB18030, UTF-16; separated by
            comma, tab, semicolon, bar or full-width comma.
    """
    if isinstance(source, str):
        yield from _lines(io.StringIO(source, newline=""))
        return
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as raw:
        encoding = _encoding(raw)
        raw.seek(0)
        # Bytes that fit no character spoil their own line only.
        with io.TextIOWrapper(raw, encoding, errors="replace", newline="") as text:
            yield from _lines(text)


def decode_table(raw: bytes) -> str:
    """Decode the text of a table as `read_csv` does.

    Args:
        raw: A whole file.

    Raises:
        ConfigurationError: Bytes that fit no character of its encoding.
    """
    encoding = _encoding(io.BytesIO(raw))
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        msg = "the table is neither UTF-8 nor GBK; save it as CSV UTF-8"
        raise ConfigurationError(msg) from None


def _encoding(raw: BinaryIO) -> str:
    start = raw.read(_SAMPLE)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if start.count(0) * _FEW > len(start):
        # Text of spreadsheets is mostly separators and digits: their high byte is the zero.
        return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
    faults, beyond = _faults(raw)
    # GBK read as UTF-8 is wrong nearly everywhere, while UTF-8 read as GBK may look right: a few faults are UTF-8.
    return "utf-8" if faults * _FEW <= beyond else "gb18030"


def _faults(raw: BinaryIO) -> tuple[int, int]:
    """How many characters UTF-8 does not know, and how many bytes are not ASCII."""
    raw.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    faults = beyond = 0
    for chunk in iter(lambda: raw.read(_CHUNK), b""):
        faults += decoder.decode(chunk).count("\ufffd")
        beyond += len(chunk.translate(None, _ASCII))
    return faults + decoder.decode(b"", final=True).count("\ufffd"), beyond


def _lines(text: io.TextIOBase) -> Iterator[Line]:
    first = text.read(_SAMPLE)
    text.seek(0)
    feed = _Feed(text)
    separator = _separator(first)
    reader = csv.reader(feed, delimiter=separator, strict=False)
    while True:
        begins = feed.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield from _apart(feed.take(), begins, separator)
            reader = csv.reader(feed, delimiter=separator, strict=False)
            continue
        taken = feed.take()
        if feed.ended and len(taken) > 1 and _is_open(taken):
            yield from _apart(taken, begins, separator)
            return
        line = _line(begins, cells)
        yield line if len(taken) == 1 else evolve(line, parts=tuple(_apart(taken, begins, separator)))


class _Feed:
    """Hands out physical lines, and remembers those of the record at hand."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._taken: list[str] = []
        self._size = 0
        self.number = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > _LONGEST:
            msg = "a quotation mark is not closed"
            raise csv.Error(msg)
        try:
            line = next(self._text)
        except StopIteration:
            self.ended = True
            raise
        # The reader of the standard library refuses NUL, which some exports leave behind.
        line = line.replace("\0", "")
        self.number += 1
        self._size += len(line)
        self._taken.append(line)
        return line

    def take(self) -> list[str]:
        taken, self._taken, self._size = self._taken, [], 0
        return taken


def _is_open(lines: list[str]) -> bool:
    return sum(line.count('"') for line in lines) % 2 == 1


def _apart(lines: list[str], begins: int, separator: str) -> Iterator[Line]:
    """Give each physical line its own row: the first one holds the mark that is not closed."""
    for at, line in enumerate(lines):
        swallowed = len(lines) if at == 0 else 0
        cells = line.rstrip("\r\n")[:_LONGEST].split(separator)
        yield _line(begins + at, [cell.strip('"') for cell in cells], swallowed)


def _line(number: int, cells: list[str], swallowed: int = 0) -> Line:
    broken = any("\ufffd" in cell for cell in cells)
    return Line(number, tuple(map(_cell, cells)), swallowed, broken)


def _cell(text: str) -> Cell:
    if not text.startswith("="):
        return text
    found = _TEXT_FORMULA.fullmatch(text.strip())
    return found[1] if found else Formula(text)


def _separator(sample: str) -> str:
    """The first separator that stands in half of the first lines: a remark full of commas of another kind is none.

    One that stands in the first line with any, mostly the headings, goes before: a tab typed into a cell is none.
    """
    heads = [line for line in sample.splitlines()[:20] if line.strip()]
    common = [one for one in _SEPARATORS if 2 * sum(one in line for line in heads) >= len(heads) > 0]
    first = next((line for line in heads if set(line) & {*_SEPARATORS}), "")
    return next((one for one in common if one in first), next(iter(common), ","))
