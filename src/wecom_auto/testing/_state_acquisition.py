"""Customer-acquisition links and their quota, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

from wecom_auto.testing._wire import Body

__all__ = ["Acquisition", "ChatKey", "Component", "Link", "LinkCustomer", "Package", "Permit"]


@define(kw_only=True)
class LinkCustomer:
    """Somebody who came by a link. `pending` waits for the member; `received` counts the messages they wrote."""

    seq: int
    link_id: str
    agent_id: int
    userid: str
    external_userid: str
    state: str
    added_at: float
    pending: bool = False
    received: int = 0


@define(kw_only=True)
class Link:
    """A link. `fields` are the request's own, `clicks` who opened it and when, `turn` rotates its members."""

    seq: int
    link_id: str
    agent_id: int
    created_at: int
    url: str
    fields: Body
    turn: int = 0
    unavailable: bool = False
    clicks: list[tuple[float, str]] = field(factory=list[tuple[float, str]])
    customers: list[LinkCustomer] = field(factory=list[LinkCustomer])


@define(kw_only=True)
class Package:
    """Uses that were bought together. `warnings` are the days before the end that are still to be announced."""

    balance: int
    expires_at: float
    warnings: list[int]


@define(kw_only=True)
class ChatKey:
    """What a chat key stands for: the customer, and how many messages the member had got by then."""

    customer: LinkCustomer
    received: int
    issued_at: float


@define(kw_only=True)
class Component:
    """How the corp authorised a provider's acquisition component."""

    pay_mode: int
    price_fen: int
    link_auth_mode: int
    agent_ids: list[int]


@define(kw_only=True)
class Permit:
    """Whom a 营销获客 app may connect customers to."""

    userids: list[str]
    department_ids: list[int]
    tag_ids: list[int]


@define(kw_only=True)
class Acquisition:
    """Links and quota of the corp. `came` says by the number of a relation who came by a link."""

    links: dict[str, Link] = field(factory=dict[str, Link])
    packages: list[Package] = field(factory=list[Package])
    used: int = 0
    came: dict[int, LinkCustomer] = field(factory=dict[int, LinkCustomer])
    chat_keys: dict[str, ChatKey] = field(factory=dict[str, ChatKey], repr=False)
    components: dict[int, Component] = field(factory=dict[int, Component])
    permits: dict[int, Permit] = field(factory=dict[int, Permit])
