"""The lead desk on every database: two workers, races of the same person, killed processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import evolve
from tests.stores import KINDS, fresh_database
from tests.unit._lead_stage import Provider, Stage, agreed, new

from wecom_auto.automotive.leads import DeskSettings, LeadStatus, PoolAnswer
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=KINDS)
def database(request, tmp_path_factory) -> Iterator[str]:
    """One database of each kind for the module."""
    with fresh_database(request.param, tmp_path_factory.mktemp("leads")) as url:
        open_store(url).dispose()
        yield url


@pytest.fixture
def engine(database) -> Iterator[sa.Engine]:
    """Connections of this test."""
    engine = open_store(database, migrate=False)
    yield engine
    engine.dispose()


def test_a_lead_goes_its_whole_way(engine):
    """In, to a member, told, accepted, late, to another one, consent, forgotten: on this database."""
    stage = Stage.open(engine)
    desk = stage.desk()
    lead = new("b1", extra={"颜色": "红"}, name="王😀")
    lead_id = desk.take(lead, consents=[agreed(), agreed(purpose="sms")]).lead_id
    assert [one.userid for one in desk.assign()] == ["dora"]
    assert desk.deliver(stage.fake.client()).sent == 1
    desk.accept(lead_id, "dora")
    desk.make_link(lead_id, url="https://work.weixin.qq.com/ca/caw1")
    assert desk.send_links(Provider(), text=str).sent == 1
    stage.wait(hours=3)
    assert desk.tick().alarmed == 1
    stage.wait(hours=24)
    assert [desk.tick(limit=0).not_added, desk.numbers.add_rate().cases] == [0, 1]
    assert desk.take(evolve(lead, unionid="u1")).outcome == "merged"
    assert desk.find(unionid="u1").extra == {"颜色": "红"}
    assert desk.consents.withdraw(lead_id, "provide_to_dealer", evidence="call") == 1
    assert desk.lead(lead_id).status is LeadStatus.NEW
    assert desk.numbers.overdue() == ()
    assert desk.numbers.source_mix()[0].leads == 1
    assert desk.forget(lead_id) > 5


def test_a_lead_of_the_pool_is_taken_once(engine):
    """Of two members who reach for it one gets it."""
    stage = Stage.open(engine, DeskSettings(most_rounds=1))
    desk = stage.desk()
    lead_id = stage.given(desk)
    desk.give_back(lead_id, desk.lead(lead_id).owner, reason="联系不上")
    assert [one.lead_id for one in desk.pool("anna")] == [lead_id]
    stage.wait(days=8)
    with ThreadPoolExecutor(2) as pool:
        answers = [*pool.map(lambda userid: stage.desk().take_from_pool(lead_id, userid), ("anna", "bert"))]
    assert sorted(answers) == [PoolAnswer.DONE, PoolAnswer.GONE]


def test_userids_differ_by_case(engine):
    """Databases that ignore case by default are told not to."""
    desk = Stage.open(engine).desk()
    one, two = new("", external_userid="wmAbc"), new("", external_userid="wmabc")
    assert desk.take(one).lead_id != desk.take(two).lead_id


def test_two_workers_give_no_lead_twice_and_no_turn_is_lost(engine):
    """40 leads, 4 workers: each lead one assignment, each member the same number."""
    stage = Stage.open(engine)
    desks = [stage.desk() for _ in range(4)]
    for _ in range(40):
        desks[0].take(new())

    def work(desk) -> list[tuple[str, str]]:
        found = []
        while some := desk.assign(limit=3):
            found += [(one.lead_id, one.userid) for one in some]
        return found

    with ThreadPoolExecutor(4) as pool:
        given = [one for part in pool.map(work, desks) for one in part]
    assert len({lead_id for lead_id, _ in given}) == len(given) == 40
    assert Counter(userid for _, userid in given) == {"anna": 20, "bert": 20}


def test_two_workers_tell_nobody_twice(engine):
    """Claimed notices are one worker's."""
    stage = Stage.open(engine)
    desk = stage.desk()
    for _ in range(10):
        desk.take(new())
    desk.assign()
    clients = [stage.fake.client() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        reports = [*pool.map(lambda client: stage.desk().deliver(client, limit=4), clients)]
    assert sum(one.sent for one in reports) == len(stage.told("anna")) + len(stage.told("bert"))
    assert sum(one.sent for one in reports) <= 10
    assert desk.deliver(stage.fake.client()).sent == 10 - sum(one.sent for one in reports)


def test_the_same_person_from_four_sides_at_once_is_one_lead(engine):
    """Whoever comes second is told whose it is."""
    stage = Stage.open(engine)
    lead = new()
    variants = [evolve(lead, model=str(number), unionid="u1" if number % 2 else "") for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        taken = [*pool.map(lambda one: stage.desk().take(one), variants)]
    (stored,) = stage.desk().leads()
    assert stored.inquiries == 8
    assert Counter(one.outcome for one in taken) == {"new": 1, "merged": 7}


SCRIPT = textwrap.dedent("""
    import os, signal, sys
    from tests.unit._lead_stage import KEY, network
    from wecom_auto.automotive.leads import LeadDesk, LeadKeys
    from wecom_auto.store import open_store
    from wecom_auto.testing import FakeWeCom

    url, corp_id, now, point, what = sys.argv[1:]

    def die(where):
        if where == point:
            os.kill(os.getpid(), signal.SIGKILL)

    fake = FakeWeCom()
    desk = LeadDesk(open_store(url, migrate=False), corp_id, network=network(), keys=LeadKeys(KEY),
                    clock=lambda: float(now), crash=die)
    desk.assign() if what == "assign" else desk.deliver(fake.client())
""")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "what", "assigned"), [("assigning", "assign", 0), ("assigned", "assign", 1), ("claimed", "deliver", 1)]
)
def test_a_killed_worker_loses_and_doubles_nothing(database, engine, point, what, assigned):
    """A kill -9 before the commit, between assignment and notice, and between claim and message."""
    stage = Stage.open(engine)
    desk = stage.desk()
    desk.take(new())
    if what == "deliver":
        desk.assign()
    arguments = [database, stage.corp_id, str(stage.fake.clock.time()), point, what]
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    died = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    with engine.connect() as connection:
        mine = t.assignments.c.corp_id == stage.corp_id
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.assignments).where(mine)) == assigned
    stage.wait(minutes=2)
    desk.assign()
    assert desk.deliver(stage.fake.client()).sent == 1
    assert len(stage.told("anna") + stage.told("bert")) == 1
    assert [len(desk.assignments(one.lead_id)) for one in desk.leads()] == [1]
