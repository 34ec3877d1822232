"""Who watched a live stream becomes an event, a tag on the platform and work for the member, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.stores import KINDS, fresh_database

from wecom_auto.automotive.live import COMMENTED, SPOKE, WATCHED, live_viewers, record_live
from wecom_auto.automotive.tagplan import Tagger, TagPlan
from wecom_auto.callbacks import LivingStatus
from wecom_auto.directory import Directory
from wecom_auto.models import LiveAudience, LiveStatus, LiveStream, LiveViewer
from wecom_auto.sop import Contents, Definition, Runner
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLAN = TagPlan.from_file(
    """
    name = "live"
    [[group]]
    name = "兴趣"
    tags = ["看过直播", "直播互动"]
    [[rule]]
    id = "watched"
    from = "event"
    equals = ["live.watched"]
    tag = "兴趣/看过直播"
    [[rule]]
    id = "commented"
    from = "event"
    equals = ["live.commented", "live.spoke"]
    tag = "兴趣/直播互动"
    """
)
CALL = """
sop     = "after-live"
version = 1
title   = "直播互动后回访"
[entry]
on = "event:live.commented"
[[step]]
id = "call"
at = "+0d"
do = { staff_task = { title = "客户在直播间提问，请联系", kind = "call", due = "2h" } }
"""


class Stage:
    """A corp whose advisor holds a stream, with directory, tag rules and a SOP."""

    def __init__(self, url: str) -> None:
        self.fake = FakeWeCom()
        self.fake.add_member("anna")
        self.wecom, self.engine = self.fake.client(), open_store(url)
        assert PLAN.apply(self.wecom).clean
        self.fans = [self.fake.add_customer(followed_by="anna") for _ in range(3)]
        self.stranger = self.fake.add_customer()
        self.directory = Directory(self.engine, self.fake.corp_id, clock=self.fake.clock.time)
        self.directory.sync(self.wecom)
        self.tagger = Tagger(self.engine, self.fake.corp_id, PLAN, clock=self.fake.clock.time)
        self.runner = Runner(self.engine, self.wecom, self.directory, Contents({}))
        self.runner.publish(Definition.from_toml(CALL), self.fake.clock.now())
        self.livingid = self.fake.book_live("anna", "新车上市")

    def hold(self) -> None:
        """Hold the stream for an hour: one stays, one asks, one looks in, one is nobody's customer."""
        fake, livingid = self.fake, self.livingid
        fake.start_live(livingid)
        fake.watch_live(livingid, self.fans[0], seconds=200)
        fake.watch_live(livingid, self.fans[0], seconds=100)
        fake.watch_live(livingid, self.fans[1], seconds=60, comments=1)
        fake.watch_live(livingid, self.fans[2], seconds=299)
        fake.watch_live(livingid, self.stranger, seconds=3_000)
        fake.watch_live(livingid, "anna", seconds=3_600, comments=2)
        fake.clock.advance(hours=1)
        fake.end_live(livingid)

    def record(self):
        """Record the stream."""
        return record_live(self.wecom, self.livingid, self.directory, tagger=self.tagger, runner=self.runner)

    def tags(self, number: int) -> list[str]:
        """Return the tags that a fan has on the platform."""
        return [one.name for one in self.fake.customer(self.fans[number].external_userid).tags_by("anna")]


@pytest.fixture(params=KINDS)
def stage(request, tmp_path) -> Iterator[Stage]:
    """Give the corp, on every database."""
    with fresh_database(request.param, tmp_path) as url:
        found = Stage(url)
        yield found
        found.wecom.close()
        found.engine.dispose()


def test_who_watched_is_tagged_and_who_asked_is_called(stage):
    """Five minutes or a comment count; a look in does not, and who is nobody's customer is only told."""
    stage.hold()
    report = stage.record()
    assert report.ended
    assert [(one.external_userid, one.events) for one in report.visits] == [
        (stage.fans[0].external_userid, (WATCHED,)),
        (stage.fans[1].external_userid, (COMMENTED,)),
    ]
    assert report.visits[0].at == stage.fake.clock.now()
    assert (report.recorded, report.brief, report.strangers) == (2, 1, (stage.stranger.external_userid,))
    stage.tagger.run(stage.wecom, stage.directory, stage.fake.clock.now())
    assert [stage.tags(number) for number in range(3)] == [["看过直播"], ["直播互动"], []]
    stage.runner.tick(stage.fake.clock.now())
    (task,) = stage.runner.tasks.open(kind="call").tasks
    assert (task.subject, task.assignee) == (stage.fans[1].external_userid, "anna")


def test_a_second_run_tells_nothing_twice(stage):
    """Tags that a member took off stay off, and no second task comes."""
    stage.hold()
    stage.record()
    stage.tagger.run(stage.wecom, stage.directory, stage.fake.clock.now())
    stage.runner.tick(stage.fake.clock.now())
    (tag,) = stage.fake.customer(stage.fans[0].external_userid).tags_by("anna")
    stage.fake.staff_marks_tag("anna", stage.fans[0], remove=[tag])
    stage.directory.sync(stage.wecom)
    stage.fake.clock.advance(hours=1)
    again = stage.record()
    assert (len(again.visits), again.recorded) == (2, 0)
    assert stage.tagger.run(stage.wecom, stage.directory, stage.fake.clock.now()).on == 0
    stage.runner.tick(stage.fake.clock.now())
    assert stage.tags(0) == []
    assert len(stage.runner.tasks.open(kind="call").tasks) == 1


def test_a_stream_that_goes_on_is_left_alone():
    """Before the end nothing is recorded, because the minutes are not final."""
    stage = Stage("sqlite://")
    stage.fake.start_live(stage.livingid)
    stage.fake.watch_live(stage.livingid, stage.fans[0], seconds=3_000)
    report = stage.record()
    assert (report.ended, report.stream.status, report.visits) == (False, LiveStatus.LIVE, ())
    assert stage.fake.count("living/get_watch_stat") == 0


def test_a_stream_that_was_taken_back_is_over_for_good():
    """It is told by its status and its callback, nobody has watched it, and nothing more can happen in it."""
    stage = Stage("sqlite://")
    theirs = stage.fake.book_live("anna", "试驾直播", by_api=True)
    stage.fake.cancel_live(theirs)
    event = stage.fake.undelivered[-1]
    assert (event.living_id, event.status) == (theirs, LivingStatus.CANCELLED)
    assert stage.wecom.live_streams.get(theirs).status is LiveStatus.CANCELLED
    with pytest.raises(LookupError, match="no such stream"):
        stage.fake.start_live(theirs)
    stage.fake.cancel_live(stage.livingid)
    report = stage.record()
    assert (report.stream.status, report.visits) == (LiveStatus.CANCELLED, ())


def test_a_crash_half_way_is_made_good():
    """A run that dies after the first customer is finished by the next one."""
    stage = Stage("sqlite://")
    stage.hold()
    record_event, told = stage.directory.record_event, []

    def dying(external_userid: str, name: str, at: datetime) -> bool:
        told.append(external_userid)
        if len(told) == 2:
            raise KeyboardInterrupt
        return record_event(external_userid, name, at)

    stage.directory.record_event = dying
    with pytest.raises(KeyboardInterrupt):
        stage.record()
    del stage.directory.record_event
    stage.fake.clock.advance(hours=8)  # found in the night
    assert stage.record().recorded == 1
    stage.runner.tick(stage.fake.clock.now())
    assert len(stage.runner.tasks.open(kind="call").tasks) == 1
    stage.tagger.run(stage.wecom, stage.directory, stage.fake.clock.now())
    assert [stage.tags(number) for number in range(3)] == [["看过直播"], ["直播互动"], []]
    assert stage.record().recorded == 0


def test_lines_of_one_person_are_added_up():
    """Two visits of a person are one; the limit is included; the longest comes first."""
    stream = LiveStream(started_at=NINE, duration_seconds=600, status=LiveStatus.ENDED)
    lines = (
        LiveViewer(external_userid="a", watched_seconds=100),
        LiveViewer(external_userid="b", watched_seconds=400, spoke=True),
        LiveViewer(external_userid="a", watched_seconds=200),
        LiveViewer(external_userid="", watched_seconds=900),
    )
    b, a = live_viewers(stream, LiveAudience(viewers=lines))
    assert (a.external_userid, a.watched, a.events) == ("a", timedelta(minutes=5), (WATCHED,))
    assert (b.events, b.at) == ((WATCHED, SPOKE), NINE + timedelta(minutes=10))
    assert live_viewers(stream, LiveAudience(viewers=lines), least=timedelta(minutes=7)) == (
        live_viewers(stream, LiveAudience(viewers=lines), least=timedelta(minutes=7))[0],
    )
    assert live_viewers(LiveStream(), LiveAudience(viewers=lines)) == ()
