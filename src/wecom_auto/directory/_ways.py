"""Read and write the mirror's contact ways (联系我) and join ways (加入群聊). Deletes none: states outlive them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.directory._fit import fit
from wecom_auto.directory._relation import NEVER
from wecom_auto.directory._rows import chunks
from wecom_auto.directory._tables import ways
from wecom_auto.models import ContactWay, JoinWay
from wecom_auto.store import upsert

__all__ = ["Way", "WayKind"]

_COLUMNS: Final = [column for column in ways.columns if column.name not in {"corp_id", "listed_at"}]


class WayKind(enum.StrEnum):
    """What a code leads to."""

    CONTACT = "contact"
    """A member (联系我)."""
    JOIN = "join"
    """A group (加入群聊)."""


@frozen(kw_only=True)
class Way:
    """A code or button as the mirror knows it.

    Attributes:
        config_id: The platform's id.
        kind: To a member, or into a group.
        state: The channel parameter.
        remark: The note.
        qr_code: URL of the picture.
        users: Members, of a contact way.
        parties: Departments, of a contact way.
        chat_ids: Groups, of a join way.
        deleted_at: When it was deleted, or was found missing.
        read_at: When it was last read.
    """

    config_id: str
    kind: WayKind
    state: str = ""
    remark: str = ""
    qr_code: str = ""
    users: tuple[str, ...] = ()
    parties: tuple[int, ...] = ()
    chat_ids: tuple[str, ...] = ()
    deleted_at: datetime | None = None
    read_at: datetime = NEVER


def way_of(answer: ContactWay | JoinWay, as_of: datetime) -> Way:
    """Return what the mirror keeps of an answer."""
    return Way(
        config_id=answer.config_id,
        kind=WayKind.JOIN if isinstance(answer, JoinWay) else WayKind.CONTACT,
        state=fit(answer.state),
        remark=fit(answer.remark),
        qr_code=answer.qr_code,
        users=() if isinstance(answer, JoinWay) else answer.users,
        parties=() if isinstance(answer, JoinWay) else answer.parties,
        chat_ids=answer.chat_ids if isinstance(answer, JoinWay) else (),
        read_at=as_of,
    )


def put(connection: Connection, corp_id: str, answers: Iterable[ContactWay | JoinWay], as_of: datetime) -> None:
    """Write answers, all asked at `as_of`; an older answer changes nothing."""
    told = {one.config_id: way_of(one, as_of) for one in answers}
    known = {one.config_id: one for one in _read(connection, corp_id, told)}
    fresh = [one for one in told.values() if one.config_id not in known or known[one.config_id].read_at <= as_of]
    upsert(connection, ways, [_row(corp_id, one, as_of) for one in fresh])


def unknown(connection: Connection, corp_id: str, config_ids: Iterable[str]) -> list[str]:
    """Return those that the mirror does not know, or knows as deleted."""
    wanted = list(config_ids)
    known = {one.config_id for one in _read(connection, corp_id, wanted) if one.deleted_at is None}
    return [one for one in wanted if one not in known]


def listed(connection: Connection, corp_id: str, config_ids: Iterable[str], as_of: datetime) -> None:
    """Remember that a list named these."""
    for chunk in chunks(config_ids):
        where = (ways.c.corp_id == corp_id, ways.c.config_id.in_(chunk))
        connection.execute(sa.update(ways).where(*where).values(listed_at=as_of))


def gone(connection: Connection, corp_id: str, config_ids: Iterable[str], at: datetime) -> None:
    """Mark some as deleted."""
    for chunk in chunks(config_ids):
        where = (ways.c.corp_id == corp_id, ways.c.config_id.in_(chunk), ways.c.deleted_at.is_(None))
        connection.execute(sa.update(ways).where(*where).values(deleted_at=at))


def unlisted_gone(connection: Connection, corp_id: str, before: datetime) -> None:
    """Mark the contact ways as deleted that no list has named since `before`, unless they were read since."""
    w = ways.c
    where = (w.corp_id == corp_id, w.kind == WayKind.CONTACT.value, w.deleted_at.is_(None))
    unseen = (w.listed_at < before, w.read_at < before)
    connection.execute(sa.update(ways).where(*where, *unseen).values(deleted_at=before))


def find(connection: Connection, corp_id: str, *, state: str = "", living: bool = True) -> tuple[Way, ...]:
    """List ways by id."""
    query = sa.select(*_COLUMNS).where(ways.c.corp_id == corp_id)
    if state:
        query = query.where(ways.c.state == state)
    if living:
        query = query.where(ways.c.deleted_at.is_(None))
    return tuple(_as_way(row) for row in connection.execute(query.order_by(ways.c.config_id)).mappings())


def _read(connection: Connection, corp_id: str, config_ids: Iterable[str]) -> list[Way]:
    found: list[Way] = []
    for chunk in chunks(config_ids):
        query = sa.select(*_COLUMNS).where(ways.c.corp_id == corp_id, ways.c.config_id.in_(chunk))
        found.extend(_as_way(row) for row in connection.execute(query).mappings())
    return found


def _row(corp_id: str, way: Way, as_of: datetime) -> dict[str, Any]:
    return {
        "corp_id": corp_id,
        "config_id": way.config_id,
        "kind": way.kind.value,
        "state": way.state,
        "remark": way.remark,
        "qr_code": way.qr_code,
        "users": list(way.users),
        "parties": list(way.parties),
        "chat_ids": list(way.chat_ids),
        "deleted_at": None,
        "listed_at": as_of,
        "read_at": as_of,
    }


def _as_way(row: Mapping[Any, Any]) -> Way:
    values: dict[str, Any] = dict(row)
    values.update(
        {name: tuple(values[name]) for name in ("users", "parties", "chat_ids")}, kind=WayKind(values["kind"])
    )
    return Way(**values)
