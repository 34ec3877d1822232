"""SOP: rows know their shard, so that workers share the timetable; turns that one worker at a time may take.

Revision 0007.
"""

from __future__ import annotations

from hashlib import md5
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BYTEWISE: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
# The first byte of the MD5, modulo 64, as each database says it.
_SHARD: Final = {
    "sqlite": "wecom_shard(external_userid)",
    "postgresql": "get_byte(decode(md5(external_userid), 'hex'), 0) % 64",
    "mysql": "CONV(LEFT(MD5(external_userid), 2), 16, 10) % 64",
}
_INDEXES: Final = (
    ("sop_enrolments", "ix_sop_enrolments_shard", ["corp_id", "state", "shard", "wake_at"], "state = 0"),
    ("sop_touches", "ix_sop_touches_shard", ["corp_id", "shard", "check_at"], "check_at IS NOT NULL"),
)


def upgrade() -> None:
    """Add the columns, fill them, index them; add the table of turns."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        driver.create_function("wecom_shard", 1, _shard, deterministic=True)  # type: ignore[union-attr]
    formula = _SHARD["mysql" if connection.dialect.name == "mariadb" else connection.dialect.name]
    for table, index, columns, partial in _INDEXES:
        op.add_column(table, sa.Column("shard", sa.SmallInteger, nullable=False, server_default="0"))
        op.execute(f"UPDATE {table} SET shard = {formula}")  # noqa: S608 - constants of this module
        where = sa.text(partial)
        op.create_index(index, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "sop_turns",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("slot_at", UtcDateTime(), nullable=False),
        sa.Column("taken_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "name", name=op.f("pk_sop_turns")),
        comment="What one worker at a time may do, and which minute has had its tick",
        **_BYTEWISE,
    )


def downgrade() -> None:
    """Drop all of it."""
    op.drop_table("sop_turns")
    for table, index, _columns, _partial in _INDEXES:
        op.drop_index(index, table_name=table)
        op.drop_column(table, "shard")


def _shard(subject: str) -> int:
    return md5(subject.encode(), usedforsecurity=False).digest()[0] % 64
