"""2,000 events at the door of a process that is killed five times: handled at least once, recognised, none lost."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx
import pytest
from attrs import define, field
from tests.services import _inbox_app as service

from wecom_auto.callbacks import CustomerAdded, event_xml
from wecom_auto.inbox import Inbox, InboxState
from wecom_auto.store import open_store

pytestmark = [pytest.mark.kill, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
EVENTS = 2_000
KILLS = 5
AGAIN = 100
"""So many events are delivered twice although they were answered, as the platform may do."""
AT_ONCE = 16
PATIENCE = 60
"""Seconds without any progress after which what still waits counts as stuck."""


@define
class Platform:
    """Calls until it is answered, more patiently than the real one: the question is what the inbox does."""

    port: int
    process: subprocess.Popen[bytes]
    command: list[str]
    queue: list[int]
    answered: set[int] = field(factory=set)
    unanswered: int = 0
    kills: int = 0
    # Not when this module was imported: minutes may pass until its test's turn, and a greeting has a deadline.
    began: datetime = field(factory=lambda: datetime.now(UTC).replace(microsecond=0))

    async def deliver(self, http: httpx.AsyncClient) -> None:
        """Bring events from the queue."""
        while self.queue:
            number = self.queue.pop()
            while not await self._post(http, number):
                self.unanswered += 1
                await anyio.sleep(0.2)
            self.answered.add(number)

    async def _post(self, http: httpx.AsyncClient, number: int) -> bool:
        now = datetime.now(UTC).replace(microsecond=0)
        # The body of a redelivery is the same, its signature is not.
        event = CustomerAdded(created_at=self.began, to_user=service.CORP, userid="z", external_userid=f"wm{number:05}")
        sent = service.CALLBACK.crypto.encrypt(event_xml(event), nonce="n", timestamp=int(now.timestamp()))
        try:
            answer = await http.post("/", params=sent.query(), content=sent.post_xml(service.CORP))
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    async def kill(self) -> None:
        """Kill the process five times, whenever it has answered another share of the events."""
        for share in range(1, KILLS + 1):
            while len(self.answered) < EVENTS * share // (KILLS + 1):  # noqa: ASYNC110 - a poll shorter than a call
                await anyio.sleep(0.002)
            self.process.kill()
            self.process.wait()
            self.kills += 1
            self.start()

    def start(self) -> None:
        """Start it again; nothing survives but the database."""
        self.process = subprocess.Popen(self.command, cwd=ROOT)

    async def play(self) -> None:
        """Deliver everything while the process is killed, and wait until nothing waits in the inbox."""
        limits = httpx.Limits(max_connections=AT_ONCE)
        url = f"http://127.0.0.1:{self.port}"
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=5, limits=limits) as http,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(self.kill)
            for _ in range(AT_ONCE):
                tasks.start_soon(self.deliver, http)


def wait_until_idle(inbox: Inbox) -> None:
    """Come back when nothing waits any more, or when nothing moves."""
    left, moved = -1, time.monotonic()
    while (now := inbox.stats().counts[InboxState.WAITING]) and time.monotonic() < moved + PATIENCE:
        if now != left:
            left, moved = now, time.monotonic()
        time.sleep(0.1)


def test_2000_events_and_five_kills(capsys):
    """Posted under uvicorn over real HTTP while the process dies five times: nothing is lost, nothing is swallowed."""
    memory = Path("/dev/shm")  # noqa: S108 - only where to put a private directory
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        database, log = f"sqlite:///{folder}/inbox.db", Path(folder, "handled")
        open_store(database).dispose()
        log.touch()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "tests.services._inbox_app", database, str(log), str(port)]
        queue = [*range(EVENTS), *range(AGAIN)]
        random.Random(4).shuffle(queue)
        process = subprocess.Popen(command, cwd=ROOT)
        platform = Platform(port=port, process=process, command=command, queue=queue)
        inbox = service.inbox_of(database, str(log))
        began = time.monotonic()
        try:
            anyio.run(platform.play)
            wait_until_idle(inbox)
        finally:
            platform.process.kill()
            platform.process.wait()
        took = time.monotonic() - began
        called = Counter(log.read_text().splitlines())
        stats = inbox.stats()
        inbox._desk.engine.dispose()
    handled = {name: sum(line.startswith(name) for line in called) for name in ("greet", "enrol")}
    twice = sum(times - 1 for times in called.values())
    with capsys.disabled():
        sys.stdout.write(
            f"\n{EVENTS} events, {platform.kills} kills: {handled['greet']} greeted and {handled['enrol']} enrolled at "
            f"least once, {stats.duplicates} redeliveries recognised, {twice} calls of handlers repeated, "
            f"{platform.unanswered} calls without an answer, {EVENTS - handled['enrol']} lost, {took:.1f} s\n"
        )
    assert (len(platform.answered), platform.kills) == (EVENTS, KILLS)
    assert handled == {"greet": EVENTS, "enrol": EVENTS}
    assert stats.counts == {InboxState.WAITING: 0, InboxState.DONE: EVENTS, InboxState.DEAD: 0}
    assert stats.duplicates >= AGAIN
    # Only what was in flight at a kill may have been called twice.
    assert twice <= KILLS * 2 * AT_ONCE
