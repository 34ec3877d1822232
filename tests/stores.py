"""Databases for tests: a fresh one per test, on every kind of server that the environment names.

It starts no server, and touches no database but those it created.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

SERVERS: Final = {"postgres": "WECOM_AUTO_TEST_POSTGRES_URL", "mysql": "WECOM_AUTO_TEST_MYSQL_URL"}

KINDS: Final = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgres", id="postgres", marks=pytest.mark.postgres),
    pytest.param("mysql", id="mysql", marks=pytest.mark.mysql),
]
"""Parameters for a fixture that goes through all databases."""


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database; skip the test if its server is not named in the environment."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
        return
    variable = SERVERS[kind]
    server = os.environ.get(variable, "")
    if not server:
        pytest.skip(f"no {kind} server: set {variable}, e.g. in a container, to run this test")
    name = f"wecom_auto_{secrets.token_hex(6)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgres" else ""))
        admin.dispose()
