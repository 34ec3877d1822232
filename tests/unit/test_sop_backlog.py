"""What a tick asks of a long backlog costs the first few rows, on every database, however much is due or sleeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from tests.stores import KINDS, fresh_database

from wecom_auto.sop import store
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.tasks import _rows
from wecom_auto.store import open_store

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
CORP = "ww1"
RUNS = 4_000
FEW = 400
"""Far less than there is: ten rows are asked for."""


@pytest.fixture(scope="module", params=KINDS)
def engine(request, tmp_path_factory) -> Iterator[sa.Engine]:
    """Four thousand due runs of a running SOP, each with a due step, one that is long over, and a due staff task."""
    with fresh_database(request.param, tmp_path_factory.mktemp("backlog")) as url:
        engine = open_store(url, migrate=False)
        fill(engine)
        yield engine
        engine.dispose()


def fill(engine: sa.Engine) -> None:
    """Write the rows as the engine would have written them."""
    sop = {"corp_id": CORP, "sop": "s", "version": 1, "state": "running", "updated_at": NOW}
    run = {"corp_id": CORP, "sop": "s", "version": 1, "userid": "zhang", "occurrence": "once", "goal": False}
    run |= {"anchor_at": NOW, "enrolled_at": NOW, "run": 1, "state": 0}
    step = {"corp_id": CORP, "run": 1, "userid": "zhang", "attempts": 0, "arm": ""}
    with engine.begin() as connection:
        connection.execute(sa.insert(t.sops), sop)
        names = [(number, f"wm{number:05}") for number in range(RUNS)]
        rows = [run | {"external_userid": name, "arm_seed": name, "wake_at": early(number)} for number, name in names]
        connection.execute(sa.insert(t.enrolments), rows)
        ids = connection.execute(sa.select(t.enrolments.c.id, t.enrolments.c.external_userid)).all()
        touches = []
        for number, (run_id, name) in enumerate(sorted(ids)):
            mine = step | {"enrolment_id": run_id, "external_userid": name, "due_at": early(number)}
            touches.append(
                mine | {"step": "b", "kind": "server", "state": "due", "check_at": early(number), "reason": ""}
            )
            touches.append(
                mine | {"step": "a", "kind": "mass", "state": "delivered", "check_at": None, "reason": "sent"}
            )
        connection.execute(sa.insert(t.touches), touches)
        made = connection.execute(sa.select(t.touches.c.id, t.touches.c.due_at).where(t.touches.c.step == "b")).all()
        task = {"corp_id": CORP, "assignee": "zhang", "external_userid": "wm", "title": "回访", "deadline_at": NOW}
        task |= {"state": "open", "evidence": "", "created_at": NOW}
        tasks = [task | {"touch_id": touch_id, "check_at": at} for touch_id, at in made]
        connection.execute(sa.insert(t.staff_tasks), tasks)
    if engine.dialect.name != "sqlite":
        analyze = (
            "ANALYZE"
            if engine.dialect.name == "postgresql"
            else "ANALYZE TABLE sop_enrolments, sop_touches, sop_staff_tasks"
        )
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(analyze).close()


def early(number: int) -> datetime:
    """Every run has its own time, all of them over."""
    return NOW - timedelta(minutes=1 + number)


def rows_read(connection: Connection, ask: Callable[[], object]) -> int:
    """How many rows the database has looked at to answer; for SQLite steps of its machine, fifty to a row."""
    if connection.dialect.name == "sqlite":
        ticks: list[None] = []
        raw = connection.connection.driver_connection
        raw.set_progress_handler(lambda: ticks.append(None), 100)
        ask()
        raw.set_progress_handler(None, 0)
        return len(ticks) * 2
    before = counted(connection)
    ask()
    return counted(connection) - before


def counted(connection: Connection) -> int:
    """All rows that this session has read so far."""
    if connection.dialect.name == "postgresql":
        query = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables"
        return int(connection.exec_driver_sql(query).scalar_one())
    rows = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
    return sum(int(row[1]) for row in rows)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda c: store.due_enrolments(c, CORP, NOW, 10), id="runs"),
        pytest.param(lambda c: store.due_enrolments(c, CORP, NOW - timedelta(days=365), 10), id="no-runs"),
        pytest.param(lambda c: store.due_touches(c, CORP, NOW, "perform", 10), id="actions"),
        pytest.param(lambda c: _rows.due(c, CORP, NOW, 10), id="tasks"),
    ],
)
def test_ten_of_four_thousand_cost_little_more_than_ten(engine, ask):
    """A backlog is worked off in chunks: whoever reads all of it for each chunk never gets through."""
    with engine.connect() as connection:
        ask(connection)
        assert rows_read(connection, lambda: ask(connection)) < FEW


@pytest.mark.parametrize("next_wake", [store.next_wake, _rows.next_wake], ids=["timetable", "tasks"])
def test_the_next_moment_is_not_looked_for_in_every_row(engine, next_wake):
    """Whoever sleeps until the next moment asks before every tick."""
    with engine.connect() as connection:
        assert next_wake(connection, CORP) == early(RUNS - 1)
        # MariaDB passes by what is over in the index, cheaply, where half of all touches are over.
        limit = RUNS + FEW if connection.dialect.name in {"mysql", "mariadb"} else FEW
        assert rows_read(connection, lambda: next_wake(connection, CORP)) < limit
