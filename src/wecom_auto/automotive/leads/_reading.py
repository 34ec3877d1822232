"""Turn rows, records and webhook bodies into leads: every row is taken, refused or blank; none is lost.

It repairs what has one meaning only and guesses nothing else.
It writes nothing, and what it says about a row shows no phone number and no name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from wecom_auto.automotive.leads._cells import UnreadableError, masked, read_moment, read_phone, read_text, shown
from wecom_auto.automotive.leads._columns import IDENTITIES, Columns, Header, find_header
from wecom_auto.automotive.leads._values import BadRow, BlankRow, LeadRow, NewLead, Problem, Row
from wecom_auto.automotive.sheets import Cell, Formula, Line, as_written, harmless, read_sheet, text_of
from wecom_auto.errors import ConfigurationError

_LOOK: Final = 25
"""Lines among which the headings are looked for: titles, dates of the export and empty lines stand above them."""
_LONGEST: Final = {
    "name": 64,
    "store": 64,
    "dealer": 64,
    "region": 64,
    "city": 64,
    "source": 64,
    "campaign": 128,
    "model": 128,
    "unionid": 64,
    "external_userid": 64,
    "note": 2000,
}
_LONGEST_EXTRA: Final = 500
_MOST_EXTRA: Final = 60
_BODY_LIMIT: Final = 1 << 20
_MOST_RECORDS: Final = 1000
_WRAPPERS: Final = ("leads", "data", "list", "items", "records")

StoreNames = Callable[[str], str | None]
"""Answers the code of a store for what somebody wrote; None if there is none of that name."""


def _any_store(written: str) -> str | None:
    return written


@frozen(kw_only=True)
class LeadReader:
    """Reads leads from where they come from.

    Attributes:
        columns: What headings mean.
        stores: Which stores there are, for example `Network.store_code`; by default every name is taken.
        store_required: Refuse rows without a store.
        fill_down: Fields whose value stands in the first of several rows only, as a CSV of merged cells has it.
        latest: Refuse days after this one; None if the source is trusted.
    """

    columns: Columns = field(factory=Columns.default)
    stores: StoreNames = _any_store
    store_required: bool = False
    fill_down: tuple[str, ...] = ()
    latest: datetime | None = None

    def read(self, source: Path | bytes | str, *, sheet: str = "") -> Iterator[Row]:
        """Read a CSV file or an Excel workbook, row by row; memory does not grow with its length.

        Args:
            source: A file, its bytes, or the text of a CSV file.
            sheet: Name of the sheet of a workbook; by default the first visible one.

        Raises:
            ConfigurationError: no line among the first has headings that say whose lead a row is.
        """
        lines = read_sheet(source, sheet=sheet)
        above = list(islice(lines, _LOOK))
        found = find_header([line.cells for line in above], self.columns)
        if found is None:
            raise ConfigurationError(self._no_headings(above))
        skip, header = found
        yield from _Table(self, header).rows(chain(above[skip:], lines))

    def record(self, values: Mapping[str, object], *, number: int = 1) -> Row:
        """Read one record with headings as keys, as a webhook or a program has it.

        Args:
            values: Text, numbers, or values that are kept as JSON under their key.
            number: Where it stood among others.
        """
        headings = tuple(str(key)[:200] for key in values)
        fields: dict[str, int] = {}
        for at, heading in enumerate(headings):
            if name := self.columns.field_of(heading):
                fields.setdefault(name, at)
        cells = tuple(_cell_of(value) for value in values.values())
        return _Table(self, Header(fields, headings)).row(Line(number, cells))

    def webhook(self, body: bytes | str) -> tuple[Row, ...]:
        """Read the JSON body of a request: one lead, a list of them, or either under a key such as ``data``.

        Verify the sender's signature before you call this.

        Args:
            body: At most 1 MiB and 1,000 leads.

        Raises:
            ConfigurationError: it is too long, no JSON, or holds no records.
        """
        return tuple(self.record(one, number=at) for at, one in enumerate(_records(body), start=1))

    def _no_headings(self, above: Sequence[Line]) -> str:
        known = "、".join(self.columns.label(name) for name in ("phone", "name", "store", "left_at"))
        if not above:
            return "the table is empty: a lead list has columns such as " + known
        return (
            f"no line among the first {len(above)} has the columns of a lead list, such as {known}; "
            "one of them has to be the phone or a WeCom id. Is the file CSV UTF-8, GBK or .xlsx, and the sheet right?"
        )


def _records(body: bytes | str) -> list[Mapping[str, object]]:
    if len(body) > _BODY_LIMIT:
        msg = f"the body has {len(body):,} bytes, more than {_BODY_LIMIT:,}; send fewer leads at once"
        raise ConfigurationError(msg)
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        msg = "the body is no JSON"
        raise ConfigurationError(msg) from None
    if isinstance(found, Mapping):
        inner = next((found[key] for key in _WRAPPERS if isinstance(found.get(key), (list, Mapping))), found)
        found = inner
    many = found if isinstance(found, list) else [found]
    if not many or len(many) > _MOST_RECORDS or not all(isinstance(one, Mapping) for one in many):
        msg = f"the body holds no list of 1 to {_MOST_RECORDS:,} records"
        raise ConfigurationError(msg)
    return many


def _cell_of(value: object) -> Cell:
    if value is None or isinstance(value, str | float | int):
        return Formula(value) if isinstance(value, str) and value.startswith("=") else value
    if isinstance(value, datetime):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


class _Table:
    """Rows below one header."""

    def __init__(self, reader: LeadReader, header: Header) -> None:
        self._reader = reader
        self._header = header
        self._last: dict[str, Cell] = {}
        self._width = len(header.headings)
        meant = set(header.fields.values())
        self._others = [
            (at, heading[:64])
            for at, heading in enumerate(header.headings)
            if heading and at not in meant and not reader.columns.field_of(heading)
        ][:_MOST_EXTRA]

    def rows(self, lines: Iterator[Line]) -> Iterator[Row]:
        for line in lines:
            # A quoted cell over several lines is fine; a row that does not fit is an open quotation mark.
            parts = line.parts if line.parts and len(line.cells) != self._width else (line,)
            yield from map(self.row, parts)

    def row(self, line: Line) -> Row:
        if line.is_blank:
            return BlankRow(number=line.number)
        whole = self._whole(line)
        if whole is not None:
            return self._bad(line, [whole])
        taken = _Taken(self, line)
        lead = taken.lead()
        if taken.problems:
            return self._bad(line, taken.problems)
        return LeadRow(number=line.number, lead=lead, repaired=tuple(taken.repaired))

    def _bad(self, line: Line, problems: Sequence[Problem]) -> BadRow:
        return BadRow(number=line.number, problems=tuple(problems), headings=self._header.headings, cells=line.cells)

    def _whole(self, line: Line) -> Problem | None:
        """What is wrong with the row as a row."""
        beyond = [cell for cell in line.cells[self._width :] if text_of(cell)]
        if line.swallowed:
            detail = f"a quotation mark is not closed; the {line.swallowed} lines behind it were read one by one"
            return _problem("open_quote", detail)
        if line.parts and any("\n" in text_of(self.cell(line, name)) for name in self._header.fields if name != "note"):
            return _problem("open_quote", "a line break inside a cell: a quotation mark is not closed on its line")
        if line.broken:
            return _problem("bad_bytes", "bytes that are no text in the encoding of the file; save it as CSV UTF-8")
        if beyond or self._is_short(line):
            return _problem("wrong_columns", f"{len(line.cells)} cells where the header has {self._width}")
        return None

    def _is_short(self, line: Line) -> bool:
        """Text that ends before the columns do has lost a separator; a sheet leaves empty cells out."""
        return len(line.cells) < self._width and all(isinstance(cell, str) for cell in line.cells)

    def cell(self, line: Line, name: str) -> Cell:
        at = self._header.fields.get(name)
        found = line.cells[at] if at is not None and at < len(line.cells) else None
        if name in self._reader.fill_down:
            found = found if text_of(found) else self._last.get(name)
            self._last[name] = found
        return found

    @property
    def reader(self) -> LeadReader:
        return self._reader

    def heading(self, name: str) -> str:
        at = self._header.fields.get(name)
        return self._header.headings[at] if at is not None else self._reader.columns.label(name)

    def others(self, line: Line) -> dict[str, str]:
        """Columns without a meaning here."""
        found = ((heading, line.cells[at]) for at, heading in self._others if at < len(line.cells))
        return {heading: text[:_LONGEST_EXTRA] for heading, cell in found if (text := as_written(cell))}


def _problem(reason: str, detail: str) -> Problem:
    return Problem(column="", value="", reason=reason, detail=detail)


class _Taken:
    """What was taken from one row, and what was wrong."""

    def __init__(self, table: _Table, line: Line) -> None:
        self._table = table
        self._line = line
        self.problems: list[Problem] = []
        self.repaired: list[str] = []

    def lead(self) -> NewLead:
        phone = self._get("phone", self._phone, "")
        values = {name: self._get(name, self._text(name), "") for name in _LONGEST if name != "store"}
        store = self._get("store", self._store, "")
        left_at = self._get("left_at", self._left_at, None)
        if not (phone or values["unionid"] or values["external_userid"] or self._identity_failed()):
            self._add("phone", "missing_phone", "neither a phone nor a WeCom id says whose lead this is")
        return NewLead(phone=phone, store=store, left_at=left_at, extra=self._table.others(self._line), **values)

    def _identity_failed(self) -> bool:
        columns = {self._table.heading(name) for name in IDENTITIES}
        return any(one.column in columns for one in self.problems)

    def _get(self, name: str, read: Callable[[Cell], Any], default: Any) -> Any:
        try:
            return read(self._table.cell(self._line, name))
        except UnreadableError as error:
            self._add(name, error.reason, error.detail)
            return default

    def _add(self, name: str, reason: str, detail: str) -> None:
        cell = self._table.cell(self._line, name)
        text = as_written(cell)
        personal = name in self._table.reader.columns.personal
        value = masked(text) if personal else harmless(shown(text).strip("“”"))
        self.problems.append(Problem(column=self._table.heading(name), value=value, reason=reason, detail=detail))

    def _phone(self, cell: Cell) -> str:
        phone = read_phone(cell)
        written = cell if isinstance(cell, str) else None
        if isinstance(cell, Formula):
            self.repaired.append("formula_result")
        elif written is None and isinstance(cell, float | int):
            self.repaired.append("number")
        elif written is not None and written.strip() != phone:
            self.repaired.append("full_width_digits" if text_of(written) != written else "phone_separators")
        return phone

    def _text(self, name: str) -> Callable[[Cell], str]:
        def read(cell: Cell) -> str:
            text = read_text(cell)
            if len(text) > _LONGEST[name]:
                msg = f"{len(text)} characters, at most {_LONGEST[name]}"
                raise UnreadableError(msg, reason="too_long")
            return text

        return read

    def _store(self, cell: Cell) -> str:
        written = self._text("store")(cell)
        if not written:
            if self._table.reader.store_required:
                reason, msg = "unknown_store", "empty, and every row needs a store"
                raise UnreadableError(msg, reason=reason)
            return ""
        code = self._table.reader.stores(written)
        if code is None:
            reason, msg = "unknown_store", f"{shown(written)} is none of the stores; add it or its other name"
            raise UnreadableError(msg, reason=reason)
        return code

    def _left_at(self, cell: Cell) -> datetime | None:
        moment = read_moment(cell)
        latest = self._table.reader.latest
        if moment is not None and latest is not None and moment > latest + timedelta(days=1):
            reason, msg = "future_date", "a day that has not come yet"
            raise UnreadableError(msg, reason=reason)
        if moment is not None and isinstance(cell, str) and cell.strip() != moment.date().isoformat():
            self.repaired.append("date_form")
        return moment
