"""Count the runs that are pinned to a version of a definition, by what comes next for them. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.sop.definition import Definition

_AT_ONCE = 500


def corp_of(connection: Connection, sop: str, corp_id: str = "") -> str:
    """The corp that has published a SOP.

    Raises:
        ConfigurationError: None has, or several have and nobody said which.
    """
    d = t.definitions.c
    query = sa.select(d.corp_id).where(d.sop == sop, *([d.corp_id == corp_id] if corp_id else [])).distinct()
    found: list[str] = sorted(connection.scalars(query))
    if len(found) != 1:
        which = f"is published by {', '.join(found)}; say which corp" if found else "is not published in this store"
        msg = f"{sop!r} {which}"
        raise ConfigurationError(msg)
    return found[0]


def next_steps(connection: Connection, corp_id: str, definition: Definition) -> tuple[tuple[str, int], ...]:
    """How many active runs of a version have which step before them, in the order of their times.

    Args:
        connection: Runs are read a few hundred at a time, so that millions need little memory.
        corp_id: The corp.
        definition: The version, as it was published.

    Returns:
        `(step id, runs)`; the empty id counts runs with no step to come. Steps before nobody are left out.

    Raises:
        ConfigurationError: The store has this version with other content.
    """
    _check(connection, corp_id, definition)
    order = [step.id for step in sorted(definition.steps, key=lambda step: step.at.approximate)]
    counts = dict.fromkeys([*order, ""], 0)
    for done in _decided(connection, corp_id, definition):
        counts[next((step for step in order if step not in done), "")] += 1
    return tuple((step, count) for step, count in counts.items() if count)


def _decided(connection: Connection, corp_id: str, definition: Definition) -> Iterator[set[str]]:
    """The steps that were decided, run by run."""
    e, touched, last = t.enrolments.c, t.touches.c, 0
    mine = (e.corp_id == corp_id, e.sop == definition.sop, e.version == definition.version, _work.ACTIVE)
    while True:
        page = sa.select(e.id).where(*mine, e.id > last).order_by(e.id).limit(_AT_ONCE)
        ids = list(connection.scalars(page))
        if not ids:
            return
        last = ids[-1]
        found: dict[int, set[str]] = {run: set() for run in ids}
        for row in connection.execute(
            sa.select(touched.enrolment_id, touched.step).where(touched.enrolment_id.in_(ids))
        ):
            found[row.enrolment_id].add(row.step)
        yield from found.values()


def _check(connection: Connection, corp_id: str, definition: Definition) -> None:
    d = t.definitions.c
    mine = (d.corp_id == corp_id, d.sop == definition.sop, d.version == definition.version)
    digest = connection.scalar(sa.select(d.digest).where(*mine))
    if digest != definition.digest:
        has = "does not have" if digest is None else "has other content for"
        msg = f"the store {has} {definition.sop!r} version {definition.version}: give the file that was published"
        raise ConfigurationError(msg)
