"""SOP: a send batch says what it asks for, so that groups and moments go the same way as customers.

Revision 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import LongText

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the kind, the audience of a moment and its job; every batch so far was for customers."""
    op.add_column("sop_batches", sa.Column("kind", sa.String(16), nullable=False, server_default="single"))
    op.add_column("sop_batches", sa.Column("audience", LongText))
    op.add_column("sop_batches", sa.Column("jobid", sa.String(191), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    for name in ("jobid", "audience", "kind"):
        op.drop_column("sop_batches", name)
