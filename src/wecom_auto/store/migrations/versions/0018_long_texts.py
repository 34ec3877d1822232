"""Documents of any length on MySQL, and indexes for questions about batches by their state and their time.

Revision 0018.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_LONG: Final = (("sop_definitions", "document"), ("sop_batches", "content"), ("leads", "note"))
"""What people write as long as they like: a TEXT of MySQL ends at 64 KiB, those of the others do not end."""


def upgrade() -> None:
    """Widen the columns where they are narrow, and add the indexes."""
    if op.get_bind().dialect.name in {"mysql", "mariadb"}:
        for table, column in _LONG:
            op.alter_column(table, column, type_=mysql.LONGTEXT(), existing_type=mysql.TEXT(), existing_nullable=False)
    op.create_index("ix_sop_batches_state", "sop_batches", ["corp_id", "state", "slot_at"])
    op.create_index("ix_sop_batches_slot", "sop_batches", ["corp_id", "kind", "slot_at"])


def downgrade() -> None:
    """Take them back; the database refuses to narrow a column that holds a longer text."""
    op.drop_index("ix_sop_batches_slot", "sop_batches")
    op.drop_index("ix_sop_batches_state", "sop_batches")
    if op.get_bind().dialect.name in {"mysql", "mariadb"}:
        for table, column in _LONG:
            op.alter_column(table, column, type_=sa.Text(), existing_type=mysql.LONGTEXT(), existing_nullable=False)
