"""Open a door to the fake, or to a cassette, in a colour and with a library; play a case there."""

from __future__ import annotations

import importlib
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import anyio
from attrs import evolve
from tests.contract._cases import CASES
from tests.contract._cassettes import SCRUBBED, scrub, tape
from tests.contract._play import Ask, ask, perform, perform_async

from wecom_auto import WeCom, _codec
from wecom_auto._bulk import BulkResult
from wecom_auto._call import Page
from wecom_auto.errors import WeComError
from wecom_auto.models import Ticket
from wecom_auto.testing import FakeWeCom


def play(
    name: str, fake: FakeWeCom, colour: str = "sync", *, library: str = "", shadow: WeCom | None = None, **options: Any
) -> int:
    """Play a case against `fake`, or against what `options` lead to; return how much was asked.

    Args:
        name: The case.
        fake: Where the stage is set.
        colour: ``sync``, ``asyncio`` or ``trio``.
        library: The HTTP library; empty for the fake's own choice.
        shadow: A client that is asked the same, and must answer the same.
        options: For the HTTP client (``transport``) and for ours (``base_url``).
    """
    asked = 0
    http_options = {key: options.pop(key) for key in ("transport",) if key in options}

    def watch(question: Ask, answer: Any) -> None:
        nonlocal asked
        asked += 1
        assert shadow is None or told(answer) == told(ask(shadow, question))

    async def main() -> None:
        async with AsyncExitStack() as stack:
            if library:
                options["http"] = await stack.enter_async_context(http_for(library, "AsyncClient", **http_options))
            app = await stack.enter_async_context(fake.async_client(**options))
            await perform_async(CASES[name](fake), app, watch)

    if colour != "sync":
        anyio.run(main, backend=colour)
        return asked
    with ExitStack() as stack:
        if library:
            options["http"] = stack.enter_context(http_for(library, "Client", **http_options))
        perform(CASES[name](fake), stack.enter_context(fake.client(**options)), watch)
    return asked


def told(answer: Any) -> Any:
    """Return an answer in a form that can be compared between a cassette and the fake."""
    if isinstance(answer, WeComError):
        return type(answer), getattr(answer, "errcode", None)
    if isinstance(answer, Ticket):  # a secret, so the cassette does not have it
        answer = evolve(answer, ticket=SCRUBBED)
    value = (answer.items, answer.next_cursor, answer.extra) if isinstance(answer, Page) else answer
    if isinstance(answer, BulkResult):  # its items may be days, which the wire does not know
        value = (str(answer), [*map(str, answer.done)], answer.answers)
    return scrub(repr(_codec.encode(value)))


def http_for(library: str, kind: str, **options: Any) -> Any:
    """Return a client of the HTTP library."""
    # Nothing here speaks TLS, and loading the certificates takes longer than a case.
    return getattr(importlib.import_module(library), kind)(verify=False, **options)


def record(name: str) -> None:
    """Record the cassette of a case, over HTTP from the fake."""
    fake = FakeWeCom(seed=7)
    with fake.serve() as url, tape(name, record=True):
        play(name, fake, library="httpx", base_url=url)
