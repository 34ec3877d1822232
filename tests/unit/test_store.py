from __future__ import annotations

import logging
import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, StatementError
from tests.stores import KINDS, empty_database

import wecom_auto.archive._tables
import wecom_auto.automotive.channels._tables
import wecom_auto.automotive.content._tables
import wecom_auto.automotive.fleet._tables
import wecom_auto.automotive.groups._tables
import wecom_auto.automotive.leads._tables
import wecom_auto.automotive.lifecycle._tables
import wecom_auto.automotive.owners._tables
import wecom_auto.automotive.tagplan._tables
import wecom_auto.automotive.watch._tables
import wecom_auto.inbox._tables
import wecom_auto.sop._rows._tables  # noqa: F401  # Every layer's tables belong to the one schema.
from wecom_auto.directory._tables import events
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.store import (
    JsonValue,
    UtcDateTime,
    insert_new,
    insert_once,
    metadata,
    migrate,
    migration_config,
    open_store,
    transaction,
    upsert,
)

SHANGHAI = timezone(timedelta(hours=8))
PRIVATE = sa.MetaData()
THINGS = sa.Table(
    "things",
    PRIVATE,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("at", UtcDateTime),
    sa.Column("value", JsonValue),
    mysql_charset="utf8mb4",
)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Name an empty database, on each kind of server in turn."""
    with empty_database(request.param, tmp_path) as fresh:
        yield fresh


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Open it, with one more table to play with."""
    engine = open_store(url)
    PRIVATE.create_all(engine)
    yield engine
    engine.dispose()


def _migrate_in_process(url: str, start: object, problems: object) -> None:
    start.wait()
    try:
        open_store(url).dispose()
    except Exception as error:  # noqa: BLE001  # Whatever it is, the parent must see it.
        problems.put(repr(error))


def _put(engine: Engine, **row: object) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.insert(THINGS).values(row))


def _get(engine: Engine, key: str) -> sa.Row:
    with engine.connect() as connection:
        return connection.execute(sa.select(THINGS).where(THINGS.c.id == key)).one()


def test_migrated_schema_equals_tables(engine):
    """The shipped history makes exactly the tables that the code describes."""
    PRIVATE.drop_all(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "wecom_alembic_version"})
        assert compare_metadata(context, metadata) == []


def test_downgrade_leaves_nothing(engine):
    """Taking the first revision back leaves an empty database, so no table was forgotten."""
    PRIVATE.drop_all(engine)
    with engine.begin() as connection:
        command.downgrade(migration_config(connection), "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"wecom_alembic_version"}


def test_migrating_twice_is_harmless(engine):
    """A second upgrade finds nothing to do and keeps the rows."""
    _put(engine, id="a", at=None, value=1)
    migrate(engine)
    assert _get(engine, "a").value == 1


def test_two_processes_may_migrate_together(url):
    """Processes that start at the same moment both end with a working schema."""
    context = multiprocessing.get_context("spawn")
    start, problems = context.Barrier(3), context.Queue()
    workers = [context.Process(target=_migrate_in_process, args=(url, start, problems)) for _ in range(2)]
    for worker in workers:
        worker.start()
    start.wait()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [problems.get() for _ in range(problems.qsize())] == []
    engine = open_store(url, migrate=False)
    assert sa.inspect(engine).has_table("directory_customers")
    engine.dispose()


def test_history_is_one_line():
    """There is one newest revision, so that `head` is never ambiguous."""
    assert len(ScriptDirectory.from_config(migration_config()).get_heads()) == 1


def test_time_comes_back_as_the_same_instant(engine):
    """A time in Shanghai is read back as the same instant in UTC, to the microsecond."""
    moment = datetime(2026, 3, 1, 10, 0, 0, 123456, SHANGHAI)
    _put(engine, id="a", at=moment, value=None)
    read = _get(engine, "a").at
    assert read == moment
    assert read.tzinfo is UTC
    assert read.microsecond == 123456


def test_time_is_ordered_and_compared_in_utc(engine):
    """Times of different zones compare by instant, not by wall clock."""
    _put(engine, id="early", at=datetime(2026, 3, 1, 10, tzinfo=SHANGHAI), value=None)
    _put(engine, id="late", at=datetime(2026, 3, 1, 3, tzinfo=UTC), value=None)
    query = sa.select(THINGS.c.id).where(THINGS.c.at > datetime(2026, 3, 1, 2, 30, tzinfo=UTC))
    with engine.connect() as connection:
        assert connection.scalars(query).all() == ["late"]


def test_naive_time_is_refused(engine):
    """A time without a zone never reaches the database, and the error says what to pass."""
    with pytest.raises(StatementError) as caught:
        _put(engine, id="a", at=datetime(2026, 3, 1), value=None)  # noqa: DTZ001  # The point of the test.
    assert isinstance(caught.value.orig, ValidationError)
    assert "tzinfo" in str(caught.value.orig)


def test_identifiers_keep_their_case():
    """Two identifiers that differ in case only are two rows on every database that we create."""
    for table in metadata.sorted_tables:
        assert table.kwargs["mysql_collate"] == "utf8mb4_bin"
        assert table.kwargs["mariadb_collate"] == "utf8mb4_bin"


def test_directory_keys_are_case_sensitive(engine):
    """WmAbc and wmabc are two customers, also where the server's default collation says otherwise."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [{"corp_id": "ww", "external_userid": one, "name": "x", "at": at} for one in ("wmAbc", "wmabc")]
    with transaction(engine) as connection:
        insert_new(connection, events, rows)
        assert connection.scalar(sa.select(sa.func.count()).select_from(events)) == 2


def test_insert_new_leaves_old_rows_alone(engine):
    """Of several rows the new ones are inserted and the others keep their values."""
    with transaction(engine) as connection:
        insert_new(connection, THINGS, [{"id": "a", "value": 1}])
        insert_new(connection, THINGS, [{"id": "a", "value": 2}, {"id": "b", "value": 3}])
    assert (_get(engine, "a").value, _get(engine, "b").value) == (1, 3)


def test_insert_once_tells_who_was_first(engine):
    """The second insert of a key changes nothing and says so, and the transaction goes on."""
    with transaction(engine) as connection:
        first = insert_once(connection, THINGS, {"id": "a", "value": 1})
        second = insert_once(connection, THINGS, {"id": "a", "value": 2})
        insert_new(connection, THINGS, [{"id": "b", "value": 3}])
    assert (first, second) == (True, False)
    assert (_get(engine, "a").value, _get(engine, "b").value) == (1, 3)


@pytest.mark.parametrize("insert", [lambda c, r: insert_new(c, THINGS, [r]), lambda c, r: insert_once(c, THINGS, r)])
def test_inserts_do_not_swallow_bad_values(engine, insert):
    """A value that does not fit is an error, not a row that is silently left out."""
    with pytest.raises((IntegrityError, StatementError)), transaction(engine) as connection:
        insert(connection, {"id": None, "value": 1})


def test_upsert_of_an_older_row_changes_nothing(engine):
    """With a column that tells the age the younger row stays, whichever comes later; of two of one age the later."""
    news = [("a", 5, "young"), ("a", 3, "old"), ("b", 1, "first"), ("b", 1, "second")]
    with transaction(engine) as connection:
        for id_, day, value in news:
            row = {"id": id_, "at": datetime(2026, 3, day, tzinfo=UTC), "value": value}
            upsert(connection, THINGS, [row], newer="at")
    found = {id_: _get(engine, id_) for id_ in "ab"}
    assert {id_: (row.value, row.at.day) for id_, row in found.items()} == {"a": ("young", 5), "b": ("second", 1)}


def test_upsert_overwrites(engine):
    """A row that exists gets the new values, the others are made."""
    with transaction(engine) as connection:
        upsert(connection, THINGS, [{"id": "a", "value": 1}])
        upsert(connection, THINGS, [{"id": "a", "value": 2}, {"id": "b", "value": 3}])
    assert (_get(engine, "a").value, _get(engine, "b").value) == (2, 3)


def test_no_rows_is_no_statement(engine):
    """Empty lists are accepted, so that callers need no special case."""
    with transaction(engine) as connection:
        insert_new(connection, THINGS, [])
        upsert(connection, THINGS, [])
        assert connection.execute(sa.select(THINGS)).all() == []


def _insert_and_fail(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.insert(THINGS).values(id="a"))
        raise RuntimeError


def test_failed_transaction_leaves_nothing(engine):
    """An exception takes everything back."""
    with pytest.raises(RuntimeError):
        _insert_and_fail(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.select(THINGS)).all() == []


def test_values_reach_neither_log_nor_exception(engine, caplog):
    """A bound value may be a phone number: it is hidden even at DEBUG and in errors."""
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine")
    _put(engine, id="13800138000", at=None, value=None)
    with pytest.raises(IntegrityError) as caught:
        _put(engine, id="13800138000", at=None, value=None)
    assert "13800138000" not in caplog.text
    assert "[SQL parameters hidden" in str(caught.value)


def test_sqlite_survives_a_power_cut(tmp_path):
    """SQLite runs with a write-ahead log that is flushed at every commit."""
    engine = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_sqlite_transaction_locks_from_its_start(tmp_path):
    """A transaction that only reads so far already keeps writers out, so it cannot fail later for being late."""
    path = tmp_path / "a.db"
    engine = open_store(f"sqlite:///{path}")
    other = sqlite3.connect(path, timeout=0)
    with transaction(engine), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    engine.dispose()


def test_memory_database_is_shared_by_threads():
    """A database in memory is one database, whichever thread looks at it."""
    engine = open_store("sqlite://")
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(sa.inspect(engine).has_table("sop_touches")))
    thread.start()
    thread.join()
    assert found == [True]
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("not a url", "sqlite:///"),
        ("oracle://host/db", "oracle"),
        ("postgresql+nodriver://me:secret@host/db", "wecom-auto[postgres]"),
    ],
)
def test_bad_url_says_what_to_do(url, told):
    """A URL that cannot work is refused with the remedy, and without echoing a password."""
    with pytest.raises(ConfigurationError) as caught:
        open_store(url)
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)
