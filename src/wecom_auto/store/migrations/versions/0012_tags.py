"""Tag plan: what an app has made, and what rules want on customers.

Revision 0012.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0012"
down_revision = "0011"
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
        "automotive_made_tags",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("app", _ID, nullable=False),
        sa.Column("tag_id", _ID, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "app", "tag_id", name=op.f("pk_automotive_made_tags")),
        comment="Tags and groups that an app has made, and may therefore edit",
        **_OPTIONS,
    )
    keys = ("corp_id", "external_userid", "userid", "tag_group", "tag")
    op.create_table(
        "automotive_tag_orders",
        *(sa.Column(name, _ID, nullable=False) for name in keys),
        sa.Column("rule", _ID, nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_automotive_tag_orders")),
        comment="What rules want on customers: the newest word on each tag, and when it ends",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_tag_orders_due", "automotive_tag_orders", ["corp_id", "due_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("automotive_tag_orders", "automotive_made_tags"):
        op.drop_table(table)
