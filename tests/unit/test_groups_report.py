"""The report of groups that need a human today, over the sample corp and over thousands of groups."""

from __future__ import annotations

import csv
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from tests.stores import KINDS, fresh_database
from tests.unit import _group_sample as sample

from wecom_auto.automotive.groups import Action, GroupDesk, GroupPolicy
from wecom_auto.cli import main
from wecom_auto.directory import Directory
from wecom_auto.sop.tasks import TaskDesk
from wecom_auto.store import open_store

NOW = datetime.now(UTC).replace(microsecond=0)
SMALL = sample.Shape(customers=4_000)


def desk_of(engine: Engine) -> GroupDesk:
    """A desk on the sample corp."""
    policy = GroupPolicy.preset("automotive", lost_after=timedelta(days=90))
    return GroupDesk(engine, Directory(engine, sample.CORP), policy, tasks=TaskDesk(engine, sample.CORP))


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with the sample corp."""
    found = f"sqlite:///{tmp_path / 'store.db'}"
    engine = open_store(found)
    sample.write(engine, SMALL, NOW)
    engine.dispose()
    return found


@pytest.fixture
def desk(url: str) -> Iterator[GroupDesk]:
    """A desk on the sample corp."""
    engine = open_store(url)
    yield desk_of(engine)
    engine.dispose()


def test_only_groups_that_need_somebody_are_listed(desk: GroupDesk) -> None:
    """Of 240 groups 27 need a human: 8 crowded, 15 with buyers, 4 whose owner has left; service groups never."""
    report = desk.report(NOW)
    reasons = Counter(reason for one in report.rows for reason in one.reasons)
    assert reasons == {"nearly_full": 8, "buyers": 15, "no_heir": 4}
    assert (report.groups, report.others, report.buyers, report.crowded) == (200, 40, 15, 8)
    assert 0 < report.contamination < 0.01
    assert report.rows[0].reasons[0] == "buyers"


def test_plan_of_the_sample_keeps_its_promises(desk: GroupDesk) -> None:
    """The plan lets the buyers leave, invites no buyer, and fills no group above 200."""
    plan = desk.plan(NOW)
    assert len([one for one in plan.of(Action.LEAVE) if one.reason == "buyer"]) == 15
    assert len(plan.of(Action.ALARM)) == 15
    sizes = {one.chat_id: one.size for one in desk.groups(NOW)}
    invited = Counter(one.chat_id for one in plan.of(Action.INVITE))
    assert invited
    assert all(sizes[chat_id] + count <= 200 for chat_id, count in invited.items())
    assert desk.plan(NOW) == plan


def test_report_leaves_as_csv_html_and_json(desk: GroupDesk) -> None:
    """All three say the same groups; a name that a spreadsheet would calculate is harmless, and HTML is escaped."""
    worst = desk.report(NOW).rows[0].group.chat_id
    desk.directory.set_attribute(worst, "store", "=1+1<b>")
    report = desk.report(NOW)
    rows = list(csv.reader(io.StringIO(report.to_csv())))
    assert len(rows) == len(report.rows) + 1
    assert rows[1][3] == "'=1+1<b>"
    assert "&lt;b&gt;" in report.to_html()
    assert json.loads(report.to_json())["buyers"] == 15


@pytest.mark.parametrize("kind", KINDS)
def test_report_is_the_same_on_every_database(kind: str, tmp_path: Path) -> None:
    """The queries count the same everywhere."""
    with fresh_database(kind, tmp_path) as url:
        engine = open_store(url)
        sample.write(engine, sample.Shape(customers=1_000, each=5, crowded=1), NOW)
        desk = desk_of(engine)
        assert [one.reasons for one in desk.report(NOW).rows].count(("buyers",)) == 15
        assert len(desk.plan(NOW).of(Action.ALARM)) == 15
        engine.dispose()


@pytest.mark.slow
def test_four_thousand_groups_are_reported_in_seconds(tmp_path: Path) -> None:
    """A report over 4,000 groups with 72,000 members, and a plan for 100,000 customers, take seconds, not minutes."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    shape = sample.Shape(prospect=2_500, test_drive=1_000, lost=300, service=200, customers=100_000)
    sample.write(engine, shape, NOW)
    desk, began = desk_of(engine), time.process_time()
    report = desk.report(NOW)
    reported = time.process_time()
    plan = desk.plan(NOW)
    planned = time.process_time()
    engine.dispose()
    assert len(plan.decisions) > 100_000
    assert len(report.rows) == 27
    assert reported - began < 10
    assert planned - reported < 60


def test_command_lists_the_groups(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the table, exits with 1 because groups need somebody, and knows the only corp by itself."""
    assert main(["groups", "report", "--store", url]) == 1
    assert "200 个群，27 个需人工处理" in capsys.readouterr().out
    assert main(["groups", "report", "--store", url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["crowded"] == 8
    assert main(["groups", "report", "--store", url, "--html"]) == 1
    assert capsys.readouterr().out.startswith("<table")


def test_command_says_that_nothing_was_synced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A store without groups is a mistake of the command, not a clean bill."""
    open_store(f"sqlite:///{tmp_path / 'empty.db'}").dispose()
    assert main(["groups", "report", "--store", f"sqlite:///{tmp_path / 'empty.db'}"]) == 2
    assert "sync first" in capsys.readouterr().err
