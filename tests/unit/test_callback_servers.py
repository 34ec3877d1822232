"""Both doors on real servers over real HTTP: uvicorn and wsgiref."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
import uvicorn

from wecom_auto.callbacks import (
    Callback,
    CustomerAdded,
    CustomerEdited,
    Envelope,
    Event,
    EventRouter,
    asgi_app,
    event_xml,
    wsgi_app,
)

TOKEN = "Tk0enForTests"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "ww1234567890abcdef"
LIMIT = 4_096
ADDED = CustomerAdded(
    created_at=datetime(2026, 3, 1, tzinfo=UTC), to_user=CORP, userid="z", external_userid="wm", welcome_code="CODE"
)


def callback() -> Callback:
    """Return the receiver that all doors have here."""
    return Callback(TOKEN, KEY, CORP, max_bytes=LIMIT)


def sealed(event: Event = ADDED, nonce: str = "n") -> Envelope:
    """Encrypt an event as the platform does."""
    return callback().crypto.encrypt(event_xml(event), nonce=nonce, timestamp=1_772_323_200)


@pytest.fixture
def seen() -> list[Event]:
    """What the handler got."""
    return []


@pytest.fixture
def router(seen: list[Event]) -> EventRouter:
    """A router that keeps every event."""
    router = EventRouter()
    router.on(Event)(seen.append)
    return router


@contextmanager
def uvicorn_at(router: EventRouter) -> Iterator[int]:
    """Serve the ASGI door for real and yield the port."""
    config = uvicorn.Config(asgi_app(callback(), router), lifespan="on", ws="none", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)
    assert not thread.is_alive()


class QuietHandler(WSGIRequestHandler):
    """wsgiref without a line on stderr for each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Log it instead."""
        logging.getLogger(__name__).debug(format, *args)


@contextmanager
def wsgiref_at(router: EventRouter) -> Iterator[int]:
    """Serve the WSGI door for real and yield the port."""
    with make_server("127.0.0.1", 0, wsgi_app(callback(), router), handler_class=QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


@pytest.mark.parametrize("serve", [uvicorn_at, wsgiref_at], ids=["uvicorn", "wsgiref"])
def test_a_real_server_over_http(serve: Any, router: EventRouter, seen: list[Event]) -> None:
    """Over real HTTP: the URL check, an event, a forgery, a large body, a client that leaves, another event."""
    crypto = callback().crypto
    with serve(router) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        hello = crypto.encrypt(b"+/echo", nonce="n", timestamp=1)
        assert client.get("/any", params={**hello.query(), "echostr": hello.encrypt}).text == "+/echo"
        sent = sealed()
        answer = client.post("/any", params=sent.query(), content=sent.post_xml(CORP, agent_id="1000002"))
        assert (answer.status_code, answer.content) == (200, b"")
        assert (
            client.post("/any", params={**sent.query(), "nonce": "x"}, content=sent.post_xml(CORP)).status_code == 403
        )
        assert declared_only(port) == 413
        leave(port)
        other = CustomerEdited(created_at=ADDED.created_at, userid="z", external_userid="wm")
        again = sealed(other)
        assert client.post("/any", params=again.query(), content=again.post_xml(CORP)).status_code == 200
    assert seen == [ADDED, other]


def declared_only(port: int) -> int:
    """Announce a large body, send none of it, and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.putrequest("POST", "/any")
        connection.putheader("Content-Length", str(10 * LIMIT))
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def leave(port: int) -> None:
    """Send half a request and go away."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"POST /any HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n<xml>")
