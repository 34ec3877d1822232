"""Read a phone, a day or a text out of a cell, or say why not. Repairs what has one meaning only; guesses nothing."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from wecom_auto._redact import redact
from wecom_auto._time import CHINA
from wecom_auto.automotive.sheets import Cell, Formula, text_of

_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
MOBILES: Final = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_SCIENTIFIC: Final = re.compile(r"(\d(?:\.\d+)?)[eE]\+?(\d{1,2})")
_WHOLE: Final = re.compile(r"(\d+)\.0+")
_SEPARATORS: Final = re.compile(r"[\s\-().'‐‑–—·]")
_COUNTRY: Final = re.compile(r"^(?:\+|00)?86(?=1)")
_STARS: Final = re.compile(r"[*＊xX●•]{2,}")
_DIGITS_OF_A_PHONE: Final = 11

_DAY: Final = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]*(上午|下午|AM|PM|am|pm)?\s*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?)?分?\s*(AM|PM|am|pm)?)?"
)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_DAY_LAST: Final = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?:\s.*)?")
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d+)?")
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of Excel, which knows no zones
_SERIALS: Final = (20_000, 80_000)
"""Days of Excel from 1954 to 2119."""
_UNIX: Final = (946_684_800, 4_102_444_800)
"""Seconds from 2000 to 2100."""
_MILLISECONDS: Final = 1000
_NOON: Final = 12
_SHOWN: Final = 20
_LONG_DIGITS: Final = re.compile(r"\d{5,}")


class UnreadableError(Exception):
    """A cell cannot be used.

    Attributes:
        reason: A code such as ``bad_phone``.
        detail: What to do, for the person who corrects the table; shows nothing personal.
    """

    def __init__(self, detail: str, *, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_text(cell: Cell) -> str:
    """Read a text.

    Raises:
        UnreadableError: ``formula``: it is one without a result.
    """
    if isinstance(cell, Formula) and cell.result is None:
        msg = "a formula, which is never calculated here; put its value into the cell"
        raise UnreadableError(msg, reason="formula")
    return text_of(cell)


def read_phone(cell: Cell) -> str:
    """Read a mainland mobile number (手机号) in any of the ways people write it.

    Full-width digits, spaces, dashes, brackets and +86 go; a number that a spreadsheet has turned into 1.38…E10 is read
    if it has kept all of its digits.

    Args:
        cell: What stands in the table.

    Returns:
        11 digits; empty if the cell is.

    Raises:
        UnreadableError: ``bad_phone``, ``masked_phone``, ``phone_precision``, ``two_phones``, ``formula``.
    """
    text = read_text(cell)
    if not text:
        return ""
    if found := _WHOLE.fullmatch(text):
        text = found[1]
    if found := _SCIENTIFIC.fullmatch(text):
        text = _unfolded(found[1], int(found[2]))
    digits = _COUNTRY.sub("", _SEPARATORS.sub("", text))
    if _MOBILE.fullmatch(digits):
        return digits
    if _STARS.search(text):
        msg = "digits are hidden; ask the sender for the whole number"
        raise UnreadableError(msg, reason="masked_phone")
    if len(set(MOBILES.findall(text))) > 1:
        msg = "two numbers in one cell; keep the first, put the other one into a remark"
        raise UnreadableError(msg, reason="two_phones")
    count = sum(one.isdigit() for one in digits)
    msg = f"no mobile number, which has {_DIGITS_OF_A_PHONE} digits and begins with 13 to 19 ({count} digits given)"
    raise UnreadableError(msg, reason="bad_phone")


def _unfolded(mantissa: str, exponent: int) -> str:
    """The digits of 1.3812345678E10, if all of them are there."""
    if len(mantissa.replace(".", "")) < _DIGITS_OF_A_PHONE:
        msg = "the spreadsheet has cut digits off; format the column as text and enter the number again"
        raise UnreadableError(msg, reason="phone_precision")
    try:
        value = Decimal(mantissa).scaleb(exponent)
    except InvalidOperation:
        return mantissa
    return str(int(value)) if value == value.to_integral_value() else mantissa


def read_moment(cell: Cell) -> datetime | None:
    """Read a day, with or without a time, in Shanghai; see `read_day`."""
    if isinstance(cell, Formula):
        return read_moment(cell.result) if cell.result is not None else read_moment(read_text(cell))
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=CHINA)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), CHINA)
    text = read_text(cell)
    if not text:
        return None
    try:
        return _moment(text)
    except (ValueError, OverflowError):
        msg = f"{shown(text)} is no day of the calendar; write 2026-03-02"
        raise UnreadableError(msg, reason="bad_date") from None


def read_day(cell: Cell) -> date | None:
    """Read a day: 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日, 20260301, or what Excel counts from 1899.

    Args:
        cell: What stands in the table; a time after the day is read and dropped.

    Returns:
        The day in Shanghai; None if the cell is empty.

    Raises:
        UnreadableError: ``bad_date``; ``ambiguous_date`` for 3/1/2026, which is March or January; ``formula``.
    """
    moment = read_moment(cell)
    return moment.astimezone(CHINA).date() if moment else None


def _moment(text: str) -> datetime:
    if found := _DAY.fullmatch(text):
        year, month, day, before, hour, minute, second, after = found.groups()
        clock = time(*_clock(hour, minute, second, before or after or ""))
        return datetime.combine(date(int(year), int(month), int(day)), clock, CHINA)
    if found := _COMPACT.fullmatch(text):
        year, month, day, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return datetime.combine(date(year, month, day), time(hours, minutes, seconds), CHINA)
    if _DAY_LAST.fullmatch(text):
        msg = f"{shown(text)} may be the third of January or the first of March; write 2026-03-01"
        raise UnreadableError(msg, reason="ambiguous_date")
    return _counted(text)


def _counted(text: str) -> datetime:
    """A day as a number: Excel's, or unix seconds or milliseconds; else ISO 8601 with a zone."""
    if _SERIAL.fullmatch(text):
        serial = float(text)
        if not _SERIALS[0] <= serial < _SERIALS[1]:
            raise ValueError(text)
        moment = _EPOCH + timedelta(seconds=round(serial * 86_400))
        return moment.replace(tzinfo=CHINA)
    if text.isascii() and text.isdigit():
        seconds = int(text) if int(text) < _UNIX[1] else int(text) // _MILLISECONDS
        if _UNIX[0] <= seconds < _UNIX[1]:
            return datetime.fromtimestamp(seconds, UTC)
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _clock(hour: str | None, minute: str | None, second: str | None, half: str) -> tuple[int, int, int]:
    hours = int(hour or 0)
    if half in {"下午", "PM", "pm"} and hours < _NOON:
        hours += _NOON
    if half in {"上午", "AM", "am"} and hours == _NOON:
        hours = 0
    return hours, int(minute or 0), int(second or 0)


def shown(text: str) -> str:
    """Quote what was written, shortened, and with long numbers hidden: a phone may stand in the wrong column."""
    hidden = _LONG_DIGITS.sub("***", redact(text))
    return f"“{hidden if len(hidden) <= _SHOWN else hidden[:_SHOWN] + '…'}”"


def masked(text: str) -> str:
    """What is left of a personal value in a report: the first and the last sign, so that the person finds the row."""
    return "" if not text else f"{text[0]}***{text[-1]}" if len(text) > 1 else "*"
