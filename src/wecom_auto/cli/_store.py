"""Open the database that a command reads or changes, and tell in one line why that cannot be done."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from wecom_auto.sop import Runner

StoreUrl = Annotated[
    str, typer.Option(envvar="WECOM_STORE", show_envvar=True, help="Database, e.g. sqlite:///wecom.db.")
]
CorpOfStore = Annotated[str, typer.Option(help="The corp, if the store has several.")]


@contextmanager
def opened_store(url: str, *, migrate: bool = False) -> Generator[Engine]:
    """Open a store for one command; its schema is brought up to date only where a command is to make a store.

    Raises:
        ConfigurationError: The database cannot be reached, or is no store of SOPs; nothing of its address is shown,
            which may hold a password.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from wecom_auto.store import open_store

    engine = open_store(url, migrate=migrate)
    try:
        yield engine
    except SQLAlchemyError as error:
        msg = f"the database cannot be read ({type(error).__name__}); is it a store of SOPs, and migrated?"
        raise ConfigurationError(msg) from None
    finally:
        engine.dispose()


@contextmanager
def opened_runner(url: str, corp: str, *, migrate: bool = False) -> Generator[Runner]:
    """Open a store with a runner that can do everything but call the platform.

    Raises:
        ConfigurationError: See `opened_store`; or the store has no SOPs of this corp, or of several and none was named.
    """
    from wecom_auto import WeCom
    from wecom_auto.directory import Directory
    from wecom_auto.sop import Contents, Runner
    from wecom_auto.sop.administration import corps

    with opened_store(url, migrate=migrate) as engine:
        known = corps(engine)
        chosen = corp or (known[0] if len(known) == 1 else "")
        if not chosen or (chosen not in known and not migrate):
            msg = f"--corp: the store holds SOPs of {', '.join(known) or 'no corp'}; name one of them"
            raise ConfigurationError(msg)
        # Nothing that a command does with it makes a call, so no secret is asked for.
        with WeCom(chosen, "unused") as client:
            yield Runner(engine, client, Directory(engine, chosen), Contents({}))
