"""Staff tasks: tasks without a SOP, roles, escalation, messages to members, leave, and who did what.

Revision 0011.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ID = sa.String(64)
_BYTEWISE: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _added() -> tuple[sa.Column[Any], ...]:
    """The new columns of a task; made anew each time, because a column belongs to one table."""
    return (
        sa.Column("order_key", sa.String(64)),
        sa.Column("source", _ID, nullable=False, server_default=""),
        sa.Column("step", _ID, nullable=False, server_default=""),
        sa.Column("kind", sa.String(32), nullable=False, server_default="other"),
        sa.Column("member", _ID, nullable=False, server_default=""),
        sa.Column("role", _ID, nullable=False, server_default=""),
        sa.Column("store", _ID, nullable=False, server_default=""),
        sa.Column("on_absence", sa.String(16), nullable=False, server_default="backup"),
        sa.Column("chat_id", _ID, nullable=False, server_default=""),
        sa.Column("description", sa.String(512), nullable=False, server_default=""),
        sa.Column("done", sa.Text()),
        sa.Column("needs_evidence", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("due_seconds", sa.Integer()),
        sa.Column("remind_at", UtcDateTime()),
        sa.Column("escalate_at", UtcDateTime()),
        sa.Column("check_at", UtcDateTime()),
        sa.Column("handovers", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("level", sa.String(16), nullable=False, server_default=""),
    )


def upgrade() -> None:
    """Widen the table of tasks, add three, and let open tasks be looked at by their own deadline."""
    with op.batch_alter_table("sop_staff_tasks", table_kwargs={"sqlite_autoincrement": True}) as tasks:
        tasks.alter_column("touch_id", existing_type=_SERIAL, nullable=True)
        for column in _added():
            tasks.add_column(column)
    op.create_index("uq_sop_staff_tasks_order_key", "sop_staff_tasks", ["order_key"], unique=True)
    op.create_index("ix_sop_staff_tasks_subject", "sop_staff_tasks", ["corp_id", "external_userid", "state"])
    op.create_index(
        "ix_sop_staff_tasks_check",
        "sop_staff_tasks",
        ["corp_id", "check_at"],
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.add_column("sop_touches", sa.Column("passed_by", _ID))
    op.execute("UPDATE sop_staff_tasks SET check_at = deadline_at, member = assignee WHERE state = 'open'")
    op.execute("UPDATE sop_touches SET check_at = NULL WHERE state = 'open'")
    _create_notices()
    _create_absences()
    _create_audit()


def _create_notices() -> None:
    op.create_table(
        "sop_notices",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("userid", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("task_id", _SERIAL),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("sent_at", UtcDateTime()),
        sa.ForeignKeyConstraint(
            ["task_id"], ["sop_staff_tasks.id"], name=op.f("fk_sop_notices_task_id_sop_staff_tasks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sop_notices")),
        comment="Application messages to members: written with what they tell, sent in working hours",
        sqlite_autoincrement=True,
        **_BYTEWISE,
    )
    op.create_index(
        "ix_sop_notices_due",
        "sop_notices",
        ["corp_id", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_sop_notices_sent", "sop_notices", ["corp_id", "userid", "sent_at"])
    op.create_index("ix_sop_notices_task", "sop_notices", ["task_id"])


def _create_absences() -> None:
    op.create_table(
        "sop_absences",
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("userid", _ID, nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "userid", "from_at", name=op.f("pk_sop_absences")),
        comment="Members on leave, as somebody has told the runner",
        **_BYTEWISE,
    )


def _create_audit() -> None:
    op.create_table(
        "sop_audit",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("corp_id", _ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("actor", _ID, nullable=False),
        sa.Column("userid", _ID, nullable=False),
        sa.Column("external_userid", _ID, nullable=False),
        sa.Column("task_id", _SERIAL),
        sa.Column("batch_id", sa.String(32)),
        sa.Column("source", _ID, nullable=False),
        sa.Column("step", _ID, nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sop_audit")),
        comment="Who did what to a confirmation or a staff task, when, and on what evidence",
        sqlite_autoincrement=True,
        **_BYTEWISE,
    )
    op.create_index("ix_sop_audit_at", "sop_audit", ["corp_id", "at"])
    op.create_index("ix_sop_audit_userid", "sop_audit", ["corp_id", "userid", "id"])
    op.create_index("ix_sop_audit_task", "sop_audit", ["task_id"])


def downgrade() -> None:
    """Drop all of it; tasks without a SOP cannot be kept."""
    for name in ("sop_audit", "sop_absences", "sop_notices"):
        op.drop_table(name)
    op.drop_column("sop_touches", "passed_by")
    op.execute("DELETE FROM sop_staff_tasks WHERE touch_id IS NULL")
    open_ones = "SELECT touch_id FROM sop_staff_tasks WHERE state = 'open'"
    op.execute(f"UPDATE sop_touches SET check_at = due_at WHERE state = 'open' AND id IN ({open_ones})")  # noqa: S608 - no value from outside
    for name in ("ix_sop_staff_tasks_check", "ix_sop_staff_tasks_subject", "uq_sop_staff_tasks_order_key"):
        op.drop_index(name, table_name="sop_staff_tasks")
    with op.batch_alter_table("sop_staff_tasks", table_kwargs={"sqlite_autoincrement": True}) as tasks:
        for column in reversed(_added()):
            tasks.drop_column(column.name)
        tasks.alter_column("touch_id", existing_type=_SERIAL, nullable=False)
