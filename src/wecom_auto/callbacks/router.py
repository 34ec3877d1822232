"""Hand events to the functions that want them. Decides nothing, retries nothing, and stops at no handler's error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, overload

from attrs import frozen

from wecom_auto.callbacks._event import Event
from wecom_auto.callbacks._replies import Reply
from wecom_auto.callbacks._routes import Deadline, Route, add_route
from wecom_auto.errors import ConfigurationError

__all__ = ["Deadline", "EventRouter", "HandlerFailure", "Handling", "UrgentHandler"]

log: Final = logging.getLogger("wecom_auto.callbacks")

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)
C = TypeVar("C", bound=Event)
R = TypeVar("R")
T_contra = TypeVar("T_contra", bound=Event, contravariant=True)


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
        reply: What the first handler that returned a `Reply` wants to answer; a door sends it.
    """

    event: Event
    handlers: tuple[str, ...]
    failures: tuple[HandlerFailure, ...]
    reply: Reply | None = None


class UrgentHandler(Protocol, Generic[T_contra]):  # type: ignore[misc]  # pyright agrees that it is contravariant.
    """What `EventRouter.on` returns for an urgent handler: it takes the event, and the `Deadline` if it wants to."""

    @overload
    def __call__(self, handler: Callable[[T_contra], R], /) -> Callable[[T_contra], R]: ...
    @overload
    def __call__(self, handler: Callable[[T_contra, Deadline], R], /) -> Callable[[T_contra, Deadline], R]: ...


class EventRouter:
    """Events by class, to one or several handlers each.

    Handlers of an event run one after the other, in the order of registration; an error of one does not stop the next.
    They have to bear being called twice: delivery is at least once.
    A handler may return a `Reply`, and a door answers with it if the platform takes one to that event;
    the first one wins. Anything else that a handler returns is ignored.

    Args:
        on_failure: Called for every handler that raised, after it was logged; must not raise.
    """

    __slots__ = ("_on_failure", "_routes")

    def __init__(self, *, on_failure: Callable[[HandlerFailure], object] | None = None) -> None:
        self._routes: list[Route] = []
        self._on_failure = on_failure

    @overload
    def on(
        self, kind: type[A], /, *, where: Callable[[A], bool] | None = None, urgent: Literal[False] = False
    ) -> Callable[[Callable[[A], R]], Callable[[A], R]]: ...
    @overload
    def on(
        self,
        kind: type[A],
        second: type[B],
        /,
        *,
        where: Callable[[A | B], bool] | None = None,
        urgent: Literal[False] = False,
    ) -> Callable[[Callable[[A | B], R]], Callable[[A | B], R]]: ...
    @overload
    def on(
        self,
        kind: type[A],
        second: type[B],
        third: type[C],
        /,
        *,
        where: Callable[[A | B | C], bool] | None = None,
        urgent: Literal[False] = False,
    ) -> Callable[[Callable[[A | B | C], R]], Callable[[A | B | C], R]]: ...
    @overload
    def on(
        self, kind: type[A], /, *, where: Callable[[A], bool] | None = None, urgent: Literal[True] | timedelta
    ) -> UrgentHandler[A]: ...
    @overload
    def on(
        self,
        kind: type[A],
        second: type[B],
        /,
        *,
        where: Callable[[A | B], bool] | None = None,
        urgent: Literal[True] | timedelta,
    ) -> UrgentHandler[A | B]: ...
    @overload
    def on(
        self,
        kind: type[A],
        second: type[B],
        third: type[C],
        /,
        *,
        where: Callable[[A | B | C], bool] | None = None,
        urgent: Literal[True] | timedelta,
    ) -> UrgentHandler[A | B | C]: ...
    def on(
        self, *kinds: type[Event], where: Callable[[Any], bool] | None = None, urgent: bool | timedelta = False
    ) -> Callable[[Callable[..., R]], Callable[..., R]]:
        """Register the decorated function for a class of events and its subclasses; `Event` catches all.

        Args:
            kinds: Up to three classes, e.g. ``CustomerAdded``.
            where: A further condition on the event; an error in it counts as an error of the handler.
            urgent: An `Inbox` calls it before the platform is answered, and not after the event is 20 s old (the life
                of a welcome code) or as old as the duration given. It may take the `Deadline` as a second argument.
                A router without an inbox calls every handler before the answer.
        """

        def register(handler: Callable[..., R]) -> Callable[..., R]:
            add_route(self._routes, kinds, handler, where=where, urgent=urgent)
            return handler

        return register

    @property
    def recognises_duplicates(self) -> bool:
        """False: a door has to keep redeliveries away."""
        return False

    def receive(self, event: Event) -> Handling:
        """Take an event from a door: call its handlers."""
        return self.dispatch(event)

    async def receive_async(self, event: Event) -> Handling:
        """Take an event from a door: call its handlers."""
        return await self.dispatch_async(event)

    def dispatch(self, event: Event) -> Handling:
        """Call the handlers of an event, here and now; an async handler counts as failed.

        Args:
            event: Any event.
        """
        called: list[str] = []
        failures: list[HandlerFailure] = []
        results: list[object] = []
        for route in self.routes_for(event):
            try:
                if route.wants(event):
                    called.append(route.name)
                    results.append(route.call(event))
            except Exception as error:  # noqa: BLE001 - whatever a handler raises stays with it
                failures.append(self.failed(route, event, error))
        return _handling(event, called, failures, results)

    async def dispatch_async(self, event: Event) -> Handling:
        """Call the handlers of an event: async ones here, the others in a worker thread.

        Args:
            event: Any event.
        """
        called: list[str] = []
        failures: list[HandlerFailure] = []
        results: list[object] = []
        for route in self.routes_for(event):
            try:
                if route.wants(event):
                    called.append(route.name)
                    results.append(await route.call_async(event))
            except Exception as error:  # noqa: BLE001 - whatever a handler raises stays with it
                failures.append(self.failed(route, event, error))
        return _handling(event, called, failures, results)

    def require_sync(self) -> None:
        """Check that every handler can run without an event loop.

        Raises:
            ConfigurationError: One of them is async.
        """
        for route in self._routes:
            if route.is_async:
                raise ConfigurationError(route.needs_a_loop())

    def routes_for(self, event: Event | None = None) -> tuple[Route, ...]:
        """Return the handlers registered for the class of an event, or all of them; an inbox keeps books of each."""
        return tuple(route for route in self._routes if event is None or route.takes(event))

    def failed(self, route: Route, event: Event, error: Exception) -> HandlerFailure:
        """Log what a handler raised, and tell ``on_failure``."""
        log.error("callback handler %s failed on %r", route.name, event, exc_info=error)
        failure = HandlerFailure(handler=route.name, event=event, error=error)
        if self._on_failure is not None:
            self._on_failure(failure)
        return failure


def first_reply(event: Event, results: Iterable[object]) -> Reply | None:
    """Return the reply to send, of all that the handlers of an event returned."""
    replies = [result for result in results if isinstance(result, Reply)]
    if len(replies) > 1:
        log.warning("%d callback handlers reply to %r; the first one wins", len(replies), event)
    return replies[0] if replies else None


def _handling(event: Event, called: list[str], failures: list[HandlerFailure], results: list[object]) -> Handling:
    if not called:
        log.debug("no callback handler wants %r", event)
    reply = first_reply(event, results)
    return Handling(event=event, handlers=tuple(called), failures=tuple(failures), reply=reply)
