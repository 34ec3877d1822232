"""Run one piece of work with either client: in threads, on asyncio, on trio."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

import anyio

from wecom_auto import AsyncWalk, AsyncWeCom, Found, WeCom

COLOURS: Final = ("sync", "asyncio", "trio")
Work = Callable[[Any], Any]


def with_client(colour: str, clients: Any, work: Work, **options: Any) -> Any:
    """Call ``work(client)`` with a client of `clients` (a fake or a scripted platform) and return its result, awaited.

    Args:
        colour: ``sync``, ``asyncio`` or ``trio``.
        clients: Has ``client(**options)`` and ``async_client(**options)``.
        work: Gets a client; what it returns may be awaitable.
        options: For the client.
    """
    if colour == "sync":
        with clients.client(**options) as client:
            return work(client)

    async def main() -> Any:
        async with clients.async_client(**options) as client:
            result = work(client)
            return await result if inspect.isawaitable(result) else result

    return anyio.run(main, backend=colour)


def batches(
    colour: str,
    clients: Any,
    start: Callable[[Any], Any],
    *,
    each: Callable[[Found[Any]], object] = lambda _: None,
    most: int | None = None,
    **options: Any,
) -> list[Found[Any]]:
    """Return the batches of the walk that ``start(client)`` returns; tell `each` of them as they come.

    Args:
        colour: ``sync``, ``asyncio`` or ``trio``.
        clients: See `with_client`.
        start: Returns a walk.
        each: Is told of every batch; what it raises ends the walk.
        most: Stop after so many.
        options: For the client.
    """
    found: list[Found[Any]] = []

    def keep(batch: Found[Any]) -> bool:
        found.append(batch)
        each(batch)
        return len(found) == most

    def work(client: WeCom | AsyncWeCom) -> Any:
        walk = start(client)
        return _collect_async(walk, keep) if isinstance(walk, AsyncWalk) else _collect(walk.batches(), keep)

    with_client(colour, clients, work, **options)
    return found


def _collect(source: Iterable[Found[Any]], keep: Callable[[Found[Any]], bool]) -> None:
    for batch in source:
        if keep(batch):
            return


async def _collect_async(walk: AsyncWalk[Any], keep: Callable[[Found[Any]], bool]) -> None:
    async for batch in walk.batches():
        if keep(batch):
            return
