"""Several keys for one URL: rotation, several apps, receive ids of every kind, and requests that come again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from wecom_auto.callbacks import (
    Callback,
    CallbackCrypto,
    CallbackSet,
    CustomerAdded,
    Envelope,
    RecentKeys,
    RetiredKey,
    RobotMessage,
    SuiteTicketPushed,
    event_xml,
)
from wecom_auto.errors import CallbackError, ConfigurationError, DecryptionError, SignatureError, ValidationError

NEW = ("NewToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
OLD = ("OldToken", "ABCDEFGabcdefghijklmnopqrstuvwxyz0123456789")
CORP = "ww1234567890abcdef"
END = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDED = CustomerAdded(created_at=datetime(2026, 3, 1, tzinfo=UTC), to_user=CORP, userid="z", external_userid="wm")
ROBOT = b'{"msgid": "M", "aibotid": "B", "from": {"userid": "z"}, "msgtype": "text", "text": {"content": "hi"}}'


def sealed(token: str, aes_key: str, receive_id: str = CORP, body: bytes = event_xml(ADDED)) -> Envelope:
    """Encrypt a body as the platform does with these secrets."""
    return CallbackCrypto(token, aes_key, receive_id).encrypt(body, nonce="n", timestamp=1_772_323_200)


def open_with(callback: Callback | CallbackSet, sent: Envelope) -> object:
    """Return the event of a request."""
    return callback.open(sent.query(), sent.post_xml(CORP))


@pytest.mark.parametrize(
    ("token", "key"), [(OLD[0], OLD[1]), (OLD[0], NEW[1]), (NEW[0], OLD[1])], ids=["both", "token", "key"]
)
def test_an_old_key_opens_until_its_end(token: str, key: str) -> None:
    """While the console and the platform change over, old and new are accepted; at its end the old one is refused."""
    now = [END.timestamp() - 1]
    callback = Callback(*NEW, CORP, retired=[RetiredKey(token, key, END)], clock=lambda: now[0])
    assert open_with(callback, sealed(*NEW)) == open_with(callback, sealed(token, key)) == ADDED
    check = sealed(token, key, body=b"1616")
    assert callback.echo({**check.query(), "echostr": check.encrypt}) == "1616"
    now[0] = END.timestamp()
    with pytest.raises((SignatureError, DecryptionError)):
        open_with(callback, sealed(token, key))
    with pytest.raises(CallbackError):
        callback.echo({**check.query(), "echostr": check.encrypt})
    assert open_with(callback, sealed(*NEW)) == ADDED


def test_an_old_key_is_for_the_same_receiver() -> None:
    """A message with the old key for another corp is refused; with a stranger's token nothing is decrypted."""
    callback = Callback(*NEW, CORP, retired=[RetiredKey(*OLD, END)], clock=lambda: 0)
    with pytest.raises(DecryptionError, match="receiveid"):
        open_with(callback, sealed(*OLD, "wwother"))
    with pytest.raises(SignatureError):
        open_with(callback, sealed("Stranger", OLD[1]))


def test_secrets_of_old_keys_are_checked_and_hidden() -> None:
    """A mistyped old key is a mistake at the start, an end without a zone too, and no repr shows either secret."""
    retired = RetiredKey(*OLD, END)
    assert not [secret for secret in OLD if secret in repr(retired) + repr(Callback(*NEW, CORP, retired=[retired]))]
    with pytest.raises(ConfigurationError, match="43"):
        Callback(*NEW, CORP, retired=[RetiredKey("t", "short", END)])
    with pytest.raises(ValidationError, match="until"):
        RetiredKey(*OLD, datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


def test_several_apps_share_a_url() -> None:
    """A request belongs to the app whose token signed it: an app, a suite and a robot behind one URL."""
    app, suite, robot = Callback(*NEW, CORP), Callback(*OLD, "ww0suite"), Callback("Robot", NEW[1], "")
    shared = CallbackSet(app, suite, robot)
    ticket = SuiteTicketPushed(created_at=ADDED.created_at, suite_id="ww0suite", ticket="T")
    assert open_with(shared, sealed(*NEW)) == ADDED
    assert open_with(shared, sealed(*OLD, "ww0suite", event_xml(ticket))) == ticket
    message = sealed("Robot", NEW[1], "", ROBOT)
    assert isinstance(shared.open(message.query(), message.post_json()), RobotMessage)
    check = sealed(*OLD, "ww0suite", b"42")
    assert shared.echo({**check.query(), "echostr": check.encrypt}) == "42"


def test_every_app_keeps_its_own_receivers() -> None:
    """What one app of the set would take is not taken under the token of another; the empty id is an id too."""
    shared = CallbackSet(Callback(*NEW, CORP), Callback("Robot", NEW[1], ""))
    for token, receiver in ((NEW[0], ""), ("Robot", CORP), ("Robot", "ww")):
        with pytest.raises(DecryptionError, match="receiveid"):
            open_with(shared, sealed(token, NEW[1], receiver))
    with pytest.raises(SignatureError):
        open_with(shared, sealed("Stranger", NEW[1]))


def test_apps_with_one_token_are_told_apart_by_the_key() -> None:
    """Two apps that somebody gave the same token still get their own messages."""
    shared = CallbackSet(
        Callback("Same", NEW[1], "wwa"), Callback("Same", OLD[1], "wwb"), Callback("Same", NEW[1], "wwc")
    )
    for key, receiver in ((NEW[1], "wwa"), (OLD[1], "wwb"), (NEW[1], "wwc")):
        assert open_with(shared, sealed("Same", key, receiver)) == ADDED


def test_every_app_keeps_its_own_rules() -> None:
    """Size and age are those of the app that a request belongs to; the set reads as much as the largest."""
    strict = Callback(*NEW, CORP, max_bytes=300, tolerance=timedelta(minutes=1), clock=lambda: 1_772_323_200 + 61)
    shared = CallbackSet(strict, Callback(*OLD, CORP, max_bytes=5_000))
    assert shared.max_bytes == 5_000
    assert open_with(shared, sealed(*OLD)) == ADDED
    with pytest.raises(CallbackError, match="the limit is 300"):
        open_with(shared, sealed(*NEW))
    short = sealed(*NEW, body=b"<xml/>")
    with pytest.raises(CallbackError, match="61 s old"):
        open_with(shared, short)
    with pytest.raises(CallbackError, match="61 s old"):
        shared.echo({**short.query(), "echostr": short.encrypt})
    with pytest.raises(CallbackError, match="the limit is 5000"):
        shared.open({}, b"x" * 5_001)


def test_a_set_is_neither_empty_nor_endless() -> None:
    """Nobody behind a URL is a mistake, and so are more keys than every stray request should cost."""
    with pytest.raises(ConfigurationError, match="0 keys"):
        CallbackSet()
    with pytest.raises(ConfigurationError, match="65 keys"):
        CallbackSet(*(Callback(f"t{n}", NEW[1], CORP) for n in range(65)))
    assert "NewToken" not in repr(CallbackSet(Callback(*NEW, CORP)))


def test_every_key_is_tried_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work does not depend on the position of the key that fits, nor on whether one does."""
    shared = CallbackSet(*(Callback(f"t{n}", NEW[1], CORP) for n in range(16)))
    signed: list[str] = []
    sign = CallbackCrypto.sign

    def counted(lock: CallbackCrypto, timestamp: str, nonce: str, encrypt: str) -> str:
        signed.append(nonce)
        return sign(lock, timestamp, nonce, encrypt)

    first, last, stranger = (sealed(token, NEW[1]) for token in ("t0", "t15", "t16"))
    monkeypatch.setattr(CallbackCrypto, "sign", counted)
    counts = []
    for sent in (first, last, stranger):
        signed.clear()
        if sent is stranger:
            with pytest.raises(SignatureError):
                open_with(shared, sent)
        else:
            open_with(shared, sent)
        counts.append(len(signed))
    assert counts == [16, 16, 16]


def test_many_apps_stay_cheap() -> None:
    """64 apps behind one URL, each tried, cost a request less than ten milliseconds of work."""
    shared = CallbackSet(*(Callback(f"t{n}", NEW[1], CORP) for n in range(64)))
    sent = sealed("t63", NEW[1])
    body = sent.post_xml(CORP)
    times = []
    for _ in range(20):
        started = time.process_time()
        shared.open(sent.query(), body)
        times.append(time.process_time() - started)
    assert median(times) < 0.010


def test_a_replay_is_refused() -> None:
    """The same signed request is refused the second time; another request with the same body is not a replay."""
    callback = Callback(*NEW, CORP, replays=RecentKeys(kept_for=timedelta(hours=2)))
    sent = sealed(*NEW)
    assert open_with(callback, sent) == ADDED
    with pytest.raises(CallbackError, match="came before"):
        open_with(callback, sent)
    assert open_with(callback, sealed(*NEW)) == ADDED


def test_only_what_is_taken_counts_as_seen() -> None:
    """A forged or broken request uses nothing up, and one that was not handled after all may come again."""
    callback = Callback(*NEW, CORP, replays=RecentKeys())
    sent = sealed(*NEW)
    for query, body in (({**sent.query(), "nonce": "x"}, sent.post_xml(CORP)), (sent.query(), b"<xml/>")):
        with pytest.raises(CallbackError):
            callback.open(query, body)
    opened = callback.receive(sent.query(), sent.post_xml(CORP))
    opened.give_back()
    assert open_with(callback, sent) == ADDED
    check = sealed(*NEW, body=b"1")
    for _ in range(2):
        assert callback.echo({**check.query(), "echostr": check.encrypt}) == "1"


def test_a_replay_is_forgotten_in_time() -> None:
    """A guard that keeps keys shorter than the tolerance would let a replay through: it forgets when told."""
    now = [0.0]
    guard = RecentKeys(kept_for=timedelta(minutes=10), timer=lambda: now[0])
    callback = Callback(*NEW, CORP, replays=guard)
    sent = sealed(*NEW)
    open_with(callback, sent)
    now[0] = 601
    assert open_with(callback, sent) == ADDED
