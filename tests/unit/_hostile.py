"""Requests that are damaged in every layer, from a seed. Shared by the tests and the fuzzer in `benchmarks`."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from wecom_auto.callbacks import CallbackCrypto

TOKEN: Final = "Tk0enForTests"
KEY: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP: Final = "ww1234567890abcdef"
FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "callbacks"
CRYPTO: Final = CallbackCrypto(TOKEN, KEY, CORP)

PIECES: Final = [
    b"",
    b"<a>",
    b"</xml>",
    b"]]>",
    b"<![CDATA[",
    b"&x;",
    b"&#0;",
    b"&#65;",
    b"<!DOCTYPE x [<!ENTITY x 'y'>]>",
    b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"<?xml version='1.0' encoding='gbk'?>",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\x00",
    b"{",
    b"[[[[",
    b'{"a":',
    b"99999999999999999999",
    b"-1",
    b"NaN",
    b"1e999",
    b",,,",
    b"<Item>",
    b"xmlns:a='b' a:",
    b"%00",
    b"&msg_signature=x",
]


class Request(NamedTuple):
    """What a door gets."""

    query: bytes
    body: bytes


def bodies() -> list[bytes]:
    """Return every example body that there is, XML and JSON."""
    found = [one["xml"].encode() for name in ("bodies", "suites") for one in _fixture(name)]
    return found + [json.dumps(one["body"], ensure_ascii=False).encode() for one in _fixture("robots")]


def _fixture(name: str) -> list[dict[str, str]]:
    return json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Damage in one to six places: cut, repeat, swap, overwrite, insert what parsers dislike."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(result) + 1)
        end = min(len(result), start + chance.choice([0, 1, 1, 4, 40, 400]))
        choice = chance.randrange(5)
        if choice == 0:
            result[start:end] = bytes(result[start:end]) * chance.choice([2, 3, 30])
        elif choice == 1:
            result[start:end] = chance.randbytes(chance.randint(0, 8))
        elif choice == 2:
            del result[start:]
        elif choice == 3 and end > start:
            result[start] ^= 1 << chance.randrange(8)
        else:
            result[start:end] = chance.choice(PIECES)
    return bytes(result)


def sealed(body: bytes, *, random16: bytes = b"0123456789abcdef", as_json: bool = False) -> Request:
    """Encrypt and sign a body as the platform does."""
    sent = CRYPTO.encrypt(body, nonce="n0nce", timestamp=1_772_323_200, random16=random16)
    return Request(_query(sent.encrypt), sent.post_json() if as_json else sent.post_xml(CORP))


def signed(encrypt: str, *, as_json: bool = True) -> Request:
    """Sign any ciphertext: what only somebody with the token can do, and still no reason to fall."""
    if as_json:
        return Request(_query(encrypt), json.dumps({"encrypt": encrypt}).encode())
    return Request(
        _query(encrypt), b"<xml><Encrypt><![CDATA[%b]]></Encrypt></xml>" % encrypt.encode("utf-8", "replace")
    )


def _query(encrypt: str) -> bytes:
    return f"msg_signature={CRYPTO.sign('1772323200', 'n0nce', encrypt)}&timestamp=1772323200&nonce=n0nce".encode()


def encrypted(plain: bytes) -> str:
    """Encrypt a text as it is, whatever its padding, length and receiver say; cut to whole blocks."""
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain[: len(plain) // 16 * 16]) + encryptor.finalize()).decode()


def padded(body: bytes, receiver: bytes = CORP.encode()) -> bytes:
    """Return the text that is encrypted: head, length, body, receiver, padding."""
    plain = b"0123456789abcdef" + len(body).to_bytes(4, "big") + body + receiver
    padding = 32 - len(plain) % 32
    return plain + bytes([padding]) * padding


def _of_plaintext(body: bytes, chance: random.Random) -> Request:
    return sealed(damaged(body, chance), as_json=chance.random() < 0.5)


def _of_padding(body: bytes, chance: random.Random) -> Request:
    return signed(encrypted(damaged(padded(body), chance)))


def _of_ciphertext(body: bytes, chance: random.Random) -> Request:
    flipped = damaged(base64.b64decode(encrypted(padded(body))), chance)
    return signed(base64.b64encode(flipped).decode(), as_json=False)


def _of_base64(body: bytes, chance: random.Random) -> Request:
    return signed(damaged(encrypted(padded(body)).encode(), chance).decode("utf-8", "surrogateescape"))


def _of_envelope(body: bytes, chance: random.Random) -> Request:
    request = sealed(body, as_json=chance.random() < 0.5)
    return request._replace(body=damaged(request.body, chance))


def _of_query(body: bytes, chance: random.Random) -> Request:
    request = sealed(body)
    return request._replace(query=damaged(request.query, chance))


LAYERS: Final[dict[str, Callable[[bytes, random.Random], Request]]] = {
    "plaintext": _of_plaintext,
    "padding": _of_padding,
    "ciphertext": _of_ciphertext,
    "base64": _of_base64,
    "envelope": _of_envelope,
    "query": _of_query,
}
"""Where a request can be damaged; the layers inside are signed anew, so that the damage gets through to them."""
