"""The calendar of groups stands in the calendars of members: once, as it is now, and nothing of others is touched."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from wecom_auto._time import CHINA
from wecom_auto.automotive.groups import CalendarEntry, GroupCalendar, put_into_schedules
from wecom_auto.errors import APIError, ValidationError
from wecom_auto.models import MemberCalendar, Schedule, ScheduleAttendee
from wecom_auto.testing import FakeWeCom

NOW = datetime(2026, 3, 2, 9, tzinfo=CHINA)
LIVE = CalendarEntry(at=NOW + timedelta(days=1), title="新车直播", note="带上链接")
POST = CalendarEntry(at=NOW + timedelta(days=2), title="每周播报")
PAST = CalendarEntry(at=NOW - timedelta(days=1), title="已结束")
BOOK = GroupCalendar(name="潜客群", entries=(PAST, LIVE, POST))


class Stage:
    """A corp with two owners of groups and an app's calendar."""

    def __init__(self) -> None:
        self.fake = FakeWeCom(now=NOW)
        for userid in ("zhang", "li"):
            self.fake.add_member(userid)
        self.app = self.fake.client()
        self.cal_id = self.app.calendars.create(MemberCalendar(summary="群日历", color="#1E88E5")).cal_id

    def put(self, calendar: GroupCalendar = BOOK, **options: object):
        """Put a calendar in."""
        values = {"cal_id": self.cal_id, "userids": ["zhang", "li"], "now": self.fake.clock.now()}
        return put_into_schedules(self.app, calendar, **(values | options))


@pytest.fixture
def stage() -> Stage:
    """The corp."""
    return Stage()


def test_entries_to_come_are_put_in_once(stage):
    """The second run makes nothing; what is over is not put in at all."""
    report = stage.put()
    assert (len(report.created), report.kept) == (2, 0)
    assert stage.fake.schedule_of("zhang") == stage.fake.schedule_of("li") == ("新车直播", "每周播报")
    again = stage.put()
    assert (again.created, again.updated, again.deleted, again.kept) == ((), (), (), 2)


def test_what_changes_is_written_and_what_goes_is_taken_out(stage):
    """Answers of members stay with the event; a new time is another event."""
    live, post = stage.put().created
    stage.fake.answer_schedule(live, "zhang", "accepted")
    later = evolve(POST, at=POST.at + timedelta(hours=1))
    report = stage.put(evolve(BOOK, entries=(evolve(LIVE, note="换了链接"), later)), userids=["zhang"])
    assert (report.updated, report.deleted, len(report.created)) == ((live,), (post,), 1)
    (event,) = stage.app.schedules.get([live])
    assert event.description == "换了链接\n【群日历】潜客群"
    assert [(one.userid, one.response) for one in event.attendees] == [("zhang", 2)]
    assert stage.fake.schedule_of("li") == ()


def test_events_of_others_are_left_alone(stage):
    """Those without the mark, of another group calendar, and those that have begun."""
    at = NOW + timedelta(days=1)
    own = Schedule(
        start_at=at,
        end_at=at,
        summary="店会",
        cal_id=stage.cal_id,
        attendees=(ScheduleAttendee(userid="zhang"),),
    )
    stage.app.schedules.create(own)
    stage.put(GroupCalendar(name="试驾群", entries=(LIVE,)))
    stage.put()
    stage.fake.clock.advance(days=1, hours=1)
    report = stage.put(GroupCalendar(name="潜客群"))
    assert len(report.deleted) == 1
    assert sorted(stage.fake.schedule_of("zhang")) == ["店会", "新车直播", "新车直播"]


def test_a_run_that_was_stopped_goes_on(stage):
    """The first event was made, the second one was not; a double of before is taken out."""
    first = stage.put(evolve(BOOK, entries=(LIVE,))).created[0]
    (made,) = stage.app.schedules.get([first])
    double = stage.app.schedules.create(evolve(made, schedule_id="", attendees=(ScheduleAttendee(userid="li"),)))
    stage.fake.fail_next("oa/schedule/add", errcode=90457)
    with pytest.raises(APIError, match="90457"):
        stage.put()
    report = stage.put()
    assert (report.deleted, len(report.created), report.kept) == ((double,), 1, 1)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"remind_before": timedelta(minutes=7)}, "remind_before"),
        ({"userids": []}, "userids"),
        ({"now": datetime(2026, 3, 2)}, "now"),  # noqa: DTZ001 - that is the point
    ],
    ids=["reminder", "nobody", "naive"],
)
def test_what_cannot_be_meant_is_refused(stage, options, field):
    """Before anything is made."""
    with pytest.raises(ValidationError, match=field):
        stage.put(**options)
    assert stage.fake.count("oa/schedule/add") == 0
