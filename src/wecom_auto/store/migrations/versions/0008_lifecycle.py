"""Lifecycle: where each customer is, and everything that was said about it.

Revision 0008.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0008"
down_revision = "0007"
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
        "automotive_positions",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("value", _ID, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("active_at", UtcDateTime(), nullable=False),
        sa.Column("review_at", UtcDateTime(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mirror_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "kind", "external_userid", name=op.f("pk_automotive_positions")),
        comment="Where each customer is now: stage and grade",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_positions_value", "automotive_positions", ["corp_id", "kind", "value", "active_at"])
    op.create_index("ix_automotive_positions_review", "automotive_positions", ["corp_id", "kind", "review_at"])
    op.create_index("ix_automotive_positions_mirror", "automotive_positions", ["corp_id", "kind", "mirror_at"])
    op.create_table(
        "automotive_history",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", _ID, nullable=False),
        sa.Column("before", _ID, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", _ID, nullable=False),
        sa.Column("loss", sa.String(16), nullable=False),
        sa.Column("told_by", _ID, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "kind", "external_userid", "number", name=op.f("pk_automotive_history")),
        comment="Everything that was said about stages and grades; rows are added, never changed",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_history_time", "automotive_history", ["corp_id", "kind", "happened_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("automotive_history", "automotive_positions"):
        op.drop_table(table)
