"""Channels: the registry of sources, long states, and where each add came from.

Revision 0005.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import JsonValue, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "automotive_sources",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source_key", _ID, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("corp_id", "kind", "number", name=op.f("pk_automotive_sources")),
        sa.UniqueConstraint("corp_id", "kind", "source_key", name="uq_automotive_sources_key"),
        comment="What codes call a channel, campaign, store, advisor or lead; a number is given once",
        **_OPTIONS,
    )
    op.create_table(
        "automotive_long_states",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("source", JsonValue, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "number", name=op.f("pk_automotive_long_states")),
        sa.UniqueConstraint("corp_id", "digest", name="uq_automotive_long_states_digest"),
        comment="Sources that have no room in 30 characters",
        **_OPTIONS,
    )
    op.create_table(
        "automotive_adds",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("userid", _ID, nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        *(sa.Column(name, _ID, nullable=False) for name in ("channel", "campaign", "store", "advisor", "lead")),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "external_userid", "userid", "added_at", name=op.f("pk_automotive_adds")),
        comment="Where each add came from, written once and in names, so that it outlives codes and registry",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_adds_time", "automotive_adds", ["corp_id", "added_at"])
    op.create_index("ix_automotive_adds_lead", "automotive_adds", ["corp_id", "lead"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("automotive_adds", "automotive_long_states", "automotive_sources"):
        op.drop_table(table)
