"""The tables of stages and grades. It describes rows; it opens no connection."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import UtcDateTime, metadata

_ID: Final = sa.String(64)

positions: Final = sa.Table(
    "automotive_positions",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    # "stage" or "grade".
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("value", _ID, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("active_at", UtcDateTime, nullable=False),
    sa.Column("review_at", UtcDateTime),
    sa.Column("number", sa.Integer, nullable=False),
    # When attribute and tag are to be brought up to date; null when they are.
    sa.Column("mirror_at", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("ix_automotive_positions_value", "corp_id", "kind", "value", "active_at"),
    sa.Index("ix_automotive_positions_review", "corp_id", "kind", "review_at"),
    sa.Index("ix_automotive_positions_mirror", "corp_id", "kind", "mirror_at"),
    comment="Where each customer is now: stage and grade",
)

history: Final = sa.Table(
    "automotive_history",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", _ID, nullable=False),
    sa.Column("before", _ID, nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("reason", _ID, nullable=False),
    sa.Column("loss", sa.String(16), nullable=False),
    sa.Column("told_by", _ID, nullable=False),
    sa.Column("note", sa.String(500), nullable=False),
    sa.Column("happened_at", UtcDateTime, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Index("ix_automotive_history_time", "corp_id", "kind", "happened_at"),
    comment="Everything that was said about stages and grades; rows are added, never changed",
)
