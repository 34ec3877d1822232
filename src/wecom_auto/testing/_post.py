"""Call a receiver as the platform does: one request, one clock for all of it, no redirect followed, nothing kept open.

A timeout of a socket counts from byte to byte, so a receiver that drips its answer would be waited for without end.
Here the whole exchange has to be over in time: at its end the connection is cut, as the platform cuts it.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

from attrs import evolve, frozen

__all__ = ["Reply", "call_receiver", "check_url"]

LARGEST_ANSWER: Final = 1 << 20


@frozen(kw_only=True)
class Reply:
    """What came back.

    Args:
        status: The HTTP status; None if there was no answer in time, or none at all.
        body: The answer's body, at most 1 MiB of it.
        error: Why there is no status: the name of an exception, ``TimeoutError`` if the time was over.
        location: Where a redirect wanted to lead.
        seconds: Real seconds from connecting to the last byte.
    """

    status: int | None = None
    body: bytes = b""
    error: str = ""
    location: str = ""
    seconds: float = 0.0


def check_url(url: str) -> SplitResult:
    """Return the parts of a receiver's URL.

    Raises:
        ValueError: Not an http or https URL with a host.
    """
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        parts.path.encode("ascii")
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    msg = f"{url}: not a URL that can be called; give http://host:port/path, with % for what is not ASCII"
    raise ValueError(msg)


def call_receiver(method: str, url: str, query: Mapping[str, str], body: bytes | None, timeout: float) -> Reply:
    """Make one request and wait for the whole answer, but no longer than the time given.

    Args:
        method: ``GET`` or ``POST``.
        url: Where; what it has of a query stays.
        query: More query parameters.
        body: XML or JSON; None for a GET.
        timeout: Real seconds for everything.
    """
    parts = check_url(url)
    start = time.monotonic()
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = _Line(kind(parts.hostname or "", parts.port, timeout=timeout))
    guard = threading.Timer(timeout, line.cut)
    guard.daemon = True
    guard.start()
    target = f"{parts.path or '/'}?{'&'.join(filter(None, (parts.query, urlencode(query))))}"
    try:
        reply = line.exchange(method, target, body)
    except (OSError, http.client.HTTPException) as error:
        reply = Reply(error=type(error).__name__)
    finally:
        guard.cancel()
        line.close()
    seconds = time.monotonic() - start
    if line.is_cut or seconds > timeout:
        reply = Reply(error=TimeoutError.__name__)
    return evolve(reply, seconds=seconds)


class _Line:
    """One connection that another thread may cut."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._socket: socket.socket | None = None
        self.is_cut = False

    def exchange(self, method: str, target: str, body: bytes | None) -> Reply:
        """Ask, and wait for the answer."""
        self._connection.connect()
        # The connection lets go of it as soon as the head of a last answer is there.
        self._socket = self._connection.sock
        kind = {"Content-Type": "application/json" if body[:1] == b"{" else "text/xml"} if body else {}
        # Who refuses a body before it is sent has answered already.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._connection.request(method, target, body, kind)
        answer = self._connection.getresponse()
        content = answer.read(LARGEST_ANSWER)
        return Reply(status=answer.status, body=content, location=answer.getheader("Location", ""))

    def cut(self) -> None:
        """End it, whatever it waits for."""
        self.is_cut = True
        wire = self._socket or self._connection.sock
        if wire is not None:
            with suppress(OSError):
                # Not its own method: that of a TLS socket takes it apart while the other thread reads.
                socket.socket.shutdown(wire, socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back, and the answer that may still hold it."""
        self._connection.close()
        if self._socket is not None:
            self._socket.close()
