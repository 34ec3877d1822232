"""The table of the fleet. It describes rows; it opens no connection."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import JsonValue, UtcDateTime, metadata

_ID: Final = sa.String(64)

codes: Final = sa.Table(
    "automotive_codes",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("code_key", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    # "creating" before the call and until its answer is stored, "live", "lost" (gone at the platform), "deleted".
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("config_id", _ID, nullable=False),
    sa.Column("state", sa.String(64), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("settings", JsonValue, nullable=False),
    sa.Column("intent_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Index("ix_automotive_codes_config", "corp_id", "config_id"),
    comment="Codes that the fleet has made: the console shows none of them, and group codes are in no list",
)
