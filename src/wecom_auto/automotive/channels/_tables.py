"""The tables of channels. It describes rows; it opens no connection."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import JsonValue, UtcDateTime, metadata

_ID: Final = sa.String(64)

sources: Final = sa.Table(
    "automotive_sources",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source_key", _ID, nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("retired_at", UtcDateTime),
    sa.UniqueConstraint("corp_id", "kind", "source_key", name="uq_automotive_sources_key"),
    comment="What codes call a channel, campaign, store, advisor or lead; a number is given once",
)

long_states: Final = sa.Table(
    "automotive_long_states",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("digest", _ID, nullable=False),
    sa.Column("source", JsonValue, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("corp_id", "digest", name="uq_automotive_long_states_digest"),
    comment="Sources that have no room in 30 characters",
)

adds: Final = sa.Table(
    "automotive_adds",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("added_at", UtcDateTime, primary_key=True),
    sa.Column("state", sa.String(255), nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("channel", _ID, nullable=False),
    sa.Column("campaign", _ID, nullable=False),
    sa.Column("store", _ID, nullable=False),
    sa.Column("advisor", _ID, nullable=False),
    sa.Column("lead", _ID, nullable=False),
    sa.Column("note", sa.String(500), nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Index("ix_automotive_adds_time", "corp_id", "added_at"),
    sa.Index("ix_automotive_adds_lead", "corp_id", "lead"),
    comment="Where each add came from, written once and in names, so that it outlives codes and registry",
)
