"""Do a transaction again that the database gave up in favour of another one.

Repeats only what is certainly rolled back: a deadlock, a lock that was waited for too long, a busy file.
A connection that broke is not among them, because its last commit may have gone through.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from functools import wraps
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
_FIRST_WAIT: Final = 0.01
"""The longest wait before the second attempt, in seconds; it doubles with every further one."""


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
    again = _AGAIN.wraps(function)

    @wraps(function)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            # Nearly always the only one: the machinery of repeating costs more than a small transaction.
            return function(*args, **kwargs)
        except Exception as error:
            if not given_up(error):
                raise
        time.sleep(random.uniform(0, _FIRST_WAIT))  # noqa: S311 - spreads the load, hides nothing
        return again(*args, **kwargs)

    return attempt


_AGAIN: Final = tenacity.Retrying(
    retry=tenacity.retry_if_exception(given_up),
    stop=tenacity.stop_after_attempt(_ATTEMPTS - 1),
    wait=tenacity.wait_random_exponential(multiplier=2 * _FIRST_WAIT, max=1),
    reraise=True,
)
