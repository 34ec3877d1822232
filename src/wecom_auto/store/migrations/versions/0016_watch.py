"""Watch: who is watched, who was told of which silence, and the figures of members.

Revision 0016.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import JsonValue, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_WORD = sa.String(16)
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create the tables."""
    _watched()
    _alerts()
    op.create_table(
        "automotive_figures",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("userid", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("answer", JsonValue, nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "userid", "day", name=op.f("pk_automotive_figures")),
        comment="Statistics of members by day, each read once when it is ready",
        **_OPTIONS,
    )


def _watched() -> None:
    op.create_table(
        "automotive_watched",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("subject", _ID, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("members", JsonValue, nullable=False),
        sa.Column("holder", _ID, nullable=False),
        sa.Column("supervisor", _ID, nullable=False),
        sa.Column("store", _ID, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("grade", _ID, nullable=False),
        sa.Column("graded_at", UtcDateTime(), nullable=True),
        sa.Column("touched_at", UtcDateTime(), nullable=True),
        sa.Column("touched_evidence", _WORD, nullable=False),
        sa.Column("waiting_at", UtcDateTime(), nullable=True),
        sa.Column("waiting_evidence", _WORD, nullable=False),
        sa.Column("check_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("corp_id", "subject", name=op.f("pk_automotive_watched")),
        comment="Customers, groups and stores that are watched, with the last that was heard of them",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_watched_check", "automotive_watched", ["corp_id", "check_at"])


def _alerts() -> None:
    op.create_table(
        "automotive_alerts",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("silence", _ID, nullable=False),
        sa.Column("rung", _WORD, nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("rule", _WORD, nullable=False),
        sa.Column("about", _ID, nullable=False),
        sa.Column("store", _ID, nullable=False),
        sa.Column("told", _ID, nullable=False),
        sa.Column("evidence", _WORD, nullable=False),
        sa.Column("looks_at", _WORD, nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("watched_task", sa.BigInteger(), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("fired_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("corp_id", "silence", "rung", name=op.f("pk_automotive_alerts")),
        comment="Who was told of which silence; one row for each rung, so that nobody is told twice",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_alerts_subject", "automotive_alerts", ["corp_id", "subject", "closed_at"])
    op.create_index("ix_automotive_alerts_open", "automotive_alerts", ["corp_id", "closed_at", "fired_at"])
    op.create_index("ix_automotive_alerts_due", "automotive_alerts", ["corp_id", "delivered_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("automotive_figures", "automotive_alerts", "automotive_watched"):
        op.drop_table(table)
