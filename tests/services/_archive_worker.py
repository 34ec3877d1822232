"""A process that reads an archive and is killed: between pages, before and after the statements of a page."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import event

from wecom_auto.archive import ArchiveReader, Party, PartyKind, Sight, SourcePage, Unreadable, Utterance
from wecom_auto.store import open_store

CORP = "ww1"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROWS, PAGE, BAD = 9, 3, 7
POINTS = ("page", "insert", "commit", "committed")
"""Before a page is fetched, inside its transaction, before and after its commit."""
COUNTS: Counter[str] = Counter()
ANNA, BOSS = (Party(id=one, kind=PartyKind.MEMBER) for one in ("anna", "boss"))


@frozen
class Job:
    """What a process has to know."""

    url: str
    log: str
    point: str = ""
    nth: int = 1

    def crash(self, point: str) -> None:
        """Die if this is the place: no finally, no flush, no rollback."""
        COUNTS[point] += 1
        if point == self.point and COUNTS[point] == self.nth:
            os.kill(os.getpid(), signal.SIGKILL)


@frozen
class Log:
    """An archive of a few messages, one of which cannot be read."""

    job: Job
    name: str = "log"
    sees: Sight = Sight.FACTS

    def read(self, cursor: str, _limit: int, /) -> SourcePage:
        """Give three messages."""
        self.job.crash("page")
        start = int(cursor or 0)
        rows = [_row(number) for number in range(start, min(start + PAGE, ROWS))]
        return SourcePage(rows=tuple(rows), cursor=str(start + len(rows)), more=bool(rows))

    def read_again(self, raw: str, /) -> Unreadable:
        """Never."""
        return Unreadable(msgid="", raw=raw, why="still not")


def _row(number: int) -> Utterance | Unreadable:
    if number == BAD:
        return Unreadable(msgid="", raw=f"raw{number}", why="no key")
    at = NOW + timedelta(seconds=number)
    return Utterance(msgid=f"m{number:02}", sender=ANNA, receivers=(BOSS,), at=at, kind="text")


def reader(job: Job) -> ArchiveReader:
    """The reader, whose statements and commits may kill it."""
    engine = open_store(job.url, migrate=False)

    def before(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        word = statement.lstrip()[:6].lower()
        if "archive_" in statement and word == "insert":
            job.crash(word)

    def committed() -> None:
        job.crash("committed")

    event.listen(engine, "before_cursor_execute", before)
    plain = engine.dialect.do_commit

    def commit(connection: sa.PoolProxiedConnection) -> None:
        job.crash("commit")
        plain(connection)
        committed()

    engine.dialect.do_commit = commit  # type: ignore[method-assign]  # dies inside it
    return ArchiveReader(engine, CORP, Log(job), keep_internal=True)


def read(job: Job) -> None:
    """Read to the end, then tell a file what was said."""
    mine = reader(job)
    mine.read(NOW)
    with Path(job.log).open("ab", buffering=0) as file:
        mine.deliver(lambda one: file.write(f"{one.msgid}\n".encode()), NOW)
