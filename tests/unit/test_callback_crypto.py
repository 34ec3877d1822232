"""The cryptography of callbacks against every vector of the reference, and what must not leak from it."""

from __future__ import annotations

import base64
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.callbacks import Callback, CallbackCrypto
from wecom_auto.errors import CallbackError, ConfigurationError, DecryptionError, SignatureError, WeComError

FIXTURES = Path(__file__).parent.parent / "fixtures" / "callbacks"
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((FIXTURES / "crypto-vectors.json").read_text("utf-8"))

TOKEN = "Tk0enForTests"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "ww1234567890abcdef"

# The first word of our message, by the reference's name of the fault.
REASONS = {
    "signature": (SignatureError, "msg_signature"),
    "receiveid": (DecryptionError, "receiveid"),
    "ciphertext-length": (DecryptionError, "ciphertext-length"),
    "padding": (DecryptionError, "padding"),
    "padding-or-content": (DecryptionError, "padding|content"),
    "content-length": (DecryptionError, "content-length"),
    "content": (DecryptionError, "content: "),
    "base64": (DecryptionError, "base64"),
    "key": (ConfigurationError, "aes_key"),
}


def ids(vector: dict[str, Any]) -> str:
    """Name a case after its vector."""
    return str(vector["id"])


def crypto_of(vector: dict[str, Any]) -> CallbackCrypto:
    """Return the lock of a vector."""
    return CallbackCrypto(vector["token"], vector["encoding_aes_key"], vector["receiveid"])


def query_of(vector: dict[str, Any]) -> dict[str, str]:
    """Return the query of a vector."""
    return {name: vector[name] for name in ("msg_signature", "timestamp", "nonce")}


def post_of(encrypt: str) -> bytes:
    """Return a body around a ciphertext."""
    return f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>".encode()


@pytest.mark.parametrize("vector", VECTORS["positive"], ids=ids)
def test_a_real_message_opens(vector: dict[str, Any]) -> None:
    """Every message of the reference is verified and decrypted to the byte, by its id of receiver."""
    delivery = crypto_of(vector).open(query_of(vector), post_of(vector["encrypt"]))
    assert delivery.body == vector["msg"].encode()
    assert delivery.receive_id == vector["receiveid"]


@pytest.mark.parametrize("vector", VECTORS["positive"], ids=ids)
def test_encryption_gives_the_platforms_bytes(vector: dict[str, Any]) -> None:
    """With the same random bytes, our ciphertext and signature are the platform's."""
    envelope = crypto_of(vector).encrypt(
        vector["msg"].encode(),
        nonce=vector["nonce"],
        timestamp=int(vector["timestamp"]),
        random16=vector["random16"].encode(),
    )
    assert (envelope.encrypt, envelope.signature) == (vector["encrypt"], vector["msg_signature"])
    assert envelope.query() == query_of(vector)


@pytest.mark.parametrize("vector", [v for v in VECTORS["positive"] if "post_body" in v], ids=ids)
def test_posted_bodies_are_read_and_written(vector: dict[str, Any]) -> None:
    """XML and JSON bodies open as they stand in the reference, and ours are the same to the byte."""
    crypto = crypto_of(vector)
    body = vector["post_body"].encode()
    envelope = crypto.encrypt(
        vector["msg"].encode(),
        nonce=vector["nonce"],
        timestamp=int(vector["timestamp"]),
        random16=vector["random16"].encode(),
    )
    assert crypto.open(query_of(vector), body).body == vector["msg"].encode()
    if vector["kind"] == "json":
        assert json.loads(envelope.post_json()) == json.loads(body)
    else:
        # The reference writes the agent in CDATA; a number in it needs none.
        written = envelope.post_xml(vector["receiveid"], agent_id="1000002")
        assert written.replace(b"1000002", b"<![CDATA[1000002]]>") == body


@pytest.mark.parametrize("vector", [v for v in VECTORS["positive"] if v["kind"].startswith("reply")], ids=ids)
def test_passive_replies_are_the_references(vector: dict[str, Any]) -> None:
    """Passive replies, XML and JSON, are those of the reference; the robot's carries the request's nonce."""
    envelope = crypto_of(vector).encrypt(
        vector["msg"].encode(),
        nonce=vector["nonce"],
        timestamp=int(vector["timestamp"]),
        random16=vector["random16"].encode(),
    )
    if vector["kind"] == "reply":
        assert envelope.reply_xml().decode() == vector["reply_xml"]
    else:
        assert json.loads(envelope.reply_json()) == vector["reply_json"]


def test_the_url_check_is_answered_from_the_raw_query() -> None:
    """The query string is decoded once, so that a plus sign in echostr survives."""
    vector = next(v for v in VECTORS["positive"] if "raw_query" in v)
    assert crypto_of(vector).echo(vector["raw_query"]) == vector["msg"]
    assert Callback(TOKEN, KEY, CORP).echo(vector["raw_query"].encode()) == vector["msg"]


@pytest.mark.parametrize("vector", VECTORS["negative"], ids=ids)
def test_a_forged_message_is_refused(vector: dict[str, Any]) -> None:
    """Every bad message of the reference is refused for its own reason."""
    kind, reason = REASONS[vector["error"]]
    with pytest.raises(kind, match=reason):
        crypto_of(vector).open(query_of(vector), post_of(vector["encrypt"]))


@pytest.mark.parametrize("vector", VECTORS["envelope_negative"], ids=ids)
def test_a_bad_envelope_is_refused(vector: dict[str, Any]) -> None:
    """What is no envelope is refused before anything is decrypted."""
    with pytest.raises(CallbackError) as caught:
        CallbackCrypto(TOKEN, KEY, CORP).open(
            {"msg_signature": "", "timestamp": "", "nonce": ""}, vector["body"].encode()
        )
    assert type(caught.value) is CallbackError


def test_an_entity_bomb_costs_nothing() -> None:
    """A document that would unfold to gigabytes is refused at its DTD."""
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><xml><Encrypt>&e12;</Encrypt></xml>'.encode()
    started = time.process_time()
    with pytest.raises(CallbackError):
        CallbackCrypto(TOKEN, KEY, CORP).open({}, bomb)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><Encrypt>a</Encrypt></xml>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x><xml><Encrypt>a</Encrypt></xml>'.encode("utf-16"),
        b"<xml><Encrypt>&undefined;</Encrypt></xml>",
        b"<xml><Encrypt>\xff\xfe</Encrypt></xml>",
        b"<a>" * 40,
        b"\x00",
        b"{" * 100_000,
        b'{"encrypt": 7}',
        b'{"encrypt": "\\ud800"}',
        b"[" * 100_000,
        b'{"n": ' + b"9" * 10_000 + b"}",
    ],
    ids=range(12),
)
def test_hostile_documents_are_callback_errors(document: bytes) -> None:
    """DTDs, external entities, other encodings, depth and nonsense are all the same kind of error."""
    query = {"msg_signature": "a", "timestamp": "1", "nonce": "n"}
    with pytest.raises(CallbackError):
        CallbackCrypto(TOKEN, KEY, CORP).open(query, document)


def test_an_oversized_body_is_refused_unread() -> None:
    """One byte over the limit is refused, and the message says how to raise it."""
    crypto = CallbackCrypto(TOKEN, KEY, CORP, max_bytes=100)
    with pytest.raises(CallbackError, match="101 bytes, the limit is 100"):
        crypto.open({}, b"x" * 101)


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce", "echostr"])
def test_a_missing_parameter_is_named(missing: str) -> None:
    """A request without one of the parameters is refused by its name."""
    vector = next(v for v in VECTORS["positive"] if v["id"] == "echostr")
    query = {**query_of(vector), "echostr": vector["encrypt"]}
    del query[missing]
    with pytest.raises(CallbackError, match=missing):
        crypto_of(vector).echo(query)


def test_a_query_of_many_parameters_is_refused() -> None:
    """The platform sends four parameters; thousands are an attack on the parser."""
    with pytest.raises(CallbackError, match="64 parameters"):
        CallbackCrypto(TOKEN, KEY, CORP).echo("a=1&" * 1_000)


@pytest.mark.parametrize("text", ["é", "\ud800", "ſ" * 40, "0" * 40])
def test_an_odd_signature_is_only_wrong(text: str) -> None:
    """A signature of other than ASCII, or with half a surrogate, is wrong and breaks nothing."""
    with pytest.raises(SignatureError):
        CallbackCrypto(TOKEN, KEY, CORP).verify(text, timestamp=text, nonce=text, encrypt=text)


def test_several_receivers_share_a_url() -> None:
    """A provider's data URL accepts each of its tenants, and nobody else; a reply has to say for whom it is."""
    shared = CallbackCrypto(TOKEN, KEY, {"wwa", "wwb"})
    for corp in ("wwa", "wwb"):
        sent = CallbackCrypto(TOKEN, KEY, corp).encrypt(b"<xml/>", nonce="n", timestamp=1)
        assert shared.open(sent.query(), sent.post_xml(corp)).receive_id == corp
    stranger = CallbackCrypto(TOKEN, KEY, "wwc").encrypt(b"<xml/>", nonce="n", timestamp=1)
    with pytest.raises(DecryptionError):
        shared.open(stranger.query(), stranger.post_xml("wwc"))
    with pytest.raises(ConfigurationError, match="receive_id"):
        shared.encrypt(b"", nonce="n", timestamp=1)
    assert shared.encrypt(b"", nonce="n", timestamp=1, receive_id="wwb").signature


def test_nobody_to_receive_is_a_mistake() -> None:
    """An empty set of receivers would refuse everything, so it is refused itself."""
    with pytest.raises(ConfigurationError, match="receive_id"):
        CallbackCrypto(TOKEN, KEY, [])


def test_random_bytes_have_a_length() -> None:
    """Another number of random bytes would shift everything after them."""
    with pytest.raises(ValueError, match="16 bytes expected, got 3"):
        CallbackCrypto(TOKEN, KEY, CORP).encrypt(b"", nonce="n", timestamp=1, random16=b"abc")


def test_two_encryptions_differ() -> None:
    """The random bytes are random unless they are given."""
    crypto = CallbackCrypto(TOKEN, KEY, CORP)
    first, second = (crypto.encrypt(b"<xml/>", nonce="n", timestamp=1).encrypt for _ in range(2))
    assert first != second


@given(body=st.text(), nonce=st.text(), timestamp=st.integers(0, 2**40), corp=st.text())
def test_what_is_encrypted_opens(body: str, nonce: str, timestamp: int, corp: str) -> None:
    """Any text for any receiver comes back as it was."""
    crypto = CallbackCrypto(TOKEN, KEY, corp)
    envelope = crypto.encrypt(body.encode(), nonce=nonce, timestamp=timestamp)
    for posted in (envelope.post_xml("to"), envelope.post_json()):
        delivery = crypto.open(envelope.query(), posted)
        assert (delivery.body.decode(), delivery.receive_id, delivery.nonce) == (body, corp, nonce)


def test_no_secret_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the token nor the key nor the message is in a repr, an error or a log."""
    caplog.set_level(logging.DEBUG)
    callback = Callback(TOKEN, KEY, CORP)
    sent = callback.crypto.encrypt(b"<xml><Mobile>13800138000</Mobile></xml>", nonce="n", timestamp=1)
    shown = [repr(callback), repr(callback.crypto), repr(callback.crypto.open(sent.query(), sent.post_json()))]
    for token, key in ((TOKEN, KEY[:-1]), ("another", KEY), (TOKEN, KEY[::-1])):
        with pytest.raises(WeComError) as caught:
            CallbackCrypto(token, key, CORP).open(sent.query(), sent.post_xml(CORP))
        shown += [str(caught.value), repr(caught.value)]
    secrets = (TOKEN, KEY, KEY[:-1], KEY[::-1], "13800138000", base64.b64decode(KEY + "=").hex())
    assert not [text for text in [*shown, caplog.text] for secret in secrets if secret in text]
