"""The tables of prospect groups. It describes rows; it opens no connection.

What a group is for, its shop, its tags and whether it is frozen are attributes of the directory, where SOPs read them.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import JsonValue, UtcDateTime, metadata

_ID: Final = sa.String(64)
_KIND: Final = sa.String(32)

invitations: Final = sa.Table(
    "automotive_invitations",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("kind", _KIND, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("chat_id", _ID, nullable=False),
    sa.Column("config_id", _ID, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("way", sa.String(16), nullable=False),
    sa.Column("reason", _KIND, nullable=False),
    # "open", "joined", "expired" or "withdrawn".
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("invited_at", UtcDateTime, nullable=False),
    # Until when a place is held.
    sa.Column("until_at", UtcDateTime, nullable=False),
    # When whoever sends invitations was told; null while they still have to be.
    sa.Column("told_at", UtcDateTime),
    sa.Column("closed_at", UtcDateTime),
    sa.Index("ix_automotive_invitations_state", "corp_id", "state", "until_at"),
    comment="Who was invited to which group, and whether they came; rows are closed, never deleted",
)

join_ways: Final = sa.Table(
    "automotive_join_ways",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("kind", _KIND, primary_key=True),
    # Empty for groups of the whole corp.
    sa.Column("store", _ID, primary_key=True),
    sa.Column("config_id", _ID, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("chat_ids", JsonValue, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    comment="The join way of each kind of group and shop: the platform has no list of them",
)

group_claims: Final = sa.Table(
    "automotive_group_claims",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("claim_key", _ID, primary_key=True),
    sa.Column("taken_at", UtcDateTime, nullable=False),
    comment="Which worker's turn a change of a group is; a claim of a worker that died lapses",
)

group_posts: Final = sa.Table(
    "automotive_group_posts",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("playbook", _ID, primary_key=True),
    sa.Column("item", _ID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("series", _ID, nullable=False),
    comment="What a broadcast playbook has used, and when, so that nothing is repeated too soon",
)
