"""The doors of short links, ASGI and WSGI. They serve any path they are mounted at; they start no server.

A caller who is refused hears no reason, nothing of a request but the last part of its path is read, and the answer has
no body.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from anyio import to_thread
from attrs import frozen
from sqlalchemy.exc import SQLAlchemyError

from wecom_auto.automotive.content._links import ShortLinks, log
from wecom_auto.callbacks.asgi import ASGIApp, Message, Receive, Send

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"


@frozen
class _Answer:
    status: HTTPStatus
    location: str = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Nothing may be kept, or every click but the first would be lost; the page does not learn the address."""
        found = [("Content-Length", "0"), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
        found += [("Location", self.location)] if self.location else []
        return [*found, ("Allow", "GET, HEAD")] if self.status is HTTPStatus.METHOD_NOT_ALLOWED else found


def asgi_door(links: ShortLinks) -> ASGIApp:
    """Make an ASGI application that follows short links.

    GET counts a click and answers 302; HEAD answers the same and counts nothing; what leads nowhere is 404.
    The database is asked in a worker thread.

    Args:
        links: Makes and follows the addresses.
    """
    return _Application(links)


def wsgi_door(links: ShortLinks) -> WSGIApplication:
    """Make a WSGI application that follows short links; see `asgi_door`.

    Args:
        links: Makes and follows the addresses.
    """

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = _answer(links, environ["REQUEST_METHOD"], str(environ.get("PATH_INFO", "")))
        start_response(f"{answer.status.value} {answer.status.phrase}", answer.headers)
        return [b""]

    return app


class _Application:
    """An object on purpose: FastAPI and Starlette take a function in a route for a view of theirs."""

    def __init__(self, links: ShortLinks) -> None:
        self._links = links

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            answer = await to_thread.run_sync(_answer, self._links, scope["method"], scope["path"])
            headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
            await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        elif scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})


def _answer(links: ShortLinks, method: str, path: str) -> _Answer:
    if method not in {"GET", "HEAD"}:
        return _Answer(HTTPStatus.METHOD_NOT_ALLOWED)
    token = path.rpartition("/")[2]
    try:
        target = links.follow(token) if method == "GET" else links.target(token)
    except SQLAlchemyError as error:
        log.warning("short link not followed: %s", type(error).__name__)
        return _Answer(HTTPStatus.SERVICE_UNAVAILABLE)
    if target is None:
        return _Answer(HTTPStatus.NOT_FOUND)
    # A header is ASCII; Chinese letters of an address are escaped as browsers do.
    return _Answer(HTTPStatus.FOUND, quote(target, safe=_SAFE))
