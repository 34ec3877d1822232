"""SOP: the database itself refuses a second active run, and a wake-up that comes while a run is planned is seen.

Revision 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the key of active runs and the count of news."""
    op.add_column("sop_enrolments", sa.Column("live_key", sa.String(64)))
    op.add_column("sop_enrolments", sa.Column("news", sa.Integer, nullable=False, server_default="0"))
    op.create_index("uq_sop_enrolments_live_key", "sop_enrolments", ["live_key"], unique=True)


def downgrade() -> None:
    """Drop both."""
    op.drop_index("uq_sop_enrolments_live_key", table_name="sop_enrolments")
    op.drop_column("sop_enrolments", "news")
    op.drop_column("sop_enrolments", "live_key")
