"""Find the line of a TOML file that a finding is about. Best effort: the standard reader keeps no positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NUMBERED: Final = re.compile(r"(step|exit)\[(\d+)\]\.?(\w*)")
_NAMED: Final = re.compile(r"step '([^']+)'\.?(\w*)")
_TABLE: Final = re.compile(r"(entry|window|policy)\b\.?(\w*)")
_KEY: Final = re.compile(r"(\w+)")


def line_of(text: str, place: str) -> int | None:
    """Return the line, counted from 1, at which the part of the document begins; None where that is not clear.

    Args:
        text: The TOML text.
        place: As in `Finding.place`: ``step[2].at``, ``step 'invite'.at``, ``entry.on``, ``version``.
    """
    lines = text.splitlines()
    if found := _NUMBERED.match(place):
        heads = [at for at, line in enumerate(lines) if _is_head(line, f"[[{found[1]}]]")]
        wanted = int(found[2])
        return _key(lines, heads[wanted], found[3]) if wanted < len(heads) else None
    if found := _NAMED.match(place):
        return _of_step(lines, found[1], found[2])
    if found := _TABLE.match(place):
        return next(
            (_key(lines, at, found[2]) for at, line in enumerate(lines) if _is_head(line, f"[{found[1]}]")), None
        )
    found = _KEY.fullmatch(place)
    return _key(lines, -1, found[1], default=None) if found else None


def _of_step(lines: list[str], step: str, key: str) -> int | None:
    for at, line in enumerate(lines):
        if _is_head(line, "[[step]]") and any(
            re.match(rf"\s*id\s*=\s*(['\"]){re.escape(step)}\1", line) for _, line in _body(lines, at)
        ):
            return _key(lines, at, key)
    return None


def _is_head(line: str, head: str) -> bool:
    return line.partition("#")[0].replace(" ", "").strip() == head


def _body(lines: list[str], head: int) -> Iterator[tuple[int, str]]:
    """The lines of the table that begins at `head`; -1 is the top of the document."""
    for at in range(head + 1, len(lines)):
        if lines[at].lstrip().startswith("["):
            return
        yield at, lines[at]


def _key(lines: list[str], head: int, key: str, default: int | None = 0) -> int | None:
    """The line of `key` in the table, or that of its heading."""
    own = (at + 1 for at, line in _body(lines, head) if key and re.match(rf"\s*{re.escape(key)}\s*=", line))
    return next(own, None if default is None else head + 1)
