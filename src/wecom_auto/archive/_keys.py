"""The private keys of the archive: open the random key of a message. Decrypts no message and shows no key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from wecom_auto.errors import ConfigurationError, api_error

__all__ = ["ArchiveKeys"]

_NO_KEY: Final = 10007
_BAD_RANDOM_KEY: Final = 10008


class ArchiveKeys:
    """The private keys of a corp, by the version of the public key that the console shows.

    Keep all that there ever were: a message stays encrypted with the key of its day.

    Args:
        pems: PEM texts by version, 1 and up, as PKCS#1 (``BEGIN RSA PRIVATE KEY``) or PKCS#8 (``BEGIN PRIVATE KEY``).
        password: Of the PEMs, if they have one.

    Raises:
        ConfigurationError: A PEM cannot be read, or is no RSA key; the version is named, the key is not.
    """

    def __init__(self, pems: Mapping[int, str | bytes], *, password: str = "") -> None:
        self._keys: Final = {version: _load(version, pem, password) for version, pem in pems.items()}

    def __repr__(self) -> str:
        return f"ArchiveKeys(versions={sorted(self._keys)})"

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions that there is a key of."""
        return tuple(sorted(self._keys))

    def open(self, version: int, encrypted: str) -> bytes:
        """Decrypt the random key of a message (RSA, PKCS#1 v1.5).

        Args:
            version: The message's ``publickey_ver``.
            encrypted: The message's ``encrypt_random_key``, base64.

        Returns:
            The key for `FinanceSdk.decrypt`. With a wrong private key it may be bytes that decrypt nothing.

        Raises:
            APIError: 10007 there is no key of this version; 10008 it cannot be decrypted with it.
        """
        key = self._keys.get(version)
        if key is None:
            known = ", ".join(map(str, self.versions)) or "none"
            msg = f"no private key of version {version}, known: {known}"
            raise api_error(_NO_KEY, msg, call="ArchiveKeys.open", namespace="archive")
        try:
            return key.decrypt(base64.b64decode(encrypted, validate=True), PKCS1v15())
        except (ValueError, binascii.Error):
            msg = f"the random key does not fit the private key of version {version}"
            raise api_error(_BAD_RANDOM_KEY, msg, call="ArchiveKeys.open", namespace="archive") from None


def _load(version: int, pem: str | bytes, password: str) -> RSAPrivateKey:
    data = pem.encode() if isinstance(pem, str) else pem
    try:
        key = load_pem_private_key(data, password.encode() if password else None)
    except (ValueError, TypeError):
        msg = f"archive key {version}: no PEM of a private key (PKCS#1 or PKCS#8) that this password opens"
        raise ConfigurationError(msg) from None
    if not isinstance(key, RSAPrivateKey):
        msg = f"archive key {version}: {type(key).__name__} is no RSA key"
        raise ConfigurationError(msg)
    return key
