"""Content: approvals, short links, and clicks by day.

Revision 0017.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0017"
down_revision = "0016"
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
        "automotive_approvals",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("name", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_by", _ID, nullable=False),
        sa.Column("role", _ID, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "name", "number", name=op.f("pk_automotive_approvals")),
        comment="Who submitted, approved and withdrew which wording of a content; rows are added, never changed",
        **_OPTIONS,
    )
    _links()
    op.create_table(
        "automotive_clicks",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("content", _ID, nullable=False),
        sa.Column("segment", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "content", "segment", "day", name=op.f("pk_automotive_clicks")),
        comment="Clicks by content, segment and Beijing day",
        **_OPTIONS,
    )


def _links() -> None:
    op.create_table(
        "automotive_links",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("content", _ID, nullable=False),
        sa.Column("category", _ID, nullable=False),
        sa.Column("segment", _ID, nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("userid", _ID, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("corp_id", "number", name=op.f("pk_automotive_links")),
        sa.UniqueConstraint("corp_id", "digest", name="uq_automotive_links_digest"),
        comment="Where short links lead, and for whom they were made; the address itself holds a number and its seal",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_links_content", "automotive_links", ["corp_id", "content"])
    op.create_index("ix_automotive_links_customer", "automotive_links", ["corp_id", "external_userid"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("automotive_clicks", "automotive_links", "automotive_approvals"):
        op.drop_table(table)
