"""Make up arguments from annotations, so that a method can be asked what it would send. Sends nothing itself.

The values mean nothing: they are the smallest of their type, and only good for looking at the `Call` that comes out.
"""

from __future__ import annotations

import inspect
import io
import types
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, BinaryIO, Final, Literal, get_args, get_origin, get_type_hints

import attrs

from wecom_auto._model import is_subclass, is_union, read_annotations
from wecom_auto._types import Unset
from wecom_auto.errors import ValidationError

__all__ = ["call_with_placeholders", "placeholder"]


class _File(io.BytesIO):
    """A file in memory that has a name, as a file on a disk has."""

    name = "placeholder.bin"


_PLAIN: Final[Mapping[Any, Callable[[], Any]]] = {
    str: lambda: "x",
    bool: lambda: True,
    int: lambda: 1,
    float: lambda: 1.0,
    bytes: lambda: b"placeholder",
    datetime: lambda: datetime(2026, 3, 2, tzinfo=UTC),
    date: lambda: date(2026, 3, 2),
    timedelta: lambda: timedelta(days=1),
    BinaryIO: _File,
    Any: lambda: "x",
    object: lambda: "x",
}


def placeholder(kind: Any) -> Any:
    """Return some value of an annotation.

    Raises:
        TypeError: Nothing is known about such a type.
    """
    if kind in _PLAIN:
        return _PLAIN[kind]()
    if is_union(kind):
        return placeholder(_preferred(kind))
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inside[0]
    if origin is tuple:
        return tuple(placeholder(one) for one in inside if one is not ...)
    if is_subclass(origin, Mapping):
        return {placeholder(inside[0]): placeholder(inside[1])}
    if isinstance(origin, type) and inside:
        return [placeholder(inside[0])]
    if is_subclass(kind, Enum):
        return next(iter(kind))
    if isinstance(kind, type) and attrs.has(kind):
        return _value(kind)
    msg = f"no placeholder for {kind}"
    raise TypeError(msg)


def _preferred(union: Any) -> Any:
    """Choose the member that says most: an enum before a text; a file that has a name before bytes."""
    members = [one for one in get_args(union) if one not in {types.NoneType, Unset}]
    enums = [one for one in members if is_subclass(one, Enum)]
    files = [one for one in members if one is BinaryIO]
    return [*enums, *files, *members][0]


def _value(kind: type[Any]) -> Any:
    read_annotations(kind)
    needed = [field for field in attrs.fields(kind) if field.default is attrs.NOTHING]
    return kind(**{field.name: placeholder(field.type) for field in needed})


def call_with_placeholders(function: Callable[..., Any], *given: Any) -> Any:
    """Call `function` with `given` and a placeholder for every other parameter that has no default.

    Where that breaks a rule between arguments ("at least one of them"), parameters with a default get one too.
    """
    try:
        return function(*given, **_arguments(function, len(given), every=False))
    except ValidationError:
        return function(*given, **_arguments(function, len(given), every=True))


def _arguments(function: Callable[..., Any], given: int, *, every: bool) -> dict[str, Any]:
    hints = get_type_hints(function)
    wanted = list(inspect.signature(function).parameters.values())[given:]
    return {one.name: placeholder(hints[one.name]) for one in wanted if every or one.default is one.empty}
