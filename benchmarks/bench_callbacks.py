"""Callbacks: verify, decrypt, parse and type an event, against the least any library can do and against wechatpy.

The floor is SHA-1, base64, AES and expat written by hand into dictionaries: no DTD guard, no limits, no classes.
CPU time is taken, and rounds alternate, so that a busy machine is unfair to all alike.
Run: ``python -m benchmarks.bench_callbacks``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from wecom_auto.callbacks import Callback, CallbackCrypto, CustomerAdded, event_xml

TOKEN: Final = "Tk0enForTests"
KEY: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP: Final = "ww1234567890abcdef"
BUDGET: Final = 1.8
ROUNDS: Final = 41
EVENTS: Final = 500


def request() -> tuple[dict[str, str], bytes]:
    """Return the query and body of a customer event, as the platform posts it."""
    event = CustomerAdded(
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        to_user=CORP,
        userid="zhangsan",
        external_userid="woAJ2GCAAAXtWyujaWJHDDGi0mAAAA",
        state="bj01-showroom",
        welcome_code="WELCOMECODE",
    )
    envelope = CallbackCrypto(TOKEN, KEY, CORP).encrypt(event_xml(event), nonce="n0nce1234", timestamp=1772323200)
    return envelope.query(), envelope.post_xml(CORP, agent_id="1000002")


def expat_fields(body: bytes) -> dict[str, str]:
    """Parse a flat document into a dictionary, with nothing in between."""
    fields: dict[str, str] = {}
    texts: list[str] = []

    def end(tag: str) -> None:
        fields[tag] = "".join(texts)
        texts.clear()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    parser.Parse(body, True)
    return fields


def floor(query: dict[str, str], body: bytes) -> Callable[[], object]:
    """Return the work that no library can do without."""
    key = base64.b64decode(KEY + "=")
    cipher = Cipher(AES(key), CBC(key[:16]))

    def once() -> object:
        encrypt = expat_fields(body)["Encrypt"]
        parts = sorted([TOKEN, query["timestamp"], query["nonce"], encrypt])
        digest = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
        assert hmac.compare_digest(digest, query["msg_signature"])
        decryptor = cipher.decryptor()
        plain = decryptor.update(base64.b64decode(encrypt)) + decryptor.finalize()
        plain = plain[: -plain[-1]]
        end = 20 + int.from_bytes(plain[16:20], "big")
        assert plain[end:].decode() == CORP
        return expat_fields(plain[20:end])

    return once


def ours(query: dict[str, str], body: bytes) -> Callable[[], object]:
    """Return our way to a typed event."""
    callback = Callback(TOKEN, KEY, CORP)
    return lambda: callback.open(query, body)


def wechatpy(query: dict[str, str], body: bytes) -> Callable[[], object]:
    """Return the peer's way to its message object."""
    from wechatpy.enterprise import parse_message
    from wechatpy.enterprise.crypto import WeChatCrypto

    crypto = WeChatCrypto(TOKEN, KEY, CORP)
    signed = query["msg_signature"], query["timestamp"], query["nonce"]
    return lambda: parse_message(crypto.decrypt_message(body, *signed))


def measure(contenders: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Time all contenders in turns and return CPU seconds per event of every round."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, once in contenders.items():
            start = time.process_time()
            for _ in range(EVENTS):
                once()
            times[name].append((time.process_time() - start) / EVENTS)
    return times


def run() -> list[dict[str, object]]:
    """Measure, and return the rows of the table of budgets."""
    query, body = request()
    contenders = {"floor": floor(query, body), "ours": ours(query, body)}
    peer = _peer(query, body)
    times = measure(contenders if peer is None else {**contenders, "wechatpy": peer})
    note = "; ".join(_speed(name, seconds) for name, seconds in times.items())
    rows = [_row("callback: verify + decrypt + parse + type, against AES + expat", times, "floor", BUDGET, note)]
    if peer is not None:
        rows.append(_row("callback: the same, against wechatpy", times, "wechatpy", 1.0, "below 1 is faster than it"))
    return rows


def _peer(query: dict[str, str], body: bytes) -> Callable[[], object] | None:
    try:
        return wechatpy(query, body)
    except ImportError:
        return None


def _row(what: str, times: dict[str, list[float]], against: str, budget: float, note: str) -> dict[str, object]:
    # The median of ratios of neighbouring rounds: what disturbs one round disturbs both.
    ratios = [mine / other for mine, other in zip(times["ours"], times[against], strict=True)]
    return {"what": what, "ratio": round(statistics.median(ratios), 2), "budget": budget, "note": note}


def _speed(name: str, seconds: list[float]) -> str:
    best, middle = min(seconds), statistics.median(seconds)
    return f"{name} {1 / middle:,.0f}/s (median {middle * 1e6:.1f} µs, best {best * 1e6:.1f} µs)"


if __name__ == "__main__":
    for row in run():
        print(f"{row['what']}: {row['ratio']} (budget {row['budget']})\n    {row['note']}")
