"""The door on loopback: real HTTP/1.1 for anything that speaks it. Listens on 127.0.0.1 and nowhere else."""

from __future__ import annotations

import socket
import struct
import threading
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from wecom_auto.testing._control import CONTROL
from wecom_auto.testing._core import Core
from wecom_auto.testing._transport import Handle
from wecom_auto.testing._warnings import FakeWarning
from wecom_auto.testing._wire import RawReply, RawRequest

__all__ = ["HOST", "serving"]

HOST = "127.0.0.1"
LARGEST_BODY = 24 * 2**20
IDLE_SECONDS = 60.0
FORBIDDEN = RawReply(status=403, body=b"control is for programs of this machine", content_type="text/plain")
NO_LINGER = struct.pack("ii", 1, 0)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Two small writes against delayed acknowledgements cost 45 ms a request: one write, and no waiting for the other.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        parts = urlsplit(self.path)
        if parts.path.startswith(CONTROL) and not self._at_home():
            self._send(FORBIDDEN)
            return
        raw = RawRequest(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            body=body,
            content_type=self.headers.get("content-type", ""),
            ip=str(self.client_address[0]),
        )
        server = cast("_Server", self.server)
        with server.core.visiting(raw.path):
            reply = server.answer(raw)
            # Real seconds: whoever came by a socket has a real timeout to test.
            time.sleep(reply.delay + server.latency)
            self._send(reply)

    def _at_home(self) -> bool:
        """Whether a program of this machine asks: no web page, and no name that was pointed at 127.0.0.1."""
        host = self.headers.get("host", "").rsplit(":", 1)[0]
        return "origin" not in self.headers and host in ("127.0.0.1", "localhost")

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(RawReply(status=413, body=b"send a content-length of at most 24 MiB", content_type="text/plain"))
            return None
        return self.rfile.read(int(length))

    def _send(self, reply: RawReply) -> None:
        if reply.reset:
            self._reset()
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close with RST instead of FIN, as a broken peer does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Write nothing: URLs carry tokens."""


class _Server(ThreadingHTTPServer):
    """The listener and its open connections."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, core: Core, handle: Handle, latency: float) -> None:
        self.core = core
        self.latency = latency
        self._handle = handle
        self._open: set[socket.socket] = set()
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
        """Remember the connection and serve it in its own thread."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about callers that went away; everything else is shown by the base class."""
        import sys

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Close every idle connection, so that no thread outlives the server."""
        with self._guard:
            still_open = list(self._open)
        for connection in still_open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(core: Core, handle: Handle, *, port: int, latency: float) -> Generator[str]:
    """Serve until the block ends and yield the base URL."""
    server = _Server(port, core, handle, latency)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
