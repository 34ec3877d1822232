"""Every carrier with real brokers and real kills, judged by the fake's own books over HTTP."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import define, evolve, field
from sqlalchemy.engine import make_url
from tests.servers import Own, named, running, until
from tests.services import _carrier_app as scene
from tests.services._carrier_app import Task
from tests.services._many_worker import Job
from tests.services.test_many_workers import unfinished
from tests.stores import fresh_database
from tests.unit._sop_stage import books

from wecom_auto.directory import Directory
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

pytest.importorskip("celery", reason="needs the extra `celery`")
ROOT = Path(__file__).parents[2]
CREATE = "externalcontact/add_msg_template"
PATIENCE = 45
"""Real seconds after which whatever is still open counts as stuck."""
pytestmark = [pytest.mark.slow, pytest.mark.services]


@define
class Site:
    """One corp, its store, a broker, and the workers that are started and killed."""

    corp: FakeWeCom
    engine: sa.Engine
    task: Task
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(factory=list)
    kills: int = 0
    started: int = 0

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        """Start a worker in a process group of its own."""
        self.started += 1
        command = [sys.executable, "-m", "tests.services._carrier_app"]
        if self.task.kind == "celery":
            more = more or ("worker", "--queues", self.task.name, "-c", "2", "-B", "--without-gossip")
            quiet = ("--without-mingle", "--without-heartbeat") if "worker" in more else ()
            schedule = ("-s", str(self.folder / f"beat{self.started}"))
            command = [sys.executable, "-m", "celery", "-A", "tests.services._carrier_app", *more, *quiet, *schedule]
        with self.log(self.started).open("wb") as log:
            environment = os.environ | self.task.environment() | {"C_FORCE_ROOT": "1"}
            worker = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.workers.append(worker)
        return worker

    def log(self, number: int) -> Path:
        """What a worker said."""
        return self.folder / f"worker{number}.log"

    def said(self) -> str:
        """What all workers said."""
        return "\n".join(self.log(number).read_text("utf-8", "replace") for number in range(1, self.started + 1))

    def kill_all(self) -> None:
        """Kill every worker where it stands, with its children: no finally, no flush, no rollback."""
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            self.kills += worker.wait(30) == -signal.SIGKILL
        self.workers.clear()

    def live(self) -> None:
        """Let the platform's time pass, and members tap."""
        self.corp.clock.advance_to(max(self.task.job.now(), self.corp.clock.now()))
        for member in scene.MEMBERS:
            with suppress(LookupError):
                self.corp.tap(member)

    def await_call(self) -> None:
        """Wait until a worker is in the middle of a create call."""
        before = self.corp.count(CREATE)
        until(lambda: (self.live(), self.corp.count(CREATE) > before)[1], what="a create call")

    def play(self) -> None:
        """Let time pass until everything is done, or until patience is over."""
        self.corp.clear_faults()
        wanted, end = scene.expected(self.corp), time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.live()
            with suppress(sa.exc.OperationalError):
                if books(self.corp).keys() >= wanted.keys() and not unfinished(self.engine):
                    return
            time.sleep(0.05)

    def verdict(self) -> dict[str, object]:
        """What there must be, whatever was killed: nothing twice, nothing lost, nothing stuck."""
        made, wanted = books(self.corp), scene.expected(self.corp)
        return {
            "duplicates": sum((made - Counter(wanted)).values()),
            "lost": sum((Counter(wanted) - made).values()),
            "stuck": dict(unfinished(self.engine)),
            "received": dict(Counter(one.mass_messages for one in self.corp.customers())),
        }


RIGHT = {"duplicates": 0, "lost": 0, "stuck": {}, "received": {len(scene.TEXTS): sum(scene.MEMBERS.values())}}


@contextmanager
def site(kind: str, broker: str, database: str, folder: Path, **more: object) -> Iterator[Site]:
    """Open a corp with a full mirror, in which everybody is enrolled and every create call takes a moment."""
    corp = scene.fake()
    corp.fail_randomly(CREATE, 1.0, slow=0.3)
    engine = open_store(database)
    directory = Directory(engine, corp.corp_id, clock=corp.clock.time)
    directory.sync(corp.client())
    directory.upsert_tags(corp.client().tags.list())
    runner = scene.Runner(engine, corp.client(), directory, scene.LIBRARY, settings=scene.SETTINGS)
    for definition in scene.definitions():
        runner.publish(definition, scene.START)
        for customer in directory.external_userids():
            runner.enrol(definition.sop, customer, now=scene.START)
    with corp.serve() as url:
        job = Job(database=database, url=url, corp_id=corp.corp_id, secret=corp.secret, began=time.time())
        name = f"wecom_auto_{secrets.token_hex(4)}"
        found = Site(corp, engine, Task(kind=kind, broker=broker, name=name, job=job, **more), folder)
        try:
            yield found
        finally:
            found.kill_all()
            _clean(found.task)
            engine.dispose()


def _clean(task: Task) -> None:
    """Remove what the workers have left in a broker that belongs to others."""
    if task.broker.startswith("redis"):
        import redis

        with suppress(redis.ConnectionError), redis.Redis.from_url(task.broker) as client:
            for key in client.scan_iter(f"{task.name}:*"):
                client.delete(key)
    elif task.broker.startswith("amqp"):
        import kombu

        with suppress(OSError), kombu.Connection(task.broker, connect_timeout=2) as connection:
            channel = connection.channel()
            channel.queue_delete(task.name)
            channel.exchange_delete(task.name)


KINDS = {
    "loop": ("sqlite", ""),
    "celery-redis": ("postgres", "WECOM_AUTO_TEST_REDIS_URL"),
    "celery-rabbitmq": ("mysql", "WECOM_AUTO_TEST_RABBITMQ_URL"),
    "procrastinate": ("postgres", "WECOM_AUTO_TEST_POSTGRES_URL"),
}


@pytest.mark.kill
@pytest.mark.parametrize("kind", KINDS)
def test_workers_are_killed_while_they_dispatch(kind, tmp_path):
    """Two workers die in the middle of create calls, twice; the next ones lose nothing and double nothing."""
    database, variable = KINDS[kind]
    with fresh_database(database, tmp_path) as url:
        broker = _conninfo(url) if kind == "procrastinate" else named(variable) if variable else ""
        with site(kind.partition("-")[0], broker, url, tmp_path) as here:
            for _ in range(2):
                here.start()
                here.start()
                here.await_call()
                here.kill_all()
            here.start()
            here.start()
            here.play()
            assert here.kills == 4
            assert here.verdict() == RIGHT, here.said()[-3_000:]


def _conninfo(url: str) -> str:
    """The store's own database also holds Procrastinate's jobs."""
    procrastinate = pytest.importorskip("procrastinate", reason="needs the extra `procrastinate`")
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=conninfo)).open() as app:
        app.schema_manager.apply_schema()
    return conninfo


@pytest.mark.kill
@pytest.mark.parametrize("make", [Own.redis, Own.rabbitmq], ids=["redis", "rabbitmq"])
def test_the_broker_is_killed(make, tmp_path):
    """A broker that dies takes its messages along; workers wait for it, and the next tick sends what is still due."""
    with (
        fresh_database("sqlite", tmp_path) as url,
        running(make) as broker,
        site("celery", broker.url, url, tmp_path) as here,
    ):
        here.start()
        here.await_call()
        broker.kill()
        broker.start()
        here.play()
        assert here.verdict() == RIGHT, here.said()[-3_000:]


@pytest.mark.kill
def test_the_store_is_killed(tmp_path):
    """A database that crashes in the middle fails the jobs in hand; nothing that was committed is lost."""
    with (
        running(Own.postgres) as server,
        running(Own.redis) as broker,
        site("celery", broker.url, server.url, tmp_path) as here,
    ):
        here.start()
        here.await_call()
        server.kill()
        server.start()
        here.play()
        assert here.verdict() == RIGHT, here.said()[-3_000:]


def test_more_beats_are_harmless(tmp_path):
    """Three beats send ticks; of those of one slot one finds work, and nothing is done twice."""
    with (
        fresh_database("sqlite", tmp_path) as url,
        running(Own.redis) as broker,
        site("celery", broker.url, url, tmp_path, slot=120) as here,
    ):
        for _ in range(2):
            here.start("beat", "--loglevel", "INFO")
        here.start()
        here.play()
        assert here.verdict() == RIGHT, here.said()[-3_000:]
        until(lambda: all("Sending due task" in here.log(number).read_text("utf-8") for number in (1, 2)))


def test_a_message_with_an_eta_is_refused_at_once(tmp_path):
    """Somebody sends a job for in an hour, by its name: no worker keeps it, and the log says why."""
    with (
        fresh_database("sqlite", tmp_path) as url,
        running(Own.redis) as broker,
        site("celery", broker.url, url, tmp_path) as here,
    ):
        here.start()
        app, later = scene.celery_app(here.task), datetime.now(UTC) + timedelta(hours=1)
        app.send_task(f"{here.task.name}.plan", args=([],), eta=later)
        until(lambda: f"task '{here.task.name}.plan' is sent with eta" in here.said())


@pytest.mark.parametrize(
    ("command", "unsafe", "told"),
    [
        (("worker",), {"worker_prefetch_multiplier": 4}, "worker_prefetch_multiplier is 4, set it to 1"),
        (("beat",), {"task_annotations": {"*": {"acks_late": False}}}, "task_acks_late is off for "),
    ],
    ids=["worker", "beat"],
)
def test_nothing_starts_with_unsafe_settings(command, unsafe, told, tmp_path):
    """A worker and a beat say which setting is wrong, and do not start."""
    with fresh_database("sqlite", tmp_path) as url, site("celery", "memory://", url, tmp_path) as here:
        here.task = evolve(here.task, unsafe=unsafe)
        assert here.start(*command).wait(30) not in {0, -signal.SIGKILL}
        assert told in here.said()
