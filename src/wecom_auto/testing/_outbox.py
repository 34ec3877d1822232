"""Deliver callbacks: encrypt, sign, POST, retry as the platform does. Counts real seconds, with `_post`.

The platform gives a receiver 5 s and makes three tries in all (manual 90930).
The page of 2026 retries connection failures and timeouts only; the page of 2022 said every status but 200.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from attrs import define, frozen

from wecom_auto.callbacks._json_body import is_json
from wecom_auto.callbacks.crypto import CallbackCrypto, Envelope
from wecom_auto.callbacks.events import Event, event_body
from wecom_auto.testing._clock import VirtualClock
from wecom_auto.testing._post import call_receiver
from wecom_auto.testing._records import DeliveryOutcome, FakeAttempt, FakeDelivery, UrlCheck
from wecom_auto.testing._settings import Settings
from wecom_auto.testing._state import State

__all__ = ["CallbackHandler", "Outbox", "Receiver"]

OK = 200
ECHO_SECONDS = 1.0
ANSWER_LOST = "AnswerLost"

CallbackHandler: TypeAlias = Callable[[Mapping[str, str], bytes], int]
"""A receiver without a socket: takes query and body, returns the HTTP status.

What it raises is a 500, but a `ConnectionError` or `TimeoutError` plays a receiver that cannot be reached.
"""


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
    """What goes wrong next."""

    drop: int = 0
    duplicate: int = 0
    lose_answers: int = 0
    late: int = 0
    late_seconds: float = 0.0
    reorder: bool = False


class _Waiting(NamedTuple):
    """An event that has not left, and the virtual time from which on it may."""

    event: Event
    due: float


class Outbox:
    """The callbacks of one corp: those that wait, and those that went out."""

    def __init__(self, state: State, clock: VirtualClock) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: list[_Waiting] = []
        self._dice = random.Random(state.ids.seed)  # noqa: S311 - reproducible disorder, not a secret
        self.receivers: list[Receiver] = []
        self.automatic = False
        self.events: list[Event] = []
        self.log: list[FakeDelivery] = []
        self.trouble = _Trouble()

    @property
    def waiting(self) -> tuple[Event, ...]:
        """The events that have not left."""
        with self._lock:
            return tuple(one.event for one in self._pending)

    def emit(self, event: Event) -> None:
        """Queue an event for every receiver."""
        with self._lock:
            due = self._clock.time()
            if self.trouble.late:
                self.trouble.late -= 1
                due += self.trouble.late_seconds
            self.events.append(event)
            self._pending.append(_Waiting(event, due))

    def disturb(
        self, *, drop: int, duplicate: int, reorder: bool, lose_answers: int, late: int, late_seconds: float
    ) -> None:
        """Let the next events be lost, late or sent twice, the next answers be lost, or the next flush be shuffled."""
        now = self.trouble
        self.trouble = _Trouble(
            drop=now.drop + drop,
            duplicate=now.duplicate + duplicate,
            lose_answers=now.lose_answers + lose_answers,
            late=now.late + late,
            late_seconds=late_seconds,
            reorder=now.reorder or reorder,
        )

    def flush(self, settings: Settings) -> tuple[FakeDelivery, ...]:
        """Deliver what is due and return what became of it."""
        sent: list[FakeDelivery] = []
        for event in self._take():
            sent += self._deliver_all(event, settings)
        with self._lock:
            self.log += sent
        return tuple(sent)

    def _take(self) -> list[Event]:
        """Take what is due out of the queue; what is late comes behind what is not."""
        with self._lock:
            now = self._clock.time()
            due = sorted((one for one in self._pending if one.due <= now), key=lambda one: one.due)
            self._pending = [one for one in self._pending if one.due > now]
            batch = [one.event for one in due]
            if self.trouble.reorder and batch:
                self._dice.shuffle(batch)
                self.trouble.reorder = False
        return batch

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
            attempt = self._heard(self._try(event, receiver, settings.callback_timeout))
            attempts.append(attempt)
            if attempt.status == OK or (attempt.status is not None and not settings.retry_any_status):
                break
        status = attempts[-1].status
        outcome: DeliveryOutcome = "delivered" if status == OK else "refused" if status else "failed"
        return self._delivery(event, receiver, tuple(attempts), outcome)

    def _heard(self, attempt: FakeAttempt) -> FakeAttempt:
        """Lose an answer on the way, if that is asked for: the receiver has done its work, and nobody knows."""
        if attempt.status is None or not self.trouble.lose_answers:
            return attempt
        self.trouble.lose_answers -= 1
        return FakeAttempt(status=None, error=ANSWER_LOST, seconds=attempt.seconds)

    def _delivery(
        self, event: Event, receiver: Receiver, attempts: tuple[FakeAttempt, ...], outcome: DeliveryOutcome
    ) -> FakeDelivery:
        return FakeDelivery(
            name=event.name,
            receiver=receiver.name,
            plaintext=event_body(event),
            attempts=attempts,
            outcome=outcome,
            at=self._clock.now(),
        )

    def _try(self, event: Event, receiver: Receiver, timeout: float) -> FakeAttempt:
        envelope = self._seal(receiver, event_body(event))
        body = envelope.post_json() if is_json(event) else envelope.post_xml(self._state.corp_id)
        query = envelope.query()
        if not isinstance(receiver.target, str):
            return _call(receiver.target, query, body, timeout)
        reply = call_receiver("POST", receiver.target, query, body, timeout)
        return FakeAttempt(status=reply.status, error=reply.error, seconds=reply.seconds)

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
        reply = call_receiver("GET", receiver.target, query, None, ECHO_SECONDS)
        if reply.status is None:
            return UrlCheck(ok=False, status=None, problem=f"no answer within 1 s: {reply.error}")
        if reply.location:
            return UrlCheck(ok=False, status=reply.status, problem="a redirect, and the platform follows none")
        if reply.status != OK or reply.body != echo:
            problem = "the answer is not the decrypted echostr and nothing else"
            return UrlCheck(ok=False, status=reply.status, problem=problem)
        return UrlCheck(ok=True, status=reply.status)


def _call(handler: CallbackHandler, query: Mapping[str, str], body: bytes, timeout: float) -> FakeAttempt:
    start = time.monotonic()
    status: int | None = None
    error = ""
    try:
        status = handler(query, body)
    except (ConnectionError, TimeoutError) as broken:
        error = type(broken).__name__
    except Exception as broken:  # noqa: BLE001 - a server turns whatever its handler raises into a 500
        status, error = 500, type(broken).__name__
    seconds = time.monotonic() - start
    if seconds > timeout:
        # The handler has run to its end, and the platform has gone long ago.
        status, error = None, TimeoutError.__name__
    return FakeAttempt(status=status, error=error, seconds=seconds)
