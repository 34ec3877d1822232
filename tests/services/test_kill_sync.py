"""Kill bulk reads with a real SIGKILL at any moment, and run them side by side: the mirror and its news stay whole."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import define, field
from sqlalchemy.engine import Engine
from tests.services._sync_worker import KEPT, keep
from tests.stores import KINDS, fresh_database

from wecom_auto.directory import Directory
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

pytestmark = [pytest.mark.kill, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


@define
class Arena:
    """A corp, its mirror, and the process that forks the children who die."""

    corp: FakeWeCom
    url: str
    db: str
    engine: Engine
    process: subprocess.Popen[str]
    chance: random.Random = field(factory=lambda: random.Random(20260302))

    def mirror(self) -> Directory:
        """Return the mirror."""
        return Directory(self.engine, self.corp.corp_id, clock=self.corp.clock.time)

    def sync(self, *deaths: float | None, concurrency: int = 1) -> str:
        """Let as many children as there are `deaths` read in bulk at the same time."""
        job = {
            "db": self.db,
            "url": self.url,
            "corp_id": self.corp.corp_id,
            "secret": self.corp.secret,
            "now": self.corp.clock.now().isoformat(),
            "concurrency": concurrency,
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([job | {"dies_after": seconds} for seconds in deaths]) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def sync_through_deaths(self) -> int:
        """Read in bulk until one gets through; return how many were killed before."""
        for killed in count():
            # Short at first, for machines on which all of it takes a moment; a piece of work must be done some time.
            seconds = self.chance.uniform(0.01, 0.04 + killed / 50)
            if (ended := self.sync(seconds, concurrency=self.chance.choice((1, 4)))) != "1":
                assert ended == "0"
                return killed
        raise AssertionError


@pytest.fixture(params=KINDS)
def arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """A corp with some of everything, and an empty mirror."""
    command = [sys.executable, "-m", "tests.services._sync_worker"]
    corp = filled()
    with (
        fresh_database(request.param, tmp_path) as db,
        corp.serve() as url,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        engine = open_store(db)
        with_table(engine)
        yield Arena(corp, url, db, engine, process)
        engine.dispose()
        process.stdin.close()


def with_table(engine: Engine) -> None:
    """Make the table that keeps events; it has no key, so that it would keep one twice."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (body TEXT NOT NULL)")


def filled() -> FakeWeCom:
    """A corp with some of everything."""
    corp = FakeWeCom(seed=1)
    client = corp.client()
    for member in ("zhangsan", "lisi", "wangwu"):
        corp.add_member(member)
        people = [corp.add_customer(name=f"{member}{number}", followed_by=member) for number in range(150)]
        for number in range(12):
            group = corp.create_group(member, f"{number}群")
            for person in people[number * 10 : number * 10 + 10]:
                corp.join_group(group, person)
            client.contact_ways.create(users=[member], state=f"{member}{number}")
        corp.add_tag("阶段", member)
    return corp


def live_on(corp: FakeWeCom) -> None:
    """Let a lot happen of which no callback tells."""
    corp.clock.advance(hours=2)
    tag = corp.add_tag("阶段", "试驾")
    for number, customer in enumerate(corp.customers()):
        member = customer.name.rstrip("0123456789")
        if number % 7 == 0:
            corp.delete_customer(member, customer)
        elif number % 7 == 1:
            corp.staff_remarks(member, customer, remark="老客户")
        elif number % 7 == 2:
            corp.staff_marks_tag(member, customer, add=[tag])
    for number, group in enumerate(corp.groups()):
        if number % 5 == 0:
            corp.dismiss_group(group)
        else:
            corp.join_group(group, corp.add_customer(name=f"新{number}", followed_by="lisi"))
    corp.create_group("lisi", "新群")
    corp.clock.advance(hours=2)


def knows(mirror: Directory) -> dict[str, Any]:
    """Return everything that the mirror knows of what is there now."""
    return {
        "customers": {
            one: sorted(
                (f.userid, int(f.relation.status), f.relation.remark, *sorted(f.tags))
                for f in mirror.facts(one).followers
            )
            for one in mirror.external_userids()
        },
        "groups": {
            one.chat_id: (one.name, one.owner, sorted(m.userid for m in mirror.group_members(one.chat_id)))
            for one in mirror.groups()
        },
        "ways": mirror.ways(),
        "tags": mirror.tag_groups(),
    }


def kept(engine: Engine) -> list[str]:
    """Return the events that were kept."""
    with engine.connect() as connection:
        return sorted(connection.scalars(sa.select(KEPT.c.body)))


@pytest.fixture
def peaceful(tmp_path: Path) -> Iterator[tuple[Directory, FakeWeCom]]:
    """The same corp and a mirror that nobody disturbs."""
    engine, corp = open_store(f"sqlite:///{tmp_path / 'peaceful.db'}"), filled()
    with_table(engine)
    yield Directory(engine, corp.corp_id, clock=corp.clock.time), corp
    engine.dispose()


def test_killed_again_and_again_it_ends_as_if_never_killed(arena, peaceful):
    """Killed at any moment of the first read and of a sweep: the same mirror, every event kept, none twice."""
    calm, calm_corp = peaceful
    killed = arena.sync_through_deaths()
    assert kept(arena.engine) == []
    live_on(arena.corp)
    killed += arena.sync_through_deaths()
    calm.sync(calm_corp.client())
    live_on(calm_corp)
    calm.reconcile(calm_corp.client(), keep)
    assert knows(arena.mirror()) == knows(calm)
    assert kept(arena.engine) == kept(calm.engine) != []
    assert killed > 5


def test_two_that_read_at_once_keep_every_event_once(arena, peaceful):
    """Two processes that read the same corp at the same time share the work or repeat it; each event comes once."""
    calm, calm_corp = peaceful
    assert arena.sync(None) == "0"
    live_on(arena.corp)
    assert arena.sync(None, None, None, concurrency=4) == "0"
    calm.sync(calm_corp.client())
    live_on(calm_corp)
    calm.reconcile(calm_corp.client(), keep)
    assert knows(arena.mirror()) == knows(calm)
    found, wanted = (Counter(kept(one)) for one in (arena.engine, calm.engine))
    assert (found - wanted, wanted - found) == ({}, {})


def test_events_that_are_applied_meanwhile_disturb_nothing(arena):
    """Two processes read while two workers apply events, late and twice: no error, and the truth at the end."""
    assert arena.sync(None) == "0"
    heard = len(arena.corp.events)
    live_on(arena.corp)
    news = [event for event in arena.corp.events[heard:] for _ in range(2)]
    arena.chance.shuffle(news)
    troubles: list[BaseException] = []

    def apply(some: list[Any]) -> None:
        try:
            for event in some:
                arena.mirror().apply(event)
        except BaseException as error:  # noqa: BLE001  # told in the test's thread
            troubles.append(error)

    workers = [threading.Thread(target=apply, args=(news[start::2],)) for start in range(2)]
    for worker in workers:
        worker.start()
    ended = arena.sync(None, None, concurrency=4)
    for worker in workers:
        worker.join()
    assert (ended, troubles) == ("0", [])
    arena.corp.clock.advance(hours=2)
    assert arena.sync(None) == "0"
    with_rest = Directory(open_store("sqlite://"), arena.corp.corp_id, clock=arena.corp.clock.time)
    with_rest.sync(arena.corp.client())
    found, wanted = knows(arena.mirror()), knows(with_rest)
    alive = {one: [f for f in some if f[1] != 4] for one, some in found.pop("customers").items()}
    assert {one: some for one, some in alive.items() if some} == wanted.pop("customers")
    ways = [{(w.config_id, w.state) for w in one.pop("ways")} for one in (found, wanted)]
    assert ways[0] == ways[1]
    assert found == wanted
    with_rest.engine.dispose()
