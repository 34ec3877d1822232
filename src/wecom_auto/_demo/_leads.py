"""The lead list of the demonstration: the library's reader, and two columns that this story needs beside it.

A message about a row never shows the phone number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from itertools import islice
from typing import Final

from attrs import frozen

from wecom_auto.automotive.leads import BadRow, LeadReader, LeadRow, Row, UnreadableError, read_day
from wecom_auto.automotive.sheets import read_csv, text_of
from wecom_auto.errors import ConfigurationError

COLUMNS: Final = ("姓名", "手机", "门店", "类型", "留资日期", "意向车型", "保险到期")
"""Name, phone, store, kind, day of the lead, model, end of the insurance (owners only)."""
PROSPECT: Final = "潜客"
OWNER: Final = "车主"


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


def read_leads(raw: bytes | str, stores: Collection[str], *, most: int | None = None) -> LeadList:
    """Read a CSV file.

    Args:
        raw: The file, decoded or not.
        stores: Names of the stores that exist.
        most: Read only so many rows.

    Raises:
        ConfigurationError: this is no lead list: a column is missing.
    """
    _require_columns(raw)
    reader = LeadReader(stores=lambda name: name if name in stores else None, store_required=True)
    accepted: list[Lead] = []
    refused: list[Refused] = []
    known: dict[str, int] = {}
    for row in islice(reader.read(raw), most):
        try:
            lead = _lead(row)
            _refuse_known(lead, known)
        except _UnusableError as error:
            refused.append(Refused(line=row.number, reason=error.reason, detail=error.detail))
            continue
        known[lead.phone] = lead.line
        accepted.append(lead)
    return LeadList(rows=len(accepted) + len(refused), accepted=tuple(accepted), refused=tuple(refused))


def _require_columns(raw: bytes | str) -> None:
    first = next(read_csv(raw), None)
    header = [text_of(cell) for cell in first.cells] if first else []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        msg = (
            f"line 1: the columns {', '.join(missing)} are missing; a lead list has {', '.join(COLUMNS)} "
            "and is CSV in UTF-8 or GBK"
        )
        raise ConfigurationError(msg)


def _refuse_known(lead: Lead, known: Mapping[str, int]) -> None:
    if lead.phone in known:
        reason, detail = "duplicate", f"the same phone as line {known[lead.phone]}"
        raise _UnusableError(reason, detail)


def _lead(row: Row) -> Lead:
    if isinstance(row, BadRow):
        raise _UnusableError(row.reason, str(row.problems[0]))
    if not isinstance(row, LeadRow):
        reason, detail = "blank", "the row is empty"
        raise _UnusableError(reason, detail)
    new, extra = row.lead, row.lead.extra
    kind = extra.get("类型", PROSPECT)
    if kind not in {PROSPECT, OWNER}:
        reason, detail = "unknown_kind", f"类型 is neither {PROSPECT} nor {OWNER}"
        raise _UnusableError(reason, detail)
    if new.left_at is None:
        reason, detail = "bad_date", "留资日期 is empty"
        raise _UnusableError(reason, detail)
    ends = _insurance(extra.get("保险到期", ""))
    odd = ends is not None and extra["保险到期"] != str(ends) and "date_form" not in row.repaired
    return Lead(
        line=row.number,
        name=new.name,
        phone=new.phone,
        store=new.store,
        kind=kind,
        left_on=new.left_at.date(),
        model=new.model,
        insurance_ends=ends,
        repaired=(*row.repaired, *["date_form"] * odd),
    )


def _insurance(written: str) -> date | None:
    try:
        return read_day(written)
    except UnreadableError as error:
        raise _UnusableError(error.reason, f"保险到期: {error.detail}") from None
