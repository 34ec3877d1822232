"""The command line ``wecom-auto``: what a person does without writing Python. It keeps no state and reads no secrets.

Exit codes: 0 done; 1 done, and something was found that a person must look at; 2 a mistake in the command, a file or
the installation; 130 interrupted.
Results go to standard output, progress and complaints to standard error, and ``--json`` prints JSON and nothing else.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Final

__all__ = ["main"]

_EXTRAS: Final = {"typer", "rich", "sqlalchemy", "alembic", "chinese_calendar"}
_USAGE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: The words after ``wecom-auto``; those of the process, if not given.
    """
    _bear_any_text()
    try:
        from wecom_auto.cli._app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRAS:
            raise
        sys.stderr.write(f"wecom-auto needs {error.name}; run: pip install 'wecom-auto[cli]'\n")
        return _USAGE
    return run(sys.argv[1:] if arguments is None else list(arguments))


def _bear_any_text() -> None:
    """Show ``?`` for what an old code page lacks: Windows redirects text in one, and half a result helps nobody."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
