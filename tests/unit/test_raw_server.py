"""A server that breaks HTTP in earnest: raw sockets, so that nothing between test and client tidies up."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx
import pytest

from wecom_auto import (
    APIConnectionError,
    APITimeoutError,
    Applied,
    AsyncWeCom,
    Call,
    DecodeError,
    Effect,
    Options,
    RetryPolicy,
    ServerError,
    WeCom,
    WeComError,
)

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
TOKEN = b'{"errcode":0,"access_token":"T0KEN","expires_in":7200}'
ONCE = Options(timeout_seconds=0.4, retry=RetryPolicy(attempts=1))
CREATE: Call[Any] = Call.post(Effect.CREATE, "/cgi-bin/x/y", dict)
Script = Callable[[socket.socket], None]


class RawServer:
    """Answers gettoken properly, and hands every other connection to a script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.stop = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while request := self._read(connection):
                self.requests.append(request)
                if b"/gettoken" in request.split(b"\r\n")[0]:
                    connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(TOKEN) + TOKEN)
                    continue
                self.script(connection)
                return

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        """Read a whole request: closing with half of it unread would reset the connection."""
        request = b""
        while b"\r\n\r\n" not in request:
            if not (more := connection.recv(65536)):
                return b""
            request += more
        head, _, body = request.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
        while len(body) < length:
            body += connection.recv(65536)
        return head

    def drip(self, connection: socket.socket, first: bytes, byte: bytes) -> None:
        """Send something, then a byte at a time for ever."""
        connection.sendall(first)
        while not self.stop.wait(0.02):
            connection.sendall(byte)


@contextlib.contextmanager
def raw(script: Callable[[RawServer, socket.socket], None]) -> Iterator[RawServer]:
    """Run a raw server."""
    server = RawServer(lambda connection: script(server, connection))
    try:
        yield server
    finally:
        server.stop.set()
        server.socket.close()


def ask(server: RawServer, colour: str, call: Call[Any] = CREATE, **kwargs: Any) -> Any:
    """Send a call with either client."""
    kwargs.setdefault("options", ONCE)
    if colour == "sync":
        with WeCom("ww1", "S3CRET", base_url=server.url, **kwargs) as wecom:
            return wecom.execute(call)

    async def main() -> Any:
        async with AsyncWeCom("ww1", "S3CRET", base_url=server.url, **kwargs) as wecom:
            return await wecom.execute(call)

    return anyio.run(main)


def _answer(body: bytes, head: bytes = HEAD) -> bytes:
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


BROKEN = {
    "closed at once": b"",
    "half a status line": b"HTTP/1.",
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "a body shorter than announced": HEAD + b'content-length: 999\r\n\r\n{"errcode":0}',
    "a broken chunk": HEAD + b"transfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
    "gzip that is none": _answer(b"not gzip", HEAD + b"content-encoding: gzip\r\n"),
}


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", BROKEN)
def test_broken_http_is_one_clear_error_and_no_repetition(colour: str, name: str) -> None:
    """Whatever breaks after a create has left, the caller learns that nobody knows, and it is sent once."""
    with raw(lambda _, connection: connection.sendall(BROKEN[name])) as server:
        with pytest.raises(APIConnectionError) as caught:
            ask(server, colour)
        assert caught.value.applied is Applied.UNKNOWN
        assert sum(b"/x/y" in request for request in server.requests) == 1


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"{", b"null", b"12", b'"text"', b"", b"[1]", b"[" * 100_000, b'{"errcode":0}garbage']
)
def test_bodies_that_are_no_answer(colour: str, body: bytes) -> None:
    """Anything but a JSON object is refused as unknown outcome, deep nesting included."""
    with raw(lambda _, connection: connection.sendall(_answer(body))) as server, pytest.raises(WeComError) as caught:
        ask(server, colour)
    assert isinstance(caught.value, (ServerError, DecodeError))


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_body_that_never_ends_ends_in_time(colour: str) -> None:
    """A server that sends a byte now and then does not hold the caller beyond the timeout."""
    started = time.monotonic()
    head = HEAD + b"content-length: 99999\r\n\r\n"
    with raw(lambda server, connection: server.drip(connection, head, b" ")) as server, pytest.raises(APITimeoutError):
        ask(server, colour)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_an_answer_that_is_too_large_is_refused(colour: str) -> None:
    """100 MB hidden in a small gzip do not fill the memory."""
    bomb = gzip.compress(b" " * 100_000_000, 9)
    answer = _answer(bomb, HEAD + b"content-encoding: gzip\r\n")
    options = Options(timeout_seconds=10, retry=RetryPolicy(attempts=1))
    with raw(lambda _, c: c.sendall(answer)) as server, pytest.raises(APIConnectionError, match="larger than"):
        ask(server, colour, options=options)


def test_a_redirect_takes_no_secret_with_it() -> None:
    """Even a user's client that follows redirects does not carry the token to another host."""
    with raw(lambda _, connection: connection.sendall(_answer(b"{}"))) as elsewhere:
        target = elsewhere.url.encode()
        head = b"HTTP/1.1 307 Elsewhere\r\nlocation: " + target + b"/cgi-bin/x/y\r\n"
        with (
            raw(lambda _, connection: connection.sendall(_answer(b"", head))) as server,
            httpx.Client(follow_redirects=True) as http,
            pytest.raises(ServerError, match="307"),
        ):
            ask(server, "sync", http=http)
        assert elsewhere.requests == []


def test_a_late_answer_to_a_read_is_asked_again() -> None:
    """A read that times out once is repeated on a fresh connection."""
    turns = [0]

    def script(server: RawServer, connection: socket.socket) -> None:
        turns[0] += 1
        if turns[0] == 1:
            server.stop.wait(1.0)
        else:
            connection.sendall(_answer(b'{"errcode":0,"v":1}'))

    options = Options(timeout_seconds=0.3, retry=RetryPolicy(attempts=3, wait_seconds=0.01))
    with raw(script) as server:
        assert ask(server, "sync", Call.post(Effect.READ, "/cgi-bin/x/y", dict), options=options)["v"] == 1
    assert turns == [2]
