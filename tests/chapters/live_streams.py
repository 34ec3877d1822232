"""What the tests know of `wecom.live_streams`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import PermissionDeniedError
from wecom_auto.models import ContactType, LiveReplayStatus, LiveStatus
from wecom_auto.testing import FakeWeCom

lives = calls.live_streams

CALLS: Mapping[str, list[Call[Any]]] = {
    "living/get_user_all_livingid": [
        lives.list_by_user("u", cursor="c", limit=1),
        lives.iter_by_user("u", cursor="c", limit=1),
    ],
    "living/get_living_info": [lives.get("l")],
    "living/get_watch_stat": [lives.list_audience("l", cursor="c")],
    "living/delete_replay_data": [lives.delete_replay("l")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("living/get_user_all_livingid", lives.list_by_user("u")),
    ("living/get_living_info", lives.get("l")),
    ("living/get_watch_stat", lives.list_audience("l")),
    ("living/delete_replay_data", lives.delete_replay("l")),
]

REQUESTS: list[tuple[str, Make]] = [
    ("living/get_user_all_livingid", lambda: lives.list_by_user("USERID", cursor="NEXT_KEY", limit=20)),
    ("living/get_watch_stat", lambda: lives.list_audience("livingid1", cursor="NEXT_KEY")),
    ("living/delete_replay_data", lambda: lives.delete_replay("XXXXXXXXX")),
]

REFUSED: list[tuple[str, Make]] = [
    ("userid", lambda: lives.list_by_user("")),
    ("limit", lambda: lives.list_by_user("u", limit=101)),
    ("limit", lambda: lives.iter_by_user("u", limit=0)),
    ("livingid", lambda: lives.get("")),
    ("livingid", lambda: lives.list_audience("")),
    ("livingid", lambda: lives.delete_replay("")),
]

ACCEPTED: list[Make] = [lambda: lives.list_by_user("u", limit=100), lambda: lives.iter_by_user("u", limit=1)]

ARGUMENTS: Mapping[str, Any] = {"livingid": "l"}


def live_streams(fake: FakeWeCom) -> Play:
    """A stream is booked, held, watched by members and others in more than one part, and its replay deleted."""
    fake.add_member("zhangsan", department=3)
    fake.add_member("lisi")
    livingid = fake.book_live("zhangsan", "新车上市")
    fake.book_live("zhangsan", "第二场", starts_in=86_400)
    fake.start_live(livingid)
    crowd = [fake.add_customer(name=f"观众{number}") for number in range(20)]
    for number, one in enumerate(crowd):
        fake.watch_live(livingid, one, seconds=60 * number, comments=number % 2)
    fake.watch_live(livingid, "lisi", seconds=30, spoke=True)
    began = fake.clock.now()
    fake.clock.advance(timedelta(hours=1))
    try:
        yield lambda app: app.live_streams.delete_replay(livingid)
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 92007, error)
    else:
        raise AssertionError
    fake.end_live(livingid)
    ids = yield lambda app: app.live_streams.iter_by_user("zhangsan", limit=1)
    assert (ids[0], len(ids)) == (livingid, 2)
    page = yield lambda app: app.live_streams.list_by_user("zhangsan")
    assert page.items == ids
    stream = yield lambda app: app.live_streams.get(livingid)
    assert (stream.theme, stream.anchor_userid, stream.main_department) == ("新车上市", "zhangsan", 3)
    assert (stream.status, stream.started_at, stream.duration_seconds) == (LiveStatus.ENDED, began, 3_600)
    assert (stream.viewers, stream.comments, stream.speakers, stream.open_replay) == (21, 10, 1, True)
    part = yield lambda app: app.live_streams.list_audience(livingid)
    assert (len(part.audience.viewers), part.audience.members, part.complete) == (20, (), False)
    rest = yield lambda app: app.live_streams.list_audience(livingid, cursor=part.next_key)
    assert (len(rest.audience.viewers), rest.complete) == (0, True)
    audience = yield lambda app: app.live_streams.audience(livingid)
    (member,) = audience.members
    assert (member.userid, member.watched_seconds, member.commented, member.spoke) == ("lisi", 30, False, True)
    assert [one.external_userid for one in audience.viewers] == [one.external_userid for one in crowd]
    second = audience.viewers[1]
    assert (second.type, second.name, second.watched_seconds) == (ContactType.WECHAT, "观众1", 60)
    assert (second.commented, second.spoke) == (True, False)
    assert (yield lambda app: app.live_streams.delete_replay(livingid)) is None
    gone = yield lambda app: app.live_streams.get(livingid)
    assert gone.replay_status is LiveReplayStatus.DELETED
    try:
        yield lambda app: app.live_streams.get("nobody")
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 92008, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (live_streams,)
