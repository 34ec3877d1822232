"""A dealer with groups on FakeWeCom, for the tests of the group desk."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import field, frozen

from wecom_auto import WeCom
from wecom_auto._time import CHINA
from wecom_auto.automotive.groups import Applied, GroupDesk, GroupPolicy, Invitation, JoinWayView
from wecom_auto.automotive.lifecycle import GradeScheme, Journey, Lifecycle, Move
from wecom_auto.directory import Directory
from wecom_auto.sop.tasks import StaticRoster, TaskDesk
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
LOST_AFTER = timedelta(days=90)
ROSTER = {
    "members": {
        "boss": {"roles": ["group_owner"], "backup": "heir"},
        "heir": {"roles": ["group_owner"]},
        "pr": {"roles": ["oem_pr"]},
    }
}


@frozen(kw_only=True)
class Shop:
    """A dealer with one prospect group and one test-drive group."""

    fake: FakeWeCom
    client: WeCom
    directory: Directory
    journey: Journey
    tasks: TaskDesk
    desk: GroupDesk
    told: list[Invitation] = field(factory=list[Invitation])

    @property
    def now(self) -> datetime:
        """The fake's time."""
        return self.fake.clock.now()

    def customer(self, stage: str, grade: str = "") -> str:
        """A friend of `boss` in a stage."""
        who = self.fake.add_customer(name="客户", followed_by="boss").external_userid
        self.journey.move(who, Move(stage=stage, at=self.now))
        if grade:
            self.journey.grade(who, grade, at=self.now)
        return who

    def group(self, name: str, kind: str, *, owner: str = "boss") -> str:
        """A group that was described to the desk."""
        chat_id = self.fake.create_group(owner, name).chat_id
        self.desk.describe(chat_id, kind=kind, now=self.now)
        return chat_id

    def way(self, kind: str, *chat_ids: str) -> JoinWayView:
        """A join way that leads into groups."""
        made = self.client.join_ways.create(chat_ids=chat_ids, state=kind)
        url = self.client.join_ways.get(made.config_id).qr_code
        way = JoinWayView(config_id=made.config_id, kind=kind, url=url, chat_ids=chat_ids)
        self.desk.use_way(way, now=self.now)
        return way

    def run(self) -> Applied:
        """Sync, plan and apply."""
        self.fake.clock.advance(minutes=1)
        self.directory.sync(self.client, whole=True)
        return self.desk.apply(self.desk.plan(self.now), self.client, tell=self.told.append)


@contextmanager
def shop_on(url: str) -> Generator[Shop]:
    """Open a shop on a database."""
    fake = FakeWeCom(now=NINE)
    for userid in ("boss", "heir", "pr"):
        fake.add_member(userid)
    engine, client = open_store(url), fake.client()
    directory = Directory(engine, fake.corp_id, clock=fake.clock.time)
    roster = StaticRoster.parse(ROSTER)
    tasks = TaskDesk(engine, fake.corp_id, book=directory, roster=roster)
    policy = GroupPolicy.preset("automotive", lost_after=LOST_AFTER)
    lifecycle = Lifecycle.preset("automotive", lost_after=LOST_AFTER)
    journey = Journey(engine, fake.corp_id, lifecycle, GradeScheme.preset("classic_dealer"), clock=fake.clock.time)
    desk = GroupDesk(engine, directory, policy, tasks=tasks, roster=roster)
    yield Shop(fake=fake, client=client, directory=directory, journey=journey, tasks=tasks, desk=desk)
    engine.dispose()
