"""Leads: who left their details, whose they are, what members were told, and what people have agreed to.

Revision 0013.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from wecom_auto.store import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# MySQL ignores case by default: userids and WeCom ids differ by it.
_BYTEWISE: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_TABLES: Final = (
    "lead_consents",
    "lead_links",
    "lead_notices",
    "lead_turns",
    "lead_assignments",
    "lead_history",
    "lead_rows",
    "lead_identities",
    "leads",
)


def upgrade() -> None:
    """Create the tables."""
    _create_people()
    _create_work()
    _create_reach()


def downgrade() -> None:
    """Drop the tables."""
    for name in _TABLES:
        op.drop_table(name)


def _create_people() -> None:
    """Create leads, what they are known by, and their rows."""
    _create(
        "leads",
        ["corp_id", "lead_id"],
        "Leads: who left their details, where they belong and how far they have come",
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("blocked", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("phone_box", sa.String(255), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("dealer", sa.String(64), nullable=False),
        sa.Column("store", sa.String(64), nullable=False),
        sa.Column("city", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("co_owner", sa.String(64), nullable=False),
        sa.Column("last_owner", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("campaign", sa.String(128), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("inquiries", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("contacted_at", UtcDateTime(), nullable=True),
        sa.Column("link_sent_at", UtcDateTime(), nullable=True),
        sa.Column("link_opened_at", UtcDateTime(), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=True),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("first_reply_at", UtcDateTime(), nullable=True),
        sa.Column("pooled_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_leads_next", "leads", ["corp_id", "next_at"])
    op.create_index("ix_leads_owner", "leads", ["corp_id", "owner", "status"])
    op.create_index("ix_leads_status", "leads", ["corp_id", "status", "store"])
    _create(
        "lead_identities",
        ["corp_id", "kind", "value"],
        "By what a lead is recognised; each belongs to one lead",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(128), nullable=False),
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_lead_identities_lead", "lead_identities", ["corp_id", "lead_id"])
    _create(
        "lead_rows",
        ["corp_id", "row_key"],
        "Rows that were taken, by their content, so that a corrected file doubles nothing",
        sa.Column("row_key", sa.String(64), nullable=False),
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("origin", sa.String(255), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_lead_rows_lead", "lead_rows", ["corp_id", "lead_id"])


def _create_work() -> None:
    """Create the history, the assignments and the turns."""
    _create(
        "lead_history",
        ["id"],
        "What happened to leads, in order; nothing is changed afterwards",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
    )
    op.create_index("ix_lead_history_lead", "lead_history", ["corp_id", "lead_id", "id"])
    op.create_index("ix_lead_history_what", "lead_history", ["corp_id", "what", "at"])
    _create(
        "lead_assignments",
        ["corp_id", "lead_id", "round"],
        "Who was given which lead, why, by when, and what became of it",
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("userid", sa.String(64), nullable=False),
        sa.Column("store", sa.String(64), nullable=False),
        sa.Column("because", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("assigned_at", UtcDateTime(), nullable=False),
        sa.Column("contact_by", UtcDateTime(), nullable=False),
        sa.Column("alarm_at", UtcDateTime(), nullable=False),
        sa.Column("reassign_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("contacted_at", UtcDateTime(), nullable=True),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.Column("alarmed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(128), nullable=False),
    )
    op.create_index("ix_lead_assignments_member", "lead_assignments", ["corp_id", "userid", "assigned_at"])
    op.create_index("ix_lead_assignments_store", "lead_assignments", ["corp_id", "store", "assigned_at"])
    _create(
        "lead_turns",
        ["corp_id", "store", "userid"],
        "Whose turn it is: what every member has been given, by weight",
        sa.Column("store", sa.String(64), nullable=False),
        sa.Column("userid", sa.String(64), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("given_today", sa.Integer(), nullable=False),
    )


def _create_reach() -> None:
    """Create notices, links and consents."""
    _create(
        "lead_notices",
        ["id"],
        "Messages to members about leads: written with the assignment, sent afterwards",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("notice_key", sa.String(128), nullable=False),
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("userid", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("first_tried_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("msgid", sa.String(128), nullable=False),
        sa.Column("error", sa.String(255), nullable=False),
        sa.UniqueConstraint("corp_id", "notice_key", name="uq_lead_notices_key"),
    )
    op.create_index("ix_lead_notices_due", "lead_notices", ["corp_id", "state", "next_at"])
    op.create_index("ix_lead_notices_lead", "lead_notices", ["corp_id", "lead_id"])
    _create(
        "lead_links",
        ["corp_id", "state"],
        "A link of its own for each lead, with the text message that carries it",
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("link_id", sa.String(64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sms", sa.String(16), nullable=False),
        sa.Column("receipt", sa.String(128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_lead_links_lead", "lead_links", ["corp_id", "lead_id"])
    op.create_index("ix_lead_links_sms", "lead_links", ["corp_id", "sms"])
    _create(
        "lead_consents",
        ["id"],
        "Who agreed to what, when, by which text, and when it was taken back",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(32), nullable=False),
        sa.Column("text_version", sa.String(64), nullable=False),
        sa.Column("recipient", sa.String(128), nullable=False),
        sa.Column("data_kinds", sa.String(255), nullable=False),
        sa.Column("evidence", sa.String(255), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawal_evidence", sa.String(255), nullable=False),
        sa.UniqueConstraint(
            "corp_id", "lead_id", "purpose", "recipient", "text_version", "at", name="uq_lead_consents_given"
        ),
    )
    op.create_index("ix_lead_consents_lead", "lead_consents", ["corp_id", "lead_id", "purpose"])


def _create(name: str, key: list[str], comment: str, *columns: Any) -> None:
    corp = sa.Column("corp_id", sa.String(64), nullable=False)
    primary = sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}"))
    serial = {"sqlite_autoincrement": True} if key == ["id"] else {}
    op.create_table(name, corp, *columns, primary, comment=comment, **serial, **_BYTEWISE)
