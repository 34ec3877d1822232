"""Do a transaction again that the database gave up in favour of another one.

Repeats only what is certainly rolled back: a deadlock, a lock that was waited for too long, a busy file.
A connection that broke is not among them, because its last commit may have gone through.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import tenacity
from sqlalchemy.exc import DBAPIError

P = ParamSpec("P")
R = TypeVar("R")

_MYSQL: Final = frozenset({1205, 1213})
"""Lock wait timeout, deadlock."""
_POSTGRESQL: Final = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock not available."""
_SQLITE: Final = frozenset({5, 6})
"""Busy, locked: the low byte of the extended codes."""
_ATTEMPTS: Final = 10


def given_up(error: BaseException) -> bool:
    """Whether the database rolled the transaction back only because another one was in the way."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    if cause is error or cause is None:
        return False
    return getattr(cause, "sqlstate", None) in _POSTGRESQL or cause.args[:1] in {(code,) for code in _MYSQL}


def repeatable(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function again whose one transaction the database gave up.

    The function must leave no trace but what it writes in that transaction: it calls nobody and counts nothing before
    the transaction is over.
    """
    return _AGAIN.wraps(function)


_AGAIN: Final = tenacity.Retrying(
    retry=tenacity.retry_if_exception(given_up),
    stop=tenacity.stop_after_attempt(_ATTEMPTS),
    wait=tenacity.wait_random_exponential(multiplier=0.01, max=1),
    reraise=True,
)
