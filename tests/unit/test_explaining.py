"""Why, replay and the preview of a live store: what people ask when somebody complains."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from tests.unit._sop_stage import TEN, Stage, mass, sop

from wecom_auto.cli import main
from wecom_auto.sop.forecast import csv_lines, html_lines
from wecom_auto.sop.preview import Assumptions, headings

STEPS = (
    mass("first", "+1h", "a")
    + mass("guarded", "+2h", "b", more="if = \"event('booked')\"")
    + mass("later", "+5d 10:00", "c")
)
SOON = sop("soon", STEPS, exits="[[exit]]\nwhen = \"event('signed')\"\ngoal = true\n")


@pytest.fixture
def url(tmp_path):
    """A database file, as a service has one."""
    return f"sqlite:///{tmp_path / 'wecom.db'}"


@pytest.fixture
def stage(url):
    """One customer whose first message was asked for, and whose second step was skipped."""
    stage = Stage.open(url)
    (customer,) = stage.member("zhangsan", 1)
    stage.publish(SOON)
    stage.runner.enrol("soon", customer, now=stage.now)
    stage.tick(TEN)
    stage.tick(hours=1)
    return stage


def customer_of(stage: Stage) -> str:
    """The only customer."""
    return stage.fake.customers()[0].external_userid


def test_why_tells_the_chain_with_times_and_taps(stage):
    """What happened, who has to tap, and what comes next, in Chinese."""
    lines = stage.runner.explain(customer_of(stage), stage.now).sentences()
    assert lines == (
        "soon（soon v1，zhangsan）",
        "  2026-03-02 09:00 进入流程",
        "  2026-03-02 10:00 first：已发起（群发任务或人工任务）",
        "      2026-03-02 10:00 任务发给 zhangsan，等待确认，2026-03-04 10:00 后撤回",
        "  2026-03-02 11:00 guarded：条件不成立，跳过（event('booked')）",
        "  2026-03-07 10:00 将要：mass c（到期执行）",
        "  2026-03-09 10:00 将要：end（全部步骤已处理，流程结束）",
        "本期群发 1/31 条",
    )


def test_why_tells_the_same_in_english(stage):
    """Every sentence has an English twin."""
    story = stage.runner.explain(customer_of(stage), stage.now)
    english = story.sentences("en")
    assert len(english) == len(story.sentences("zh"))
    assert "waits for the tap" in english[3]
    assert english[-1] == "mass messages of this period: 1 of 31"


def test_why_tells_who_was_reminded_and_who_was_told(stage):
    """A day later the member was nudged, and the supervisor knows."""
    stage.tick(hours=5)
    stage.tick(hours=20)
    (tap,) = stage.runner.explain(customer_of(stage), stage.now).runs[0].taps.values()
    assert tap.reminders >= 1
    assert tap.escalated_at is not None
    assert tap.confirmed_at is None


def test_why_tells_why_somebody_was_not_let_in(stage):
    """A refusal belongs to no run, and is told all the same."""
    stage.publish(sop("tagged", STEPS, where="where = \"tag('车主')\""))
    stage.runner.enrol("tagged", customer_of(stage), now=stage.now)
    (refusal,) = stage.runner.explain(customer_of(stage), stage.now).refusals
    assert refusal.reason == "entry:condition"


def test_a_stranger_is_unknown(stage):
    """Nothing is made up about somebody who was never in a SOP."""
    assert not stage.runner.explain("wm-nobody", stage.now).known


def test_a_replay_decides_the_same(stage):
    """The planner, asked today, says what it said then."""
    replay = stage.runner.replay(customer_of(stage))
    assert [(one.step, one.then, one.now) for one in replay.decisions] == [
        ("first", "requested", "asked"),
        ("guarded", "skipped:condition", "skipped:condition"),
    ]
    assert replay.same
    assert replay.assumed == ()


def test_a_replay_takes_away_what_came_later(stage):
    """An event of tomorrow does not change what was decided today."""
    stage.fake.clock.advance(timedelta(hours=1))
    for name in ("booked", "signed"):
        stage.directory.record_event(customer_of(stage), name, stage.now)
    assert stage.runner.replay(customer_of(stage)).same


def test_a_replay_says_where_it_differs_and_what_it_assumed(url):
    """A tag that is gone since then is not stored with its time: the difference names it."""
    stage = Stage.open(url)
    tag = stage.fake.add_tag("意向", "高")
    (customer,) = stage.member("zhangsan", 1)
    stage.fake.staff_marks_tag("zhangsan", customer, add=[tag])
    stage.directory.sync(stage.fake.client())
    stage.publish(sop("tagged", mass("only", "+1h", "a", more="if = \"tag('高')\"")))
    stage.runner.enrol("tagged", customer, now=stage.now)
    stage.tick(TEN)
    stage.directory.mark_tags("zhangsan", customer, remove=[tag.id])
    (difference,) = stage.runner.replay(customer).differences
    assert (difference.then, difference.now) == ("requested", "skipped:condition")
    assert difference.assumed == ("tag('高')",)
    assert "tag('高')" in difference.sentence("en")


def test_the_forecast_of_a_store_says_what_comes_next(stage):
    """Only what is still to come, from what the steps have become."""
    rows = list(stage.runner.forecast(stage.now, days=10))
    assert (rows[0].step_id, rows[0].outcome) == ("later", "do")
    assert {row.customer for row in rows} == {customer_of(stage)}


def test_the_forecast_is_written_as_it_comes(stage):
    """CSV has a heading and a line for each row; HTML is one page without a script or a link."""
    rows = list(stage.runner.forecast(stage.now, days=10))
    table = list(csv.DictReader(io.StringIO("".join(csv_lines(rows)))))
    assert len(table) == len(rows)
    assert table[0]["reason"] == "due"
    page = "".join(html_lines(rows, "<title>", Assumptions(), headings("en"), "en"))
    assert "&lt;title&gt;" in page
    assert "http" not in page
    assert page.count("<tr") == len(rows) + 1


def test_the_commands_read_a_live_store(stage, url, capsys):
    """why, replay, preview and status find the corp in the store, and leave it as it is."""
    customer = customer_of(stage)
    assert main(["sop", "why", customer, "--store", url, "--lang", "en"]) == 0
    assert "guarded" in capsys.readouterr().out
    assert main(["sop", "why", customer, "--store", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["lines"][0]["reason"] == "entered"
    assert main(["sop", "replay", customer, "--store", url]) == 0
    assert main(["sop", "preview", "--store", url, "--days", "10", "--format", "csv"]) == 0
    assert main(["sop", "why", "wm-nobody", "--store", url]) == 1


def test_status_is_a_probe(stage, url, capsys):
    """A store that nobody has ticked for long is degraded: exit code 1, and the reason is told."""
    assert main(["sop", "status", "--store", url, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["state"] == "degraded"
    assert document["status"]["unconfirmed"] == 1


def test_another_corp_is_asked_for_by_name(stage, url, capsys):
    """A corp that is not in the store is a mistake, told in one line."""
    assert main(["sop", "status", "--store", url, "--corp", "wwother"]) == 2
    assert "--corp" in capsys.readouterr().err


def test_a_database_without_sops_is_named(tmp_path, capsys):
    """A wrong file is no traceback, and is not turned into a store."""
    path = tmp_path / "empty.db"
    assert main(["sop", "status", "--store", f"sqlite:///{path}"]) == 2
    assert "is it a store of SOPs" in capsys.readouterr().err


def test_a_preview_needs_a_file_or_a_store(capsys):
    """Neither is a mistake that says what to do."""
    assert main(["sop", "preview"]) == 2
    assert "--store" in capsys.readouterr().err
