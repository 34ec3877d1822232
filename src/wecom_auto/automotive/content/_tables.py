"""The tables of the content library. It describes rows; it opens no connection."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import UtcDateTime, metadata

_ID: Final = sa.String(64)

approvals: Final = sa.Table(
    "automotive_approvals",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("name", _ID, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", _ID, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("decided_by", _ID, nullable=False),
    sa.Column("role", _ID, nullable=False),
    sa.Column("note", sa.String(500), nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=False),
    comment="Who submitted, approved and withdrew which wording of a content; rows are added, never changed",
)

links: Final = sa.Table(
    "automotive_links",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("digest", _ID, nullable=False),
    sa.Column("content", _ID, nullable=False),
    sa.Column("category", _ID, nullable=False),
    sa.Column("segment", _ID, nullable=False),
    sa.Column("external_userid", _ID, nullable=False),
    sa.Column("userid", _ID, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("clicks", sa.BigInteger, nullable=False),
    sa.Column("first_at", UtcDateTime),
    sa.Column("last_at", UtcDateTime),
    sa.UniqueConstraint("corp_id", "digest", name="uq_automotive_links_digest"),
    sa.Index("ix_automotive_links_content", "corp_id", "content"),
    sa.Index("ix_automotive_links_customer", "corp_id", "external_userid"),
    comment="Where short links lead, and for whom they were made; the address itself holds a number and its seal",
)

clicks: Final = sa.Table(
    "automotive_clicks",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("content", _ID, primary_key=True),
    sa.Column("segment", _ID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("clicks", sa.BigInteger, nullable=False),
    comment="Clicks by content, segment and Beijing day",
)
