"""Leads: since when a link has led to nothing, so that a tick need not read every lead that was ever sent one.

Revision 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_FILL = """
    UPDATE leads SET unadded_since = link_sent_at
    WHERE link_sent_at IS NOT NULL AND added_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM lead_history
        WHERE lead_history.corp_id = leads.corp_id AND lead_history.lead_id = leads.lead_id AND what = 'not_added'
    )
"""


def upgrade() -> None:
    """Add the column, fill it, index it."""
    op.add_column("leads", sa.Column("unadded_since", UtcDateTime(), nullable=True))
    op.execute(_FILL)
    op.create_index("ix_leads_unadded", "leads", ["corp_id", "status", "unadded_since"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_leads_unadded", table_name="leads")
    op.drop_column("leads", "unadded_since")
