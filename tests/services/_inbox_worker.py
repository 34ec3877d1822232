"""Processes around one inbox that are killed: a door, a worker, a cleaner. What handlers do survives in a file."""

from __future__ import annotations

import io
import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen

from wecom_auto.callbacks import (
    Callback,
    CustomerAdded,
    CustomerEdited,
    CustomerEvent,
    EventRouter,
    event_xml,
    wsgi_app,
)
from wecom_auto.inbox import Inbox, InboxSettings
from wecom_auto.store import open_store

CORP = "ww1234567890abcdef"
CALLBACK = Callback("Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", CORP)
SETTINGS = InboxSettings(
    answer_within=timedelta(seconds=1.5),  # A busy machine needs a second for what takes milliseconds.
    lease=timedelta(seconds=2),
    backoff=timedelta(seconds=0.01),
    patience=timedelta(seconds=1),
)
DOOR = ("insert", "inserted", "stored", "handled", "urgent", "answer")
WORKER = ("claimed", "handled", "marked", "closing", "closed")
CLEANER = ("pruning", "pruned")


@frozen
class Job:
    """What a process has to know."""

    url: str
    log: str
    point: str = ""
    nth: int = 1
    began: float = 0.0

    def crash(self, point: str) -> None:
        """Die if this is the place: no finally, no flush, no rollback."""
        if point == self.point and self._is_nth():
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_nth(self) -> bool:
        COUNTS[self.point] += 1
        return COUNTS[self.point] == self.nth

    def note(self, line: str) -> None:
        """Write a line that outlives this process."""
        with Path(self.log).open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())

    def inbox(self) -> Inbox:
        """The inbox with one urgent handler and two others."""
        router = EventRouter()

        @router.on(CustomerAdded, urgent=timedelta(minutes=5))
        def greet(event):
            self.note(f"greet {event.external_userid}")

        @router.on(CustomerEvent)
        def first(event):
            self.note(f"first {event.external_userid} {event.dedupe_key[:6]}")

        @router.on(CustomerEvent)
        def second(event):
            self.note(f"second {event.external_userid} {event.dedupe_key[:6]}")

        return Inbox(open_store(self.url, migrate=False), router, settings=SETTINGS, crash=self.crash)

    def events(self):
        """A new customer, and two edits of one second that look alike."""
        at = datetime.fromtimestamp(int(self.began), UTC)
        added = CustomerAdded(created_at=at, to_user=CORP, userid="z", external_userid="wm1", welcome_code="C")
        edited = CustomerEdited(created_at=at, to_user=CORP, userid="z", external_userid="wm2")
        return [("a", added), ("b", edited), ("c", edited)]


COUNTS: Counter[str] = Counter()


def door(job: Job, which: str) -> None:
    """Take one event as a WSGI server does, and note that it was answered."""
    event = dict(job.events())[which]
    sent = CALLBACK.crypto.encrypt(event_xml(event), nonce=which, timestamp=int(job.began))
    body = sent.post_xml(CORP)
    environ = {
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": "&".join(f"{name}={value}" for name, value in sent.query().items()),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    answers: list[str] = []
    list(wsgi_app(CALLBACK, job.inbox())(environ, lambda status, headers: answers.append(status)))
    job.crash("answer")
    job.note(f"answered {which} {answers[0]}")


def work(job: Job) -> None:
    """Work until nothing waits."""
    inbox = job.inbox()
    while inbox.stats().counts["waiting"]:
        if not inbox.work_once().events:
            time.sleep(0.02)


def clean(job: Job) -> None:
    """Delete what is done, as if years had passed."""
    inbox = job.inbox()
    inbox._desk.now = lambda: datetime.now(UTC) + timedelta(days=700)
    inbox.prune()
