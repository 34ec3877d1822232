"""Pages that are made from the code say what the code says."""

from __future__ import annotations

import re

from tests import limits_page
from tests.chapters import listed

from wecom_auto._catalogue import endpoints


def test_the_page_of_limits_is_up_to_date() -> None:
    """Every refusal of the tests stands in the docs with the words of its error: `python -m tests.limits_page`."""
    assert limits_page.PAGE.read_text("utf-8") == limits_page.page(), "run: python -m tests.limits_page"


def test_the_page_of_limits_has_nearly_every_case() -> None:
    """Only what is refused while the call is made, and what two cases say in the same words, is left out."""
    assert 0.85 * len(listed("REFUSED")) < limits_page.count() <= len(listed("REFUSED"))


def test_readme_counts_the_endpoints() -> None:
    """The numbers in both READMEs are those of the list."""
    contact = sum(one.path.startswith("/cgi-bin/externalcontact/") for one in endpoints())
    for page in ("README.md", "README.zh-CN.md"):
        text = (limits_page.PAGE.parents[2] / page).read_text("utf-8")
        assert re.findall(r"(\d+) (?:endpoints|个接口)", text) == [str(len(endpoints())), str(contact)], page
