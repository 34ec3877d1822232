"""A store from before the task desk keeps its open tasks, and they come due as before."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.stores import KINDS, empty_database

from wecom_auto.sop import TaskStatus
from wecom_auto.sop.tasks import TaskDesk
from wecom_auto.store import UtcDateTime, migrate, open_store

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DUE = NOW + timedelta(days=2)
RUN = {"id": 1, "corp_id": "ww1", "sop": "one", "version": 1, "external_userid": "wm1", "userid": "zhang"}
RUN |= {"occurrence": "x", "anchor_at": NOW, "enrolled_at": NOW, "arm_seed": "s", "run": 1, "state": 0, "goal": False}
TOUCH = {"id": 1, "corp_id": "ww1", "enrolment_id": 1, "run": 1, "step": "call", "external_userid": "wm1"}
TOUCH |= {"userid": "zhang", "kind": "staff_task", "state": "open", "due_at": NOW, "check_at": DUE}
TOUCH |= {"attempts": 0, "reason": "requested", "arm": ""}
TASK = {"corp_id": "ww1", "touch_id": 1, "assignee": "zhang", "external_userid": "wm1", "title": "电话续保"}
TASK |= {"deadline_at": DUE, "state": "open", "evidence": "", "created_at": NOW}


def put(connection, name, row):
    """Insert a row into a table of the old schema, which the code does not describe any more."""
    columns = [sa.column(key, UtcDateTime() if isinstance(row[key], datetime) else None) for key in row]
    connection.execute(sa.insert(sa.table(name, *columns)).values(row))


@pytest.fixture(params=KINDS)
def engine(request, tmp_path):
    """A store of each kind, as it was before the desk."""
    with empty_database(request.param, tmp_path) as url:
        engine = open_store(url, migrate=False)
        migrate(engine, "0010")
        yield engine
        engine.dispose()


def test_open_tasks_survive_the_upgrade(engine):
    """An open task keeps its number, assignee and deadline, and the desk looks at it then; its touch waits for it."""
    with engine.begin() as connection:
        for name, row in (("sop_enrolments", RUN), ("sop_touches", TOUCH), ("sop_staff_tasks", TASK)):
            put(connection, name, row)
    migrate(engine)
    (task,) = TaskDesk(engine, "ww1").open().tasks
    assert (task.assignee, task.member, task.title, task.state) == ("zhang", "zhang", "电话续保", TaskStatus.OPEN)
    assert (task.deadline_at, task.check_at) == (NOW + timedelta(days=2), NOW + timedelta(days=2))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT check_at FROM sop_touches")) is None
