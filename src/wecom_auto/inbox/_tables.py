"""The one table of the inbox. Describes it; opens no connection and knows no rule of handling."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from wecom_auto.store import UtcDateTime, metadata

_ID = sa.String(64)
# SQLite numbers rows by itself only for INTEGER, not for BIGINT.
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# MySQL keeps 64 KB unless told otherwise, and a body may have a MiB.
_BODY = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")

events = sa.Table(
    "inbox_events",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("receiver", _ID, nullable=False),
    sa.Column("dedupe_key", _ID, nullable=False),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    # What keeps events in order: the same customer of the same member, the same group, the same tag.
    sa.Column("subject", sa.String(191), nullable=False),
    sa.Column("content", sa.String(8), nullable=False),
    # Receive id, signed timestamp and nonce as JSON: what it takes, with the body, to read the event again.
    sa.Column("envelope", sa.Text, nullable=False),
    sa.Column("body", _BODY, nullable=False),
    sa.Column("happened_at", UtcDateTime, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("deliveries", sa.Integer, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("handled", sa.JSON, nullable=False),
    sa.Column("missed", sa.JSON, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),
    # Until when an urgent handler that has not ended well is worth a try; NULL once there is none.
    sa.Column("urgent_until", UtcDateTime),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("lease_owner", sa.String(128), nullable=False),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("error", sa.Text, nullable=False),
    sa.UniqueConstraint("receiver", "dedupe_key", name="uq_inbox_events_key"),
    sa.Index("ix_inbox_events_next", "receiver", "state", "next_at"),
    sa.Index("ix_inbox_events_subject", "receiver", "corp_id", "subject", "happened_at"),
    sa.Index("ix_inbox_events_finished", "receiver", "state", "finished_at"),
    sqlite_autoincrement=True,
    comment="Events as they came, with what has become of them",
)
