"""Where callbacks go, and when: registered receivers, delivery on request or by itself, trouble on demand."""

from __future__ import annotations

from wecom_auto.callbacks.crypto import CallbackCrypto
from wecom_auto.callbacks.events import Event
from wecom_auto.testing._outbox import CallbackHandler, Receiver
from wecom_auto.testing._records import FakeDelivery, UrlCheck
from wecom_auto.testing._scenes import Scenes, scene

__all__ = ["CallbackScenes"]


class CallbackScenes(Scenes):
    """Callbacks (回调)."""

    def deliver_to(
        self,
        target: str | CallbackHandler,
        token: str,
        aes_key: str,
        *,
        receive_id: str | None = None,
        automatic: bool = False,
    ) -> None:
        """Register a receiver; from now on every event is encrypted, signed and posted to it.

        Args:
            target: A URL, or a function of query and body that returns an HTTP status.
            token: The receiver's Token.
            aes_key: The receiver's EncodingAESKey, 43 characters.
            receive_id: Whom the messages name as receiver; the corp unless given.
            automatic: Deliver at the end of every scene; otherwise `deliver` does.
        """
        crypto = CallbackCrypto(token, aes_key, self._core.state.corp_id if receive_id is None else receive_id)
        self._core.outbox.receivers.append(Receiver(target=target, crypto=crypto))
        self._core.outbox.automatic |= automatic

    def deliver(self) -> tuple[FakeDelivery, ...]:
        """Deliver the events that wait, and return what became of each.

        Takes real time: a receiver has 5 s for each of three tries (`Settings.callback_timeout`, `.callback_tries`).
        """
        return self._core.outbox.flush(self._core.settings)

    @property
    def deliveries(self) -> tuple[FakeDelivery, ...]:
        """What became of every callback so far."""
        return tuple(self._core.outbox.log)

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event so far, delivered or not."""
        return tuple(self._core.outbox.events)

    @scene
    def emit(self, event: Event) -> None:
        """Queue any event, for example one whose cause the fake does not play."""
        self._core.outbox.emit(event)

    def disturb(self, *, drop: int = 0, duplicate: int = 0, reorder: bool = False) -> None:
        """Let callbacks go wrong as they do in production.

        Args:
            drop: How many of the next events are lost.
            duplicate: How many of the next events come twice.
            reorder: Shuffle the next flush.
        """
        self._core.outbox.disturb(drop=drop, duplicate=duplicate, reorder=reorder)

    def verify_url(self, url: str, token: str, aes_key: str, *, receive_id: str | None = None) -> UrlCheck:
        """Check a callback URL as the console does when somebody saves it: the echo must come back within 1 s."""
        crypto = CallbackCrypto(token, aes_key, self._core.state.corp_id if receive_id is None else receive_id)
        return self._core.outbox.verify(Receiver(target=url, crypto=crypto))
