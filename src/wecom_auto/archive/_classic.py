"""Read the classic archive by the vendor's native library: pages, keys, messages, files. Stores nothing."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, ParamSpec, TypeVar, cast

from attrs import define, field, frozen

from wecom_auto._limits import Rate, RateLimiter
from wecom_auto._retry import RetryPolicy
from wecom_auto._time import Clock
from wecom_auto._types import JSON
from wecom_auto.archive._keys import ArchiveKeys
from wecom_auto.archive._sdk import FinanceSdk
from wecom_auto.archive._values import Agreement, Party, PartyKind, Sight, SourcePage, Unreadable, Utterance, party_of
from wecom_auto.archive._words import words_of
from wecom_auto.errors import APIError, DecodeError, PagingError, RetryRule, ValidationError, api_error
from wecom_auto.models import (
    AgreeStatus,
    ArchivedAgree,
    ArchivedDisagree,
    ArchivedMessage,
    UnknownArchivedContent,
    read_archived_message,
)

__all__ = ["MediaFile", "NativeArchive"]

P = ParamSpec("P")
R = TypeVar("R")

_CALL: Final = "GetChatData"
_MINUTE: Final = 60.0
_ROWS: Final = 1000
_TOO_LARGE: Final = 301058
_NOT_PARSED: Final = 10002
_OK_AFTER: Final = 20
"""Pages after which a larger one is tried again."""


@frozen(kw_only=True)
class MediaFile:
    """A file that was fetched.

    Attributes:
        path: Where it is.
        size: Bytes.
        md5: Of what is there.
        intact: It is what the message promised; True if the message promised nothing.
    """

    path: Path
    size: int
    md5: str
    intact: bool


@define(kw_only=True, eq=False)
class NativeArchive:
    """The classic archive, through the vendor's library.

    Messages stay on the platform for 3 to 5 days (unverified which): read every minute, and at once after
    `ArchiveMessagesWaiting`. What was not read in time is lost.

    Attributes:
        sdk: `NativeFinanceSdk`, or what plays it.
        keys: Every private key that there ever was.
        name: Names the cursor.
        retry: For what the library says may be tried again (10001 to 10003).
        calls_per_minute: Pages in a minute. Unverified: most copies of the manual say 600, one of 2026 says 4,000.
        sleep: Waits so many seconds.
        clock: Unix seconds of "now".
    """

    sdk: FinanceSdk = field(repr=False)
    keys: ArchiveKeys
    name: str = "native"
    retry: RetryPolicy = field(factory=RetryPolicy, repr=False)
    calls_per_minute: int = field(default=600, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Clock = field(default=time.time, repr=False)
    _limiter: RateLimiter = field(init=False, repr=False)
    _most: int = field(default=_ROWS, init=False, repr=False)
    _good: int = field(default=0, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.calls_per_minute < 1:
            name = "calls_per_minute"
            raise ValidationError(name, value=str(self.calls_per_minute), limit="at least 1")
        self._limiter = RateLimiter({_CALL: (Rate(self.calls_per_minute, _MINUTE),)})

    @property
    def sees(self) -> Sight:
        """Everything."""
        return Sight.TEXT

    def read(self, cursor: str, limit: int, /) -> SourcePage:
        """Fetch and decrypt what came after a cursor, which is the largest ``seq``; see `ArchiveSource.read`.

        Too large an answer (301058) is asked for again by halves; later pages grow again.

        Raises:
            APIError: The library's return code, or the ``errcode`` in its answer, after retries where they help.
            PagingError: It gives messages that are not after the cursor.
        """
        seq = int(cursor or 0)
        rows = self._page(seq, min(limit, _ROWS))
        last = max((_seq(raw) for raw in rows), default=seq)
        if rows and last <= seq:
            msg = f"GetChatData gave {len(rows)} messages after {seq}, none of which is"
            raise PagingError(msg)
        return SourcePage(rows=tuple(map(self._row, sorted(rows, key=_seq))), cursor=str(last), more=bool(rows))

    def read_again(self, raw: str, /) -> Utterance | Unreadable:
        """Decrypt a message again, after a missing key was added, say."""
        return self._row(json.loads(raw))

    def messages(self, cursor: str = "", limit: int = _ROWS) -> tuple[ArchivedMessage | Unreadable, ...]:
        """Fetch messages with everything that they say, for programs that keep them by themselves.

        Args:
            cursor: The largest ``seq`` that was had.
            limit: The most.
        """
        return tuple(self._message(raw) for raw in sorted(self._page(int(cursor or 0), limit), key=_seq))

    def save_media(self, sdkfileid: str, into: Path | str, *, md5: str = "") -> MediaFile:
        """Fetch a file, piece by piece, and put it where it belongs when it is whole.

        Sums do not always match at first (unverified why): the file is then fetched again, and kept with
        `MediaFile.intact` False in the end. Files live as long as messages, so fetch them soon.

        Args:
            sdkfileid: From the message.
            into: The file to write.
            md5: The message's ``md5sum``; empty to believe anything.

        Raises:
            APIError: 10005 there is no such file; 10010 it has expired.
        """
        found = self._fetch(sdkfileid, Path(into), md5.lower())
        for attempt in range(1, self.retry.attempts):
            if found.intact:
                break
            self.sleep(self.retry.pause(attempt, random.random))
            found = self._fetch(sdkfileid, Path(into), md5.lower())
        return found

    # Pages.

    def _page(self, seq: int, limit: int) -> list[Mapping[str, JSON]]:
        size = min(limit, self._most)
        while True:
            try:
                rows = self._patiently(self._ask, seq, size)
            except APIError as error:
                if error.errcode != _TOO_LARGE or size == 1:
                    raise
                size = max(1, size // 2)
                self._most, self._good = size, 0
            else:
                self._good += 1
                if self._good >= _OK_AFTER:
                    self._most, self._good = min(_ROWS, self._most * 2), 0
                return rows

    def _ask(self, seq: int, limit: int) -> list[Mapping[str, JSON]]:
        try:
            answer: Any = json.loads(self._in_time(seq, limit))
            code, rows = int(answer.get("errcode") or 0), answer.get("chatdata") or []
            well = all(isinstance(one, dict) for one in rows)
        except (ValueError, AttributeError, TypeError):
            well, code, rows, answer = False, 0, [], {}
        if code:
            raise api_error(code, str(answer.get("errmsg", "")), call=_CALL)
        if not well:
            raise api_error(_NOT_PARSED, "its answer is not the manual's", call=_CALL, namespace="archive")
        return list(rows)

    def _in_time(self, seq: int, limit: int) -> bytes:
        self._limiter.enter(_CALL)
        while wait := self._limiter.delay(_CALL, self.clock()):
            self.sleep(wait)
        try:
            return self.sdk.get_chat_data(seq, limit)
        finally:
            self._limiter.leave(_CALL, self.clock())

    def _patiently(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, self.retry.attempts):
            try:
                return call(*args, **kwargs)
            except APIError as error:
                if error.code.retry is not RetryRule.BACKOFF:
                    raise
            self.sleep(self.retry.pause(attempt, random.random))
        return call(*args, **kwargs)

    # Messages.

    def _row(self, raw: Mapping[str, JSON]) -> Utterance | Unreadable:
        message = self._message(raw)
        if isinstance(message, Unreadable):
            return message
        if message.sent_at is None:
            return _unreadable(raw, "it does not say when it was sent")
        content = message.content
        return Utterance(
            msgid=message.msgid,
            sender=party_of(message.sender),
            receivers=tuple(map(party_of, message.receivers)),
            room=message.roomid,
            at=message.sent_at,
            kind=content.msgtype if isinstance(content, UnknownArchivedContent) else content.MSGTYPE,
            action=message.action.value,
            text=words_of(content),
            agreement=_agreement(message),
        )

    def _message(self, raw: Mapping[str, JSON]) -> ArchivedMessage | Unreadable:
        version, key, body = raw.get("publickey_ver"), raw.get("encrypt_random_key"), raw.get("encrypt_chat_msg")
        if not isinstance(version, int) or not isinstance(key, str) or not isinstance(body, str):
            return _unreadable(raw, "publickey_ver, encrypt_random_key or encrypt_chat_msg is missing")
        try:
            plain: object = json.loads(self.sdk.decrypt(self.keys.open(version, key), body))
            message = read_archived_message(cast("Mapping[str, JSON]", plain if isinstance(plain, dict) else {}))
        except (APIError, DecodeError) as error:
            return _unreadable(raw, str(error))
        except ValueError:  # With a wrong key the result may be anything, and the error would show it.
            return _unreadable(raw, "what it decrypts to is no JSON")
        return message if message.msgid else _unreadable(raw, "what it decrypts to has no msgid")

    # Files.

    def _fetch(self, sdkfileid: str, into: Path, wanted: str) -> MediaFile:
        digest, size = hashlib.md5(usedforsecurity=False), 0
        with NamedTemporaryFile(dir=into.parent, prefix=f".{into.name}.", delete=False) as file:
            draft = Path(file.name)
            try:
                for piece in self._pieces(sdkfileid):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        draft.replace(into)
        md5 = digest.hexdigest()
        return MediaFile(path=into, size=size, md5=md5, intact=wanted in {"", md5})

    def _pieces(self, sdkfileid: str) -> Iterator[bytes]:
        index, last, seen = "", False, {""}
        while not last:
            data, index, last = self._patiently(self.sdk.get_media, index, sdkfileid)
            yield data
            if not last and index in seen:
                msg = "GetMediaData gave an index that it had given before"
                raise PagingError(msg)
            seen.add(index)


def _seq(raw: Mapping[str, JSON]) -> int:
    seq = raw.get("seq")
    return seq if isinstance(seq, int) else 0


def _unreadable(raw: Mapping[str, JSON], why: str) -> Unreadable:
    msgid, version = raw.get("msgid"), raw.get("publickey_ver")
    return Unreadable(
        msgid=msgid if isinstance(msgid, str) else "",
        raw=json.dumps(raw, ensure_ascii=False),
        why=why,
        key_version=version if isinstance(version, int) else 0,
    )


def _agreement(message: ArchivedMessage) -> Agreement | None:
    said = message.content
    if not isinstance(said, ArchivedAgree | ArchivedDisagree) or message.sent_at is None:
        return None
    person = said.userid or message.sender
    others = [party_of(one) for one in (message.sender, *message.receivers)]
    place = message.roomid or _member(others)
    status = AgreeStatus.AGREE if isinstance(said, ArchivedAgree) else AgreeStatus.DISAGREE
    return Agreement(place=place, external_userid=person, status=status, at=said.at or message.sent_at)


def _member(people: list[Party]) -> str:
    return next((one.id for one in people if one.kind is PartyKind.MEMBER), "")
