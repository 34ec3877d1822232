"""What both doors do alike: answer requests without reading sockets. Gives no reason to a caller it refuses."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from attrs import frozen

from wecom_auto.callbacks._callback import Callback
from wecom_auto.callbacks._duplicates import DuplicateGuard
from wecom_auto.callbacks._event import Event
from wecom_auto.errors import CallbackError, SignatureError

log: Final = logging.getLogger("wecom_auto.callbacks")


@frozen
class Answer:
    """An HTTP answer."""

    status: HTTPStatus
    body: bytes = b""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers to send."""
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(self.body)))]
        return [*headers, ("Allow", "GET, POST")] if self.status is HTTPStatus.METHOD_NOT_ALLOWED else headers


BAD_REQUEST: Final = Answer(HTTPStatus.BAD_REQUEST)
TOO_LARGE: Final = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
LENGTH_REQUIRED: Final = Answer(HTTPStatus.LENGTH_REQUIRED)
NOT_ALLOWED: Final = Answer(HTTPStatus.METHOD_NOT_ALLOWED)


def declared_length(header: str | bytes) -> int | None:
    """Return a ``Content-Length``, or ``None`` if it is none; more digits than any body has count as a huge one."""
    if not header.isascii() or not header.isdigit():
        return None
    return int(header[:18])


@frozen
class Door:
    """One callback URL seen from HTTP."""

    callback: Callback
    duplicates: DuplicateGuard

    @property
    def max_bytes(self) -> int:
        """Largest body worth reading."""
        return self.callback.crypto.max_bytes

    def greet(self, query: bytes) -> Answer:
        """Answer the URL check."""
        try:
            return Answer(HTTPStatus.OK, self.callback.echo(query).encode())
        except CallbackError as error:
            return refused(error)

    def admit(self, query: bytes, body: bytes) -> Event | Answer:
        """Return the event to handle, or the answer if there is nothing to do."""
        try:
            event = self.callback.open(query, body)
        except CallbackError as error:
            return refused(error)
        if self.duplicates.claim(event.dedupe_key):
            return event
        log.info("callback delivered again: %r", event)
        return taken(event)


def refused(error: CallbackError) -> Answer:
    """Answer what cannot be opened; the log has the reason, the caller does not."""
    log.warning("callback refused: %s", error)
    return Answer(HTTPStatus.FORBIDDEN if isinstance(error, SignatureError) else HTTPStatus.BAD_REQUEST)


def taken(event: Event) -> Answer:
    """Answer an event. Handlers' errors are no reason for another status: redelivery is not theirs to ask for."""
    # Suites are to be answered with this word, apps with nothing (manual 90613, 90930).
    return Answer(HTTPStatus.OK, b"success" if event.suite_id else b"")
