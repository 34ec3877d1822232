"""Hash and seal phone numbers with a key of the user's. Stores no key, and no number in the clear.

A hash finds the same person again; the sealed number is what a text message needs.
Both come from one secret, so that a stolen database alone tells no number: without a key, all numbers are tried in
minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wecom_auto.automotive.leads._values import NewLead
from wecom_auto.errors import ConfigurationError

_LEAST: Final = 32
_BYTES: Final = 32


class LeadKeys:
    """The secret behind phone numbers; keep it outside of the database, for example in a vault.

    With another secret nobody is recognised any more and no number can be read.

    Args:
        secret: At least 32 bytes of chance, for example of ``secrets.token_bytes(32)``.
        keep_phones: Store the numbers sealed (Fernet: AES-128-CBC with HMAC-SHA256), so that text messages can be
            sent; otherwise only their hashes are stored.

    Raises:
        ConfigurationError: ``secret`` is shorter than 32 bytes.
    """

    def __init__(self, secret: bytes | str, *, keep_phones: bool = True) -> None:
        raw = secret.encode() if isinstance(secret, str) else secret
        if len(raw) < _LEAST:
            msg = f"the key for phone numbers has {len(raw)} bytes; take at least {_LEAST}: secrets.token_hex(32)"
            raise ConfigurationError(msg)
        self._hash_key = _derive(raw, b"wecom_auto leads: hash")
        self._box = Fernet(base64.urlsafe_b64encode(_derive(raw, b"wecom_auto leads: seal")))
        self.keep_phones = keep_phones

    def __repr__(self) -> str:
        return f"LeadKeys(keep_phones={self.keep_phones})"

    def hash(self, text: str) -> str:
        """The keyed hash of a phone number: 64 hexadecimal digits, HMAC-SHA256."""
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).hexdigest()

    def seal(self, phone: str) -> str:
        """Encrypt a number; empty if numbers are not kept."""
        return self._box.encrypt(phone.encode()).decode() if phone and self.keep_phones else ""

    def open(self, sealed: str) -> str:
        """Decrypt a number; empty if none was kept.

        Raises:
            ConfigurationError: it was sealed with another secret.
        """
        if not sealed:
            return ""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            msg = "a phone number was sealed with another key; give the key that it was stored with"
            raise ConfigurationError(msg) from None

    def row_key(self, lead: NewLead) -> str:
        """What makes two rows the same one: their content, not their number or their file."""
        left_at = lead.left_at.isoformat() if lead.left_at else ""
        parts = [lead.phone, lead.unionid, lead.external_userid, lead.name, lead.store, lead.dealer, lead.region]
        parts += [lead.city, lead.source, lead.campaign, lead.model, left_at, lead.note]
        return self.hash(json.dumps([parts, sorted(lead.extra.items())], ensure_ascii=False))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=purpose).derive(secret)
