"""A link of its own for each lead, sent by text message (短信短链): who opens it and who adds is known to the lead.

It sends no text message itself: a provider does, through `SmsSender`. A message whose fate is unknown is not repeated,
unless the provider recognises a repeat.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any, Final, Protocol

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._consent import granted
from wecom_auto.automotive.leads._states import LeadStatus
from wecom_auto.models import channel_url
from wecom_auto.store import repeatable, transaction

c = t.links.c
_LEASE: Final = timedelta(minutes=5)
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


@frozen(kw_only=True)
class Sms:
    """A text message on its way to a provider; ``repr`` shows neither number nor text.

    Attributes:
        key: The same for every attempt, for a provider that recognises repeats.
        phone: The number.
        text: With the link in it.
        lead_id: The lead.
    """

    key: str
    phone: str = field(repr=False)
    text: str = field(repr=False)
    lead_id: str


class SmsError(Exception):
    """The provider has certainly not sent the message; the next round tries again."""


class SmsSender(Protocol):
    """A provider of text messages.

    Attributes:
        idempotent: It sends one message for one `Sms.key`, however often it is called.
    """

    @property
    def idempotent(self) -> bool:
        """Whether a repeat is recognised."""
        ...

    def send(self, sms: Sms, /) -> str:
        """Send it, and return the provider's number of it.

        Raises:
            SmsError: it was certainly not sent; any other error leaves that open.
        """
        ...


@frozen(kw_only=True)
class LinkReport:
    """What a round of text messages has done.

    Attributes:
        sent: Messages that the provider has taken.
        failed: Certainly not sent; the next round tries again.
        unsure: Sent or not; a person looks at the provider's list.
        no_consent: Leads that have not agreed to text messages.
        no_phone: Leads whose number is not kept.
    """

    sent: int = 0
    failed: int = 0
    unsure: int = 0
    no_consent: int = 0
    no_phone: int = 0


@repeatable
def make(desk: Desk, lead_id: str, url: str, link_id: str, state: str) -> str:
    """Return the lead's own address of an acquisition link; a second call returns the first one's."""
    now = desk.now()
    with transaction(desk.engine) as connection:
        if books.lead(connection, desk.corp_id, lead_id) is None:
            raise LookupError(lead_id)
        mine = (c.corp_id == desk.corp_id, c.lead_id == lead_id, c.link_id == link_id)
        known = connection.scalar(sa.select(c.url).where(*mine))
        if known is not None:
            return str(known)
        # 20 characters of chance: nobody counts leads by guessing the next address.
        state = state or "L" + "".join(secrets.choice(_ALPHABET) for _ in range(20))
        made = channel_url(url, state)
        row = {"corp_id": desk.corp_id, "state": state, "lead_id": lead_id, "link_id": link_id, "url": made}
        connection.execute(sa.insert(t.links), row | {"sms": "ready", "receipt": "", "created_at": now})
    return made


def send(desk: Desk, sender: SmsSender, text: Callable[[str], str], limit: int) -> LinkReport:
    """Send the links that wait."""
    taken, skipped, unsure = _claim(desk, limit, again=sender.idempotent)
    desk.crash("sms claimed")
    counts = {"sent": 0, "failed": 0, "unsure": unsure, "no_phone": 0, **skipped}
    for state, lead_id, url, box in taken:
        phone = desk.keys.open(box)
        if not phone:
            counts["no_phone"] += 1
            _settle(desk, state, lead_id, "failed", "")
            continue
        sms = Sms(key=f"{desk.corp_id}:{state}", phone=phone, text=text(url), lead_id=lead_id)
        try:
            receipt = sender.send(sms)
        except SmsError:
            _settle(desk, state, lead_id, "ready", "")
            counts["failed"] += 1
            continue
        desk.crash("sms sent")
        _settle(desk, state, lead_id, "sent", receipt)
        counts["sent"] += 1
    return LinkReport(**counts)


@repeatable
def _claim(desk: Desk, limit: int, *, again: bool) -> tuple[list[tuple[str, str, str, str]], dict[str, int], int]:
    now = desk.now()
    lead = t.leads.c
    with transaction(desk.engine) as connection:
        lost = (c.corp_id == desk.corp_id, c.sms == "sending", c.lease_until <= now)
        fate = sa.update(t.links).where(*lost).values(sms="ready" if again else "unsure", lease_until=None)
        unsure = connection.execute(fate).rowcount
        alive = sa.exists().where(
            lead.corp_id == c.corp_id, lead.lead_id == c.lead_id, lead.status != LeadStatus.CLOSED.value
        )
        query = sa.select(c.state, c.lead_id, c.url).where(c.corp_id == desk.corp_id, c.sms == "ready", alive)
        query = query.order_by(c.created_at, c.state).limit(limit).with_for_update(skip_locked=True)
        found = connection.execute(query).all()
        taken = [row for row in found if _agreed(connection, desk, row.lead_id)]
        for row in taken:
            mine = (c.corp_id == desk.corp_id, c.state == row.state)
            connection.execute(sa.update(t.links).where(*mine).values(sms="sending", lease_until=now + _LEASE))
        boxes = _boxes(connection, desk, {row.lead_id for row in taken})
    refused = len(found) - len(taken)
    ready = [(row.state, row.lead_id, row.url, boxes.get(row.lead_id, "")) for row in taken]
    return ready, {"no_consent": refused}, 0 if again else unsure


def _boxes(connection: Connection, desk: Desk, lead_ids: set[str]) -> dict[str, str]:
    """The sealed numbers of leads."""
    lead = t.leads.c
    query = sa.select(lead.lead_id, lead.phone_box).where(lead.corp_id == desk.corp_id, lead.lead_id.in_(lead_ids))
    return {row.lead_id: row.phone_box for row in connection.execute(query)}


def _agreed(connection: Connection, desk: Desk, lead_id: str) -> bool:
    purpose = desk.settings.sms_consent
    return not purpose or bool(granted(connection, desk, lead_id, purpose, set()))


@repeatable
def _settle(desk: Desk, state: str, lead_id: str, sms: str, receipt: str) -> None:
    now = desk.now()
    with transaction(desk.engine) as connection:
        mine = (c.corp_id == desk.corp_id, c.state == state)
        values = {"sms": sms, "receipt": receipt[:128], "lease_until": None, "sent_at": now if sms == "sent" else None}
        connection.execute(sa.update(t.links).where(*mine).values(**values))
        if sms == "sent":
            first_time(connection, desk, lead_id, "link_sent_at")


@repeatable
def opened(desk: Desk, state: str) -> bool:
    """Somebody has opened the address of a lead."""
    with transaction(desk.engine) as connection:
        return note_opened(connection, desk, state)


_THIS: Final = (c.corp_id == sa.bindparam("corp"), c.state == sa.bindparam("key"))
_WHOSE: Final = sa.select(c.lead_id).where(*_THIS)
_OPENED: Final = sa.update(t.links).where(*_THIS, c.opened_at.is_(None)).values(opened_at=sa.bindparam("moment"))


def note_opened(connection: Connection, desk: Desk, state: str) -> bool:
    """Write down that an address was opened; False if it is no lead's own."""
    mine = {"corp": desk.corp_id, "key": state}
    lead_id = connection.scalar(_WHOSE, mine)
    if lead_id is None:
        return False
    connection.execute(_OPENED, mine | {"moment": desk.now()})
    first_time(connection, desk, lead_id, "link_opened_at")
    return True


def first_time(connection: Connection, desk: Desk, lead_id: str, column: str) -> bool:
    """Write down when something happened to a lead first; True if it had not happened before."""
    now = desk.now()
    mine = {"corp": desk.corp_id, "lead": lead_id, "moment": now}
    fresh = connection.execute(_first(column), mine).rowcount == 1
    if fresh:
        books.note(connection, desk.corp_id, lead_id, column.removesuffix("_at"), now)
    return fresh


@cache
def _first(column: str) -> sa.Update:
    """Built once: it is asked for every lead."""
    lead, now = t.leads.c, sa.bindparam("moment", type_=t.leads.c[column].type)
    mine = (lead.corp_id == sa.bindparam("corp"), lead.lead_id == sa.bindparam("lead"), lead[column].is_(None))
    values: dict[str, Any] = {column: now}
    if column == "link_sent_at":
        values["unadded_since"] = sa.case((lead.added_at.is_(None), now))
    return sa.update(t.leads).where(*mine).values(values)
