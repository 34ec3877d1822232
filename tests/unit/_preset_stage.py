"""The stage on which SOP presets are played: a corp with the preset tags, four members, and one who does all work.

Nothing of ours is replaced: the fake platform, a database in memory, the directory, the runner.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import count

import sqlalchemy as sa
from attrs import define, field
from tests.unit._sop_stage import NINE, _opened

from wecom_auto.automotive.presets import SopPreset, sop_preset
from wecom_auto.automotive.tagplan import TagPlan
from wecom_auto.directory import Directory
from wecom_auto.sop import Runner, Settings, WebhookCall
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.tasks import StaticRoster
from wecom_auto.testing import FakeWeCom

ROSTER = """
[stores.one]
supervisor = "boss"
hours = ["08:30-21:00"]
days = "send"

[members.anna]
store = "one"
roles = ["sales_advisor"]
[members.bert]
store = "one"
roles = ["service_clerk", "service_manager"]
[members.carl]
store = "one"
roles = ["sales_manager"]
[members.boss]
store = "one"
"""
LATER = timedelta(minutes=20)
"""How long a member takes to tap or to do a task."""


@define
class PresetStage:
    """One corp in which one preset runs, with one customer and one group of `anna`."""

    preset: SopPreset
    fake: FakeWeCom
    directory: Directory
    runner: Runner
    called: list[str] = field(factory=list[str])
    customer: str = ""
    group: str = ""

    @classmethod
    def open(cls, name: str, roster: StaticRoster) -> PresetStage:
        """Publish the preset at nine on a Monday morning."""
        preset, fake, called = sop_preset(name), FakeWeCom(now=NINE), list[str]()
        for userid in ("anna", "bert", "carl", "boss"):
            fake.add_member(userid)
        TagPlan.preset("automotive").apply(fake.client())
        directory = Directory(_opened("sqlite://"), fake.corp_id, clock=fake.clock.time)
        numbers = count(1)

        def hook(call: WebhookCall) -> None:
            called.append(call.name)

        runner = Runner(
            directory.engine,
            fake.client(),
            directory,
            preset.contents,
            settings=Settings(count_every=timedelta(), sweep_every=timedelta()),
            roster=roster,
            webhooks={"sms_link": hook, "lead_pool": hook},
            new_id=lambda: f"batch{next(numbers):04}",
            stopwatch=lambda: 0.0,
        )
        stage = cls(preset, fake, directory, runner, called)
        stage._settle()
        return stage

    def _settle(self) -> None:
        self.group = self.fake.create_group("anna", "潜客群 一").chat_id
        self.customer = self.fake.add_customer(name="王女士", followed_by="anna").external_userid
        self.hear()
        self.directory.sync(self.fake.client())
        self.directory.set_attribute(self.group, "kind", "prospect")
        self.runner.publish(self.preset.definition, self.now)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self.fake.clock.now()

    def hear(self) -> None:
        """Take the callbacks: the directory first, then the runner."""
        events = self.fake.undelivered
        self.fake.deliver()
        client = self.fake.client()
        for event in events:
            self.directory.apply(event, client)
            self.runner.on_event(event, self.now)

    def happens(self, name: str, subject: str = "") -> None:
        """Another system reports something."""
        subject = subject or self.customer
        self.directory.record_event(subject, name, self.now)
        self.runner.record_event(subject, name, self.now)

    def becomes(self, name: str, value: object, target: str = "customer") -> None:
        """An attribute changes."""
        subject = self.group if target == "group" else self.customer
        self.runner.set_attribute(subject, name, value, self.now, target=target)  # type: ignore[arg-type]

    def play(
        self, until: datetime, *, act: Callable[[PresetStage], None] | None = None, at: datetime | None = None
    ) -> None:
        """Tick at every wake-up; members tap and do their tasks a little later. `act` happens once, at `at`."""
        while True:
            wake = self.runner.next_wake()
            if act is not None and at is not None and (wake is None or wake >= at):
                self.fake.clock.advance_to(max(at, self.now))
                act(self)
                act = None
                continue
            if wake is None or wake > until:
                return
            self.fake.clock.advance_to(max(wake, self.now))
            self.runner.tick(self.now)
            self._work()

    def _work(self) -> None:
        tasks = self.runner.tasks.open().tasks
        pending = [one for one in ("anna", "bert", "carl", "boss") if self.fake.pending(one)]
        if not tasks and not pending:
            return
        self.fake.clock.advance(LATER)
        for userid in pending:
            self.fake.tap(userid)
        for task in tasks:
            self.runner.complete_task(task.id, "已完成", self.now)

    def touches(self) -> dict[str, str]:
        """State of every touch by step."""
        with self.directory.engine.connect() as connection:
            rows = connection.execute(sa.select(t.touches.c.step, t.touches.c.state).order_by(t.touches.c.id))
            return {row.step: row.state for row in rows}

    def sent_at(self) -> list[datetime]:
        """When members were asked to send, in local time."""
        zone = self.preset.definition.zone
        with self.directory.engine.connect() as connection:
            return [at.astimezone(zone) for at in connection.scalars(sa.select(t.batches.c.slot_at))]

    def runs(self) -> list[tuple[str, str, bool]]:
        """State, reason and goal of every run."""
        e = t.enrolments.c
        with self.directory.engine.connect() as connection:
            rows = connection.execute(sa.select(e.state, e.end_reason, e.goal).order_by(e.id))
            return [(row.state, row.end_reason, row.goal) for row in rows]


def in_days(stage: PresetStage, days: int) -> date:
    """The day so many days from now."""
    return stage.now.date() + timedelta(days=days)
