"""Tickets for pages that run inside WeCom (JS-SDK 凭证, manual 90506)."""

from __future__ import annotations

from attrs import field, frozen

from wecom_auto._model import Model, OpenStrEnum, wire

__all__ = ["Ticket", "TicketKind"]


class TicketKind(OpenStrEnum):
    """What an app's ticket is for."""

    AGENT_CONFIG = "agent_config"
    """The JS-SDK's `agentConfig` (应用的 jsapi_ticket)."""
    WX_CARD = "wx_card"
    """Electronic invoices (电子发票)."""


@frozen(kw_only=True)
class Ticket(Model):
    """A ticket that signs JS-SDK calls. It is a secret: keep it on the server, and cache it.

    Attributes:
        ticket: The secret, up to 512 bytes; never shown in a repr.
        expires_in_seconds: Its life from now, normally 7,200.
    """

    ticket: str = field(repr=False)
    expires_in_seconds: int = wire("expires_in", 7200)
