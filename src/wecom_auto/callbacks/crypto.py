"""Sign, verify, encrypt and decrypt callbacks. Knows no event, keeps no state, never reads the clock or a socket.

Manual: `加解密方案说明 <https://developer.work.weixin.qq.com/document/path/90968>`_ (also 91144) and
`回调配置 <https://developer.work.weixin.qq.com/document/path/90930>`_.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, cast
from urllib.parse import parse_qsl

from attrs import frozen
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from wecom_auto.callbacks._xml import text_of, trimmed, write_xml
from wecom_auto.errors import CallbackError, ConfigurationError, DecryptionError, SignatureError

MAX_BODY: Final = 1 << 20
"""Default limit of a callback body: 1 MiB."""

_AES_KEY: Final = re.compile(r"[A-Za-z0-9]{43}", re.ASCII)
_BLOCK_BITS: Final = 256  # Padded to 32 bytes, twice the block of AES (manual 91144).
_JSON_STARTS: Final = frozenset({b"{", b"["})
_NO_FIT: Final = "msg_signature does not match; check the Token, and that the query is decoded exactly once"
_HEAD: Final = 20  # 16 random bytes and the length of the message in 4.


@frozen(kw_only=True)
class Envelope:
    """An encrypted message with everything that has to travel next to it.

    Args:
        encrypt: Base64 ciphertext.
        signature: Lower-case hex SHA-1 (``msg_signature``).
        timestamp: Unix seconds.
        nonce: Random text chosen by the sender.
    """

    encrypt: str
    signature: str
    timestamp: int
    nonce: str

    def query(self) -> dict[str, str]:
        """Return the query parameters with which the platform posts this message."""
        return {"msg_signature": self.signature, "timestamp": str(self.timestamp), "nonce": self.nonce}

    def post_xml(self, to_user: str, *, agent_id: str = "") -> bytes:
        """Return the body with which the platform posts this message to a receiver.

        Args:
            to_user: Corp id, or suite id for a provider.
            agent_id: Only for callbacks of an app.
        """
        texts = {"ToUserName": to_user, "AgentID": agent_id, "Encrypt": self.encrypt}
        return _flat_xml({name: text for name, text in texts.items() if text})

    def post_json(self) -> bytes:
        """Return the body with which the platform posts this message to a smart robot (manual 101033)."""
        return json.dumps({"encrypt": self.encrypt}).encode()

    def reply_xml(self) -> bytes:
        """Return the body of a passive reply (被动回复), for the few events that allow one."""
        return _flat_xml(
            {
                "Encrypt": self.encrypt,
                "MsgSignature": self.signature,
                "TimeStamp": str(self.timestamp),
                "Nonce": self.nonce,
            }
        )

    def reply_json(self) -> bytes:
        """Return the body of a robot's reply; its nonce has to be the one of the request (manual 101033)."""
        reply = {
            "encrypt": self.encrypt,
            "msgsignature": self.signature,
            "timestamp": self.timestamp,
            "nonce": self.nonce,
        }
        return json.dumps(reply).encode()


class Delivery(NamedTuple):
    """A message that is proved to come from the platform and to be meant for us.

    Args:
        body: Decrypted body, valid UTF-8.
        receive_id: Who it was encrypted for: corp id, suite id, or nothing for robots.
        timestamp: Signed text of the query, seconds by the manual.
        nonce: Signed text of the query.
    """

    body: bytes
    receive_id: str = ""
    timestamp: str = ""
    nonce: str = ""

    def __repr__(self) -> str:
        # A body may hold anything, phone numbers too.
        return f"Delivery({len(self.body)} bytes, receive_id={self.receive_id!r})"


class CallbackCrypto:
    """The lock of one callback URL.

    Args:
        token: Token of the receiver, up to 32 letters and digits.
        aes_key: EncodingAESKey, exactly 43 letters and digits.
        receive_id: Who the messages have to be for: the corp id for an app, the suite id for a provider's command
            URL, ``""`` for a robot, or a set of them for a provider's data URL (one for each tenant).
        max_bytes: Largest body accepted, in bytes.

    Raises:
        ConfigurationError: The key is not 43 letters and digits, or there is no receive id.
    """

    __slots__ = ("_cipher", "_receive_ids", "_token", "max_bytes")

    def __init__(
        self, token: str, aes_key: str, receive_id: str | Collection[str], *, max_bytes: int = MAX_BODY
    ) -> None:
        if not _AES_KEY.fullmatch(aes_key):
            msg = f"aes_key: EncodingAESKey is 43 letters and digits, got {len(aes_key)} characters; copy it again"
            raise ConfigurationError(msg)
        self._token = token
        # The last character may carry stray bits: the platform ignores them, so this decoder must not be strict.
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._receive_ids = frozenset([receive_id] if isinstance(receive_id, str) else receive_id)
        if not self._receive_ids:
            msg = "receive_id: the set is empty, no message could be for us; name the corp id or suite id"
            raise ConfigurationError(msg)
        self.max_bytes = max_bytes

    def __repr__(self) -> str:
        return f"CallbackCrypto(receive_id={sorted(self._receive_ids)!r})"

    def sign(self, timestamp: str, nonce: str, encrypt: str) -> str:
        """Return the signature (``msg_signature``) over token, timestamp, nonce and ciphertext."""
        # The manual sorts bytes; UTF-8 keeps the order of code points. A stray surrogate in hostile input has to end
        # as a wrong signature, not as an encoding error. SHA-1 is the platform's choice.
        signed = "".join(sorted((self._token, timestamp, nonce, encrypt))).encode("utf-8", "surrogatepass")
        return hashlib.sha1(signed, usedforsecurity=False).hexdigest()

    def verify(self, signature: str, *, timestamp: str, nonce: str, encrypt: str) -> None:
        """Check a signature in constant time.

        Raises:
            SignatureError: It does not belong to this token and these texts.
        """
        if not self.fits(signature, timestamp=timestamp, nonce=nonce, encrypt=encrypt):
            raise SignatureError(_NO_FIT)

    def fits(self, signature: str, *, timestamp: str, nonce: str, encrypt: str) -> bool:
        """Return whether a signature belongs to this token and these texts; takes as long either way."""
        expected = self.sign(timestamp, nonce, encrypt)
        return signature.isascii() and hmac.compare_digest(expected, signature)

    def decrypt(self, encrypt: str) -> tuple[bytes, str]:
        """Decrypt a ciphertext whose signature was verified before.

        Returns:
            The message, and the receive id that it is for.

        Raises:
            DecryptionError: Not base64, wrong length, padding, content or key, not UTF-8, or for another receiver.
        """
        plain = self._unpad(self._decipher(_ciphertext(encrypt)))
        end = _HEAD + int.from_bytes(plain[16:_HEAD], "big")
        if len(plain) < _HEAD or end > len(plain):
            msg = "content-length: the message is longer than the ciphertext; check the EncodingAESKey"
            raise DecryptionError(msg)
        message = plain[_HEAD:end]
        try:
            message.decode()
            receive_id = plain[end:].decode()
        except UnicodeDecodeError:
            msg = "content: the message is not UTF-8; check the EncodingAESKey"
            raise DecryptionError(msg) from None
        if receive_id not in self._receive_ids:
            msg = f"receiveid: the message is for another receiver; expected one of {sorted(self._receive_ids)}"
            raise DecryptionError(msg)
        return message, receive_id

    def encrypt(
        self,
        plaintext: bytes,
        *,
        nonce: str,
        timestamp: int,
        random16: bytes | None = None,
        receive_id: str | None = None,
    ) -> Envelope:
        """Encrypt and sign a message: a reply of ours, or a callback made by a test.

        Args:
            plaintext: UTF-8 XML or JSON.
            nonce: Text of your choice; for a robot's reply the nonce of the request.
            timestamp: Unix seconds.
            random16: 16 bytes to put in front; random unless a test needs the same bytes twice.
            receive_id: Needed only if this lock accepts several.

        Raises:
            ConfigurationError: Several receive ids are accepted and none was named.
            ValueError: ``random16`` is not 16 bytes.
        """
        head = secrets.token_bytes(16) if random16 is None else random16
        if len(head) != 16:  # noqa: PLR2004 - the name says it
            msg = f"random16: 16 bytes expected, got {len(head)}"
            raise ValueError(msg)
        receiver = self._only_receiver() if receive_id is None else receive_id
        plain = head + len(plaintext).to_bytes(4, "big") + plaintext + receiver.encode()
        padder = PKCS7(_BLOCK_BITS).padder()
        encryptor = self._cipher.encryptor()
        ciphertext = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
        encrypt = base64.b64encode(ciphertext).decode()
        signature = self.sign(str(timestamp), nonce, encrypt)
        return Envelope(encrypt=encrypt, signature=signature, timestamp=timestamp, nonce=nonce)

    def echo(self, query: str | bytes | Mapping[str, str]) -> str:
        """Answer the URL check (GET): verify it and return the text to send back as it is, within 1 s.

        Args:
            query: Raw query string, or its parameters decoded exactly once.

        Raises:
            CallbackError: A parameter is missing.
            SignatureError: The request is not signed with this token.
            DecryptionError: ``echostr`` cannot be read with this key, or is for another receiver.
        """
        return self.open_echo(query).body.decode()

    def open_echo(self, query: str | bytes | Mapping[str, str]) -> Delivery:
        """Verify and decrypt the URL check; like `echo`, with what was signed beside it."""
        parameters = read_query(query)
        return unlock((self,), parameters, parameters.get("echostr"))[1]

    def open(self, query: str | bytes | Mapping[str, str], body: bytes) -> Delivery:
        """Verify and decrypt a message (POST).

        Args:
            query: Raw query string, or its parameters decoded exactly once.
            body: XML of apps and suites or JSON of robots, at most ``max_bytes``.

        Raises:
            CallbackError: The body is too large or not an envelope, or a parameter is missing.
            SignatureError: The request is not signed with this token.
            DecryptionError: The message cannot be read with this key, or is for another receiver.
        """
        check_size(body, self.max_bytes)
        return unlock((self,), read_query(query), read_envelope(body))[1]

    def decrypt_media(self, encrypted: bytes) -> bytes:
        """Decrypt a file that somebody sent to a smart robot, as it came from the address in the message.

        Args:
            encrypted: Whole content of the file; it has no signature, so believe only what came over HTTPS.

        Raises:
            DecryptionError: Wrong length, padding or key.
        """
        return self._unpad(self._decipher(encrypted))

    def _decipher(self, ciphertext: bytes) -> bytes:
        if not ciphertext or len(ciphertext) % 16:
            msg = f"ciphertext-length: {len(ciphertext)} bytes are not a multiple of 16"
            raise DecryptionError(msg)
        decryptor = self._cipher.decryptor()
        return decryptor.update(ciphertext) + decryptor.finalize()

    def _unpad(self, padded: bytes) -> bytes:
        unpadder = PKCS7(_BLOCK_BITS).unpadder()
        try:
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            msg = "padding: wrong padding; check the EncodingAESKey"
            raise DecryptionError(msg) from None

    def _only_receiver(self) -> str:
        if len(self._receive_ids) == 1:
            return next(iter(self._receive_ids))
        msg = f"receive_id: {len(self._receive_ids)} are accepted here; say which one this message is for"
        raise ConfigurationError(msg)


def unlock(
    locks: Sequence[CallbackCrypto], parameters: Mapping[str, str], encrypt: str | None
) -> tuple[CallbackCrypto, Delivery]:
    """Find the lock that a message was made for, and open it.

    Every lock is tried, whichever fits: time does not tell which. Those that share a token are told apart by the key.

    Args:
        locks: At least one.
        parameters: The query.
        encrypt: The ciphertext; ``None`` if the query has none.

    Raises:
        CallbackError: A parameter is missing.
        SignatureError: The message is signed with none of the tokens.
        DecryptionError: It cannot be read with the key that belongs to its token, or is for another receiver.
    """
    signature, timestamp, nonce, encrypt = _signed(parameters, encrypt)
    fitting = [lock for lock in locks if lock.fits(signature, timestamp=timestamp, nonce=nonce, encrypt=encrypt)]
    problem: CallbackError | None = None
    for lock in fitting:
        try:
            body, receive_id = lock.decrypt(encrypt)
        except DecryptionError as error:
            problem = error
        else:
            return lock, Delivery(body, receive_id, timestamp, nonce)
    raise problem or SignatureError(_NO_FIT)


def check_size(body: bytes, limit: int) -> None:
    """Refuse a body that is too large to be real.

    Raises:
        CallbackError: It is.
    """
    if len(body) > limit:
        msg = f"body: {len(body)} bytes, the limit is {limit}; raise max_bytes if it is real"
        raise CallbackError(msg)


def _signed(parameters: Mapping[str, str], encrypt: str | None) -> tuple[str, str, str, str]:
    if encrypt is None:
        msg = "query: echostr is missing; is this URL called by the platform?"
        raise CallbackError(msg)
    try:
        return parameters["msg_signature"], parameters["timestamp"], parameters["nonce"], encrypt
    except KeyError as error:
        msg = f"query: {error} is missing; is this URL called by the platform?"
        raise CallbackError(msg) from None


def _ciphertext(encrypt: str) -> bytes:
    try:
        return binascii.a2b_base64(encrypt, strict_mode=True)
    except ValueError:
        msg = "base64: Encrypt holds characters outside base64"
        raise DecryptionError(msg) from None


def read_query(query: str | bytes | Mapping[str, str]) -> Mapping[str, str]:
    """Decode a raw query string exactly once; parameters that are decoded already pass through."""
    if not isinstance(query, (str, bytes)):
        return query
    text = query if isinstance(query, str) else query.decode("latin-1")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=64))
    except ValueError:
        msg = "query: more than 64 parameters; the platform sends four"
        raise CallbackError(msg) from None


def read_envelope(body: bytes) -> str:
    """Return the ciphertext of a posted body, XML or JSON.

    Raises:
        CallbackError: Neither, or without ``Encrypt``.
    """
    is_json = trimmed(body)[:1] in _JSON_STARTS
    encrypt = _json_encrypt(body) if is_json else text_of(body, "Encrypt")
    if encrypt is None:
        msg = "envelope: the body has no Encrypt; is this URL called by the platform?"
        raise CallbackError(msg)
    return encrypt


def _flat_xml(texts: Mapping[str, str]) -> bytes:
    return write_xml(("xml", "", tuple((name, text, ()) for name, text in texts.items())))


def _json_encrypt(body: bytes) -> str | None:
    try:
        envelope = cast("object", json.loads(body))
    except (ValueError, RecursionError):
        msg = "envelope: the body is not JSON"
        raise CallbackError(msg) from None
    encrypt = cast("dict[str, object]", envelope).get("encrypt") if isinstance(envelope, dict) else None
    return encrypt if isinstance(encrypt, str) else None
