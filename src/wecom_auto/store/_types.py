"""Column types that mean the same on SQLite, PostgreSQL and MariaDB/MySQL.

They refuse what would be read back as something else, such as a naive time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from wecom_auto.errors import ValidationError


class UtcDateTime(TypeDecorator[datetime]):
    """An aware `datetime`, kept in UTC to the microsecond.

    A naive value is refused: the database would take it for UTC and the dealer meant Shanghai.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the column type that keeps microseconds on this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into what the database stores.

        Raises:
            ValidationError: the time has no zone (SQLAlchemy hands it over inside a `StatementError`).
        """
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValidationError(field="datetime", value=value.isoformat(), limit="an aware time, with tzinfo")
        stored = value if value.tzinfo is UTC else value.astimezone(UTC)
        return stored if dialect.name == "postgresql" else stored.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the stored time back as aware UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JsonValue: Final = sa.JSON(none_as_null=False)
"""A JSON column in which Python's ``None`` is JSON ``null``, not a missing value."""
