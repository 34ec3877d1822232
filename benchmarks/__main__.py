"""Print the ratios of the budget table: ``python -m benchmarks [NAME …] [--json]``.

Every ratio compares two things in one run on one machine, so it means the same on another machine.
Nothing here passes or fails; the tests do that.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any


def names() -> list[str]:
    """Return the benchmarks that exist."""
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(names())} (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(names())):
        parser.error(f"no benchmark called {', '.join(unknown)}; there are {', '.join(names())}")
    rows: list[dict[str, Any]] = []
    for name in options.names or names():
        print(f"… {name}", file=sys.stderr, flush=True)
        found = importlib.import_module(f"benchmarks.bench_{name}").run()
        rows += found
        if not options.json:
            for row in found:
                print(line(row), flush=True)
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))


def line(row: dict[str, Any]) -> str:
    """Return one row of the table."""
    ratio = row["ratio"]
    shown = f"{ratio:.3g}" if isinstance(ratio, (int, float)) else str(ratio)
    return f"{row['what']:<74} {shown:>10}   budget {row['budget']:<14} {row.get('note', '')}"


if __name__ == "__main__":
    main()
