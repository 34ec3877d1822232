"""Both doors, called in memory: what they answer, and what they read before they do."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx
import pytest

from wecom_auto.callbacks import (
    Callback,
    CustomerAdded,
    CustomerEdited,
    Envelope,
    Event,
    EventRouter,
    RecentKeys,
    asgi_app,
    event_xml,
    wsgi_app,
)
from wecom_auto.errors import ConfigurationError

TOKEN = "Tk0enForTests"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "ww1234567890abcdef"
LIMIT = 4_096
ADDED = CustomerAdded(
    created_at=datetime(2026, 3, 1, tzinfo=UTC), to_user=CORP, userid="z", external_userid="wm", welcome_code="CODE"
)

Post = Callable[..., httpx.Response]


def callback() -> Callback:
    """Return the receiver that all doors have here."""
    return Callback(TOKEN, KEY, CORP, max_bytes=LIMIT)


def sealed(event: Event = ADDED, nonce: str = "n") -> Envelope:
    """Encrypt an event as the platform does."""
    return callback().crypto.encrypt(event_xml(event), nonce=nonce, timestamp=1_772_323_200)


class InMemoryASGI:
    """An ASGI application called by httpx, one loop for each request."""

    def __init__(self, router: EventRouter, duplicates: RecentKeys | None = None) -> None:
        self.app = asgi_app(callback(), router, duplicates=duplicates)

    def __call__(self, method: str, **request: Any) -> httpx.Response:
        """Send one request."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://corp") as client:
                return await client.request(method, "/callback", **request)

        return anyio.run(send)


class InMemoryWSGI:
    """A WSGI application called by httpx."""

    def __init__(self, router: EventRouter, duplicates: RecentKeys | None = None) -> None:
        self.app = wsgi_app(callback(), router, duplicates=duplicates)

    def __call__(self, method: str, **request: Any) -> httpx.Response:
        """Send one request."""
        with httpx.Client(transport=httpx.WSGITransport(self.app), base_url="http://corp") as client:
            return client.request(method, "/callback", **request)


@pytest.fixture(params=[InMemoryASGI, InMemoryWSGI], ids=["asgi", "wsgi"])
def door(request: pytest.FixtureRequest) -> Callable[..., Post]:
    """Make a door of a router."""
    return request.param


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


def test_the_url_check_is_echoed(door: Callable[..., Post], router: EventRouter) -> None:
    """GET answers the decrypted echostr as plain text, to the byte."""
    sent = callback().crypto.encrypt(b"1616140317555161061", nonce="n", timestamp=1)
    answer = door(router)("GET", params={**sent.query(), "echostr": sent.encrypt})
    assert (answer.status_code, answer.content) == (200, b"1616140317555161061")
    assert answer.headers["content-type"].startswith("text/plain")


def test_an_event_is_handled_and_answered_with_nothing(
    door: Callable[..., Post], router: EventRouter, seen: list[Event]
) -> None:
    """POST hands the event to its handler and answers 200 with an empty body."""
    sent = sealed()
    answer = door(router)("POST", params=sent.query(), content=sent.post_xml(CORP))
    assert (answer.status_code, answer.content) == (200, b"")
    assert seen == [ADDED]


def test_a_suite_hears_success(door: Callable[..., Post], router: EventRouter) -> None:
    """The envelope of providers is answered with the word the platform wants."""
    sent = sealed(CustomerAdded(created_at=ADDED.created_at, suite_id="s", userid="z", external_userid="wm"))
    answer = door(router)("POST", params=sent.query(), content=sent.post_xml(CORP))
    assert (answer.status_code, answer.content) == (200, b"success")


def test_a_wrong_signature_gets_no_reason(
    door: Callable[..., Post], router: EventRouter, seen: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    """A request that is not signed is 403 without a word; the log says why."""
    sent = sealed()
    post = door(router)
    query = {**sent.query(), "nonce": "other"}
    answers = [post("POST", params=query, content=sent.post_xml(CORP)), post("GET", params={**query, "echostr": "a"})]
    assert [(answer.status_code, answer.content) for answer in answers] == [(403, b"")] * 2
    assert seen == []
    assert "msg_signature" in caplog.text


@pytest.mark.parametrize("body", [b"", b"<xml>", b"[]", b"<!DOCTYPE a><xml><Encrypt>a</Encrypt></xml>", b"\xff"])
def test_nonsense_is_a_bad_request(door: Callable[..., Post], router: EventRouter, body: bytes) -> None:
    """A body that is no envelope is 400 without a word."""
    answer = door(router)("POST", params=sealed().query(), content=body)
    assert (answer.status_code, answer.content) == (400, b"")


def test_another_corps_event_is_a_bad_request(
    door: Callable[..., Post], router: EventRouter, seen: list[Event]
) -> None:
    """An event that is encrypted for another corp is not taken."""
    sent = Callback(TOKEN, KEY, "wwother").crypto.encrypt(event_xml(ADDED), nonce="n", timestamp=1)
    answer = door(router)("POST", params=sent.query(), content=sent.post_xml(CORP))
    assert (answer.status_code, answer.content, seen) == (400, b"", [])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
def test_other_methods_are_refused(door: Callable[..., Post], router: EventRouter, method: str) -> None:
    """Only GET and POST are answered."""
    answer = door(router)(method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_a_large_body_is_refused(door: Callable[..., Post], router: EventRouter) -> None:
    """One byte over the limit is 413."""
    assert door(router)("POST", content=b"x" * (LIMIT + 1)).status_code == 413
    assert door(router)("POST", params=sealed().query(), content=b"x" * LIMIT).status_code == 400


def test_a_redelivery_is_handled_once(door: Callable[..., Post], router: EventRouter, seen: list[Event]) -> None:
    """The same event with another nonce and ciphertext is answered 200 and handled no second time."""
    post = door(router)
    answers = [
        post("POST", params=sent.query(), content=sent.post_xml(CORP)) for sent in (sealed(), sealed(nonce="again"))
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert seen == [ADDED]


def test_two_edits_of_one_second_are_handled_twice(
    door: Callable[..., Post], router: EventRouter, seen: list[Event]
) -> None:
    """Two real events with the same body are two."""
    edited = CustomerEdited(created_at=ADDED.created_at, userid="z", external_userid="wm")
    post = door(router)
    for sent in (sealed(edited), sealed(edited, nonce="second"), sealed(edited, nonce="second")):
        post("POST", params=sent.query(), content=sent.post_xml(CORP))
    assert seen == [edited, edited]


def test_a_broken_handler_is_no_reason_to_deliver_again(
    door: Callable[..., Post], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a handler raises, the answer is 200; the log has the error."""
    router = EventRouter()

    @router.on(CustomerAdded)
    def broken(event: CustomerAdded) -> None:
        msg = "no database"
        raise RuntimeError(msg)

    sent = sealed()
    answer = door(router)("POST", params=sent.query(), content=sent.post_xml(CORP))
    assert answer.status_code == 200
    assert "no database" in caplog.text


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_event_whose_process_dies_counts_as_new(stop: type[BaseException], seen: list[Event]) -> None:
    """If handling is broken off, the platform's next try is handled."""
    duplicates = RecentKeys()
    dying = EventRouter()

    @dying.on(CustomerAdded)
    def die(event: CustomerAdded) -> None:
        raise stop

    sent = sealed()
    with pytest.raises(stop):
        InMemoryWSGI(dying, duplicates)("POST", params=sent.query(), content=sent.post_xml(CORP))
    healthy = EventRouter()
    healthy.on(Event)(seen.append)
    InMemoryWSGI(healthy, duplicates)("POST", params=sent.query(), content=sent.post_xml(CORP))
    assert seen == [ADDED]


def test_a_cancelled_request_counts_as_new(seen: list[Event]) -> None:
    """If a server cancels the request, the platform's next try is handled."""
    duplicates = RecentKeys()
    slow = EventRouter()

    @slow.on(CustomerAdded)
    async def wait(event: CustomerAdded) -> None:
        await anyio.sleep_forever()

    sent = sealed()
    app = asgi_app(callback(), slow, duplicates=duplicates)

    async def cancelled() -> None:
        with anyio.move_on_after(0.01):
            await app(scope_of(sent), *wire([{"type": "http.request", "body": sent.post_xml(CORP)}])[:2])

    anyio.run(cancelled)
    healthy = EventRouter()
    healthy.on(Event)(seen.append)
    InMemoryASGI(healthy, duplicates)("POST", params=sent.query(), content=sent.post_xml(CORP))
    assert seen == [ADDED]


def scope_of(sent: Envelope, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """Return the scope of a POST."""
    query = urlencode(sent.query()).encode()
    return {"type": "http", "method": "POST", "query_string": query, "headers": list(headers)}


def wire(messages: list[dict[str, Any]]) -> tuple[Any, Any, list[dict[str, Any]], list[dict[str, Any]]]:
    """Return receive, send, what is still to be received, and what was sent."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    return receive, send, messages, sent


def test_a_body_in_pieces_is_one_body(router: EventRouter, seen: list[Event]) -> None:
    """A body that comes in several messages is put together."""
    envelope = sealed()
    body = envelope.post_xml(CORP)
    pieces = [{"type": "http.request", "body": body[n : n + 100], "more_body": True} for n in range(0, len(body), 100)]
    receive, send, _, sent = wire([*pieces, {"type": "http.request"}])
    anyio.run(asgi_app(callback(), router), scope_of(envelope), receive, send)
    assert sent[0]["status"] == 200
    assert seen == [ADDED]


def test_reading_stops_at_the_limit(router: EventRouter) -> None:
    """A body that grows too long is refused without reading the rest, and a declared one without reading at all."""
    app = asgi_app(callback(), router)
    pieces = [{"type": "http.request", "body": b"x" * LIMIT, "more_body": True} for _ in range(100)]
    receive, send, left, sent = wire(pieces)
    anyio.run(app, scope_of(sealed()), receive, send)
    assert (sent[0]["status"], len(left)) == (413, 98)
    for length in (b"%d" % (LIMIT + 1), b"9" * 5_000):
        receive, send, _, sent = wire([])
        anyio.run(app, scope_of(sealed(), (b"content-length", length)), receive, send)
        assert sent[0]["status"] == 413


def test_a_client_that_leaves_is_no_event(router: EventRouter, seen: list[Event]) -> None:
    """A client that goes away before its body is complete is not answered and not handled."""
    first = {"type": "http.request", "body": b"<xml>", "more_body": True}
    receive, send, _, sent = wire([first, {"type": "http.disconnect"}])
    anyio.run(asgi_app(callback(), router), scope_of(sealed()), receive, send)
    assert (sent, seen) == ([], [])


def test_an_answer_nobody_waits_for_is_no_error(router: EventRouter, seen: list[Event]) -> None:
    """A client that goes away before the answer has had its event handled."""
    envelope = sealed()
    receive, _, _, _ = wire([{"type": "http.request", "body": envelope.post_xml(CORP)}])

    async def broken(message: dict[str, Any]) -> None:
        raise BrokenPipeError

    anyio.run(asgi_app(callback(), router), scope_of(envelope), receive, broken)
    assert seen == [ADDED]


def test_lifespan_and_websockets_are_answered(router: EventRouter) -> None:
    """A server may start and stop the application; a websocket is closed."""
    app = asgi_app(callback(), router)
    receive, send, _, sent = wire([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    anyio.run(app, {"type": "lifespan"}, receive, send)
    anyio.run(app, {"type": "websocket"}, receive, send)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
        "websocket.close",
    ]


class BrokenInput(io.BytesIO):
    """The input of a client that went away."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Fail as a closed connection does."""
        raise ConnectionResetError


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({}, "411"),
        ({"CONTENT_LENGTH": ""}, "411"),
        ({"CONTENT_LENGTH": "-1"}, "400"),
        ({"CONTENT_LENGTH": "ten"}, "400"),
        ({"CONTENT_LENGTH": "²"}, "400"),
        ({"CONTENT_LENGTH": "9" * 5_000}, "413"),
        ({"CONTENT_LENGTH": str(LIMIT + 1)}, "413"),
        ({"wsgi.input_terminated": True, "wsgi.input": io.BytesIO(b"x" * (LIMIT + 2))}, "413"),
        ({"wsgi.input_terminated": True, "wsgi.input": io.BytesIO(b"x")}, "400"),
        ({"CONTENT_LENGTH": "5", "wsgi.input": BrokenInput()}, "400"),
    ],
    ids=range(10),
)
def test_lengths_in_wsgi(router: EventRouter, environ: dict[str, Any], status: str) -> None:
    """Missing, impossible and huge lengths, and a client that goes away, are answered without reading on."""
    statuses: list[str] = []

    def start(line: str, headers: list[tuple[str, str]]) -> None:
        statuses.append(line)

    request = {"REQUEST_METHOD": "POST", "QUERY_STRING": "", "wsgi.input": BrokenInput(), **environ}
    assert wsgi_app(callback(), router)(request, start) == [b""]
    assert statuses[0].startswith(status)


def test_async_handlers_need_the_other_door() -> None:
    """The WSGI door refuses a router with async handlers when it is made, not when an event is lost."""
    router = EventRouter()

    @router.on(CustomerAdded)
    async def greet(event: CustomerAdded) -> None: ...

    with pytest.raises(ConfigurationError, match="asgi_app"):
        wsgi_app(callback(), router)
