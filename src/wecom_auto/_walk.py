"""Walk through more than one paged call can tell, in the client's own colour, and say where to go on.

A walk is a generator that yields calls, as a workflow does, and between them `Found` items for its user.
It holds one round of answers in memory, and starts nothing before somebody iterates.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Generic, TypeAlias, TypeVar, cast

from attrs import frozen

from wecom_auto._bulk import BulkFailure
from wecom_auto._call import Call
from wecom_auto._together import Together
from wecom_auto.errors import WeComError

__all__ = ["AsyncWalk", "Found", "Steps", "Walk"]

T = TypeVar("T")


@frozen
class Found(Generic[T]):
    """Some items, and where to go on after them.

    Attributes:
        items: What was found; it may be empty although more follows.
        checkpoint: Pass it as ``resume=`` to go on after these items; empty when there is nothing more.
        failed: What could not be read, by its id, with the reason: the walk has gone past it, and a resumed one
            does not look at it again.
    """

    items: tuple[T, ...]
    checkpoint: str
    failed: tuple[BulkFailure[str], ...] = ()


Steps: TypeAlias = Generator[Call[Any] | Together[Any] | Found[T], Any, None]
"""What a method of a walk returns: calls to make, items to hand out."""


def _one(wanted: Call[Any] | Together[Any]) -> Generator[Call[Any] | Together[Any], Any, Any]:
    return (yield wanted)


def _next(move: Callable[[Any], Any], value: object) -> Any:
    """Return what the generator wants next, None at its end."""
    try:
        return move(value)
    except StopIteration:
        return None


class _Round(Generic[T]):
    """One iteration: what both colours share."""

    def __init__(self, run: Callable[[Any], Any], steps: Steps[T], failed: list[BulkFailure[str]]) -> None:
        self._run = run
        self._steps = steps
        self._failed = failed

    def _goes_on(self, wanted: Any) -> bool:
        """Return whether there is a call to make before something is found."""
        if isinstance(wanted, Found):
            self._failed.extend(wanted.failed)
        return wanted is not None and not isinstance(wanted, Found)


class _Batches(_Round[T], Iterator[Found[T]]):
    def __next__(self) -> Found[T]:
        wanted = _next(self._steps.send, None)
        while self._goes_on(wanted):
            try:
                answer = self._run(_one(wanted))
            except WeComError as error:
                wanted = _next(self._steps.throw, error)
            except BaseException:
                self._steps.close()
                raise
            else:
                wanted = _next(self._steps.send, answer)
        if wanted is None:
            raise StopIteration
        return cast("Found[T]", wanted)


class _AsyncBatches(_Round[T], AsyncIterator[Found[T]]):
    # No asynchronous generator: one that is left before its end wants to be closed by hand (trio warns of it).

    async def __anext__(self) -> Found[T]:
        wanted = _next(self._steps.send, None)
        while self._goes_on(wanted):
            try:
                answer = await self._run(_one(wanted))
            except WeComError as error:
                wanted = _next(self._steps.throw, error)
            except BaseException:
                self._steps.close()
                raise
            else:
                wanted = _next(self._steps.send, answer)
        if wanted is None:
            raise StopAsyncIteration
        return cast("Found[T]", wanted)


class _AsyncItems(AsyncIterator[T]):
    def __init__(self, batches: AsyncIterator[Found[T]]) -> None:
        self._batches = batches
        self._items: Iterator[T] = iter(())

    async def __anext__(self) -> T:
        while True:
            for item in self._items:
                return item
            self._items = iter((await anext(self._batches)).items)


class _Way(Generic[T]):
    """What both colours share."""

    def __init__(self, run: Callable[[Any], Any], start: Callable[[], Steps[T]]) -> None:
        self._run = run
        self._start = start
        self._failed: list[BulkFailure[str]] = []

    @property
    def failed(self) -> tuple[BulkFailure[str], ...]:
        """What the iteration that was started last could not read, by its id, with the reason."""
        return tuple(self._failed)

    def _begin(self) -> tuple[Callable[[Any], Any], Steps[T], list[BulkFailure[str]]]:
        self._failed = []
        return self._run, self._start(), self._failed


class Walk(_Way[T]):
    """Items that are fetched while you iterate, a few calls at a time.

    Each iteration starts where the method was told to.
    To resume later, iterate `batches`, keep the last ``checkpoint``, and pass it as ``resume=``.
    An error ends the iteration, after everything that was read before it has been handed out.
    """

    def __iter__(self) -> Iterator[T]:
        for batch in self.batches():
            yield from batch.items

    def batches(self) -> Iterator[Found[T]]:
        """Iterate over the items in batches, each with the checkpoint after it."""
        return _Batches(*self._begin())

    def __repr__(self) -> str:
        return "<Walk>"


class AsyncWalk(_Way[T]):
    """Items that are fetched during ``async for``; see `Walk`."""

    def __aiter__(self) -> AsyncIterator[T]:
        return _AsyncItems(self.batches())

    def batches(self) -> AsyncIterator[Found[T]]:
        """Iterate over the items in batches, each with the checkpoint after it."""
        return _AsyncBatches(*self._begin())

    def __repr__(self) -> str:
        return "<AsyncWalk>"
