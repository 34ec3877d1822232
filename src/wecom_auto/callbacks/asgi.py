"""The ASGI door. Serves one callback URL on any path it is mounted at; starts no server and no task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from wecom_auto.callbacks._callback import Callback
from wecom_auto.callbacks._door import NOT_ALLOWED, TOO_LARGE, Answer, Door, declared_length, log, taken
from wecom_auto.callbacks._duplicates import DuplicateGuard, RecentKeys
from wecom_auto.callbacks._event import Event
from wecom_auto.callbacks.router import EventRouter

__all__ = ["ASGIApp", "asgi_app"]

# The shapes of the ASGI specification, open as it leaves them.
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


class _DisconnectedError(Exception):
    """The client went away before its body was complete."""


def asgi_app(callback: Callback, router: EventRouter, *, duplicates: DuplicateGuard | None = None) -> ASGIApp:
    """Make an ASGI application of a callback and the handlers of its events.

    GET answers the URL check, POST hands the event to the router and then answers 200.
    Handlers run before the answer, so that an event whose process dies is delivered again;
    they have 5 s until the platform does that anyway, and the repetition is recognised.

    Args:
        callback: What opens the requests.
        router: Who gets the events; plain functions run in a worker thread.
        duplicates: What recognises redeliveries; `RecentKeys` in memory unless given.
    """
    door = Door(callback, RecentKeys() if duplicates is None else duplicates)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _serve(door, router, scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})

    return app


async def _serve(door: Door, router: EventRouter, scope: Message, receive: Receive, send: Send) -> None:
    try:
        answer = await _answer(door, router, scope, receive)
        await _send(answer, send)
    except (_DisconnectedError, OSError):
        log.debug("callback: the client went away")


async def _answer(door: Door, router: EventRouter, scope: Message, receive: Receive) -> Answer:
    query: bytes = scope["query_string"]
    if scope["method"] == "GET":
        return door.greet(query)
    if scope["method"] != "POST":
        return NOT_ALLOWED
    body = await _body(scope, receive, door.max_bytes)
    if body is None:
        return TOO_LARGE
    admitted = door.admit(query, body)
    return await _handle(door, router, admitted) if isinstance(admitted, Event) else admitted


async def _handle(door: Door, router: EventRouter, event: Event) -> Answer:
    try:
        await router.dispatch_async(event)
    except BaseException:
        # Cancelled, so not handled: the platform's next try has to count.
        door.duplicates.release(event.dedupe_key)
        raise
    return taken(event)


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
