"""The one `MetaData` that every layer adds its tables to. Holds names, never rows."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import event

metadata: Final = sa.MetaData(
    # Constraints without a name cannot be changed by a later migration on SQLite and MySQL.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of wecom_auto, with a naming convention for constraints."""


_BYTEWISE: Final = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _compare_bytewise(table: sa.Table, parent: sa.MetaData) -> None:
    """MySQL ignores case by default: wmAbc and wmabc are two customers."""
    if parent is metadata:
        table.kwargs.update(_BYTEWISE)


event.listen(sa.Table, "before_parent_attach", _compare_bytewise)
