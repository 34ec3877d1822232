"""Fleet: the codes that were made, and those that were about to be.

Revision 0014.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import JsonValue, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "automotive_codes",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("code_key", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("config_id", _ID, nullable=False),
        sa.Column("state", _ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("settings", JsonValue, nullable=False),
        sa.Column("intent_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "code_key", name=op.f("pk_automotive_codes")),
        comment="Codes that the fleet has made: the console shows none of them, and group codes are in no list",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_codes_config", "automotive_codes", ["corp_id", "config_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("automotive_codes")
