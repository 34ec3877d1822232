"""What a new version changes, as a value, as text and as JSON; and how many runs it finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Connection
from tests.stores import KINDS, fresh_database
from tests.unit._sop import PROSPECT, sop, step
from tests.unit._sop_stage import Stage, close_stages, mass
from tests.unit._sop_stage import sop as small

from wecom_auto.cli import main
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._rows._pinned import corp_of, next_steps
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.diff import Change, Kind, StepChange, diff
from wecom_auto.store import open_store, reading

OLD = sop(step("a", "+1d 10:00") + step("b", "+2d 10:00") + step("c", "+3d 10:00") + step("d", "+4d 10:00"))


def newer(steps: str, **options: str) -> Definition:
    """The next version."""
    return evolve(sop(steps, **options), version=2)


def test_equal_definitions_do_not_differ() -> None:
    """The number of the version alone is no difference, nor is a default that is written out."""
    found = diff(PROSPECT, evolve(PROSPECT, version=4))
    assert not found
    assert found.to_text() == "prospect-30d v3 → v4\nno difference\n"


def test_every_kind_of_change_is_named() -> None:
    """New, gone, moved in time, changed: each step says what it is, and the rules stand before the steps."""
    new = newer(
        step("a", "+1d 10:00", do='mass = "tpl/y"', more="if = \"tag('A')\"")
        + step("n", "+1d 16:00", do="tag = 't'")
        + step("c", "+5d 10:00")
        + step("d", "+4d 10:00"),
        head='priority = 80\n[policy]\ngap = "3d"',
    )
    found = diff(OLD, new)
    assert found.rules == (Change("policy", None, {"gap": "3d"}), Change("priority", 50, 80))
    assert [(one.step, one.kind) for one in found.steps] == [
        ("a", Kind.CHANGED), ("b", Kind.REMOVED), ("n", Kind.ADDED), ("c", Kind.MOVED),
    ]  # fmt: skip
    assert found.to_text().splitlines() == [
        "x v1 → v2",
        '~ policy: none → {"gap": "3d"}',
        "~ priority: 50 → 80",
        "~ step a: do.mass: tpl/x → tpl/y; if: none → tag('A')",
        "- step b: +2d 10:00 mass tpl/x",
        "+ step n: +1d 16:00 tag",
        "> step c: at: +3d 10:00 → +5d 10:00",
    ]


def test_a_step_that_stands_elsewhere_has_moved() -> None:
    """One step that changed places is one change, not one for everything behind it."""
    new = newer(step("b", "+2d 10:00") + step("c", "+3d 10:00") + step("a", "+1d 10:00") + step("d", "+4d 10:00"))
    assert diff(OLD, new).steps == (StepChange("a", Kind.MOVED),)
    assert "> step a: another place in the order" in diff(OLD, new).to_text()


def test_the_difference_is_json() -> None:
    """A review tool reads the same as a person."""
    document = json.loads(json.dumps(diff(OLD, newer(step("a", "+1d 11:00"))).document()))
    assert document["steps"][0] == {
        "step": "a",
        "kind": "moved",
        "changes": [{"path": "at", "before": "+1d 10:00", "after": "+1d 11:00"}],
        "summary": "",
    }


IDS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True)


@given(IDS, IDS)
def test_a_difference_is_complete(before: list[str], after: list[str]) -> None:
    """For any two versions: what is new is added, what is gone is removed, and equality is no difference."""
    old = sop("".join(step(name, "+1d 10:00") for name in before))
    new = newer("".join(step(name, "+1d 10:00") for name in after))
    found = diff(old, new)
    assert set(found.of_kind(Kind.ADDED)) == set(after) - set(before)
    assert set(found.of_kind(Kind.REMOVED)) == set(before) - set(after)
    assert bool(found) is (before != after)
    stay = [name for name in before if name in after and name not in found.of_kind(Kind.MOVED)]
    assert stay == [name for name in after if name in stay]


CARE = small("care", mass("one", "+1h", "a") + mass("two", "+5d 09:00", "b"))
CARE_2 = evolve(small("care", mass("one", "+1h", "a") + mass("two", "+6d 09:00", "b")), version=2)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A store in which two customers wait for the second step and one for the first."""
    with fresh_database(request.param, tmp_path) as address:
        stage = Stage.open(address)
        stage.publish(CARE)
        first, second, late = stage.member("zhangsan", 3)
        for customer in (first, second):
            stage.runner.enrol("care", customer, userid="zhangsan", now=stage.now)
        stage.tick(hours=1)
        stage.runner.enrol("care", late, userid="zhangsan", now=stage.now)
        stage.tick()
        close_stages()
        yield address


@contextmanager
def closing_store(url: str) -> Iterator[Connection]:
    """A connection that leaves nothing open."""
    engine = open_store(url)
    with reading(engine) as connection:
        yield connection
    engine.dispose()


def test_runs_are_counted_by_what_comes_next(url: str) -> None:
    """Each running run counts once, at the first step that was not decided yet; other versions count not at all."""
    with closing_store(url) as connection:
        corp = corp_of(connection, "care")
        assert next_steps(connection, corp, CARE) == (("one", 1), ("two", 2))
        with pytest.raises(ConfigurationError, match="does not have 'care' version 2"):
            next_steps(connection, corp, CARE_2)
        with pytest.raises(ConfigurationError, match="has other content for 'care' version 1"):
            next_steps(connection, corp, evolve(CARE_2, version=1))
        with pytest.raises(ConfigurationError, match="'cares' is not published in this store"):
            corp_of(connection, "cares")


def write(path: Path, text: str) -> str:
    """A file for the command line."""
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_command_tells_differences_and_whom_they_meet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    """Exit code 1 for a difference, 0 for none, 2 for a store that has another version; JSON holds the counts."""
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    text = 'sop = "care"\nversion = 1\ntitle = "care"\n[entry]\non = "manual"\nreentry = "always"\n'
    steps = mass("one", "+1h", "a") + mass("two", "+5d 09:00", "b")
    write(old, text + steps)
    write(new, text.replace("version = 1", "version = 2") + steps.replace("+5d", "+6d"))
    assert main(["sop", "diff", str(old), str(old)]) == 0
    assert "no difference" in capsys.readouterr().out
    assert main(["sop", "diff", str(old), str(new), "--store", url]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "care v1 → v2",
        "> step two: at: +5d 09:00 → +6d 09:00",
        "3 running in v1, by what comes next:",
        "        1  one",
        "        2  two",
    ]
    assert main(["sop", "diff", str(old), str(new), "--store", url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["running"] == {"one": 1, "two": 2}
    assert main(["sop", "diff", str(new), str(old), "--store", url]) == 2
    assert "does not have 'care' version 2" in capsys.readouterr().err
    assert main(["sop", "diff", str(old), str(new), "--store", f"sqlite:///{tmp_path / 'none.db'}"]) == 2
    assert "cannot be read" in capsys.readouterr().err
