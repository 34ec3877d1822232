"""The tables of sending that belong to no single run: media, tasks of others, scans, transfers. Knows no rule.

They are small beside the timetable: one row for each file, each task of a member, each customer on the move.
"""

from __future__ import annotations

import sqlalchemy as sa

from wecom_auto.store import UtcDateTime, metadata

_ID = sa.String(64)
_KEY = sa.String(191)

media = sa.Table(
    "sop_media",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("media_id", _KEY, primary_key=True),
    # What it may be used in: media of messages and of moments are uploaded by different calls.
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("uploaded_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Index("ix_sop_media_file", "corp_id", "sha256", "purpose", "expires_at"),
    comment="Temporary media of local files, so that nothing is uploaded twice while it lives",
)

outside_tasks = sa.Table(
    "sop_outside_tasks",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("msgid", _KEY, primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # When it is to be read again; NULL once it is counted or too old.
    sa.Column("check_at", UtcDateTime),
    sa.Column("counted_at", UtcDateTime),
    sa.Index("ix_sop_outside_tasks_check", "corp_id", "check_at"),
    comment="Mass messages that members sent by themselves: each one is counted once",
)

scans = sa.Table(
    "sop_scans",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    # Everything before this was read.
    sa.Column("read_until", UtcDateTime, nullable=False),
    sa.Column("check_at", UtcDateTime, nullable=False),
    comment="How far the platform's list was read, for each purpose",
)

transfers = sa.Table(
    "sop_transfers",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("handover_userid", _ID, primary_key=True),
    sa.Column("takeover_userid", _ID, nullable=False),
    sa.Column("resigned", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    # When the platform is asked again; NULL once it has answered for good.
    sa.Column("check_at", UtcDateTime),
    sa.Index("ix_sop_transfers_check", "corp_id", "check_at"),
    comment="Customers on their way from one member to another: nothing is sent meanwhile",
)
