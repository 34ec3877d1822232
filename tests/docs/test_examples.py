"""The examples that people copy from README, the docs and the docstrings run, in order, as they stand."""

from __future__ import annotations

import re
import shutil
import textwrap
import tomllib
from pathlib import Path

import pytest
from sybil import Document, Example
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "README.zh-CN.md", *(ROOT / "docs").rglob("*.md")])
WITH_EXAMPLES = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _examples(page: Path) -> list[Example]:
    return list(Document.parse(str(page), PythonCodeBlockParser()).examples())


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=_name)
def test_examples_of_a_page_run(page, tmp_path, monkeypatch):
    """Every Python block of the page runs after the ones above it, in an empty folder, without network."""
    monkeypatch.chdir(tmp_path)
    examples = _examples(page)
    for example in examples:
        example.evaluate()
    assert len(examples) == page.read_text(encoding="utf-8").count("```python\n")


def test_the_pages_that_teach_have_examples():
    """README in both languages and the quickstart show running code."""
    assert {"README.md", "README.zh-CN.md", "docs/quickstart.md"} <= {_name(page) for page in WITH_EXAMPLES}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_inside_the_project_lead_somewhere(page):
    """A relative link of a page names a file that is there."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def _commands() -> list[str]:
    text = (ROOT / "docs" / "howto" / "command-line.md").read_text(encoding="utf-8")
    return re.findall(r"^```console\n\$ wecom-auto (.*)\n```$", text, re.MULTILINE)


@pytest.mark.parametrize("command", _commands())
def test_commands_of_the_guide_run(command, tmp_path, monkeypatch):
    """Each command of the guide does its work in a folder that holds the examples."""
    cli = pytest.importorskip("wecom_auto.cli", reason="needs the extra `cli`")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    # Two versions that differ, and rows that cannot be used, are told by the exit code, as everywhere.
    assert cli.main(command.split()) == (1 if command.startswith(("sop diff", "leads import")) else 0)


def test_the_guide_shows_every_command():
    """The page of the command line has an example of everything that ends by itself."""
    grouped = ("sop", "callback", "tags", "qr", "leads")
    assert {" ".join(command.split()[: 1 + command.startswith(grouped)]) for command in _commands()} == {
        "callback send",
        "demo",
        "endpoints",
        "leads import",
        "sop check",
        "sop diff",
        "sop preview",
        "sop publish",
        "sop diagram",
        "sop simulate",
        "qr apply",
        "qr plan",
        "tags apply",
        "tags plan",
    }


def test_readme_shows_every_extra():
    """The table of extras in both READMEs and in the guide is complete."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for page in ("README.md", "README.zh-CN.md", "docs/howto/install.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert [extra for extra in extras if f"`{extra}`" not in text and extra not in {"dev", "docs", "test"}] == [], (
            page
        )


def test_reference_has_every_chapter_of_the_client():
    """A new chapter joins the reference."""
    from wecom_auto._chapters import Chapters

    text = (ROOT / "docs" / "reference" / "chapters.md").read_text(encoding="utf-8")
    chapters = [name for name in vars(Chapters) if not name.startswith("_")]
    assert [name for name in chapters if f"## `wecom.{name}`" not in text] == []
    assert len(chapters) >= 10


def _docstring_examples() -> list[object]:
    """Return the fenced Python blocks of docstrings."""
    fence = re.compile(r"^(?P<indent> +)```python\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(textwrap.dedent(match["code"]), id=f"{path.relative_to(ROOT / 'src').as_posix()}-{number}")
        for path in sorted((ROOT / "src").rglob("*.py"))
        for number, match in enumerate(fence.finditer(path.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize("code", _docstring_examples())
def test_examples_of_docstrings_run(code, tmp_path, monkeypatch):
    """A fenced example in a docstring runs as it stands, in an empty folder, without network."""
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docstring", "exec"), {})  # noqa: S102  # our own source
