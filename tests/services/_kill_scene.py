"""What the killed sender has to send: four batches, two of them with the same sender and text.

The same in two smaller scenes: two tasks for the groups of one owner, and two moments.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.engine import Engine

from wecom_auto._time import CHINA
from wecom_auto.directory import Directory
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import BatchStatus
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.sop.sending import Timing
from wecom_auto.testing import FakeWeCom

START = datetime(2026, 3, 2, 10, 0, tzinfo=CHINA)
LIBRARY = Contents({"a": Content(text="内容 a"), "b": Content(text="内容 b")})
SETTINGS = Settings(recipients=2, gap=timedelta(0), timing=Timing(call_max=timedelta(seconds=1)))


CREATES = {
    "customers": "externalcontact/add_msg_template",
    "groups": "externalcontact/add_msg_template",
    "moments": "externalcontact/add_moment_task",
}
"""The call that is not idempotent, in each scene."""


def fake() -> FakeWeCom:
    """A corp that is the same every time, whose list shows tasks 20 seconds late, and whose jobs take as long."""
    found = FakeWeCom(now=START)
    late = timedelta(seconds=20)
    found.settings = evolve(found.settings, list_lag=late, moment_lag=late)
    for member, customers in (("li", 2), ("zhang", 4)):
        found.add_member(member)
        for number in range(customers):
            found.add_customer(name=f"{member}{number}", followed_by=member)
    for number in range(3):
        found.create_group("zhang", f"群{number}")
    return found


def expected(corp: FakeWeCom, kind: str = "customers") -> set[tuple[str, str]]:
    """Who must get what, exactly once."""
    if kind == "groups":
        return {(one.chat_id, "内容 a") for one in corp.groups()}
    if kind == "moments":
        return {("moments", "内容 a"), ("moments", "内容 b")}
    everybody = [(one.external_userid, "内容 a") for one in corp.customers()]
    first = corp.member("zhang").customers[:2]
    return {*everybody, *((one, "内容 b") for one in first)}


def tasks(corp: FakeWeCom, kind: str) -> Counter[tuple[str, str]]:
    """How many tasks of the platform hold (who, text): from the fake's own books."""
    if kind == "moments":
        return Counter(("moments", corp.moment_tasks(one)[0].text) for one in corp.moments())
    every = [task for msgid in corp.mass_messages() for task in corp.mass_tasks(msgid)]
    return Counter((recipient.target, task.text) for task in every for recipient in task.recipients)


def received(corp: FakeWeCom, kind: str) -> int:
    """How many messages came, or how many moments were published."""
    if kind == "customers":
        return sum(one.mass_messages for one in corp.customers())
    if kind == "moments":
        return sum(all(task.published_at for task in corp.moment_tasks(one)) for one in corp.moments())
    every = [task for msgid in corp.mass_messages() for task in corp.mass_tasks(msgid)]
    return sum(recipient.status == 1 for task in every for recipient in task.recipients)


def _sop(name: str, content: str, do: str = "mass", target: str = "customer") -> Definition:
    return Definition.from_toml(
        f'sop = "{name}"\nversion = 1\ntitle = "{name}"\ntarget = "{target}"\n[entry]\non = "manual"\n'
        f'[[step]]\nid = "s"\nat = "+0min"\ndo = {{ {do} = "{content}" }}\n'
    )


def prepare(engine: Engine, corp: FakeWeCom, kind: str = "customers") -> None:
    """Enrol everybody; the first tick will freeze and send."""
    directory = Directory(engine, corp.corp_id, clock=corp.clock.time)
    directory.sync(corp.client())
    runner = Runner(engine, corp.client(), directory, LIBRARY, settings=SETTINGS)
    if kind == "groups":
        runner.publish(_sop("groups", "a", "group", "group"), START)
        for one in corp.groups():
            runner.enrol("groups", one.chat_id, now=START)
        return
    if kind == "moments":
        for name in ("a", "b"):
            runner.publish(_sop(name, name, "moment", "moment"), START)
            runner.enrol(name, name, now=START)
        return
    for definition in (_sop("first", "a"), _sop("second", "b")):
        runner.publish(definition, START)
    for customer, text in sorted(expected(corp)):
        runner.enrol("first" if text == "内容 a" else "second", customer, now=START)


def play_out(runner: Runner, corp: FakeWeCom) -> None:
    """Go on until no batch is open; members tap a minute after a task came."""
    for _ in range(60):
        corp.clock.advance(minutes=1)
        wake = runner.next_wake()
        if wake is not None and wake > corp.clock.now():
            corp.clock.advance_to(wake)
        runner.tick(corp.clock.now())
        for member in ("zhang", "li"):
            with suppress(LookupError):
                corp.tap(member)
                corp.publish_moment(member)
        found = set(states(runner))
        if found and found <= {state.value for state in BatchStatus if state.final}:
            return


def states(runner: Runner) -> list[str]:
    """Every batch's state."""
    with runner._context.engine.connect() as connection:
        return list(connection.scalars(sa.select(t.batches.c.state)))


def recovered(engine: Engine, corp: FakeWeCom) -> Runner:
    """A new runner, as in a new process: nothing survives but the database."""
    numbers = count(1)
    return Runner(
        engine,
        corp.client(),
        Directory(engine, corp.corp_id, clock=corp.clock.time),
        LIBRARY,
        settings=SETTINGS,
        new_id=lambda: f"r{next(numbers):05}",
        stopwatch=lambda: 0.0,
    )
