"""Bulk reads that are killed: imports everything once, then forks children for every line it reads from stdin.

A line is a list of jobs that run at the same time; each is left alone, or ends by SIGKILL after some seconds:
no finally, no flush, no rollback. The answer is how many were killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto import WeCom
from wecom_auto.callbacks.events import Event
from wecom_auto.directory import Directory
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

KEPT = sa.table("kept", sa.column("body"))


def keep(connection: Connection, events: Sequence[Event]) -> None:
    """Write events into a table of the same database."""
    rows = [{"body": one.delivery.body.decode()} for one in events if one.delivery]
    if rows:
        connection.execute(sa.insert(KEPT), rows)


def work(job: dict[str, Any]) -> None:
    """Do one bulk read."""
    now = datetime.fromisoformat(job["now"]).timestamp()
    engine = open_store(job["db"], migrate=False)
    directory = Directory(engine, job["corp_id"], clock=lambda: now)
    with WeCom(job["corp_id"], job["secret"], base_url=job["url"]) as client:
        directory.reconcile(client, keep, concurrency=job["concurrency"])
    engine.dispose()


def fork(job: dict[str, Any]) -> int:
    """Start a child."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        work(job)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def run(jobs: list[dict[str, Any]]) -> str:
    """Run jobs at the same time; return how many were killed, or "failed"."""
    children = [(fork(job), job["dies_after"]) for job in jobs]
    for pid, seconds in children:
        if seconds is not None:
            time.sleep(seconds)
            os.kill(pid, signal.SIGKILL)
    statuses = [os.waitpid(pid, 0)[1] for pid, _ in children]
    if any(os.WIFEXITED(status) and os.WEXITSTATUS(status) for status in statuses):
        return "failed"
    return str(sum(os.WIFSIGNALED(status) for status in statuses))


def main() -> None:
    """Serve."""
    FakeWeCom()  # what is imported once here is so in every child
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(run(json.loads(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
