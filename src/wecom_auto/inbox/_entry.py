"""Turn an event into a row and a row into the event again. Reads no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
from attrs import field, frozen
from sqlalchemy.engine import RowMapping

from wecom_auto.callbacks import Delivery, Event, event_body
from wecom_auto.callbacks._body import read_delivery

MADE = "made"
GONE = "gone"


@frozen(kw_only=True)
class Row:
    """A claimed event: what it takes to handle it and to write down what became of it."""

    id: int
    fence: int
    name: str
    content: str
    envelope: str
    body: bytes = field(repr=False)
    received_at: datetime
    happened_at: datetime
    handled: tuple[str, ...]
    missed: tuple[str, ...]
    attempts: int
    urgent_until: datetime | None
    late: bool
    error: str
    lease_until: datetime

    def event(self) -> Event:
        """Read the event again.

        Raises:
            CallbackError: The body is not what was stored.
        """
        event = read_delivery(Delivery(self.body, *json.loads(self.envelope)))
        if self.content == MADE:
            event = attrs.evolve(event, delivery=None)
        return attrs.evolve(event, late=True) if self.late else event


def entry_of(event: Event, receiver: str, subject: Callable[[Event], str]) -> dict[str, Any]:
    """Return the columns that an event fills by itself.

    Raises:
        ValidationError: An event that was not received cannot be written as XML.
    """
    delivery = event.delivery or Delivery(event_body(event))
    content = MADE if event.delivery is None else "json" if event.raw is None else "xml"
    return {
        "receiver": receiver,
        "dedupe_key": event.dedupe_key or hashlib.sha256(b"made" + delivery.body).hexdigest(),
        "corp_id": _fitting(event.corp_id, 64),
        "name": _fitting(event.name, 128),
        "subject": _fitting(subject(event), 191),
        "content": content,
        # ASCII, whatever came: neither a NUL nor half a surrogate reaches the database.
        "envelope": json.dumps(list(delivery[1:])),
        "body": delivery.body,
        "happened_at": event.created_at,
    }


def _fitting(text: str, length: int) -> str:
    """Return a text that every database takes: the full one is in the body."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:length]


def row_of(columns: RowMapping, **changes: Any) -> Row:
    """Return the row of a claim."""
    stored: dict[str, Any] = dict(columns)
    values = {field.name: stored[field.name] for field in attrs.fields(Row)} | changes
    values |= {name: tuple(values[name]) for name in ("handled", "missed")}
    return Row(**values)
