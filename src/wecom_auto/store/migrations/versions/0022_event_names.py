"""Names of events as long as those that a SOP may begin with.

Revision 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the name of an event."""
    with op.batch_alter_table("directory_events") as events:
        events.alter_column("name", type_=sa.String(190), existing_type=sa.String(64), existing_nullable=False)


def downgrade() -> None:
    """Narrow it again; a server refuses that while a longer name is there."""
    with op.batch_alter_table("directory_events") as events:
        events.alter_column("name", type_=sa.String(64), existing_type=sa.String(190), existing_nullable=False)
