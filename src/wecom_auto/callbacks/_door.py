"""What both doors do alike: answer requests without reading sockets. Gives no reason to a caller it refuses."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from attrs import frozen

from wecom_auto.callbacks._callback import Opened, Opener
from wecom_auto.callbacks._duplicates import DuplicateGuard, RecentKeys
from wecom_auto.callbacks._receiver import NotTakenError, Receiver
from wecom_auto.callbacks.router import Handling
from wecom_auto.errors import CallbackError, ConfigurationError, SignatureError

log: Final = logging.getLogger("wecom_auto.callbacks")


@frozen
class Answer:
    """An HTTP answer."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "text/plain"

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers to send."""
        headers = [("Content-Type", f"{self.content_type}; charset=utf-8"), ("Content-Length", str(len(self.body)))]
        return [*headers, ("Allow", "GET, POST")] if self.status is HTTPStatus.METHOD_NOT_ALLOWED else headers


BAD_REQUEST: Final = Answer(HTTPStatus.BAD_REQUEST)
TOO_LARGE: Final = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
LENGTH_REQUIRED: Final = Answer(HTTPStatus.LENGTH_REQUIRED)
NOT_ALLOWED: Final = Answer(HTTPStatus.METHOD_NOT_ALLOWED)
UNAVAILABLE: Final = Answer(HTTPStatus.SERVICE_UNAVAILABLE)


def declared_length(header: str | bytes) -> int | None:
    """Return a ``Content-Length``, or ``None`` if it is none; more digits than any body has count as a huge one."""
    if not header.isascii() or not header.isdigit():
        return None
    return int(header[:18])


@frozen
class Door:
    """One callback URL seen from HTTP."""

    callback: Opener
    duplicates: DuplicateGuard | None

    @classmethod
    def of(cls, callback: Opener, receiver: Receiver, duplicates: DuplicateGuard | None) -> Door:
        """Make one that keeps redeliveries away, unless the receiver does so itself.

        Raises:
            ConfigurationError: Both would: a guard would swallow what the receiver wants to see again.
        """
        if not receiver.recognises_duplicates:
            return cls(callback, RecentKeys() if duplicates is None else duplicates)
        if duplicates is not None:
            msg = f"duplicates: {type(receiver).__name__} recognises redeliveries itself; leave this out"
            raise ConfigurationError(msg)
        return cls(callback, None)

    @property
    def max_bytes(self) -> int:
        """Largest body worth reading."""
        return self.callback.max_bytes

    def greet(self, query: bytes) -> Answer:
        """Answer the URL check."""
        try:
            return Answer(HTTPStatus.OK, self.callback.echo(query).encode())
        except CallbackError as error:
            return refused(error)

    def admit(self, query: bytes, body: bytes) -> Opened | Answer:
        """Return the event to handle, or the answer if there is nothing to do."""
        try:
            opened = self.callback.receive(query, body)
        except CallbackError as error:
            return refused(error)
        if self.duplicates is None or self.duplicates.claim(opened.event.dedupe_key):
            return opened
        log.info("callback delivered again: %r", opened.event)
        return taken(opened)

    def give_back(self, opened: Opened) -> None:
        """Let the platform's next try count: this one was not handled."""
        opened.give_back()
        if self.duplicates is not None:
            self.duplicates.release(opened.event.dedupe_key)


def refused(error: CallbackError) -> Answer:
    """Answer what cannot be opened; the log has the reason, the caller does not."""
    log.warning("callback refused: %s", error)
    return Answer(HTTPStatus.FORBIDDEN if isinstance(error, SignatureError) else HTTPStatus.BAD_REQUEST)


def not_taken(error: NotTakenError) -> Answer:
    """Answer what could not be kept: never 200, which would be the end of it."""
    log.error("callback not taken: %s", error)
    return UNAVAILABLE


def taken(opened: Opened, handling: Handling | None = None) -> Answer:
    """Answer an event. Handlers' errors are no reason for another status: redelivery is not theirs to ask for."""
    if handling is not None and handling.reply is not None:
        try:
            body = opened.reply(handling.reply)
        except ValueError as error:
            log.error("callback reply not sent: %s", error)  # noqa: TRY400 - the message says it all
        else:
            return Answer(HTTPStatus.OK, body, "application/json" if body.startswith(b"{") else "text/xml")
    # Providers are to answer with this word, apps with nothing (manual 90613, 90930).
    return Answer(HTTPStatus.OK, b"success" if opened.event.is_for_provider else b"")
