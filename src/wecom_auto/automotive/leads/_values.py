"""What goes into the lead desk: a lead as it was left, or a row that cannot be one. Holds values, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import field, frozen

from wecom_auto.automotive.sheets import Cell


@frozen(kw_only=True)
class NewLead:
    """Somebody left their details (留资): who, where, and what they want.

    At least one of `phone`, `unionid` and `external_userid` says who it is; ``repr`` shows none of them.

    Attributes:
        phone: Mobile number, 11 digits.
        unionid: In WeChat, for the apps of one open-platform account.
        external_userid: In this corp, if the lead is a contact already.
        name: How they are called.
        store: Code of the store they want or were seen at; empty if nobody knows.
        dealer: Code of the dealer.
        region: Code of the region.
        city: For routing, when no store is named.
        source: Channel (来源渠道), such as ``朋友圈广告``.
        campaign: Which activity of that channel.
        model: Model they are interested in (意向车型).
        left_at: When they left their details, aware; None if the source does not say.
        note: What they said.
        extra: Columns that have no meaning here, kept as they came.
    """

    phone: str = field(default="", repr=False)
    unionid: str = field(default="", repr=False)
    external_userid: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    store: str = ""
    dealer: str = ""
    region: str = ""
    city: str = ""
    source: str = ""
    campaign: str = ""
    model: str = ""
    left_at: datetime | None = None
    note: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(factory=dict[str, str], repr=False)


@frozen(kw_only=True)
class Problem:
    """Why a row cannot be used, for one cell of it.

    Attributes:
        column: The heading of the table; empty if it is about the whole row.
        value: What stands there, masked if it is personal.
        reason: A code such as ``bad_phone``, ``ambiguous_date``, ``unknown_store``.
        detail: What to do.
    """

    column: str
    value: str
    reason: str
    detail: str

    def __str__(self) -> str:
        place = f"{self.column}: " if self.column else ""
        return f"{place}{self.detail}"


@frozen(kw_only=True)
class LeadRow:
    """A row that is a lead.

    Attributes:
        number: Its line or row in the table.
        lead: What it says.
        repaired: What was written in an unusual way and could be read all the same.
    """

    number: int
    lead: NewLead
    repaired: tuple[str, ...] = ()


@frozen(kw_only=True)
class BadRow:
    """A row that cannot be used.

    Attributes:
        number: Its line or row in the table.
        problems: Everything that is wrong with it, at least one.
        headings: The headings of the table.
        cells: The row as it came, for the person who corrects it; not in the ``repr``.
    """

    number: int
    problems: tuple[Problem, ...]
    headings: tuple[str, ...] = field(default=(), repr=False)
    cells: tuple[Cell, ...] = field(default=(), repr=False)

    @property
    def reason(self) -> str:
        """The code of the first problem."""
        return self.problems[0].reason


@frozen(kw_only=True)
class BlankRow:
    """A row with nothing in it.

    Attributes:
        number: Its line or row in the table.
    """

    number: int


Row: TypeAlias = LeadRow | BadRow | BlankRow
"""What became of a row: every row of a table is exactly one of these."""
