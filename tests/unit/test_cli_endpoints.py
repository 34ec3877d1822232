"""``wecom-auto endpoints`` as a person and as a program uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from wecom_auto._catalogue import endpoints, workflows
from wecom_auto.cli import main

Say: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command; get its exit code, output and complaints."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["endpoints", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_one_object_for_each_path(say: Say) -> None:
    """A program reads a list in which every path stands once, with what decides whether a call may be repeated."""
    code, out, err = say("--json")
    found: list[dict[str, Any]] = json.loads(out)
    assert (code, err) == (0, "")
    assert len(found) == len({one["path"] for one in found}) == len(endpoints())
    assert sum(one["path"].startswith("/cgi-bin/externalcontact/") for one in found) == 101
    (mark,) = [one for one in found if one["path"].endswith("/mark_tag")]
    assert mark == {
        "path": "/cgi-bin/externalcontact/mark_tag",
        "http": "POST",
        "chapter": "tags",
        "methods": ["wecom.tags.mark"],
        "effect": "set",
        "paging": "none",
        "largest_page": None,
        "summary": mark["summary"],
        "manual": {
            "page": 92118,
            "title": "编辑客户企业标签",
            "url": "https://developer.work.weixin.qq.com/document/path/92118",
        },
        "unverified": False,
    }


def test_the_table_has_every_method(say: Say) -> None:
    """A person sees each path and each method, by chapter, and what makes several calls; nothing is cut."""
    code, out, err = say()
    assert (code, err) == (0, "")
    assert [one.path for one in endpoints() if one.path.removeprefix("/cgi-bin/") not in out] == []
    assert [one.name for one in workflows() if one.name not in out] == []
    assert "wecom.mass_messages" in out
    assert out.rstrip().splitlines()[-1].startswith(f"{len(endpoints())} endpoints, ")


def test_the_table_fits_a_narrow_terminal(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """On 80 columns every word of a path is still there, folded where it must be."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal then
    _, out, _ = say("--chapter", "acquisition_links")
    folded = "".join(line[34:].strip() for line in out.splitlines())
    assert "externalcontact/customer_acquisition/get_comp_auth_info" in folded
    assert "…" not in out


@pytest.mark.parametrize(
    ("words", "chapters"),
    [
        (["groupchat/"], {"archive", "groups", "join_ways", "transfers", "statistics", "ids"}),
        (["--chapter", "tags"], {"tags"}),
        (["groupchat/", "--chapter", "groups"], {"groups"}),
    ],
)
def test_filters(say: Say, words: list[str], chapters: set[str]) -> None:
    """A part of the path and a chapter narrow the list, together too."""
    code, out, _ = say("--json", *words)
    assert code == 0
    assert {one["chapter"] for one in json.loads(out)} == chapters


def test_nothing_found_is_not_success(say: Say) -> None:
    """As with grep, a script sees by the exit code that no path matches; JSON stays JSON."""
    assert say("nonsense") == (1, "", "no endpoint has 'nonsense' in its path\n")
    assert say("nonsense", "--json")[:2] == (1, "[]\n")


def test_a_misspelt_chapter_is_told(say: Say) -> None:
    """A chapter that does not exist is a mistake in the command, with the one that was meant."""
    code, out, err = say("--chapter", "tag")
    assert (code, out) == (2, "")
    assert "did you mean 'tags'?" in err
    assert "mass_messages" in say("--chapter", "xyz")[2]


def test_other_commands_do_not_pay_for_it() -> None:
    """The command line starts without the chapters: the list is made when it is asked for."""
    code = "import sys, wecom_auto.cli._app; print({'wecom_auto._catalogue', 'wecom_auto.api.tags'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
