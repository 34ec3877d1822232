"""The relational tables of the SOP engine: one timetable, one outbox, one ledger.

All time that the engine waits for lives in these rows, and in no timer of any other engine.
This module describes tables; it never opens a connection and knows no rule of sending.
"""

from __future__ import annotations

import sqlalchemy as sa

from wecom_auto.sop._rows._shards import of_row
from wecom_auto.store import LongText, UtcDateTime, metadata

# Wide enough for every identifier of the platform; MySQL needs a length for an indexed column.
_ID = sa.String(64)
_KEY = sa.String(191)
# SQLite numbers rows by itself only for INTEGER, not for BIGINT.
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

sops = sa.Table(
    "sop_sops",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("sop", _ID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    comment="One row per SOP: which version new enrolments take, and whether it works",
)

definitions = sa.Table(
    "sop_definitions",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("sop", _ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("document", LongText, nullable=False),
    sa.Column("published_at", UtcDateTime, nullable=False),
    comment="Published versions; a row is never changed",
)

enrolments = sa.Table(
    "sop_enrolments",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("sop", _ID, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("external_userid", _ID, nullable=False),
    sa.Column("userid", _ID, nullable=False),
    # What this run is counted from: the same occurrence never enrols twice.
    sa.Column("occurrence", sa.String(128), nullable=False),
    sa.Column("anchor_at", UtcDateTime, nullable=False),
    sa.Column("enrolled_at", UtcDateTime, nullable=False),
    sa.Column("arm_seed", _ID, nullable=False),
    sa.Column("run", sa.SmallInteger, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("wake_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("end_reason", sa.String(64)),
    sa.Column("goal", sa.Boolean, nullable=False),
    # (corp, sop, customer, member) while the run is active, else NULL: the database itself refuses a second one.
    sa.Column("live_key", sa.String(64)),
    # Grows with every wake-up: whoever planned without the news finds a number that it does not know.
    sa.Column("news", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("shard", sa.SmallInteger, nullable=False, default=of_row, server_default="0"),
    sa.Index("uq_sop_enrolments_live_key", "live_key", unique=True),
    sa.UniqueConstraint(
        "corp_id", "sop", "external_userid", "userid", "occurrence", name="uq_sop_enrolments_occurrence"
    ),
    sa.Index(
        "ix_sop_enrolments_wake",
        "corp_id",
        "state",
        "wake_at",
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    ),
    sa.Index(
        "ix_sop_enrolments_shard",
        "corp_id",
        "state",
        "shard",
        "wake_at",
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    ),
    sa.Index("ix_sop_enrolments_customer", "corp_id", "external_userid"),
    sqlite_autoincrement=True,
    comment="The timetable: wake_at is the only column that is scanned",
)

touches = sa.Table(
    "sop_touches",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("enrolment_id", _SERIAL, sa.ForeignKey("sop_enrolments.id"), nullable=False),
    sa.Column("run", sa.SmallInteger, nullable=False),
    sa.Column("step", _ID, nullable=False),
    sa.Column("external_userid", _ID, nullable=False),
    sa.Column("userid", _ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    # When the engine must look at this touch again; NULL as long as something else holds it.
    sa.Column("check_at", UtcDateTime),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("arm", sa.String(32), nullable=False),
    sa.Column("batch_id", sa.String(32), sa.ForeignKey("sop_batches.id")),
    # The ledger period in which this touch holds a reservation, if it holds one.
    sa.Column("reserved_period", sa.String(16)),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("shard", sa.SmallInteger, nullable=False, default=of_row, server_default="0"),
    # The member who has not confirmed it: somebody else is asked.
    sa.Column("passed_by", _ID),
    sa.UniqueConstraint("enrolment_id", "run", "step", name="uq_sop_touches_step"),
    sa.Index(
        "ix_sop_touches_check",
        "corp_id",
        "check_at",
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_sop_touches_shard",
        "corp_id",
        "shard",
        "check_at",
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    ),
    sa.Index("ix_sop_touches_batch", "batch_id", "external_userid"),
    sa.Index("ix_sop_touches_customer", "corp_id", "external_userid", "due_at"),
    sqlite_autoincrement=True,
    comment="The outbox: one row per step that came due, with what became of it",
)

batches = sa.Table(
    "sop_batches",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False, server_default="single"),
    sa.Column("sender", _ID, nullable=False),
    sa.Column("content_digest", sa.String(64), nullable=False),
    sa.Column("content", LongText, nullable=False),
    # Who publishes a moment, and who may see it.
    sa.Column("audience", LongText),
    sa.Column("slot_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    # (corp, sender, content) while the outcome is open, else NULL: the database itself refuses a second one.
    sa.Column("live_key", _KEY, unique=True),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("first_call_at", UtcDateTime),
    sa.Column("last_call_at", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("unknowns", sa.Integer, nullable=False),
    # The platform's job that makes a moment; its id is in msgid as soon as the job has ended.
    sa.Column("jobid", _KEY, nullable=False, server_default=""),
    sa.Column("msgid", _KEY, unique=True),
    sa.Column("check_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime),
    sa.Column("confirmed_at", UtcDateTime),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("polls", sa.Integer, nullable=False),
    sa.Column("remind_seconds", sa.Integer),
    sa.Column("escalate_seconds", sa.Integer),
    sa.Column("reminds", sa.Integer, nullable=False),
    sa.Column("escalated_at", UtcDateTime),
    # Asked for by us (sender left, SOP ended, nobody tapped); carried out by whoever works the batch next.
    sa.Column("cancel_reason", sa.String(64)),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Index(
        "ix_sop_batches_check",
        "corp_id",
        "check_at",
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    ),
    sa.Index("ix_sop_batches_state", "corp_id", "state", "slot_at"),
    sa.Index("ix_sop_batches_slot", "corp_id", "kind", "slot_at"),
    comment="One request to the platform for one member: one tap",
)

publications = sa.Table(
    "sop_publications",
    metadata,
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("batch_id", sa.String(32), sa.ForeignKey("sop_batches.id"), primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("published_at", UtcDateTime),
    sa.Column("reached", sa.Integer, nullable=False),
    sa.Column("comments", sa.Integer, nullable=False),
    sa.Column("likes", sa.Integer, nullable=False),
    sa.Column("read_at", UtcDateTime),
    comment="Each member's part of a moment: published or not, how many can see it, what they did",
)

calendars = sa.Table(
    "sop_calendars",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("sop", _ID, primary_key=True),
    # The next day that comes round, and when its subjects are let in; NULL when there is none.
    sa.Column("day", sa.Date),
    sa.Column("due_at", UtcDateTime),
    # The last subject of the day that was dealt with: a stopped round goes on from here.
    sa.Column("position", _ID, nullable=False),
    sa.Column("lease_until", UtcDateTime),
    sa.Index("ix_sop_calendars_due", "corp_id", "due_at"),
    comment="Dates that come round (calendar, birthday): which is next, and how far it was dealt with",
)

staff_tasks = sa.Table(
    "sop_staff_tasks",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    # NULL for a task that a program has made without any SOP.
    sa.Column("touch_id", _SERIAL, sa.ForeignKey("sop_touches.id"), unique=True),
    # (corp, key of the maker): the same key never makes a second task.
    sa.Column("order_key", sa.String(64)),
    sa.Column("source", _ID, nullable=False, default="", server_default=""),
    sa.Column("step", _ID, nullable=False, default="", server_default=""),
    sa.Column("kind", sa.String(32), nullable=False, default="other", server_default="other"),
    sa.Column("assignee", _ID, nullable=False),
    # Who looks after the subject, whoever does the work.
    sa.Column("member", _ID, nullable=False, default="", server_default=""),
    sa.Column("role", _ID, nullable=False, default="", server_default=""),
    sa.Column("store", _ID, nullable=False, default="", server_default=""),
    sa.Column("on_absence", sa.String(16), nullable=False, default="backup", server_default="backup"),
    sa.Column("external_userid", _ID, nullable=False),
    sa.Column("chat_id", _ID, nullable=False, default="", server_default=""),
    sa.Column("title", sa.String(255), nullable=False),
    sa.Column("description", sa.String(512), nullable=False, default="", server_default=""),
    sa.Column("done", sa.Text),
    sa.Column("needs_evidence", sa.Boolean, nullable=False, default=True, server_default=sa.true()),
    sa.Column("due_seconds", sa.Integer),
    sa.Column("deadline_at", UtcDateTime, nullable=False),
    sa.Column("remind_at", UtcDateTime),
    sa.Column("escalate_at", UtcDateTime),
    # When the engine must look at this task again; NULL if never.
    sa.Column("check_at", UtcDateTime),
    sa.Column("handovers", sa.SmallInteger, nullable=False, default=0, server_default="0"),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("level", sa.String(16), nullable=False, default="", server_default=""),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("notified_at", UtcDateTime),
    sa.Column("closed_at", UtcDateTime),
    sa.Index("uq_sop_staff_tasks_order_key", "order_key", unique=True),
    sa.Index("ix_sop_staff_tasks_deadline", "corp_id", "state", "deadline_at"),
    sa.Index("ix_sop_staff_tasks_assignee", "corp_id", "assignee", "state"),
    sa.Index("ix_sop_staff_tasks_subject", "corp_id", "external_userid", "state"),
    sa.Index(
        "ix_sop_staff_tasks_check",
        "corp_id",
        "check_at",
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
    comment="Work that no server call can do: assignee, deadline, evidence",
)

notices = sa.Table(
    "sop_notices",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("userid", _ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("task_id", _SERIAL, sa.ForeignKey("sop_staff_tasks.id")),
    sa.Column("title", sa.String(255), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    # NULL once it was sent or given up.
    sa.Column("due_at", UtcDateTime),
    # Counted before the call: the platform drops what exceeds its limit without a word.
    sa.Column("sent_at", UtcDateTime),
    sa.Index(
        "ix_sop_notices_due",
        "corp_id",
        "due_at",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index("ix_sop_notices_sent", "corp_id", "userid", "sent_at"),
    sa.Index("ix_sop_notices_task", "task_id"),
    sqlite_autoincrement=True,
    comment="Application messages to members: written with what they tell, sent in working hours",
)

absences = sa.Table(
    "sop_absences",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("from_at", UtcDateTime, primary_key=True),
    sa.Column("until_at", UtcDateTime, nullable=False),
    comment="Members on leave, as somebody has told the runner",
)

audit = sa.Table(
    "sop_audit",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    # Who decided; empty for the engine itself.
    sa.Column("actor", _ID, nullable=False),
    # Whose work it is.
    sa.Column("userid", _ID, nullable=False),
    sa.Column("external_userid", _ID, nullable=False),
    # No foreign keys: a line outlives what it tells of.
    sa.Column("task_id", _SERIAL),
    sa.Column("batch_id", sa.String(32)),
    sa.Column("source", _ID, nullable=False),
    sa.Column("step", _ID, nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("ix_sop_audit_at", "corp_id", "at"),
    sa.Index("ix_sop_audit_userid", "corp_id", "userid", "id"),
    sa.Index("ix_sop_audit_task", "task_id"),
    sqlite_autoincrement=True,
    comment="Who did what to a confirmation or a staff task, when, and on what evidence",
)

decisions = sa.Table(
    "sop_decisions",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("enrolment_id", _SERIAL),
    sa.Column("external_userid", _ID, nullable=False),
    sa.Column("sop", _ID, nullable=False),
    sa.Column("step", _ID, nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("due_at", UtcDateTime),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("ix_sop_decisions_customer", "corp_id", "external_userid", "id"),
    sa.Index("ix_sop_decisions_reason", "corp_id", "reason"),
    sqlite_autoincrement=True,
    comment="Why: every send, skip, deferral, drop, end and alert with its reason",
)

caps = sa.Table(
    "sop_caps",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("period", sa.String(16), primary_key=True),
    sa.Column("reserved", sa.Integer, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
    sa.CheckConstraint("reserved >= 0 AND used >= 0", name="ck_sop_caps_not_negative"),
    comment="Each customer's allowance of mass messages: reserved at freeze, settled by the result",
)

turns = sa.Table(
    "sop_turns",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("slot_at", UtcDateTime, nullable=False),
    sa.Column("taken_until", UtcDateTime, nullable=False),
    comment="What one worker at a time may do, and which minute has had its tick",
)
