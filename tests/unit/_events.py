"""Values of every class of events, made from the fields that the class declares. Knows no class by name."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
from hypothesis import strategies as st

from wecom_auto._model import OpenIntEnum, OpenStrEnum, home_of
from wecom_auto.callbacks import Event, KnownEvent
from wecom_auto.callbacks._discreet import Part

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
CORP = "ww1234567890abcdef"

texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\t\n\r"),
    max_size=40,
).map(lambda text: text.strip(" \t\r\n"))
some = texts.filter(bool)
numbers = st.integers(-(2**31), 2**31)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - zone added
    lambda moment: moment.replace(microsecond=0)
)


@functools.cache
def own_fields(cls: type) -> dict[str, Any]:
    """Return the fields of the wire that are not part of the envelope, with their types."""
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return {field.name: _type_of(cls, field) for field in fields if field.metadata.get("item") is not None}


def _type_of(cls: type, field: attrs.Attribute[Any]) -> Any:
    owner = next(base for base in cls.__mro__ if field.name in vars(base).get("__annotations__", {}))
    return eval(str(field.type), dict(vars(home_of(owner))))  # noqa: S307 - our own annotations


def bare(hint: Any) -> Any:
    """Return a type without ``| None``."""
    if isinstance(hint, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def item_of(hint: Any) -> Any:
    """Return what a tuple holds, or ``None`` if the type is no tuple."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None


def strategy(hint: Any, *, needed: bool) -> st.SearchStrategy[Any]:
    """Return the values that a field can have."""
    if (inside := item_of(hint)) is not None:
        return st.lists(strategy(inside, needed=True), max_size=3).map(tuple)
    kind = bare(hint)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: some if needed else texts,
        int: numbers,
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        datetime: times,
    }
    if issubclass(kind, Part):
        # An element without fields says nothing, and is read as nothing.
        found = st.fixed_dictionaries(fields_of(kind)).map(lambda values: kind(**values)).filter(says_something)
    elif issubclass(kind, OpenIntEnum):
        found = numbers.map(kind)
    elif issubclass(kind, OpenStrEnum):
        found = some.map(kind)
    else:
        found = plain[kind]
    return found if kind is hint else st.none() | found


def says_something(part: Part) -> bool:
    """Whether any field differs from its default."""
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(type(part))
    return any(getattr(part, field.name) != field.default for field in fields)


def required(cls: type) -> list[str]:
    """Return the fields that a value cannot be made without."""
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return [field.name for field in fields if field.default is attrs.NOTHING and field.metadata.get("item") is not None]


@functools.cache
def fields_of(cls: type) -> dict[str, st.SearchStrategy[Any]]:
    """Return the values of each field of a class."""
    must = required(cls)
    return {name: strategy(hint, needed=name in must) for name, hint in own_fields(cls).items()}


def full(hint: Any, text: str) -> Any:
    """Return a value with every field filled, all texts being the same."""
    if (inside := item_of(hint)) is not None:
        return (full(inside, text), full(inside, text))
    kind = bare(hint)
    if issubclass(kind, Part):
        return kind(**{name: full(one, text) for name, one in own_fields(kind).items()})
    if issubclass(kind, OpenIntEnum):
        return kind(next(iter(kind)))
    if issubclass(kind, OpenStrEnum):
        return kind(next(iter(kind)))
    return {str: text, int: 7, bool: True, float: 23.134, datetime: NOW}[kind]


def full_event(cls: type[KnownEvent], text: str = "x1") -> KnownEvent:
    """Return an event with every field filled."""
    values = {name: full(hint, text) for name, hint in own_fields(cls).items()}
    return cls(created_at=NOW, to_user=CORP, **values)


def parts_of(value: Event | Part) -> Iterator[Event | Part]:
    """Yield an event and every value inside it that has fields of its own."""
    yield value
    for field in attrs.fields(type(value)):
        content = getattr(value, field.name)
        for one in content if isinstance(content, tuple) else (content,):
            if isinstance(one, Part):
                yield from parts_of(one)
