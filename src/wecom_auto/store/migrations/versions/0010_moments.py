"""SOP: who has published a moment, and which day of a calendar comes next.

Revision 0010.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_BYTEWISE: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Make both tables, and an index by which birthdays are found."""
    op.create_table(
        "sop_publications",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("batch_id", sa.String(32), sa.ForeignKey("sop_batches.id"), primary_key=True),
        sa.Column("userid", _ID, primary_key=True),
        sa.Column("published_at", UtcDateTime),
        sa.Column("reached", sa.Integer, nullable=False),
        sa.Column("comments", sa.Integer, nullable=False),
        sa.Column("likes", sa.Integer, nullable=False),
        sa.Column("read_at", UtcDateTime),
        comment="Each member's part of a moment: published or not, how many can see it, what they did",
        **_BYTEWISE,
    )
    op.create_table(
        "sop_calendars",
        sa.Column("corp_id", _ID, primary_key=True),
        sa.Column("sop", _ID, primary_key=True),
        sa.Column("day", sa.Date),
        sa.Column("due_at", UtcDateTime),
        sa.Column("position", _ID, nullable=False),
        sa.Column("lease_until", UtcDateTime),
        comment="Dates that come round (calendar, birthday): which is next, and how far it was dealt with",
        **_BYTEWISE,
    )
    op.create_index("ix_sop_calendars_due", "sop_calendars", ["corp_id", "due_at"])
    op.create_index("ix_directory_attributes_name", "directory_attributes", ["corp_id", "name", "external_userid"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_directory_attributes_name", table_name="directory_attributes")
    op.drop_table("sop_calendars")
    op.drop_table("sop_publications")
