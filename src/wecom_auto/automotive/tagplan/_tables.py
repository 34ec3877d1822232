"""The tables of the tag plan. It describes rows; it opens no connection."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import UtcDateTime, metadata

_ID: Final = sa.String(64)

made_tags: Final = sa.Table(
    "automotive_made_tags",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("app", _ID, primary_key=True),
    sa.Column("tag_id", _ID, primary_key=True),
    sa.Column("made_at", UtcDateTime, nullable=False),
    comment="Tags and groups that an app has made, and may therefore edit",
)

tag_orders: Final = sa.Table(
    "automotive_tag_orders",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    # Empty for everybody who has the customer.
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("tag_group", _ID, primary_key=True),
    sa.Column("tag", _ID, primary_key=True),
    sa.Column("rule", _ID, nullable=False),
    sa.Column("off", sa.Boolean, nullable=False),
    sa.Column("heard_at", UtcDateTime, nullable=False),
    # When the tag is to go by itself.
    sa.Column("expires_at", UtcDateTime),
    # When there is something to do about it; null when there is not.
    sa.Column("due_at", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("ix_automotive_tag_orders_due", "corp_id", "due_at"),
    comment="What rules want on customers: the newest word on each tag, and when it ends",
)
