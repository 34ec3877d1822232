"""Rows of the fleet's table. Every function works inside a transaction that the caller opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.automotive.fleet._codes import CodeKind
from wecom_auto.automotive.fleet._tables import codes
from wecom_auto.store import upsert


@frozen(kw_only=True)
class KnownCode:
    """A code that the fleet has made, or was about to make when the program died.

    Attributes:
        key: What the table calls it.
        kind: What it leads to.
        status: ``creating``, ``live``, ``lost`` (gone at the platform) or ``deleted``.
        config_id: The platform's id (of a link: its link_id); empty while it is being made.
        state: The `state` of its customers.
        url: Of the picture, or of the link.
        settings: What the platform was last told.
        intent_at: When it was about to be made.
    """

    key: str
    kind: CodeKind
    status: str
    config_id: str = ""
    state: str = ""
    url: str = ""
    settings: Mapping[str, Any] = field(factory=dict[str, Any])
    intent_at: datetime

    @property
    def live(self) -> bool:
        """Whether it works, as far as is known."""
        return self.status == "live"

    @property
    def creating(self) -> bool:
        """Whether nobody knows if the platform has made it."""
        return self.status == "creating"


def read(connection: Connection, corp_id: str) -> dict[str, KnownCode]:
    """Return every code, by key."""
    query = sa.select(codes).where(codes.c.corp_id == corp_id).order_by(codes.c.code_key)
    return {
        row.code_key: KnownCode(
            key=row.code_key,
            kind=CodeKind(row.kind),
            status=row.status,
            config_id=row.config_id,
            state=row.state,
            url=row.url,
            settings=row.settings,
            intent_at=row.intent_at,
        )
        for row in connection.execute(query)
    }


def write(connection: Connection, corp_id: str, code: KnownCode, now: datetime) -> KnownCode:
    """Write one code."""
    row = {
        "corp_id": corp_id,
        "code_key": code.key,
        "kind": code.kind.value,
        "status": code.status,
        "config_id": code.config_id,
        "state": code.state,
        "url": code.url,
        "settings": dict(code.settings),
        "intent_at": code.intent_at,
        "changed_at": now,
    }
    upsert(connection, codes, [row])
    return code


def with_status(code: KnownCode, status: str, **changes: Any) -> KnownCode:
    """Return the code in another status."""
    return evolve(code, status=status, **changes)
