"""The door on loopback: real HTTP/1.1 for anything that speaks it. Listens on 127.0.0.1 and nowhere else."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from wecom_auto.testing._bodies import BodyRefused, check_head, read_body
from wecom_auto.testing._control import CONTROL
from wecom_auto.testing._core import Core
from wecom_auto.testing._transport import Handle
from wecom_auto.testing._warnings import FakeWarning
from wecom_auto.testing._wire import RawReply, RawRequest

__all__ = ["HOST", "serving"]

HOST = "127.0.0.1"
IDLE_SECONDS = 60.0
FAREWELL_SECONDS = 5.0
PLAIN = "text/plain; charset=utf-8"
FORBIDDEN = RawReply(status=403, body=b"control is for programs of this machine", content_type=PLAIN)
BAD_TARGET = RawReply(status=400, body=b"the request target is no URL", content_type=PLAIN)
NO_LINGER = struct.pack("ii", 1, 0)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Two small writes against delayed acknowledgements cost 45 ms a request: one write, and no waiting for the other.
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        """Give the socket its patience."""
        super().setup()
        self.connection.settimeout(self._host.idle)

    @property
    def _host(self) -> _Server:
        return cast("_Server", self.server)

    def do_GET(self) -> None:
        """Answer a request; which method an endpoint wants is for the core to say."""
        with suppress(ConnectionError):
            self._serve()

    do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815 - the base class looks for these

    def handle_expect_100(self) -> bool:
        """Ask for the body at once, unless its head says that it will be refused."""
        try:
            check_head(self.headers)
        except BodyRefused as refusal:
            self._refuse(refusal)
            return False
        super().handle_expect_100()
        # The base class leaves it in the buffer, and a caller that waits for it would wait for ever.
        self.wfile.flush()
        return True

    def _serve(self) -> None:
        try:
            body = read_body(self.rfile, self.headers, self._host.idle)
        except BodyRefused as refusal:
            self._refuse(refusal)
            return
        raw = self._raw(body)
        if raw is None or (raw.path.startswith(CONTROL) and not self._at_home()):
            self._send(BAD_TARGET if raw is None else FORBIDDEN)
            return
        with self._host.core.visiting(raw.path):
            reply = self._host.answer(raw)
            # Real seconds: whoever came by a socket has a real timeout to test.
            if self._host.stopping.wait(reply.delay + self._host.latency):
                self.close_connection = True
                return
            self._send(reply)

    def _raw(self, body: bytes) -> RawRequest | None:
        try:
            parts = urlsplit(self.path)
        except ValueError:
            return None
        return RawRequest(
            # An answer to HEAD is that to GET without its body.
            method="GET" if self.command == "HEAD" else self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            body=body,
            content_type=self.headers.get("content-type", ""),
            ip=str(self.client_address[0]),
        )

    def _at_home(self) -> bool:
        """Whether a program of this machine asks: no web page, and no name that was pointed at 127.0.0.1."""
        host = self.headers.get("host", HOST).rsplit(":", 1)[0]
        return "origin" not in self.headers and host in (HOST, "localhost")

    def _refuse(self, refusal: BodyRefused) -> None:
        """Answer a body that was not read to its end, and read the rest only to throw it away.

        Closing with unread data would reset the connection, and the caller would see that instead of the answer.
        """
        self.close_connection = True
        self._send(RawReply(status=refusal.status, body=refusal.reason.encode(), content_type=PLAIN))
        deadline = time.monotonic() + min(FAREWELL_SECONDS, self._host.idle)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while self.rfile.read1(2**16) and time.monotonic() < deadline:
                pass

    def _send(self, reply: RawReply) -> None:
        if reply.reset:
            self._reset()
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else reply.body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close with RST instead of FIN, as a broken peer does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Write nothing: URLs carry tokens."""


class _Server(ThreadingHTTPServer):
    """The listener, its open connections and their threads."""

    request_queue_size = 256

    def __init__(self, port: int, core: Core, handle: Handle, *, latency: float, idle: float) -> None:
        self.core = core
        self.latency = latency
        self.idle = idle
        self.stopping = threading.Event()
        self._handle = handle
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def answer(self, raw: RawRequest) -> RawReply:
        """Answer one request; where warnings are errors, one must not cost the caller the answer."""
        reply = self._handle(raw)
        if reply.warning:
            with suppress(FakeWarning):
                warnings.warn(reply.warning, stacklevel=2)
        return reply

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._guard:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close the connection and forget it."""
        super().shutdown_request(request)
        with self._guard:
            self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about callers that went away; everything else is shown by the base class."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Close every connection and wait for its thread, so that none outlives the server."""
        self.stopping.set()
        with self._guard:
            still_open = dict(self._open)
        for connection in still_open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + FAREWELL_SECONDS
        for thread in still_open.values():
            thread.join(max(0.0, deadline - time.monotonic()))


@contextmanager
def serving(core: Core, handle: Handle, *, port: int, latency: float, idle: float = IDLE_SECONDS) -> Generator[str]:
    """Serve until the block ends and yield the base URL.

    Args:
        core: Counts who is being served.
        handle: Answers.
        port: On 127.0.0.1; 0 picks a free one.
        latency: Real seconds that every answer takes.
        idle: Real seconds that a caller may be silent, and that a body may take, before the connection is closed.
    """
    server = _Server(port, core, handle, latency=latency, idle=idle)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
