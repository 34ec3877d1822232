"""Hand a lead to a dealer that has a corp of its own (线索下发): with the person's separate consent, or not at all.

The other side has to recognise a key that it has seen: after a crash the same lead is brought again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._consent import PROVIDE_TO_DEALER, granted
from wecom_auto.automotive.leads._states import AssignmentState, LeadStatus, StoredLead
from wecom_auto.store import reading, repeatable, transaction


class HandOver(StrEnum):
    """What became of a hand-over."""

    DONE = "done"
    ALREADY = "already"
    """This inquiry was handed over before."""
    NO_CONSENT = "no_consent"
    """The person has not agreed that this dealer gets their data."""
    UNKNOWN = "unknown"
    """There is no such lead."""


@frozen(kw_only=True)
class HandedLead:
    """A lead on its way to a dealer; ``repr`` shows neither name nor number.

    Attributes:
        key: The same for every attempt.
        recipient: Code of the dealer.
        lead: The lead.
        phone: The number; empty if it is not kept.
    """

    key: str
    recipient: str
    lead: StoredLead
    phone: str = field(repr=False)


class LeadSink(Protocol):
    """The dealer's side: a CRM, a DMS, or another `LeadDesk`."""

    def take(self, lead: HandedLead, /) -> str:
        """Take a lead, once for each key, and return the number that it has there."""
        ...


def hand_over(desk: Desk, lead_id: str, dealer: str, sink: LeadSink) -> HandOver:
    """Give a lead to a dealer's own system."""
    with reading(desk.engine) as connection:
        found = books.lead(connection, desk.corp_id, lead_id, lock=False)
        if found is None:
            return HandOver.UNKNOWN
        if not _agreed(connection, desk, lead_id, dealer):
            return HandOver.NO_CONSENT
        key = f"{lead_id}:{dealer}:{found.inquiries}"
        if _handed(connection, desk, lead_id, key):
            return HandOver.ALREADY
        box = connection.scalar(
            sa.select(t.leads.c.phone_box).where(t.leads.c.corp_id == desk.corp_id, t.leads.c.lead_id == lead_id)
        )
    receipt = sink.take(HandedLead(key=key, recipient=dealer, lead=found, phone=desk.keys.open(box or "")))
    desk.crash("handed over")
    _done(desk, lead_id, dealer, key, receipt)
    return HandOver.DONE


def _agreed(connection: Connection, desk: Desk, lead_id: str, dealer: str) -> bool:
    known = desk.network.dealers.get(dealer)
    if known is not None and (known.same_handler or dealer == desk.settings.handler):
        return True
    names = {dealer, known.name if known else ""} - {""}
    return bool(granted(connection, desk, lead_id, PROVIDE_TO_DEALER, names))


def _handed(connection: Connection, desk: Desk, lead_id: str, key: str) -> bool:
    c = t.history.c
    query = sa.select(c.detail).where(c.corp_id == desk.corp_id, c.lead_id == lead_id, c.what == "handed_over")
    return any(detail.get("key") == key for detail in connection.scalars(query))


@repeatable
def _done(desk: Desk, lead_id: str, dealer: str, key: str, receipt: str) -> None:
    now = desk.now()
    with transaction(desk.engine) as connection:
        found = books.lead(connection, desk.corp_id, lead_id)
        if found is None or _handed(connection, desk, lead_id, key):
            return
        live = books.live(connection, desk.corp_id, lead_id)
        if live:
            books.close(connection, desk.corp_id, live, AssignmentState.CLOSED, now, "handed over")
        detail = {"to": dealer, "key": key, "receipt": receipt[:64]}
        books.note(connection, desk.corp_id, lead_id, "handed_over", now, detail=detail)
        values = {"status": LeadStatus.CLOSED.value, "owner": "", "blocked": "", "next_at": None, "dealer": dealer}
        books.change(connection, desk.corp_id, lead_id, **values)
