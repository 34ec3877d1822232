"""The page of what is covered tells the truth: names import, tests and pages exist, no row is lost."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from attrs import frozen

from wecom_auto.automotive.presets import sop_names

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "automotive" / "coverage.md"
WANTED = {
    *(f"A{number}" for number in (*range(1, 32), *range(40, 46))),
    *(f"G{number}" for number in range(1, 12)),
    *(f"B{number}" for number in range(1, 25)),
}
NOTHING = "–"


@frozen
class Row:
    """One row of the tables."""

    number: str
    what: str
    state: str
    by: str
    test: str
    page: str
    missing: str

    @property
    def names(self) -> list[str]:
        """What it is done by."""
        return re.findall(r"`([^`]+)`", self.by)


def _rows() -> list[Row]:
    found = re.findall(r"^\| ([ABG]\d+) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [Row(number, *rest.split(" | ")) for number, rest in found]


ROWS = _rows()
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)


def test_no_row_is_missing_or_doubled():
    """Every row that the two texts name stands there once."""
    assert sorted(one.number for one in ROWS) == sorted(WANTED)


@each_row
def test_a_row_says_what_its_state_asks_for(row):
    """What is there has a name, a test and a page; what is missing says what."""
    assert row.state in {"yes", "part", "no", "not yet"}
    if row.state in {"yes", "part", "no"}:
        assert row.names
        assert NOTHING not in (row.test, row.page)
    if row.state != "yes":
        assert row.missing != NOTHING
    if row.state == "no":
        assert "(limits.md)" in row.page


@each_row
def test_every_name_imports(row):
    """A name leads to something in the package, a preset to one that ships."""
    for name in row.names:
        if name.startswith("sop:"):
            assert name.removeprefix("sop:") in sop_names()
        else:
            assert _find(f"wecom_auto.{name}") is not None, name


def _find(name: str) -> object:
    """Import the longest module of a dotted name, and follow the rest."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = vars(found).get(part) or getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@each_row
def test_every_test_exists(row):
    """A test is one that runs: `file::function` below tests/unit."""
    for name in re.findall(r"`([^`]+)`", row.test):
        file, _, function = name.partition("::")
        text = (ROOT / "tests" / "unit" / f"{file}.py").read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", text, re.MULTILINE), name


@each_row
def test_every_page_exists(row):
    """A page is one of this documentation."""
    pages = re.findall(r"\]\(([^)]+)\)", row.page)
    assert [page for page in pages if not (PAGE.parent / page).exists()] == []
    assert pages or row.page == NOTHING
