"""The workers of the carrier benchmark: with Celery, and without anything; one job per touch, for comparison.

Every worker plans with facts that cost nothing, at a time that stands still: the timetable is measured, and the way
that leads to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.engine import Engine

from benchmarks.bench_sop import CALENDAR, CORP, NOW, FriendlyFacts
from wecom_auto.directory._facts import DirectoryFacts, Follower
from wecom_auto.directory._relation import Relation, RelationStatus
from wecom_auto.sop import Content, Contents, Runner, Settings
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._shards import shard_of
from wecom_auto.store import open_store, transaction
from wecom_auto.testing import FakeWeCom

STORE: Final = "WECOM_AUTO_BENCH_STORE"
BROKER: Final = "WECOM_AUTO_BENCH_BROKER"
LATER: Final = NOW + timedelta(days=3)


class KnownFacts(FriendlyFacts):
    """Everybody is a friend of the member of the run, who is therefore the sender."""

    def facts_for(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], DirectoryFacts]:
        """Facts with one follower for everybody."""
        return {
            pair: evolve(facts, followers=(_follower(pair[1]),)) for pair, facts in super().facts_for(pairs).items()
        }


@cache
def _follower(userid: str) -> Follower:
    return Follower(relation=Relation(external_userid="", userid=userid, status=RelationStatus.FOLLOWING))


def make_runner(engine: Engine) -> Runner:
    """A runner as in a new process."""
    client = FakeWeCom(corp_id=CORP).client()
    contents = Contents({name: Content(text=name) for name in ("a", "b")})
    settings = Settings(gap=timedelta(0))
    return Runner(engine, client, KnownFacts(), contents, corp_id=CORP, calendar=CALENDAR, settings=settings)  # type: ignore[arg-type]


def plan_shards(url: str, shards: Any, ready: Any, begin: Any) -> None:
    """Plan shards until there are no more: a worker without a carrier."""
    engine = open_store(url, migrate=False)
    runner = make_runner(engine)
    runner.due_work(NOW)
    ready.release()
    begin.wait()
    while (shard := shards.get()) is not None:
        runner.plan(shard, NOW)


@cache
def _engine(url: str) -> Engine:
    return open_store(url, migrate=False)


def one_touch(run: int, customer: str) -> None:
    """What one job per touch has to do at least: write the touch, move the run, in one transaction."""
    row = {
        "corp_id": CORP,
        "enrolment_id": run,
        "run": 1,
        "step": "first",
        "external_userid": customer,
        "userid": "zhang",
        "kind": "mass",
        "state": "due",
        "due_at": NOW,
        "check_at": NOW,
        "attempts": 0,
        "reason": "due",
        "arm": "",
        "shard": shard_of(customer),
    }
    with transaction(_engine(os.environ[STORE])) as connection:
        connection.execute(sa.insert(t.touches), row)
        connection.execute(sa.update(t.enrolments).where(t.enrolments.c.id == run).values(wake_at=LATER))


def make_app(broker: str, runner: Callable[[], Runner]) -> Any:
    """The Celery app: our jobs, and one task per touch."""
    from wecom_auto.sop.carriers.celery import create_app

    app = create_app(broker, runner, name="bench", clock=lambda: NOW)
    app.conf.worker_enable_remote_control = False
    app.task(one_touch, name="touch", shared=False, ignore_result=True)
    app.conf.task_routes = [{"touch": {"queue": "bench"}}, *app.conf.task_routes]
    return app


if STORE in os.environ and BROKER in os.environ:
    app = make_app(os.environ[BROKER], lambda: make_runner(open_store(os.environ[STORE], migrate=False)))
