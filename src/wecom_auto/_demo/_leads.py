"""Read a list of leads as dealers send it: every row is taken or refused with its line and reason, none is lost.

It repairs what has one meaning only (full-width digits, separators, +86) and guesses nothing else.
A message about a row never shows the phone number.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Final, NoReturn, Protocol

from attrs import evolve, frozen

from wecom_auto.errors import ConfigurationError

COLUMNS: Final = ("姓名", "手机", "门店", "类型", "留资日期", "意向车型", "保险到期")
"""Name, phone, store, kind, day of the lead, model, end of the insurance (owners only)."""
PROSPECT: Final = "潜客"
OWNER: Final = "车主"

_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_LONG_DIGITS: Final = re.compile(r"\d{5,}")


@frozen(kw_only=True)
class Lead:
    """A person who left their details."""

    line: int
    name: str
    phone: str
    store: str
    kind: str
    left_on: date
    model: str
    insurance_ends: date | None = None
    repaired: tuple[str, ...] = ()
    """What was written in an unusual way and could be read all the same."""

    def __repr__(self) -> str:
        return f"Lead(line={self.line}, store={self.store!r}, kind={self.kind!r})"


@frozen(kw_only=True)
class Refused:
    """A row that cannot be used."""

    line: int
    reason: str
    """A code such as ``missing_phone``."""
    detail: str
    """For the person who has to correct the list; without phone numbers."""


@frozen(kw_only=True)
class LeadList:
    """The outcome of reading a list: ``rows == len(accepted) + len(refused)``, always."""

    rows: int
    accepted: tuple[Lead, ...]
    refused: tuple[Refused, ...]


class _UnusableError(Exception):
    """A row has to be refused."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Reader(Protocol):
    """What `csv.reader` returns."""

    @property
    def line_num(self) -> int:
        """Lines read so far."""
        ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def read_leads(raw: bytes | str, stores: Collection[str], *, most: int | None = None) -> LeadList:
    """Read a CSV file.

    Args:
        raw: The file, decoded or not: UTF-8 with or without a byte-order mark, or GBK as Excel writes it.
        stores: Names of the stores that exist.
        most: Read only so many rows.

    Raises:
        ConfigurationError: this is no lead list: it cannot be decoded, or a column is missing.
    """
    reader = csv.reader(io.StringIO(raw if isinstance(raw, str) else decode(raw), newline=""))
    try:
        return _read_table(reader, stores, most)
    except csv.Error as error:
        msg = f"line {reader.line_num}: {error}; is this a CSV file?"
        raise ConfigurationError(msg) from error


def _read_table(reader: Reader, stores: Collection[str], most: int | None) -> LeadList:
    header = [_clean(cell) for cell in next(reader, [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        msg = f"line 1: the columns {', '.join(missing)} are missing; a lead list has {', '.join(COLUMNS)}"
        raise ConfigurationError(msg)
    return _read_rows(_numbered(reader, most), header, stores)


def decode(raw: bytes) -> str:
    """Decode text as Chinese offices save it.

    Raises:
        ConfigurationError: it is neither UTF-8 nor GBK.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    msg = "the lead list is neither UTF-8 nor GBK; save it as CSV UTF-8"
    raise ConfigurationError(msg)


def _numbered(reader: Reader, most: int | None) -> Iterator[tuple[int, list[str]]]:
    """Give each row the line on which it begins: a cell may hold line breaks, and people look for the line."""
    begins = reader.line_num + 1
    for number, row in enumerate(reader):
        if most is not None and number >= most:
            return
        yield begins, row
        begins = reader.line_num + 1


def _read_rows(rows: Iterator[tuple[int, list[str]]], header: Sequence[str], stores: Collection[str]) -> LeadList:
    accepted: list[Lead] = []
    refused: list[Refused] = []
    known: dict[str, int] = {}
    count = 0
    for line, row in rows:
        count += 1
        try:
            lead = _read_row(line, row, header, stores)
            if lead.phone in known:
                _refuse("duplicate", f"the same phone as line {known[lead.phone]}")
        except _UnusableError as error:
            refused.append(Refused(line=line, reason=error.reason, detail=error.detail))
            continue
        known[lead.phone] = line
        accepted.append(lead)
    return LeadList(rows=count, accepted=tuple(accepted), refused=tuple(refused))


def _read_row(line: int, row: Sequence[str], header: Sequence[str], stores: Collection[str]) -> Lead:
    if not any(cell.strip() for cell in row):
        _refuse("blank", "the row is empty")
    swallowed = sum(cell.count("\n") for cell in row)
    if swallowed:
        _refuse("open_quote", f"a quotation mark is not closed on its line; it swallowed {swallowed} lines after it")
    if len(row) != len(header):
        _refuse("wrong_columns", f"{len(row)} cells where the header has {len(header)}")
    cells = dict(zip(header, row, strict=True))
    store, kind = _clean(cells["门店"]), _clean(cells["类型"]) or PROSPECT
    phone = _phone(cells["手机"])
    if store not in stores:
        _refuse("unknown_store", f"门店 {_shown(store)} is none of the stores" if store else "门店 is empty")
    if kind not in {PROSPECT, OWNER}:
        _refuse("unknown_kind", f"类型 {_shown(kind)} is neither {PROSPECT} nor {OWNER}")
    left_on = _day(cells["留资日期"], "留资日期")
    if left_on is None:
        _refuse("bad_date", "留资日期 is empty")
    lead = Lead(
        line=line,
        name=_clean(cells["姓名"]),
        phone=phone,
        store=store,
        kind=kind,
        left_on=left_on,
        model=_clean(cells["意向车型"]),
        insurance_ends=_day(cells["保险到期"], "保险到期"),
    )
    return evolve(lead, repaired=_repairs(cells, lead))


def _refuse(reason: str, detail: str) -> NoReturn:
    raise _UnusableError(reason, detail)


def _phone(written: str) -> str:
    digits = re.sub(r"[\s\-().]", "", _clean(written))
    digits = re.sub(r"^(\+|00)?86(?=1)", "", digits)
    if not digits:
        _refuse("missing_phone", "手机 is empty")
    if not _MOBILE.fullmatch(digits):
        _refuse(
            "bad_phone", f"手机 is no mobile number, which has 11 digits and begins with 13 to 19 ({len(digits)} given)"
        )
    return digits


def _day(written: str, column: str) -> date | None:
    text = _clean(written)
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat(text)
    except ValueError:
        _refuse("bad_date", f"{column} {_shown(text)} is no day of the calendar; write 2026-03-02")


def _clean(cell: str) -> str:
    """Full-width digits and letters become plain ones; spaces at the ends go."""
    return unicodedata.normalize("NFKC", cell).strip()


def _shown(text: str) -> str:
    """Quote what was written, shortened, and with long numbers hidden: a phone may stand in the wrong column."""
    short = text if len(text) <= 20 else f"{text[:20]}…"  # noqa: PLR2004 - enough to recognise it
    return f"“{_LONG_DIGITS.sub('***', short)}”"


def _repairs(cells: dict[str, str], lead: Lead) -> tuple[str, ...]:
    found: list[str] = []
    if unicodedata.normalize("NFKC", cells["手机"]) != cells["手机"]:
        found.append("full_width_digits")
    elif cells["手机"].strip() != lead.phone:
        found.append("phone_separators")
    if any(_clean(cells[name]) not in {"", str(day)} for name, day in _days(lead)):
        found.append("date_form")
    return tuple(found)


def _days(lead: Lead) -> tuple[tuple[str, date | None], ...]:
    return (("留资日期", lead.left_on), ("保险到期", lead.insurance_ends))
