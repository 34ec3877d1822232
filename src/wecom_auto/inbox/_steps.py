"""Let one order of work run with an event loop and without. Knows steps, not what they are for."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

import anyio
from anyio import to_thread
from attrs import define, field, frozen

from wecom_auto.callbacks import Deadline, Event
from wecom_auto.callbacks._routes import Route

T = TypeVar("T")


class Step(Protocol):
    """Something to do now, or to await."""

    def now(self) -> object:
        """Do it."""
        ...

    async def soon(self) -> object:
        """Do it without keeping the event loop waiting."""
        ...


Steps: TypeAlias = Generator[Step, Any, T]


@frozen
class Query:
    """Something with the database."""

    ask: Callable[[], object]

    def now(self) -> object:
        """Do it."""
        return self.ask()

    async def soon(self) -> object:
        """Do it in a worker thread."""
        return await to_thread.run_sync(self.ask)


@frozen
class Pause:
    """Some rest."""

    seconds: float

    def now(self) -> None:
        """Sleep."""
        time.sleep(self.seconds)

    async def soon(self) -> None:
        """Sleep."""
        await anyio.sleep(self.seconds)


@define
class Call:
    """A handler's turn; what comes back is what it raised, or ``None``.

    ``settle`` is called as soon as it has ended, wherever that is.
    A plain function cannot be stopped: if ``abandon`` is set nobody waits for it beyond ``seconds``, and ``forsaken``
    is called when it ends after all.
    """

    route: Route
    event: Event
    deadline: Deadline | None
    seconds: float
    settle: Callable[[Exception | None], object]
    abandon: bool = False
    forsaken: Callable[[], object] = lambda: None
    result: object = None
    _lock: threading.Lock = field(factory=threading.Lock)
    _ended: bool = False
    _left: bool = False
    _error: Exception | None = None

    def now(self) -> Exception | None:
        """Call it here."""
        error: Exception | None = None
        try:
            self.result = self.route.call(self.event, self.deadline)
        except Exception as raised:  # noqa: BLE001 - whatever a handler raises stays with it
            error = raised
        return self._settled(error)

    async def soon(self) -> Exception | None:
        """Await it, for so long; or let a worker thread call it."""
        if self.route.is_async:
            return await self._await(lambda: self.route.begin(self.event, self.deadline))
        result = await self._thread()
        return await self._await(lambda: result) if isinstance(result, Awaitable) else result

    @property
    def is_still_running(self) -> bool:
        """Whether it was given up waiting for."""
        return self._left

    def _settled(self, error: Exception | None) -> Exception | None:
        self.settle(error)
        return error

    async def _await(self, begin: Callable[[], Any]) -> Exception | None:
        error: Exception | None = None
        try:
            with anyio.move_on_after(self.seconds) as scope:
                self.result = await begin()
            if scope.cancelled_caught:
                error = _too_slow(self.seconds)
        except Exception as raised:  # noqa: BLE001 - as above
            error = raised
        return await to_thread.run_sync(self._settled, error)

    async def _thread(self) -> Exception | Awaitable[object] | None:
        with anyio.move_on_after(self.seconds if self.abandon else None):
            # In a tuple, because trio takes an awaitable that comes out of a thread for a mistake.
            (result,) = await to_thread.run_sync(self._job, abandon_on_cancel=self.abandon)
            return result
        with self._lock:
            self._left = not self._ended
        return _too_slow(self.seconds) if self._left else self._error

    def _job(self) -> tuple[Exception | Awaitable[object] | None]:
        result: object = None
        try:
            result = self.route.begin(self.event, self.deadline)
        except Exception as raised:  # noqa: BLE001 - as above
            self._error = raised
        with self._lock:
            if isinstance(result, Awaitable) and not self._left:
                self._ended = True
                return (result,)
        if inspect.iscoroutine(result):
            result.close()  # Nobody is left to await it.
            self._error = _too_slow(self.seconds)
        self.result = result
        self.settle(self._error)
        with self._lock:
            self._ended = True
        if self._left:
            self.forsaken()
        return (self._error,)


def _too_slow(seconds: float) -> TimeoutError:
    return TimeoutError(f"the handler had not ended after {seconds:.1f} s")


def play(steps: Steps[T]) -> T:
    """Do all steps, here and now."""
    advance: Callable[[], Step] = partial(next, steps)
    while True:
        try:
            step = advance()
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's value is typed on the generator
        try:
            answer = step.now()
        except Exception as error:  # noqa: BLE001 - the steps decide
            advance = partial(steps.throw, error)
        else:
            advance = partial(steps.send, answer)


async def play_async(steps: Steps[T]) -> T:
    """Do all steps in the running event loop."""
    advance: Callable[[], Step] = partial(next, steps)
    try:
        while True:
            try:
                step = advance()
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # a generator's value is typed on the generator
            try:
                answer = await step.soon()
            except Exception as error:  # noqa: BLE001 - as above
                advance = partial(steps.throw, error)
            else:
                advance = partial(steps.send, answer)
    finally:
        with suppress(RuntimeError):
            steps.close()
