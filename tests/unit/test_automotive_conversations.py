"""What is said in archived chats moves the watch, freezes groups and marks customers, and no word of it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.archive import ArchiveReader, NoArchive, PlatformAgreements, Sight, ZoneArchive
from wecom_auto.automotive.conversations import ConversationFeed, FeedReport, evidence_of
from wecom_auto.automotive.groups import GroupDesk, GroupPolicy
from wecom_auto.automotive.tagplan import Tagger, TagPlan
from wecom_auto.automotive.watch import (
    Evidence,
    Precision,
    Rule,
    Rung,
    Subject,
    SubjectKind,
    Watch,
    WatchDesk,
    WatchRules,
)
from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.sop.tasks import StaticRoster, TaskDesk
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
MINUTE = timedelta(minutes=1)
ROSTER = StaticRoster.parse(
    {
        "stores": {"s1": {"supervisor": "boss", "hours": ["09:00-20:00"]}},
        "members": {"anna": {"store": "s1"}, "bert": {"store": "s1"}, "boss": {"store": "s1", "roles": ["oem_pr"]}},
    }
)
PLAN = TagPlan.from_file(
    """
    name = "complaints"
    [[group]]
    name = "服务状态"
    tags = ["投诉中"]
    [[rule]]
    id = "complaint"
    from = "keyword"
    equals = ["complaint"]
    tag = "服务状态/投诉中"
    """
)


class Stage:
    """A shop with two advisors, one customer who has agreed, a group, and a program in the zone."""

    def __init__(self, url: str) -> None:
        self.fake = FakeWeCom(now=NINE)
        for userid in ("anna", "bert", "boss"):
            self.fake.add_member(userid)
        self.wecom, self.engine = self.fake.client(), open_store(url, migrate=False)
        corp_id = self.fake.corp_id
        self.fake.open_archive(["anna", "bert"])
        self.lisi = self.fake.add_customer(name="李四", followed_by="anna")
        self.room = self.fake.create_group("anna", "潜客群")
        self.fake.join_group(self.room, self.lisi)
        self.fake.agree_to_archive(self.lisi, userid="anna")
        self.fake.agree_to_archive(self.lisi, group=self.room)
        self.fake.serve_zone("p", "a", rules={"r1": ["投诉", "维权"], "r2": ["优惠"]})
        assert PLAN.apply(self.wecom).clean
        self.directory = Directory(self.engine, corp_id, clock=self.fake.clock.time)
        self.directory.sync(self.wecom)
        self.tasks = TaskDesk(self.engine, corp_id, book=self.directory, roster=ROSTER)
        rules = {"r1": "complaint", "r2": "offer"}
        source = ZoneArchive(client=self.wecom, program_id="p", ability_id="a", rules=rules)
        self.reader = ArchiveReader(self.engine, corp_id, source, agreements=PlatformAgreements(self.wecom))
        watch = Watch(rules=WatchRules.preset(), roster=ROSTER)
        self.watch = WatchDesk(self.engine, corp_id, watch, self.tasks, sources=evidence_of(source.sees))
        policy = GroupPolicy.preset("automotive", lost_after=timedelta(days=90))
        self.groups = GroupDesk(self.engine, self.directory, policy, tasks=self.tasks, roster=ROSTER)
        self.tagger = Tagger(self.engine, corp_id, PLAN, clock=self.fake.clock.time)
        self.feed = ConversationFeed(watch=self.watch, tagger=self.tagger, groups=self.groups, freeze=["complaint"])

    @property
    def now(self) -> datetime:
        """The fake's time."""
        return self.fake.clock.now()

    def follow(self, subject: str, kind: SubjectKind = SubjectKind.CUSTOMER) -> None:
        """Watch somebody."""
        self.watch.follow(Subject(id=subject, kind=kind, members=("anna", "bert"), since=self.now), now=self.now)

    def run(self, minutes: int = 1) -> FeedReport:
        """Let time pass, read, and tell."""
        self.fake.clock.advance(minutes=minutes)
        self.reader.read(self.now)
        report = self.feed.deliver(self.reader, self.now)
        self.watch.tick(self.now)
        return report


@pytest.fixture(params=KINDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Give the shop, on every database."""
    with fresh_database(request.param, tmp_path) as url:
        found = Stage(url)
        yield found
        found.wecom.close()
        found.engine.dispose()


def test_who_waits_for_an_answer_is_alarmed_and_an_answer_ends_it(stage: Stage) -> None:
    """The customer writes, nobody answers, the member is told with the conversation as evidence; then they answer."""
    who = stage.lisi.external_userid
    stage.follow(who)
    stage.fake.clock.advance(minutes=1)
    stage.fake.member_says("anna", stage.lisi, "您好，我是您的顾问")
    stage.run()
    assert stage.watch.alerts() == ()
    stage.fake.clock.advance(minutes=5)
    stage.fake.customer_says(stage.lisi, "anna", "这车多少钱")
    asked_at = stage.now
    assert stage.run().contacts == 1
    assert stage.watch.standing(who).waiting_at == asked_at
    stage.run(30)
    (alert,) = stage.watch.alerts(open=True)
    assert (alert.rule, alert.rung, alert.told, alert.since) == (Rule.FIRST_RESPONSE, Rung.ALERT, "anna", asked_at)
    assert (alert.evidence, alert.precision) == (Evidence.ARCHIVE, Precision.CONVERSATION)
    stage.fake.member_says("anna", stage.lisi, "您好，我发您一份报价")
    stage.run()
    assert stage.watch.alerts(open=True) == ()
    assert stage.tasks.open(assignee="anna").tasks == ()


def test_a_group_waits_as_a_group(stage: Stage) -> None:
    """In a group anybody's question waits for any member, a robot answers nobody, and the customer is not touched."""
    who, room = stage.lisi.external_userid, stage.room.chat_id
    stage.follow(room, SubjectKind.GROUP)
    stage.follow(who)
    stage.fake.group_says(room, stage.lisi, "有人吗")
    stage.run()
    robot = stage.fake.add_robot("播报", "bert")
    stage.fake.archive_message(robot, ["anna", who], "text", {"text": {"content": "早报"}}, roomid=room)
    stage.run()
    assert stage.watch.standing(room).waiting_at is not None
    stage.fake.archive_message("bert", ["anna", who], "image", {"image": {}}, roomid=room)
    stage.run()
    assert stage.watch.standing(room).waiting_at is None
    assert stage.watch.standing(who).touched_at is None


def test_a_complaint_freezes_the_group_and_marks_the_customer(stage: Stage) -> None:
    """A hit tells PR once, freezes the group and puts the tag on; the reason names the rule and not one word."""
    room = stage.room.chat_id
    stage.groups.describe(room, kind="prospect", now=stage.now)
    stage.fake.group_says(room, stage.lisi, "再不交车我就维权了")
    report = stage.run()
    assert (report.hits, report.frozen) == (1, (room,))
    (task,) = stage.tasks.open(assignee="boss").tasks
    assert task.subject == room
    assert "complaint" in task.description
    assert "维权" not in task.description
    facts = stage.directory.group_facts([(room, "")])[room, ""]
    assert facts.attribute("frozen") is True
    stage.fake.group_says(room, stage.lisi, "投诉！")
    assert stage.run().frozen == (room,)
    assert len(stage.tasks.open(assignee="boss").tasks) == 1
    stage.tagger.run(stage.wecom, stage.directory, stage.now)
    assert [one.name for one in stage.fake.customer(stage.lisi).tags_by("anna")] == ["投诉中"]


def test_words_of_members_and_harmless_rules_freeze_nothing(stage: Stage) -> None:
    """A member may say the word, and a rule that is not among those of freezing is a signal only."""
    room = stage.room.chat_id
    stage.fake.group_says(room, "anna", "有投诉请找我")
    stage.fake.group_says(room, stage.lisi, "有优惠吗")
    report = stage.run()
    assert (report.hits, report.frozen) == (1, ())
    assert stage.tasks.open().tasks == ()


def test_what_nobody_is_watching_is_told_all_the_same(stage: Stage) -> None:
    """Agreements, recalls and people who are not watched change nothing, and are told once."""
    stage.fake.member_says("anna", stage.lisi, "早")
    revoked = {"revoke": {"pre_msgid": "m"}}
    stage.fake.archive_message("anna", [stage.lisi.external_userid], "revoke", revoked, action="recall")
    report = stage.run()
    assert (report.told, report.contacts, report.failed) == (4, 0, {})
    assert stage.run().told == 0


def test_a_clock_that_is_ahead_is_a_message_that_waits(stage: Stage) -> None:
    """A message from the future hides no silence: it is told again when its time has come."""
    stage.follow(stage.lisi.external_userid)
    stage.fake.clock.advance(minutes=20)
    stage.fake.member_says("anna", stage.lisi, "早")
    stage.reader.read(stage.now)
    early = stage.now - timedelta(minutes=10)
    report = stage.feed.deliver(stage.reader, early)
    assert len(report.failed) == 1
    assert stage.feed.deliver(stage.reader, stage.now).contacts == 1


def test_no_archive_is_no_evidence() -> None:
    """What sees nothing is no source of the watch; a feed that tells nobody shows its rules only."""
    assert evidence_of(NoArchive().sees) == frozenset()
    assert {evidence_of(one) for one in (Sight.FACTS, Sight.TEXT)} == {frozenset({Evidence.ARCHIVE})}
    assert repr(ConversationFeed(freeze=["complaint"])) == "ConversationFeed(freeze=['complaint'])"


def test_a_feed_without_anybody_to_tell_still_counts(stage: Stage) -> None:
    """Nobody is told anything, and hits are counted; a naive time is refused."""
    stage.fake.customer_says(stage.lisi, "anna", "投诉")
    stage.feed = ConversationFeed(freeze=["complaint"])
    report = stage.run()
    assert (report.hits, report.contacts, report.frozen) == (1, 0, ())
    with pytest.raises(ValidationError, match="now"):
        stage.feed.deliver(stage.reader, stage.now.replace(tzinfo=None))
