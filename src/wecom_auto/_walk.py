"""Walk through more than one paged call can tell, in the client's own colour, and say where to go on.

A walk is a generator that yields calls, as a workflow does, and between them `Found` items for its user.
It holds one round of answers in memory, and starts nothing before somebody iterates.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import frozen

from wecom_auto._bulk import Together
from wecom_auto._call import Call

__all__ = ["AsyncWalk", "Found", "Steps", "Walk"]

T = TypeVar("T")


@frozen
class Found(Generic[T]):
    """Some items, and where to go on after them.

    Attributes:
        items: What was found; it may be empty although more follows.
        checkpoint: Pass it as ``resume=`` to go on after these items; empty when there is nothing more.
    """

    items: tuple[T, ...]
    checkpoint: str


Steps: TypeAlias = Generator[Call[Any] | Together[Any] | Found[T], Any, None]
"""What a method of a walk returns: calls to make, items to hand out."""


def _one(wanted: Call[Any] | Together[Any]) -> Generator[Call[Any] | Together[Any], Any, Any]:
    return (yield wanted)


class Walk(Generic[T]):
    """Items that are fetched while you iterate, a few calls at a time.

    Each iteration starts where the method was told to.
    To resume later, iterate `batches`, keep the last ``checkpoint``, and pass it as ``resume=``.
    """

    def __init__(self, run: Callable[[Any], Any], start: Callable[[], Steps[T]]) -> None:
        self._run = run
        self._start = start

    def __iter__(self) -> Iterator[T]:
        for batch in self.batches():
            yield from batch.items

    def batches(self) -> Iterator[Found[T]]:
        """Iterate over the items in batches, each with the checkpoint after it."""
        steps = self._start()
        wanted = next(steps, None)
        while wanted is not None:
            answer: Any = None
            if isinstance(wanted, Found):
                yield wanted
            else:
                answer = self._run(_one(wanted))
            try:
                wanted = steps.send(answer)
            except StopIteration:
                return

    def __repr__(self) -> str:
        return "<Walk>"


class AsyncWalk(Generic[T]):
    """Items that are fetched during ``async for``; see `Walk`."""

    def __init__(self, run: Callable[[Any], Awaitable[Any]], start: Callable[[], Steps[T]]) -> None:
        self._run = run
        self._start = start

    async def __aiter__(self) -> AsyncIterator[T]:
        async for batch in self.batches():
            for item in batch.items:
                yield item

    async def batches(self) -> AsyncIterator[Found[T]]:
        """Iterate over the items in batches, each with the checkpoint after it."""
        steps = self._start()
        wanted = next(steps, None)
        while wanted is not None:
            answer: Any = None
            if isinstance(wanted, Found):
                yield wanted
            else:
                answer = await self._run(_one(wanted))
            try:
                wanted = steps.send(answer)
            except StopIteration:
                return

    def __repr__(self) -> str:
        return "<AsyncWalk>"
