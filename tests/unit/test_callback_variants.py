"""Callback bodies as other projects met, stubbed and sent them: the same event, however it is written.

The bodies were made after variants seen in tests of public SDKs, in our own words; no id belongs to anybody.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from tests.unit.test_callback_events import XML

from wecom_auto.callbacks import (
    EVENT_TYPES,
    AcquisitionPermitChanged,
    Callback,
    CustomerAdded,
    CustomerTransferFailed,
    Event,
    GroupUpdated,
    GroupUpdateDetail,
    JoinedBy,
    KnownEvent,
    UnknownEvent,
    event_xml,
    read_event,
)
from wecom_auto.errors import CallbackError

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
ADDED = CustomerAdded(
    created_at=NOW, to_user="ww1", userid="Li-Si", external_userid="wm1", state="a&b <3", welcome_code="CODE"
)
PLAIN = (
    "<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>1700000000</CreateTime>"
    "<MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>"
    "<UserID>Li-Si</UserID><ExternalUserID>wm1</ExternalUserID><State>a&amp;b &lt;3</State>"
    "<WelcomeCode>CODE</WelcomeCode></xml>"
)
SLICE = [name for name, body in XML.items() if b"[change_external_" in body or b"[customer_acquisition]" in body]


def reversed_fields(body: str) -> str:
    """Return the same body with its fields in the other order."""
    fields = re.findall(r"<(\w+)>([^<]*)</\1>", body.removeprefix("<xml>"))
    return "<xml>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in reversed(fields)) + "</xml>"


SPELLINGS = {
    "without CDATA": PLAIN,
    "CDATA everywhere, numbers too": re.sub(
        r"<(\w+)>([^<]+)</", lambda m: f"<{m[1]}><![CDATA[{m[2]}]]></", PLAIN.replace("a&amp;b &lt;3", "a&b 〈3")
    ).replace("〈", "<"),
    "blanks and line ends of Windows between the fields": PLAIN.replace("><", ">\r\n\t <"),
    "blanks inside the tags": re.sub(r"</(\w+)>", r"</\1 >", PLAIN),
    "blanks around the values": re.sub(r">([^<]+)<", r"> \n\1 <", PLAIN),
    "a byte order mark": f"\ufeff{PLAIN}",
    "a declaration": f'<?xml version="1.0" encoding="UTF-8"?>{PLAIN}',
    "a line before the declaration": f'\n  <?xml version="1.0"?>\n{PLAIN}\n',
    "a mark and a line before the declaration": f'\ufeff\r\n<?xml version="1.0"?>{PLAIN}',
    "a declaration that is wrong": f'<?xml version="1.0" encoding="GBK"?>{PLAIN}',
    "a namespace and attributes": PLAIN.replace("<xml>", '<xml xmlns="urn:x" xmlns:w="urn:y" w:v="1">').replace(
        "<UserID>", '<UserID b="2" a="1">'
    ),
    "comments": PLAIN.replace("<UserID>", "<!-- the member --><UserID>").replace("Li-Si", "Li<!-- - -->-Si"),
    "another root": PLAIN.replace("xml>", "root>"),
    "the fields in another order": reversed_fields(PLAIN),
    "names in another case": PLAIN.replace("UserID>", "UserId>").replace("WelcomeCode>", "welcomecode>"),
    "character references": PLAIN.replace("Li-Si", "&#76;i&#x2D;Si"),
}


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_one_event_has_many_spellings(body: str) -> None:
    """What XML calls the same is the same event, and what stands around the document does not matter."""
    event = read_event(body.encode())
    assert event == ADDED
    assert (event.extra, event_xml(event)) == ({}, event_xml(ADDED))


def test_an_encrypted_envelope_has_them_too() -> None:
    """The envelope that a proxy wrote anew, with a mark and a declaration in front, is opened."""
    callback = Callback("Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww1")
    envelope = callback.crypto.encrypt(PLAIN.encode(), nonce="n", timestamp=1_700_000_009)
    for posted in (
        f"<xml><Encrypt>{envelope.encrypt}</Encrypt></xml>",
        f'\ufeff\n<?xml version="1.0"?>\n<xml>\n  <AgentID/>\n  <Encrypt>\n{envelope.encrypt}\n</Encrypt>\n</xml>\n',
        f'\ufeff{{"encrypt": "{envelope.encrypt}"}}',
    ):
        assert callback.open(envelope.query(), posted.encode()) == ADDED


def test_the_slice_is_there() -> None:
    """Each class of the slice has a sample, those of providers' stock of uses aside."""
    slice_of = {cls for cls in EVENT_TYPES if cls.FAMILY.startswith(("change_external_", "customer_acquisition"))}
    without = {cls for cls in slice_of if cls.__name__.startswith("Service")} | {AcquisitionPermitChanged}
    assert {type(read_event(XML[name])) for name in SLICE} == slice_of - without


@pytest.mark.parametrize("name", SLICE)
def test_every_sample_is_typed_whole(name: str) -> None:
    """Every official and transcribed sample of the families is of its class, with nothing left over."""
    event = read_event(XML[name])
    assert isinstance(event, KnownEvent)
    assert event.extra == {}


HEADS = "ToUserName|FromUserName|MsgType|CreateTime|Event|SuiteId|AuthCorpId|TimeStamp|InfoType"


@pytest.mark.parametrize("name", SLICE)
def test_both_envelopes_say_the_same(name: str) -> None:
    """The same event in the envelope of a provider's suite differs in whose it is, and in nothing else."""
    event = read_event(XML[name])
    assert isinstance(event, KnownEvent)
    inner = re.sub(rf"<({HEADS})>.*?</\1>|</?xml *>", "", XML[name].decode())
    app = "<ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><MsgType>event</MsgType>"
    app = f"{app}<CreateTime>1700000000</CreateTime><Event>{event.FAMILY}</Event>"
    suite = f"<SuiteId>ww4s</SuiteId><AuthCorpId>ww1</AuthCorpId><InfoType>{event.FAMILY}</InfoType>"
    own = read_event(f"<xml>{app}{inner}</xml>".encode())
    told = read_event(f"<xml>{suite}<TimeStamp>1700000000</TimeStamp>{inner}</xml>".encode())
    assert own == attrs.evolve(event, created_at=NOW, to_user="ww1", from_user="sys", suite_id="", auth_corp_id="")
    assert told == attrs.evolve(own, suite_id="ww4s", auth_corp_id="ww1", to_user="")
    assert (own.corp_id, told.corp_id, type(told)) == ("ww1", "ww1", type(event))


NO_TIME = PLAIN.replace("<CreateTime>1700000000</CreateTime>", "")


@pytest.mark.parametrize("body", [NO_TIME, PLAIN.replace("1700000000", "")])
def test_an_event_without_a_time_happened_when_it_was_signed(body: str) -> None:
    """A welcome code is worth more than the time next to it: the event is typed, with the request's time."""
    event = read_event(body.encode(), timestamp="1700000000")
    assert event == ADDED
    assert isinstance(read_event(body.encode(), timestamp="soon"), UnknownEvent)


def test_without_a_time_of_its_own_a_body_tells_no_second_event_apart() -> None:
    """A customer who is added twice has the same body twice if it names no time: the request tells them apart."""
    first, again = (read_event(NO_TIME.encode(), timestamp=f"170000000{second}") for second in (0, 9))
    assert (first.tells_itself_apart, read_event(PLAIN.encode()).tells_itself_apart) == (False, True)
    assert first.dedupe_key != again.dedupe_key


def changed(fields: str) -> GroupUpdated:
    """Return what a change of a group with these fields is read as."""
    head = "<CreateTime>1700642907</CreateTime><Event>change_external_chat</Event><ChatId>wr1</ChatId>"
    event = read_event(f"<xml>{head}<ChangeType>update</ChangeType>{fields}</xml>".encode())
    assert isinstance(event, GroupUpdated)
    assert event.extra == {}
    return event


@pytest.mark.parametrize(
    "people",
    [
        "<MemChangeList><Item>wm1</Item><Item><![CDATA[wm2]]></Item></MemChangeList>",
        "<MemChangeList><![CDATA[wm1,wm2]]></MemChangeList>",
        "<MemChangeList>wm1</MemChangeList><MemChangeList>wm2</MemChangeList>",
        "<MemChangeList>\n<item>wm1</item>\n<item>wm2</item>\n</MemChangeList>",
    ],
)
def test_people_are_listed_in_several_ways(people: str) -> None:
    """Wrapped, comma-separated or repeated: the same people."""
    event = changed(f"<UpdateDetail>add_member</UpdateDetail><MemChangeCnt>2</MemChangeCnt>{people}")
    assert (event.mem_change_list, event.mem_change_cnt) == (("wm1", "wm2"), 2)


def test_a_change_of_the_name_may_count_people() -> None:
    """A real change of a name carries a scene and a count that mean nothing there; they are kept."""
    event = changed("<UpdateDetail>change_name</UpdateDetail><JoinScene>0</JoinScene><MemChangeCnt>2</MemChangeCnt>")
    assert (event.update_detail, event.join_scene, event.mem_change_cnt, event.mem_change_list) == (
        GroupUpdateDetail.CHANGE_NAME,
        JoinedBy.INVITATION,
        2,
        (),
    )


def test_the_older_form_of_a_change_says_nothing_else() -> None:
    """Before there were details an update named the group only: it still asks to read the group again."""
    event = changed("")
    assert (event.chat_id, event.update_detail, event.tells_itself_apart) == ("wr1", None, False)


@pytest.mark.parametrize("detail", ["change_avatar", "转让"])
def test_a_future_detail_is_a_member(detail: str) -> None:
    """A detail that the manual does not list is kept as a member of the enumeration."""
    event = changed(f"<UpdateDetail>{detail}</UpdateDetail><JoinScene>9</JoinScene>")
    assert (event.update_detail, event.join_scene) == (detail, 9)
    assert isinstance(event.update_detail, GroupUpdateDetail)
    assert isinstance(event.join_scene, JoinedBy)


def test_a_failed_transfer_may_not_say_why() -> None:
    """The customer who did not go is named; the reason is not worth losing that."""
    body = PLAIN.replace("add_external_contact", "transfer_fail")
    event = read_event(re.sub("<(State|WelcomeCode)>.*?</\\1>", "", body).encode())
    assert isinstance(event, CustomerTransferFailed)
    assert (event.external_userid, event.fail_reason) == ("wm1", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("change_external_contact", "change_external_chat"),
        ("add_external_contact", "add_external_friend"),
        ("<UserID>Li-Si</UserID>", ""),
        ("<UserID>Li-Si</UserID>", "<UserID><Name>Li-Si</Name></UserID>"),
    ],
)
def test_what_is_no_event_of_ours_is_kept_whole(old: str, new: str) -> None:
    """A kind that belongs elsewhere, or an event without an id, is an `UnknownEvent` with everything in it."""
    event: Event = read_event(PLAIN.replace(old, new).encode())
    assert isinstance(event, UnknownEvent)
    assert event.raw is not None
    assert (event.created_at, event.raw.value("WelcomeCode")) == (NOW, "CODE")


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b"  ", b"success", b"<xml>"])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    """A body that is neither XML in UTF-8 nor a JSON object has one error, whatever is wrong with it."""
    with pytest.raises(CallbackError):
        read_event(body)


def test_a_field_that_comes_twice_keeps_both() -> None:
    """The first value counts and the second is not lost."""
    event: Any = read_event(PLAIN.replace("</xml>", "<State>two</State></xml>").encode())
    assert (event.state, event.extra) == ("a&b <3", {"State": "two"})
