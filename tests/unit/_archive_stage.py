"""What the tests of the archive share: keys, and messages as the vendor's library gives them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from itertools import cycle
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

MEMBER = "zhangsan"
CONTACT = "wmAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1"
OTHER = "woBBBBBBBBBBBBBBBBBBBBBBBBBBBBB2"
ROBOT = "wbCCCCCCCCCCCCCCCCCCCCCCCCCCCCC3"
ROOM = "wrDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD4"
AT = 1_772_413_200_000
"""2 March 2026, 9:00 in China, in milliseconds."""


@cache
def key(version: int = 1) -> rsa.RSAPrivateKey:
    """A key pair, made once in each process."""
    del version
    return rsa.generate_private_key(65537, 2048)


def private_pem(version: int = 1, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    """Its private half."""
    return key(version).private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def public_pem(version: int = 1) -> str:
    """Its public half."""
    return key(version).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def message(number: int = 1, **more: Any) -> dict[str, Any]:
    """A message as it is once it is decrypted: the customer writes to the member."""
    head = {"msgid": f"m{number}_external", "action": "send", "from": CONTACT, "tolist": [MEMBER], "roomid": ""}
    return {**head, "msgtime": AT + 1000 * number, "msgtype": "text", "text": {"content": "您好"}, **more}


def sealed(seq: int, body: Mapping[str, Any] | bytes, version: int = 1) -> dict[str, Any]:
    """A row of `chatdata`: the random key by RSA, the message mixed with it as `_finance_sdk.c` unmixes it."""
    random_key = base64.b64encode(f"random key of {seq}".encode())
    plain = body if isinstance(body, bytes) else json.dumps(body).encode()
    mixed = bytes(one ^ other for one, other in zip(plain, cycle(random_key), strict=False))
    return {
        "seq": seq,
        "msgid": "" if isinstance(body, bytes) else body["msgid"],
        "publickey_ver": version,
        "encrypt_random_key": base64.b64encode(key(version).public_key().encrypt(random_key, PKCS1v15())).decode(),
        "encrypt_chat_msg": mixed.hex(),
    }


def chatdata(*rows: Mapping[str, Any], errcode: int = 0) -> bytes:
    """An answer of `GetChatData`."""
    return json.dumps({"errcode": errcode, "errmsg": "ok", "chatdata": list(rows)}).encode()


class CannedSdk:
    """The library with answers by seq; `decrypt` unmixes."""

    def __init__(self, pages: Mapping[int, bytes | Exception] | None = None) -> None:
        self.pages = dict(pages or {})
        self.asked: list[tuple[int, int]] = []

    def get_chat_data(self, seq: int, limit: int, /) -> bytes:
        """Give what is there for a seq; nothing more if nothing is."""
        self.asked.append((seq, limit))
        page = self.pages.get(seq, chatdata())
        if isinstance(page, Exception):
            raise page
        return page

    def decrypt(self, random_key: bytes, text: str, /) -> bytes:
        """Unmix."""
        return bytes(one ^ other for one, other in zip(bytes.fromhex(text), cycle(random_key), strict=False))

    def get_media(self, index: str, sdkfileid: str, /) -> tuple[bytes, str, bool]:
        """There are none."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""
