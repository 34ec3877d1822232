"""Hand events to the functions that want them. Decides nothing, retries nothing, and stops at no handler's error."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, NamedTuple, TypeVar, overload

from anyio import to_thread
from attrs import frozen

from wecom_auto.callbacks._event import Event
from wecom_auto.errors import ConfigurationError

__all__ = ["EventRouter", "HandlerFailure", "Handling"]

log: Final = logging.getLogger("wecom_auto.callbacks")

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)
C = TypeVar("C", bound=Event)
R = TypeVar("R")


@frozen(kw_only=True)
class HandlerFailure:
    """A handler that raised.

    Args:
        handler: Its qualified name.
        event: What it was given.
        error: What it raised.
    """

    handler: str
    event: Event
    error: Exception


@frozen(kw_only=True)
class Handling:
    """What became of one event.

    Args:
        event: The event.
        handlers: Names of the handlers that were called, in order.
        failures: Those of them that raised.
    """

    event: Event
    handlers: tuple[str, ...]
    failures: tuple[HandlerFailure, ...]


class _Route(NamedTuple):
    kinds: tuple[type[Event], ...]
    # Each handler takes the class it was registered for; `on` is what makes sure of that.
    handler: Callable[[Any], object]
    where: Callable[[Any], bool] | None

    @property
    def name(self) -> str:
        return getattr(self.handler, "__qualname__", type(self.handler).__qualname__)

    @property
    def is_async(self) -> bool:
        call = getattr(self.handler, "__call__", None)  # noqa: B004 - an object may have an async __call__
        return inspect.iscoroutinefunction(self.handler) or inspect.iscoroutinefunction(call)


class EventRouter:
    """Events by class, to one or several handlers each.

    Handlers of an event run one after the other, in the order of registration; an error of one does not stop the next.
    They have to bear being called twice: delivery is at least once.

    Args:
        on_failure: Called for every handler that raised, after it was logged; must not raise.
    """

    __slots__ = ("_on_failure", "_routes")

    def __init__(self, *, on_failure: Callable[[HandlerFailure], object] | None = None) -> None:
        self._routes: list[_Route] = []
        self._on_failure = on_failure

    @overload
    def on(
        self, kind: type[A], /, *, where: Callable[[A], bool] | None = None
    ) -> Callable[[Callable[[A], R]], Callable[[A], R]]: ...
    @overload
    def on(
        self, kind: type[A], second: type[B], /, *, where: Callable[[A | B], bool] | None = None
    ) -> Callable[[Callable[[A | B], R]], Callable[[A | B], R]]: ...
    @overload
    def on(
        self, kind: type[A], second: type[B], third: type[C], /, *, where: Callable[[A | B | C], bool] | None = None
    ) -> Callable[[Callable[[A | B | C], R]], Callable[[A | B | C], R]]: ...
    def on(
        self, *kinds: type[Event], where: Callable[[Any], bool] | None = None
    ) -> Callable[[Callable[[Any], R]], Callable[[Any], R]]:
        """Register the decorated function for a class of events and its subclasses; `Event` catches all.

        Args:
            kinds: Up to three classes, e.g. ``CustomerAdded``.
            where: A further condition on the event; an error in it counts as an error of the handler.
        """

        def register(handler: Callable[[Any], R]) -> Callable[[Any], R]:
            self._routes.append(_Route(kinds, handler, where))
            return handler

        return register

    def dispatch(self, event: Event) -> Handling:
        """Call the handlers of an event, here and now; an async handler counts as failed.

        Args:
            event: Any event.
        """
        called: list[str] = []
        failures: list[HandlerFailure] = []
        for route in self._routes_for(event):
            try:
                if _wanted(route, event):
                    called.append(route.name)
                    _refuse_async(route, None if route.is_async else route.handler(event))
            except Exception as error:  # noqa: BLE001 - whatever a handler raises stays with it
                failures.append(self._failed(route, event, error))
        return _handling(event, called, failures)

    async def dispatch_async(self, event: Event) -> Handling:
        """Call the handlers of an event: async ones here, the others in a worker thread.

        Args:
            event: Any event.
        """
        called: list[str] = []
        failures: list[HandlerFailure] = []
        for route in self._routes_for(event):
            try:
                if _wanted(route, event):
                    called.append(route.name)
                    await _call(route, event)
            except Exception as error:  # noqa: BLE001 - whatever a handler raises stays with it
                failures.append(self._failed(route, event, error))
        return _handling(event, called, failures)

    def require_sync(self) -> None:
        """Check that every handler can run without an event loop.

        Raises:
            ConfigurationError: One of them is async.
        """
        for route in self._routes:
            if route.is_async:
                raise ConfigurationError(_async_message(route))

    def _routes_for(self, event: Event) -> Iterator[_Route]:
        return (route for route in tuple(self._routes) if isinstance(event, route.kinds))

    def _failed(self, route: _Route, event: Event, error: Exception) -> HandlerFailure:
        log.error("callback handler %s failed on %r", route.name, event, exc_info=error)
        failure = HandlerFailure(handler=route.name, event=event, error=error)
        if self._on_failure is not None:
            self._on_failure(failure)
        return failure


def _wanted(route: _Route, event: Event) -> bool:
    return route.where is None or route.where(event)


async def _call(route: _Route, event: Event) -> None:
    if route.is_async:
        result = route.handler(event)
    else:
        # In a tuple, because trio takes an awaitable that comes out of a thread for a mistake.
        (result,) = await to_thread.run_sync(lambda: (route.handler(event),))
    if isinstance(result, Awaitable):
        await result


def _refuse_async(route: _Route, result: object) -> None:
    if inspect.iscoroutine(result):
        result.close()  # Unawaited, it would only warn.
    if route.is_async or isinstance(result, Awaitable):
        raise ConfigurationError(_async_message(route))


def _async_message(route: _Route) -> str:
    return f"handler {route.name} is async, and a WSGI application has no event loop; use asgi_app, or a plain def"


def _handling(event: Event, called: list[str], failures: list[HandlerFailure]) -> Handling:
    if not called:
        log.debug("no callback handler wants %r", event)
    return Handling(event=event, handlers=tuple(called), failures=tuple(failures))
