"""`wecom-auto inbox`: counts, lists, replays and deletes what an inbox stored; mistakes are one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

pytest.importorskip("typer", reason="needs the extra `cli`")

from wecom_auto.callbacks import CustomerAdded, Event, EventRouter, reconstruct
from wecom_auto.cli import main
from wecom_auto.inbox import Inbox, InboxSettings
from wecom_auto.store import open_store


@pytest.fixture
def url(tmp_path) -> str:
    """A database with one dead event."""
    url = f"sqlite:///{tmp_path / 'inbox.db'}"
    engine = open_store(url)
    router = EventRouter()

    @router.on(Event)
    def handler(event):
        msg = "call 13800138000"
        raise RuntimeError(msg)

    inbox = Inbox(engine, router, settings=InboxSettings(attempts=1))
    added = CustomerAdded(created_at=datetime.now(UTC), to_user="ww1", userid="z", external_userid="wmSECRET")
    inbox.put(reconstruct(added))
    inbox.work_once()
    engine.dispose()
    return url


@pytest.fixture
def say(capsys):
    """Run a command; get its exit code, output and complaints."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["inbox", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_stats_and_dead_ask_for_a_person(say, url):
    """Exit code 1, the reason, and nothing that names a customer."""
    code, out, _ = say("stats", url, "--json")
    assert (code, json.loads(out)["dead"]) == (1, 1)
    code, out, _ = say("dead", url)
    assert code == 1
    assert "change_external_contact.add_external_contact  1 attempts" in out
    assert out.endswith("RuntimeError: call 138********\n")
    code, as_json, _ = say("dead", url, "--json")
    assert json.loads(as_json)["attempts"] == 1
    assert "wmSECRET" not in out + as_json


def test_replay_and_prune(say, url):
    """A replayed event waits, and what waits is not deleted."""
    assert say("replay", url, "--id", "99")[:2] == (0, "0 events wait again\n")
    assert say("replay", url)[:2] == (0, "1 events wait again\n")
    assert say("dead", url)[:2] == (0, "")
    assert say("prune", url)[:2] == (0, "0 events deleted\n")
    assert say("stats", url)[0] == 0


@pytest.mark.parametrize(
    "words", [["stats", "nonsense"], ["dead", "sqlite:///:memory:"], ["prune", "--done-days", "0"]]
)
def test_mistakes_are_one_line(say, url, words):
    """A wrong URL, a database without the table, a time that is too short: exit code 2 and no traceback."""
    code, out, error = say(*words, *([url] if words[0] == "prune" else []))
    assert (code, out) == (2, "")
    assert error.startswith("error: ")
    assert error.count("\n") == 1
