"""Post events to a receiver as the platform does, and tell what the platform would make of the answer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from typing import Final

from attrs import frozen

from wecom_auto.callbacks import CallbackCrypto, Event, event_xml
from wecom_auto.callbacks._json_body import is_json, write_json
from wecom_auto.callbacks._xml import parse_xml
from wecom_auto.callbacks.crypto import Envelope
from wecom_auto.cli._callback_why import Secrets
from wecom_auto.errors import CallbackError, ConfigurationError
from wecom_auto.testing._post import Reply, call_receiver, check_url

__all__ = ["DEADLINE", "ECHO_DEADLINE", "Sent", "check_receiver", "plain_body", "post_body", "post_events"]

DEADLINE: Final = 5.0
"""Seconds that the platform gives a receiver (manual 90930)."""
ECHO_DEADLINE: Final = 1.0
"""Seconds that it gives the URL check."""
_OK: Final = 200
_HINTS: Final = {
    400: "the receiver could not read it: are its EncodingAESKey and receive id the ones given here?",
    401: "something in front wants a login; the platform has none",
    403: "the receiver does not trust the signature: is its Token the one given here? Or a CSRF check is in the way",
    404: "nothing is at that path",
    405: "that path takes no such method; a callback URL takes GET and POST",
    411: "the receiver wants a Content-Length, and something in front took it away",
    413: "the receiver finds it too large",
}


@frozen(kw_only=True)
class Sent:
    """One request and what became of it.

    Args:
        what: The name of the event.
        reply: What came back.
        good: Whether the platform would be content.
        verdict: What the platform would do now.
        again: Whether it was the redelivery of the one before.
    """

    what: str
    reply: Reply
    good: bool
    verdict: str
    again: bool = False


def plain_body(event: Event) -> bytes:
    """Return the body of an event before encryption."""
    return write_json(event) if is_json(event) else event_xml(event)


def post_events(
    events: Iterable[Event], url: str, given: Secrets, *, duplicate: bool = False, agent_id: str = ""
) -> Iterator[Sent]:
    """Post one event after the other, each once more if they are to come twice."""
    for event in events:
        body, json = plain_body(event), is_json(event)
        yield from post_body(body, url, given, name=event.name, json=json, duplicate=duplicate, agent_id=agent_id)


def post_body(
    body: bytes, url: str, given: Secrets, *, name: str, json: bool, duplicate: bool = False, agent_id: str = ""
) -> Iterator[Sent]:
    """Encrypt, sign and post a body, and once more in another envelope if it is to come twice."""
    for again in (False, True)[: 1 + duplicate]:
        envelope = _sealed(given, body)
        posted = envelope.post_json() if json else envelope.post_xml(given.receive_id or "", agent_id=agent_id)
        reply = _called("POST", url, envelope.query(), posted, DEADLINE)
        good, verdict = judged(reply, given, envelope)
        yield Sent(what=name, reply=reply, good=good, verdict=verdict, again=again)


def check_receiver(url: str, given: Secrets) -> Sent:
    """Check a URL as saving it in the admin console does."""
    echo = str(secrets.randbits(63))
    envelope = _sealed(given, echo.encode())
    reply = _called("GET", url, {**envelope.query(), "echostr": envelope.encrypt}, None, ECHO_DEADLINE)
    if reply.status == _OK and reply.body == echo.encode():
        return Sent(what="URL check", reply=reply, good=True, verdict="the console would save this URL")
    if reply.status is None:
        why = f"no answer within 1 s ({reply.error})"
    elif reply.status != _OK:
        why = _refusal(reply)
    elif reply.body.strip() == echo.encode():
        why = "the echo has blanks or a line end around it"
    elif echo.encode() in reply.body:
        why = "the echo has something around it (quotation marks, JSON?); send the text alone"
    elif envelope.encrypt.encode() in reply.body:
        why = "the receiver sent echostr back as it came; it has to decrypt it"
    else:
        why = f"status 200, but the {len(reply.body)} bytes of the answer are not the decrypted echostr"
    return Sent(what="URL check", reply=reply, good=False, verdict=f"the console would refuse this URL: {why}")


def judged(reply: Reply, given: Secrets, sent: Envelope) -> tuple[bool, str]:
    """Say whether the platform would be content with an answer, and what it would do."""
    if reply.status is None:
        why = "no answer within 5 s" if reply.error == TimeoutError.__name__ else f"no connection ({reply.error})"
        return False, f"{why}: the platform tries again, three times in all, and then the event is lost"
    if reply.status != _OK:
        return False, (
            f"{_refusal(reply)}. By the manual of 2026 that is the end and the event is lost; "
            "by that of 2022 the platform tries twice more"
        )
    if reply.body.strip() in {b"", b"success"}:
        return True, "the platform is content"
    return _judged_reply(reply.body, given.lock, sent)


def _judged_reply(body: bytes, lock: CallbackCrypto, sent: Envelope) -> tuple[bool, str]:
    """A body is a passive reply, and that has to be encrypted and signed too."""
    try:
        nodes = {tag: text for tag, text, _ in parse_xml(body)[2]}
        signature, encrypt = nodes["MsgSignature"], nodes["Encrypt"]
        lock.verify(signature, timestamp=nodes["TimeStamp"], nonce=nodes["Nonce"], encrypt=encrypt)
    except (CallbackError, KeyError):
        return True, (
            f"delivered, but the {len(body)} bytes of the answer are no passive reply signed with this Token; "
            "answer with nothing, or with `success` to a suite"
        )
    del sent
    return True, "the platform is content, and takes the answer for a passive reply"


def _refusal(reply: Reply) -> str:
    if reply.location:
        return f"status {reply.status}, a redirect to {reply.location}, and the platform follows none"
    hint = _HINTS.get(reply.status or 0, "the receiver failed" if (reply.status or 0) >= 500 else "")  # noqa: PLR2004 - HTTP
    return f"status {reply.status}, and only 200 counts" + (f": {hint}" if hint else "")


def _sealed(given: Secrets, body: bytes) -> Envelope:
    return given.lock.encrypt(body, nonce=str(secrets.randbelow(10**10)), timestamp=int(time.time()))


def _called(method: str, url: str, query: dict[str, str], body: bytes | None, seconds: float) -> Reply:
    try:
        check_url(url)
    except ValueError as error:
        msg = f"--to {error}"
        raise ConfigurationError(msg) from None
    return call_receiver(method, url, query, body, seconds)
