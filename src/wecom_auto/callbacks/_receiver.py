"""What a door needs of whoever takes its events. Describes it, and takes none itself."""

from __future__ import annotations

from typing import Protocol

from wecom_auto.callbacks._event import Event
from wecom_auto.callbacks.router import Handling

__all__ = ["NotTakenError", "Receiver"]


class NotTakenError(Exception):
    """The event is neither stored nor handled, so the platform must not hear 200."""


class Receiver(Protocol):
    """Takes the events of a door: an `EventRouter` that handles them at once, or an inbox that stores them first."""

    @property
    def recognises_duplicates(self) -> bool:
        """Whether it knows by itself what it took before."""
        ...

    def require_sync(self) -> None:
        """Check that `receive` works without an event loop.

        Raises:
            ConfigurationError: It does not.
        """
        ...

    def receive(self, event: Event) -> Handling:
        """Take one event.

        Raises:
            NotTakenError: It could not be kept; the platform is to make the call again.
        """
        ...

    async def receive_async(self, event: Event) -> Handling:
        """Take one event, in an event loop."""
        ...
