"""Read lists of a TOML document, so that an error names the entry. Knows no document."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from wecom_auto.sop._document._problems import DefinitionError, inside

T = TypeVar("T")


def read_list(value: object, place: str, read: Callable[[object], T]) -> tuple[T, ...]:
    """Read every entry of a list.

    Raises:
        DefinitionError: not a list, or an entry that cannot be read, with its number.
    """
    if not isinstance(value, list):
        problem = f"a list is expected, not {type(value).__name__}"
        raise DefinitionError(problem, place=place)
    return tuple(inside(f"{place}[{number}]", read, one) for number, one in enumerate(cast("list[object]", value)))
