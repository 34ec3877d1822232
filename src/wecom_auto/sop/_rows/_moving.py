"""Who is on the way from one member to another: nothing is planned and nothing sent for them. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._rows import _sending_tables as s
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.store import upsert

ASK: Final = timedelta(hours=6)
"""How often the platform is asked what became of a transfer."""
GRACE: Final = timedelta(days=15)
"""How long runs wait for a successor whom nobody has named, or for an answer that does not come."""
AGAIN: Final = timedelta(days=1)
"""When somebody on the move is looked at again, if nothing is heard before; a transfer takes as long."""


class State(StrEnum):
    """Where a transfer stands."""

    WAITING = "waiting"
    ARRIVED = "arrived"
    """The successor has the customer; of the giver nothing was heard yet."""
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"


DUE: Final = (
    s.transfers.c.corp_id == _work.CORP,
    s.transfers.c.check_at <= _work.NOW,
    s.transfers.c.state == State.WAITING.value,
)
"""Transfers that nobody has told about, and whose outcome is asked for now."""
_WAITING: Final = sa.select(s.transfers.c.external_userid).where(
    s.transfers.c.corp_id == sa.bindparam("corp"),
    s.transfers.c.external_userid.in_(sa.bindparam("customers", expanding=True)),
    s.transfers.c.state == State.WAITING.value,
)


def on_the_move(connection: Connection, corp_id: str, customers: Iterable[str]) -> frozenset[str]:
    """Those of the customers who are between two members: nothing is planned and nothing sent for them."""
    found = set[str]()
    for chunk in store.chunked(sorted(set(customers))):
        found.update(connection.scalars(_WAITING, {"corp": corp_id, "customers": chunk}))
    return frozenset(found)


def wait(
    connection: Connection,
    corp_id: str,
    customers: Sequence[str],
    handover: str,
    now: datetime,
    *,
    takeover: str = "",
    resigned: bool = False,
    state: State = State.WAITING,
) -> None:
    """Write down that customers are on the move, in a transaction of the caller."""
    e = t.enrolments.c
    row = {"corp_id": corp_id, "handover_userid": handover, "takeover_userid": takeover, "resigned": resigned}
    row |= {"state": state.value, "started_at": now, "check_at": now + (ASK if takeover else GRACE)}
    for chunk in store.chunked(sorted(set(customers))):
        upsert(connection, s.transfers, [row | {"external_userid": one} for one in chunk])
        # A worker that planned without the news finds a number that it does not know.
        theirs = (e.corp_id == corp_id, e.external_userid.in_(chunk), _work.ACTIVE)
        connection.execute(sa.update(t.enrolments).where(*theirs).values(news=e.news + 1))
