"""Archive: how far it was read, what was said, what could not be read, who has agreed.

Revision 0020.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import JsonValue, LongText, UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_MSGID = sa.String(128)
_WORD = sa.String(16)
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "archive_cursors",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("source", _ID, nullable=False),
        sa.Column("position", sa.String(255), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.Column("caught_up_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("corp_id", "source", name=op.f("pk_archive_cursors")),
        comment="How far each archive was read, moved together with what was read",
        **_OPTIONS,
    )
    _messages()
    _unread()
    op.create_table(
        "archive_agreements",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("place", _ID, nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "place", "external_userid", name=op.f("pk_archive_agreements")),
        comment="What people outside have said about being archived, by member or group",
        **_OPTIONS,
    )
    op.create_index("ix_archive_agreements_person", "archive_agreements", ["corp_id", "external_userid"])


def _messages() -> None:
    op.create_table(
        "archive_messages",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("msgid", _MSGID, nullable=False),
        sa.Column("source", _ID, nullable=False),
        sa.Column("sender", _ID, nullable=False),
        sa.Column("sender_kind", _WORD, nullable=False),
        sa.Column("receiver", _ID, nullable=False),
        sa.Column("receiver_kind", _WORD, nullable=False),
        sa.Column("room", _ID, nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("kind", _ID, nullable=False),
        sa.Column("action", _WORD, nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("hits", JsonValue, nullable=False),
        sa.Column("text", LongText, nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "msgid", name=op.f("pk_archive_messages")),
        comment="That something was said in an archived chat, by people who have agreed",
        **_OPTIONS,
    )
    indexes = {
        "told": ["corp_id", "told_at", "attempts", "sent_at"],
        "room": ["corp_id", "room", "sent_at"],
        "sender": ["corp_id", "sender", "sent_at"],
        "receiver": ["corp_id", "receiver", "sent_at"],
        "sent": ["corp_id", "sent_at"],
    }
    for name, columns in indexes.items():
        op.create_index(f"ix_archive_messages_{name}", "archive_messages", columns)


def _unread() -> None:
    op.create_table(
        "archive_unread",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("source", _ID, nullable=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("msgid", _MSGID, nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("raw", LongText, nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "source", "digest", name=op.f("pk_archive_unread")),
        comment="Messages that could not be read, as they came",
        **_OPTIONS,
    )
    op.create_index("ix_archive_unread_found", "archive_unread", ["corp_id", "found_at"])


def downgrade() -> None:
    """Drop them."""
    for name in ("archive_agreements", "archive_unread", "archive_messages", "archive_cursors"):
        op.drop_table(name)
