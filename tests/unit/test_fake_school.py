"""Home and school on the fake: who follows, who gets a notice, and what only a school may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.test_fake_support import PNG, Raw, code

from wecom_auto.models import Mobile, TextMessage
from wecom_auto.testing import FakeWeCom, Settings

SEND = "message/send"
TEXT = {"msgtype": "text", "text": {"content": "春游"}}


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a school with two families in two classes."""
    fake = FakeWeCom(settings=Settings(is_education=True))
    fake.add_student("ming", party=2)
    fake.add_student("hong", party=3)
    fake.add_parent("mama", children=["ming"], mobile="10000000000", foreign_key="k1")
    fake.add_parent("baba", children=["ming", "hong"], mobile="10000000001")
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of the school."""
    return Raw(fake)


def sent(raw: Raw, **body: Any) -> dict[str, Any]:
    """Send a text as the first app."""
    return raw.customer(SEND, **{**TEXT, "agentid": raw.fake.agent_id, **body})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", SEND, {**TEXT, "agentid": 1000002, "toall": 1}),
        ("GET", "get_subscribe_mode", {}),
        ("POST", "set_subscribe_mode", {"subscribe_mode": 1}),
        ("GET", "get_subscribe_qr_code", {}),
        ("POST", "batch_to_external_userid", {"mobiles": ["1"]}),
    ],
)
def test_a_corp_of_another_trade_is_no_school(method: str, path: str, body: dict[str, Any]) -> None:
    """Every endpoint of the chapter answers 65014 there, and says how a test gets a school."""
    raw = Raw(FakeWeCom())
    answer = raw.get(f"externalcontact/{path}") if method == "GET" else raw.customer(path, **body)
    assert code(answer) == 65014
    assert "is_education" in answer["errmsg"]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"msgtype": ""}, 40008),
        ({"msgtype": "markdown"}, 40008),
        ({"msgtype": "image"}, 40063),
        ({"msgtype": "image", "image": {"media_id": "dead"}}, 40007),
        ({"msgtype": "miniprogram", "miniprogram": {"appid": "wx", "pagepath": "p", "thumb_media_id": "dead"}}, 40007),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "字" * 683}}, 45002),
        ({"agentid": None}, 41011),
        ({"agentid": 9}, 301002),
        ({"recv_scope": 3}, 40058),
        ({"toall": 2}, 40058),
        ({"duplicate_check_interval": 14_401}, 40058),
        ({"to_parent_userid": []}, 82001),
        ({"to_parent_userid": ["mama"] * 1001}, 40058),
        ({"to_student_userid": ["ming"] * 1001}, 40058),
        ({"to_party": [2] * 101}, 40058),
        ({"to_party": 2}, 40058),
        ({"to_party": [2.5]}, 40058),
        ({"to_parent_userid": ["nobody"]}, 81013),
        ({"to_parent_userid": [], "to_party": [77]}, 81013),
    ],
)
def test_a_bad_notice_is_refused(raw: Raw, body: dict[str, Any], errcode: int) -> None:
    """Kind, content, app and receivers have their codes, and nothing goes out."""
    assert code(sent(raw, **{"to_parent_userid": ["mama"], **body})) == errcode
    assert raw.fake.notices() == ()


@pytest.mark.parametrize(
    ("body", "parents", "students"),
    [
        ({"to_parent_userid": ["mama"]}, ["mama"], []),
        ({"to_student_userid": ["ming"]}, ["baba", "mama"], []),
        ({"to_student_userid": ["ming"], "recv_scope": 1}, [], ["ming"]),
        ({"to_student_userid": ["hong"], "recv_scope": 2}, ["baba"], ["hong"]),
        ({"to_party": [3]}, ["baba"], []),
        ({"to_party": ["2"], "recv_scope": 2}, ["baba", "mama"], ["ming"]),
        ({"to_party": [1], "recv_scope": 1}, [], ["hong", "ming"]),
        ({"toall": 1}, ["baba", "mama"], []),
        ({"toall": 1, "recv_scope": 2}, ["baba", "mama"], ["hong", "ming"]),
    ],
)
def test_a_notice_reaches_whom_it_names(
    raw: Raw, body: dict[str, Any], parents: list[str], students: list[str]
) -> None:
    """Parents by name, families by child or class, everybody; the scope says which generation."""
    assert sent(raw, **body).keys() == {"errcode", "errmsg"}
    (notice,) = raw.fake.notices()
    assert (list(notice.parents), list(notice.students)) == (parents, students)


def test_receivers_in_vain_are_listed(fake: FakeWeCom, raw: Raw) -> None:
    """The rest still gets it; who stopped following is listed like somebody who does not exist."""
    fake.unsubscribe("baba")
    answer = sent(
        raw,
        to_parent_userid=["mama", "baba", "nobody"],
        to_student_userid=["ghost"],
        to_party=[2, 77, "class"],
        to_external_user=[fake.parent("baba").external_userid, "wmX", fake.parent("mama").external_userid],
    )
    assert code(answer) == 0
    assert answer["invalid_parent_userid"] == ["baba", "nobody"]
    assert answer["invalid_student_userid"] == ["ghost"]
    assert answer["invalid_party"] == [77, "class"]
    assert answer["invalid_external_user"] == [fake.parent("baba").external_userid, "wmX"]
    assert [one.parents for one in fake.notices()] == [("mama",)]
    assert fake.notices("baba") == ()


def test_doubles_are_dropped_on_request(fake: FakeWeCom, raw: Raw) -> None:
    """The same request within the interval goes out once; later, or without the check, again."""
    again = {"to_parent_userid": ["mama"], "enable_duplicate_check": 1, "duplicate_check_interval": 600}
    for _ in range(2):
        assert code(sent(raw, **again)) == 0
    assert len(fake.notices()) == 1
    fake.clock.advance(seconds=601)
    sent(raw, **again)
    sent(raw, to_parent_userid=["mama"])
    sent(raw, to_parent_userid=["mama"])
    assert len(fake.notices()) == 4


def test_a_living_file_goes_out(raw: Raw) -> None:
    """A file that is alive is taken, and refused once it has died."""
    image = {"msgtype": "image", "image": {"media_id": raw.upload("image", PNG)["media_id"]}, "toall": 1}
    assert code(sent(raw, **image)) == 0
    raw.fake.clock.advance(timedelta(days=3))
    raw.renew()
    assert code(sent(raw, **image)) == 40007


@pytest.mark.parametrize(("mode", "errcode"), [(0, 65001), (3, 65001), ("1", 65001), (None, 40063)])
def test_a_wrong_mode_is_refused(raw: Raw, mode: object, errcode: int) -> None:
    """There are two modes, and 65001 is made for the others; the old one stays."""
    assert code(raw.customer("set_subscribe_mode", subscribe_mode=mode)) == errcode
    assert raw.get("externalcontact/get_subscribe_mode")["subscribe_mode"] == 1


def test_the_mode_decides_who_joins_by_the_code(fake: FakeWeCom, raw: Raw) -> None:
    """Anybody in mode 1; in mode 2 only parents whom the school has listed."""
    stranger = fake.scan_school_code("10000000009", child="ming")
    assert (stranger.children, stranger.subscribed) == (("ming",), True)
    assert fake.parent(stranger.parent_userid) == stranger
    raw.customer("set_subscribe_mode", subscribe_mode=2)
    with pytest.raises(LookupError, match="turns others away"):
        fake.scan_school_code("10000000008")
    fake.unsubscribe("mama")
    assert fake.scan_school_code("10000000000").subscribed
    with pytest.raises(LookupError, match="add_parent"):
        fake.parent("nobody")


def test_a_parent_is_an_external_contact_from_the_first_scan(fake: FakeWeCom, raw: Raw) -> None:
    """Before it nobody is found by the number; the id stays when they stop following."""
    fake.add_parent("late", mobile="10000000005", subscribed=False)
    ask = {"mobiles": ["10000000005", "10000000000"]}
    first = raw.customer("batch_to_external_userid", **ask)
    assert [one["mobile"] for one in first["fail_list"]] == ["10000000005"]
    assert first["fail_list"][0]["errcode"] == 60136
    assert first["success_list"][0]["foreign_key"] == "k1"
    joined = fake.scan_school_code("10000000005")
    fake.unsubscribe("late")
    second = raw.customer("batch_to_external_userid", **ask)
    assert second["fail_list"] == []
    assert second["success_list"][0] == {"mobile": "10000000005", "external_userid": joined.external_userid}
    assert code(raw.customer("batch_to_external_userid", mobiles=["1"] * 101)) == 40058


def test_a_customer_who_is_a_parent_shows_it(fake: FakeWeCom) -> None:
    """`customers.get` carries what the school knows of a customer, and of nobody else."""
    teacher, other = (fake.add_customer(followed_by="laoshi") for _ in range(2))
    fake.add_parent("yeye", children=["ming"], foreign_key="k9", customer=teacher)
    with fake.client() as app:
        customer = app.customers.get(teacher.external_userid).customer
        assert (customer.foreign_key, customer.is_subscribed) == ("k9", True)
        fake.unsubscribe("yeye")
        assert app.customers.get(teacher.external_userid).customer.is_subscribed is False
        assert app.customers.get(other.external_userid).customer.is_subscribed is None


def test_many_mobiles(fake: FakeWeCom) -> None:
    """101 numbers are two calls; a number that nobody has failed with its own code, and no number is shown."""
    mobiles = [f"100000001{number:02}" for number in range(99)]
    for number, mobile in enumerate(mobiles):
        fake.add_parent(f"p{number}", mobile=mobile)
    with fake.client() as app:
        result = app.school.find_by_mobile_many([*mobiles, "13800000001", "13800000002"])
    assert fake.count("externalcontact/batch_to_external_userid") == 2
    assert list(result.done) == mobiles
    assert [(one.item, one.errcode) for one in result.failed] == [("13800000001", 60136), ("13800000002", 60136)]
    assert isinstance(result.failed[0].item, Mobile)
    assert "138" not in repr(result) + str(result)
    assert "1000000" not in repr(result)
    found = {one.mobile: one.external_userid for matches in result.answers for one in matches.found}
    assert found["10000000107"] == fake.parent("p7").external_userid


def test_a_lost_answer_is_repeated_only_with_the_check(fake: FakeWeCom) -> None:
    """A second notice would annoy parents: only the platform's own check makes a repeat safe."""
    message = TextMessage(content="春游")
    with fake.client() as app:
        fake.fail_next("externalcontact/message/send", reset="after")
        assert app.school.send(message, to_all=True, enable_duplicate_check=True).complete
    assert (fake.count("externalcontact/message/send"), len(fake.notices())) == (2, 1)
