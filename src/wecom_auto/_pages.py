"""Walk paged answers in the client's own colour. Refuses a cursor that repeats, and never buffers more than a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Generic, TypeVar

from wecom_auto._call import Call, Page
from wecom_auto.errors import PagingError

__all__ = ["AsyncPages", "Pages"]

T = TypeVar("T")


class _Walk(Generic[T]):
    """Where an iteration stands. Knows which cursors it has seen; sends nothing itself."""

    def __init__(self, call: Call[Page[T]]) -> None:
        self.call = call
        self._seen = {call.cursor}

    def advance(self, page: Page[T]) -> bool:
        """Move to the page after `page`; return whether there is one."""
        if not page.next_cursor:
            return False
        if page.next_cursor in self._seen:
            msg = (
                f"{self.call.name}: the platform answered a cursor that it had answered before, "
                "so going on would never end; the pages read so far are complete, start again later"
            )
            raise PagingError(msg)
        self._seen.add(page.next_cursor)
        self.call = self.call.at_cursor(page.next_cursor)
        return True


class Pages(Generic[T]):
    """The items of a paged call, fetched a page at a time while you iterate.

    Each iteration starts at the call's cursor.
    To resume later, iterate `pages`, keep ``page.next_cursor``, and pass it as ``cursor=``.
    """

    def __init__(self, send: Callable[[Call[Any]], Any], call: Call[Page[T]]) -> None:
        self._send = send
        self.call = call

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    def pages(self) -> Iterator[Page[T]]:
        """Iterate over whole pages, each with its ``next_cursor``."""
        walk = _Walk(self.call)
        more = True
        while more:
            page: Page[T] = self._send(walk.call)
            yield page
            more = walk.advance(page)

    def __repr__(self) -> str:
        return f"<Pages of {self.call.name}>"


class AsyncPages(Generic[T]):
    """The items of a paged call for ``async for``; see `Pages`."""

    def __init__(self, send: Callable[[Call[Any]], Awaitable[Any]], call: Call[Page[T]]) -> None:
        self._send = send
        self.call = call

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over whole pages, each with its ``next_cursor``."""
        walk = _Walk(self.call)
        more = True
        while more:
            page: Page[T] = await self._send(walk.call)
            yield page
            more = walk.advance(page)

    def __repr__(self) -> str:
        return f"<AsyncPages of {self.call.name}>"
