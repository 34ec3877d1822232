"""The tables of the archive: how far it was read, what was said, what could not be read, who has agreed.

They describe rows; they open no connection. Words have a column that stays empty unless somebody decides otherwise.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import JsonValue, LongText, UtcDateTime, metadata

_ID: Final = sa.String(64)
_MSGID: Final = sa.String(128)
_WORD: Final = sa.String(16)

cursors: Final = sa.Table(
    "archive_cursors",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("source", _ID, primary_key=True),
    sa.Column("position", sa.String(255), nullable=False),
    sa.Column("stored", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("moved_at", UtcDateTime, nullable=False),
    # When there was last nothing more to be had; null for never.
    sa.Column("caught_up_at", UtcDateTime),
    comment="How far each archive was read, moved together with what was read",
)

messages: Final = sa.Table(
    "archive_messages",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("msgid", _MSGID, primary_key=True),
    sa.Column("source", _ID, nullable=False),
    sa.Column("sender", _ID, nullable=False),
    sa.Column("sender_kind", _WORD, nullable=False),
    # Of a one-to-one chat; of a group it is empty, and the room says it.
    sa.Column("receiver", _ID, nullable=False),
    sa.Column("receiver_kind", _WORD, nullable=False),
    sa.Column("room", _ID, nullable=False),
    sa.Column("sent_at", UtcDateTime, nullable=False),
    sa.Column("kind", _ID, nullable=False),
    sa.Column("action", _WORD, nullable=False),
    sa.Column("characters", sa.Integer, nullable=False),
    sa.Column("hits", JsonValue, nullable=False),
    sa.Column("text", LongText),
    sa.Column("told_at", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("ix_archive_messages_told", "corp_id", "told_at", "attempts", "sent_at"),
    sa.Index("ix_archive_messages_room", "corp_id", "room", "sent_at"),
    sa.Index("ix_archive_messages_sender", "corp_id", "sender", "sent_at"),
    sa.Index("ix_archive_messages_receiver", "corp_id", "receiver", "sent_at"),
    sa.Index("ix_archive_messages_sent", "corp_id", "sent_at"),
    comment="That something was said in an archived chat, by people who have agreed",
)

unread: Final = sa.Table(
    "archive_unread",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("source", _ID, primary_key=True),
    # Of the raw message: what cannot be read may have no id.
    sa.Column("digest", _ID, primary_key=True),
    sa.Column("msgid", _MSGID, nullable=False),
    sa.Column("key_version", sa.Integer, nullable=False),
    sa.Column("why", sa.String(500), nullable=False),
    sa.Column("raw", LongText, nullable=False),
    sa.Column("found_at", UtcDateTime, nullable=False),
    sa.Index("ix_archive_unread_found", "corp_id", "found_at"),
    comment="Messages that could not be read, as they came",
)

agreements: Final = sa.Table(
    "archive_agreements",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("place", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    # Empty for somebody who has said nothing.
    sa.Column("status", sa.String(32), nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("checked_at", UtcDateTime, nullable=False),
    sa.Index("ix_archive_agreements_person", "corp_id", "external_userid"),
    comment="What people outside have said about being archived, by member or group",
)
