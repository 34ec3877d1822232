"""The WSGI door. Serves one callback URL on any path it is mounted at; starts no server and no thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wecom_auto.callbacks._callback import Opened, Opener
from wecom_auto.callbacks._door import (
    BAD_REQUEST,
    LENGTH_REQUIRED,
    NOT_ALLOWED,
    TOO_LARGE,
    Answer,
    Door,
    declared_length,
    log,
    not_taken,
    taken,
)
from wecom_auto.callbacks._duplicates import DuplicateGuard
from wecom_auto.callbacks._receiver import NotTakenError, Receiver

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["wsgi_app"]


def wsgi_app(callback: Opener, receiver: Receiver, *, duplicates: DuplicateGuard | None = None) -> WSGIApplication:
    """Make a WSGI application of a callback and the handlers of its events.

    GET answers the URL check, POST hands the event to the receiver and then answers 200.
    Handlers of a router run before the answer, so that an event whose process dies is delivered again;
    they have 5 s until the platform does that anyway, and the repetition is recognised.

    Args:
        callback: What opens the requests: a `Callback`, or a `CallbackSet` of several apps.
        receiver: Who gets the events: an `EventRouter`, or an `Inbox` that stores them first.
            Handlers that run before the answer are plain functions here.
        duplicates: What recognises redeliveries; `RecentKeys` in memory of this process unless given.
            Not with an inbox.

    Raises:
        ConfigurationError: A handler is async, or ``duplicates`` is given although the receiver recognises redeliveries
            itself.
    """
    receiver.require_sync()
    door = Door.of(callback, receiver, duplicates)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = _answer(door, receiver, environ)
        start_response(f"{answer.status.value} {answer.status.phrase}", answer.headers)
        return [answer.body]

    return app


def _answer(door: Door, receiver: Receiver, environ: WSGIEnvironment) -> Answer:
    # WSGI carries bytes as Latin-1 text (PEP 3333).
    query = str(environ.get("QUERY_STRING", "")).encode("latin-1", "replace")
    if environ["REQUEST_METHOD"] == "GET":
        return door.greet(query)
    if environ["REQUEST_METHOD"] != "POST":
        return NOT_ALLOWED
    body = _body(environ, door.max_bytes)
    if isinstance(body, Answer):
        return body
    admitted = door.admit(query, body)
    return admitted if isinstance(admitted, Answer) else _handle(door, receiver, admitted)


def _handle(door: Door, receiver: Receiver, opened: Opened) -> Answer:
    try:
        handling = receiver.receive(opened.event)
    except NotTakenError as error:
        door.give_back(opened)
        return not_taken(error)
    except BaseException:
        # The process is going down, so not handled: the platform's next try has to count.
        door.give_back(opened)
        raise
    return taken(opened, handling)


def _body(environ: WSGIEnvironment, limit: int) -> bytes | Answer:
    """Read the body, or return the answer if it is not to be read."""
    header = str(environ.get("CONTENT_LENGTH") or "")
    if not header and not environ.get("wsgi.input_terminated"):
        return LENGTH_REQUIRED
    # A server that ends the input itself needs no length: one byte too many is enough to know.
    length = declared_length(header) if header else limit + 1
    if length is None:
        return BAD_REQUEST
    if header and length > limit:
        return TOO_LARGE
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError:
        log.debug("callback: the client went away")
        return BAD_REQUEST
    return TOO_LARGE if len(body) > limit else body
