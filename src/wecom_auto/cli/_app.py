"""The commands and how their mistakes are told. What they do lives elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version as distribution_version
from typing import Annotated, Final

import typer
from typer.main import get_command

from wecom_auto.cli._callback import callback
from wecom_auto.cli._demo import demo
from wecom_auto.cli._endpoints import endpoints
from wecom_auto.cli._fake import fake
from wecom_auto.cli._groups import groups
from wecom_auto.cli._inbox import inbox
from wecom_auto.cli._leads import leads
from wecom_auto.cli._live import replay, status, why
from wecom_auto.cli._qr import qr
from wecom_auto.cli._simulate import simulate
from wecom_auto.cli._sop import sop
from wecom_auto.cli._sop_admin import end, migrate, pause, prune, publish, resume, sizes
from wecom_auto.cli._sop_diff import EPILOG as DIFF_EPILOG
from wecom_auto.cli._sop_diff import diff
from wecom_auto.cli._sop_tasks import EPILOG as TASKS_EPILOG
from wecom_auto.cli._sop_tasks import tasks
from wecom_auto.cli._tags import tags
from wecom_auto.errors import WeComError

_FAILED: Final = 2
_EPILOG: Final = (
    "Exit codes: 0 done; 1 done, and something was found that a person must look at; "
    "2 a mistake in the command, a file or the installation."
)

app = typer.Typer(
    name="wecom-auto",
    help="企业微信 (WeCom) for car makers and dealers: try it, check SOPs, serve the fake platform.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command(epilog=_EPILOG)(demo)
app.command(epilog=_EPILOG)(endpoints)
app.command(epilog=_EPILOG)(fake)
app.add_typer(callback, name="callback")
app.add_typer(inbox, name="inbox")
for command in (simulate, why, replay, status):
    sop.command(epilog=_EPILOG)(command)
app.add_typer(groups, name="groups")
app.add_typer(leads, name="leads")
sop.command(epilog=_EPILOG)(simulate)
sop.command(epilog=DIFF_EPILOG)(diff)
sop.command(epilog=TASKS_EPILOG)(tasks)
for _command in (publish, migrate, pause, resume, end, prune, sizes):
    sop.command(epilog=_EPILOG)(_command)
app.add_typer(sop, name="sop")
app.add_typer(qr, name="qr")
app.add_typer(tags, name="tags")


@app.command(epilog=_EPILOG)
def version() -> None:
    """Print the version."""
    typer.echo(distribution_version("wecom-auto"))


def _show_version(value: bool) -> None:
    if value:
        version()
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


def run(arguments: Sequence[str]) -> int:
    """Run one command; a mistake of the user becomes one message, never a traceback."""
    try:
        get_command(app).main(args=list(arguments), prog_name="wecom-auto")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except (WeComError, OSError) as error:
        sys.stderr.write(f"error: {_told(error)}\n")
        return _FAILED
    return 0


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
