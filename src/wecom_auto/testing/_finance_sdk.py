"""The vendor's native library, played: pages of encrypted messages, and media in pieces.

Random keys are really encrypted by RSA, as the manual says (PKCS#1 v1.5); the messages themselves are not encrypted
as the vendor does it, which is not published. It keeps messages for 5 days, and answers at most 1,000 at once.
"""

from __future__ import annotations

import base64
import json
from itertools import cycle
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from wecom_auto.errors import api_error
from wecom_auto.testing._archiving import living
from wecom_auto.testing._core import Core
from wecom_auto.testing._state_archive import ArchivedRow
from wecom_auto.testing._wire import Body

__all__ = ["FakeFinanceSdk"]

_ROWS: Final = 1000
_BAD_ARGUMENT, _BAD_MEDIA, _BAD_KEY = 10000, 10005, 10006
_NOT_OPEN, _EXPIRED, _TOO_LARGE = 301053, 301052, 301058


class FakeFinanceSdk:
    """What `NativeFinanceSdk` is for a real corp: give it to `NativeArchive`.

    Get one from `FakeWeCom.finance_sdk`.

    Attributes:
        calls: The calls so far, as ``(function, seq or sdkfileid)``.
        piece: Bytes of a medium in one piece; the vendor's has 512 KiB.
        most: Bytes of a page above which it answers 301058.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._failing: list[int] = []
        self.calls: list[tuple[str, int | str]] = []
        self.piece = 512 * 1024
        self.most = 0

    def fail_next(self, code: int, *, times: int = 1) -> None:
        """Let the next calls return a code, such as 10001 (network)."""
        self._failing += [code] * times

    def get_chat_data(self, seq: int, limit: int) -> bytes:
        """Answer a page of what came after `seq`."""
        self._call("GetChatData", seq)
        if not 1 <= limit <= _ROWS:
            raise api_error(_BAD_ARGUMENT, call="GetChatData", namespace="archive")
        with self._core.lock:
            archive = self._core.state.archive
            if archive.state != "open":
                code = _EXPIRED if archive.state else _NOT_OPEN
                return json.dumps({"errcode": code, "errmsg": "played"}).encode()
            rows = living(archive, self._core.clock.time(), seq, limit)
            page = {"errcode": 0, "errmsg": "ok", "chatdata": [self._row(row) for row in rows if row.version]}
        raw = json.dumps(page).encode()
        if self.most and len(raw) > self.most:
            return json.dumps({"errcode": _TOO_LARGE, "errmsg": "played"}).encode()
        return raw

    def decrypt(self, random_key: bytes, message: str) -> bytes:
        """Return what a message says."""
        self._call("DecryptData", "")
        try:
            plain = _mixed(base64.b64decode(message), random_key)
            json.loads(plain)
        except ValueError:
            raise api_error(_BAD_KEY, call="DecryptData", namespace="archive") from None
        return plain

    def get_media(self, index: str, sdkfileid: str) -> tuple[bytes, str, bool]:
        """Answer a piece of a medium, where the next begins, and whether it is the last."""
        self._call("GetMediaData", sdkfileid)
        with self._core.lock:
            whole = self._core.state.archive.media.get(sdkfileid)
        if whole is None:
            raise api_error(_BAD_MEDIA, call="GetMediaData", namespace="archive")
        start = int(index or 0)
        end = start + self.piece
        return whole[start:end], str(end), end >= len(whole)

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def _call(self, function: str, about: int | str) -> None:
        self.calls.append((function, about))
        if self._failing:
            raise api_error(self._failing.pop(0), call=function, namespace="archive")

    def _row(self, row: ArchivedRow) -> Body:
        archive, ids = self._core.state.archive, self._core.state.ids
        random_key = base64.b64encode(ids.digest("archive", row.seq)[:32])
        public = load_pem_public_key(archive.keys[row.version - 1].encode())
        if not isinstance(public, RSAPublicKey):
            msg = "open_archive: public_key is not an RSA key"
            raise TypeError(msg)
        return {
            "seq": row.seq,
            "msgid": row.body["msgid"],
            "publickey_ver": row.version,
            "encrypt_random_key": base64.b64encode(public.encrypt(random_key, PKCS1v15())).decode(),
            "encrypt_chat_msg": base64.b64encode(_mixed(json.dumps(row.body).encode(), random_key)).decode(),
        }


def _mixed(data: bytes, key: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(data, cycle(key), strict=False))
