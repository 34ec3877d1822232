"""The preview of a live store: who gets what in the next days, for every run, one row after the other. Reads only.

A corp may have 100,000 rows in a month, so nothing is collected: runs are read a few hundred at a time, and CSV
and HTML are written as the rows come: by run, and by time within a run.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from wecom_auto.sop import store
from wecom_auto.sop._planning._reasons import Language
from wecom_auto.sop._rows._states import EnrolmentStatus
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop._shared._subjects import facts_of
from wecom_auto.sop.explaining import subject_of, unread
from wecom_auto.sop.preview import HEADINGS, Assumptions, PreviewRow, preview
from wecom_auto.sop.store import Enrolment
from wecom_auto.store import reading

__all__ = ["csv_lines", "forecast", "html_lines"]

_CHUNK: Final = 300
_REASON: Final = HEADINGS.index("reason")
_STYLE: Final = (
    "body{font-family:sans-serif}table{border-collapse:collapse}td,th{padding:.3em .8em;text-align:left}"
    ".skip{color:#777}.end{color:#06c}"
)


def forecast(
    context: Context, now: datetime, *, days: int, customer: str = "", assume: Assumptions | None = None
) -> Iterator[PreviewRow]:
    """Run every active run of running SOPs forward.

    Args:
        context: The corp.
        now: Aware.
        days: 1 to 1,000.
        customer: Only this one's runs.
        assume: What to take for granted.

    Yields:
        Rows, by run and by time within a run; one that says so for a run whose version only a newer release can read.
    """
    for runs in _runs(context, customer):
        with reading(context.engine) as connection:
            touched = store.touches_of(connection, [run.id for run in runs])
        definitions = {run.id: context.catalogue.readable(context.engine, run.sop, run.version) for run in runs}
        facts = facts_of(context, [run for run in runs if definitions[run.id] is not None])
        for run in runs:
            definition = definitions[run.id]
            if definition is None:
                yield unread(context, run, now)
                continue
            subject = subject_of(run, touched.get(run.id, {}), facts[run.id])
            found = preview(definition, [subject], now=now, days=days, calendar=context.calendar, assume=assume)
            yield from found.rows


def _runs(context: Context, customer: str) -> Iterator[Sequence[Enrolment]]:
    with reading(context.engine) as connection:
        ids = store.active_ids(connection, context.corp_id, customer)
    for some in store.chunked(ids, _CHUNK):
        with reading(context.engine) as connection:
            runs = store.enrolments_by_id(connection, some)
        # Those that have ended meanwhile get nothing more.
        yield [runs[one] for one in some if one in runs and runs[one].state == EnrolmentStatus.ACTIVE.value]


def csv_lines(rows: Iterable[PreviewRow]) -> Iterator[str]:
    """The rows as CSV with a heading line; reasons as codes. Cells that a spreadsheet would run start with `'`."""
    yield _csv(HEADINGS)
    for row in rows:
        cells = list(row.cells("en"))
        cells[_REASON] = row.reason
        yield _csv(f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell for cell in cells)


def _csv(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def html_lines(
    rows: Iterable[PreviewRow], title: str, assume: Assumptions, headings: Sequence[str], lang: Language = "zh"
) -> Iterator[str]:
    """The rows as one page: escaped, no script, nothing from a network."""
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in headings)
    name = html.escape(title)
    yield (
        f'<!doctype html>\n<html lang="{lang}">\n<meta charset="utf-8">\n<title>{name}</title>\n'
        f"<style>{_STYLE}</style>\n<table><caption>{name}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
    )
    for row in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row.cells(lang))
        yield f'<tr class="{row.outcome}">{cells}</tr>\n'
    foot = "; ".join(html.escape(sentence) for sentence in assume.sentences(lang))
    yield f"</tbody></table>\n<p>{foot}</p>\n</html>\n"
