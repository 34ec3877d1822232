"""Moments of the fake: jobs, tasks, taps, who sees what, reactions; and waiting for a job in every colour."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from tests.unit.test_fake_support import PNG, Raw, code

from wecom_auto import JobTimeoutError, NotFoundError, Progress
from wecom_auto.models import ImageAttachment
from wecom_auto.testing import FakeWeCom, Limits, RateRule, Settings

TEXT = {"text": {"content": "周末试驾"}}
AT_ONCE = Settings(moment_lag=timedelta(0))


@pytest.fixture
def fake() -> FakeWeCom:
    """Give an empty corp that makes moments at once."""
    return FakeWeCom(settings=AT_ONCE)


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of a corp with staff."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    return Raw(fake)


def _senders(*userids: str, departments: tuple[int, ...] = ()) -> dict[str, Any]:
    return {"sender_list": {"user_list": list(userids), "department_list": list(departments)}}


def _result(raw: Raw, **fields: Any) -> dict[str, Any]:
    """Make a moment and return what became of the job."""
    job = raw.customer("add_moment_task", **(TEXT | fields))
    return raw.get("externalcontact/get_moment_task_result", jobid=job["jobid"])["result"]


def _make(raw: Raw, **fields: Any) -> str:
    return _result(raw, **fields)["moment_id"]


def _tasks(raw: Raw, moment_id: str) -> dict[str, int]:
    rows = raw.customer("get_moment_task", moment_id=moment_id)["task_list"]
    return {one["userid"]: one["publish_status"] for one in rows}


def _seen_by(raw: Raw, path: str, moment_id: str, userid: str = "zhangsan") -> list[str]:
    rows = raw.customer(path, moment_id=moment_id, userid=userid)["customer_list"]
    return [one["external_userid"] for one in rows]


def _upload(raw: Raw, kind: str = "image", use: object = 1, data: bytes = PNG) -> dict[str, Any]:
    query = {"access_token": raw.token, "media_type": kind, "attachment_type": str(use)}
    return raw.http.post("media/upload_attachment", params=query, files={"media": ("a.png", data)}).json()


# Jobs


def test_a_job_starts_goes_on_and_is_done(fake: FakeWeCom, raw: Raw) -> None:
    """The status goes 1, 2, 3 as time passes; only 3 has a result, and the moment is made then and not before."""
    fake.settings = Settings(moment_lag=timedelta(seconds=10))
    jobid = raw.customer("add_moment_task", **TEXT)["jobid"]
    assert 0 < len(jobid.encode()) <= 64
    asked = []
    for _ in range(4):
        answer = raw.get("externalcontact/get_moment_task_result", jobid=jobid)
        asked.append((answer["status"], "result" in answer, len(fake.moments())))
        fake.clock.advance(seconds=4)
    assert asked == [(1, False, 0), (1, False, 0), (2, False, 0), (3, True, 1)]
    assert answer["type"] == "add_moment_task"


def test_a_moment_is_made_when_the_job_was_due(fake: FakeWeCom, raw: Raw) -> None:
    """A clock that jumps far ahead does not shift the moment's time, nor the order of two jobs."""
    fake.settings = Settings(moment_lag=timedelta(seconds=10))
    made_at = int(fake.clock.time()) + 10
    raw.customer("add_moment_task", text={"content": "一"})
    fake.clock.advance(seconds=5)
    raw.customer("add_moment_task", text={"content": "二"})
    fake.clock.advance(hours=1)
    rows = raw.customer("get_moment_list", start_time=made_at - 60, end_time=made_at + 60)["moment_list"]
    assert [(one["text"]["content"], one["create_time"]) for one in rows] == [("一", made_at), ("二", made_at + 5)]


def test_a_job_is_forgotten_after_a_day(fake: FakeWeCom, raw: Raw) -> None:
    """The id lives 24 hours; one that nobody gave is unknown, and so is another app's."""
    jobid = raw.customer("add_moment_task", **TEXT)["jobid"]
    fake.add_app("other", "other-secret", agent_id=7)
    path = "externalcontact/get_moment_task_result"
    assert code(Raw(fake, "other-secret").get(path, jobid=jobid)) == 40088
    assert code(raw.get(path, jobid="nonsense")) == 40088
    assert code(raw.get(path)) == 40063
    fake.clock.advance(hours=24)
    raw.renew()
    assert code(raw.get(path, jobid=jobid)) == 40089


def test_wrong_senders_and_tags_are_named(fake: FakeWeCom, raw: Raw) -> None:
    """Members who are unknown, gone, without right or out of sight, empty departments and wrong tags come back."""
    fake.add_member("qiantai", contact=False)
    fake.add_member("left", department=3)
    fake.leave("left")
    fake.add_member("hidden", department=4)
    fake.add_app("narrow", "narrow-secret", agent_id=7, visible={"zhangsan", "qiantai", "left"})
    mine = fake.add_tag("意向", "高")
    fake.staff_marks_tag("zhangsan", fake.add_customer(followed_by="zhangsan"), add=[mine])
    made = _result(
        Raw(fake, "narrow-secret"),
        visible_range=_senders("zhangsan", "nobody", "left", "qiantai", "lisi", departments=(1, 4, 99))
        | {"external_contact_list": {"tag_list": [mine.id, "etNONE"]}},
    )
    assert made["errcode"] == 0
    assert made["invalid_sender_list"] == {
        "user_list": ["nobody", "left", "qiantai", "lisi"],
        "department_list": [4, 99],
    }
    assert made["invalid_external_contact_list"] == {"tag_list": ["etNONE"]}
    assert [one.userid for one in fake.moment_tasks(made["moment_id"])] == ["zhangsan"]


@pytest.mark.parametrize(
    "visible_range",
    [
        _senders("nobody"),
        {"external_contact_list": {"tag_list": ["etNONE"]}},
        {"sender_list": {"department_list": [99]}},
    ],
)
def test_a_job_for_nobody_fails(fake: FakeWeCom, raw: Raw, visible_range: dict[str, Any]) -> None:
    """The call works, and the job ends with an errcode, without a moment."""
    made = _result(raw, visible_range=visible_range)
    assert (made["errcode"], "moment_id" in made, fake.moments()) == (41048, False, ())


def test_limits_of_jobs(fake: FakeWeCom, raw: Raw) -> None:
    """10 a minute (45009), and as many at once as the limit says (41078)."""
    fake.settings = Settings(moment_lag=timedelta(seconds=10))
    fake.limits = Limits(moment_jobs=2)
    assert [code(raw.customer("add_moment_task", **TEXT)) for _ in range(3)] == [0, 0, 41078]
    fake.clock.advance(seconds=10)
    assert code(raw.customer("add_moment_task", **TEXT)) == 0
    fake.limits = Limits()
    assert fake.limits.paths["externalcontact/add_moment_task"][0] == RateRule(10, "minute")
    codes = [code(raw.customer("add_moment_task", **TEXT)) for _ in range(7)]
    assert codes == [0] * 6 + [45009]


# Content


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"text": {"content": ""}}, 41089),
        ({"text": None}, 41089),
        ({"text": {"content": "字" * 2001}}, 45002),
        ({"text": {"content": "字" * 2000}}, 0),
        ({"attachments": [{"msgtype": "file", "file": {"media_id": "m"}}]}, 41065),
        ({"attachments": [{"msgtype": "image"}]}, 40063),
        ({"attachments": [{"msgtype": "image", "image": {}}]}, 40063),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "m"}}]}, 40007),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "m"}}] * 10}, 41064),
        ({"attachments": [{"msgtype": "video", "video": {"media_id": "m"}}] * 2}, 41065),
        ({"attachments": [{"msgtype": "link", "link": {"media_id": "m"}}]}, 40063),
        ({"visible_range": {"sender_list": {"user_list": "zhangsan"}}}, 40058),
    ],
)
def test_bad_content_is_refused(raw: Raw, fields: dict[str, Any], errcode: int) -> None:
    """Each rule of the page has its errcode, and a refused call leaves no job."""
    assert code(raw.customer("add_moment_task", **(TEXT | fields))) == errcode


def test_media_must_be_uploaded_for_moments(fake: FakeWeCom, raw: Raw) -> None:
    """Files of media/upload and of product albums do not fit (41072), a video is no picture, and files die."""
    message = raw.upload("image", PNG)["media_id"]
    album, picture = (_upload(raw, use=use)["media_id"] for use in (2, 1))
    video = _upload(raw, "video", data=b"a video of a car")["media_id"]

    def made(kind: str, media_id: str, **more: str) -> int:
        part = {"msgtype": kind, kind: {"media_id": media_id, **more}}
        return code(raw.customer("add_moment_task", attachments=[part]))

    assert [made("image", one) for one in (message, album, picture)] == [41072, 41072, 0]
    assert [made("video", one) for one in (picture, video)] == [41065, 0]
    assert made("link", picture, url="https://example.com", title="字" * 65) == 40058
    assert made("link", picture, url="https://example.com", title="字" * 64) == 0
    assert code(raw.customer("add_msg_template", sender="zhangsan", attachments=[_image(picture)])) == 41072
    fake.clock.advance(days=3)
    raw.renew()
    assert made("image", picture) == 40007


def _image(media_id: str) -> dict[str, Any]:
    return {"msgtype": "image", "image": {"media_id": media_id}}


@pytest.mark.parametrize(
    ("kind", "use", "data", "errcode"),
    [
        ("image", 1, PNG, 0),
        ("video", 1, b"a video", 0),
        ("image", 2, PNG, 0),
        ("video", 2, b"a video", 41072),
        ("file", 1, b"a file", 41072),
        ("voice", 1, b"a voice", 40004),
        ("image", 3, PNG, 40058),
        ("image", 1, b"tiny", 44001),
        ("image", 1, b"no picture", 40123),
        ("image", 1, PNG + bytes(10 * 2**20), 41080),
    ],
)
def test_an_attachment_is_checked(raw: Raw, kind: str, use: int, data: bytes, errcode: int) -> None:
    """Kind, use and size of a file are the page's."""
    answer = _upload(raw, kind, use, data)
    assert code(answer) == errcode
    if errcode == 0:
        assert (answer["type"], answer["created_at"]) == (kind, int(raw.fake.clock.time()))


def test_the_list_shows_what_was_published(fake: FakeWeCom, raw: Raw) -> None:
    """Pictures, a video with its cover, a link without it: as the list of moments has them."""
    picture, video = _upload(raw)["media_id"], _upload(raw, "video", data=b"a video")["media_id"]
    link = {"title": "新车", "url": "https://example.com", "media_id": picture}
    for attachments in (
        [_image(picture)] * 2,
        [{"msgtype": "video", "video": {"media_id": video}}],
        [{"msgtype": "link", "link": link}],
    ):
        _make(raw, attachments=attachments)
    now = int(fake.clock.time())
    images, film, page = raw.customer("get_moment_list", start_time=now - 1, end_time=now + 1)["moment_list"]
    assert images["image"] == [{"media_id": picture}] * 2
    assert film["video"]["media_id"] == video
    assert film["video"]["thumb_media_id"]
    assert page["link"] == {"title": "新车", "url": "https://example.com"}
    assert images["visible_type"] == 1


# Members


def test_departments_are_expanded(fake: FakeWeCom, raw: Raw) -> None:
    """Everybody of a department gets the task once, who is named twice too."""
    for userid in ("wangwu", "zhaoliu"):
        fake.add_member(userid, department=5)
    moment_id = _make(raw, visible_range=_senders("zhangsan", "wangwu", departments=(5,)))
    assert _tasks(raw, moment_id) == {"zhangsan": 0, "wangwu": 0, "zhaoliu": 0}


def test_without_a_range_everybody_publishes_to_all(fake: FakeWeCom, raw: Raw) -> None:
    """Every member with the right gets the task, and all their customers see it."""
    fake.add_member("qiantai", contact=False)
    one = fake.add_customer(followed_by="zhangsan")
    moment_id = _make(raw)
    assert _tasks(raw, moment_id) == {"zhangsan": 0, "lisi": 0}
    fake.publish_moment("zhangsan")
    assert _seen_by(raw, "get_moment_customer_list", moment_id) == [one.external_userid]


def test_tags_choose_members_and_customers(fake: FakeWeCom, raw: Raw) -> None:
    """Tags alone go to who follows such a customer; with members, both must fit; one of the tags is enough."""
    high, low = fake.add_tag("意向", "高"), fake.add_tag("意向", "低")
    hot, cold, theirs = (fake.add_customer(followed_by=who) for who in ("zhangsan", "zhangsan", "lisi"))
    fake.add_member("wangwu")
    fake.staff_marks_tag("zhangsan", hot, add=[high])
    fake.staff_marks_tag("lisi", theirs, add=[low])
    tags = {"external_contact_list": {"tag_list": [high.id, low.id]}}
    both = _make(raw, visible_range=tags)
    assert _tasks(raw, both) == {"zhangsan": 0, "lisi": 0}
    mine = _make(raw, visible_range=_senders("zhangsan", "wangwu") | tags)
    assert _tasks(raw, mine) == {"zhangsan": 0}
    fake.publish_moment("zhangsan", mine)
    assert _seen_by(raw, "get_moment_customer_list", mine) == [hot.external_userid]
    assert cold.external_userid not in _seen_by(raw, "get_moment_send_result", mine)


def test_customers_are_chosen_at_the_tap(fake: FakeWeCom, raw: Raw) -> None:
    """Who got the tag, or came, after the job was done sees it too; who lost the tag does not; later comers never."""
    tag = fake.add_tag("意向", "高")
    early, late, lost = (fake.add_customer(followed_by="zhangsan") for _ in range(3))
    for one in (early, lost):
        fake.staff_marks_tag("zhangsan", one, add=[tag])
    moment_id = _make(raw, visible_range={"external_contact_list": {"tag_list": [tag.id]}})
    fake.staff_marks_tag("zhangsan", late, add=[tag])
    fake.staff_marks_tag("zhangsan", lost, remove=[tag])
    fake.publish_moment("zhangsan", moment_id)
    fake.staff_marks_tag("zhangsan", fake.add_customer(followed_by="zhangsan"), add=[tag])
    expected = [early.external_userid, late.external_userid]
    assert _seen_by(raw, "get_moment_customer_list", moment_id) == expected


def test_nothing_is_told_before_the_tap(fake: FakeWeCom, raw: Raw) -> None:
    """41062 before publishing, 41061 for who has no part in it, 41060 for a moment that is not there."""
    fake.add_member("wangwu")
    moment_id = _make(raw, visible_range=_senders("zhangsan", "lisi"))
    fake.publish_moment("lisi", moment_id)
    for path in ("get_moment_customer_list", "get_moment_send_result", "get_moment_comments"):
        asked = [
            code(raw.customer(path, moment_id=moment, userid=who))
            for moment, who in (
                (moment_id, "lisi"),
                (moment_id, "zhangsan"),
                (moment_id, "wangwu"),
                ("momNONE", "lisi"),
            )
        ]
        assert asked == [0, 41062, 41061, 41060]
        assert code(raw.customer(path, moment_id=moment_id)) == 41009
        assert code(raw.customer(path, userid="lisi")) == 41059
    assert _tasks(raw, moment_id) == {"zhangsan": 0, "lisi": 1}


def test_members_forget(fake: FakeWeCom, raw: Raw) -> None:
    """A forgotten moment is left out of a tap for everything, and published by one that names it."""
    first, second = _make(raw), _make(raw)
    fake.forget_moment("zhangsan", first)
    assert [one.moment_id for one in fake.publish_moment("zhangsan")] == [second]
    (left,) = fake.pending_moments("zhangsan")
    assert (left.moment_id, left.forgotten, left.published_at) == (first, True, None)
    (done,) = fake.publish_moment("zhangsan", first)
    assert done.published_at == fake.clock.now()
    with pytest.raises(LookupError, match="does not wait"):
        fake.publish_moment("zhangsan", first)


def test_cancelling_stops_what_is_not_published(fake: FakeWeCom, raw: Raw) -> None:
    """What was published stays and can be read; the others cannot publish any more; a second time changes nothing."""
    one = fake.add_customer(followed_by="zhangsan")
    moment_id = _make(raw)
    fake.publish_moment("zhangsan", moment_id)
    assert [code(raw.customer("cancel_moment_task", moment_id=moment_id)) for _ in range(2)] == [0, 0]
    assert fake.publish_moment("lisi") == ()
    with pytest.raises(LookupError, match="cancelled"):
        fake.publish_moment("lisi", moment_id)
    assert _tasks(raw, moment_id) == {"zhangsan": 1, "lisi": 0}
    assert _seen_by(raw, "get_moment_send_result", moment_id) == [one.external_userid]
    assert code(raw.customer("cancel_moment_task", moment_id="momNONE")) == 41060
    assert code(raw.customer("cancel_moment_task")) == 41059


def test_who_leaves_publishes_nothing(fake: FakeWeCom, raw: Raw) -> None:
    """A member who resigns leaves the task undone."""
    moment_id = _make(raw)
    fake.leave("lisi")
    with pytest.raises(LookupError, match="lisi"):
        fake.publish_moment("lisi")
    assert _tasks(raw, moment_id)["lisi"] == 0


def test_a_new_moment_is_dispatched_first(fake: FakeWeCom, raw: Raw) -> None:
    """41079 while it is on its way to the members."""
    fake.settings = Settings(moment_lag=timedelta(0), dispatch_lag=timedelta(seconds=30))
    moment_id = _make(raw)
    assert code(raw.customer("get_moment_task", moment_id=moment_id)) == 41079
    fake.clock.advance(seconds=30)
    assert code(raw.customer("get_moment_task", moment_id=moment_id)) == 0


# Customers


def test_chosen_is_not_reached(fake: FakeWeCom, raw: Raw) -> None:
    """Who deleted the member was chosen and sees nothing; who waits for a confirmation was not even chosen."""
    friend, gone = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s", skip_verify=False)
    fake.scan("s")
    fake.unfriend(gone, "zhangsan")
    moment_id = _make(raw)
    fake.publish_moment("zhangsan", moment_id)
    chosen = _seen_by(raw, "get_moment_customer_list", moment_id)
    assert chosen == [friend.external_userid, gone.external_userid]
    assert _seen_by(raw, "get_moment_send_result", moment_id) == [friend.external_userid]


def test_a_customer_sees_so_many_a_day(fake: FakeWeCom, raw: Raw) -> None:
    """Beyond the limit a member's moments do not reach a customer, until midnight in China; others' still do."""
    fake.limits = Limits(moments_seen=1)
    one = fake.add_customer(followed_by=["zhangsan", "lisi"]).external_userid
    moments = [_make(raw) for _ in range(3)]
    for moment_id in moments[:2]:
        fake.publish_moment("zhangsan", moment_id)
    fake.publish_moment("lisi", moments[0])
    fake.clock.advance_to(datetime(2026, 3, 2, 16, 0, tzinfo=UTC))
    raw.renew()
    fake.publish_moment("zhangsan", moments[2])
    assert [_seen_by(raw, "get_moment_send_result", each) for each in moments] == [[one], [], [one]]
    assert _seen_by(raw, "get_moment_customer_list", moments[1]) == [one]
    assert _seen_by(raw, "get_moment_send_result", moments[0], "lisi") == [one]


def test_a_member_may_leave_customers_out(fake: FakeWeCom, raw: Raw) -> None:
    """What is ticked at the tap is what was chosen."""
    one, _ = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    moment_id = _make(raw)
    fake.publish_moment("zhangsan", moment_id, only=[one])
    assert _seen_by(raw, "get_moment_customer_list", moment_id) == [one.external_userid]


def test_only_who_sees_it_reacts(fake: FakeWeCom, raw: Raw) -> None:
    """A like counts once, comments each; members react too; a customer who cannot see it does not."""
    one, stranger = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="lisi")
    moment_id = _make(raw, visible_range=_senders("zhangsan"))
    with pytest.raises(LookupError, match="has not published"):
        fake.like_moment("zhangsan", moment_id, one)
    fake.publish_moment("zhangsan", moment_id)
    with pytest.raises(LookupError, match="cannot see"):
        fake.comment_moment("zhangsan", moment_id, stranger)
    at = int(fake.clock.time())
    for _ in range(2):
        fake.like_moment("zhangsan", moment_id, one)
        fake.comment_moment("zhangsan", moment_id, one)
        fake.clock.advance(seconds=1)
    fake.comment_moment("zhangsan", moment_id, "lisi")
    who = {"external_userid": one.external_userid}
    answer = raw.customer("get_moment_comments", moment_id=moment_id, userid="zhangsan")
    assert answer["like_list"] == [{**who, "create_time": at}]
    assert answer["comment_list"] == [
        {**who, "create_time": at},
        {**who, "create_time": at + 1},
        {"userid": "lisi", "create_time": at + 2},
    ]
    (task,) = fake.moment_tasks(moment_id)
    assert (task.likes, len(task.comments)) == ((one.external_userid,), 3)


# The list


def test_members_publish_on_their_own(fake: FakeWeCom, raw: Raw) -> None:
    """A member's own moment has a creator and a place, is public or not, and has no tasks."""
    one, _ = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    place = {"latitude": "23.10647", "longitude": "113.32446", "name": "广州市 · 广州塔"}
    public = fake.member_publishes_moment("zhangsan", "下雨了", location=place)
    partly = fake.member_publishes_moment("zhangsan", "给你看", customers=[one])
    assert (len(public.customers), partly.customers) == (2, (one.external_userid,))
    now = int(fake.clock.time())
    rows = raw.customer("get_moment_list", start_time=now - 1, end_time=now + 1)["moment_list"]
    assert [(row["creator"], row["create_type"], row["visible_type"]) for row in rows] == [
        ("zhangsan", 1, 1),
        ("zhangsan", 1, 0),
    ]
    assert rows[0]["location"] == place
    assert code(raw.customer("get_moment_task", moment_id=public.moment_id)) == 41067
    assert code(raw.customer("cancel_moment_task", moment_id=public.moment_id)) == 41067
    assert _seen_by(raw, "get_moment_send_result", partly.moment_id) == [one.external_userid]


def test_the_list_is_filtered(fake: FakeWeCom, raw: Raw) -> None:
    """By who made it, by kind, by an open span of at most 30 days, by what the app sees; deleted ones are gone."""
    corp = _make(raw, visible_range=_senders("zhangsan"))
    mine, other = (fake.member_publishes_moment(who, "x").moment_id for who in ("zhangsan", "lisi"))
    now = int(fake.clock.time())

    def ids(app: Raw = raw, start: int = now - 1, end: int = now + 1, **fields: Any) -> list[str]:
        answer = app.customer("get_moment_list", start_time=start, end_time=end, **fields)
        return [one["moment_id"] for one in answer["moment_list"]]

    assert ids() == ids(filter_type=2) == [corp, mine, other]
    assert (ids(filter_type=0), ids(filter_type=1), ids(creator="lisi")) == ([corp], [mine, other], [other])
    assert ids(start=now) == ids(end=now) == []
    fake.add_app("narrow", "narrow-secret", agent_id=7, visible={"lisi"})
    narrow = Raw(fake, "narrow-secret")
    assert ids(narrow) == [other]
    assert code(narrow.customer("get_moment_task", moment_id=corp)) == 41060
    fake.delete_moment(mine)
    assert ids() == [corp, other]
    assert code(raw.customer("get_moment_comments", moment_id=mine, userid="zhangsan")) == 41060
    with pytest.raises(ValueError, match="corp"):
        fake.delete_moment(corp)
    for span in (-1, 30 * 86_400 + 1):
        assert code(raw.customer("get_moment_list", start_time=now, end_time=now + span)) == 40058


def test_pages(fake: FakeWeCom, raw: Raw) -> None:
    """Pages follow each other; too large a limit falls back to the default."""
    customers = [fake.add_customer(followed_by="zhangsan").external_userid for _ in range(5)]
    moments = [fake.member_publishes_moment("zhangsan", str(n)).moment_id for n in range(22)]
    now = int(fake.clock.time())
    span = {"start_time": now - 1, "end_time": now + 1}
    first = raw.customer("get_moment_list", **span, limit=100)
    assert [one["moment_id"] for one in first["moment_list"]] == moments[:20]
    rest = raw.customer("get_moment_list", **span, limit=100, cursor=first["next_cursor"])
    assert ([one["moment_id"] for one in rest["moment_list"]], rest["next_cursor"]) == (moments[20:], "")
    ask = {"moment_id": moments[0], "userid": "zhangsan", "limit": 3}
    page = raw.customer("get_moment_customer_list", **ask)
    more = raw.customer("get_moment_customer_list", **ask, cursor=page["next_cursor"])
    found = [one["external_userid"] for one in page["customer_list"] + more["customer_list"]]
    assert (found, more["next_cursor"]) == (customers, "")
    assert code(raw.customer("get_moment_customer_list", **{**ask, "limit": 2}, cursor="nonsense")) == 50100


def test_the_state_shows_moments_without_secrets(fake: FakeWeCom, raw: Raw) -> None:
    """Jobs and moments are part of what the corp holds."""
    moment_id = _make(raw)
    shown = fake.state()["moments"]
    assert list(shown["rows"]) == [moment_id]
    assert fake.secret not in str(shown)


# Waiting, through the client


@pytest.fixture(params=["sync", "asyncio", "trio"])
def ask(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Ask a client of the fake in one of the colours."""

    def run(fake: FakeWeCom, name: str, *args: Any, **kwargs: Any) -> Any:
        async def work() -> Any:
            async with fake.async_client() as app:
                return await getattr(app.moments, name)(*args, **kwargs)

        if request.param != "sync":
            return anyio.run(work, backend=request.param)
        with fake.client() as app:
            return getattr(app.moments, name)(*args, **kwargs)

    return run


@pytest.fixture
def slow() -> FakeWeCom:
    """Give a corp with one member, where a job takes half a minute."""
    fake = FakeWeCom(settings=Settings(moment_lag=timedelta(seconds=30)))
    fake.add_member("zhangsan")
    return fake


def test_waiting_asks_less_and_less_often(slow: FakeWeCom, ask: Callable[..., Any]) -> None:
    """The pauses grow from 1 s to 10 s; progress is told after each question; the result is the moment."""
    told: list[Progress] = []
    made = ask(slow, "create_and_wait", text="早上好", progress=told.append)
    assert made.moment_id in slow.moments()
    times = [one.at for one in slow.calls("externalcontact/get_moment_task_result")]
    pauses = [(after - before).total_seconds() for before, after in itertools.pairwise(times)]
    assert pauses == [1, 2, 4, 8, 10, 10]
    assert [one.done for one in told] == [1, 1, 1, 1, 2, 2, 3]
    assert {one.total for one in told} == {3}


def test_an_end_of_patience_says_how_to_go_on(slow: FakeWeCom, ask: Callable[..., Any]) -> None:
    """The error carries the job, which goes on: waiting again gives the moment, and there is only one."""
    with pytest.raises(JobTimeoutError, match="goes on") as caught:
        ask(slow, "create_and_wait", text="早上好", timeout_seconds=10)
    assert caught.value.waited_seconds == pytest.approx(10)
    assert slow.count("externalcontact/get_moment_task_result") == 5, "the last question comes when the time is over"
    made = ask(slow, "wait", caught.value.jobid)
    assert slow.moments() == (made.moment_id,)
    assert slow.count("externalcontact/add_moment_task") == 1


def test_patience_of_zero_asks_once(slow: FakeWeCom, ask: Callable[..., Any]) -> None:
    """Without patience there is one question and no pause."""
    jobid = ask(slow, "create", text="早上好")
    before = slow.clock.now()
    with pytest.raises(JobTimeoutError):
        ask(slow, "wait", jobid, timeout_seconds=0)
    assert (slow.clock.now(), slow.count("externalcontact/get_moment_task_result")) == (before, 1)


def test_a_failed_job_is_an_error(slow: FakeWeCom, ask: Callable[..., Any]) -> None:
    """What the job ended with is raised as the same code of a call would be."""
    with pytest.raises(NotFoundError, match="get_moment_task_result") as caught:
        ask(slow, "create_and_wait", text="早上好", userids=["nobody"])
    assert caught.value.errcode == 41048


def test_a_lost_answer_makes_no_second_moment(slow: FakeWeCom) -> None:
    """The answer to a create that was lost is an error that says so, and nothing is repeated."""
    from wecom_auto import APIConnectionError, Applied

    slow.fail_next("externalcontact/add_moment_task", reset="after")
    with slow.client() as app, pytest.raises(APIConnectionError) as caught:
        app.moments.create_and_wait(text="早上好")
    assert caught.value.applied is Applied.UNKNOWN
    slow.clock.advance(minutes=1)
    assert len(slow.moments()) == 1


def test_a_question_that_fails_is_asked_again(slow: FakeWeCom) -> None:
    """Asking for a job only reads: a bad moment of the network costs a repetition."""
    slow.fail_next("externalcontact/get_moment_task_result", reset="before", times=2)
    with slow.client() as app:
        assert app.moments.create_and_wait(text="早上好").complete


def test_the_clients_limiter_keeps_to_ten_a_minute(slow: FakeWeCom) -> None:
    """The eleventh moment in a minute is kept back by the client and never sent."""
    from wecom_auto import RateLimitError

    with slow.client() as app:
        for _ in range(10):
            app.moments.create(text="早上好")
        with pytest.raises(RateLimitError, match="nothing was sent"):
            app.moments.create(text="早上好")
    assert slow.count("externalcontact/add_moment_task") == 10


def test_a_picture_travels_from_upload_to_moment() -> None:
    """The id of an uploaded picture comes back in the list."""
    fake = FakeWeCom(settings=AT_ONCE)
    fake.add_member("zhangsan")
    with fake.client() as app:
        media = app.media.upload_attachment("image", PNG, attachment_type=1, filename="a.png")
        made = app.moments.create_and_wait(attachments=[ImageAttachment(media_id=media.media_id)])
        day = timedelta(days=1)
        (moment,) = app.moments.iter_all(start_at=fake.clock.now() - day, end_at=fake.clock.now() + day)
    assert (moment.moment_id, moment.images[0].media_id) == (made.moment_id, media.media_id)
