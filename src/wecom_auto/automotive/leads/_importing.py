"""Import a table: every row is counted, bad ones are reported and written out to be corrected. Gives nothing away.

A file that is imported twice, or after its bad rows were corrected, doubles nothing: rows are known by their content.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from attrs import define, evolve, field, frozen

from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._intake import Taken, take_in
from wecom_auto.automotive.leads._values import BadRow, BlankRow, LeadRow, NewLead, Row
from wecom_auto.automotive.sheets import as_written, harmless
from wecom_auto.store import repeatable, transaction

_TOGETHER: Final = 200
"""Rows of one transaction: one commit costs more than a hundred rows."""
_MOST_KEPT: Final = 1000
"""Bad rows that a report holds; the file of bad rows has all of them."""
OURS: Final = ("行号", "问题列", "原因")
"""Columns of the file of bad rows in front of the sender's own; an import of the corrected file ignores them."""


@frozen(kw_only=True)
class ImportReport:
    """What an import has done: ``rows == new + merged + repeated + bad + blank``, always.

    Attributes:
        rows: Rows below the headings.
        new: People nobody knew.
        merged: Inquiries of people who were known.
        repeated: Rows that were there before.
        bad: Rows that cannot be used.
        blank: Rows with nothing in them.
        repaired: What was written in an unusual way and could be read, by kind.
        reasons: Bad rows by the reason of their first problem.
        problems: The first 1,000 bad rows.
        dry_run: Nothing was stored.
    """

    rows: int
    new: int = 0
    merged: int = 0
    repeated: int = 0
    bad: int = 0
    blank: int = 0
    repaired: dict[str, int] = field(factory=dict[str, int])
    reasons: dict[str, int] = field(factory=dict[str, int])
    problems: tuple[BadRow, ...] = field(default=(), repr=False)
    dry_run: bool = False


@define
class _Count:
    """What was found so far."""

    rows: int = 0
    outcomes: Counter[str] = field(factory=Counter)
    repaired: Counter[str] = field(factory=Counter)
    reasons: Counter[str] = field(factory=Counter)
    problems: list[BadRow] = field(factory=list)

    def add(self, row: Row) -> None:
        self.rows += 1
        if isinstance(row, BadRow):
            self.outcomes["bad"] += 1
            self.reasons[row.reason] += 1
            self.problems += [row] * (len(self.problems) < _MOST_KEPT)
        elif isinstance(row, BlankRow):
            self.outcomes["blank"] += 1
        else:
            self.repaired.update(row.repaired)

    def report(self) -> ImportReport:
        found = self.outcomes
        return ImportReport(
            rows=self.rows,
            new=found["new"],
            merged=found["merged"],
            repeated=found["repeated"],
            bad=found["bad"],
            blank=found["blank"],
            repaired=dict(sorted(self.repaired.items())),
            reasons=dict(self.reasons.most_common()),
            problems=tuple(self.problems),
        )


def bring(
    desk: Desk,
    rows: Iterable[Row],
    origin: str,
    *,
    dry_run: bool,
    errors: Path | None,
    progress: Callable[[int], object],
) -> ImportReport:
    """Take rows in, a few hundred in each transaction."""
    if dry_run:
        return _tried(desk, rows, origin, errors, progress)
    count, book = _Count(), _BadBook(errors)
    try:
        for batch in _batches(rows):
            taken = _store(desk, [row.lead for row in batch if isinstance(row, LeadRow)], origin)
            _tally(count, book, batch, taken)
            progress(count.rows)
    finally:
        book.close()
    return count.report()


@repeatable
def _store(desk: Desk, leads: list[NewLead], origin: str) -> list[Taken]:
    now = desk.now()
    with transaction(desk.engine) as connection:
        return [take_in(connection, desk, lead, origin, now) for lead in leads]


def _tried(
    desk: Desk, rows: Iterable[Row], origin: str, errors: Path | None, progress: Callable[[int], object]
) -> ImportReport:
    """One transaction that is rolled back, so that the second row of a person counts as merged here too."""
    count, book, now = _Count(), _BadBook(errors), desk.now()
    try:
        with desk.engine.connect() as connection, connection.begin() as never:
            for batch in _batches(rows):
                leads = [row.lead for row in batch if isinstance(row, LeadRow)]
                _tally(count, book, batch, [take_in(connection, desk, lead, origin, now) for lead in leads])
                progress(count.rows)
            never.rollback()
    finally:
        book.close()
    return evolve(count.report(), dry_run=True)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, _TOGETHER)):
        yield batch


def _tally(count: _Count, book: _BadBook, batch: list[Row], taken: list[Taken]) -> None:
    for row in batch:
        count.add(row)
        if isinstance(row, BadRow):
            book.write(row)
    count.outcomes.update(one.outcome for one in taken)


class _BadBook:
    """The file of bad rows: as Excel opens it, with every cell as it came, except that nothing is a formula."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    def write(self, row: BadRow) -> None:
        if self._path is None:
            return
        first = self._file is None
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
        writer = csv.writer(self._file)
        if first:
            writer.writerow([*OURS, *(harmless(heading) for heading in row.headings if heading not in OURS)])
        kept = [cell for at, cell in enumerate(row.cells) if at >= len(row.headings) or row.headings[at] not in OURS]
        columns = "、".join(dict.fromkeys(one.column for one in row.problems if one.column))
        why = "; ".join(one.detail for one in row.problems)
        writer.writerow([row.number, columns, why, *(harmless(as_written(cell)) for cell in kept)])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
