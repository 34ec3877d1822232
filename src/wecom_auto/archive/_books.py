"""Rows of the archive. Every function works inside a transaction of the caller, and decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from wecom_auto.archive import _tables as t
from wecom_auto.archive._stored import ArchiveState, StoredUtterance, UnreadMessage
from wecom_auto.archive._values import Agreement, Party, PartyKind, Unreadable, Utterance
from wecom_auto.models import AgreeStatus
from wecom_auto.store import change_where, insert_new, insert_once, rows_where, upsert

_C: Final = t.cursors.c
_M: Final = t.messages.c
_U: Final = t.unread.c
_A: Final = t.agreements.c
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Final = datetime(9000, 1, 1, tzinfo=UTC)
_INTEGER: Final = 2**31 - 1
_STATUS: Final = 32
_STATE: Final = ("stored", "refused", "moved_at", "caught_up_at")
_ID, _MSGID, _KIND, _ACTION, _WHY = 64, 128, 64, 16, 500


@frozen
class Known:
    """What is known of an agreement, and since when.

    Attributes:
        status: What was said; None for nothing.
        at: When.
        checked_at: When the platform was asked last.
    """

    status: AgreeStatus | None
    at: datetime
    checked_at: datetime


# How far.


def cursor(connection: Connection, corp_id: str, source: str) -> str:
    """How far an archive was read; empty for not at all."""
    found = rows_where(connection, t.cursors, _source(corp_id, source), columns=("position",)).scalar()
    return str(found or "")


def move(connection: Connection, corp_id: str, source: str, at: str, to: str, now: datetime) -> bool:
    """Move the cursor from where it was seen; False if somebody else has moved it meanwhile."""
    mine = _source(corp_id, source)
    if not at:
        insert_once(connection, t.cursors, {**mine, "position": "", "stored": 0, "refused": 0, "moved_at": now})
    return change_where(connection, t.cursors, mine | {"position": at}, {"position": to, "moved_at": now}) == 1


def count(connection: Connection, corp_id: str, source: str, *, stored: int, refused: int) -> None:
    """Count what was read."""
    values = {"stored": _C.stored + stored, "refused": _C.refused + refused}
    change_where(connection, t.cursors, _source(corp_id, source), values)


def caught_up(connection: Connection, corp_id: str, source: str, now: datetime) -> None:
    """Write down that there was nothing more to be had."""
    mine = _source(corp_id, source)
    row = {**mine, "position": "", "stored": 0, "refused": 0, "moved_at": now}
    if not insert_once(connection, t.cursors, {**row, "caught_up_at": now}):
        change_where(connection, t.cursors, mine, {"caught_up_at": now})


def state(connection: Connection, corp_id: str, source: str) -> ArchiveState:
    """How an archive stands."""
    row = rows_where(connection, t.cursors, _source(corp_id, source)).mappings().one_or_none()
    unread = sa.select(sa.func.count()).where(_U.corp_id == corp_id, _U.source == source)
    untold = sa.select(sa.func.count()).where(_M.corp_id == corp_id, _M.source == source, _M.told_at.is_(None))
    known: Mapping[str, Any] = {} if row is None else {name: row[name] for name in _STATE}
    return ArchiveState(
        cursor="" if row is None else row["position"],
        unread=connection.scalar(unread) or 0,
        untold=connection.scalar(untold) or 0,
        **known,
    )


# What was said.


def fits(row: Utterance) -> bool:
    """Whether a row can be kept on every database: ids of a length and without zeros, a time of this age."""
    ids = [row.room, row.sender.id, *(one.id for one in row.receivers)]
    texts = [(row.msgid, _MSGID), (row.kind, _KIND), (row.action, _ACTION), *((one, _ID) for one in ids)]
    return bool(row.msgid) and _is_time(row.at) and all(_is_id(text, most) for text, most in texts)


def add(connection: Connection, corp_id: str, source: str, rows: Sequence[Utterance], *, keep_text: bool) -> int:
    """Store what is new; return how much of it was."""
    by_id = {row.msgid: row for row in reversed(rows)}
    there = sa.select(_M.msgid).where(_M.corp_id == corp_id, _M.msgid.in_(list(by_id)))
    known = set(connection.scalars(there)) if by_id else set[str]()
    fresh = [row for msgid, row in by_id.items() if msgid not in known]
    insert_new(connection, t.messages, [_row(corp_id, source, row, keep_text=keep_text) for row in fresh])
    return len(fresh)


def untold(connection: Connection, corp_id: str, limit: int) -> tuple[StoredUtterance, ...]:
    """What nobody has heard yet: oldest first, what failed before last."""
    query = sa.select(t.messages).where(_M.corp_id == corp_id, _M.told_at.is_(None))
    query = query.order_by(_M.attempts, _M.sent_at, _M.msgid).limit(limit)
    return tuple(map(_utterance, connection.execute(query).mappings()))


def told(connection: Connection, corp_id: str, msgids: Collection[str], now: datetime) -> None:
    """Write down what was heard."""
    if msgids:
        mine = (_M.corp_id == corp_id, _M.msgid.in_(list(msgids)))
        connection.execute(sa.update(t.messages).where(*mine).values(told_at=now))


def failed(connection: Connection, corp_id: str, msgids: Collection[str]) -> None:
    """Let what could not be heard come after the others."""
    if msgids:
        mine = (_M.corp_id == corp_id, _M.msgid.in_(list(msgids)))
        connection.execute(sa.update(t.messages).where(*mine).values(attempts=_M.attempts + 1))


def find(
    connection: Connection, corp_id: str, *, room: str, person: str, since: datetime | None, limit: int
) -> tuple[StoredUtterance, ...]:
    """What was said, newest first."""
    where = [_M.corp_id == corp_id]
    where += [_M.room == room] if room else []
    where += [sa.or_(_M.sender == person, _M.receiver == person)] if person else []
    where += [_M.sent_at >= since] if since else []
    query = sa.select(t.messages).where(*where).order_by(_M.sent_at.desc(), _M.msgid.desc()).limit(limit)
    return tuple(map(_utterance, connection.execute(query).mappings()))


def prune(connection: Connection, corp_id: str, before: datetime) -> int:
    """Delete what was said, and what could not be read, before a time; return how many rows."""
    said = connection.execute(sa.delete(t.messages).where(_M.corp_id == corp_id, _M.sent_at < before)).rowcount
    unread = connection.execute(sa.delete(t.unread).where(_U.corp_id == corp_id, _U.found_at < before)).rowcount
    return said + unread


def forget(connection: Connection, corp_id: str, person: str) -> int:
    """Delete what somebody said and was told, and what they have agreed to; return how many messages."""
    mine = (_M.corp_id == corp_id, sa.or_(_M.sender == person, _M.receiver == person))
    gone = connection.execute(sa.delete(t.messages).where(*mine)).rowcount
    connection.execute(sa.delete(t.agreements).where(_A.corp_id == corp_id, _A.external_userid == person))
    return gone


# What could not be read.


def set_aside(connection: Connection, corp_id: str, source: str, rows: Sequence[Unreadable], now: datetime) -> None:
    """Keep messages as they came."""
    kept = {digest_of(row.raw): row for row in rows}
    insert_new(
        connection,
        t.unread,
        [
            {
                "corp_id": corp_id,
                "source": source,
                "digest": digest,
                "msgid": _plain(row.msgid)[:_MSGID],
                "key_version": row.key_version if 0 <= row.key_version <= _INTEGER else 0,
                "why": _plain(row.why)[:_WHY],
                "raw": _plain(row.raw),
                "found_at": now,
            }
            for digest, row in kept.items()
        ],
    )


def unread(connection: Connection, corp_id: str, source: str, limit: int, after: str) -> list[tuple[str, str]]:
    """Messages that could not be read: digest and raw, in the order of digests."""
    query = sa.select(_U.digest, _U.raw).where(_U.corp_id == corp_id, _U.source == source, _U.digest > after)
    return [(row.digest, row.raw) for row in connection.execute(query.order_by(_U.digest).limit(limit))]


def unread_of(connection: Connection, corp_id: str, limit: int) -> tuple[UnreadMessage, ...]:
    """What is known of messages that could not be read, oldest first."""
    names = ("msgid", "source", "key_version", "why", "found_at")
    query = sa.select(*(_U[name] for name in names)).where(_U.corp_id == corp_id)
    rows = connection.execute(query.order_by(_U.found_at, _U.digest).limit(limit)).mappings()
    return tuple(UnreadMessage(**row) for row in rows)


def read_at_last(connection: Connection, corp_id: str, source: str, digests: Collection[str]) -> None:
    """Delete what could be read after all."""
    mine = (_U.corp_id == corp_id, _U.source == source, _U.digest.in_(list(digests)))
    connection.execute(sa.delete(t.unread).where(*mine))


# Who has agreed.


def known(connection: Connection, corp_id: str, chats: Collection[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """What people have said, by place and person."""
    people = sorted({person for _, person in chats})
    query = sa.select(t.agreements).where(_A.corp_id == corp_id, _A.external_userid.in_(people))
    rows = connection.execute(query).mappings() if people else ()
    found = {(row["place"], row["external_userid"]): _known(row) for row in rows}
    return {chat: found[chat] for chat in chats if chat in found}


def learn(connection: Connection, corp_id: str, said: Iterable[Agreement], now: datetime) -> None:
    """Write down what people have said; what they said later counts."""
    rows = [
        {
            "corp_id": corp_id,
            "place": one.place,
            "external_userid": one.external_userid,
            "status": one.status.value[:_STATUS],
            "changed_at": one.at,
            "checked_at": now,
        }
        for one in said
        if one.place and _is_id(one.place) and _is_id(one.external_userid) and _is_time(one.at)
    ]
    upsert(connection, t.agreements, rows, newer="changed_at")


def checked(connection: Connection, corp_id: str, chats: Collection[tuple[str, str]], now: datetime) -> None:
    """Write down that the platform was asked, also of those of whom it knows nothing."""
    keys = [{"corp_id": corp_id, "place": place, "external_userid": person} for place, person in sorted(chats)]
    nothing = {"status": "", "changed_at": _EVER, "checked_at": now}
    insert_new(connection, t.agreements, [{**key, **nothing} for key in keys])
    for key in keys:
        change_where(connection, t.agreements, key, {"checked_at": now})


def _source(corp_id: str, source: str) -> dict[str, object]:
    return {"corp_id": corp_id, "source": source}


def _row(corp_id: str, source: str, row: Utterance, *, keep_text: bool) -> Mapping[str, Any]:
    other = None if row.room else next((one for one in row.receivers if one.id != row.sender.id), None)
    text = _plain(row.text)
    return {
        "corp_id": corp_id,
        "msgid": row.msgid,
        "source": source,
        "sender": row.sender.id,
        "sender_kind": row.sender.kind.value,
        "receiver": other.id if other else "",
        "receiver_kind": other.kind.value if other else "",
        "room": row.room,
        "sent_at": row.at,
        "kind": row.kind,
        "action": row.action,
        "characters": len(text),
        "hits": [_plain(hit) for hit in row.hits],
        "text": text if keep_text and text else None,
        "told_at": None,
        "attempts": 0,
    }


def _utterance(row: RowMapping) -> StoredUtterance:
    receiver = Party(id=row["receiver"], kind=PartyKind(row["receiver_kind"])) if row["receiver"] else None
    return StoredUtterance(
        msgid=row["msgid"],
        source=row["source"],
        sender=Party(id=row["sender"], kind=PartyKind(row["sender_kind"])),
        receiver=receiver,
        room=row["room"],
        at=row["sent_at"],
        kind=row["kind"],
        action=row["action"],
        characters=row["characters"],
        hits=tuple(row["hits"]),
        text=row["text"],
    )


def _known(row: RowMapping) -> Known:
    status = AgreeStatus(row["status"]) if row["status"] else None
    return Known(status, row["changed_at"], row["checked_at"])


def digest_of(raw: str) -> str:
    """Name a message that has no id."""
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()


def _is_id(text: str, most: int = _ID) -> bool:
    return len(text) <= most and _plain(text) == text


def _is_time(at: datetime) -> bool:
    return _EVER <= at < _NEVER


def _plain(text: str) -> str:
    """Without what a database refuses: zeros, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
