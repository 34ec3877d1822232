from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit._sop_stage import Stage, close_stages
from tests.unit.test_sop_administration import V1, V2, enrol

from wecom_auto.cli import main

BROKEN = 'sop = "x"\nversion = 1\ntitle = "x"\n[entry]\non = "manual"\n' + "".join(
    f'[[step]]\nid = "s{n}"\nat = "+{n}d"\ndo = {{ end = true }}\n' for n in (1, 2)
)


@pytest.fixture
def say(capsys):
    """Run a command on a store; get its exit code, output and complaints."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["sop", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def stage(tmp_path):
    """A store with three runs of version 1, and version 2 published."""
    stage = Stage.open(f"sqlite:///{tmp_path / 'sops.db'}")
    enrol(stage, V1)
    stage.publish(V2)
    return stage


@pytest.fixture
def store(stage):
    """The address of that store, which nobody has open."""
    close_stages()
    return stage.directory.engine.url.render_as_string()


def test_a_migration_is_shown_and_done(say, store):
    """Without --apply nothing changes; with it there is nothing left to do."""
    code, out, err = say("migrate", "care", "--store", store)
    assert (code, "care: 3 runs to v2 (migrate)" in out, "lose d3: 3" in out) == (0, True, True)
    assert "--apply" in err
    done = json.loads(say("migrate", "care", "--store", store, "--apply", "--json")[1])
    assert (done["runs"], done["applied"], done["next_steps"]) == (3, True, {"d1": 3})
    assert "care: 0 runs" in say("migrate", "care", "--store", store)[1]


def test_publish_makes_the_store_and_refuses_errors(say, tmp_path):
    """A definition with an error is refused, and published knowingly with --force; a second time changes nothing."""
    file, store = tmp_path / "x.toml", f"sqlite:///{tmp_path / 'new.db'}"
    file.write_text(BROKEN, encoding="utf-8")
    words = ("publish", str(file), "--store", store, "--corp", "wwx")
    code, _, err = say(*words)
    assert (code, "SOP010" in err, "--force" in err) == (2, True, True)
    assert say(*words, "--force")[:2] == (0, "x v1 is published\n")
    assert say(*words, "--force")[:2] == (0, "x v1 was published before\n")


def test_a_sop_is_paused_resumed_and_ended(say, store):
    """Each says what it did; what has ended cannot go on."""
    assert say("pause", "care", "--store", store) == (0, "care is paused\n", "")
    assert say("resume", "care", "--store", store) == (0, "care goes on\n", "")
    assert say("end", "care", "--store", store, "--yes") == (0, "care has ended\n", "")
    code, _, err = say("resume", "care", "--store", store)
    assert (code, "has ended" in err) == (2, True)


def test_sizes_and_prune_count(say, store):
    """Sizes name every table, and what is not a year old is not pruned."""
    assert json.loads(say("sizes", "--store", store, "--json")[1])["rows"]["sop_enrolments"] == 3
    assert say("prune", "--store", store, "--apply")[:2] == (0, "nothing is that old\n")


def test_a_store_that_is_none_is_told_in_one_line(say, tmp_path):
    """A file that is no store, and a store of several corps, end with what to do."""
    Path(tmp_path / "empty.db").touch()
    code, _, err = say("pause", "care", "--store", f"sqlite:///{tmp_path / 'empty.db'}", "--corp", "wwx")
    assert (code, err.count("\n"), "is it a store of SOPs" in err) == (2, 1, True)
