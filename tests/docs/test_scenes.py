"""Every scene of the trade is a page: named in Chinese too, listed, with who does what, and a recipe that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SCENES = Path(__file__).parents[2] / "docs" / "automotive" / "scenes"
PAGES = sorted(one for one in SCENES.glob("*.md") if one.name != "index.md")
NAMES = {"朋友圈广告", "视频号直播", "落地页", "存量客户短信", "门店扫码", "潜客群", "试驾潜客群", "战败群", "社群角色"}
CLASSES = ("自动执行", "员工确认", "人工任务")


def test_the_nine_scenes_are_there():
    """Each Chinese name stands in the title of a page, and each page is named in the index and its toctree."""
    titles = [page.read_text(encoding="utf-8").partition("\n")[0] for page in PAGES]
    assert len(PAGES) == len(NAMES)
    assert [name for name in NAMES if not any(name in title for title in titles)] == []
    index = (SCENES / "index.md").read_text(encoding="utf-8")
    listed = index.partition("```{toctree}")[2].partition("```")[0].split()
    assert {one for one in listed if not one.startswith(":")} == {page.stem for page in PAGES}
    assert [page.name for page in PAGES if f"]({page.name})" not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_scene_says_what_it_should(page):
    """Who does what, by which class; code that checks what it got; what goes wrong; where to read on."""
    text = page.read_text(encoding="utf-8")
    assert "FakeWeCom(" in text
    assert "\nassert " in text
    assert "## Pitfalls" in text
    assert "\nMore: [" in text
    assert "| who |" in text or "| class |" in text or "| does |" in text
    if page.stem != "community-roles":
        assert re.search("|".join(CLASSES), text)
