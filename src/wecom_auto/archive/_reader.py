"""Read an archive into the database: the cursor moves together with what was stored. Starts no thread; is called.

It refuses what people said before they agreed, keeps no word unless told to, and stops at no message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto._time import require_aware
from wecom_auto.archive import _books as books
from wecom_auto.archive._agreements import AgreementSource
from wecom_auto.archive._books import Known
from wecom_auto.archive._stored import ArchiveState, DeliverReport, ReadReport, StoredUtterance, UnreadMessage
from wecom_auto.archive._values import Agreement, ArchiveSource, SourcePage, Unreadable, Utterance, chat_of, is_internal
from wecom_auto.archive._words import KeyWords
from wecom_auto.callbacks.events import ArchiveApproved
from wecom_auto.errors import ValidationError, WeComError
from wecom_auto.models import AgreeStatus
from wecom_auto.store import reading, repeatable, transaction

__all__ = ["ArchiveReader"]

_ROWS: Final = 1000
_ASK_AGAIN: Final = timedelta(minutes=1)
_BELIEVE: Final = timedelta(days=1)
_BATCH: Final = 100
_NAME: Final = 64
_CURSOR: Final = 255

_Chats = Mapping[tuple[str, str], Known]


@frozen
class _Sorted:
    """A page, sorted."""

    stored: tuple[Utterance, ...]
    aside: tuple[Unreadable, ...]
    refused: int
    internal: int
    said: tuple[Agreement, ...]


def _misfit(row: Utterance) -> Unreadable:
    """Keep what no column can hold, but for its words."""
    facts = {"msgid": row.msgid, "from": row.sender.id, "room": row.room, "kind": row.kind, "at": row.at.isoformat()}
    return Unreadable(msgid=row.msgid, raw=json.dumps(facts), why="an id is missing or too long, or the time is none")


class ArchiveReader:
    """Reads one archive of one corp.

    Everything may be repeated, killed and done by two workers at once: no message is lost, and none stored twice.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        source: Where messages come from.
        agreements: Whom to ask who has agreed; None believes callbacks (`approved`) and the archive itself only.
        accepted: What counts as having agreed; an agreement by default (默认同意) does not unless you say so.
        keywords: Words to look for; the name of a hit is kept, the words are not.
        keep_text: Keep the words themselves. They are personal data, and it is yours to have a reason for it.
        keep_internal: Keep what colleagues say among themselves, too; without it nothing of that is kept.
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        source: ArchiveSource,
        *,
        agreements: AgreementSource | None = None,
        accepted: Collection[AgreeStatus] = (AgreeStatus.AGREE,),
        keywords: Mapping[str, Iterable[str]] | None = None,
        keep_text: bool = False,
        keep_internal: bool = False,
    ) -> None:
        if not 1 <= len(source.name) <= _NAME:
            field = "source.name"
            raise ValidationError(field, value=f"{len(source.name)} characters", limit=f"1 to {_NAME} characters")
        self.engine = engine
        self.corp_id = corp_id
        self.source = source
        self.agreements = agreements
        self.accepted = frozenset(accepted)
        self.keywords = KeyWords(keywords)
        self.keep_text = keep_text
        self.keep_internal = keep_internal

    def __repr__(self) -> str:
        return f"ArchiveReader(corp_id={self.corp_id!r}, source={self.source.name!r}, keep_text={self.keep_text})"

    def read(self, now: datetime, *, limit: int = _ROWS, pages: int | None = None) -> ReadReport:
        """Read what is new, until there is nothing more; run it every minute and after `ArchiveMessagesWaiting`.

        Args:
            now: Aware.
            limit: The most messages of a page, 1 to 1000.
            pages: The most pages; None for all.

        Raises:
            APIError: The archive or the platform refused; what was read before is kept, the next reading goes on.
        """
        moment = require_aware(now, "now")
        if not 1 <= limit <= _ROWS:
            field = "limit"
            raise ValidationError(field, value=str(limit), limit=f"1 to {_ROWS}")
        report = ReadReport(sees=self.source.sees)
        while pages is None or report.pages < pages:
            at = self._cursor()
            page = self.source.read(at, limit)
            if len(page.cursor) > _CURSOR:
                field = f"cursor of {self.source.name}"
                raise ValidationError(field, value=f"{len(page.cursor)} characters", limit=f"at most {_CURSOR}")
            if page.rows or page.cursor != at:
                report = self._take(report, at, page, moment)
            if not page.more:
                self._caught_up(moment)
                return evolve(report, caught_up=True)
        return report

    def read_again(self, now: datetime) -> ReadReport:
        """Try what could not be read once more, after a missing key was added, say.

        What can be read now is stored like anything else; people who had not agreed by then are refused.
        """
        moment = require_aware(now, "now")
        report, after = ReadReport(sees=self.source.sees), ""
        while batch := self._unread(after):
            after = batch[-1][0]
            found = {digest: self.source.read_again(raw) for digest, raw in batch}
            good = {digest: row for digest, row in found.items() if isinstance(row, Utterance) and books.fits(row)}
            sorted_ = self._sort(tuple(good.values()), self._known(tuple(good.values()), moment))
            fresh = self._take_back(tuple(good), sorted_, moment)
            report = evolve(
                report,
                pages=report.pages + 1,
                stored=report.stored + fresh,
                repeated=report.repeated + len(sorted_.stored) - fresh,
                refused=report.refused + sorted_.refused,
                internal=report.internal + sorted_.internal,
                unreadable=report.unreadable + len(found) - len(good),
            )
        return evolve(report, caught_up=True)

    @repeatable
    def approved(self, event: ArchiveApproved) -> None:
        """Remember that a customer has agreed (客户同意进行聊天内容存档); hang it on the router.

        Args:
            event: The callback ``msg_audit_approved``.
        """
        said = Agreement(
            place=event.userid,
            external_userid=event.external_userid,
            status=AgreeStatus.AGREE,
            at=event.created_at,
        )
        with transaction(self.engine) as connection:
            books.learn(connection, self.corp_id, [said], event.created_at)

    def agreed(self, place: str, external_userid: str) -> Agreement | None:
        """What is remembered of somebody; None for nothing.

        Args:
            place: The member of a one-to-one chat, or the group.
            external_userid: The person.
        """
        chat = (place, external_userid)
        with reading(self.engine) as connection:
            known = books.known(connection, self.corp_id, [chat]).get(chat)
        if known is None or known.status is None:
            return None
        return Agreement(place=place, external_userid=external_userid, status=known.status, at=known.at)

    def deliver(self, hear: Callable[[StoredUtterance], object], now: datetime, *, limit: int = _ROWS) -> DeliverReport:
        """Tell somebody what was said: everything at least once, in the order in which it was said.

        After a crash the last hundred may be told again, so let `hear` bear that. What it fails on with a
        `WeComError` comes again after all others; any other exception goes through, and nothing is forgotten.

        Args:
            hear: Hears of each message.
            now: Aware.
            limit: The most messages.
        """
        moment = require_aware(now, "now")
        told, failed = 0, dict[str, str]()
        waiting = self._untold(limit)
        for start in range(0, len(waiting), _BATCH):
            done, wrong = list[str](), dict[str, str]()
            try:
                for one in waiting[start : start + _BATCH]:
                    try:
                        hear(one)
                    except WeComError as error:
                        wrong[one.msgid] = str(error)
                    else:
                        done.append(one.msgid)
            finally:
                self._told(done, tuple(wrong), moment)
            told += len(done)
            failed |= wrong
        return DeliverReport(told=told, failed=failed)

    def said(
        self, *, room: str = "", person: str = "", since: datetime | None = None, limit: int = _ROWS
    ) -> tuple[StoredUtterance, ...]:
        """What was said, newest first.

        Args:
            room: Only in this group.
            person: Only by this one, or to them in a one-to-one chat.
            since: Not before.
            limit: The most messages.
        """
        with reading(self.engine) as connection:
            return books.find(connection, self.corp_id, room=room, person=person, since=since, limit=limit)

    def unread(self, *, limit: int = _ROWS) -> tuple[UnreadMessage, ...]:
        """What could not be read, and why; oldest first."""
        with reading(self.engine) as connection:
            return books.unread_of(connection, self.corp_id, limit)

    def state(self) -> ArchiveState:
        """How the archive stands; alarm somebody if `ArchiveState.caught_up_at` lies a day back."""
        with reading(self.engine) as connection:
            return books.state(connection, self.corp_id, self.source.name)

    @repeatable
    def prune(self, before: datetime) -> int:
        """Delete what was said before a time, and what could not be read until then; return how many rows."""
        with transaction(self.engine) as connection:
            return books.prune(connection, self.corp_id, require_aware(before, "before"))

    @repeatable
    def forget(self, external_userid: str) -> int:
        """Delete everything of a person, what they agreed to included; return how many messages."""
        with transaction(self.engine) as connection:
            return books.forget(connection, self.corp_id, external_userid)

    # A page.

    def _take(self, report: ReadReport, at: str, page: SourcePage, now: datetime) -> ReadReport:
        found = self._sort(page.rows, self._known(page.rows, now))
        fresh = self._store(at, page.cursor, found, now)
        if fresh is None:  # Another worker was quicker; what it has read it has stored.
            return evolve(report, pages=report.pages + 1)
        return evolve(
            report,
            pages=report.pages + 1,
            stored=report.stored + fresh,
            repeated=report.repeated + len(found.stored) - fresh,
            refused=report.refused + found.refused,
            internal=report.internal + found.internal,
            unreadable=report.unreadable + len(found.aside),
        )

    def _sort(self, rows: Sequence[Utterance | Unreadable], known: _Chats) -> _Sorted:
        """Tell what is kept from what is not, with what people say about it in the page itself."""
        standing = dict(known)
        stored, aside, said = list[Utterance](), list[Unreadable](), list[Agreement]()
        refused, internal = 0, 0
        for row in rows:
            if isinstance(row, Unreadable):
                aside.append(row)
            elif not books.fits(row):
                aside.append(_misfit(row))
            elif is_internal(row) and not self.keep_internal:
                internal += 1
            elif row.agreement is not None:
                self._hear(standing, row.agreement)
                said.append(row.agreement)
                stored.append(row)
            elif self._may(row, standing):
                stored.append(evolve(row, hits=tuple(dict.fromkeys((*row.hits, *self.keywords.hits(row.text))))))
            else:
                refused += 1
        return _Sorted(tuple(stored), tuple(aside), refused, internal, tuple(said))

    @staticmethod
    def _hear(standing: dict[tuple[str, str], Known], said: Agreement) -> None:
        chat = (said.place, said.external_userid)
        if chat not in standing or standing[chat].at <= said.at:
            standing[chat] = Known(said.status, said.at, said.at)

    def _may(self, row: Utterance, standing: _Chats) -> bool:
        chat = chat_of(row)
        if chat is None:
            return True
        found = standing.get(chat)
        return found is not None and found.status in self.accepted and found.at <= row.at

    # Agreements.

    def _known(self, rows: Sequence[Utterance | Unreadable], now: datetime) -> _Chats:
        """What is known of everybody in a page, after asking where it is not known or not fresh."""
        wanted: dict[tuple[str, str], bool] = {}
        for row in rows:
            chat = chat_of(row) if isinstance(row, Utterance) and row.agreement is None and books.fits(row) else None
            if chat is not None and chat[0]:
                wanted[chat] = bool(isinstance(row, Utterance) and row.room)
        with reading(self.engine) as connection:
            known = books.known(connection, self.corp_id, wanted)
        stale = {chat: room for chat, room in wanted.items() if not self._fresh(known.get(chat), now)}
        if self.agreements is None or not stale:
            return known
        pairs = [chat for chat, room in stale.items() if not room]
        said = self.agreements.look(pairs, sorted({place for (place, _), room in stale.items() if room}))
        return self._learn(said, stale, wanted, now)

    def _fresh(self, found: Known | None, now: datetime) -> bool:
        if found is None:
            return False
        good = _BELIEVE if found.status in self.accepted else _ASK_AGAIN
        return now - found.checked_at < good

    @repeatable
    def _learn(
        self,
        said: Collection[Agreement],
        asked: Collection[tuple[str, str]],
        wanted: Collection[tuple[str, str]],
        now: datetime,
    ) -> _Chats:
        with transaction(self.engine) as connection:
            books.learn(connection, self.corp_id, said, now)
            books.checked(connection, self.corp_id, asked, now)
            return books.known(connection, self.corp_id, wanted)

    # Transactions.

    def _cursor(self) -> str:
        with reading(self.engine) as connection:
            return books.cursor(connection, self.corp_id, self.source.name)

    @repeatable
    def _store(self, at: str, to: str, found: _Sorted, now: datetime) -> int | None:
        corp_id, name = self.corp_id, self.source.name
        with transaction(self.engine) as connection:
            if not books.move(connection, corp_id, name, at, to, now):
                return None
            fresh = self._write(connection, found, now)
            books.set_aside(connection, corp_id, name, found.aside, now)
        return fresh

    @repeatable
    def _take_back(self, digests: Collection[str], found: _Sorted, now: datetime) -> int:
        with transaction(self.engine) as connection:
            fresh = self._write(connection, found, now)
            books.read_at_last(connection, self.corp_id, self.source.name, digests)
        return fresh

    def _write(self, connection: Connection, found: _Sorted, now: datetime) -> int:
        corp_id, name = self.corp_id, self.source.name
        fresh = books.add(connection, corp_id, name, found.stored, keep_text=self.keep_text)
        books.learn(connection, corp_id, found.said, now)
        books.count(connection, corp_id, name, stored=fresh, refused=found.refused)
        return fresh

    @repeatable
    def _caught_up(self, now: datetime) -> None:
        with transaction(self.engine) as connection:
            books.caught_up(connection, self.corp_id, self.source.name, now)

    def _unread(self, after: str) -> list[tuple[str, str]]:
        with reading(self.engine) as connection:
            return books.unread(connection, self.corp_id, self.source.name, _BATCH, after)

    def _untold(self, limit: int) -> tuple[StoredUtterance, ...]:
        with reading(self.engine) as connection:
            return books.untold(connection, self.corp_id, limit)

    @repeatable
    def _told(self, done: Collection[str], wrong: Collection[str], now: datetime) -> None:
        with transaction(self.engine) as connection:
            books.told(connection, self.corp_id, done, now)
            books.failed(connection, self.corp_id, wrong)
