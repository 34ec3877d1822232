"""Sources as values: which channel, campaign, store, advisor and lead. Knows no code and no table."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from attrs import field, frozen, validators

from wecom_auto.automotive.channels._codec import Origin

NAME_LENGTH: Final = 64
NOTE_LENGTH: Final = 500


class SourceKind(enum.StrEnum):
    """The five parts of a source, from wide to narrow. Their order is that of the code and never changes."""

    CHANNEL = "channel"
    """渠道: 朋友圈广告, 直播, 门店自然到店."""
    CAMPAIGN = "campaign"
    """活动: a launch, an auto show, a sale."""
    STORE = "store"
    """门店."""
    ADVISOR = "advisor"
    """顾问: the member's userid."""
    LEAD = "lead"
    """线索: the lead's own id, for a link that is made for one person."""


@frozen(kw_only=True)
class Source:
    """Where a customer came from; what is empty was not said.

    Attributes:
        channel: Key of the channel (渠道), up to 64 characters.
        campaign: Key of the campaign (活动).
        store: Key of the store (门店).
        advisor: The advisor (顾问), by userid.
        lead: The lead (线索), by its id; never a phone number, because states are shown in the console.
        note: Anything else that should come back, up to 500 characters; it makes the state a long one.
    """

    channel: str = field(default="", validator=validators.max_len(NAME_LENGTH))
    campaign: str = field(default="", validator=validators.max_len(NAME_LENGTH))
    store: str = field(default="", validator=validators.max_len(NAME_LENGTH))
    advisor: str = field(default="", validator=validators.max_len(NAME_LENGTH))
    lead: str = field(default="", validator=validators.max_len(NAME_LENGTH))
    note: str = field(default="", validator=validators.max_len(NOTE_LENGTH))

    def parts(self) -> Iterator[tuple[SourceKind, str]]:
        """The parts that are said, in the order of the code."""
        for kind in SourceKind:
            if key := str(getattr(self, kind.value)):
                yield kind, key

    def __bool__(self) -> bool:
        return bool(self.note) or any(True for _ in self.parts())


@frozen(kw_only=True)
class SourceName:
    """One entry of the registry.

    Attributes:
        kind: Which part of a source it is.
        key: What programs and tables call it.
        number: What codes call it; given once, never to anything else.
        name: What people call it.
        retired_at: Since when no new code may name it; codes that were printed stay readable.
    """

    kind: SourceKind
    key: str
    number: int
    name: str = ""
    retired_at: datetime | None = None


@frozen(kw_only=True)
class Attribution:
    """Where one add came from, as it was understood when it happened.

    Attributes:
        external_userid: The customer.
        userid: The member who was added.
        added_at: When.
        state: The text that the platform told, whole.
        origin: Whether the text is ours; only then `source` says something.
        source: What it meant at that time; it stays when codes and registry entries go.
    """

    external_userid: str
    userid: str
    added_at: datetime
    state: str
    origin: Origin
    source: Source


@frozen(kw_only=True)
class AddCount:
    """How many came from one source.

    Attributes:
        key: The key that was grouped by; empty for adds that do not say.
        adds: Add events; a customer who comes twice counts twice.
        customers: Different customers.
    """

    key: str
    adds: int
    customers: int
