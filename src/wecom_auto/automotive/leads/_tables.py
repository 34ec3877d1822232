"""The tables of the lead desk. Describes them; opens no connection and knows no rule."""

from __future__ import annotations

import sqlalchemy as sa

from wecom_auto.store import LongText, UtcDateTime, metadata

_ID = sa.String(64)
# SQLite numbers rows by itself only for INTEGER, not for BIGINT.
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

leads = sa.Table(
    "leads",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("lead_id", sa.String(32), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("blocked", sa.String(32), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("phone_box", sa.String(255), nullable=False),
    sa.Column("region", _ID, nullable=False),
    sa.Column("dealer", _ID, nullable=False),
    sa.Column("store", _ID, nullable=False),
    sa.Column("city", _ID, nullable=False),
    sa.Column("owner", _ID, nullable=False),
    sa.Column("co_owner", _ID, nullable=False),
    sa.Column("last_owner", _ID, nullable=False),
    sa.Column("source", _ID, nullable=False),
    sa.Column("campaign", sa.String(128), nullable=False),
    sa.Column("model", sa.String(128), nullable=False),
    sa.Column("note", LongText, nullable=False),
    sa.Column("extra", sa.JSON, nullable=False),
    sa.Column("inquiries", sa.Integer, nullable=False),
    # How often it has been given to somebody; the last number is the open assignment, if there is one.
    sa.Column("rounds", sa.Integer, nullable=False),
    sa.Column("left_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # From when on somebody has to do something: assign it, remind, escalate, put it into the pool. NULL for nothing.
    sa.Column("next_at", UtcDateTime),
    sa.Column("contacted_at", UtcDateTime),
    sa.Column("link_sent_at", UtcDateTime),
    sa.Column("link_opened_at", UtcDateTime),
    sa.Column("added_at", UtcDateTime),
    sa.Column("added_by", _ID, nullable=False),
    sa.Column("first_reply_at", UtcDateTime),
    sa.Column("pooled_at", UtcDateTime),
    # Since when a link has led to nothing. NULL without a link, once they are added, and once somebody was asked to.
    sa.Column("unadded_since", UtcDateTime),
    sa.Index("ix_leads_next", "corp_id", "next_at"),
    sa.Index("ix_leads_status", "corp_id", "status", "store"),
    sa.Index("ix_leads_owner", "corp_id", "owner", "status"),
    sa.Index("ix_leads_unadded", "corp_id", "status", "unadded_since"),
    comment="Leads: who left their details, where they belong and how far they have come",
)

identities = sa.Table(
    "lead_identities",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    # phone (keyed hash), unionid, external_userid
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("value", sa.String(128), primary_key=True),
    sa.Column("lead_id", sa.String(32), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_lead_identities_lead", "corp_id", "lead_id"),
    comment="By what a lead is recognised; each belongs to one lead",
)

rows = sa.Table(
    "lead_rows",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("row_key", _ID, primary_key=True),
    sa.Column("lead_id", sa.String(32), nullable=False),
    sa.Column("origin", sa.String(255), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_lead_rows_lead", "corp_id", "lead_id"),
    comment="Rows that were taken, by their content, so that a corrected file doubles nothing",
)

history = sa.Table(
    "lead_history",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("lead_id", sa.String(32), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("actor", _ID, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index("ix_lead_history_lead", "corp_id", "lead_id", "id"),
    sa.Index("ix_lead_history_what", "corp_id", "what", "at"),
    sqlite_autoincrement=True,
    comment="What happened to leads, in order; nothing is changed afterwards",
)

assignments = sa.Table(
    "lead_assignments",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("lead_id", sa.String(32), primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("userid", _ID, nullable=False),
    sa.Column("store", _ID, nullable=False),
    sa.Column("because", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("assigned_at", UtcDateTime, nullable=False),
    sa.Column("contact_by", UtcDateTime, nullable=False),
    sa.Column("alarm_at", UtcDateTime, nullable=False),
    sa.Column("reassign_at", UtcDateTime, nullable=False),
    sa.Column("accepted_at", UtcDateTime),
    sa.Column("contacted_at", UtcDateTime),
    sa.Column("reminded_at", UtcDateTime),
    sa.Column("alarmed_at", UtcDateTime),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("reason", sa.String(128), nullable=False),
    sa.Index("ix_lead_assignments_member", "corp_id", "userid", "assigned_at"),
    sa.Index("ix_lead_assignments_store", "corp_id", "store", "assigned_at"),
    comment="Who was given which lead, why, by when, and what became of it",
)

turns = sa.Table(
    "lead_turns",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    # A store with an empty userid holds the turn of the store itself; both empty, the row that writers queue for.
    sa.Column("store", _ID, primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("turn", sa.BigInteger, nullable=False),
    sa.Column("given", sa.Integer, nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("given_today", sa.Integer, nullable=False),
    comment="Whose turn it is: what every member has been given, by weight",
)

notices = sa.Table(
    "lead_notices",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("notice_key", sa.String(128), nullable=False),
    sa.Column("lead_id", sa.String(32), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("userid", _ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    # The facts that the message is made of, frozen so that a repeat is the same message.
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),
    sa.Column("first_tried_at", UtcDateTime),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("msgid", sa.String(128), nullable=False),
    sa.Column("error", sa.String(255), nullable=False),
    sa.UniqueConstraint("corp_id", "notice_key", name="uq_lead_notices_key"),
    sa.Index("ix_lead_notices_due", "corp_id", "state", "next_at"),
    sa.Index("ix_lead_notices_lead", "corp_id", "lead_id"),
    sqlite_autoincrement=True,
    comment="Messages to members about leads: written with the assignment, sent afterwards",
)

links = sa.Table(
    "lead_links",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("state", sa.String(64), primary_key=True),
    sa.Column("lead_id", sa.String(32), nullable=False),
    sa.Column("link_id", _ID, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    # ready, sending, sent, failed, unsure
    sa.Column("sms", sa.String(16), nullable=False),
    sa.Column("receipt", sa.String(128), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("opened_at", UtcDateTime),
    sa.Column("lease_until", UtcDateTime),
    sa.Index("ix_lead_links_lead", "corp_id", "lead_id"),
    sa.Index("ix_lead_links_sms", "corp_id", "sms"),
    comment="A link of its own for each lead, with the text message that carries it",
)

consents = sa.Table(
    "lead_consents",
    metadata,
    sa.Column("id", _SERIAL, primary_key=True),
    sa.Column("corp_id", _ID, nullable=False),
    sa.Column("lead_id", sa.String(32), nullable=False),
    sa.Column("purpose", _ID, nullable=False),
    sa.Column("basis", sa.String(32), nullable=False),
    sa.Column("text_version", _ID, nullable=False),
    sa.Column("recipient", sa.String(128), nullable=False),
    sa.Column("data_kinds", sa.String(255), nullable=False),
    sa.Column("evidence", sa.String(255), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("withdrawn_at", UtcDateTime),
    sa.Column("withdrawal_evidence", sa.String(255), nullable=False),
    sa.UniqueConstraint(
        "corp_id", "lead_id", "purpose", "recipient", "text_version", "at", name="uq_lead_consents_given"
    ),
    sa.Index("ix_lead_consents_lead", "corp_id", "lead_id", "purpose"),
    sqlite_autoincrement=True,
    comment="Who agreed to what, when, by which text, and when it was taken back",
)

ALL = (leads, identities, rows, history, assignments, turns, notices, links, consents)
