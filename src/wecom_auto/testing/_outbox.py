"""Deliver callbacks: encrypt, sign, POST, retry as the platform does. The only place that counts real seconds.

The platform gives a receiver 5 s and makes three tries in all (manual 90930).
The page of 2026 retries connection failures and timeouts only; the page of 2022 said every status but 200.
"""

from __future__ import annotations

import http.client
import random
import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlencode, urlsplit

from attrs import define, frozen

from wecom_auto.callbacks.crypto import CallbackCrypto, Envelope
from wecom_auto.callbacks.events import Event, event_xml
from wecom_auto.testing._clock import VirtualClock
from wecom_auto.testing._records import DeliveryOutcome, FakeAttempt, FakeDelivery, UrlCheck
from wecom_auto.testing._settings import Settings
from wecom_auto.testing._state import State

__all__ = ["CallbackHandler", "Outbox", "Receiver"]

OK = 200
ECHO_SECONDS = 1.0
LARGEST_ANSWER = 1 << 20

CallbackHandler: TypeAlias = Callable[[Mapping[str, str], bytes], int]
"""A receiver without a socket: takes query and body, returns the HTTP status."""


@frozen(kw_only=True)
class Receiver:
    """One configured callback: where, and with which secrets."""

    target: str | CallbackHandler
    crypto: CallbackCrypto

    @property
    def name(self) -> str:
        """The URL, or `handler`."""
        return self.target if isinstance(self.target, str) else "handler"


@define
class _Trouble:
    """What the next flush does wrong."""

    drop: int = 0
    duplicate: int = 0
    reorder: bool = False


class Outbox:
    """The callbacks of one corp: those that wait, and those that went out."""

    def __init__(self, state: State, clock: VirtualClock) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: list[Event] = []
        self._dice = random.Random(state.ids.seed)  # noqa: S311 - reproducible disorder, not a secret
        self.receivers: list[Receiver] = []
        self.automatic = False
        self.events: list[Event] = []
        self.log: list[FakeDelivery] = []
        self.trouble = _Trouble()

    def emit(self, event: Event) -> None:
        """Queue an event for every receiver."""
        with self._lock:
            self.events.append(event)
            self._pending.append(event)

    def disturb(self, *, drop: int = 0, duplicate: int = 0, reorder: bool = False) -> None:
        """Let the next events be lost or sent twice, or the next flush be shuffled."""
        self.trouble = _Trouble(self.trouble.drop + drop, self.trouble.duplicate + duplicate, reorder)

    def flush(self, settings: Settings) -> tuple[FakeDelivery, ...]:
        """Deliver what waits and return what became of it."""
        with self._lock:
            batch, self._pending = self._pending, []
            if self.trouble.reorder:
                self._dice.shuffle(batch)
                self.trouble.reorder = False
        sent: list[FakeDelivery] = []
        for event in batch:
            sent += self._deliver_all(event, settings)
        self.log += sent
        return tuple(sent)

    def _deliver_all(self, event: Event, settings: Settings) -> list[FakeDelivery]:
        if self.trouble.drop:
            self.trouble.drop -= 1
            return [self._delivery(event, one, (), "dropped") for one in self.receivers]
        times = 1
        if self.trouble.duplicate:
            self.trouble.duplicate -= 1
            times = 2
        return [self._deliver(event, one, settings) for one in self.receivers for _ in range(times)]

    def _deliver(self, event: Event, receiver: Receiver, settings: Settings) -> FakeDelivery:
        attempts: list[FakeAttempt] = []
        while len(attempts) < settings.callback_tries:
            attempt = self._try(event, receiver, settings.callback_timeout)
            attempts.append(attempt)
            if attempt.status == OK or (attempt.status is not None and not settings.retry_any_status):
                break
        status = attempts[-1].status
        outcome: DeliveryOutcome = "delivered" if status == OK else "refused" if status else "failed"
        return self._delivery(event, receiver, tuple(attempts), outcome)

    def _delivery(
        self, event: Event, receiver: Receiver, attempts: tuple[FakeAttempt, ...], outcome: DeliveryOutcome
    ) -> FakeDelivery:
        return FakeDelivery(
            name=event.name,
            receiver=receiver.name,
            plaintext=event_xml(event),
            attempts=attempts,
            outcome=outcome,
            at=self._clock.now(),
        )

    def _try(self, event: Event, receiver: Receiver, timeout: float) -> FakeAttempt:
        envelope = self._seal(receiver, event_xml(event))
        body = envelope.post_xml(self._state.corp_id)
        query = envelope.query()
        if not isinstance(receiver.target, str):
            return _call(receiver.target, query, body)
        try:
            status, _ = _http("POST", receiver.target, query, body, timeout)
        except (OSError, http.client.HTTPException) as error:
            return FakeAttempt(status=None, error=type(error).__name__)
        return FakeAttempt(status=status)

    def _seal(self, receiver: Receiver, plaintext: bytes) -> Envelope:
        # A new nonce for every try, so that a receiver which hashes the ciphertext fails here and not in production.
        digest = self._state.ids.digest("callback", self._state.ids.number("callback"))
        return receiver.crypto.encrypt(
            plaintext,
            nonce=str(int.from_bytes(digest[:5], "big")),
            timestamp=int(self._clock.time()),
            random16=digest[16:32],
        )

    def verify(self, receiver: Receiver) -> UrlCheck:
        """Check a URL as saving it in the console does: the echo must come back within 1 s (90930)."""
        if not isinstance(receiver.target, str):
            return UrlCheck(ok=False, status=None, problem="a handler has no URL to verify")
        echo = str(int.from_bytes(self._state.ids.digest("echo")[:8], "big")).encode()
        envelope = self._seal(receiver, echo)
        query = {**envelope.query(), "echostr": envelope.encrypt}
        try:
            status, body = _http("GET", receiver.target, query, None, ECHO_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            return UrlCheck(ok=False, status=None, problem=f"no answer within 1 s: {type(error).__name__}")
        if status != OK or body != echo:
            return UrlCheck(ok=False, status=status, problem="the answer is not the decrypted echostr and nothing else")
        return UrlCheck(ok=True, status=status)


def _call(handler: CallbackHandler, query: Mapping[str, str], body: bytes) -> FakeAttempt:
    try:
        return FakeAttempt(status=handler(query, body))
    except Exception as error:  # noqa: BLE001 - a server turns whatever its handler raises into a 500
        return FakeAttempt(status=500, error=type(error).__name__)


def _http(method: str, url: str, query: Mapping[str, str], body: bytes | None, timeout: float) -> tuple[int, bytes]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    joined = "&".join(filter(None, (parts.query, urlencode(query))))
    try:
        connection.request(method, f"{parts.path or '/'}?{joined}", body, {"Content-Type": "text/xml"} if body else {})
        response = connection.getresponse()
        return response.status, response.read(LARGEST_ANSWER)
    finally:
        connection.close()
