"""Rows of the registry: give numbers, find names. Every function works inside a transaction of the caller."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import asdict
from sqlalchemy.engine import Connection

from wecom_auto.automotive.channels._source import Source, SourceKind, SourceName
from wecom_auto.automotive.channels._tables import long_states, sources
from wecom_auto.store import insert_once, rows_where


def find(connection: Connection, corp_id: str, kind: SourceKind, key: str) -> SourceName | None:
    """Return one entry by its key."""
    mine = {"corp_id": corp_id, "kind": kind.value, "source_key": key}
    row = rows_where(connection, sources, mine).one_or_none()
    return None if row is None else _name(row)


def entries(connection: Connection, corp_id: str, kind: SourceKind) -> tuple[SourceName, ...]:
    """Return all entries of a kind, by number."""
    return tuple(map(_name, connection.execute(_about(corp_id, kind).order_by(sources.c.number))))


_NEWEST: Final = sa.select(sa.func.max(sources.c.number)).where(
    sources.c.corp_id == sa.bindparam("corp"), sources.c.kind == sa.bindparam("what")
)


def add(connection: Connection, corp_id: str, kind: SourceKind, key: str, name: str, now: datetime) -> SourceName:
    """Give a number to a key; a key that has one keeps it and gets the new name.

    Of two processes that give the same number at the same time one is told so by the primary key, and takes the next.
    """
    while (known := find(connection, corp_id, kind, key)) is None:
        newest = connection.scalar(_NEWEST, {"corp": corp_id, "what": kind.value})
        row = {"number": (newest or 0) + 1, "source_key": key, "name": name, "made_at": now, "retired_at": None}
        if insert_once(connection, sources, {"corp_id": corp_id, "kind": kind.value, **row}):
            return SourceName(kind=kind, key=key, number=(newest or 0) + 1, name=name, retired_at=None)
    if name and name != known.name:
        here = sa.update(sources).where(*_mine(corp_id, kind), sources.c.source_key == key)
        connection.execute(here.values(name=name))
        return SourceName(kind=kind, key=key, number=known.number, name=name, retired_at=known.retired_at)
    return known


def retire(connection: Connection, corp_id: str, kind: SourceKind, key: str, now: datetime) -> bool:
    """Let no new code name the entry; False if there is none."""
    here = sa.update(sources).where(*_mine(corp_id, kind), sources.c.source_key == key)
    return connection.execute(here.values(retired_at=now)).rowcount == 1


def keys(connection: Connection, corp_id: str, numbers: Iterable[tuple[SourceKind, int]]) -> dict[SourceKind, str]:
    """Return the keys of numbers; those that this registry never gave are left out."""
    found: dict[SourceKind, str] = {}
    for kind, number in numbers:
        mine = {"corp_id": corp_id, "kind": kind.value, "number": number}
        if (key := rows_where(connection, sources, mine, columns=("source_key",)).scalar()) is not None:
            found[kind] = key
    return found


def long_number(connection: Connection, corp_id: str, source: Source, now: datetime) -> int:
    """Return the row of a source in the side table; the same source always has the same row."""
    document = asdict(source)
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    table = long_states.c
    mine: sa.Select[int] = sa.select(table.number).where(table.corp_id == corp_id, table.digest == digest)
    while (number := connection.scalar(mine)) is None:
        newest = connection.scalar(sa.select(sa.func.max(table.number)).where(table.corp_id == corp_id))
        row = {"number": (newest or 0) + 1, "digest": digest, "source": document, "made_at": now}
        insert_once(connection, long_states, {"corp_id": corp_id, **row})
    return number


def long_source(connection: Connection, corp_id: str, number: int) -> Source | None:
    """Read a row of the side table."""
    table = long_states.c
    query = sa.select(table.source).where(table.corp_id == corp_id, table.number == number)
    found: dict[str, str] | None = connection.scalar(query)
    return None if found is None else Source(**found)


def _mine(corp_id: str, kind: SourceKind) -> tuple[sa.ColumnElement[bool], ...]:
    return sources.c.corp_id == corp_id, sources.c.kind == kind.value


def _about(corp_id: str, kind: SourceKind) -> sa.Select[*tuple[Any, ...]]:
    query: sa.Select[*tuple[Any, ...]] = sa.select(sources).where(*_mine(corp_id, kind))
    return query


def _name(row: sa.Row[*tuple[Any, ...]]) -> SourceName:
    return SourceName(
        kind=SourceKind(row.kind), key=row.source_key, number=row.number, name=row.name, retired_at=row.retired_at
    )
