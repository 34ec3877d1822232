"""Users of the brand's App: which customer each of them is.

Revision 0021.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0021"
down_revision = "0020"
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
        "automotive_app_users",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("app", _ID, nullable=False),
        sa.Column("app_user", sa.String(128), nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("bound_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "app", "app_user", name=op.f("pk_automotive_app_users")),
        comment="Which customer a user of the brand's App is",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_app_users_customer", "automotive_app_users", ["corp_id", "external_userid"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("automotive_app_users")
