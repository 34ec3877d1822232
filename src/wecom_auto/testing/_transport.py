"""The door without a socket: a transport for httpx and httpx2. Never sleeps: late answers move the clock."""

from __future__ import annotations

import warnings
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl

from anyio.lowlevel import checkpoint

from wecom_auto._http import library_of
from wecom_auto.testing._core import Core
from wecom_auto.testing._wire import RawReply, RawRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["FakeTransport", "Handle", "transport_for"]


class Handle(Protocol):
    """Whatever answers raw requests."""

    def __call__(self, raw: RawRequest, /) -> RawReply:
        """Answer one request."""
        ...


class _Door:
    """What both transports of both libraries share."""

    def __init__(self, core: Core, handle: Handle) -> None:
        self._core = core
        self._handle = handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a synchronous client."""
        raw = _raw(request, request.read())
        with self._core.visiting(raw.path):
            reply = self._handle(raw)
        return self._response(request, reply)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an asynchronous client; calls in flight at once count as concurrent."""
        raw = _raw(request, await request.aread())
        with self._core.visiting(raw.path):
            reply = self._handle(raw)
            await checkpoint()
        return self._response(request, reply)

    def _response(self, request: httpx.Request, reply: RawReply) -> httpx.Response:
        if reply.warning:
            warnings.warn(reply.warning, stacklevel=2)
        if reply.delay:
            self._wait(request, reply.delay)
        if reply.reset:
            msg = "connection reset by the fake"
            raise library_of(request).ReadError(msg, request=request)
        headers = {"content-type": reply.content_type, "content-length": str(len(reply.body))}
        response: httpx.Response = library_of(request).Response(reply.status, headers=headers, content=reply.body)
        return response

    def _wait(self, request: httpx.Request, seconds: float) -> None:
        """Let virtual time pass, and run into the caller's read timeout as a socket would."""
        limits: Mapping[str, float | None] = request.extensions.get("timeout") or {}
        patience = limits.get("read")
        if patience is not None and seconds > patience:
            self._core.clock.advance(seconds=patience)
            msg = f"no answer within {patience} s"
            raise library_of(request).ReadTimeout(msg, request=request)
        self._core.clock.advance(seconds=seconds)


def _raw(request: httpx.Request, body: bytes) -> RawRequest:
    url = request.url
    query = url.query
    return RawRequest(
        method=request.method,
        path=url.path,
        query=dict(parse_qsl(query.decode(), keep_blank_values=True)) if query else {},
        body=body,
        content_type=request.headers.get("content-type", ""),
    )


if TYPE_CHECKING:

    class FakeTransport(_Door, httpx.BaseTransport, httpx.AsyncBaseTransport):
        """The fake as a transport: pass it to `httpx.Client(transport=…)` or `httpx.AsyncClient(transport=…)`."""

else:
    FakeTransport = _Door


@cache
def _class_for(library: ModuleType) -> type[FakeTransport]:
    bases = (_Door, library.BaseTransport, library.AsyncBaseTransport)
    return type("FakeTransport", bases, {"__doc__": "The fake as a transport of an httpx client."})


def transport_for(library: ModuleType, core: Core, handle: Handle) -> FakeTransport:
    """Return a transport that derives from both base classes of httpx or httpx2."""
    return _class_for(library)(core, handle)
