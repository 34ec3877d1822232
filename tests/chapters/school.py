"""What the tests know of `wecom.school`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused
from tests.unit._models import filled, official

from wecom_auto import Call
from wecom_auto.errors import PermissionDeniedError
from wecom_auto.models import (
    FileMessage,
    ImageMessage,
    MiniProgramMessage,
    MobileMatches,
    MpNewsArticle,
    MpNewsMessage,
    NewsArticle,
    NewsMessage,
    NoticeScope,
    SchoolMessage,
    SubscribeMode,
    TextCardMessage,
    TextMessage,
    VideoMessage,
    VoiceMessage,
)
from wecom_auto.testing import FakeWeCom, Settings

_TO = {
    "parents": ["p"],
    "students": ["s"],
    "parties": [1],
    "external_userids": ["wm"],
    "to_all": False,
    "scope": NoticeScope.BOTH,
    "agent_id": 1,
    "enable_id_trans": True,
    "enable_duplicate_check": True,
    "duplicate_check_interval_seconds": 1,
}

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/message/send": [
        calls.school.send(filled(kind), **_TO)  # type: ignore[arg-type]
        for kind in get_args(SchoolMessage)
        if hasattr(kind, "MSGTYPE")
    ],
    "externalcontact/get_subscribe_mode": [calls.school.get_subscribe_mode()],
    "externalcontact/set_subscribe_mode": [calls.school.set_subscribe_mode(SubscribeMode.SCAN)],
    "externalcontact/get_subscribe_qr_code": [calls.school.get_qr_codes()],
    "externalcontact/batch_to_external_userid": [calls.school.find_by_mobile(["10000000000"])],
}

RECOGNISED = {"externalcontact/message/send": "with enable_duplicate_check"}

ARGUMENTS: Mapping[str, Any] = {"mobiles": ["10000000000"], "mode": SubscribeMode.SCAN}

_TEXT = TextMessage(content="x")

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/message/send", calls.school.send(_TEXT, parents=["p"], agent_id=1)),
    *((name, made[0]) for name, made in CALLS.items() if not name.endswith("/send")),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/message/send",
        lambda: calls.school.send(
            TextMessage(content=official("externalcontact/message/send.request")["text"]["content"]),
            scope=NoticeScope.PARENTS,
            parents=["parent_userid1", "parent_userid2"],
            students=["student_userid1", "student_userid2"],
            parties=["partyid1", "partyid2"],
            agent_id=1,
            enable_id_trans=False,
            enable_duplicate_check=False,
            duplicate_check_interval_seconds=1800,
        ),
    ),
    ("externalcontact/set_subscribe_mode", lambda: calls.school.set_subscribe_mode(1)),
    (
        "externalcontact/batch_to_external_userid",
        lambda: calls.school.find_by_mobile(["10000000000", "10000000001"]),
    ),
]


def _send(**arguments: Any) -> Call[Any]:
    return calls.school.send(_TEXT, **{"parents": ["p"], "agent_id": 1, **arguments})


REFUSED: list[tuple[str, Make]] = [
    ("to_parent_userid", lambda: _send(parents=["p"] * 1001)),
    ("to_student_userid", lambda: _send(students=["s"] * 1001)),
    ("to_party", lambda: _send(parties=[1] * 101)),
    ("to_parent_userid / to_student_userid / to_party / to_external_user", lambda: _send(parents=[])),
    ("recv_scope", lambda: _send(scope=3)),
    ("agentid", lambda: calls.school.send(_TEXT, parents=["p"])),
    ("duplicate_check_interval", lambda: _send(duplicate_check_interval_seconds=14_401)),
    ("text.content", lambda: calls.school.send(TextMessage(content="字" * 683), parents=["p"], agent_id=1)),
    ("subscribe_mode", lambda: calls.school.set_subscribe_mode(3)),
    ("mobiles", lambda: calls.school.find_by_mobile([])),
    ("mobiles", lambda: calls.school.find_by_mobile(["1"] * 101)),
]

ACCEPTED: list[Make] = [
    lambda: _send(parents=["p"] * 1000, students=["s"] * 1000, parties=[1] * 100),
    lambda: _send(parents=[], to_all=True),
    lambda: _send(parents=[], external_userids=["wm"]),
    lambda: calls.school.send(TextMessage(content="x" * 2048), parents=["p"], agent_id=1),
    lambda: calls.school.find_by_mobile(["1"] * 100),
]


def school(fake: FakeWeCom) -> Play:
    """Parents join by code as the mode lets them, are found by mobile, and get notices."""
    fake.settings = Settings(is_education=True)
    fake.add_parent("mama", children=["xiaoming"], mobile="10000000000", foreign_key="zhangsan", subscribed=False)
    assert (yield lambda app: app.school.get_subscribe_mode()) is SubscribeMode.SCAN
    assert (yield lambda app: app.school.set_subscribe_mode(SubscribeMode.LISTED_ONLY)) is None
    assert (yield lambda app: app.school.get_subscribe_mode()) is SubscribeMode.LISTED_ONLY
    codes = yield lambda app: app.school.get_qr_codes()
    assert len({codes.big, codes.middle, codes.thumb}) == 3
    mother = fake.scan_school_code("10000000000")
    matches = yield lambda app: app.school.find_by_mobile(["10000000000", "10000000001"])
    assert matches.external_userid_of("10000000000") == mother.external_userid
    assert matches.found[0].foreign_key == "zhangsan"
    (missing,) = matches.failed
    assert (missing.mobile, missing.errcode) == ("10000000001", 60136)
    found = yield lambda app: app.school.find_by_mobile_many(["10000000000"])
    assert found.answers == (MobileMatches(found=matches.found),)
    sent = yield lambda app: app.school.send(
        TextMessage(content="明天春游"), students=["xiaoming", "nobody"], parents=["nobody"], parties=[1, 77]
    )
    assert (sent.invalid_students, sent.invalid_parents, sent.invalid_parties) == (("nobody",), ("nobody",), (77,))
    assert not sent.complete
    (notice,) = fake.notices("mama")
    assert (notice.msgtype, notice.parents, notice.students) == ("text", ("mama",), ())


def school_notices_of_every_kind(fake: FakeWeCom) -> Play:
    """Each kind of notice that the manual lists is taken."""
    fake.settings = Settings(is_education=True)
    fake.add_parent("baba", children=["xiaoming"])
    files = {}
    for kind in ("image", "voice", "video", "file"):
        media = yield lambda app, kind=kind: app.media.upload(kind, PNG, filename="a.png")
        files[kind] = media.media_id
    article = NewsArticle(title="春游", url="https://example.com")
    story = MpNewsArticle(title="春游", content="<p>…</p>", thumb_media_id=files["image"], url="https://example.com")
    messages: list[SchoolMessage] = [
        ImageMessage(media_id=files["image"]),
        VoiceMessage(media_id=files["voice"]),
        VideoMessage(media_id=files["video"], title="春游"),
        FileMessage(media_id=files["file"]),
        TextCardMessage(title="春游", description="明天", url="https://example.com"),
        NewsMessage(articles=(article,)),
        MpNewsMessage(articles=(story,)),
        MiniProgramMessage(appid="wx1", page="index", title="春游", thumb_media_id=files["image"]),
    ]
    for message in messages:
        sent = yield lambda app, message=message: app.school.send(message, to_all=True, scope=NoticeScope.BOTH)
        assert sent.complete
    assert [one.msgtype for one in fake.notices()] == [type(one).MSGTYPE for one in messages]
    assert {one.students for one in fake.notices("baba")} == {("xiaoming",)}


def no_school(fake: FakeWeCom) -> Play:
    """A corp of another trade is no school."""
    assert not fake.settings.is_education
    try:
        yield lambda app: app.school.get_subscribe_mode()
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 65014, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (school, school_notices_of_every_kind, no_school)
