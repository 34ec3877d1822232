"""The tables of the local mirror. It describes rows; it opens no connection.

Every key begins with ``corp_id``: the same person has another ``external_userid`` in another corp.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.directory._fit import NAME_LENGTH
from wecom_auto.store import JsonValue, LongText, UtcDateTime, metadata

_ID: Final = sa.String(64)
EVENT_NAME: Final = 190
"""Characters of the longest name of an event."""
_NAME: Final = sa.String(NAME_LENGTH)

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
    sa.Column("name", sa.String(EVENT_NAME), primary_key=True),
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
    sa.Index("ix_directory_attributes_name", "corp_id", "name", "external_userid"),
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

groups: Final = sa.Table(
    "directory_groups",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("chat_id", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("owner", _ID, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("created_at", UtcDateTime),
    sa.Column("dismissed_at", UtcDateTime),
    sa.Column("member_version", _ID, nullable=False),
    # When an event last spoke of it, when a list last named it, and when it was last read whole.
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("listed_at", UtcDateTime, nullable=False),
    sa.Column("read_at", UtcDateTime, nullable=False),
    sa.Index("ix_directory_groups_owner", "corp_id", "owner"),
    comment="Customer groups",
)

group_members: Final = sa.Table(
    "directory_group_members",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("chat_id", _ID, primary_key=True),
    sa.Column("userid", _ID, primary_key=True),
    sa.Column("type", sa.SmallInteger, nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("joined_at", UtcDateTime),
    sa.Column("join_scene", sa.SmallInteger, nullable=False),
    sa.Column("invitor", _ID, nullable=False),
    sa.Column("state", _NAME, nullable=False),
    sa.Column("left_at", UtcDateTime),
    # The newest news about this membership: older news is late news.
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Index("ix_directory_group_members_userid", "corp_id", "userid"),
    comment="Who is, or was, in which group, and how they came",
)

tag_groups: Final = sa.Table(
    "directory_tag_groups",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("group_id", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("created_at", UtcDateTime),
    comment="Groups of corp tags",
)

ways: Final = sa.Table(
    "directory_ways",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("config_id", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", _NAME, nullable=False),
    sa.Column("remark", _NAME, nullable=False),
    sa.Column("qr_code", sa.Text, nullable=False),
    sa.Column("users", JsonValue, nullable=False),
    sa.Column("parties", JsonValue, nullable=False),
    sa.Column("chat_ids", JsonValue, nullable=False),
    sa.Column("deleted_at", UtcDateTime),
    sa.Column("listed_at", UtcDateTime, nullable=False),
    sa.Column("read_at", UtcDateTime, nullable=False),
    sa.Index("ix_directory_ways_state", "corp_id", "state"),
    comment="Contact ways and join ways; a deleted one stays, because customers still carry its state",
)

syncs: Final = sa.Table(
    "directory_syncs",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    # When a whole read last came to its end: before that the mirror cannot say what is new.
    sa.Column("filled_at", UtcDateTime),
    # Null before the first answer, empty after the last one.
    sa.Column("position", LongText),
    sa.Column("items", sa.Integer, nullable=False),
    # Whose customers could not be read, so that nobody takes them for gone.
    sa.Column("failed", JsonValue, nullable=False),
    comment="Where each kind of bulk read stands, so that a stopped one goes on",
)
