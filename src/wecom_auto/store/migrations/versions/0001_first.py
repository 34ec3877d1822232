"""Directory and SOP: the first schema.

Revision 0001.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# MySQL ignores case by default: wmAbc and wmabc are two customers.
_BYTEWISE: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Create all tables."""
    _create_directory()
    _create_sop()


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("sop_staff_tasks")
    op.drop_table("sop_touches")
    op.drop_table("sop_sops")
    op.drop_table("sop_enrolments")
    op.drop_table("sop_definitions")
    op.drop_table("sop_decisions")
    op.drop_table("sop_caps")
    op.drop_table("sop_batches")
    op.drop_table("directory_tags")
    op.drop_table("directory_syncs")
    op.drop_table("directory_seen")
    op.drop_table("directory_follows")
    op.drop_table("directory_follow_tags")
    op.drop_table("directory_events")
    op.drop_table("directory_customers")
    op.drop_table("directory_attributes")


def _create_directory() -> None:
    op.create_table(
        "directory_attributes",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "external_userid", "name", name=op.f("pk_directory_attributes")),
        comment="What the dealer knows about a customer, such as insurance_expiry",
        **_BYTEWISE,
    )
    op.create_table(
        "directory_customers",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("gender", sa.Integer(), nullable=False),
        sa.Column("unionid", sa.String(length=64), nullable=False),
        sa.Column("corp_name", sa.String(length=255), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "external_userid", name=op.f("pk_directory_customers")),
        comment="What the platform knows about a person",
        **_BYTEWISE,
    )
    op.create_index("ix_directory_customers_unionid", "directory_customers", ["corp_id", "unionid"], unique=False)
    op.create_table(
        "directory_events",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "external_userid", "name", "at", name=op.f("pk_directory_events")),
        comment="What happened to a customer outside the platform, such as testdrive.booked",
        **_BYTEWISE,
    )
    op.create_table(
        "directory_follow_tags",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("userid", sa.String(length=64), nullable=False),
        sa.Column("tag_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint(
            "corp_id", "external_userid", "userid", "tag_id", name=op.f("pk_directory_follow_tags")
        ),
        comment="Which member put which tag on which customer",
        **_BYTEWISE,
    )
    op.create_table(
        "directory_follows",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("userid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("add_way", sa.Integer(), nullable=False),
        sa.Column("remark", sa.String(length=255), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=True),
        sa.Column("contacted_at", UtcDateTime(), nullable=True),
        sa.Column("status_at", UtcDateTime(), nullable=False),
        sa.Column("tags_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "external_userid", "userid", name=op.f("pk_directory_follows")),
        comment="Who follows whom, since when, from which channel",
        **_BYTEWISE,
    )
    op.create_index("ix_directory_follows_member", "directory_follows", ["corp_id", "userid"], unique=False)
    op.create_table(
        "directory_seen",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("event_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "event_key", name=op.f("pk_directory_seen")),
        comment="Callbacks applied already: the platform repeats what it thinks was not received",
        **_BYTEWISE,
    )
    op.create_index("ix_directory_seen_created_at", "directory_seen", ["corp_id", "created_at"], unique=False)
    op.create_table(
        "directory_syncs",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", name=op.f("pk_directory_syncs")),
        comment="Where the bulk read stands, so that a stopped one goes on",
        **_BYTEWISE,
    )
    op.create_table(
        "directory_tags",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("tag_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("group_name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "tag_id", name=op.f("pk_directory_tags")),
        comment="Corp tags and their groups",
        **_BYTEWISE,
    )
    op.create_index("ix_directory_tags_name", "directory_tags", ["corp_id", "name"], unique=False)


def _create_sop() -> None:
    op.create_table(
        "sop_batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("slot_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("live_key", sa.String(length=191), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("first_call_at", UtcDateTime(), nullable=True),
        sa.Column("last_call_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unknowns", sa.Integer(), nullable=False),
        sa.Column("msgid", sa.String(length=191), nullable=True),
        sa.Column("check_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("remind_seconds", sa.Integer(), nullable=True),
        sa.Column("escalate_seconds", sa.Integer(), nullable=True),
        sa.Column("reminds", sa.Integer(), nullable=False),
        sa.Column("escalated_at", UtcDateTime(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sop_batches")),
        sa.UniqueConstraint("live_key", name=op.f("uq_sop_batches_live_key")),
        sa.UniqueConstraint("msgid", name=op.f("uq_sop_batches_msgid")),
        comment="One request to the platform for one member: one tap",
        **_BYTEWISE,
    )
    op.create_index(
        "ix_sop_batches_check",
        "sop_batches",
        ["corp_id", "check_at"],
        unique=False,
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.create_table(
        "sop_caps",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("reserved >= 0 AND used >= 0", name=op.f("ck_sop_caps_ck_sop_caps_not_negative")),
        sa.PrimaryKeyConstraint("corp_id", "external_userid", "period", name=op.f("pk_sop_caps")),
        comment="Each customer's allowance of mass messages: reserved at freeze, settled by the result",
        **_BYTEWISE,
    )
    op.create_table(
        "sop_decisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("sop", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sop_decisions")),
        comment="Why: every send, skip, deferral, drop, end and alert with its reason",
        sqlite_autoincrement=True,
        **_BYTEWISE,
    )
    op.create_index("ix_sop_decisions_customer", "sop_decisions", ["corp_id", "external_userid", "id"], unique=False)
    op.create_index("ix_sop_decisions_reason", "sop_decisions", ["corp_id", "reason"], unique=False)
    op.create_table(
        "sop_definitions",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("sop", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "sop", "version", name=op.f("pk_sop_definitions")),
        comment="Published versions; a row is never changed",
        **_BYTEWISE,
    )
    op.create_table(
        "sop_enrolments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("sop", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("userid", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.String(length=128), nullable=False),
        sa.Column("anchor_at", UtcDateTime(), nullable=False),
        sa.Column("enrolled_at", UtcDateTime(), nullable=False),
        sa.Column("arm_seed", sa.String(length=64), nullable=False),
        sa.Column("run", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("wake_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(length=64), nullable=True),
        sa.Column("goal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sop_enrolments")),
        sa.UniqueConstraint(
            "corp_id", "sop", "external_userid", "userid", "occurrence", name="uq_sop_enrolments_occurrence"
        ),
        comment="The timetable: wake_at is the only column that is scanned",
        sqlite_autoincrement=True,
        **_BYTEWISE,
    )
    op.create_index("ix_sop_enrolments_customer", "sop_enrolments", ["corp_id", "external_userid"], unique=False)
    op.create_index(
        "ix_sop_enrolments_wake",
        "sop_enrolments",
        ["corp_id", "state", "wake_at"],
        unique=False,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_table(
        "sop_sops",
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("sop", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("corp_id", "sop", name=op.f("pk_sop_sops")),
        comment="One row per SOP: which version new enrolments take, and whether it works",
        **_BYTEWISE,
    )
    op.create_table(
        "sop_touches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("userid", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("check_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("arm", sa.String(length=32), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=True),
        sa.Column("reserved_period", sa.String(length=16), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["sop_batches.id"], name=op.f("fk_sop_touches_batch_id_sop_batches")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["sop_enrolments.id"], name=op.f("fk_sop_touches_enrolment_id_sop_enrolments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sop_touches")),
        sa.UniqueConstraint("enrolment_id", "run", "step", name="uq_sop_touches_step"),
        comment="The outbox: one row per step that came due, with what became of it",
        sqlite_autoincrement=True,
        **_BYTEWISE,
    )
    op.create_index("ix_sop_touches_batch", "sop_touches", ["batch_id", "external_userid"], unique=False)
    op.create_index(
        "ix_sop_touches_check",
        "sop_touches",
        ["corp_id", "check_at"],
        unique=False,
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.create_index("ix_sop_touches_customer", "sop_touches", ["corp_id", "external_userid", "due_at"], unique=False)
    op.create_table(
        "sop_staff_tasks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("corp_id", sa.String(length=64), nullable=False),
        sa.Column("touch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("assignee", sa.String(length=64), nullable=False),
        sa.Column("external_userid", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("deadline_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("notified_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["touch_id"], ["sop_touches.id"], name=op.f("fk_sop_staff_tasks_touch_id_sop_touches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sop_staff_tasks")),
        sa.UniqueConstraint("touch_id", name=op.f("uq_sop_staff_tasks_touch_id")),
        comment="Work that no server call can do: assignee, deadline, evidence",
        sqlite_autoincrement=True,
        **_BYTEWISE,
    )
    op.create_index("ix_sop_staff_tasks_assignee", "sop_staff_tasks", ["corp_id", "assignee", "state"], unique=False)
    op.create_index("ix_sop_staff_tasks_deadline", "sop_staff_tasks", ["corp_id", "state", "deadline_at"], unique=False)
