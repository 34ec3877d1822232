"""Open a callback: verify, decrypt, parse, type. Keeps no state, and reads the clock only when told to."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import timedelta

from wecom_auto._time import Clock
from wecom_auto.callbacks._body import read_delivery
from wecom_auto.callbacks._event import Event
from wecom_auto.callbacks.crypto import MAX_BODY, CallbackCrypto, Delivery
from wecom_auto.errors import CallbackError

__all__ = ["Callback"]


class Callback:
    """One callback URL, as it is set up in the admin console (接收消息服务器配置).

    Manual: `回调配置 <https://developer.work.weixin.qq.com/document/path/90930>`_.

    Args:
        token: Token, up to 32 letters and digits.
        aes_key: EncodingAESKey, exactly 43 letters and digits.
        receive_id: Who messages have to be for: the corp id for an app, the suite id for a provider's command URL,
            ``""`` for a robot, or a set of ids for a provider's data URL.
        tolerance: Refuse requests whose signed timestamp is further away than this from now; ``None`` accepts any.
            Switch it on only where the clock is set by the network: a wrong clock refuses every event.
        clock: Current unix seconds, for ``tolerance``.
        max_bytes: Largest body accepted, in bytes; 1 MiB unless given.

    Raises:
        ConfigurationError: The key is not 43 letters and digits, or there is no receive id.
    """

    __slots__ = ("_clock", "_tolerance", "crypto")

    def __init__(
        self,
        token: str,
        aes_key: str,
        receive_id: str | Collection[str],
        *,
        tolerance: timedelta | None = None,
        clock: Clock = time.time,
        max_bytes: int = MAX_BODY,
    ) -> None:
        self.crypto = CallbackCrypto(token, aes_key, receive_id, max_bytes=max_bytes)
        self._tolerance = tolerance
        self._clock = clock

    def __repr__(self) -> str:
        return f"Callback({self.crypto!r})"

    def open(self, query: str | bytes | Mapping[str, str], body: bytes) -> Event:
        """Turn a request (POST) into an event.

        Args:
            query: Raw query string, or its parameters decoded exactly once.
            body: The body as it came.

        Raises:
            SignatureError: Not signed with this token: not from the platform, or the Token differs.
            DecryptionError: Not readable with this key, or for another corp.
            CallbackError: Too large, too old, or not the documented form.
        """
        delivery = self.crypto.open(query, body)
        if self._tolerance is not None:
            self._check_age(delivery, self._tolerance)
        return read_delivery(delivery)

    def echo(self, query: str | bytes | Mapping[str, str]) -> str:
        """Answer the URL check (GET): the text to send back as ``text/plain`` within 1 s, without anything around it.

        Args:
            query: Raw query string, or its parameters decoded exactly once.

        Raises:
            SignatureError: Not signed with this token.
            DecryptionError: Not readable with this key, or for another corp.
            CallbackError: Too old, or a parameter is missing.
        """
        delivery = self.crypto.open_echo(query)
        if self._tolerance is not None:
            self._check_age(delivery, self._tolerance)
        return delivery.body.decode()

    def _check_age(self, delivery: Delivery, tolerance: timedelta) -> None:
        try:
            age = self._clock() - int(delivery.timestamp)
        except (ValueError, OverflowError):
            msg = "timestamp: not a number of seconds"
            raise CallbackError(msg) from None
        if abs(age) > tolerance.total_seconds():
            msg = f"timestamp: {age:.0f} s old, accepted are {tolerance}; a replay, or a wrong clock here"
            raise CallbackError(msg)
