"""The ledger of each customer's monthly allowance: reserve before asking, settle by the result. Sends nothing.

A reservation is given back only when it is proved that nothing was sent (I9: ``reserved + used <= cap``).
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop._rows import _tables as t
from wecom_auto.store import insert_new

CapRule: TypeAlias = Literal["month", "week", "day"]
"""The administrator's rule: as many mass messages a month as it has days, 7 a week, or 1 a day (manual 92135)."""
_IN_CHUNK: Final = 500
_ANYTHING: Final = 1_000_000
_THEIRS: Final = (
    t.caps.c.corp_id == sa.bindparam("corp"),
    t.caps.c.period == sa.bindparam("month"),
    t.caps.c.external_userid.in_(sa.bindparam("customers", expanding=True)),
)
_ROOM: Final = (
    sa.select(t.caps.c.external_userid)
    .where(*_THEIRS, t.caps.c.reserved + t.caps.c.used < sa.bindparam("allowed"))
    .order_by(t.caps.c.external_userid)
    .with_for_update()
)
_CHANGE: Final = (
    sa.update(t.caps)
    .where(*_THEIRS)
    .values(reserved=t.caps.c.reserved + sa.bindparam("held"), used=t.caps.c.used + sa.bindparam("gone"))
)


def period_of(rule: CapRule, moment: datetime, zone: ZoneInfo) -> tuple[str, int]:
    """The ledger period that a moment falls in, and how many messages it allows.

    Unverified: that the platform counts calendar months, weeks and days in China time.
    """
    day = moment.astimezone(zone).date()
    if rule == "day":
        return day.isoformat(), 1
    if rule == "week":
        return (day - timedelta(days=day.weekday())).strftime("w%Y-%m-%d"), 7
    return day.strftime("%Y-%m"), monthrange(day.year, day.month)[1]


def begin_of(rule: CapRule, moment: datetime, zone: ZoneInfo) -> datetime:
    """When the ledger period of a moment began."""
    day = moment.astimezone(zone).date()
    first = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[rule]
    return datetime.combine(first, time(), zone)


def end_of(rule: CapRule, moment: datetime, zone: ZoneInfo) -> datetime:
    """When the ledger period after that of a moment begins."""
    begun = begin_of(rule, moment, zone)
    if rule == "month":
        return (begun + timedelta(days=32)).replace(day=1)
    return begun + timedelta(days=1 if rule == "day" else 7)


def add_used(connection: Connection, corp_id: str, sent: Mapping[tuple[str, str], int]) -> None:
    """Count messages that nobody reserved: ``(external_userid, period)`` to how many."""
    new = {"corp_id": corp_id, "reserved": 0, "used": 0}
    rows = [new | {"external_userid": customer, "period": period} for customer, period in sorted(sent)]
    insert_new(connection, t.caps, rows)
    _add(connection, corp_id, sent, reserved=0, used=1)


def lock(connection: Connection, corp_id: str, customers: Iterable[str], period: str) -> None:
    """Keep other workers from deciding about these customers until this transaction is over.

    The rows are made where they are missing: a lock on a row that does not exist keeps nobody out.
    """
    ordered = sorted(customers)  # One order for everybody, so that two workers never wait for each other in a ring.
    new = [{"corp_id": corp_id, "external_userid": one, "period": period, "reserved": 0, "used": 0} for one in ordered]
    insert_new(connection, t.caps, new)
    if connection.dialect.name != "sqlite":
        for _ in _with_room(connection, corp_id, ordered, period):
            pass


def reserve(
    connection: Connection, corp_id: str, customers: Sequence[str], period: str, allowed: int
) -> frozenset[str]:
    """Reserve one message for each customer who has room left; `lock` comes first.

    Args:
        connection: An open transaction.
        corp_id: The corp.
        customers: Distinct external_userids.
        period: From `period_of`.
        allowed: How many messages the period allows.

    Returns:
        The customers for whom a message was reserved.
    """
    lucky = frozenset(_with_room(connection, corp_id, sorted(customers), period, allowed))
    _add(connection, corp_id, Counter({(one, period): 1 for one in lucky}), reserved=1)
    return lucky


def _with_room(
    connection: Connection, corp_id: str, customers: Sequence[str], period: str, allowed: int = _ANYTHING
) -> Iterable[str]:
    known = {"corp": corp_id, "month": period, "allowed": allowed}
    for start in range(0, len(customers), _IN_CHUNK):
        yield from connection.scalars(_ROOM, known | {"customers": customers[start : start + _IN_CHUNK]})


def release(connection: Connection, corp_id: str, held: Iterable[tuple[str, str]]) -> None:
    """Give reservations back: ``(external_userid, period)``, proved not sent."""
    _add(connection, corp_id, Counter(held), reserved=-1)


def use(connection: Connection, corp_id: str, held: Iterable[tuple[str, str]]) -> None:
    """Turn reservations into messages that were sent."""
    _add(connection, corp_id, Counter(held), reserved=-1, used=1)


def _add(
    connection: Connection, corp_id: str, changes: Mapping[tuple[str, str], int], *, reserved: int, used: int = 0
) -> None:
    """Change the rows of many customers with a few statements: those that change alike, together."""
    alike = defaultdict[tuple[str, int], list[str]](list)
    for (customer, period), times in sorted(changes.items()):
        alike[period, times].append(customer)
    for (period, times), customers in alike.items():
        known = {"corp": corp_id, "month": period, "held": reserved * times, "gone": used * times}
        for start in range(0, len(customers), _IN_CHUNK):
            connection.execute(_CHANGE, known | {"customers": customers[start : start + _IN_CHUNK]})
