"""The example of a car maker's half year runs as it stands, at a size for a test, and tells the truth."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="needs the extra `automotive`")
pytest.importorskip("rich", reason="needs the extra `cli`")
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def example():
    """The example, imported from its folder."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        import prospects

        yield prospects
    finally:
        sys.path.remove(str(EXAMPLES))
        for name in [name for name in sys.modules if name.startswith("prospects")]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def played(example):
    """Six weeks and a half of 500 leads: enough for buyers in prospect groups and managers who are told."""
    play = example.Play(example.Company(example.Size(leads=500, days=45)), lambda _: None)
    return play, play.run()


def _small(example, seed):
    return json.dumps(example.play(example.Size(leads=60, days=6, seed=seed)), ensure_ascii=False)


def test_the_same_seed_gives_the_same_numbers(example):
    """To the letter; another seed gives others."""
    first = _small(example, 7)
    assert first == _small(example, 7)
    assert first != _small(example, 8)


def test_the_funnel_adds_up(played):
    """Every lead is in one channel, no stage is larger than the one before, and codes count the same friends."""
    _, report = played
    rows = report["funnel"]
    assert sum(row[0] for row in rows.values()) == report["counts"]["leads"]
    assert report["counts"]["leads"] + report["counts"]["bad rows"] == report["counts"]["rows"] == 500
    assert all(row == sorted(row, reverse=True) for row in rows.values())
    assert {name: row[2] for name, row in rows.items() if row[2]} == report["by_code"]
    added = sum(row[2] for row in rows.values())
    assert report["counts"]["matched by state"] == added
    assert 0 < added / sum(row[1] for row in rows.values()) < 1


def test_no_group_is_over_the_limit(played):
    """Neither by the report nor by the platform's own count."""
    play, report = played
    assert report["groups"]["over 200"] == 0
    sizes = [len(play.company.fake.group(one.chat_id).members) for one in play.company.groups.groups(play.now)]
    assert 0 < max(sizes) <= report["groups"]["largest"] + 1
    assert max(sizes) <= 200


def test_every_buyer_who_was_found_in_a_prospect_group_is_out(played):
    """There were some, and the platform knows none of them inside at the end."""
    play, report = played
    assert report["groups"]["buyers found"] == len(play.buyers) > 0
    assert report["groups"]["buyers found and still inside"] == 0
    assert [who for chat, who in play.buyers if who in play.company.fake.group(chat).members] == []


def test_overdue_leads_say_who_was_told(played):
    """Each alarm of the desk names a member and, above them, who was told: their supervisor."""
    play, report = played
    told = play.told()
    assert report["overdue"]["managers told"] == report["counts"]["alarmed"] == len(told) > 0
    assert all(one["told"] == play.company.net.supervisor(one["about"]) != one["about"] for one in told)
    assert report["overdue"]["last told"] == told[-8:]


def test_what_is_written_needs_no_network(example, tmp_path, monkeypatch, capsys):
    """The command prints the funnel, writes JSON and a page; the page loads nothing and runs no script."""
    argv = ["prospects.py", "--leads", "60", "--days", "6", "--seed", "7", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", argv)
    example.main()
    said = capsys.readouterr()
    report = json.loads((tmp_path / "out" / "prospects.json").read_text(encoding="utf-8"))
    page = (tmp_path / "out" / "prospects.html").read_text(encoding="utf-8")
    assert re.findall(r"https?://|<script|<link|<img|@import|url\(", page) == []
    for name, row in report["funnel"].items():
        assert name in page
        assert re.search(rf"{name}\s+{row[0]}\s+{row[1]}\s+{row[2]}\b", said.out)
    assert "of 6 days" in said.err
