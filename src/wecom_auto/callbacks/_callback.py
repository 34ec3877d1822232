"""Open callbacks: verify, decrypt, parse, type. Keeps no state of its own, and reads the clock only when it has to."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from attrs import field, frozen

from wecom_auto._time import Clock
from wecom_auto.callbacks._body import read_delivery
from wecom_auto.callbacks._discreet import aware
from wecom_auto.callbacks._duplicates import DuplicateGuard
from wecom_auto.callbacks._event import Event
from wecom_auto.callbacks._replies import Reply
from wecom_auto.callbacks._robots import RobotEvent
from wecom_auto.callbacks.crypto import (
    MAX_BODY,
    CallbackCrypto,
    Delivery,
    check_size,
    read_envelope,
    read_query,
    unlock,
)
from wecom_auto.errors import CallbackError, ConfigurationError, ValidationError

__all__ = ["Callback", "CallbackSet", "Opened", "Opener", "RetiredKey"]

_MOST_LOCKS: Final = 64


@frozen
class RetiredKey:
    """What was set in the admin console before, and is still accepted for a while.

    Args:
        token: The old Token; the current one, if only the key changed.
        aes_key: The old EncodingAESKey; the current one, if only the token changed.
        until: When it stops being accepted, aware; an hour is plenty, redeliveries come within seconds.
    """

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    until: datetime = field(validator=aware)


@frozen(repr=False, eq=False)
class Opened:
    """An event with what is needed to answer it in the same request.

    Args:
        event: The event.
        lock: The lock it was made for; replies leave through the same.
        clock: Current unix seconds.
        replays: What refused to see it twice, and may have to forget it.
        key: Its name there.
    """

    event: Event
    lock: CallbackCrypto
    clock: Clock = time.time
    replays: DuplicateGuard | None = None
    key: str = ""

    def __repr__(self) -> str:
        return f"Opened({self.event!r})"

    def reply(self, reply: Reply) -> bytes:
        """Return the encrypted body with which to answer the request (被动回复).

        Raises:
            ValidationError: The platform does not take such a reply to this event, or a text cannot be carried.
        """
        return _sealed(self.lock, self.event, reply, int(self.clock()))

    def give_back(self) -> None:
        """Let the same request count again: it was not handled after all."""
        if self.replays is not None:
            self.replays.release(self.key)


class Opener(Protocol):
    """What a door asks to open requests: a `Callback`, or a `CallbackSet` of several."""

    @property
    def max_bytes(self) -> int:
        """Largest body worth reading."""
        ...

    def receive(self, query: str | bytes | Mapping[str, str], body: bytes) -> Opened:
        """Turn a request (POST) into an event that can be answered."""
        ...

    def echo(self, query: str | bytes | Mapping[str, str]) -> str:
        """Answer the URL check (GET)."""
        ...


class Callback:
    """One callback URL, as it is set up in the admin console (接收消息服务器配置).

    Manual: `回调配置 <https://developer.work.weixin.qq.com/document/path/90930>`_.

    Args:
        token: Token, up to 32 letters and digits.
        aes_key: EncodingAESKey, exactly 43 letters and digits.
        receive_id: Who messages have to be for: the corp id for an app, the suite id for a provider's command URL,
            ``""`` for a robot, or a set of ids for a provider's data URL.
        retired: What was set before and is still accepted, each until its own end.
        tolerance: Refuse requests whose signed timestamp is further away than this from now; ``None`` accepts any.
            Switch it on only where the clock is set by the network: a wrong clock refuses every event.
        replays: Refuse a request that is signed like one before it: `RecentKeys` that are kept for longer than
            ``tolerance``, or a guard of your own that processes share; ``None`` accepts any.
        clock: Current unix seconds, for ``tolerance``, ``retired`` and the time of replies.
        max_bytes: Largest body accepted, in bytes; 1 MiB unless given.

    Raises:
        ConfigurationError: A key is not 43 letters and digits, or there is no receive id.
    """

    __slots__ = ("_clock", "_replays", "_retired", "_tolerance", "crypto")

    def __init__(
        self,
        token: str,
        aes_key: str,
        receive_id: str | Collection[str],
        *,
        retired: Iterable[RetiredKey] = (),
        tolerance: timedelta | None = None,
        replays: DuplicateGuard | None = None,
        clock: Clock = time.time,
        max_bytes: int = MAX_BODY,
    ) -> None:
        self.crypto = CallbackCrypto(token, aes_key, receive_id, max_bytes=max_bytes)
        self._retired = tuple(
            (old.until.timestamp(), CallbackCrypto(old.token, old.aes_key, receive_id, max_bytes=max_bytes))
            for old in retired
        )
        self._tolerance = tolerance
        self._replays = replays
        self._clock = clock

    def __repr__(self) -> str:
        return f"Callback({self.crypto!r})"

    @property
    def max_bytes(self) -> int:
        """Largest body accepted, in bytes."""
        return self.crypto.max_bytes

    @property
    def locks(self) -> tuple[CallbackCrypto, ...]:
        """What opens requests now: the current lock, and those that are retired and have not reached their end."""
        if not self._retired:
            return (self.crypto,)
        now = self._clock()
        return (self.crypto, *(lock for until, lock in self._retired if now < until))

    def open(self, query: str | bytes | Mapping[str, str], body: bytes) -> Event:
        """Turn a request (POST) into an event.

        Args:
            query: Raw query string, or its parameters decoded exactly once.
            body: The body as it came.

        Raises:
            SignatureError: Not signed with this token: not from the platform, or the Token differs.
            DecryptionError: Not readable with this key, or for another corp.
            CallbackError: Too large, too old, there before, or not the documented form.
        """
        return self.receive(query, body).event

    def receive(self, query: str | bytes | Mapping[str, str], body: bytes) -> Opened:
        """Turn a request (POST) into an event that can be answered; like `open`, with a way to reply."""
        return _receive(dict.fromkeys(self.locks, self), self.max_bytes, query, body)

    def echo(self, query: str | bytes | Mapping[str, str]) -> str:
        """Answer the URL check (GET): the text to send back as ``text/plain`` within 1 s, without anything around it.

        Args:
            query: Raw query string, or its parameters decoded exactly once.

        Raises:
            SignatureError: Not signed with this token.
            DecryptionError: Not readable with this key, or for another corp.
            CallbackError: Too old, or a parameter is missing.
        """
        return _echo(dict.fromkeys(self.locks, self), query)

    def reply(self, event: Event, reply: Reply) -> bytes:
        """Return the encrypted body with which to answer the request that brought an event (被动回复).

        It leaves through the current lock; `receive` remembers which one the event came through.

        Raises:
            ValidationError: The platform does not take such a reply to this event, or a text cannot be carried.
        """
        return _sealed(self.crypto, event, reply, int(self._clock()))

    def accept(self, lock: CallbackCrypto, delivery: Delivery, signature: str) -> Opened:
        """Check what a lock has opened, and type it.

        Raises:
            CallbackError: Too old, there before, or not the documented form.
        """
        self.check_age(delivery)
        event = read_delivery(delivery)
        if self._replays is not None and not self._replays.claim(signature):
            msg = "nonce: a request with this signature came before; a replay, or a redelivery to the letter"
            raise CallbackError(msg)
        return Opened(event, lock, self._clock, self._replays, signature)

    def check_age(self, delivery: Delivery) -> None:
        """Refuse what was signed too long ago, if this callback does.

        Raises:
            CallbackError: It was.
        """
        if self._tolerance is None:
            return
        try:
            age = self._clock() - int(delivery.timestamp)
        except (ValueError, OverflowError):
            msg = "timestamp: not a number of seconds"
            raise CallbackError(msg) from None
        if abs(age) > self._tolerance.total_seconds():
            msg = f"timestamp: {age:.0f} s old, accepted are {self._tolerance}; a replay, or a wrong clock here"
            raise CallbackError(msg)


class CallbackSet:
    """Several callbacks behind one URL: a request belongs to the one whose token signed it.

    Each one costs a SHA-1 over every request, and all are tried, so that time does not tell which one fits.
    A path of its own for each app is better where you have the choice.

    Args:
        callbacks: Up to 64, retired keys included, each with its own receive id and rules.

    Raises:
        ConfigurationError: None, or too many.
    """

    __slots__ = ("_callbacks", "max_bytes")

    def __init__(self, *callbacks: Callback) -> None:
        count = sum(len(callback.locks) for callback in callbacks)
        if not 1 <= count <= _MOST_LOCKS:
            msg = (
                f"callbacks: {count} keys behind one URL, accepted are 1 to {_MOST_LOCKS}; give apps paths of their own"
            )
            raise ConfigurationError(msg)
        self._callbacks = callbacks
        self.max_bytes: Final = max(callback.max_bytes for callback in callbacks)

    def __repr__(self) -> str:
        return f"CallbackSet({', '.join(map(repr, self._callbacks))})"

    def open(self, query: str | bytes | Mapping[str, str], body: bytes) -> Event:
        """Turn a request (POST) into an event; see `Callback.open`."""
        return self.receive(query, body).event

    def receive(self, query: str | bytes | Mapping[str, str], body: bytes) -> Opened:
        """Turn a request (POST) into an event that can be answered; see `Callback.receive`."""
        return _receive(self._owners(), self.max_bytes, query, body)

    def echo(self, query: str | bytes | Mapping[str, str]) -> str:
        """Answer the URL check (GET) of any of them; see `Callback.echo`."""
        return _echo(self._owners(), query)

    def _owners(self) -> dict[CallbackCrypto, Callback]:
        return {lock: callback for callback in self._callbacks for lock in callback.locks}


def _receive(
    owners: Mapping[CallbackCrypto, Callback], limit: int, query: str | bytes | Mapping[str, str], body: bytes
) -> Opened:
    check_size(body, limit)
    parameters = read_query(query)
    lock, delivery = unlock(tuple(owners), parameters, read_envelope(body))
    check_size(body, lock.max_bytes)
    return owners[lock].accept(lock, delivery, parameters["msg_signature"])


def _echo(owners: Mapping[CallbackCrypto, Callback], query: str | bytes | Mapping[str, str]) -> str:
    parameters = read_query(query)
    lock, delivery = unlock(tuple(owners), parameters, parameters.get("echostr"))
    owners[lock].check_age(delivery)
    return delivery.body.decode()


def _sealed(lock: CallbackCrypto, event: Event, reply: Reply, now: int) -> bytes:
    if not reply.allows(event):
        what = f"{type(reply).__name__} to {event.name}"
        raise ValidationError(field="reply", value=what, limit="a reply that the platform takes to this event")
    # Robots have to hear their own nonce again (manual 101033).
    is_robot = isinstance(event, RobotEvent)
    came = event.delivery
    envelope = lock.encrypt(
        reply.body(event, now),
        nonce=came.nonce if is_robot and came else secrets.token_hex(8),
        timestamp=now,
        receive_id=came.receive_id if came else None,
    )
    return envelope.reply_json() if is_robot else envelope.reply_xml()
