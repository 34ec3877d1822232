"""The table of endpoints the fake serves. A chapter adds its own by decorating functions; the core only looks up.

To serve one more endpoint, write a handler in a chapter module (`_fake_<chapter>.py`) and import that module in
`_chapters.py`; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import frozen

from wecom_auto.callbacks.events import Event
from wecom_auto.testing._settings import Limits, Settings
from wecom_auto.testing._spec import Check, known_fields
from wecom_auto.testing._state import App, State
from wecom_auto.testing._wire import Body, RawRequest

__all__ = ["ROUTES", "TIMED", "Ask", "Endpoint", "Handler", "Tick", "endpoint", "over_time"]


@frozen
class Ask:
    """What a handler gets: a checked request, the corp's state and the virtual time.

    Args:
        state: The corp; the handler may change it, the core holds the lock.
        body: The JSON body, or the query of a GET.
        app: Whose token came with it.
        time: Virtual unix seconds.
        limits: The amounts in force.
        settings: The habits in force.
        path: The endpoint's path.
        raw: The request as the door saw it.
        emit: Queues a callback; most calls of the API cause none.
    """

    state: State
    body: Body
    app: App
    time: float
    limits: Limits
    settings: Settings
    path: str
    raw: RawRequest
    emit: Callable[[Event], None]

    @property
    def now(self) -> int:
        """Whole unix seconds, as the platform writes them into its answers."""
        return int(self.time)


Handler: TypeAlias = Callable[[Ask], Mapping[str, object] | None]
"""Returns the answer's fields without errcode, or None when there are none. Raises `Refusal` otherwise."""


@frozen
class Endpoint:
    """One row of the table."""

    method: str
    path: str
    checks: tuple[Check, ...]
    handler: Handler
    token: bool
    contact: bool
    multipart: bool
    fields: frozenset[str]


@frozen
class Tick:
    """What a function of time gets when the clock has moved.

    Args:
        state: The corp; the function may change it, the core holds the lock.
        time: Virtual unix seconds.
        limits: The amounts in force.
        settings: The habits in force.
        emit: Sends a callback; give it the moment when the thing happened, not when the clock was moved.
    """

    state: State
    time: float
    limits: Limits
    settings: Settings
    emit: Callable[[Event], None]


TIMED: list[Callable[[Tick], None]] = []
"""What happens by itself as time goes by, such as a transfer that takes effect after 24 hours."""


def over_time(function: Callable[[Tick], None]) -> Callable[[Tick], None]:
    """Register a function that is called after every move of the clock; it must be quick when nothing is due."""
    TIMED.append(function)
    return function


ROUTES: dict[str, Endpoint] = {}
"""Every endpoint by its path without `/cgi-bin/`."""


def endpoint(
    method: str,
    path: str,
    *checks: Check,
    token: bool = True,
    multipart: bool = False,
    also: tuple[str, ...] = (),
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of `path`.

    Args:
        method: `GET` or `POST`.
        path: Without `/cgi-bin/`.
        checks: What the manual says about its fields, in the order in which they are tested.
        token: Whether it wants an access token.
        multipart: Whether its body is a form with a file.
        also: Documented fields that no check looks at.
    """

    def register(handler: Handler) -> Handler:
        contact = path.startswith("externalcontact/")
        fields = known_fields(checks) | frozenset(also)
        ROUTES[path] = Endpoint(method, path, checks, handler, token, contact, multipart, fields)
        return handler

    return register
