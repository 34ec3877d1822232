"""`wecom-auto leads import`: rows read, new, merged, repeated, bad with reasons; a corrected file doubles nothing."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("typer", reason="needs the extra `cli`")

from wecom_auto.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples" / "automotive"
NETWORK = ("--network", str(EXAMPLES / "network.toml"))


@pytest.fixture
def say(capsys, tmp_path, monkeypatch):
    """Import into one store; get exit code, output and complaints."""
    monkeypatch.setenv("WECOM_AUTO_LEADS_KEY", "k" * 64)
    store = f"sqlite:///{tmp_path / 'wecom.db'}"

    def run(*words: object) -> tuple[int, str, str]:
        code = main(["leads", "import", *map(str, words), "--store", store, "--corp-id", "ww1", *NETWORK])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def counts(out: str) -> dict[str, int]:
    """The numbers of a JSON report."""
    found = json.loads(out)
    return {name: found[name] for name in ("rows", "new", "merged", "repeated", "bad", "blank")}


def test_the_example_is_taken_in_and_a_second_time_repeats(say):
    """Five forms of phones and days are read; bad rows are named and change nothing."""
    code, out, _ = say(EXAMPLES / "leads.csv", "--json")
    assert (code, counts(out)) == (1, {"rows": 13, "new": 6, "merged": 1, "repeated": 0, "bad": 5, "blank": 1})
    assert json.loads(out)["reasons"] == {
        "masked_phone": 1,
        "unknown_store": 1,
        "ambiguous_date": 1,
        "missing_phone": 1,
        "formula": 1,
    }
    _, again, _ = say(EXAMPLES / "leads.csv", "--json")
    assert counts(again) == {"rows": 13, "new": 0, "merged": 0, "repeated": 7, "bad": 5, "blank": 1}


def test_bad_rows_are_written_out_corrected_and_imported_without_doubling(say, tmp_path):
    """The file of bad rows keeps the headings, defuses formulas, and comes back."""
    bad = tmp_path / "bad.csv"
    say(EXAMPLES / "leads.csv", "--errors", bad)
    rows = list(csv.reader(bad.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0][:4] == ["行号", "问题列", "原因", "客户姓名"]
    assert rows[-1][3] == "'=HYPERLINK(1)"
    head = rows[0]
    rows = [row for row in rows[1:] if row[head.index("联系电话")].startswith("19900000107")]
    rows[0][head.index("意向门店")] = "广州一店"
    with bad.open("w", encoding="gbk", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    code, out, _ = say(bad, "--json")
    assert (code, counts(out)["new"]) == (0, 1)
    code, out, _ = say(bad, "--json")
    assert counts(out) == {"rows": 1, "new": 0, "merged": 0, "repeated": 1, "bad": 0, "blank": 0}


def test_a_dry_run_says_the_same_and_stores_nothing(say):
    """The report is that of the import that follows."""
    _, tried, _ = say(EXAMPLES / "leads.csv", "--json", "--dry-run")
    assert json.loads(tried)["dry_run"]
    _, out, _ = say(EXAMPLES / "leads.csv", "--json")
    assert counts(tried) == counts(out)


def test_the_workbook_is_read_with_its_merged_cells(say):
    """A formula that nobody has calculated is the only bad cell."""
    code, out, _ = say(EXAMPLES / "leads.xlsx", "--json")
    found = json.loads(out)
    assert (code, found["new"], found["bad"]) == (1, 3, 1)
    (problem,) = found["problems"][0]["problems"]
    assert (found["problems"][0]["row"], problem["column"], problem["reason"]) == (6, "日期", "formula")


def test_a_person_reads_what_is_wrong_and_no_phone(say):
    """File, row, column, masked value, reason; then the counts."""
    code, out, _ = say(EXAMPLES / "leads.csv")
    assert code == 1
    assert "leads.csv:9: 联系电话 1***6: digits are hidden" in out
    assert "1990000" not in out
    assert "bad              5" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dry-run"], "no line among the first"),
        ([], "--store is missing"),
        (["--store", "sqlite:///x.db", "--corp-id", "ww1"], "key behind phone numbers"),
    ],
)
def test_mistakes_are_one_line(capsys, tmp_path, monkeypatch, words, message):
    """No lead list, no store, no key: exit code 2 and no traceback."""
    monkeypatch.delenv("WECOM_AUTO_LEADS_KEY", raising=False)
    monkeypatch.delenv("WECOM_CORP_ID", raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "list.csv"
    path.write_text("颜色,数量\n红,1\n", encoding="utf-8")
    assert main(["leads", "import", str(path), *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert message in told.err
    assert told.err.count("\n") == 1


def test_the_examples_are_what_their_script_writes(tmp_path):
    """`make_leads.py` writes the shipped files again."""
    subprocess.run([sys.executable, EXAMPLES / "make_leads.py", tmp_path], check=True, env=os.environ)
    assert (tmp_path / "leads.csv").read_bytes() == (EXAMPLES / "leads.csv").read_bytes()
    assert (tmp_path / "leads.xlsx").exists()
