"""Name the few types that every layer shares. Holds no behaviour beyond the sentinel's repr."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

__all__ = ["JSON", "UNSET", "JSONObject", "Unset"]

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"
"""What a JSON document may hold."""

JSONObject: TypeAlias = Mapping[str, JSON]
"""A JSON object."""


class Unset(enum.Enum):
    """The type of `UNSET`; an enum member, so that checkers can narrow it."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET
"""Stands for "leave this field as it is" in partial updates, where an empty string would clear it."""
