"""JSON callbacks: smart robots and the data zone, typed and written, and never an error for what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.callbacks import (
    JSON_EVENT_TYPES,
    Callback,
    CallbackCrypto,
    Event,
    RobotCardClicked,
    RobotChatEntered,
    RobotChatType,
    RobotFeedback,
    RobotFeedbackKind,
    RobotFeedbackReason,
    RobotFile,
    RobotImage,
    RobotMessage,
    RobotMixed,
    RobotSelection,
    RobotSelectionOptions,
    RobotStreamPolled,
    RobotText,
    RobotVideo,
    RobotVoice,
    UnknownEvent,
    UnknownRobotContent,
    ZoneConversationUpdated,
    event_body,
    read_event,
)
from wecom_auto.errors import DecryptionError
from wecom_auto.models import CardType
from wecom_auto.testing import FakeWeCom

FIXTURES = Path(__file__).parent.parent / "fixtures" / "callbacks"
# All constructed from the manual's lists of fields.
BODIES: dict[str, dict[str, Any]] = {
    entry["name"]: entry["body"] for entry in json.loads((FIXTURES / "robots.json").read_text("utf-8"))
}
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
HEAD = {"created_at": NOW, "from_user": "zhangsan", "robot_id": "AIBOT1"}
IN_GROUP = {**HEAD, "chat_id": "CHAT1", "chat_type": RobotChatType.GROUP}
MESSAGE = {**IN_GROUP, "msg_id": "CAIQ16HMjQYY", "response_url": "https://qyapi.example.com/r?code=R"}
EVENT = {"msg_id": "CAIQ16HMjQYZ"}
TYPED: dict[str, Event] = {
    "message.text": RobotMessage(
        **MESSAGE, content=RobotText(content="@RobotA 你好"), quote=RobotText(content="早上的话")
    ),
    "message.image": RobotMessage(
        **{**MESSAGE, "chat_id": "", "chat_type": RobotChatType.SINGLE},
        content=RobotImage(url="https://file.example.com/1"),
    ),
    "message.mixed": RobotMessage(
        **MESSAGE,
        content=RobotMixed(parts=(RobotText(content="看图"), RobotImage(url="https://file.example.com/2"))),
    ),
    "message.voice": RobotMessage(**MESSAGE, content=RobotVoice(content="帮我查一下")),
    "message.file": RobotMessage(**MESSAGE, content=RobotFile(url="https://file.example.com/3")),
    "message.video": RobotMessage(**MESSAGE, content=RobotVideo(url="https://file.example.com/4")),
    "message.foreign": RobotMessage(
        **{**MESSAGE, "from_user": "woAAA", "from_corp_id": "wpAAA"}, content=RobotText(content="hi")
    ),
    "stream": RobotStreamPolled(**MESSAGE, stream_id="STREAM1"),
    "enter_chat": RobotChatEntered(**HEAD, **EVENT),
    "template_card_event": RobotCardClicked(
        **IN_GROUP,
        **EVENT,
        response_url="https://qyapi.example.com/r?code=R",
        card_type=CardType.VOTE_INTERACTION,
        event_key="submit",
        task_id="T1",
        selected=(RobotSelection(question_key="q1", option_ids=RobotSelectionOptions(option_id=("a", "b"))),),
    ),
    "feedback_event": RobotFeedback(
        **IN_GROUP,
        **EVENT,
        feedback_id="F1",
        kind=RobotFeedbackKind.BAD,
        content="不对",
        reasons=(RobotFeedbackReason.INCOMPLETE, RobotFeedbackReason.WRONG_ANALYSIS),
    ),
    "conversation_new_message": ZoneConversationUpdated(
        created_at=datetime(2014, 8, 15, 8, 26, 29, tzinfo=UTC), token="ZONETOKEN"
    ),
}


def read(body: object, **request: str) -> Event:
    """Read a JSON body of a request that was signed at `NOW`."""
    return read_event(json.dumps(body).encode(), **{"timestamp": "1700000000", **request})


@pytest.mark.parametrize("name", BODIES)
def test_every_field_is_typed(name: str) -> None:
    """Each body is its class, field by field and nothing left over, and says the same after being written."""
    event = read(BODIES[name])
    assert (event, type(event), dict(event.extra), event.raw) == (TYPED[name], type(TYPED[name]), {}, None)
    assert read_event(event_body(event)) == event


def test_every_class_has_an_example() -> None:
    """No class goes untested, and each has a name of its own."""
    assert {type(event) for event in TYPED.values()} == set(JSON_EVENT_TYPES)
    assert sorted({event.name for event in TYPED.values()}) == [
        "aibot.enter_chat",
        "aibot.feedback_event",
        "aibot.message",
        "aibot.stream",
        "aibot.template_card_event",
        "zone.conversation_new_message",
    ]


def test_chosen_options_are_bare() -> None:
    """The wrapper around chosen options is there as it came, and its content without it; a missing one is empty."""
    event = TYPED["template_card_event"]
    assert isinstance(event, RobotCardClicked)
    assert event.selected[0].options == ("a", "b")
    assert RobotSelection(question_key="q").options == ()


@pytest.mark.parametrize(
    "change",
    [
        {"msgid": 7},
        {"msgid": ""},
        {"aibotid": None},
        {"chattype": []},
        {"from": {"userid": "u", "corpid": 5}},
        {"response_url": {"a": 1}},
        {"quote": "words"},
    ],
    ids=str,
)
def test_a_body_that_is_no_message_is_not_lost(change: dict[str, object]) -> None:
    """A field of another type, or an id that is missing, makes an unknown event that says which and has all."""
    body = {**BODIES["message.text"], **change}
    event = read(body)
    assert isinstance(event, UnknownEvent)
    assert (event.name, event.problem != "", event.extra) == ("aibot.message", True, body)
    assert read_event(event_body(event), timestamp="1700000000") == event


def test_kinds_of_tomorrow_are_kept() -> None:
    """A content, a part, an event and a zone event without a class keep all they said."""
    odd = read({**BODIES["message.text"], "msgtype": "sticker", "sticker": {"id": 1}})
    assert isinstance(odd, RobotMessage)
    assert isinstance(odd.content, UnknownRobotContent)
    assert (odd.content.msgtype, odd.content.data) == ("sticker", {"sticker": {"id": 1}})
    mixed = read({**BODIES["message.mixed"], "mixed": {"msg_item": [{"msgtype": "sticker", "sticker": {}}]}})
    assert isinstance(mixed, RobotMessage)
    assert isinstance(mixed.content, RobotMixed)
    assert isinstance(mixed.content.parts[0], UnknownRobotContent)
    later = read({**BODIES["enter_chat"], "event": {"eventtype": "leave_chat", "leave_chat": {"a": 1}}})
    assert isinstance(later, UnknownEvent)
    assert (later.name, later.problem, later.from_user) == ("aibot.leave_chat", "", "zhangsan")
    assert read({"event_type": "hit_keyword", "timestamp": 1}).name == "zone.hit_keyword"
    for event in (odd, mixed, later):
        assert read_event(event_body(event), timestamp="1700000000") == event


def test_unknown_fields_are_kept_where_they_were() -> None:
    """A field of tomorrow, at the top or deep inside, is in ``extra``, and is written back in its place."""
    body = json.loads(json.dumps(BODIES["template_card_event"]))
    body["scene"] = 3
    body["from"]["alias"] = "x"
    body["event"]["template_card_event"]["new"] = {"a": [1]}
    event = read(body)
    assert isinstance(event, RobotCardClicked)
    assert event.extra == {"scene": 3, "from": {"alias": "x"}, "event": {"template_card_event": {"new": {"a": [1]}}}}
    assert json.loads(event_body(event)) == body


def test_a_redelivery_is_known_by_its_id() -> None:
    """The id decides: an address that changed does not make two events; polls and pulls are never swallowed."""
    body = BODIES["message.text"]
    keys = {
        read({**body, "response_url": url}, nonce=nonce).dedupe_key for url, nonce in (("https://a", "1"), ("", "2"))
    }
    assert len(keys) == 1
    others = {**body, "msgid": "other"}, {**body, "aibotid": "other"}
    assert len(keys | {read(other).dedupe_key for other in others}) == 3
    for name in ("stream", "conversation_new_message"):
        assert len({read(BODIES[name], nonce=nonce).dedupe_key for nonce in "ab"}) == 2
    assert TYPED["message.text"].dedupe_key == ""


def test_nothing_personal_is_shown() -> None:
    """What people wrote, addresses that answer for a robot, and tokens are in no repr."""
    secrets = ("你好", "早上的话", "看图", "帮我查一下", "不对", "file.example.com", "code=R", "ZONETOKEN")
    for event in TYPED.values():
        shown = repr(event) + repr(list(event.__rich_repr__())) + repr(getattr(event, "content", ""))
        assert not [secret for secret in secrets if secret in shown and event.name != "aibot.feedback_event"], shown
        assert not [secret for secret in secrets if secret in repr(event)], shown


def test_files_of_a_robot_open() -> None:
    """A file behind an address is decrypted with the callback's key; damage and another key are refused."""
    vectors = json.loads((FIXTURES / "crypto-vectors.json").read_text("utf-8"))["robot_media"]
    for vector in vectors:
        lock = CallbackCrypto("t", vector["encoding_aes_key"], "")
        encrypted = bytes.fromhex(vector["cipher_hex"])
        assert lock.decrypt_media(encrypted) == bytes.fromhex(vector["plain_hex"])
        for damaged in (encrypted[:-1], encrypted[:-16], b"", encrypted[:-1] + bytes([encrypted[-1] ^ 1])):
            with pytest.raises(DecryptionError):
                lock.decrypt_media(damaged)
    assert vectors


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data(), name=st.sampled_from(sorted(BODIES)))
def test_whatever_a_field_holds_it_is_an_event(data: st.DataObject, name: str) -> None:
    """Any value in any place makes an event, typed or unknown, that can be shown, keyed and written; never an error."""
    body = json.loads(json.dumps(BODIES[name]))
    place = body
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not (isinstance(place[key], dict) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    event = read(body)
    assert repr(event)
    assert event.dedupe_key
    assert read_event(event_body(event), timestamp="1700000000") == event


@pytest.mark.parametrize("name", BODIES)
def test_the_fake_delivers_them_as_json(name: str) -> None:
    """A robot's event emitted by the fake arrives over the door of a robot, equal to what was emitted."""
    secrets = ("RobotToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
    robot = Callback(*secrets, "")
    arrived: list[Event] = []

    def take(query: Mapping[str, str], body: bytes) -> int:
        assert body.startswith(b"{")
        arrived.append(robot.open(query, body))
        return 200

    with FakeWeCom() as fake:
        fake.deliver_to(take, *secrets, receive_id="")
        fake.emit(TYPED[name])
        fake.deliver()
    assert arrived == [TYPED[name]]
