from __future__ import annotations

import builtins
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from wecom_auto.cli import main

SOPS = Path(__file__).parents[2] / "examples" / "sop"
PROSPECT = str(SOPS / "prospect.toml")
INSURANCE = str(SOPS / "insurance.toml")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    """Run a command; get its exit code, output and complaints."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_version(say, words):
    """Both spellings print the installed version and nothing else."""
    assert say(*words) == (0, version("wecom-auto") + "\n", "")


def test_module_can_be_run():
    """`python -m wecom_auto` is the same program."""
    done = subprocess.run([sys.executable, "-m", "wecom_auto", "version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, version("wecom-auto"))


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"], ["fake", "--help"], ["sop", "--help"]])
def test_help_is_there(say, words):
    """Every command explains itself; the main ones say what exit codes mean."""
    code, out, _ = say(*words)
    assert code == 0
    assert "Usage" in out


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["demo", "--customers", "0"],
        ["demo", "--days", "ninety"],
        ["demo", "--leads", "/does/not/exist.csv"],
        ["sop", "check", "/does/not/exist.toml"],
        ["sop", "diagram", PROSPECT, "--format", "pdf"],
        ["sop", "preview", PROSPECT, "--from", "yesterday"],
    ],
)
def test_mistake_in_the_command_is_one_message(say, words):
    """A wrong word gives exit code 2, a message on standard error, no traceback and no output."""
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert err
    assert "Traceback" not in err


def test_broken_definition_is_one_message(say, tmp_path):
    """A file that is no definition is told in one line with its place."""
    bad = tmp_path / "bad.toml"
    bad.write_text("sop = [", encoding="utf-8")
    for command in (["sop", "diagram"], ["sop", "preview"]):
        code, out, err = say(*command, str(bad))
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert err.count("\n") == 1


def test_file_that_cannot_be_written_is_one_message(say, tmp_path):
    """An impossible path is told by its name."""
    code, _, err = say("sop", "diagram", PROSPECT, "--out", str(tmp_path / "no" / "x.mmd"))
    assert code == 2
    assert "No such file" in err


def test_missing_extra_says_what_to_install(say, monkeypatch):
    """Without the [cli] extra the program names the command that installs it, and exits with 2."""
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.partition(".")[0] == "typer":
            message = "No module named 'typer'"
            raise ModuleNotFoundError(message, name="typer")
        return real(name, *rest)

    for name in [one for one in sys.modules if one.startswith(("wecom_auto.cli.", "typer"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    code, out, err = say("version")
    assert (code, out) == (2, "")
    assert "pip install 'wecom-auto[cli]'" in err


@pytest.mark.parametrize("file", [PROSPECT, INSURANCE])
def test_shipped_definitions_pass_the_check(say, file):
    """The examples have no errors, contents included."""
    code, out, _ = say("sop", "check", file, "--today", "2026-03-02")
    assert code == 0
    assert " error " not in out


def test_check_finds_what_is_wrong(say, tmp_path):
    """A definition with an unknown key gives exit code 1 and a finding with code, place and remedy."""
    bad = tmp_path / "bad.toml"
    bad.write_text(Path(PROSPECT).read_text(encoding="utf-8").replace("remind_staff", "remnd_staff"), encoding="utf-8")
    code, out, _ = say("sop", "check", str(bad), "--json")
    (finding,) = json.loads(out)
    assert code == 1
    assert finding["code"] == "SOP001"
    assert "remind_staff" in finding["remedy"] + finding["message"]


def test_preview_shows_the_holiday(say):
    """A customer of 29 September gets the invitation after the National Day week."""
    code, out, _ = say("sop", "preview", PROSPECT, "--from", "2026-09-29T15:20", "--days", "31", "--json")
    assert code == 0
    rows = {row["step"]: row for row in json.loads(out)}
    assert rows["invite"]["at"] == "2026-10-08T10:00:00+08:00"
    assert rows["invite"]["moved_from"].startswith("2026-10-02T10:00")


@pytest.mark.parametrize("form", ["table", "csv", "html"])
def test_preview_in_every_form(say, form):
    """Each form names the steps."""
    words = ["sop", "preview", INSURANCE, "--from", "2026-08-01", "--anchor", "2026-11-12", "--days", "120"]
    code, out, _ = say(*words, "--format", form)
    assert code == 0
    assert "d60" in out


def test_preview_asks_for_the_anchor(say):
    """Offsets that count from a date need one; the message says how to give it."""
    code, _, err = say("sop", "preview", INSURANCE)
    assert code == 2
    assert "insurance_expiry" in err


def test_diagram(say, tmp_path):
    """Mermaid goes to the output, an SVG into a file."""
    code, out, _ = say("sop", "diagram", PROSPECT)
    assert code == 0
    assert out.startswith("flowchart LR")
    picture = tmp_path / "x.svg"
    code, out, err = say("sop", "diagram", PROSPECT, "--format", "svg", "--out", str(picture))
    assert (code, out) == (0, "")
    assert str(picture) in err
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_demo_prints_one_json_object(say, tmp_path):
    """With --json standard output is JSON and nothing else; the report's path goes to standard error."""
    code, out, err = say("demo", "--customers", "20", "--days", "4", "--seed", "5", "--out", str(tmp_path), "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["leads_in"], document["duplicates"], document["lost"]) == (20, 0, 0)
    assert str(tmp_path / "report.html") in err


def test_demo_ends_with_the_path_of_the_report(say, tmp_path):
    """For people it prints refused rows, funnel and reasons, and last where the report is."""
    code, out, _ = say("demo", "--customers", "20", "--days", "4", "--out", str(tmp_path))
    lines = out.rstrip("\n").split("\n")
    assert code == 0
    assert lines[-1] == str(tmp_path / "report.html")
    assert (tmp_path / "report.html").is_file()
    assert "line 5: missing_phone" in out
    assert "加微" in out


def test_demo_takes_another_lead_list(say, tmp_path):
    """A dealer's own list is read to its end and refused row by row."""
    leads = tmp_path / "mine.csv"
    leads.write_text(
        "姓名,手机,门店,类型,留资日期,意向车型,保险到期\n王,1,北京一店,潜客,2026-03-03,,\n", encoding="gbk"
    )
    code, out, _ = say("demo", "--leads", str(leads), "--days", "1", "--out", str(tmp_path), "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["leads_in"], document["rows_refused"], document["customers_added"]) == (1, 1, 0)


def test_demo_refuses_what_is_no_lead_list(say, tmp_path):
    """The wrong file is one message, and no folder is made."""
    code, out, err = say("demo", "--leads", PROSPECT, "--out", str(tmp_path / "out"))
    assert (code, out) == (2, "")
    assert "columns" in err
    assert not (tmp_path / "out").exists()
