"""Any event survives the journey through XML, and no damage to a body or a request brings a surprise."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit._events import fields_of, some, texts, times

from wecom_auto.callbacks import EVENT_TYPES, Callback, Event, KnownEvent, event_xml, read_event
from wecom_auto.callbacks._suites import SuiteEvent
from wecom_auto.errors import CallbackError

BODIES: list[dict[str, str]] = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "callbacks" / "bodies.json").read_text("utf-8")
)
XML = {body["name"]: body["xml"].encode() for body in BODIES}
OFFICIAL_TIME = datetime(2014, 6, 24, 11, 48, 33, tzinfo=UTC)
CORP = "ww1234567890abcdef"
TYPED = [body for body in XML.values() if isinstance(read_event(body), KnownEvent)]

names = st.from_regex(r"X[A-Za-z0-9_]{0,8}", fullmatch=True)
values = texts | st.dictionaries(names, texts, min_size=1, max_size=3) | st.lists(texts, min_size=2, max_size=3)
envelopes = st.one_of(
    st.fixed_dictionaries({"to_user": texts, "from_user": some, "agent_id": texts, "auth_corp_id": texts}),
    st.fixed_dictionaries({"suite_id": some, "auth_corp_id": texts, "agent_id": texts}),
).flatmap(
    lambda head: st.fixed_dictionaries({"created_at": times, "extra": st.dictionaries(names, values, max_size=3)}).map(
        lambda more: {**head, **more}
    )
)


@st.composite
def events(draw: st.DrawFn) -> KnownEvent:
    """Make any known event in any envelope."""
    cls = draw(st.sampled_from(EVENT_TYPES))
    head = draw(envelopes)
    if issubclass(cls, SuiteEvent):
        head.pop("from_user", None)  # The envelope of providers has no place for it.
    return cls(**head, **draw(st.fixed_dictionaries(fields_of(cls))))


@settings(max_examples=500)
@given(event=events())
def test_what_is_written_is_read(event: KnownEvent) -> None:
    """Any event in either envelope is the same after a journey through XML."""
    assert read_event(event_xml(event)) == event


def mutated(body: bytes, seed: int) -> bytes:
    """Damage a body in one to six places: cut, repeat, swap, overwrite, insert markup."""
    chance = random.Random(seed)
    data = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.randint(0, 40))
        piece = chance.choice(
            [
                b"",
                bytes(data[start:end]) * 2,
                bytes(chance.randrange(256) for _ in range(4)),
                b"<a>",
                b"</xml>",
                b"]]>",
                b"<![CDATA[",
                b"&x;",
                b"<!DOCTYPE x>",
                b"\xef\xbb\xbf",
                b"\x00",
                b"{",
                b"99999999999999999999",
            ]
        )
        data[start:end] = piece
    return bytes(data)


LEAF = re.compile(rb"<(\w+)>(?:<!\[CDATA\[)?([^<>\]]*)(?:\]\]>)?</\1>")
ODD = [
    b"",
    b" ",
    b"-1",
    b"9" * 30,
    b"1e9",
    "１２".encode(),
    b"a,b,,",
    b"<a>1</a>",
    b"<a/><a>2</a>",
    b"&#65;",
    b"\xff",
    b"]]",
]


def as_it_is(body: bytes, _seed: int) -> bytes:
    """Leave a body that is bad enough."""
    return body


def garbled(body: bytes, seed: int) -> bytes:
    """Change the fields of a body and leave its form: other texts, other names, repeated, dropped, swapped."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        leaves = list(LEAF.finditer(body))
        if not leaves:
            return body
        leaf, other = chance.choice(leaves), chance.choice(leaves)
        tag, text = leaf[1], leaf[2]
        replacement = chance.choice(
            [
                b"",
                leaf[0] * 2,
                b"<%b>%b</%b>" % (tag, chance.choice(ODD), tag),
                b"<%b>%b</%b>" % (tag.swapcase(), text, tag.swapcase()),
                b"<%b>%b</%b>" % (other[1], text, other[1]),
                b"<%b>%b</%b>" % (tag, other[2], tag),
                b"<%b>%b</%b>" % (tag, leaf[0], tag),
            ]
        )
        body = body[: leaf.start()] + replacement + body[leaf.end() :]
    return body


@settings(max_examples=2_000)
@given(
    body=st.sampled_from(TYPED) | st.sampled_from(sorted(XML.values())),
    seed=st.integers(0, 2**32),
    damage=st.sampled_from([mutated, garbled]),
)
@example(body=b"<xml>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</xml>", seed=0, damage=as_it_is)
@example(body=b"<xml>" + b"<a/>" * 60_000 + b"</xml>", seed=0, damage=as_it_is)
@example(body=b'{"a":' * 3_000, seed=0, damage=as_it_is)
@example(body=b"<xml>" + b"<a>" * 10 + b"</a>" * 10 + b"</xml>", seed=0, damage=as_it_is)
def test_damaged_bodies_never_surprise(body: bytes, seed: int, damage: Callable[[bytes, int], bytes]) -> None:
    """2,000 damaged bodies are events or callback errors, and can be shown, hashed and written down."""
    try:
        event = read_event(damage(body, seed), receive_id=CORP, timestamp="1700000000", nonce="n")
    except CallbackError:
        return
    assert isinstance(event, Event)
    assert repr(event)
    assert event.dedupe_key
    assert isinstance(hash(event), int)
    assert event.raw is None or event.raw.tag


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32), where=st.sampled_from(["body", "encrypt", "query"]))
def test_damaged_requests_never_surprise(seed: int, where: str) -> None:
    """A request that is damaged in its body, its ciphertext or its query opens or is a callback error."""
    callback = Callback("Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", CORP)
    sent = callback.crypto.encrypt(XML["change_external_chat.update"], nonce="n", timestamp=1_700_000_000)
    query = "&".join(f"{name}={value}" for name, value in sent.query().items()).encode()
    body = sent.post_xml(CORP)
    if where == "encrypt":
        encrypt = mutated(sent.encrypt.encode(), seed).decode("utf-8", "replace")
        query = f"msg_signature={callback.crypto.sign('1', 'n', encrypt)}&timestamp=1&nonce=n".encode()
        body = json.dumps({"encrypt": encrypt}).encode()
    try:
        event = callback.open(
            mutated(query, seed) if where == "query" else query, mutated(body, seed) if where == "body" else body
        )
    except CallbackError:
        return
    assert isinstance(event, Event)
