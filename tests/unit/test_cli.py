from __future__ import annotations

import builtins
import json
import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from wecom_auto.cli import main
from wecom_auto.cli._lines import line_of

SOPS = Path(__file__).parents[2] / "examples"
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


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
@pytest.mark.parametrize(
    "words", [["--help"], ["sop", "preview", PROSPECT, "--days", "3"], ["sop", "diagram", PROSPECT]]
)
def test_old_code_page_gets_question_marks_and_no_traceback(words, encoding):
    """Output that is redirected on Windows goes through a code page that may lack Chinese or lines."""
    done = subprocess.run(
        [sys.executable, "-m", "wecom_auto", *words],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (0, b"")


BROKEN = """\
sop = "x"
version = 1
title = "x"
[entry]
on = "manual"
[[exit]]
when = "event('deal.signed')"
goal = true
[[step]]
id = "a"
at = "+1d 10:00"
do = { tag = "x" }
  [[ step ]]  # indented, as editors do
id = "a"
at = "1 day"
do = { tag = "x" }
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("step[0].at", 11),
        ("step[1].at", 15),
        ("step[1].do.tag", 16),
        ("step[1].if", 13),
        ("step 'a'.at", 11),
        ("exit[0].when", 7),
        ("entry.on", 5),
        ("entry", 4),
        ("version", 2),
        ("priority", None),
        ("window.allow", None),
        ("step[7]", None),
        ("step 'b'.at", None),
        ("content 'tpl/x'", None),
        ("", None),
    ],
)
def test_line_of_a_finding(place, line):
    """The line is that of the key, or of the table where the key is missing, and none where it would be a guess."""
    assert line_of(BROKEN, place) == line


def test_check_names_file_and_line(say, tmp_path):
    """Editors and terminals make a link of `file:line:`; JSON has the line as a number."""
    file = tmp_path / "broken.toml"
    file.write_text(BROKEN, encoding="utf-8")
    code, out, _ = say("sop", "check", str(file))
    assert code == 1
    assert f"{file}:15: SOP001 error step[1].at: '1 day' is not an offset" in out
    assert out.endswith(f"{file}: 1 finding\n")
    assert json.loads(say("sop", "check", str(file), "--json")[1])[0]["line"] == 15
    assert say("sop", "preview", str(file))[2].startswith(f"error: {file}:15: step[1].at: '1 day'")


def test_definition_in_gbk_says_what_to_do(say, tmp_path):
    """Windows editors save GBK: the message names the file and the remedy, not a codec's words."""
    file = tmp_path / "gbk.toml"
    file.write_bytes(Path(PROSPECT).read_text(encoding="utf-8").encode("gbk"))
    code, out, _ = say("sop", "check", str(file))
    assert code == 1
    assert "is not UTF-8" in out
    assert "save the file as UTF-8" in out


def test_diagram_is_what_the_name_says(say, tmp_path):
    """A file called .svg holds SVG; the option wins over the name."""
    picture, text = tmp_path / "a.svg", tmp_path / "a.mmd"
    assert say("sop", "diagram", PROSPECT, "--out", str(picture))[0] == 0
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert say("sop", "diagram", PROSPECT, "--out", str(text))[0] == 0
    assert text.read_text(encoding="utf-8").startswith("flowchart")
    assert say("sop", "diagram", PROSPECT, "--format", "mermaid", "--out", str(picture))[0] == 0
    assert picture.read_text(encoding="utf-8").startswith("flowchart")


def test_preview_in_english(say):
    """`--lang en` puts headings and reasons into English; the table has no invented customer."""
    out = say("sop", "preview", PROSPECT, "--from", "2026-03-02T10:00", "--lang", "en")[1]
    assert "reason" in out
    assert "preview" not in out
    assert "原因" not in out


def test_preview_that_is_not_on_a_terminal_cuts_nothing(say):
    """In a log or a pipe a table has room: no cell ends in an ellipsis."""
    assert "…" not in say("sop", "preview", PROSPECT, "--from", "2026-03-02T10:00", "--days", "40")[1]


def test_preview_in_a_file(say, tmp_path):
    """CSV has the mark that Excel needs for Chinese; HTML is a page that declares its encoding."""
    table, page = tmp_path / "p.csv", tmp_path / "p.html"
    assert say("sop", "preview", PROSPECT, "--format", "csv", "--out", str(table))[1:] == ("", f"wrote {table}\n")
    assert table.read_bytes().startswith(b"\xef\xbb\xbfat,customer")
    assert say("sop", "preview", PROSPECT, "--format", "html", "--out", str(page))[0] == 0
    assert '<meta charset="utf-8">' in page.read_text(encoding="utf-8")


def test_preview_names_the_option_for_the_anchor(say):
    """A SOP that counts from a date says how the command is given one."""
    code, _, err = say("sop", "preview", INSURANCE)
    assert code == 2
    assert "--anchor 2026-11-12" in err


def test_demo_names_the_lead_list_that_it_cannot_read(say, tmp_path):
    """The message about a lead list begins with its path."""
    leads = tmp_path / "leads.csv"
    leads.write_text("姓名\n", encoding="utf-8")
    code, _, err = say("demo", "--leads", str(leads), "--out", str(tmp_path / "out"), "--days", "1")
    assert code == 2
    assert f"error: {leads}: line 1: the columns 手机" in err


def test_demo_in_a_log_says_one_line_of_progress_and_draws_nothing_for_nobody(say, tmp_path):
    """Without a terminal there is no bar and no empty line; a stage of the funnel that nobody reached has no block."""
    code, out, err = say("demo", "--customers", "3", "--days", "1", "--out", str(tmp_path))
    assert code == 0
    assert err == "playing 1 virtual day from 2026-03-02\n"
    [signed] = [line for line in out.splitlines() if line.startswith("下订")]
    assert "█" not in signed


def test_fake_with_a_port_in_use_speaks_of_itself(say):
    """The complaint names the command that was typed and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = say("fake", "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "wecom-auto fake: error: port" in err
    assert "--port 0" in err
