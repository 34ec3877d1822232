"""Bad input at `Callback.open` and at both doors: a `CallbackError` or an event, never a surprise, never a hang."""

from __future__ import annotations

import io
import logging
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tests.unit._hostile import (
    CORP,
    CRYPTO,
    KEY,
    LAYERS,
    TOKEN,
    Request,
    bodies,
    encrypted,
    padded,
    sealed,
    signed,
)

from wecom_auto.callbacks import Callback, CustomerAdded, Event, EventRouter, RecentKeys, asgi_app, wsgi_app
from wecom_auto.errors import CallbackError, DecryptionError, SignatureError

BODIES = bodies()
SECONDS = 2.0
GOOD = next(one for one in BODIES if b"add_external_contact" in one)
log = logging.getLogger(__name__)


@contextmanager
def in_time(seconds: float = SECONDS) -> Iterator[None]:
    """Fail a case that hangs, wherever in Python it does."""

    def late(*_args: object) -> None:
        msg = f"not done after {seconds} s"
        raise AssertionError(msg)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Fresh:
    """A guard for which everything is new, so that no case hides behind another one."""

    def claim(self, key: str) -> bool:
        """Take it."""
        return bool(key)

    def release(self, key: str) -> None:
        """Forget nothing."""


class Doors:
    """One callback behind all three ways in."""

    def __init__(self, callback: Callback) -> None:
        self.callback = callback
        self.seen: list[Event] = []
        router = EventRouter()

        @router.on(Event)
        def take(event: Event) -> None:
            self.seen.append(event)

        waiting = EventRouter()

        @waiting.on(Event)
        async def take_later(event: Event) -> None:
            self.seen.append(event)

        self.wsgi = wsgi_app(callback, router, duplicates=Fresh())
        self.asgi = asgi_app(callback, waiting, duplicates=Fresh())

    def open(self, request: Request) -> Event | CallbackError:
        """Open it without a door."""
        try:
            return self.callback.open(request.query, request.body)
        except CallbackError as error:
            return error

    def post_wsgi(self, request: Request) -> int:
        """Post it to the WSGI door, and return the status."""
        statuses: list[str] = []
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "QUERY_STRING": request.query.decode("latin-1"),
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.input": io.BytesIO(request.body),
        }
        assert b"".join(self.wsgi(environ, lambda status, _: statuses.append(status))) in {b"", b"success"}
        return int(statuses[0][:3])

    def post_asgi(self, request: Request) -> int:
        """Post it to the ASGI door, which has nothing to wait for here, and return the status."""
        sent: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": request.body}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "query_string": request.query, "headers": []}
        talk = self.asgi(scope, receive, send)
        with pytest.raises(StopIteration):
            talk.send(None)  # type: ignore[attr-defined]
        return sent[0]["status"]


def agree(doors: Doors, request: Request) -> Event | CallbackError:
    """Send a request all three ways, and check that they agree and that what came out can be used."""
    doors.seen.clear()
    with in_time():
        opened = doors.open(request)
        statuses = {doors.post_wsgi(request), doors.post_asgi(request)}
    if isinstance(opened, CallbackError):
        assert statuses == {403 if isinstance(opened, SignatureError) else 400}
        assert doors.seen == []
        assert KEY not in str(opened)
        assert TOKEN not in str(opened)
    else:
        assert statuses == {200}
        assert doors.seen == [opened, opened]
        assert repr(opened)
        assert opened.dedupe_key
        assert isinstance(hash(opened), int)
        assert opened.raw is None or opened.raw.tag
    return opened


DOORS = Doors(Callback(TOKEN, KEY, CORP))


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Ten thousand refusals are not for the log of the tests."""
    logger = logging.getLogger("wecom_auto.callbacks")
    before, logger.level = logger.level, logging.CRITICAL
    yield
    logger.setLevel(before)


def test_every_example_goes_in() -> None:
    """Undamaged, every example is an event at all three ways in: the damage is what is tested below."""
    for body in BODIES:
        assert isinstance(agree(DOORS, sealed(body)), Event)


@pytest.mark.parametrize("layer", LAYERS)
def test_damage_in_every_layer(layer: str) -> None:
    """A hundred damaged requests for each layer; and the damage is real: some get through, or none does."""
    chance = random.Random(f"{layer} 1")
    found = [agree(DOORS, LAYERS[layer](chance.choice(BODIES), chance)) for _ in range(100)]
    refused = sum(isinstance(one, CallbackError) for one in found)
    assert refused > 20
    if layer == "plaintext":
        assert refused < 100


@pytest.mark.slow
@seed(20_260_301)
@settings(max_examples=10_000, database=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
@given(body=st.sampled_from(BODIES), layer=st.sampled_from(sorted(LAYERS)), number=st.integers(0, 2**40))
def test_ten_thousand_mutations(body: bytes, layer: str, number: int) -> None:
    """10,000 random mutations of real bodies, in every layer, at all three ways in."""
    agree(DOORS, LAYERS[layer](body, random.Random(number)))


LAUGHS = b"<!DOCTYPE x [<!ENTITY a 'ha'>%b]><xml>&z;</xml>" % b"".join(
    b"<!ENTITY %c '&%c;&%c;&%c;&%c;'>" % (98 + n, 97 + n, 97 + n, 97 + n, 97 + n) for n in range(25)
)
TIME = b"<CreateTime>1</CreateTime>"

BAD_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"  \n",
    "no XML": b"hello",
    "cut": GOOD[: len(GOOD) // 2],
    "without its end": GOOD.strip()[:-1],
    "two roots": GOOD + GOOD,
    "a DTD": b"<!DOCTYPE xml><xml/>",
    "a DTD from a file": b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
    "an entity": b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><xml>&e;</xml>",
    "a billion laughs": LAUGHS,
    "an unknown entity": b"<xml>&nbsp;</xml>",
    "a control character": b"<xml>\x01</xml>",
    "a zero": b"<xml>\x00</xml>",
    "deep": b"<xml>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</xml>",
    "many": b"<xml>" + b"<a/>" * 60_000 + b"</xml>",
    "deep JSON": b'{"a":' * 50_000,
    "a JSON list": b"[1]",
    "JSON that is none": b'{"a": }',
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bodies_that_are_refused(name: str) -> None:
    """Correctly signed and encrypted, and still refused, at once."""
    assert type(agree(DOORS, sealed(BAD_BODIES[name]))) is CallbackError


@pytest.mark.parametrize("name", [name for name in BAD_BODIES if "JSON" not in name])
def test_envelopes_that_are_refused(name: str) -> None:
    """The same as an envelope: anybody can send that, without any secret."""
    assert type(agree(DOORS, sealed(GOOD)._replace(body=BAD_BODIES[name]))) is CallbackError


ODD_BODIES: dict[str, bytes] = {
    "no event": b"<xml/>",
    "an event of tomorrow": b"<xml>" + TIME + b"<MsgType>event</MsgType><Event>tomorrow</Event></xml>",
    "a time that is none": b"<xml><CreateTime>soon</CreateTime><MsgType>event</MsgType></xml>",
    "a time beyond the calendar": b"<xml><CreateTime>99999999999999</CreateTime></xml>",
    "a number of 5,000 digits": b"<xml><CreateTime>" + b"9" * 5_000 + b"</CreateTime></xml>",
    "a name of 100,000 letters": b"<xml>" + TIME + b"<Event>" + b"x" * 100_000 + b"</Event></xml>",
    "an empty object": b"{}",
    "names twice": b'{"msgtype": 1, "msgtype": {"a": []}}',
    "NaN": b'{"create_time": NaN, "aibotid": [], "msgid": {}}',
    "a JSON number of 5,000 digits": b'{"create_time": ' + b"9" * 4_000 + b"}",
    "a lone surrogate": b'{"msgtype": "\\ud800"}',
}


@pytest.mark.parametrize("name", ODD_BODIES)
def test_bodies_that_are_odd_events(name: str) -> None:
    """Well-formed and without sense: an `UnknownEvent` that can be shown and recognised."""
    assert type(agree(DOORS, sealed(ODD_BODIES[name]))).__name__ == "UnknownEvent"


PLAIN = padded(GOOD)
BAD_SEALS: dict[str, str] = {
    "padding of 0": encrypted(PLAIN[:-1] + b"\x00"),
    "padding of 33": encrypted(PLAIN[:-1] + b"\x21"),
    "padding with a hole": encrypted(PLAIN[:-2] + b"\x00" + PLAIN[-1:]),
    "nothing but padding": encrypted(b"\x20" * 32),
    "less than a head": encrypted(b"x" * 15 + b"\x01" * 1 + b"\x10" * 16),
    "a length beyond the end": encrypted(PLAIN[:16] + b"\xff\xff\xff\xff" + PLAIN[20:]),
    "a length of 0": encrypted(PLAIN[:16] + b"\x00\x00\x00\x00" + PLAIN[20:]),
    "no UTF-8": encrypted(padded(b"<xml>\xff\xfe</xml>")),
    "UTF-8 with a surrogate": encrypted(padded(b"<xml>\xed\xa0\x80</xml>")),
    "another corp": encrypted(padded(GOOD, b"wwanother")),
    "no corp": encrypted(padded(GOOD, b"")),
    "a corp with a tail": encrypted(padded(GOOD, CORP.encode() + b"x")),
    "a corp that is no UTF-8": encrypted(padded(GOOD, b"\xff")),
    "no whole block": encrypted(PLAIN)[:-8] + "====",
    "nothing": "",
    "one block": encrypted(PLAIN)[:20] + "A=",
    "no base64": "*" * 64,
    "a line end": encrypted(PLAIN) + "\n",
    "a surrogate": "\udcff",
}


@pytest.mark.parametrize("name", BAD_SEALS)
def test_seals_that_are_refused(name: str) -> None:
    """Signed, and not to be decrypted: wrong padding, length, UTF-8, receiver, base64."""
    assert type(agree(DOORS, signed(BAD_SEALS[name]))) is DecryptionError


BAD_QUERIES: dict[str, tuple[bytes, type[CallbackError]]] = {
    "nothing": (b"", CallbackError),
    "no nonce": (b"msg_signature=x&timestamp=1", CallbackError),
    "a wrong signature": (b"msg_signature=x&timestamp=1&nonce=n", SignatureError),
    "another timestamp": (sealed(GOOD).query.replace(b"1772323200", b"1772323201"), SignatureError),
    "another nonce": (sealed(GOOD).query.replace(b"n0nce", b"n1nce"), SignatureError),
    "capitals": (sealed(GOOD).query.split(b"&", 1)[0].upper().replace(b"MSG_SIGNATURE", b"msg_signature")
                 + b"&timestamp=1772323200&nonce=n0nce", SignatureError),
    "no ASCII": ("msg_signature=签名&timestamp=1&nonce=n".encode(), SignatureError),
    "bytes that are no text": (b"msg_signature=\xff&timestamp=\xfe&nonce=%ff%00", SignatureError),
    "1,000 parameters": (b"&".join(b"a%d=1" % n for n in range(1_000)), CallbackError),
    "a megabyte": (b"msg_signature=x&timestamp=1&nonce=" + b"n" * 1_000_000, SignatureError),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_QUERIES)
def test_queries_that_are_refused(name: str) -> None:
    """Without the platform's signature nothing is decrypted."""
    query, kind = BAD_QUERIES[name]
    assert type(agree(DOORS, sealed(GOOD)._replace(query=query))) is kind


def test_an_old_timestamp_is_refused_where_that_is_wanted() -> None:
    """With a tolerance, a request that was signed an hour ago or an hour ahead is refused at all three ways in."""
    at = 1_772_323_200
    for now, kind in ((at, CustomerAdded), (at + 3_601, CallbackError), (at - 3_601, CallbackError)):
        doors = Doors(Callback(TOKEN, KEY, CORP, tolerance=timedelta(hours=1), clock=lambda now=now: float(now)))
        assert type(agree(doors, sealed(GOOD))) is kind


@pytest.mark.parametrize("timestamp", ["", "soon", "9" * 5_000, "１２", "-1", "1e9"])
def test_a_signed_timestamp_that_is_no_time(timestamp: str) -> None:
    """Signed nonsense is refused with a tolerance, and harmless without."""
    encrypt = CRYPTO.encrypt(GOOD, nonce="n", timestamp=1).encrypt
    query = {"msg_signature": CRYPTO.sign(timestamp, "n", encrypt), "timestamp": timestamp, "nonce": "n"}
    body = signed(encrypt).body
    assert isinstance(Callback(TOKEN, KEY, CORP).open(query, body), CustomerAdded)
    with pytest.raises(CallbackError):
        Callback(TOKEN, KEY, CORP, tolerance=timedelta(minutes=1)).open(query, body)


def test_a_replayed_nonce_is_refused_where_that_is_wanted() -> None:
    """With a guard against replays the same request opens once."""
    callback = Callback(TOKEN, KEY, CORP, replays=RecentKeys())
    request = sealed(GOOD)
    assert isinstance(callback.open(*request), CustomerAdded)
    with pytest.raises(CallbackError, match="replay"):
        callback.open(*request)


def test_a_large_body_is_refused_before_anything_is_done_with_it() -> None:
    """One byte above the limit is refused, by size alone; one at the limit is read."""
    body = sealed(GOOD).body
    doors = Doors(Callback(TOKEN, KEY, CORP, max_bytes=len(body)))
    assert isinstance(doors.open(sealed(GOOD)), CustomerAdded)
    request = sealed(GOOD)._replace(body=body + b" ")
    assert isinstance(doors.open(request), CallbackError)
    assert (doors.post_wsgi(request), doors.post_asgi(request)) == (413, 413)


def test_recursion_has_its_limit_and_gives_it_back() -> None:
    """JSON that nests deeper than Python can go is refused, and the next request is served."""
    assert sys.getrecursionlimit() < 50_000
    assert type(agree(DOORS, sealed(b'{"a":' * 50_000 + b"1" + b"}" * 50_000))) is CallbackError
    assert isinstance(agree(DOORS, sealed(GOOD)), CustomerAdded)
