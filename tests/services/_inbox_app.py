"""One process of a service: the ASGI door under uvicorn and a worker beside it, until somebody kills it."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import anyio
import uvicorn

from wecom_auto.callbacks import Callback, CustomerAdded, EventRouter, asgi_app
from wecom_auto.inbox import Inbox, InboxSettings
from wecom_auto.store import open_store

CORP = "ww1234567890abcdef"
CALLBACK = Callback("Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", CORP)
SETTINGS = InboxSettings(answer_within=timedelta(seconds=1), lease=timedelta(seconds=2), poll=timedelta(seconds=0.05))


def inbox_of(url: str, log: str) -> Inbox:
    """The inbox; its handlers write a line for each event into a file."""
    router = EventRouter()
    path = Path(log)

    def note(line: str) -> None:
        with path.open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())

    @router.on(CustomerAdded, urgent=timedelta(minutes=10))
    def greet(event):
        note(f"greet {event.external_userid}")

    @router.on(CustomerAdded)
    async def enrol(event):
        note(f"enrol {event.external_userid}")

    return Inbox(open_store(url, migrate=False), router, settings=SETTINGS)


async def main(url: str, log: str, port: int) -> None:
    """Serve and work."""
    inbox = inbox_of(url, log)
    app = asgi_app(CALLBACK, inbox)
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", ws="none", log_config=None))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(inbox.run_async)
        await server.serve()
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]))
