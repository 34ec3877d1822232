"""SOP: temporary media, mass messages of members, scans of the platform's list, customers on the move.

Revision 0006.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# MySQL ignores case by default: wmAbc and wmabc are two customers.
_BYTEWISE: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create the tables."""
    _create(
        "sop_media",
        ["media_id"],
        "Temporary media of local files, so that nothing is uploaded twice while it lives",
        sa.Column("media_id", sa.String(191), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_sop_media_file", "sop_media", ["corp_id", "sha256", "purpose", "expires_at"])
    _create(
        "sop_outside_tasks",
        ["msgid"],
        "Mass messages that members sent by themselves: each one is counted once",
        sa.Column("msgid", sa.String(191), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("check_at", UtcDateTime(), nullable=True),
        sa.Column("counted_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_sop_outside_tasks_check", "sop_outside_tasks", ["corp_id", "check_at"])
    _create(
        "sop_scans",
        ["kind"],
        "How far the platform's list was read, for each purpose",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("read_until", UtcDateTime(), nullable=False),
        sa.Column("check_at", UtcDateTime(), nullable=False),
    )
    _create(
        "sop_transfers",
        ["external_userid", "handover_userid"],
        "Customers on their way from one member to another: nothing is sent meanwhile",
        sa.Column("external_userid", sa.String(64), nullable=False),
        sa.Column("handover_userid", sa.String(64), nullable=False),
        sa.Column("takeover_userid", sa.String(64), nullable=False),
        sa.Column("resigned", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("check_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_sop_transfers_check", "sop_transfers", ["corp_id", "check_at"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("transfers", "scans", "outside_tasks", "media"):
        op.drop_table(f"sop_{name}")


def _create(name: str, keys: list[str], comment: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("corp_id", sa.String(64), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("corp_id", *keys, name=op.f(f"pk_{name}")),
        comment=comment,
        **_BYTEWISE,
    )
