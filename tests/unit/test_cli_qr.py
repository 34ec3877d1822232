"""`wecom-auto qr`: what it prints, what it returns, what it writes, and that it goes on where it stood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wecom_auto.cli import main
from wecom_auto.testing import FakeWeCom

FILE = str(Path(__file__).parents[2] / "examples" / "automotive" / "qr.csv")
AT = "2026-03-02T10:00"


def test_plan_prints_json_and_nothing_else(capsys):
    """Five codes would be made."""
    assert main(["qr", "plan", FILE, "--fake", "--json", "--at", AT]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["counts"]["create"] == 5
    assert document["problems"] == []


def test_apply_draws_a_sheet_and_pictures(tmp_path, capsys):
    """Every code has an SVG and a card; the shifts beside the table are taken."""
    words = ["--sheet", str(tmp_path / "sheet.html"), "--pictures", str(tmp_path / "svg")]
    assert main(["qr", "apply", FILE, "--fake", "--at", AT, *words]) == 0
    assert (tmp_path / "sheet.html").read_text("utf-8").count("<figure>") == 5
    assert len(list((tmp_path / "svg").iterdir())) == 5
    assert "5 created" in capsys.readouterr().out


def test_a_second_run_over_http_moves_the_shift_only(tmp_path, capsys, monkeypatch):
    """What was made is remembered in the database: in the afternoon one code is updated, none is made."""
    fake = FakeWeCom()
    for userid in ("zhangsan", "lisi", "wangwu", "zhaoliu", "zhoujie", "sunqi"):
        fake.add_member(userid)
    table = tmp_path / "qr.csv"
    rows = [line for line in Path(FILE).read_text("utf-8").splitlines() if "群活码" not in line]
    table.write_text("\n".join(rows), "utf-8")
    monkeypatch.setenv("WECOM_SECRET", fake.secret)
    shifts = str(Path(FILE).with_name("shifts.toml"))
    with fake.serve() as url:
        words = [str(table), "--shifts", shifts, "--store", f"sqlite:///{tmp_path / 'db'}", "--corp-id", fake.corp_id]
        for at, expected in (
            ("2026-03-02T10:00", "4 created, 0 updated"),
            ("2026-03-02T16:00", "0 created, 1 updated"),
        ):
            assert main(["qr", "apply", *words, "--base-url", url, "--at", at]) == 0
            assert expected in capsys.readouterr().out


def test_bad_rows_are_told_and_good_ones_made(tmp_path, capsys):
    """Exit code 1, one line for each bad cell, and the rest is done."""
    table = tmp_path / "t.csv"
    table.write_text("编码,员工,每日上限\na,zhangsan,\nb,lisi,viel\n", "utf-8")
    assert main(["qr", "apply", str(table), "--fake"]) == 1
    out, err = capsys.readouterr()
    assert "row 3, 每日上限: 'viel'" in err
    assert "1 created" in out


def test_a_dry_run_makes_nothing(tmp_path, capsys, monkeypatch):
    """`--dry-run` is `plan`."""
    monkeypatch.chdir(tmp_path)
    assert main(["qr", "apply", FILE, "--fake", "--dry-run", "--at", AT]) == 0
    assert "5 create" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"), [(["plan", FILE], "WECOM_CORP_ID"), (["plan", "nowhere.csv", "--fake"], "nowhere.csv")]
)
def test_mistakes_are_one_message(words, message, capsys, monkeypatch, tmp_path):
    """What is missing is named; exit code 2."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WECOM_CORP_ID", raising=False)
    assert main(["qr", *words]) == 2
    assert message in capsys.readouterr().err
