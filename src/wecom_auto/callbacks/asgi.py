"""The ASGI door. Serves one callback URL on any path it is mounted at; starts no server and no task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from wecom_auto.callbacks._callback import Opened, Opener
from wecom_auto.callbacks._door import NOT_ALLOWED, TOO_LARGE, Answer, Door, declared_length, log, not_taken, taken
from wecom_auto.callbacks._duplicates import DuplicateGuard
from wecom_auto.callbacks._receiver import NotTakenError, Receiver

__all__ = ["ASGIApp", "asgi_app"]

# The shapes of the ASGI specification, open as it leaves them.
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


class _DisconnectedError(Exception):
    """The client went away before its body was complete."""


def asgi_app(callback: Opener, receiver: Receiver, *, duplicates: DuplicateGuard | None = None) -> ASGIApp:
    """Make an ASGI application of a callback and the handlers of its events.

    GET answers the URL check, POST hands the event to the receiver and then answers 200.
    Handlers of a router run before the answer, so that an event whose process dies is delivered again;
    they have 5 s until the platform does that anyway, and the repetition is recognised.

    Args:
        callback: What opens the requests: a `Callback`, or a `CallbackSet` of several apps.
        receiver: Who gets the events: an `EventRouter`, or an `Inbox` that stores them first.
            Plain functions run in a worker thread.
        duplicates: What recognises redeliveries; `RecentKeys` in memory unless given. Not with an inbox.

    Raises:
        ConfigurationError: ``duplicates`` is given although the receiver recognises redeliveries itself.
    """
    door = Door.of(callback, receiver, duplicates)

    return _Application(door, receiver)


class _Application:
    """The application, an object on purpose: FastAPI and Starlette take a function in a route for a view of theirs."""

    def __init__(self, door: Door, receiver: Receiver) -> None:
        self._door = door
        self._receiver = receiver

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            await _serve(self._door, self._receiver, scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})


async def _serve(door: Door, receiver: Receiver, scope: Message, receive: Receive, send: Send) -> None:
    try:
        answer = await _answer(door, receiver, scope, receive)
        await _send(answer, send)
    except (_DisconnectedError, OSError):
        log.debug("callback: the client went away")


async def _answer(door: Door, receiver: Receiver, scope: Message, receive: Receive) -> Answer:
    query: bytes = scope["query_string"]
    if scope["method"] == "GET":
        return door.greet(query)
    if scope["method"] != "POST":
        return NOT_ALLOWED
    body = await _body(scope, receive, door.max_bytes)
    if body is None:
        return TOO_LARGE
    admitted = door.admit(query, body)
    return admitted if isinstance(admitted, Answer) else await _handle(door, receiver, admitted)


async def _handle(door: Door, receiver: Receiver, opened: Opened) -> Answer:
    try:
        handling = await receiver.receive_async(opened.event)
    except NotTakenError as error:
        door.give_back(opened)
        return not_taken(error)
    except BaseException:
        # Cancelled, so not handled: the platform's next try has to count.
        door.give_back(opened)
        raise
    return taken(opened, handling)


async def _body(scope: Message, receive: Receive, limit: int) -> bytes | None:
    """Read the body, or return ``None`` as soon as it is known to be too long."""
    length = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
    if (declared_length(length) or 0) > limit:
        return None
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        more = message.get("more_body", False)
    return bytes(body)


async def _send(answer: Answer, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
