"""Which of 64 parts of the timetable a customer belongs to. Pure arithmetic; it knows no worker and no queue.

A customer's runs and touches share one shard, so that one worker at a time plans for one customer.
The number is stored with the row, because a database must find the due rows of a shard without reading the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy.engine.default import DefaultExecutionContext

SHARDS: Final = 64
"""How many parts there are. It can never change: the numbers are stored."""


def shard_of(subject: str) -> int:
    """The shard of a customer, or of whatever else a run is about: the same on every machine, for ever.

    The first byte of the MD5 of the identifier, which MariaDB and PostgreSQL compute alike when rows are migrated.
    """
    return md5(subject.encode(), usedforsecurity=False).digest()[0] % SHARDS


def of_row(context: DefaultExecutionContext) -> int:
    """Fill the column of a row that is being inserted: whoever inserts need not think of it."""
    row: Mapping[str, object] = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy's own.
    return shard_of(str(row["external_userid"]))
