"""Touch the wire: the only module that does. Puts secrets in at the last moment and keeps no log.

httpx logs whole URLs at INFO, and the platform wants its token in the query.
So a request is built, logged and kept without secrets;
`_Sealed`, wrapped around the transport of the client, adds them to a copy just before the bytes leave.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

from attrs import field, frozen

from wecom_auto._call import Call
from wecom_auto._http import httpx, json_dumps, library_of
from wecom_auto.errors import Applied

__all__ = ["AsyncTransport", "NoAnswer", "Reply", "Transport"]

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""No documented answer comes near; a broken or hostile server must not fill the memory."""
# A redirect would carry the secrets to another host; the platform sends none.
_SEND: Final = {"stream": True, "follow_redirects": False}
_EXTENSION: Final = "wecom_auto.secrets"
_JSON_HEADERS: Final = {"content-type": "application/json; charset=utf-8"}
# Fixed, so that an upload can be recorded and replayed; no file of real content holds it by accident.
_BOUNDARY: Final = "wecom-auto-8f2c1d5e7b9a4036a1c2"


@frozen
class Reply:
    """An HTTP answer, whatever library brought it.

    Attributes:
        status: The HTTP status.
        headers: Header names in lower case.
        content: The body.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class NoAnswer(Exception):  # noqa: N818  # not an error that users see: the engine turns it into one
    """The wire brought no answer.

    Attributes:
        applied: NO when the request cannot have left this machine.
        timed_out: Whether it was a timeout.
    """

    def __init__(self, reason: str, *, applied: Applied, timed_out: bool) -> None:
        super().__init__(reason)
        self.applied = applied
        self.timed_out = timed_out


class _Sealed:
    """A transport around a transport, which adds what must not be seen outside."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def handle_request(self, request: Any) -> Any:
        return self._inner.handle_request(_unsealed(request))

    async def handle_async_request(self, request: Any) -> Any:
        return await self._inner.handle_async_request(_unsealed(request))

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._inner.__exit__(*exc)

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._inner.__aexit__(*exc)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _unsealed(request: Any) -> Any:
    secrets: Mapping[str, str] | None = request.extensions.get(_EXTENSION)
    if not secrets:
        return request
    # Not copy.copy: a Request leaves its stream and extensions behind when it is copied that way.
    sealed = object.__new__(type(request))
    sealed.__dict__.update(request.__dict__)
    sealed.url = _add_query(request.url, secrets)
    sealed.extensions = {name: value for name, value in request.extensions.items() if name != _EXTENSION}
    return sealed


def _add_query(url: Any, fields: Mapping[str, str]) -> Any:
    """Return `url` with more fields in its query, without the full parse that httpx does for each new URL."""
    query = "&".join(filter(None, (url.query.decode(), urlencode(fields, quote_via=quote))))
    parts = getattr(url, "_uri_reference", None)
    if parts is None or not hasattr(parts, "_replace"):
        return url.copy_with(query=query.encode())
    longer = object.__new__(type(url))
    longer._uri_reference = parts._replace(query=query)  # halves what a call costs over the bare client
    return longer


def _seal(client: Any) -> Any:
    """Wrap the transports of `client`, once; requests without our extension pass untouched."""
    if not isinstance(client._transport, _Sealed):  # noqa: SLF001  # a public way in would have to copy the client
        client._transport = _Sealed(client._transport)  # noqa: SLF001
        for pattern, transport in client._mounts.items():  # noqa: SLF001
            if transport is not None:
                client._mounts[pattern] = _Sealed(transport)  # noqa: SLF001
    return client


def _settings(base_url: str, timeout: float) -> dict[str, Any]:
    # Idle connections are kept as long as they may be used: at 100 in flight, 100 connections and not 100 a call.
    return {
        "base_url": base_url,
        "timeout": httpx.Timeout(timeout, connect=min(5.0, timeout)),
        "limits": httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=30.0),
    }


class _Wire:
    """What the two transports share: building requests, reading answers, naming failures."""

    def __init__(self, client: Any, base_url: str) -> None:
        self.client = _seal(client)
        self._library = library_of(client)
        self._base_url = base_url.rstrip("/")
        self._urls: dict[str, Any] = {}

    def _url(self, call: Call[Any]) -> Any:
        url = self._urls.get(call.path)
        if url is None:
            url = self._urls[call.path] = self._library.URL(self._base_url + call.path)
        return _add_query(url, call.query) if call.query else url

    def _request(self, call: Call[Any], secrets: Mapping[str, str], seconds: float) -> Any:
        body: dict[str, Any] = {}
        headers: dict[str, str] = {}
        if call.upload is not None:
            file = call.upload
            body = {"files": {file.name: (file.filename, file.content, file.content_type)}}
            headers = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
        elif call.body is not None:
            body = {"content": json_dumps(call.body)}
            headers = _JSON_HEADERS
        limits = self._library.Timeout(seconds, connect=min(5.0, seconds)).as_dict()
        extensions = {_EXTENSION: secrets, "timeout": limits}
        return self.client.build_request(call.method, self._url(call), headers=headers, extensions=extensions, **body)

    def _check(self, size: int, deadline: float) -> None:
        """Refuse an answer that never ends: httpx limits the wait for each read, but not their number."""
        if time.monotonic() > deadline:
            msg = "the answer did not end in time"
            raise self._library.ReadTimeout(msg)
        if size > MAX_ANSWER_BYTES:
            msg = f"the answer is larger than {MAX_ANSWER_BYTES:,} bytes"
            raise self._library.RemoteProtocolError(msg)

    def _no_answer(self, error: Exception) -> NoAnswer:
        library = self._library
        # Without a connection nothing left this machine; after it, nobody knows.
        unsent = (library.ConnectError, library.ConnectTimeout, library.PoolTimeout, library.UnsupportedProtocol)
        applied = Applied.NO if isinstance(error, unsent) else Applied.UNKNOWN
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return NoAnswer(reason, applied=applied, timed_out=isinstance(error, library.TimeoutException))


class Transport(_Wire):
    """Send requests and wait."""

    def __init__(self, base_url: str, timeout: float, http: Any = None) -> None:
        self.owned = http is None
        super().__init__(http or httpx.Client(**_settings(base_url, timeout)), base_url)

    def send(self, call: Call[Any], secrets: Mapping[str, str], seconds: float) -> Reply:
        """Send `call` with `secrets` in its query.

        Raises:
            NoAnswer: The wire brought no answer.
        """
        deadline = time.monotonic() + seconds
        try:
            response = self.client.send(self._request(call, secrets, seconds), **_SEND)
            try:
                size, chunks = 0, []
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    self._check(size, deadline)
            finally:
                response.close()
        except self._library.HTTPError as error:
            raise self._no_answer(error) from error
        return Reply(response.status_code, response.headers, b"".join(chunks))

    def close(self) -> None:
        """Close the connections, unless the user brought them."""
        if self.owned:
            self.client.close()


class AsyncTransport(_Wire):
    """Send requests without blocking the event loop."""

    def __init__(self, base_url: str, timeout: float, http: Any = None) -> None:
        self.owned = http is None
        super().__init__(http or httpx.AsyncClient(**_settings(base_url, timeout)), base_url)

    async def send(self, call: Call[Any], secrets: Mapping[str, str], seconds: float) -> Reply:
        """Send `call` with `secrets` in its query; see `Transport.send`."""
        deadline = time.monotonic() + seconds
        try:
            response = await self.client.send(self._request(call, secrets, seconds), **_SEND)
            try:
                size, chunks = 0, []
                async for chunk in response.aiter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    self._check(size, deadline)
            finally:
                await response.aclose()
        except self._library.HTTPError as error:
            raise self._no_answer(error) from error
        return Reply(response.status_code, response.headers, b"".join(chunks))

    async def close(self) -> None:
        """Close the connections, unless the user brought them."""
        if self.owned:
            await self.client.aclose()
