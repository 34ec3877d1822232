"""`wecom-auto tags`: what it prints, what it returns, and what it never shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wecom_auto.cli import main
from wecom_auto.testing import FakeWeCom

FILE = str(Path(__file__).parents[2] / "examples" / "automotive" / "tags.toml")


def test_plan_prints_json_and_nothing_else(capsys):
    """Every change is named."""
    assert main(["tags", "plan", FILE, "--fake", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["plan"] == "dealer"
    assert {one["kind"] for one in document["changes"]} == {"missing_group", "missing_tag"}


def test_apply_over_http_needs_the_secret_in_the_environment(capsys, monkeypatch):
    """A corp behind an address is brought to the plan; the second time there is nothing to do; no secret is shown."""
    fake = FakeWeCom()
    monkeypatch.setenv("WECOM_SECRET", fake.secret)
    with fake.serve() as url:
        words = ["--corp-id", fake.corp_id, "--base-url", url]
        assert main(["tags", "apply", FILE, *words]) == 0
        assert main(["tags", "apply", FILE, "--dry-run", "--json", *words]) == 0
    out, err = capsys.readouterr()
    assert "changes made, 0 left" in out
    assert json.loads(out[out.index("{") :])["changes"] == []
    assert fake.secret not in out + err


def test_a_preset_is_taken_by_name(capsys):
    """The plan that ships needs no file."""
    assert main(["tags", "apply", "preset:automotive", "--fake"]) == 0
    assert "0 left" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plan", FILE], "WECOM_CORP_ID"),
        (["plan", FILE, "--corp-id", "ww1"], "WECOM_SECRET"),
        (["plan", "nowhere.toml", "--fake"], "nowhere.toml"),
        (["plan", "preset:car", "--fake"], "automotive"),
    ],
)
def test_mistakes_are_one_message(words, message, capsys, monkeypatch):
    """What is missing is named; exit code 2."""
    for name in ("WECOM_CORP_ID", "WECOM_SECRET", "WECOM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert main(["tags", *words]) == 2
    assert message in capsys.readouterr().err


def test_what_another_app_made_ends_in_exit_code_1(capsys, monkeypatch):
    """A refusal is told on standard error, and a script notices."""
    fake = FakeWeCom()
    fake.add_app("other", "secret-of-the-other-app", agent_id=1000009)
    fake.client(secret="secret-of-the-other-app").tags.create(["远途GT"], group_name="车型")
    monkeypatch.setenv("WECOM_SECRET", fake.secret)
    with fake.serve() as url:
        assert main(["tags", "apply", FILE, "--corp-id", fake.corp_id, "--base-url", url]) == 1
    assert "refused: renamed" in capsys.readouterr().err
