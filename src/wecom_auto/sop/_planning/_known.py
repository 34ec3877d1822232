"""Facts given as data, and facts as a preview brings them about. Reads no directory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop.conditions import Facts


def _names(given: Iterable[str]) -> frozenset[str]:
    return frozenset(given)


@frozen(kw_only=True)
class KnownFacts:
    """Facts given as data: for a preview without a directory, for tests, and for users with a CRM of their own.

    Attributes:
        tags: Names of the tags the customer carries.
        events: Event name to the time it was seen.
        attributes: Attribute name to value.
        channel: The channel text (`state`).
        friend: Whether the customer is a friend of the member.
        reached: Step ids that have reached the customer.
    """

    tags: frozenset[str] = field(default=frozenset(), converter=_names)
    events: dict[str, datetime] = field(factory=dict[str, datetime])
    attributes: dict[str, JSON] = field(factory=dict[str, JSON])
    channel: str = ""
    friend: bool = True
    reached: frozenset[str] = field(default=frozenset(), converter=_names)

    def has_tag(self, name: str, /) -> bool:
        """See `Facts`."""
        return name in self.tags

    def event(self, name: str, /) -> datetime | None:
        """See `Facts`."""
        return self.events.get(name)

    def attribute(self, name: str, /) -> JSON:
        """See `Facts`."""
        return self.attributes.get(name)

    def state(self) -> str:
        """See `Facts`."""
        return self.channel

    def following(self) -> bool:
        """See `Facts`."""
        return self.friend

    def delivered(self, step_id: str, /) -> bool:
        """See `Facts`."""
        return step_id in self.reached


class FutureFacts:
    """Today's facts with what the preview itself has brought about."""

    def __init__(self, today: Facts) -> None:
        self.today = today
        self.tags: dict[str, bool] = {}
        self.attributes: dict[str, JSON] = {}
        self.reached: set[str] = set()

    def has_tag(self, name: str, /) -> bool:
        return self.tags[name] if name in self.tags else self.today.has_tag(name)

    def event(self, name: str, /) -> datetime | None:
        return self.today.event(name)

    def attribute(self, name: str, /) -> JSON:
        return self.attributes[name] if name in self.attributes else self.today.attribute(name)

    def state(self) -> str:
        return self.today.state()

    def following(self) -> bool:
        return self.today.following()

    def delivered(self, step_id: str, /) -> bool:
        return step_id in self.reached or self.today.delivered(step_id)
