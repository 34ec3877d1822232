"""Directory: groups with their members, contact ways and join ways, tag groups; a bulk read per kind.

Revision 0003.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import LongText, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# MySQL ignores case by default: wrAbc and wrabc are two groups.
_BYTEWISE: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create the tables; where a bulk read of the old kind stood is forgotten, the next one starts anew."""
    _create_groups()
    _create_ways()
    op.drop_table("directory_syncs")
    _create(
        "directory_syncs",
        ["corp_id", "kind"],
        "Where each kind of bulk read stands, so that a stopped one goes on",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("filled_at", UtcDateTime(), nullable=True),
        sa.Column("position", LongText, nullable=True),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("failed", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables, and bring the old bulk read back."""
    for name in ("syncs", "ways", "tag_groups", "group_members", "groups"):
        op.drop_table(f"directory_{name}")
    _create(
        "directory_syncs",
        ["corp_id"],
        "Where the bulk read stands, so that a stopped one goes on",
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
    )


def _create_groups() -> None:
    _create(
        "directory_groups",
        ["corp_id", "chat_id"],
        "Customer groups",
        sa.Column("chat_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=True),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.Column("member_version", sa.String(length=64), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_directory_groups_owner", "directory_groups", ["corp_id", "owner"])
    _create(
        "directory_group_members",
        ["corp_id", "chat_id", "userid"],
        "Who is, or was, in which group, and how they came",
        sa.Column("chat_id", sa.String(length=64), nullable=False),
        sa.Column("userid", sa.String(length=64), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=True),
        sa.Column("join_scene", sa.SmallInteger(), nullable=False),
        sa.Column("invitor", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_directory_group_members_userid", "directory_group_members", ["corp_id", "userid"])


def _create_ways() -> None:
    _create(
        "directory_ways",
        ["corp_id", "config_id"],
        "Contact ways and join ways; a deleted one stays, because customers still carry its state",
        sa.Column("config_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("remark", sa.String(length=255), nullable=False),
        sa.Column("qr_code", sa.Text(), nullable=False),
        sa.Column("users", sa.JSON(), nullable=False),
        sa.Column("parties", sa.JSON(), nullable=False),
        sa.Column("chat_ids", sa.JSON(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("listed_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_directory_ways_state", "directory_ways", ["corp_id", "state"])
    _create(
        "directory_tag_groups",
        ["corp_id", "group_id"],
        "Groups of corp tags",
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=True),
    )


def _create(name: str, key: list[str], comment: str, *columns: sa.Column[Any]) -> None:
    corp = sa.Column("corp_id", sa.String(length=64), nullable=False)
    primary = sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}"))
    op.create_table(name, corp, *columns, primary, comment=comment, **_BYTEWISE)
