"""Which corp a command talks to: a real one by environment, any other by its address, or a made-up one for trying.

The secret comes from the environment only: a command line is seen by everybody on the machine. It is never printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from wecom_auto import WeCom
    from wecom_auto.testing import FakeWeCom

SECRET: Final = "WECOM_SECRET"  # noqa: S105  # The name of the variable.
CorpId = Annotated[str, typer.Option(envvar="WECOM_CORP_ID", show_envvar=True, help="The corp's id (企业ID).")]
BaseUrl = Annotated[
    str, typer.Option(envvar="WECOM_BASE_URL", show_envvar=True, help="Another platform, such as `wecom-auto fake`.")
]
Fake = Annotated[bool, typer.Option("--fake", help="Try it on a made-up corp in memory; no credentials are needed.")]


def made_up(members: Iterable[str] = ()) -> FakeWeCom:
    """Make a corp up, at the present time.

    Args:
        members: Who works there.
    """
    from wecom_auto.testing import FakeWeCom

    fake = FakeWeCom(now=datetime.now(UTC))
    for userid in dict.fromkeys(members):
        fake.add_member(userid)
    return fake


@contextmanager
def corp(corp_id: str, base_url: str, fake: FakeWeCom | None) -> Generator[WeCom]:
    """Open a client; the secret is that of the environment.

    Args:
        corp_id: The corp; not needed for a made-up one.
        base_url: Empty for the real platform.
        fake: A made-up corp instead.

    Raises:
        ConfigurationError: something is missing.
    """
    if fake is not None:
        yield fake.client()
        return
    from wecom_auto import BASE_URL, WeCom

    secret = os.environ.get(SECRET, "")
    if not corp_id or not secret:
        missing = f"the secret ({SECRET} in the environment)" if corp_id else "the corp id (WECOM_CORP_ID)"
        msg = f"{missing} is missing; or try it with --fake"
        raise ConfigurationError(msg)
    with WeCom(corp_id, secret, base_url=base_url or BASE_URL) as client:
        yield client


@contextmanager
def progress(title: str) -> Generator[Callable[[int, int, str], None]]:
    """Show steps on standard error: a bar on a terminal, nothing in a log.

    Yields:
        Takes how many steps are done, how many there are, and which one comes.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _total, _text: None
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def told(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, description=text[:60])

        yield told
