"""Turn a decrypted tree into the values of a class and back. Knows tables of fields, not what an event means."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

import attrs

from wecom_auto._time import from_unix, to_unix
from wecom_auto._types import JSON
from wecom_auto.callbacks._discreet import Part
from wecom_auto.callbacks._xml import BLANK, Node

_NAMES: Final = "names"
_PARSE: Final = "parse"
_ITEM: Final = "item"
_PART: Final = "part"

COMMAS: Final = ","
"""The items of a list in one text."""
SIBLINGS: Final = "*"
"""The items of a list as elements of one name, without a wrapper."""

NOTHING: Final = (None, "")
"""What an identifier cannot be; 0 is a number."""

Parse = Callable[[str], object]


def wire(name: str, parse: Parse | None = None, *, item: str = "", of: type[Part] | None = None) -> dict[str, object]:
    """Return the attrs metadata of a field.

    Args:
        name: The platform's name; upper and lower case are the same when reading.
        parse: How its text, or the text of each item, is read; as it is, unless given.
        item: The field is a list, and how we write it: the name of one inside the wrapper, `COMMAS` or `SIBLINGS`.
            All three are read, however it is written.
        of: The class of the value, or of each item, where it has fields of its own.
    """
    return {_NAMES: (name,), _PARSE: parse, _ITEM: item, _PART: of}


def head(*names: str, parse: Parse | None = None) -> dict[str, object]:
    """Return the attrs metadata of a part of the envelope, which goes by a name of its own in each envelope."""
    return {_NAMES: names, _PARSE: parse, _ITEM: None}


def number_of(kind: type[enum.IntEnum]) -> Parse:
    """Return a parser for an enumeration that travels as a number."""
    return lambda text: kind(int(text))


def moment(text: str) -> datetime:
    """Read unix seconds as an aware time."""
    return from_unix(int(text))


def moment_unless_zero(text: str) -> datetime | None:
    """Read unix seconds as an aware time; 0 stands for "not yet"."""
    return moment(text) if int(text) else None


def flag(text: str) -> bool:
    """Read 0 or 1."""
    return bool(int(text))


def decimal(text: str) -> float:
    """Read a number with a point.

    Raises:
        ValueError: It is none, or not finite.
    """
    number = float(text)
    if not math.isfinite(number):
        msg = "not a finite number"
        raise ValueError(msg)
    return number


class LackingError(ValueError):
    """A value is without an identifier that it cannot be without, which the argument names."""


class Slot(NamedTuple):
    """Where one wire field goes; to no attribute, if the class itself says it."""

    attribute: str
    parse: Parse | None = None
    item: str = ""
    part: Table | None = None


class Table(NamedTuple):
    """How one class is read: its slots by wire name, and the attributes it cannot be without."""

    cls: type[attrs.AttrsInstance]
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
    slots = {name: Slot("") for name in implied}
    for field in fields:
        parse: Parse | None = field.metadata[_PARSE]
        if instead and parse is not None:
            parse = instead.get(parse, parse)
        part: type[Part] | None = field.metadata.get(_PART)
        slot = Slot(field.name, parse, field.metadata[_ITEM] or "", None if part is None else table_of(part))
        slots |= dict.fromkeys(field.metadata[_NAMES], slot)
    lower = {name.lower(): slot for name, slot in slots.items()}
    return Table(cls, lower | slots, tuple(field.name for field in fields if field.default is attrs.NOTHING))


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
        attribute, parse, item, part = slot
        if not attribute:
            continue
        if item:
            values[attribute] = values.get(attribute, ()) + _read_list(node, slot)
        elif attribute in values:
            rest.append(node)
        elif part is not None:
            _read_object(node, attribute, part, values, rest)
        elif children:
            rest.append(node)
        elif parse is None:
            values[attribute] = text
        elif text:
            values[attribute] = parse(text)
    return values, rest


def _read_object(node: Node, attribute: str, part: Table, values: dict[str, Any], rest: list[Node]) -> None:
    _, text, children = node
    if children:
        values[attribute] = _read_part(part, children)
    elif text:
        rest.append(node)


def _read_part(table: Table, children: Iterable[Node]) -> attrs.AttrsInstance:
    values, rest = read_fields(table, children)
    for name in table.required:
        if values.get(name) in NOTHING:
            raise LackingError(name)
    if rest:
        values["extra"] = as_fields(rest)
    return table.cls(**values)


def _read_list(node: Node, slot: Slot) -> tuple[object, ...]:
    """Read a wrapper with items, one of several siblings, or comma-separated text; the platform uses all."""
    if slot.part is not None:
        part = slot.part
        return tuple(_read_part(part, _fields_of(item)) for item in _objects(node, slot.item.lower()))
    _, text, children = node
    if any(inside for _, _, inside in children):
        msg = "an item with fields in a list of texts"
        raise ValueError(msg)
    pieces = [item for _, item, _ in children] if children else [piece.strip(BLANK) for piece in text.split(COMMAS)]
    items = filter(None, pieces)
    return tuple(items if slot.parse is None else map(slot.parse, items))


def _objects(node: Node, item: str) -> tuple[Node, ...]:
    """Return the items of a wrapper, or the node itself if it is one; none if it is empty."""
    _, text, children = node
    if children and all(tag.lower() == item for tag, _, _ in children):
        return children
    return (node,) if children or text else ()


def _fields_of(node: Node) -> tuple[Node, ...]:
    _, text, children = node
    if text:
        msg = "a text where fields were expected"
        raise ValueError(msg)
    return children


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
            yield from _nodes(field.metadata[_NAMES][0], content, item)


def _nodes(tag: str, content: object, item: str) -> Iterator[Node]:
    if not isinstance(content, tuple):
        yield _node(tag, content)
        return
    items = cast("tuple[object, ...]", content)
    written = [_node(tag if item == SIBLINGS else item, one) for one in items]
    if item in {COMMAS, SIBLINGS} and any(COMMAS in text for _, text, _ in written):
        # A comma would make two of one; a wrapper does not.
        yield tag, "", tuple(("Item", text, inside) for _, text, inside in written)
    elif item == COMMAS:
        yield tag, COMMAS.join(text for _, text, _ in written), ()
    elif item == SIBLINGS:
        yield from written
    else:
        yield tag, "", tuple(written)


def _node(tag: str, content: object) -> Node:
    if isinstance(content, Part):
        more = (node for name, value in content.extra.items() for node in to_nodes(name, value))
        return tag, "", (*write_fields(content), *more)
    return tag, _text(content), ()


def _text(content: object) -> str:
    if isinstance(content, datetime):
        return str(to_unix(content))
    if isinstance(content, bool):
        return str(int(content))
    return str(content.value if isinstance(content, enum.Enum) else content)
