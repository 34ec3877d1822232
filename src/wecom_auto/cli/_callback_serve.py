"""A receiver for trying out: prints every event, and says what is wrong with a request that it refuses.

It answers as the WSGI door does, because it is that door; only the words for the developer are its own.
"""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import attrs
from attrs import frozen

from wecom_auto._redact import redact
from wecom_auto.callbacks import Callback, Event, EventRouter, RecentKeys, wsgi_app
from wecom_auto.callbacks._discreet import Discreet, masked, names_only
from wecom_auto.cli._callback_why import Secrets

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Record", "Seen", "TryOut", "listen", "plain"]

_MOST_RECEIVERS: Final = 64
_HIDDEN: Final = "***"

Outcome: TypeAlias = Literal["event", "again", "checked", "refused"]


@frozen(kw_only=True)
class Seen:
    """One request.

    Args:
        outcome: A new event, one delivered again, a URL check that passed, or a refusal.
        method: Its HTTP method.
        status: What was answered.
        event: The event, if there is a new one.
        reason: Why it was refused.
    """

    outcome: Outcome
    method: str
    status: int
    event: Event | None = None
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """Return the line of JSON for a record, without secrets and phone numbers."""
        line: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "outcome": self.outcome}
        line |= {"method": self.method, "status": self.status}
        if self.event is not None:
            line |= {"name": self.event.name, "class": type(self.event).__name__, "fields": plain(self.event)}
        return line | ({"reason": self.reason} if self.reason else {})


class TryOut:
    """The application: the door, and somebody who is told about every request.

    Args:
        given: The secrets of the URL; without a receive id any receiver's messages are taken.
        tell: Called with every request, one at a time.
    """

    def __init__(self, given: Secrets, tell: Callable[[Seen], object]) -> None:
        self._given = given
        self._tell = tell
        self._lock = threading.Lock()
        self._heard = threading.local()
        self._router = EventRouter()
        self._router.on(Event)(self._take)
        self._keys = RecentKeys()
        self._doors: dict[str, WSGIApplication] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request and tell about it."""
        body = _buffered(environ)
        query = str(environ.get("QUERY_STRING", ""))
        status = 0
        self._heard.event = None

        def started(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(line, headers, *rest)

        posted = environ["REQUEST_METHOD"] == "POST"
        answer = self._door(query, body if posted else None)(environ, cast("StartResponse", started))
        seen = self._seen(str(environ["REQUEST_METHOD"]), status, query, body if posted else None)
        with self._lock:
            self._tell(seen)
        return answer

    def _door(self, query: str, body: bytes | None) -> WSGIApplication:
        """Return the door for a receiver; an unsigned request gets one that refuses it."""
        wanted = self._given.receive_id
        if wanted is None:
            encrypt = self._given.is_signed(query, body)
            wanted = (self._given.receiver_of(encrypt) if encrypt else None) or ""
        door = self._doors.get(wanted)
        if door is None:
            if len(self._doors) >= _MOST_RECEIVERS:
                self._doors.clear()
            callback = Callback(self._given.token, self._given.aes_key, wanted)
            door = self._doors[wanted] = wsgi_app(callback, self._router, duplicates=self._keys)
        return door

    def _take(self, event: Event) -> None:
        self._heard.event = event

    def _seen(self, method: str, status: int, query: str, body: bytes | None) -> Seen:
        event: Event | None = self._heard.event
        if status == HTTPStatus.OK:
            outcome: Outcome = "checked" if body is None else "event" if event else "again"
            return Seen(outcome=outcome, method=method, status=status, event=event)
        return Seen(outcome="refused", method=method, status=status, reason=self._reason(status, method, query, body))

    def _reason(self, status: int, method: str, query: str, body: bytes | None) -> str:
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return f"{method}: the platform sends GET (the URL check) and POST (events) only"
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return "larger than 1 MiB: not a call of the platform"
        if status == HTTPStatus.LENGTH_REQUIRED:
            return "without a Content-Length: something in front took it away"
        return self._given.why(query, body)


def _buffered(environ: WSGIEnvironment) -> bytes:
    """Read the body as far as the door would, and put it back for the door."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not length.isdecimal() or int(length[:18]) > 1 << 20:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: what a repr hides is hidden here too, and so are phone numbers."""
    if isinstance(value, Discreet):
        return _plain_fields(value)
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in cast("Iterable[object]", value)]
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    return redact(str(value))


def _plain_fields(value: Discreet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attrs.fields(cast("type[attrs.AttrsInstance]", type(value))):
        content = getattr(value, attribute.name)
        if content == attribute.default or attribute.alias in {"tree", "delivery"}:
            continue
        if attribute.repr is names_only:
            found[attribute.name] = sorted(cast("Mapping[str, object]", content))
        elif attribute.repr is True:
            found[attribute.name] = plain(content)
        elif attribute.repr is masked or not attribute.repr:
            found[attribute.name] = _HIDDEN
        else:
            found[attribute.name] = redact(str(attribute.repr(content)))
    return found


class Record:
    """A file of lines that grows; only its owner may read it, because userids are personal data too."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")

    def write(self, seen: Seen) -> None:
        """Add one line."""
        self._file.write(json.dumps(seen.document(), ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Server(ThreadingMixIn, WSGIServer):
    """wsgiref with a thread for each connection: a slow caller holds up nobody."""

    # The last answer leaves before the program does.
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about callers that leave."""


class _Handler(WSGIRequestHandler):
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """Keep quiet: every request is told in words."""


def listen(app: TryOut, host: str, port: int) -> WSGIServer:
    """Bind the address, and return a server that is not running yet.

    Raises:
        OSError: The address is taken, or not of this machine.
    """
    return make_server(host, port, cast("WSGIApplication", app), server_class=_Server, handler_class=_Handler)
