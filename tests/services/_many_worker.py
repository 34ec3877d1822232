"""One of many workers on one database: ticks over real HTTP, in a time that runs faster, until somebody kills it.

Every process computes the same virtual time from the machine's clock, so the time between two processes is real.
"""

from __future__ import annotations

import os
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path

from attrs import evolve, frozen

from wecom_auto import WeCom
from wecom_auto._time import CHINA
from wecom_auto.directory import Directory
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.sop.sending import Timing
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

START = datetime(2026, 3, 2, 10, 0, tzinfo=CHINA)
SPEED = 150
"""Virtual seconds in a real one: a lease lasts four real seconds, and a machine that stalls for longer would look like
a process that was frozen beyond its lease."""
TEXTS = ("a", "b", "c")
LIBRARY = Contents({name: Content(text=f"内容 {name}") for name in TEXTS})
TIMING = Timing(
    call_max=timedelta(minutes=2),
    skew=timedelta(minutes=1),
    lag=timedelta(minutes=1),
    quiet=timedelta(minutes=4),
    lease=timedelta(minutes=10),
    retries=50,
    backoff=timedelta(seconds=30),
)
SETTINGS = Settings(recipients=5, gap=timedelta(0), timing=TIMING, chunk=7)
MEMBERS = {"li": 12, "wang": 12, "zhang": 16}
STEPS = (("first", "a", ("+0min", "+10min")), ("second", "b", ("+0min",)), ("third", "c", ("+5min",)))
CALL = '[[step]]\nid = "call"\nat = "+1min"\ndo = { staff_task = "回访", due = "2h" }\n'


def definitions() -> list[Definition]:
    """Three SOPs: two mass messages and a staff task, one message with a tag, one with another."""
    found = []
    for name, text, offsets in STEPS:
        texts = (text, "c" if name == "first" else text)
        steps = "".join(
            f'[[step]]\nid = "s{n}"\nat = "{at}"\ndo = {{ mass = "{texts[n]}", tag = "已发{name}" }}\n'
            for n, at in enumerate(offsets)
        )
        head = f'sop = "{name}"\nversion = 1\ntitle = "{name}"\n[entry]\non = "manual"\nreentry = "always"\n'
        found.append(Definition.from_toml(head + steps + (CALL if name == "second" else "")))
    return found


def fake() -> FakeWeCom:
    """A corp whose list shows tasks half a minute late, with faults of every kind."""
    found = FakeWeCom(now=START, seed=11)
    found.settings = evolve(found.settings, list_lag=timedelta(seconds=30))
    for member, customers in MEMBERS.items():
        found.add_member(member)
        for number in range(customers):
            found.add_customer(name=f"{member}{number}", followed_by=member)
    for name, _text, _offsets in STEPS:
        found.add_tag("进度", f"已发{name}")
    return found


def expected(corp: FakeWeCom) -> dict[tuple[str, str], int]:
    """How many messages of each text every customer must get: c comes from two SOPs."""
    customers = [one.external_userid for one in corp.customers()]
    return {(one, f"内容 {text}"): 2 if text == "c" else 1 for one in customers for text in TEXTS}


@frozen(kw_only=True)
class Job:
    """What a worker has to know."""

    database: str
    url: str
    corp_id: str
    secret: str
    began: float

    def now(self) -> datetime:
        """The virtual time, the same in every process."""
        return START + timedelta(seconds=(time.time() - self.began) * SPEED)

    def runner(self) -> Runner:
        """A runner as in a new process."""
        engine = open_store(self.database, migrate=False)
        client = WeCom(self.corp_id, self.secret, base_url=self.url)
        directory = Directory(engine, client.corp_id, clock=lambda: self.now().timestamp())
        return Runner(engine, client, directory, LIBRARY, settings=SETTINGS, stopwatch=lambda: time.time() * SPEED)


def main(job: Job, log: str) -> None:
    """Work until killed; whatever else ends it is written to the log."""
    try:
        _work(job)
    except BaseException:
        Path(log).write_text(traceback.format_exc(), encoding="utf-8")
        raise


def _work(job: Job) -> None:
    """Let everybody in, as every other worker does at the same time, and tick."""
    runner = job.runner()
    for name, _text, _offsets in STEPS:
        for customer in runner._context.book.external_userids():
            # Every worker has its own reason to let the customer in: only one of them may.
            if all((line.sop, line.reason) != (name, "entered") for line in runner.why(customer)):
                runner.enrol(name, customer, now=job.now(), occurrence=f"worker {os.getpid()}")
    while True:
        runner.tick(job.now())
        time.sleep(0.02)
