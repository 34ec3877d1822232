"""The table of App users. Describes it; opens no connection and knows no rule."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.store import UtcDateTime, metadata

_ID: Final = sa.String(64)

app_users: Final = sa.Table(
    "automotive_app_users",
    metadata,
    sa.Column("corp_id", _ID, primary_key=True),
    sa.Column("app", _ID, primary_key=True),
    sa.Column("app_user", sa.String(128), primary_key=True),
    sa.Column("external_userid", _ID, nullable=False),
    sa.Column("bound_at", UtcDateTime, nullable=False),
    sa.Index("ix_automotive_app_users_customer", "corp_id", "external_userid"),
    comment="Which customer a user of the brand's App is",
)
