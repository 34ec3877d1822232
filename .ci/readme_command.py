"""Print the one command of a README section, so that CI runs what people copy. Refuses anything but one line."""

# ruff: noqa: INP001 - a script for CI

from __future__ import annotations

import re
import sys
from pathlib import Path


def command(readme: str, heading: str) -> str:
    """Return the command line in the only `sh` fence of the section that begins with `## heading`."""
    section = re.search(rf"^## {re.escape(heading)}\n(?P<body>.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    if section is None:
        msg = f"README has no section {heading!r}"
        raise ValueError(msg)
    blocks = re.findall(r"^```sh\n(.*?)^```$", section["body"], re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    if len(blocks) != 1 or len(lines) != 1:
        msg = f"section {heading!r} must hold one `sh` fence with one line, it holds {len(blocks)} with {len(lines)}"
        raise ValueError(msg)
    return lines[0]


if __name__ == "__main__":
    readme = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
    sys.stdout.write(command(readme, sys.argv[1]) + "\n")
