"""Where messages come from: every kind of the manual is typed, none breaks, and each source says what it sees."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from tests.unit._archive_stage import (
    AT,
    CONTACT,
    MEMBER,
    OTHER,
    ROBOT,
    ROOM,
    CannedSdk,
    chatdata,
    key,
    message,
    private_pem,
    public_pem,
    sealed,
)

from wecom_auto import models as m
from wecom_auto.archive import (
    ArchiveKeys,
    KeyWords,
    NativeArchive,
    NoArchive,
    PartyKind,
    Sight,
    Unreadable,
    Utterance,
    ZoneArchive,
    words_of,
)
from wecom_auto.errors import (
    APIError,
    ConfigurationError,
    DecodeError,
    InvalidRequestError,
    PagingError,
    PermissionDeniedError,
    ServerBusyError,
    ValidationError,
)
from wecom_auto.models import AgreeStatus, read_archived_message
from wecom_auto.testing import FakeWeCom

AT_SECONDS = AT // 1000


def moment(seconds: int = AT_SECONDS) -> datetime:
    """A time as models hold it."""
    return datetime.fromtimestamp(seconds, UTC)


def native(pages: dict[int, bytes | Exception], **more: Any) -> tuple[NativeArchive, CannedSdk]:
    """The classic archive with canned pages."""
    sdk = CannedSdk(pages)
    more.setdefault("sleep", lambda _seconds: None)
    return NativeArchive(sdk=sdk, keys=ArchiveKeys({1: private_pem()}), **more), sdk


# Kinds

FILE = {"md5sum": "m", "filesize": 3, "sdkfileid": "f"}
ITEM = json.dumps({"content": "里面的字"}, ensure_ascii=False)
KINDS: list[tuple[str, dict[str, Any], m.ArchivedContent]] = [
    ("text", {"text": {"content": "a"}}, m.ArchivedText(content="a")),
    ("image", {"image": FILE}, m.ArchivedImage(md5sum="m", size=3, sdkfileid="f")),
    ("revoke", {"revoke": {"pre_msgid": "p"}}, m.ArchivedRevoke(msgid="p")),
    ("agree", {"agree": {"userid": "wm", "agree_time": AT}}, m.ArchivedAgree(userid="wm", at=moment())),
    ("disagree", {"disagree": {"userid": "wm", "disagree_time": AT}}, m.ArchivedDisagree(userid="wm", at=moment())),
    (
        "voice",
        {"voice": {"md5sum": "m", "voice_size": 3, "play_length": 2, "sdkfileid": "f"}},
        m.ArchivedVoice(md5sum="m", size=3, seconds=2, sdkfileid="f"),
    ),
    ("video", {"video": FILE | {"play_length": 2}}, m.ArchivedVideo(md5sum="m", size=3, seconds=2, sdkfileid="f")),
    ("card", {"card": {"corpname": "c", "userid": "u"}}, m.ArchivedCard(corp_name="c", userid="u")),
    (
        "location",
        {"location": {"longitude": 116.5, "latitude": 40, "address": "a", "title": "t", "zoom": 15}},
        m.ArchivedLocation(longitude=116.5, latitude=40.0, address="a", title="t", zoom=15),
    ),
    (
        "emotion",
        {"emotion": {"type": 1, "width": 2, "height": 3, "imagesize": 4, "md5sum": "m", "sdkfileid": "f"}},
        m.ArchivedEmotion(type=1, width=2, height=3, size=4, md5sum="m", sdkfileid="f"),
    ),
    (
        "file",
        {"file": FILE | {"filename": "n", "fileext": "x"}},
        m.ArchivedFile(filename="n", fileext="x", md5sum="m", size=3, sdkfileid="f"),
    ),
    (
        "link",
        {"link": {"title": "t", "description": "d", "link_url": "u", "image_url": "i"}},
        m.ArchivedLink(title="t", description="d", url="u", image_url="i"),
    ),
    (
        "weapp",
        {"weapp": {"title": "t", "description": "d", "username": "u", "displayname": "n"}},
        m.ArchivedMiniProgram(title="t", description="d", username="u", name="n"),
    ),
    (
        "chatrecord",
        {"chatrecord": {"title": "t", "item": [{"type": "ChatRecordText", "content": ITEM, "msgtime": AT_SECONDS}]}},
        m.ArchivedChatRecord(
            title="t", items=(m.ArchivedItem(type="ChatRecordText", content=ITEM, sent_at=moment()),)
        ),
    ),
    ("todo", {"todo": {"title": "t", "content": "c"}}, m.ArchivedTodo(title="t", content="c")),
    (
        "vote",
        {"votetitle": "t", "voteitem": ["a", "b"], "votetype": 101, "voteid": "v"},
        m.ArchivedVote(title="t", choices=("a", "b"), type=101, id="v"),
    ),
    (
        "collect",
        {"collect": {"room_name": "r", "creator": "c", "create_time": "2019-09-10 19:00", "title": "t",
                     "details": [{"id": 1, "ques": "q", "type": "Text"}]}},
        m.ArchivedCollect(room_name="r", creator="c", created_at="2019-09-10 19:00", title="t",
                          details=(m.ArchivedCollectDetail(id="1", question="q", type="Text"),)),
    ),
    (
        "redpacket",
        {"redpacket": {"type": 1, "wish": "w", "totalcnt": 2, "totalamount": 300}},
        m.ArchivedRedPacket(type=1, wish="w", count=2, cents=300),
    ),
    (
        "external_redpacket",
        {"redpacket": {"type": 2, "wish": "w", "totalcnt": 2, "totalamount": 300}},
        m.ArchivedWeChatRedPacket(type=2, wish="w", count=2, cents=300),
    ),
    (
        "meeting",
        {"meeting": {"topic": "t", "starttime": AT_SECONDS, "endtime": AT_SECONDS + 1, "address": "a", "remarks": "r",
                     "meetingtype": 102, "meetingid": 12, "status": 1}},
        m.ArchivedMeeting(topic="t", starts_at=moment(), ends_at=moment(AT_SECONDS + 1), address="a", remarks="r",
                          type=m.ArchivedMeetingType.ANSWER, id="12", status=1),
    ),
    ("docmsg", {"doc": {"title": "t", "link_url": "u", "doc_creator": "c"}},
     m.ArchivedDocument(title="t", url="u", creator="c")),
    ("markdown", {"info": {"content": "# a"}}, m.ArchivedMarkdown(content="# a")),
    ("news", {"info": {"item": [{"title": "t", "description": "d", "url": "u", "picurl": "p"}]}},
     m.ArchivedNews(items=(m.ArchivedNewsItem(title="t", description="d", url="u", picture_url="p"),))),
    (
        "calendar",
        {"calendar": {"title": "t", "creatorname": "c", "attendeename": ["a"], "starttime": AT_SECONDS,
                      "endtime": AT_SECONDS, "place": "p", "remarks": "r"}},
        m.ArchivedCalendar(title="t", creator="c", attendees=("a",), starts_at=moment(), ends_at=moment(), place="p",
                           remarks="r"),
    ),
    ("mixed", {"mixed": {"item": [{"type": "text", "content": ITEM}]}},
     m.ArchivedMixed(items=(m.ArchivedItem(type="text", content=ITEM),))),
    ("sphfeed", {"sphfeed": {"feed_type": 4, "sph_name": "n", "feed_desc": "d"}},
     m.ArchivedChannels(type=4, name="n", description="d")),
    ("voiptext", {"info": {"callduration": 5, "invitetype": 1}}, m.ArchivedCallSummary(seconds=5, invite_type=1)),
    ("qydiskfile", {"info": {"filename": "n"}}, m.ArchivedDriveFile(filename="n")),
    ("voip_doc_share", {"voipid": "v", "voip_doc_share": FILE | {"filename": "n"}},
     m.ArchivedVoipFile(filename="n", md5sum="m", size=3, sdkfileid="f")),
    (
        "meeting_voice_call",
        {"voiceid": "v", "meeting_voice_call": {
            "endtime": AT_SECONDS, "sdkfileid": "f",
            "demofiledata": [{"filename": "n", "demooperator": "u", "starttime": AT_SECONDS, "endtime": AT_SECONDS}],
            "sharescreendata": [{"share": "u", "starttime": AT_SECONDS, "endtime": AT_SECONDS}]}},
        m.ArchivedMeetingCall(
            ended_at=moment(), sdkfileid="f",
            demos=(m.ArchivedDemo(filename="n", operator="u", started_at=moment(), ended_at=moment()),),
            screens=(m.ArchivedSharedScreen(userid="u", started_at=moment(), ended_at=moment()),)),
    ),
]  # fmt: skip


def raw(msgtype: str, body: dict[str, Any]) -> dict[str, Any]:
    """A decrypted message of a kind."""
    return {name: value for name, value in message().items() if name != "text"} | {"msgtype": msgtype} | body


@pytest.mark.parametrize(("msgtype", "body", "wanted"), KINDS, ids=[one[0] for one in KINDS])
def test_every_kind_of_the_manual_is_typed(msgtype: str, body: dict[str, Any], wanted: m.ArchivedContent) -> None:
    """Each kind is a class with its fields, whatever key it hides under; what stands beside is kept."""
    found = read_archived_message(raw(msgtype, body))
    assert found.content == wanted
    assert found.content.extra == {}
    assert (found.sender, found.receivers, found.sent_at) == (CONTACT, (MEMBER,), moment(AT_SECONDS + 1))
    assert found.extra == {name: value for name, value in body.items() if name in {"voipid", "voiceid"}}


def test_a_switch_has_a_form_of_its_own() -> None:
    """`action=switch` knows a user and a time, and no msgtype; what is new about it is kept."""
    found = read_archived_message({"msgid": "s", "action": "switch", "time": AT, "user": MEMBER, "new": 1})
    assert (found.sender, found.sent_at, found.action) == (MEMBER, moment(), m.ArchivedAction.SWITCH)
    assert found.content == m.ArchivedSwitch(extra={"new": 1})


@pytest.mark.parametrize(
    ("msgtype", "body"),
    [("hologram", {"hologram": {"depth": 3}}), ("text", {"text": "not an object"}), ("vote", {"votetype": "many"})],
    ids=["new kind", "new form", "new type"],
)
def test_what_is_not_known_is_kept(msgtype: str, body: dict[str, Any]) -> None:
    """A kind of tomorrow, or a known one of another form, breaks nothing and loses nothing."""
    content = read_archived_message(raw(msgtype, body)).content
    assert isinstance(content, m.UnknownArchivedContent)
    assert content.msgtype == msgtype
    assert json.dumps(next(iter(body.values()))) in json.dumps(content.data)


def test_items_hold_json_in_texts() -> None:
    """Content of an item is JSON inside a text; broken one is empty, and no error."""
    assert m.ArchivedItem(type="text", content=ITEM).text == "里面的字"
    assert m.ArchivedItem(type="image", content='{"sdkfileid": "f"}').data == {"sdkfileid": "f"}
    for broken in ("", "[1]", "{", '{"content": 5}'):
        assert m.ArchivedItem(content=broken).text == ""


def test_words_are_found_wherever_they_stand() -> None:
    """Texts, titles, file names and words inside items are words; a picture has none. No repr shows them."""
    said = {kind: words_of(content) for kind, _, content in KINDS}
    assert said["mixed"] == "里面的字"
    assert said["chatrecord"] == "t\n里面的字"
    assert (said["file"], said["vote"], said["news"], said["image"]) == ("n", "t\na\nb", "t\nd", "")
    assert sum(bool(words) for words in said.values()) == 13
    assert "里面的字" not in repr([content for _, _, content in KINDS])


def test_key_words() -> None:
    """Names of what was hit come back; capitals do not matter; empty words and long names are refused."""
    words = KeyWords({"complaint": ["投诉", "12315"], "rival": ["BrandX"]})
    assert words.hits("我要投诉，打12315") == ("complaint",)
    assert words.hits("brandx 便宜") == ("rival",)
    assert KeyWords().hits("投诉") == ()
    for bad in ({"": ["a"]}, {"n" * 65: ["a"]}, {"a": []}, {"a": [" "]}):
        with pytest.raises(ValidationError, match="keywords"):
            KeyWords(bad)


# Keys


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8], ids=["PKCS#1", "PKCS#8"])
def test_both_forms_of_keys_open_random_keys(form: PrivateFormat) -> None:
    """PKCS#1 and PKCS#8 are read, as text and as bytes; what opens is PKCS#1 v1.5, checked by hand."""
    row = sealed(7, message(7))
    keys = ArchiveKeys({1: private_pem(1, form), 2: private_pem(2, form).encode()})
    opened = keys.open(1, row["encrypt_random_key"])
    assert keys.versions == (1, 2)
    numbers = key(1).private_numbers()
    block = pow(
        int.from_bytes(base64.b64decode(row["encrypt_random_key"]), "big"), numbers.d, numbers.public_numbers.n
    ).to_bytes(256, "big")
    assert block[:2] == b"\0\2"
    assert block[2:].partition(b"\0")[2] == opened


def test_keys_that_are_none_are_refused_and_not_shown() -> None:
    """A public key, a password, a curve or noise: the version is named, and not one byte of the key."""
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    for bad in (public_pem(), "noise", curve, locked):
        with pytest.raises(ConfigurationError, match="archive key 4") as caught:
            ArchiveKeys({4: bad})
        assert "BEGIN" not in str(caught.value)
    assert ArchiveKeys({4: locked}, password="word").versions == (4,)
    assert repr(ArchiveKeys({1: private_pem()})) == "ArchiveKeys(versions=[1])"


@pytest.mark.parametrize(
    ("version", "encrypted", "code"),
    [(9, "AAAA", 10007), (1, "AAAA", 10008), (1, "no base64!", 10008)],
    ids=["no key", "short", "no base64"],
)
def test_random_keys_that_do_not_open(version: int, encrypted: str, code: int) -> None:
    """The error is that of the vendor's library, with its number."""
    with pytest.raises(APIError) as caught:
        ArchiveKeys({1: private_pem()}).open(version, encrypted)
    assert caught.value.errcode == code


# The classic archive


def test_people_are_told_apart_by_their_ids() -> None:
    """Members, people outside and robots; a member may be called wolfgang."""
    rows = [message(1), message(2, **{"from": "wolfgang", "tolist": [OTHER, ROBOT], "roomid": ROOM})]
    source, _ = native({0: chatdata(*(sealed(seq, row) for seq, row in enumerate(rows, 1)))})
    first, second = source.read("", 10).rows
    assert isinstance(first, Utterance)
    assert isinstance(second, Utterance)
    assert (first.sender.kind, first.receivers[0].kind) == (PartyKind.CONTACT, PartyKind.MEMBER)
    kinds = [second.sender.kind, *(one.kind for one in second.receivers)]
    assert kinds == [PartyKind.MEMBER, PartyKind.CONTACT, PartyKind.ROBOT]
    assert "您好" not in repr(first)


def test_agreements_are_read_from_the_archive_itself() -> None:
    """Agree and disagree say who, where and when: of a member in a chat, of the group in a group."""
    yes = raw("agree", {"agree": {"userid": CONTACT, "agree_time": AT}}) | {"msgid": "a"}
    no = raw("disagree", {"disagree": {"userid": OTHER}}) | {"msgid": "b", "from": OTHER, "roomid": ROOM}
    source, _ = native({0: chatdata(sealed(1, yes), sealed(2, no))})
    said = [one.agreement for one in source.read("", 10).rows if isinstance(one, Utterance) and one.agreement]
    assert [(one.place, one.external_userid, one.status) for one in said] == [
        (MEMBER, CONTACT, AgreeStatus.AGREE),
        (ROOM, OTHER, AgreeStatus.DISAGREE),
    ]
    assert [one.at for one in said] == [moment(), moment(AT_SECONDS + 1)]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: sealed(1, message(1), version=2), "10007"),
        (lambda: sealed(1, message(1)) | {"encrypt_random_key": "AAAA"}, "10008"),
        (lambda: sealed(1, message(1)) | {"encrypt_chat_msg": 5}, "is missing"),
        (lambda: sealed(1, message(1)) | {"publickey_ver": None}, "is missing"),
        (lambda: sealed(1, b"\xff\xfe geheim"), "no JSON"),
        (lambda: sealed(1, b'{"geheim"'), "no JSON"),
        (lambda: sealed(1, b'["geheim"]'), "no msgid"),
        (lambda: sealed(1, {"msgid": "m", "msgtime": "geheim"}), "unix milliseconds"),
        (lambda: sealed(1, {"msgid": "m", "msgtime": None}), "when it was sent"),
        (lambda: sealed(1, message(1) | {"tolist": [{"geheim": 1}]}), "a text"),
    ],
    ids=["no key", "bad key", "no message", "no version", "noise", "half", "list", "no time", "null time", "receivers"],
)
def test_a_message_that_cannot_be_read_is_kept_and_passed(make: Callable[[], dict[str, Any]], why: str) -> None:
    """It is kept as it came, says what is wrong without a word of it, and the cursor goes on."""
    row = make()
    source, _ = native({0: chatdata(row, sealed(2, message(2)))})
    page = source.read("", 10)
    bad, good = page.rows
    assert isinstance(bad, Unreadable)
    assert isinstance(good, Utterance)
    assert page.cursor == "2"
    assert why in bad.why
    assert "geheim" not in bad.why + repr(bad)
    assert json.loads(bad.raw) == row
    assert isinstance(source.read_again(bad.raw), Unreadable)
    assert source.messages("", 10)[1] == read_archived_message(message(2))


def test_a_page_that_is_too_large_is_asked_for_by_halves() -> None:
    """301058 halves the page until it fits; the next pages are small, too, and grow again after a while."""

    class Narrow(CannedSdk):
        def get_chat_data(self, seq: int, limit: int, /) -> bytes:
            super().get_chat_data(seq, limit)
            return chatdata(errcode=301058) if limit > 300 else chatdata(sealed(seq + 1, message(seq + 1)))

    sdk = Narrow()
    source = NativeArchive(sdk=sdk, keys=ArchiveKeys({1: private_pem()}), sleep=lambda _seconds: None)
    assert source.read("", 1000).cursor == "1"
    assert [limit for _, limit in sdk.asked] == [1000, 500, 250]
    for seq in range(1, 20):
        source.read(str(seq), 1000)
    assert {limit for _, limit in sdk.asked[3:]} == {250}
    source.read("20", 1000)
    assert [limit for _, limit in sdk.asked[-2:]] == [500, 250]
    whole, sdk = native({0: chatdata(errcode=301058)})
    with pytest.raises(InvalidRequestError, match="301058"):
        whole.read("", 4)
    assert [limit for _, limit in sdk.asked] == [4, 2, 1]


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b'{"errcode": "x"}', b'{"chatdata": 5}', b'{"chatdata": [5]}', b"\xff"],
    ids=["nothing", "html", "list", "text", "number", "numbers", "noise"],
)
def test_an_answer_that_is_none_is_asked_for_again(answer: bytes) -> None:
    """Garbage where the page belongs is 10002 after three tries: nothing is taken for the end."""
    source, sdk = native({0: answer})
    with pytest.raises(ServerBusyError, match="10002"):
        source.read("", 10)
    assert len(sdk.asked) == 3


def test_answers_that_refuse() -> None:
    """An errcode inside the answer is the platform's; one that moves nowhere is no page."""
    source, sdk = native({0: chatdata(errcode=301042), 7: chatdata(sealed(7, message(7)))})
    with pytest.raises(PermissionDeniedError, match="301042"):
        source.read("", 10)
    assert len(sdk.asked) == 1
    with pytest.raises(PagingError, match="after 7"):
        source.read("7", 10)
    with pytest.raises(ValidationError, match="calls_per_minute"):
        native({}, calls_per_minute=0)


def test_pages_keep_to_a_rate() -> None:
    """With two calls a minute the third waits for the first to be a minute old."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    source, _ = native({}, calls_per_minute=2, sleep=sleep, clock=lambda: now[0])
    for _ in range(3):
        source.read("", 10)
    assert now[0] == 1060.0


def test_a_sum_that_does_not_match_at_first_is_fetched_again(tmp_path: Any) -> None:
    """A file that comes wrong once is right the second time; one whose index repeats is refused."""

    class Moody(CannedSdk):
        tries = 0

        def get_media(self, index: str, sdkfileid: str, /) -> tuple[bytes, str, bool]:
            self.tries += 1
            if sdkfileid == "loop":
                return b"x", "1", False
            return (b"bad!" if self.tries == 1 else b"good"), "4", True

    sdk, pauses = Moody(), list[float]()
    source = NativeArchive(sdk=sdk, keys=ArchiveKeys({}), sleep=pauses.append)
    md5 = hashlib.md5(b"good", usedforsecurity=False).hexdigest()
    found = source.save_media("f", str(tmp_path / "f"), md5=md5)
    assert (found.intact, sdk.tries, len(pauses)) == (True, 2, 1)
    with pytest.raises(PagingError, match="index"):
        source.save_media("loop", tmp_path / "loop")
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


# The zone


def zone(answer: Callable[[str, str], str], **more: Any) -> ZoneArchive:
    """The zone with a program of a test."""
    fake = FakeWeCom()
    fake.add_zone_program("p", "a", answer)
    return ZoneArchive(client=fake.client(), program_id="p", ability_id="a", **more)


def zone_row(**more: Any) -> dict[str, Any]:
    """A row of `sync_msg`."""
    sender, receiver = {"type": 2, "id": CONTACT}, {"type": 1, "id": MEMBER}
    head = {"msgid": "z1", "sender": sender, "receiver_list": [receiver], "chatid": "", "send_time": AT_SECONDS}
    return {**head, "msgtype": 1, "service_encrypt_info": {"encrypted_secret_key": "k", "public_key_ver": 1}, **more}


def test_the_zone_tells_that_and_what_kind_and_what_was_hit() -> None:
    """Who, to whom, when, which kind, which rules; never a word. Who is of no known type counts as outside."""
    asked: list[str] = []
    rows = [
        zone_row(),
        zone_row(msgid="z2", msgtype=99, sender={"type": 9, "id": "x"}, receiver_list=[]),
        zone_row(msgid="z3", msgtype=24, chatid=ROOM),
        zone_row(msgid="z4", send_time=0),
        zone_row(msgid="z5", sender=5),
    ]
    hits = [{"msgid": "z1", "hit_rule_list": [{"rule_id": "r1", "has_hit_keyword": True}, {"rule_id": "r9"}]}]

    def answer(request: str, _notice: str) -> str:
        asked.append(request)
        return json.dumps({"msg_list": rows, "hit_list": hits, "next_cursor": "c", "has_more": 1, "text": "secret"})

    source = zone(answer, rules={"r1": "complaint"})
    page = source.read("", 5000)
    assert json.loads(asked[0]) == {"cursor": "", "limit": 1000}
    first, second, third, *rest = page.rows
    assert isinstance(first, Utterance)
    assert isinstance(second, Utterance)
    assert isinstance(third, Utterance)
    assert (first.kind, first.hits, first.text, first.at) == ("text", ("complaint", "r9"), "", moment())
    assert (second.kind, second.sender.kind) == ("zone:99", PartyKind.CONTACT)
    assert third.agreement is not None
    assert (third.agreement.place, third.agreement.external_userid) == (ROOM, CONTACT)
    assert [type(one) for one in rest] == [Unreadable, Unreadable]
    assert (page.cursor, page.more, source.sees) == ("c", True, Sight.FACTS)
    assert isinstance(source.read_again(json.dumps(zone_row())), Utterance)
    with pytest.raises(PagingError, match="program p"):
        source.read("c", 10)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("", DecodeError),
        ("[]", DecodeError),
        ('{"msg_list": 5}', DecodeError),
        ('{"errcode": 790007, "errmsg": "x"}', InvalidRequestError),
        ('{"errcode": "x"}', DecodeError),
    ],
    ids=["nothing", "list", "number", "errcode", "text"],
)
def test_a_program_that_answers_something_else_is_named(answer: str, error: type[Exception]) -> None:
    """What the zone refuses is the platform's error, what is no answer is a decode error; nothing is the end."""
    with pytest.raises(error):
        zone(lambda _request, _notice: answer).read("", 10)


def test_a_zone_without_anything_new_stays_where_it_is() -> None:
    """An answer without a cursor keeps the one that was asked with."""
    page = zone(lambda _request, _notice: "{}").read("here", 10)
    assert (page.rows, page.cursor, page.more) == ((), "here", False)


def test_no_archive_sees_nothing() -> None:
    """It says so, and gives nothing."""
    source = NoArchive()
    assert (source.sees, source.read("x", 10).rows) == (Sight.NOTHING, ())
    assert source.read_again("raw").why == "there is no archive"
