"""The tables of the local mirror. It describes rows; it opens no connection.

Every key begins with ``corp_id``: the same person has another ``external_userid`` in another corp.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import JsonValue, UtcDateTime, metadata

_ID: Final = sa.String(64)
_NAME: Final = sa.String(255)

customers: Final = sa.Table(
    "directory_customers",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("type", sa.Integer, nullable=False),
    sa.Column("gender", sa.Integer, nullable=False),
    sa.Column("unionid", _ID, nullable=False),
    sa.Column("corp_name", _NAME, nullable=False),
    # When the platform answered with these values: an older answer that comes late changes nothing.
    sa.Column("read_at", UtcDateTime, nullable=False),
    sa.Index("ix_directory_customers_unionid", "corp_id", "unionid"),
    comment="What the platform knows about a person",
)

follows: Final = sa.Table(
    "directory_follows",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("state", _NAME, nullable=False),
    sa.Column("add_way", sa.Integer, nullable=False),
    sa.Column("remark", _NAME, nullable=False),
    sa.Column("added_at", UtcDateTime),
    sa.Column("contacted_at", UtcDateTime),
    # Times of the newest news about the relation itself, its tags and its fields: older news is late news.
    sa.Column("status_at", UtcDateTime, nullable=False),
    sa.Column("tags_at", UtcDateTime, nullable=False),
    sa.Column("read_at", UtcDateTime, nullable=False),
    sa.Index("ix_directory_follows_member", "corp_id", "userid"),
    comment="Who follows whom, since when, from which channel",
)

tags: Final = sa.Table(
    "directory_tags",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("tag_id", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("group_id", _ID, nullable=False),
    sa.Column("group_name", _NAME, nullable=False),
    sa.Index("ix_directory_tags_name", "corp_id", "name"),
    comment="Corp tags and their groups",
)

follow_tags: Final = sa.Table(
    "directory_follow_tags",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("tag_id", _ID, primary_key=True),
    comment="Which member put which tag on which customer",
)

events: Final = sa.Table(
    "directory_events",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("name", _ID, primary_key=True),
    sa.Column("at", UtcDateTime, primary_key=True),
    comment="What happened to a customer outside the platform, such as testdrive.booked",
)

attributes: Final = sa.Table(
    "directory_attributes",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("external_userid", _ID, primary_key=True),
    sa.Column("name", _ID, primary_key=True),
    sa.Column("value", JsonValue, nullable=False),
    sa.Column("set_at", UtcDateTime, nullable=False),
    comment="What the dealer knows about a customer, such as insurance_expiry",
)

seen: Final = sa.Table(
    "directory_seen",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("event_key", _ID, primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_directory_seen_created_at", "corp_id", "created_at"),
    comment="Callbacks applied already: the platform repeats what it thinks was not received",
)

syncs: Final = sa.Table(
    "directory_syncs",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    # The members not read to the end yet, and the cursor inside the first chunk of them.
    sa.Column("members", JsonValue, nullable=False),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    comment="Where the bulk read stands, so that a stopped one goes on",
)
