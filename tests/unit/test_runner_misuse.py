"""What callers and their data get wrong: dates without end, naive times, ended SOPs, one bad item among good ones."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.stores import KINDS, empty_database
from tests.unit._sop_stage import NINE, URL, Stage, close_stages, mass, sop

from wecom_auto.sop import _outside, _sweep
from wecom_auto.sop._states import BatchKind
from wecom_auto.store import metadata, migrate, open_store

ONE = sop("one", mass("s1", "+0d 10:00", "a"))


@pytest.fixture
def stage():
    """One corp with an empty database, at nine in the morning."""
    return Stage.open(URL)


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    """A database without tables, of every kind."""
    with empty_database(request.param, tmp_path) as found:
        yield found
        close_stages()


# What does not fit the store.


def large_definition():
    """A SOP as large as the format allows: its document is longer than a TEXT of MySQL."""
    why = "event('testdrive.booked') or " * 24 + "event('store.visited')"
    steps = [mass(f"s{number}", f"+{number}d 10:00", "a", f'if = "{why}"') for number in range(120)]
    return sop("large", "".join(steps))


def test_a_definition_of_more_than_64_kib_is_published_and_read(url):
    """A long document is one like any other, on every database."""
    definition = large_definition()
    assert len(definition.to_json().encode()) > 1 << 16
    stage = Stage.open(url)
    stage.member("zhang", 1)
    stage.publish(definition)
    with stage.directory.engine.connect() as connection:
        row = connection.execute(sa.select(metadata.tables["sop_definitions"])).one()
    assert row.document == definition.to_json()


def test_long_texts_of_an_older_schema_are_widened(url):
    """A database that was made before keeps its rows, and takes long texts from now on."""
    engine = open_store(url, migrate=False)
    migrate(engine, "0017")
    table = metadata.tables["sop_definitions"]
    row = {"corp_id": "c", "sop": "s", "digest": "d", "published_at": NINE}
    with engine.begin() as connection:
        connection.execute(sa.insert(table), row | {"version": 1, "document": "短"})
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(table), row | {"version": 2, "document": "长" * 100_000})
        found = connection.scalars(sa.select(table.c.document).order_by(table.c.version)).all()
    assert found == ["短", "长" * 100_000]
    engine.dispose()


def plan_of(engine, ask) -> str:
    """How SQLite answers the question that is asked about batches."""
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    statement, parameters = next(one for one in asked if "FROM sop_batches" in one[0])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return " ".join(str(row[-1]) for row in rows)


def test_a_sweep_does_not_read_every_batch_that_there_ever_was(stage):
    """Batches of a few days are found by an index on their time."""
    context = stage.runner._context
    used = plan_of(stage.directory.engine, lambda: _sweep._candidates(context, BatchKind.SINGLE, NINE, NINE))
    assert "ix_sop_batches_slot (corp_id=? AND kind=? AND slot_at>? AND slot_at<?)" in used


def test_open_batches_are_found_without_reading_the_closed_ones(stage):
    """The count of what others send asks for the oldest open batch by an index on the state."""
    engine = stage.directory.engine

    def ask():
        with engine.connect() as connection:
            _outside._doubtful_since(connection, "corp")

    assert "ix_sop_batches_state (corp_id=? AND state=?)" in plan_of(engine, ask)
