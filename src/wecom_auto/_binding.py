"""Bind one definition of an endpoint to either client. Knows nothing of HTTP, tokens or retries.

An endpoint is a method that returns a `Call`.
Read from `WeCom` it returns the result, from `AsyncWeCom` an awaitable of it,
and from a chapter that belongs to no client the `Call` itself.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

from attrs import frozen

from wecom_auto._arguments import guarded
from wecom_auto._call import Call, Page
from wecom_auto._pages import AsyncPages, Pages
from wecom_auto._together import Together
from wecom_auto._walk import AsyncWalk, Steps, Walk

__all__ = [
    "Async",
    "Bound",
    "Endpoints",
    "Pause",
    "Step",
    "Sync",
    "Unbound",
    "endpoint",
    "paged",
    "pause",
    "step",
    "walk",
    "workflow",
]

P = ParamSpec("P")
T = TypeVar("T")


class Sync:
    """The colour of `WeCom`: methods return results."""


class Async:
    """The colour of `AsyncWeCom`: methods return awaitables of results."""


class Unbound:
    """The colour of a chapter without a client: methods return `Call` values."""


C = TypeVar("C", Sync, Async, Unbound)
Kind: TypeAlias = Literal["endpoint", "paged", "walk", "workflow"]


@frozen
class Pause:
    """What a workflow yields to let time go by; see `pause`."""

    seconds: float


Step: TypeAlias = Generator[Call[Any] | Together[Any] | Pause, Any, T]
"""What a `workflow` method returns: it yields calls, one or several at once, and pauses, and returns a `T`."""


class Bound(Protocol):
    """What a client offers to the chapters that belong to it."""

    is_async: bool
    agent_id: int | None

    def execute(self, call: Call[Any]) -> Any:
        """Send one call and return its data, or an awaitable of it."""

    def run(self, flow: Step[Any]) -> Any:
        """Drive a workflow to its end and return its result, or an awaitable of it."""


class Endpoints(Generic[C]):
    """A chapter of the manual: a namespace of endpoints that share a client, or have none."""

    __slots__ = ("_client",)

    def __init__(self, client: Bound | None = None) -> None:
        self._client = client

    @property
    def _agent_id(self) -> int | None:
        """The application that the client speaks for, where a request must name one."""
        return self._client.agent_id if self._client else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def step(call: Call[T]) -> Generator[Call[T], T, T]:
    """Do one call inside a workflow; ``yield from`` it to get its result."""
    answer: T = yield call
    return answer


def pause(seconds: float) -> Generator[Pause, float, float]:
    """Wait inside a workflow; ``yield from`` it to get the time afterwards, in unix seconds by the client's clock.

    Args:
        seconds: How long; 0 does not wait and only tells the time.
    """
    now: float = yield Pause(seconds)
    return now


class _Binding(Generic[P]):
    """What the descriptors share: the signature, the docs, and the choice of colour."""

    kind: Kind

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = guarded(function)
        functools.update_wrapper(cast("Any", self), function)

    def __set_name__(self, owner: type, name: str) -> None:
        self.__name__ = name

    def _bind(self, chapter: Endpoints[Any] | None) -> Callable[..., Any]:
        if chapter is None:
            return self.function
        client = chapter._client  # noqa: SLF001  # the descriptor and its owner are two halves of one thing
        if client is None:
            return functools.partial(self.function, chapter)
        return self._coloured(chapter, client)

    def _coloured(self, chapter: Endpoints[Any], client: Bound) -> Callable[..., Any]:
        raise NotImplementedError

    def _dress(self, call: Callable[..., Any], *, coroutine: bool) -> Callable[..., Any]:
        """Give a bound callable the name, docs and signature that `help` and editors show."""
        call.__name__ = self.function.__name__
        call.__qualname__ = self.function.__qualname__
        call.__doc__ = self.function.__doc__
        call.__module__ = self.function.__module__
        call.__signature__ = _bound_signature(self.function)  # type: ignore[attr-defined]  # functions take attributes
        mark = getattr(inspect, "markcoroutinefunction", None)  # Python 3.12
        return cast("Callable[..., Any]", mark(call)) if coroutine and mark else call


@functools.cache
def _bound_signature(function: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(function)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


class endpoint(_Binding[P], Generic[P, T]):  # noqa: N801  # a decorator is written in lower case
    """Make a method that returns ``Call[T]`` an endpoint of the API."""

    kind: Kind = "endpoint"

    def __init__(self, function: Callable[Concatenate[Any, P], Call[T]]) -> None:
        super().__init__(function)

    @overload
    def __get__(self, chapter: None, owner: type) -> Callable[Concatenate[Any, P], Call[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Sync], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, chapter: Endpoints[Async], owner: type) -> Callable[P, Awaitable[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Unbound], owner: type) -> Callable[P, Call[T]]: ...
    def __get__(self, chapter: Endpoints[Any] | None, owner: type) -> Any:
        """Bind to the chapter's client."""
        return self._bind(chapter)

    def _coloured(self, chapter: Endpoints[Any], client: Bound) -> Callable[..., Any]:
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.execute(self.function(chapter, *args, **kwargs))

        return self._dress(call, coroutine=client.is_async)


class paged(_Binding[P], Generic[P, T]):  # noqa: N801  # a decorator is written in lower case
    """Make a method that returns ``Call[Page[T]]`` an iterator over the items of all pages."""

    kind: Kind = "paged"

    def __init__(self, function: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        super().__init__(function)

    @overload
    def __get__(self, chapter: None, owner: type) -> Callable[Concatenate[Any, P], Call[Page[T]]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Sync], owner: type) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Async], owner: type) -> Callable[P, AsyncPages[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Unbound], owner: type) -> Callable[P, Call[Page[T]]]: ...
    def __get__(self, chapter: Endpoints[Any] | None, owner: type) -> Any:
        """Bind to the chapter's client."""
        return self._bind(chapter)

    def _coloured(self, chapter: Endpoints[Any], client: Bound) -> Callable[..., Any]:
        pages = AsyncPages[Any] if client.is_async else Pages[Any]

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return pages(client.execute, self.function(chapter, *args, **kwargs))

        return self._dress(call, coroutine=False)


class workflow(_Binding[P], Generic[P, T]):  # noqa: N801  # a decorator is written in lower case
    """Make a generator that sends several calls one operation: ``answer = yield from step(call)``."""

    kind: Kind = "workflow"

    def __init__(self, function: Callable[Concatenate[Any, P], Step[T]]) -> None:
        super().__init__(function)

    @overload
    def __get__(self, chapter: None, owner: type) -> Callable[Concatenate[Any, P], Step[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Sync], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, chapter: Endpoints[Async], owner: type) -> Callable[P, Awaitable[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Unbound], owner: type) -> Callable[P, Step[T]]: ...
    def __get__(self, chapter: Endpoints[Any] | None, owner: type) -> Any:
        """Bind to the chapter's client."""
        return self._bind(chapter)

    def _coloured(self, chapter: Endpoints[Any], client: Bound) -> Callable[..., Any]:
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.run(self.function(chapter, *args, **kwargs))

        return self._dress(call, coroutine=client.is_async)


class walk(_Binding[P], Generic[P, T]):  # noqa: N801  # a decorator is written in lower case
    """Make a generator of calls and found items an iterator over the items; see `wecom_auto._walk`."""

    kind: Kind = "walk"

    def __init__(self, function: Callable[Concatenate[Any, P], Steps[T]]) -> None:
        super().__init__(function)

    @overload
    def __get__(self, chapter: None, owner: type) -> Callable[Concatenate[Any, P], Steps[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Sync], owner: type) -> Callable[P, Walk[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Async], owner: type) -> Callable[P, AsyncWalk[T]]: ...
    @overload
    def __get__(self, chapter: Endpoints[Unbound], owner: type) -> Callable[P, Steps[T]]: ...
    def __get__(self, chapter: Endpoints[Any] | None, owner: type) -> Any:
        """Bind to the chapter's client."""
        return self._bind(chapter)

    def _coloured(self, chapter: Endpoints[Any], client: Bound) -> Callable[..., Any]:
        kind = AsyncWalk[Any] if client.is_async else Walk[Any]

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return kind(client.run, functools.partial(self.function, chapter, *args, **kwargs))

        return self._dress(call, coroutine=False)
