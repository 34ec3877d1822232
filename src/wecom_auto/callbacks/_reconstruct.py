"""Make an event that never came look like one that did, and say that it is none. Never decides what was lost."""

from __future__ import annotations

from wecom_auto._time import to_unix
from wecom_auto.callbacks._body import event_xml, read_delivery
from wecom_auto.callbacks._event import RECONSTRUCTED, Event
from wecom_auto.callbacks.crypto import Delivery

__all__ = ["reconstruct"]


def reconstruct(event: Event) -> Event:
    """Return the event as if it had been received, marked as `Event.reconstructed`.

    It has a body, so that it can be stored and read again, and a `dedupe_key` of its own:
    the real event, should it come after all, is another one.

    Args:
        event: What an answer of the platform shows to have happened.
    """
    return read_delivery(Delivery(event_xml(event), event.corp_id, str(to_unix(event.created_at)), RECONSTRUCTED))
