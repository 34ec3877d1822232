"""Keep one bad item from stopping everybody else: write down what failed, put it off, go on with the others.

What concerns everybody is never swallowed: a database that is away, a worker without memory, a bug or an outage that
hits whatever is tried. Of an error only its type and the place in the code are kept: its words may name a customer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

import sqlalchemy as sa
from attrs import define, evolve, field
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.store import repeatable, transaction

if TYPE_CHECKING:
    # It carries what is described here.
    from wecom_auto.sop._shared._context import Tick

T = TypeVar("T")
R = TypeVar("R")

FAULT: Final = "alert:fault"
DEFERRED: Final = "deferred:fault"
SOON: Final = timedelta(minutes=5)
"""When something that has failed for the first time is tried again."""
LATEST: Final = timedelta(hours=6)
"""The longest time between two tries."""
_MEMORY: Final = timedelta(days=2)
_EVERY: Final = timedelta(hours=1)
_IN_A_ROW: Final = 10
"""So many items, tried alone, that fail one after the other are no longer each one's own fault."""
_NAME: Final = 200


@define
class Faults:
    """What has failed in one tick, and whether anything has worked."""

    first: Exception | None = None
    worked: bool = False
    in_a_row: int = field(default=0)

    @property
    def everywhere(self) -> bool:
        """Whether trying one by one is hopeless for now."""
        return self.in_a_row >= _IN_A_ROW

    def failed(self, error: Exception) -> None:
        """Remember a failure of one item."""
        self.first = self.first or error
        self.in_a_row += 1

    def went_well(self) -> None:
        """Remember that something works."""
        self.worked, self.in_a_row = True, 0

    def surface(self) -> None:
        """Raise what has stopped everything; nothing if anything has worked, or if only a few items have failed."""
        if self.first is not None and self.everywhere and not self.worked:
            raise self.first


def is_general(error: Exception) -> bool:
    """Whether an error is not the item's at hand: the next one would meet it, too.

    A value that a column does not take is the item's own; everything else that a database says is everybody's.
    """
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or not isinstance(error, DataError | IntegrityError)
    if isinstance(error, StatementError):
        return False
    return isinstance(error, SQLAlchemyError | sqlite3.Error | MemoryError)


def name_of(error: Exception) -> str:
    """The type of an error and where it was raised; never its words."""
    return f"{type(error).__qualname__} in {_place(error.__traceback__)}"[:_NAME]


def _place(trace: TracebackType | None) -> str:
    place = "?"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", "?"))
        # The innermost place outside of libraries that know nothing of SOPs, or else the innermost one.
        if not module.startswith(("sqlalchemy", "tenacity", "cattrs", "attr")):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def apart(
    items: Sequence[T],
    work: Callable[[Sequence[T]], R],
    put_off: Callable[[Sequence[T], Exception], None],
    faults: Faults,
    sieve: Callable[[Sequence[T]], Sequence[T]] | None = None,
) -> list[R]:
    """Do work for many at once; if that fails, for ever smaller parts, until those that fail stand alone.

    Args:
        items: In their order, which is kept.
        work: All or nothing: what it writes, it writes in one transaction.
        put_off: Told of those that fail: one by one, or what is left of them once nothing works any more.
        faults: Of the tick.
        sieve: Asked once, after the first failure: puts off together what shares one fault, and gives back the rest.

    Returns:
        The results of the parts that went well.
    """
    results: list[R] = []
    waiting = [items] if items else []
    while waiting:
        some = waiting.pop()
        try:
            results.append(work(some))
        except Exception as error:
            if is_general(error):
                raise
            if sieve is not None:
                rest, sieve = sieve(some), None
                if len(rest) < len(some):
                    waiting += [rest] if rest else []
                    continue
            if len(some) > 1 and not faults.everywhere:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
                continue
            faults.failed(error)
            put_off(some, error)
        else:
            faults.went_well()
    return results


def attempt(engine: Engine, corp_id: str, tick: Tick, what: str, work: Callable[[], object]) -> bool:
    """Do a part of a tick that the other parts do not depend on; an alert and False if it fails by itself."""
    try:
        work()
    except Exception as error:
        if is_general(error):
            raise
        tick.faults.failed(error)
        tick.counts["faults"] += 1
        tell(engine, corp_id, tick.now(), Entry(reason=FAULT, detail=f"{what}: {name_of(error)}"))
        return False
    return True


@repeatable
def tell(engine: Engine, corp_id: str, now: datetime, entry: Entry) -> None:
    """Write an alert down in a transaction of its own, once an hour for the same fault of the same thing."""
    with transaction(engine) as connection:
        write(connection, corp_id, now, [entry])


def write(connection: Connection, corp_id: str, now: datetime, entries: Sequence[Entry]) -> None:
    """Write alerts down in the transaction of the caller; see `tell`."""
    d = t.decisions.c
    for entry in dict.fromkeys(evolve(one, reason=FAULT, due_at=None) for one in entries):
        alike = (d.external_userid == entry.external_userid, d.sop == entry.sop, d.step == entry.step)
        lately = (d.corp_id == corp_id, d.reason == FAULT, d.detail == entry.detail, d.at > now - _EVERY)
        if connection.scalar(sa.select(d.id).where(*lately, *alike).limit(1)) is None:
            _journal.write(connection, corp_id, now, [entry])


def delay(connection: Connection, corp_id: str, customer: str, now: datetime) -> timedelta:
    """How long to wait with a customer's run: the longer, the longer it has been failing."""
    d = t.decisions.c
    mine = (d.corp_id == corp_id, d.external_userid == customer, d.reason == FAULT, d.at > now - _MEMORY)
    first = connection.scalar(sa.select(sa.func.min(d.at)).where(*mine))
    return within(now - first if first is not None else timedelta())


def within(failing_for: timedelta) -> timedelta:
    """How long to wait with something that has been failing for so long."""
    return min(max(failing_for, SOON), LATEST)
