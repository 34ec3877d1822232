"""Write the table of refused calls in the docs from what the tests of limits refuse. Invents no case of its own.

Run ``python -m tests.limits_page`` after a change of the chapters' data or of an error's words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.chapters import CHAPTERS

from wecom_auto._catalogue import endpoints, methods
from wecom_auto._chapters import Calls
from wecom_auto.errors import ValidationError

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "limits.md"

_HEAD: Final = """# What is refused before it is sent

Every row is a call that the tests make: it breaks a limit of the manual and raises {py:class}`~wecom_auto.ValidationError`, so that it costs no call.
The field is named as the platform names it.
`wecom.with_options(validate=False)` leaves the judgement to the platform, whose limits move without notice.

This page is written by `python -m tests.limits_page`; a test keeps it true.

```{raw} html
<div class="table-search" data-tables="article table" data-noun="refusals" data-placeholder="remark, limit, 4,000 …"></div>
```
"""  # noqa: E501  # one sentence per line
_TABLE: Final = """
## `wecom.{chapter}`

| Method | Field | Given | The error says |
|---|---|---|---|
{rows}
"""


def page() -> str:
    """Return the page."""
    order = list(dict.fromkeys(one.chapter for one in methods()))
    tables = [(chapter, sorted(set(_rows(chapter)))) for chapter in order if chapter in CHAPTERS]
    return _HEAD + "".join(_TABLE.format(chapter=name, rows="\n".join(rows)) for name, rows in tables if rows)


def _rows(chapter: str) -> Iterator[str]:
    for _, make in getattr(CHAPTERS[chapter], "REFUSED", ()):
        try:
            call = make()
        except ValidationError:  # what nobody could mean is no limit of the manual
            continue
        try:
            call.check()
        except ValidationError as error:
            yield _row(_method(call.path, chapter), error)


def _row(method: str, error: ValidationError) -> str:
    cells = (method, f"`{error.field}`", error.value, str(error))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _method(path: str, chapter: str) -> str:
    """Return a link to the docs of the method that asks `path`."""
    found = next(one for one in endpoints() if one.path == path)
    name = next((one.name for one in found.methods if one.chapter == chapter), found.methods[0].name)
    owner: Any = type(getattr(Calls(), name.split(".")[1]))
    short = name.rpartition(".")[2]
    return f"{{py:meth}}`{short} <{owner.__module__}.{owner.__qualname__}.{short}>`"


def count() -> int:
    """Return how many refusals the page shows."""
    return len(re.findall(r"^\| \{py:meth\}", page(), re.MULTILINE))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: {count()} refusals\n")
