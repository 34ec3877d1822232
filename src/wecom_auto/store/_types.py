"""Column types that mean the same on SQLite, PostgreSQL and MariaDB/MySQL.

They refuse what would be read back as something else, such as a naive time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

    def bind_processor(self, dialect: Dialect) -> Any:  # SQLAlchemy's own type of this is private.
        """Turn an aware time into what the database stores, in one step: this is done for every row.

        Raises:
            ValidationError: the time has no zone (SQLAlchemy hands it over inside a `StatementError`).
        """
        write = _WRITERS.get(dialect.name, _without_zone)

        def bind(value: datetime | None) -> object:
            return None if value is None else write(_in_utc(value))

        return bind

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # As above.
        """Give the stored time back as aware UTC."""
        del coltype
        read = _READERS.get(dialect.name, _with_zone)

        def result(value: Any) -> datetime | None:
            return None if value is None else read(value)

        return result


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise ValidationError(field="datetime", value=value.isoformat(), limit="an aware time, with tzinfo")
    return value.astimezone(UTC)


def _without_zone(value: datetime) -> datetime:
    return value.replace(tzinfo=None)


def _with_zone(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


_TEXT: Final = len("2026-03-02 09:00:00.000000")
_ZONE: Final = "+00:00"


def _as_text(value: datetime) -> str:
    return value.isoformat(" ", "microseconds")[:_TEXT]


def _from_text(value: str) -> datetime:
    return datetime.fromisoformat(value + _ZONE)


def _same(value: datetime) -> datetime:
    return value


_WRITERS: Final[Mapping[str, Callable[[datetime], object]]] = {"postgresql": _same, "sqlite": _as_text}
_READERS: Final[Mapping[str, Callable[[Any], datetime]]] = {"postgresql": _in_utc, "sqlite": _from_text}

LongText: Final = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
"""A text of any length: a TEXT of MySQL ends at 64 KiB."""

JsonValue: Final = sa.JSON(none_as_null=False)
"""A JSON column in which Python's ``None`` is JSON ``null``, not a missing value."""
