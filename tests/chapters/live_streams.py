"""What the tests know of `wecom.live_streams`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import ConflictError, InvalidRequestError, PermissionDeniedError
from wecom_auto.models import ContactType, LiveActivity, LiveReplayStatus, LiveStatus, LiveType
from wecom_auto.testing import FakeWeCom

lives = calls.live_streams
AT = datetime(2026, 3, 20, 19, tzinfo=UTC)

CALLS: Mapping[str, list[Call[Any]]] = {
    "living/get_user_all_livingid": [
        lives.list_by_user("u", cursor="c", limit=1),
        lives.iter_by_user("u", cursor="c", limit=1),
    ],
    "living/get_living_info": [lives.get("l")],
    "living/get_watch_stat": [lives.list_audience("l", cursor="c")],
    "living/delete_replay_data": [lives.delete_replay("l")],
    "living/create": [
        lives.create(
            "u",
            theme="t",
            booked_at=AT,
            booked_seconds=1,
            type=LiveType.EVENT,
            description="d",
            remind_seconds=1,
            cover_media_id="m",
            share_media_id="m",
            activity=LiveActivity(description="d", media_ids=("m",)),
        )
    ],
    "living/modify": [
        lives.update(
            "l", theme="t", booked_at=AT, booked_seconds=1, type=LiveType.TRAINING, description="d", remind_seconds=1
        )
    ],
    "living/cancel": [lives.cancel("l")],
    "living/get_living_code": [lives.get_viewing_code("l", openid="o")],
    "living/get_living_share_info": [lives.get_share_info("c")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("living/get_user_all_livingid", lives.list_by_user("u")),
    ("living/get_living_info", lives.get("l")),
    ("living/get_watch_stat", lives.list_audience("l")),
    ("living/delete_replay_data", lives.delete_replay("l")),
    ("living/create", lives.create("u", theme="t", booked_at=AT, booked_seconds=1)),
    ("living/modify", lives.update("l", theme="t")),
    ("living/cancel", lives.cancel("l")),
    ("living/get_living_code", lives.get_viewing_code("l", openid="o")),
    ("living/get_living_share_info", lives.get_share_info("c")),
]

REQUESTS: list[tuple[str, Make]] = [
    ("living/get_user_all_livingid", lambda: lives.list_by_user("USERID", cursor="NEXT_KEY", limit=20)),
    ("living/get_watch_stat", lambda: lives.list_audience("livingid1", cursor="NEXT_KEY")),
    ("living/delete_replay_data", lambda: lives.delete_replay("XXXXXXXXX")),
    (
        "living/create",
        lambda: lives.create(
            "zhangsan",
            theme="theme",
            booked_at=datetime.fromtimestamp(1600000000, UTC),
            booked_seconds=3600,
            type=LiveType.EVENT,
            description="test description",
            remind_seconds=60,
            cover_media_id="MEDIA_ID",
            share_media_id="MEDIA_ID",
            activity=LiveActivity(
                description="活动描述，非活动类型的直播不用传", media_ids=("MEDIA_ID_1", "MEDIA_ID_2")
            ),
        ),
    ),
    (
        "living/modify",
        lambda: lives.update(
            "XXXXXXXXX",
            theme="theme",
            booked_at=datetime.fromtimestamp(1600100000, UTC),
            booked_seconds=3600,
            type=LiveType.SMALL_CLASS,
            description="test description",
            remind_seconds=60,
        ),
    ),
    ("living/cancel", lambda: lives.cancel("XXXXXXXXX")),
    ("living/get_living_code", lambda: lives.get_viewing_code("XXXXXXXXX", openid="abcopenid")),
    ("living/get_living_share_info", lambda: lives.get_share_info("CODE")),
]

REFUSED: list[tuple[str, Make]] = [
    ("userid", lambda: lives.list_by_user("")),
    ("limit", lambda: lives.list_by_user("u", limit=101)),
    ("limit", lambda: lives.iter_by_user("u", limit=0)),
    ("livingid", lambda: lives.get("")),
    ("livingid", lambda: lives.list_audience("")),
    ("livingid", lambda: lives.delete_replay("")),
    ("anchor_userid", lambda: lives.create("", theme="t", booked_at=AT, booked_seconds=1)),
    ("theme", lambda: lives.create("u", theme="", booked_at=AT, booked_seconds=1)),
    ("theme", lambda: lives.create("u", theme="车" * 21, booked_at=AT, booked_seconds=1)),
    ("booked_at", lambda: lives.create("u", theme="t", booked_at=AT.replace(tzinfo=None), booked_seconds=1)),
    ("living_duration", lambda: lives.create("u", theme="t", booked_at=AT, booked_seconds=0)),
    ("description", lambda: lives.create("u", theme="t", booked_at=AT, booked_seconds=1, description="车" * 101)),
    ("remind_time", lambda: lives.create("u", theme="t", booked_at=AT, booked_seconds=1, remind_seconds=-1)),
    ("activity_detail.image_list", lambda: _event(6)),
    ("livingid", lambda: lives.update("", theme="t")),
    ("theme / living_start / living_duration / type / description / remind_time", lambda: lives.update("l")),
    ("theme", lambda: lives.update("l", theme="车" * 21)),
    ("theme", lambda: lives.update("l", theme="")),
    ("booked_at", lambda: lives.update("l", booked_at=AT.replace(tzinfo=None))),
    ("living_duration", lambda: lives.update("l", booked_seconds=0)),
    ("description", lambda: lives.update("l", description="车" * 101)),
    ("remind_time", lambda: lives.update("l", remind_seconds=-1)),
    ("livingid", lambda: lives.cancel("")),
    ("livingid", lambda: lives.get_viewing_code("", openid="o")),
    ("openid", lambda: lives.get_viewing_code("l", openid="")),
    ("ww_share_code", lambda: lives.get_share_info("")),
]

ACCEPTED: list[Make] = [
    lambda: lives.list_by_user("u", limit=100),
    lambda: lives.iter_by_user("u", limit=1),
    lambda: lives.create(
        "u", theme="车" * 20, booked_at=AT, booked_seconds=1, description="车" * 100, remind_seconds=0
    ),
    lambda: lives.update("l", theme="车" * 20, booked_seconds=1, description="车" * 100, remind_seconds=0),
    lambda: _event(5),
]

ARGUMENTS: Mapping[str, Any] = {
    "livingid": "l",
    "anchor_userid": "u",
    "theme": "t",
    "booked_at": AT,
    "booked_seconds": 1,
    "openid": "o",
    "share_code": "c",
}
BEYOND_REACH: Mapping[str, tuple[str, ...]] = {"living/create": ("agentid",)}


def _event(pictures: int) -> Call[str]:
    detail = LiveActivity(media_ids=("m",) * pictures)
    return lives.create("u", theme="t", booked_at=AT, booked_seconds=1, type=LiveType.EVENT, activity=detail)


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


def booked_streams(fake: FakeWeCom) -> Play:
    """A program books a stream, moves it, lets people watch in WeChat, and cancels it before it begins."""
    fake.add_member("zhangsan")
    at = fake.clock.now() + timedelta(days=1)
    media = yield lambda app: app.media.upload("image", PNG, filename="cover.png")
    livingid = yield lambda app: app.live_streams.create(
        "zhangsan",
        theme="新车上市",
        booked_at=at,
        booked_seconds=3_600,
        type=LiveType.EVENT,
        cover_media_id=media.media_id,
        activity=LiveActivity(description="到店有礼", media_ids=(media.media_id,)),
    )
    assert (yield lambda app: app.live_streams.update(livingid, theme="上市直播", booked_seconds=1_800)) is None
    stream = yield lambda app: app.live_streams.get(livingid)
    assert (stream.theme, stream.booked_at, stream.booked_seconds) == ("上市直播", at, 1_800)
    assert (stream.type, stream.status, stream.description) == (LiveType.EVENT, LiveStatus.BOOKED, "到店有礼")
    fake.start_live(livingid)
    try:
        yield lambda app: app.live_streams.cancel(livingid)
    except ConflictError as error:
        refused(ConflictError, 92006, error)
    else:
        raise AssertionError
    code = yield lambda app: app.live_streams.get_viewing_code(livingid, openid="oWatcher")
    assert code
    viewer = fake.add_customer(name="观众")
    fake.watch_live(livingid, viewer, seconds=60, invited_by="zhangsan")
    share = fake.shop_from_live(livingid, viewer)
    found = yield lambda app: app.live_streams.get_share_info(share)
    assert (found.livingid, found.userid, found.external_userid) == (livingid, "", viewer.external_userid)
    assert found.invited_by == "zhangsan"
    fake.clock.advance(timedelta(minutes=5))
    try:
        yield lambda app: app.live_streams.get_share_info(share)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError
    second = yield lambda app: app.live_streams.create("zhangsan", theme="第二场", booked_at=at, booked_seconds=60)
    assert (yield lambda app: app.live_streams.cancel(second)) is None
    gone = yield lambda app: app.live_streams.get(second)
    assert gone.status is LiveStatus.CANCELLED
    by_hand = fake.book_live("zhangsan", "自己约的")
    try:
        yield lambda app: app.live_streams.update(by_hand, theme="改")
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 92008, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (live_streams, booked_streams)
