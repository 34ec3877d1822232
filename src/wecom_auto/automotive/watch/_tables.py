"""The tables of the follow-up watch. It describes rows; it opens no connection."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import JsonValue, UtcDateTime, metadata

_ID: Final = sa.String(64)

watched: Final = sa.Table(
    "automotive_watched",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("subject", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("members", JsonValue, nullable=False),
    sa.Column("holder", _ID, nullable=False),
    sa.Column("supervisor", _ID, nullable=False),
    sa.Column("store", _ID, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("grade", _ID, nullable=False),
    sa.Column("graded_at", UtcDateTime),
    sa.Column("touched_at", UtcDateTime),
    sa.Column("touched_evidence", sa.String(16), nullable=False),
    sa.Column("waiting_at", UtcDateTime),
    sa.Column("waiting_evidence", sa.String(16), nullable=False),
    # When to look again; null for never.
    sa.Column("check_at", UtcDateTime),
    sa.Index("ix_automotive_watched_check", "corp_id", "check_at"),
    comment="Customers, groups and stores that are watched, with the last that was heard of them",
)

alerts: Final = sa.Table(
    "automotive_alerts",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("silence", _ID, primary_key=True),
    sa.Column("rung", sa.String(16), primary_key=True),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("rule", sa.String(16), nullable=False),
    sa.Column("about", _ID, nullable=False),
    sa.Column("store", _ID, nullable=False),
    sa.Column("told", _ID, nullable=False),
    sa.Column("evidence", sa.String(16), nullable=False),
    sa.Column("looks_at", sa.String(16), nullable=False),
    sa.Column("detail", sa.String(500), nullable=False),
    sa.Column("watched_task", sa.BigInteger),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("fired_at", UtcDateTime, nullable=False),
    sa.Column("delivered_at", UtcDateTime),
    sa.Column("task_id", sa.BigInteger),
    sa.Column("closed_at", UtcDateTime),
    sa.Index("ix_automotive_alerts_subject", "corp_id", "subject", "closed_at"),
    sa.Index("ix_automotive_alerts_open", "corp_id", "closed_at", "fired_at"),
    sa.Index("ix_automotive_alerts_due", "corp_id", "delivered_at"),
    comment="Who was told of which silence; one row for each rung, so that nobody is told twice",
)

figures: Final = sa.Table(
    "automotive_figures",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    # What the platform answered; null if it told nothing of the day.
    sa.Column("answer", JsonValue),
    sa.Column("read_at", UtcDateTime, nullable=False),
    comment="Statistics of members by day, each read once when it is ready",
)
