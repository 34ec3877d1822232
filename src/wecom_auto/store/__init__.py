"""One database for everything the library remembers: engine, transactions, migrations.

It owns no table of its own: every layer above brings its tables to the one `metadata`.
It refuses to invent a schema at run time: tables come from the shipped Alembic history, never from `create_all`.

The whole package needs the extra ``wecom-auto[sop]`` (SQLAlchemy and Alembic).
"""

from __future__ import annotations

from wecom_auto.store._engine import after_commit, open_store, reading, transaction
from wecom_auto.store._metadata import metadata
from wecom_auto.store._migrate import migrate, migration_config
from wecom_auto.store._prepared import change_where, one_of, rows_where
from wecom_auto.store._repeat import given_up, repeatable
from wecom_auto.store._types import JsonValue, LongText, UtcDateTime
from wecom_auto.store._upsert import alone, insert_new, insert_once, upsert

__all__ = [
    "JsonValue",
    "LongText",
    "UtcDateTime",
    "after_commit",
    "alone",
    "change_where",
    "given_up",
    "insert_new",
    "insert_once",
    "metadata",
    "migrate",
    "migration_config",
    "one_of",
    "open_store",
    "reading",
    "repeatable",
    "rows_where",
    "transaction",
    "upsert",
]
