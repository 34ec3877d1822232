"""Prospect groups: invitations, join ways, claims, and what a playbook has used.

Revision 0015.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import JsonValue, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_KIND = sa.String(32)
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "automotive_invitations",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("kind", _KIND, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chat_id", _ID, nullable=False),
        sa.Column("config_id", _ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("reason", _KIND, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime()),
        sa.Column("closed_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("corp_id", "external_userid", "kind", "number", name=op.f("pk_automotive_invitations")),
        comment="Who was invited to which group, and whether they came; rows are closed, never deleted",
        **_OPTIONS,
    )
    op.create_index("ix_automotive_invitations_state", "automotive_invitations", ["corp_id", "state", "until_at"])
    op.create_table(
        "automotive_join_ways",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("kind", _KIND, nullable=False),
        sa.Column("store", _ID, nullable=False),
        sa.Column("config_id", _ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("chat_ids", JsonValue, nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "kind", "store", name=op.f("pk_automotive_join_ways")),
        comment="The join way of each kind of group and shop: the platform has no list of them",
        **_OPTIONS,
    )
    op.create_table(
        "automotive_group_claims",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("claim_key", _ID, nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "claim_key", name=op.f("pk_automotive_group_claims")),
        comment="Which worker's turn a change of a group is; a claim of a worker that died lapses",
        **_OPTIONS,
    )
    op.create_table(
        "automotive_group_posts",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("playbook", _ID, nullable=False),
        sa.Column("item", _ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("series", _ID, nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "playbook", "item", "day", name=op.f("pk_automotive_group_posts")),
        comment="What a broadcast playbook has used, and when, so that nothing is repeated too soon",
        **_OPTIONS,
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("group_posts", "group_claims", "join_ways", "invitations"):
        op.drop_table(f"automotive_{table}")
