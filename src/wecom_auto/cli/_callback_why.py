"""Say in words why a callback was refused, to the developer who holds the secrets. Never for an answer over HTTP."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from attrs import frozen
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from wecom_auto.callbacks import CallbackCrypto
from wecom_auto.callbacks.crypto import read_envelope, read_query
from wecom_auto.errors import CallbackError

__all__ = ["Secrets"]

_HEAD = 20  # 16 random bytes and a length in 4


@frozen(kw_only=True)
class Secrets:
    """The three values of one callback URL.

    Args:
        token: Token.
        aes_key: EncodingAESKey, 43 letters and digits.
        receive_id: Whom messages have to be for; None takes any.
    """

    token: str = ""
    aes_key: str = ""
    receive_id: str | None = None

    def __repr__(self) -> str:
        return f"Secrets(receive_id={self.receive_id!r})"

    @property
    def lock(self) -> CallbackCrypto:
        """The cryptography of them."""
        return CallbackCrypto(self.token, self.aes_key, self.receive_id or "")

    def why(self, query: str, body: bytes | None) -> str:
        """Say what is wrong with a refused request.

        Args:
            query: Its raw query string.
            body: Its body; None for a URL check.
        """
        try:
            parameters = read_query(query)
            encrypt = parameters.get("echostr") if body is None else read_envelope(body)
        except CallbackError as error:
            return str(error)
        wanted = {"msg_signature", "timestamp", "nonce"} | ({"echostr"} if body is None else set())
        if missing := sorted(wanted - parameters.keys()):
            return f"not a call of the platform: the query has no {', '.join(missing)} (a browser, or a health check?)"
        return self._why_sealed(parameters, encrypt or "")

    def _why_sealed(self, parameters: Mapping[str, str], encrypt: str) -> str:
        readable = self.receiver_of(encrypt) is not None
        if not self._signed(parameters, encrypt):
            if " " in encrypt and self._signed(parameters, encrypt.replace(" ", "+")):
                return (
                    "decoded twice: something in front turned the + of base64 into blanks; pass the query on as it is"
                )
            if readable:
                return "wrong Token: the EncodingAESKey opens the message, but it is not signed with this Token"
            return "wrong Token and EncodingAESKey, or not from the platform: neither the signature nor the key fits"
        if not readable:
            return "wrong EncodingAESKey: the Token is right, but this key does not open the message"
        found = self.receiver_of(encrypt)
        if self.receive_id is not None and found != self.receive_id:
            return f"for another receiver: it is for {found!r}, and --receive-id is {self.receive_id!r}"
        return "signed and readable, but its content is not the XML or JSON that the platform sends"

    def _signed(self, parameters: Mapping[str, str], encrypt: str) -> bool:
        try:
            self.lock.verify(
                parameters["msg_signature"],
                timestamp=parameters["timestamp"],
                nonce=parameters["nonce"],
                encrypt=encrypt,
            )
        except CallbackError:
            return False
        return True

    def is_signed(self, query: str, body: bytes | None) -> str | None:
        """Return the ciphertext of a request if it is signed with the token, otherwise None."""
        try:
            parameters = read_query(query)
            encrypt = parameters["echostr"] if body is None else read_envelope(body)
            return encrypt if self._signed(parameters, encrypt) else None
        except (CallbackError, KeyError):
            return None

    def receiver_of(self, encrypt: str) -> str | None:
        """Return whom a ciphertext is for; None if the key does not open it. It checks no signature."""
        key = base64.b64decode(self.aes_key + "=")
        try:
            ciphertext = binascii.a2b_base64(encrypt)
            decryptor = Cipher(AES(key), CBC(key[:16])).decryptor()
            plain = decryptor.update(ciphertext) + decryptor.finalize()
            end = _HEAD + int.from_bytes(plain[16:_HEAD], "big")
            plain[_HEAD:end].decode()
            padding = plain[-1] if plain else 0
            good = 0 < padding <= 32 and end <= len(plain) - padding and len(set(plain[-padding:])) == 1  # noqa: PLR2004 - PKCS#7 to 32 bytes
            return plain[end : len(plain) - padding].decode() if good else None
        except ValueError:
            return None
