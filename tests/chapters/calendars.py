"""What the tests know of `wecom.calendars`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import NotFoundError
from wecom_auto.models import CalendarPermission, CalendarRange, CalendarShare, MemberCalendar
from wecom_auto.testing import FakeWeCom

calendars = calls.calendars
FULL = MemberCalendar(
    summary="s",
    color="#FF3030",
    description="d",
    admins=("u",),
    shares=(CalendarShare(userid="u", permission=CalendarPermission.VIEW, readonly=True),),
    public=True,
    public_range=CalendarRange(userids=("u",), department_ids=(1,)),
    corp_wide=True,
    default=True,
    organizer="u",
    readonly=True,
)
SMALL = MemberCalendar(summary="s", color="#FF3030")


def calendar(**values: Any) -> MemberCalendar:
    """A calendar that differs from a small one."""
    return MemberCalendar(**({"cal_id": "c", "summary": "s", "color": "#FF3030"} | values))


CALLS: Mapping[str, list[Call[Any]]] = {
    "oa/calendar/add": [calendars.create(FULL)],
    "oa/calendar/update": [
        calendars.update(
            MemberCalendar(
                cal_id="c",
                summary="s",
                color="#FF3030",
                description="d",
                admins=FULL.admins,
                shares=FULL.shares,
                public_range=FULL.public_range,
                readonly=True,
            ),
            keep_public_range=True,
        )
    ],
    "oa/calendar/get": [calendars.get(["c"])],
    "oa/calendar/del": [calendars.delete("c")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("oa/calendar/add", calendars.create(SMALL)),
    ("oa/calendar/update", calendars.update(calendar())),
    ("oa/calendar/get", calendars.get(["c"])),
    ("oa/calendar/del", calendars.delete("c")),
]

CAL_ID = "wcjgewCwAAqeJcPI1d8Pwbjt7nttzAAA"
REQUESTS: list[tuple[str, Make]] = [
    (
        "oa/calendar/add",
        lambda: calendars.create(
            MemberCalendar(
                organizer="userid1",
                readonly=True,
                default=True,
                summary="test_summary",
                color="#FF3030",
                description="test_describe",
                shares=(CalendarShare(userid="userid2"), CalendarShare(userid="userid3", readonly=True)),
            )
        ),
    ),
    (
        "oa/calendar/update",
        lambda: calendars.update(
            MemberCalendar(
                cal_id=CAL_ID,
                readonly=True,
                summary="test_summary",
                color="#FF3030",
                description="test_describe_1",
                shares=(CalendarShare(userid="userid1"), CalendarShare(userid="userid2", readonly=True)),
            )
        ),
    ),
    ("oa/calendar/get", lambda: calendars.get([CAL_ID])),
    ("oa/calendar/del", lambda: calendars.delete(CAL_ID)),
]

REFUSED: list[tuple[str, Make]] = [
    ("calendar.summary", lambda: calendars.create(calendar(summary=""))),
    ("calendar.color", lambda: calendars.create(calendar(color=""))),
    ("calendar.cal_id", lambda: calendars.update(SMALL)),
    ("calendar.summary", lambda: calendars.create(calendar(summary="历" * 129))),
    ("calendar.color", lambda: calendars.create(calendar(color="red"))),
    ("calendar.description", lambda: calendars.create(calendar(description="历" * 513))),
    ("calendar.admins", lambda: calendars.create(calendar(admins=("u",) * 4))),
    ("calendar.shares", lambda: calendars.create(calendar(shares=(CalendarShare(userid="u"),) * 2001))),
    (
        "calendar.public_range.userids",
        lambda: calendars.create(calendar(public_range=CalendarRange(userids=("u",) * 1001))),
    ),
    (
        "calendar.public_range.partyids",
        lambda: calendars.create(calendar(public_range=CalendarRange(department_ids=(1,) * 101))),
    ),
    ("calendar.summary", lambda: calendars.update(calendar(summary="历" * 129))),
    ("cal_id_list", lambda: calendars.get([])),
    ("cal_id_list", lambda: calendars.get(["c"] * 1001)),
    ("cal_id", lambda: calendars.delete("")),
]

ACCEPTED: list[Make] = [
    lambda: calendars.create(
        calendar(
            summary="历" * 128,
            description="历" * 512,
            admins=("u",) * 3,
            shares=(CalendarShare(userid="u"),) * 2000,
            public_range=CalendarRange(userids=("u",) * 1000, department_ids=(1,) * 100),
        )
    ),
    lambda: calendars.get(["c"] * 1000),
]

ARGUMENTS: Mapping[str, Any] = {"calendar": calendar(), "cal_ids": ["c"], "cal_id": "c"}
BEYOND_REACH: Mapping[str, tuple[str, ...]] = {"oa/calendar/add": ("agentid",)}


def calendars_of_the_app(fake: FakeWeCom) -> Play:
    """A calendar is made for those whom it can be shared with, written anew, read and deleted."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    shares = tuple(CalendarShare(userid=one) for one in ("zhangsan", "nobody"))
    made = yield lambda app: app.calendars.create(
        MemberCalendar(summary="潜客群", color="#FF3030", description="群日历", admins=("zhangsan",), shares=shares)
    )
    (strange,) = made.failures.shares
    assert (strange.userid, strange.errcode) == ("nobody", 60111)
    (found,) = yield lambda app: app.calendars.get([made.cal_id])
    assert (found.summary, found.shares) == ("潜客群", (CalendarShare(userid="zhangsan"),))
    changed = MemberCalendar(
        cal_id=made.cal_id, summary="群日历", color="#000000", shares=(CalendarShare(userid="lisi"),)
    )
    assert (yield lambda app: app.calendars.update(changed, keep_public_range=True)) is None
    (found,) = yield lambda app: app.calendars.get([made.cal_id])
    assert found == changed
    assert (yield lambda app: app.calendars.delete(made.cal_id)) is None
    try:
        yield lambda app: app.calendars.get([made.cal_id])
    except NotFoundError as error:
        refused(NotFoundError, 90459, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (calendars_of_the_app,)
