"""`wecom-auto sop tasks`: the to-do list at the command line."""

import json
from datetime import datetime, timedelta

import pytest

from wecom_auto._time import CHINA
from wecom_auto.cli import main
from wecom_auto.sop.tasks import TaskDesk, TaskOrder
from wecom_auto.store import open_store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)


@pytest.fixture
def url(tmp_path):
    """A store with three tasks of two members."""
    found = f"sqlite:///{tmp_path / 'store.db'}"
    engine = open_store(found)
    desk = TaskDesk(engine, "ww1")
    for number, member in enumerate(("zhang", "zhang", "li")):
        order = TaskOrder(title=f"回访 {number}", kind="call", subject="wm1", assignee=member, source="leads")
        desk.create(order, key=str(number), now=NOW + timedelta(hours=number))
    engine.dispose()
    return found


def test_the_list_is_a_table(url, capsys):
    """Every open task with its deadline, the most urgent first; exit code 0 while nothing is overdue."""
    assert main(["sop", "tasks", "--store", url]) == 0
    out = capsys.readouterr().out
    assert "3 个待办" in out
    assert out.index("回访 0") < out.index("回访 2")


def test_json_is_for_programs(url, capsys):
    """One member's tasks as JSON and nothing else."""
    assert main(["sop", "tasks", "--store", url, "--assignee", "zhang", "--json", "--limit", "1"]) == 0
    (task,) = json.loads(capsys.readouterr().out)
    assert (task["title"], task["assignee"], task["deadline_at"]) == ("回访 0", "zhang", "2026-03-04T01:00:00+00:00")


def test_overdue_work_changes_the_exit_code(url, capsys):
    """A monitor learns by the exit code that something is overdue."""
    engine = open_store(url)
    TaskDesk(engine, "ww1").tick(NOW + timedelta(days=2, minutes=1))
    engine.dispose()
    assert main(["sop", "tasks", "--store", url, "--overdue", "--json"]) == 1
    assert [task["title"] for task in json.loads(capsys.readouterr().out)] == ["回访 0"]


def test_several_corps_ask_for_a_choice(url, capsys):
    """The list of two companies is never mixed."""
    engine = open_store(url)
    TaskDesk(engine, "ww2").create(TaskOrder(title="x", assignee="li"), key="x", now=NOW)
    engine.dispose()
    assert main(["sop", "tasks", "--store", url]) == 2
    assert "choose one with --corp" in capsys.readouterr().err
    assert main(["sop", "tasks", "--store", url, "--corp", "ww2", "--json"]) == 0


def test_no_store_is_one_line(tmp_path, capsys):
    """A database without tables is a mistake told in one line, without its address."""
    assert main(["sop", "tasks", "--store", f"sqlite:///{tmp_path / 'empty.db'}"]) == 2
    assert "is it a store of SOPs" in capsys.readouterr().err
