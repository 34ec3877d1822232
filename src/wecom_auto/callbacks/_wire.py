"""Turn a decrypted tree into the values of a class and back. Knows tables of fields, not what an event means."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

import attrs

from wecom_auto._time import from_unix
from wecom_auto._types import JSON
from wecom_auto.callbacks._xml import Node

_NAMES: Final = "names"
_PARSE: Final = "parse"
_ITEM: Final = "item"

Parse = Callable[[str], object]


def wire(name: str, parse: Parse | None = None, *, item: str = "") -> dict[str, object]:
    """Return the attrs metadata of a field.

    Args:
        name: The platform's name; upper and lower case are the same when reading.
        parse: How its text is read; as it is, unless given.
        item: The field is a list of texts; this is the name of one inside the wrapper when we write it.
    """
    return {_NAMES: (name,), _PARSE: parse, _ITEM: item}


def head(*names: str, parse: Parse | None = None) -> dict[str, object]:
    """Return the attrs metadata of a part of the envelope, which goes by a name of its own in each envelope."""
    return {_NAMES: names, _PARSE: parse, _ITEM: None}


def number_of(kind: type[enum.IntEnum]) -> Parse:
    """Return a parser for an enumeration that travels as a number."""
    return lambda text: kind(int(text))


def moment(text: str) -> datetime:
    """Read unix seconds as an aware time."""
    return from_unix(int(text))


class Slot(NamedTuple):
    """Where one wire field goes; to no attribute, if the class itself says it."""

    attribute: str
    parse: Parse | None
    is_list: bool


class Table(NamedTuple):
    """How one class is read: its slots by wire name, and the attributes it cannot be without."""

    slots: dict[str, Slot]
    required: Sequence[str]


def table_of(
    cls: type[attrs.AttrsInstance], *, implied: Iterable[str] = (), instead: Mapping[Parse, Parse] | None = None
) -> Table:
    """Return how an attrs class is read.

    Args:
        cls: A class whose fields carry `wire` or `head`.
        implied: Wire names that the class says by itself.
        instead: Parsers to replace by others.
    """
    fields = [field for field in attrs.fields(cls) if _NAMES in field.metadata]
    slots = {name: Slot("", None, is_list=False) for name in implied}
    for field in fields:
        parse: Parse | None = field.metadata[_PARSE]
        if instead and parse is not None:
            parse = instead.get(parse, parse)
        slot = Slot(field.name, parse, bool(field.metadata[_ITEM]))
        slots |= dict.fromkeys(field.metadata[_NAMES], slot)
    lower = {name.lower(): slot for name, slot in slots.items()}
    return Table(lower | slots, tuple(field.name for field in fields if field.default is attrs.NOTHING))


def read_fields(table: Table, nodes: Iterable[Node]) -> tuple[dict[str, Any], list[Node]]:
    """Return values by attribute, and the nodes that have none.

    An empty text leaves everything but a text at its default.
    A scalar that comes twice stays where it was, and the repetition goes to the rest.

    Raises:
        ValueError: A text is not what its field holds.
        OverflowError: A time beyond the calendar.
    """
    values: dict[str, Any] = {}
    rest: list[Node] = []
    slots = table.slots
    for node in nodes:
        tag, text, children = node
        slot = slots.get(tag) or slots.get(tag.lower())
        if slot is None:
            rest.append(node)
            continue
        attribute, parse, is_list = slot
        if not attribute:
            continue
        if is_list:
            values[attribute] = values.get(attribute, ()) + _read_list(node)
        elif children or attribute in values:
            rest.append(node)
        elif parse is None:
            values[attribute] = text
        elif text:
            values[attribute] = parse(text)
    return values, rest


def _read_list(node: Node) -> tuple[str, ...]:
    """Read a wrapper with items, or comma-separated text; the platform uses both."""
    _, text, children = node
    if children:
        return tuple(item for _, item, _ in children)
    return tuple(item for piece in text.split(",") if (item := piece.strip()))


def as_fields(nodes: Iterable[Node]) -> dict[str, JSON]:
    """Return siblings as texts and mappings by name; what repeats becomes a list."""
    found: dict[str, list[JSON]] = {}
    for tag, text, children in nodes:
        found.setdefault(tag, []).append(as_fields(children) if children else text)
    return {tag: values[0] if len(values) == 1 else values for tag, values in found.items()}


def to_nodes(tag: str, value: JSON) -> Iterator[Node]:
    """Yield the siblings that stand for a value of `as_fields`."""
    if isinstance(value, Mapping):
        yield tag, "", tuple(node for name in value for node in to_nodes(name, value[name]))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from to_nodes(tag, item)
    else:
        yield tag, "" if value is None else str(value), ()


def write_fields(value: attrs.AttrsInstance) -> Iterator[Node]:
    """Yield the nodes of an attrs value: what is required, and what differs from its default."""
    for field in attrs.fields(type(value)):
        content = getattr(value, field.name)
        item = field.metadata.get(_ITEM)
        if item is not None and (field.default is attrs.NOTHING or content != field.default):
            yield _node(field.metadata[_NAMES][0], content, item)


def _node(tag: str, content: object, item: str) -> Node:
    if isinstance(content, tuple):
        return tag, "", tuple((item, text, ()) for text in cast("tuple[str, ...]", content))
    return tag, str(content.value if isinstance(content, enum.Enum) else content), ()
