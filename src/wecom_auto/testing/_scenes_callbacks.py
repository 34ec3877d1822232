"""Where callbacks go, and when: registered receivers, delivery on request or by itself, trouble on demand."""

from __future__ import annotations

from wecom_auto.callbacks.crypto import CallbackCrypto
from wecom_auto.callbacks.events import Event
from wecom_auto.testing._outbox import CallbackHandler, Receiver
from wecom_auto.testing._post import check_url
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
            automatic: Deliver at the end of every scene, and when the clock was moved; otherwise `deliver` does.

        Raises:
            ValueError: The target is a text and no URL that can be called.
        """
        if isinstance(target, str):
            check_url(target)
        crypto = CallbackCrypto(token, aes_key, self._core.state.corp_id if receive_id is None else receive_id)
        self._core.outbox.receivers.append(Receiver(target=target, crypto=crypto))
        self._core.outbox.automatic |= automatic

    def deliver(self) -> tuple[FakeDelivery, ...]:
        """Deliver the events that are due, and return what became of each.

        Takes real time: a receiver has 5 s for each of three tries (`Settings.callback_timeout`, `.callback_tries`).
        The tries follow each other at once; how long the platform waits between them is not documented.
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

    @property
    def undelivered(self) -> tuple[Event, ...]:
        """The events that wait: for `deliver`, or for the virtual time at which a late one leaves."""
        return self._core.outbox.waiting

    def disturb(
        self,
        *,
        drop: int = 0,
        duplicate: int = 0,
        reorder: bool = False,
        lose_answers: int = 0,
        late: int = 0,
        late_seconds: float = 60.0,
    ) -> None:
        """Let callbacks go wrong as they do in production.

        Args:
            drop: How many of the next deliveries are lost.
            duplicate: How many of the next deliveries come twice.
            reorder: Shuffle the next flush.
            lose_answers: How many of the next answers do not arrive: the receiver has handled the event, and the
                platform tries again, which counts as one of its tries.
            late: How many of the next events leave late; younger ones overtake them.
            late_seconds: How late those leave, in virtual time; with ``automatic`` they leave when the clock is moved.
        """
        self._core.outbox.disturb(
            drop=drop,
            duplicate=duplicate,
            reorder=reorder,
            lose_answers=lose_answers,
            late=late,
            late_seconds=late_seconds,
        )

    def verify_url(self, url: str, token: str, aes_key: str, *, receive_id: str | None = None) -> UrlCheck:
        """Check a callback URL as the console does when somebody saves it: the echo must come back within 1 s."""
        crypto = CallbackCrypto(token, aes_key, self._core.state.corp_id if receive_id is None else receive_id)
        return self._core.outbox.verify(Receiver(target=url, crypto=crypto))
