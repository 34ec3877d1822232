"""One handler and what it asked for. Calls it when told to; keeps no books and catches nothing."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from anyio import to_thread
from attrs import field, frozen

from wecom_auto._time import Clock, from_unix
from wecom_auto.callbacks._event import Event
from wecom_auto.errors import ConfigurationError

__all__ = ["WELCOME_TIME", "Deadline", "Route", "add_route"]

WELCOME_TIME: Final = timedelta(seconds=20)
"""How long a welcome code is good, counted from the event (manual 92137)."""


@frozen
class Deadline:
    """Until when an urgent handler is of use.

    Args:
        at: The moment, aware.
        clock: Current unix seconds.
    """

    at: datetime
    clock: Clock = field(default=time.time, repr=False, eq=False)

    @property
    def left(self) -> float:
        """Seconds left; 0 when it is over. Pass it on as the timeout of a call."""
        return max(0.0, self.at.timestamp() - self.clock())

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return self.left <= 0

    @classmethod
    def of(cls, event: Event, within: timedelta = WELCOME_TIME, *, clock: Clock = time.time) -> Deadline:
        """Return the deadline of an event: so long after it happened."""
        return cls(event.created_at + within, clock)

    def no_later_than(self, seconds: float) -> Deadline:
        """Return this one, or the moment of those unix seconds if that comes first."""
        return self if self.at.timestamp() <= seconds else Deadline(from_unix(seconds), self.clock)


class Route(NamedTuple):
    """A handler with the classes, the condition and the time it was registered for."""

    kinds: tuple[type[Event], ...]
    # Each handler takes the class it was registered for; `on` is what makes sure of that.
    handler: Callable[..., object]
    where: Callable[[Any], bool] | None
    key: str = ""
    within: timedelta | None = None
    takes_deadline: bool = False

    @property
    def name(self) -> str:
        """The qualified name, for people."""
        return getattr(self.handler, "__qualname__", type(self.handler).__qualname__)

    @property
    def is_async(self) -> bool:
        """Whether it needs an event loop."""
        call = getattr(self.handler, "__call__", None)  # noqa: B004 - an object may have an async __call__
        return inspect.iscoroutinefunction(self.handler) or inspect.iscoroutinefunction(call)

    def takes(self, event: Event) -> bool:
        """Whether the event is of its classes."""
        return isinstance(event, self.kinds)

    def wants(self, event: Event) -> bool:
        """Whether the event fulfils its condition."""
        return self.where is None or self.where(event)

    def deadline(self, event: Event, clock: Clock = time.time) -> Deadline:
        """Until when this handler is of use."""
        return Deadline.of(event, WELCOME_TIME if self.within is None else self.within, clock=clock)

    def call(self, event: Event, deadline: Deadline | None = None) -> object:
        """Call it here and now.

        Raises:
            ConfigurationError: It is async.
        """
        result = None if self.is_async else self.begin(event, deadline)
        if inspect.iscoroutine(result):
            result.close()  # Unawaited, it would only warn.
        if self.is_async or isinstance(result, Awaitable):
            raise ConfigurationError(self.needs_a_loop())
        return result

    async def call_async(self, event: Event, deadline: Deadline | None = None) -> object:
        """Await it, or run it in a worker thread, which goes on if nobody waits for it any longer."""
        if self.is_async:
            result = self.begin(event, deadline)
        else:
            # In a tuple, because trio takes an awaitable that comes out of a thread for a mistake.
            (result,) = await to_thread.run_sync(lambda: (self.begin(event, deadline),))
        return await result if isinstance(result, Awaitable) else result

    def begin(self, event: Event, deadline: Deadline | None = None) -> object:
        """Call it and return what it returns, which may be something to await."""
        return self.handler(event, deadline or self.deadline(event)) if self.takes_deadline else self.handler(event)

    def needs_a_loop(self) -> str:
        """Say why it cannot run without an event loop."""
        return f"handler {self.name} is async, and a WSGI application has no event loop; use asgi_app, or a plain def"


def add_route(
    routes: list[Route],
    kinds: tuple[type[Event], ...],
    handler: Callable[..., object],
    *,
    where: Callable[[Any], bool] | None,
    urgent: bool | timedelta,
) -> None:
    """Register a handler under a key that no other one has."""
    within = urgent if isinstance(urgent, timedelta) else WELCOME_TIME if urgent else None
    route = Route(kinds, handler, where, within=within, takes_deadline=within is not None and _takes_two(handler))
    name = f"{getattr(handler, '__module__', '')}.{route.name}"
    same = sum(other.key.partition("#")[0] == name for other in routes)
    routes.append(route._replace(key=f"{name}#{same + 1}" if same else name))


def _takes_two(handler: Callable[..., object]) -> bool:
    """Whether it cannot be called with the event alone, but with a second argument."""
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        return False
    return not _binds(signature, 1) and _binds(signature, 2)


def _binds(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
