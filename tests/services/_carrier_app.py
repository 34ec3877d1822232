"""A worker of each carrier, in a time that runs faster, until somebody kills it; the environment says what it does.

Celery starts it as ``celery -A tests.services._carrier_app``, the others as ``python -m tests.services._carrier_app``.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any, Final

import attrs
from attrs import evolve, frozen
from tests.services._many_worker import START, TIMING, Job

from wecom_auto import WeCom
from wecom_auto.directory import Directory
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

VARIABLE: Final = "WECOM_AUTO_CARRIER_TASK"
TEXTS = ("a", "b")
LIBRARY = Contents({name: Content(text=f"内容 {name}") for name in TEXTS})
SETTINGS = Settings(gap=timedelta(0), timing=TIMING)
MEMBERS = {"li": 8, "wang": 8, "zhang": 8}


@frozen(kw_only=True)
class Task:
    """What a worker has to know.

    Attributes:
        kind: ``loop``, ``celery`` or ``procrastinate``.
        broker: URL of Redis, RabbitMQ or Procrastinate's PostgreSQL.
        name: Queue and key prefix.
        job: The store, the platform and the virtual clock.
        beat: Real seconds between two ticks.
        slot: Virtual seconds in which one tick counts.
        unsafe: Settings of Celery that nobody should use.
    """

    kind: str
    broker: str
    name: str
    job: Job
    beat: float = 0.5
    slot: int = 1
    unsafe: dict[str, Any] = attrs.field(factory=dict)

    def runner(self) -> Runner:
        """A runner as in a new process."""
        job = self.job
        engine = open_store(job.database, migrate=False)
        client = WeCom(job.corp_id, job.secret, base_url=job.url)
        directory = Directory(engine, client.corp_id, clock=lambda: job.now().timestamp())
        return Runner(engine, client, directory, LIBRARY, settings=SETTINGS, stopwatch=lambda: 0.0)

    def environment(self) -> dict[str, str]:
        """This task for another process."""
        return {VARIABLE: json.dumps(attrs.asdict(self))}


def read() -> Task:
    """The task of this process."""
    found = json.loads(os.environ[VARIABLE])
    return Task(**found | {"job": Job(**found["job"])})


def fake() -> FakeWeCom:
    """A corp whose list shows tasks half a minute late."""
    found = FakeWeCom(now=START, seed=5)
    found.settings = evolve(found.settings, list_lag=timedelta(seconds=30))
    for member, customers in MEMBERS.items():
        found.add_member(member)
        for number in range(customers):
            found.add_customer(name=f"{member}{number}", followed_by=member)
    found.add_tag("进度", "已发")
    return found


def definitions() -> list[Definition]:
    """Two SOPs: a message with a tag, and another message a little later."""
    return [
        Definition.from_toml(
            f'sop = "{text}"\nversion = 1\ntitle = "{text}"\n[entry]\non = "manual"\n'
            f'[[step]]\nid = "s"\nat = "{at}"\ndo = {{ mass = "{text}"{more} }}\n'
        )
        for text, at, more in (("a", "+0min", ', tag = "已发"'), ("b", "+3min", ""))
    ]


def expected(corp: FakeWeCom) -> dict[tuple[str, str], int]:
    """Everybody gets each text once."""
    return {(one.external_userid, f"内容 {text}"): 1 for one in corp.customers() for text in TEXTS}


def celery_app(task: Task) -> Any:
    """The Celery app of this process."""
    from wecom_auto.sop.carriers.celery import create_app

    app = create_app(task.broker, task.runner, name=task.name, clock=task.job.now, seconds=task.slot)
    options = {"visibility_timeout": 600, "global_keyprefix": f"{task.name}:"}
    app.conf.update(
        # Neither keys nor exchanges of other people's workers on the same server.
        broker_transport_options=options if task.broker.startswith("redis") else {},
        worker_enable_remote_control=False,
        broker_connection_max_retries=None,
        worker_hijack_root_logger=True,
    )
    entry = app.conf.beat_schedule[f"{task.name}.tick"]
    app.conf.beat_schedule = {f"{task.name}.tick": entry | {"schedule": task.beat, "options": {"expires": 60}}}
    app.conf.update(task.unsafe)
    return app


def procrastinate_app(task: Task) -> Any:
    """The Procrastinate app of this process, and the carrier."""
    import procrastinate

    from wecom_auto.sop.carriers.procrastinate import register

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=task.broker))
    return app, register(app, task.runner, name=task.name, clock=task.job.now, seconds=1)


def main() -> None:
    """Work until killed."""
    task = read()
    if task.kind == "loop":
        from wecom_auto.sop.carriers import Loop

        Loop(task.runner(), clock=task.job.now, seconds=1).run_worker()
    else:
        app, carrier = procrastinate_app(task)
        with app.open():
            carrier.run_worker(concurrency=2)


if VARIABLE in os.environ and read().kind == "celery":
    app = celery_app(read())

if __name__ == "__main__":
    main()
