"""Make any event from its name and a few fields given as text. Sends nothing; what is not given is a plain example."""

from __future__ import annotations

import difflib
import enum
import json
import secrets
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

import attrs

from wecom_auto._model import home_of
from wecom_auto.callbacks._chapters import EVENT_TYPES
from wecom_auto.callbacks._event import Event, KnownEvent, name_of
from wecom_auto.callbacks._json_body import JSON_EVENT_TYPES
from wecom_auto.callbacks._robots import JSONEvent
from wecom_auto.errors import ConfigurationError

__all__ = ["Field", "event_class", "fields_of", "kinds", "make_event"]

_NOT_SET: Final = frozenset({"extra", "tree", "delivery", "late"})
_HEAD: Final = tuple(attribute.name for attribute in attrs.fields(Event))
_OWN_ID: Final = "msg_id"
"""What tells messages apart: two made in a row are two."""
_SAMPLES: Final = {
    "userid": "zhangsan",
    "from_user": "zhangsan",
    "external_userid": "wmExampleCustomer0000000000000000",
    "chat_id": "wrExampleGroup000000000000000000",
    "link_id": "cawExampleLink",
}


class Field(NamedTuple):
    """One field that can be set.

    Args:
        name: Its name in Python.
        hint: What it holds, for people.
        required: Whether the platform always says it.
    """

    name: str
    hint: str
    required: bool


class _Place(NamedTuple):
    cls: type[attrs.AttrsInstance]
    name: str
    kind: Any


def kinds() -> tuple[type[KnownEvent], ...]:
    """Return every class of events."""
    return tuple(dict.fromkeys((*EVENT_TYPES, *JSON_EVENT_TYPES)))


def event_class(wanted: str) -> type[KnownEvent]:
    """Return a class of events by its name or by that of the event, in any case.

    Raises:
        ConfigurationError: There is none; says which one sounds like it.
    """
    names = {name.lower(): cls for cls in kinds() for name in (name_of(cls), cls.__name__)}
    found = names.get(wanted.lower())
    if found is not None:
        return found
    spelt = {name.lower(): name for cls in kinds() for name in (name_of(cls), cls.__name__)}
    similar = [spelt[name] for name in difflib.get_close_matches(wanted.lower(), spelt, n=3, cutoff=0.5)]
    meant = f"did you mean {' or '.join(similar)}?" if similar else "`wecom-auto callback send --list` shows all"
    msg = f"{wanted}: no such event; {meant}"
    raise ConfigurationError(msg)


def fields_of(cls: type[KnownEvent], *, head: bool = False) -> tuple[Field, ...]:
    """Return the fields of a class that can be set: its own ones first, and those of every event if asked for."""
    hints = _hints(cls)
    found = [
        Field(attribute.name, _hint(hints[attribute.name]), attribute.default is attrs.NOTHING)
        for attribute in attrs.fields(cls)
        if attribute.name in hints and (head or attribute.name not in _HEAD)
    ]
    return tuple(sorted(found, key=lambda one: (one.name in _HEAD, not one.required)))


def make_event(
    cls: type[KnownEvent],
    given: Iterable[str] = (),
    *,
    full: bool = False,
    to_user: str = "",
    now: datetime | None = None,
) -> KnownEvent:
    """Make an event.

    Args:
        cls: Its class.
        given: Texts such as ``state=bj01``, ``tag_type=tag`` or ``scan.result=7``; lists have commas, objects are JSON.
        full: Fill what the platform does not always say, too.
        to_user: The receiver, unless given; a JSON body has none.
        now: When it happened, unless given.

    Raises:
        ConfigurationError: A text is no assignment, names no field, or is not what the field holds.
    """
    values: dict[str, Any] = {"created_at": (now or datetime.now(UTC)).replace(microsecond=0)}
    if not issubclass(cls, JSONEvent):
        values["to_user"] = to_user
    for text in given:
        path, equals, value = text.partition("=")
        if not equals:
            msg = f"--set {text}: write field=value"
            raise ConfigurationError(msg)
        _put(values, cls, path.strip(), value)
    try:
        return cast("KnownEvent", _build(cls, values, full=full))
    except (TypeError, ValueError) as error:
        msg = f"{cls.__name__}: {error}"
        raise ConfigurationError(msg) from error


def _put(values: dict[str, Any], cls: type[attrs.AttrsInstance], path: str, text: str) -> None:
    """Set one field, or one inside an object."""
    first, _, rest = path.partition(".")
    place = _place(cls, first)
    inner = _bare(place.kind)
    if rest and _is_object(inner):
        _put(values.setdefault(place.name, {}), inner, rest, text)
    elif rest:
        msg = f"--set {path}: {first} has no fields inside"
        raise ConfigurationError(msg)
    else:
        try:
            values[place.name] = _read(place.kind, text)
        except ValueError as error:
            msg = f"--set {path}={text}: {error}"
            raise ConfigurationError(msg) from None


def _place(cls: type[attrs.AttrsInstance], wanted: str) -> _Place:
    names = _settable(cls)
    found = next((name for name in names if name.lower().replace("_", "") == wanted.lower().replace("_", "")), None)
    if found is None:
        similar = difflib.get_close_matches(wanted, names, n=1)
        meant = f"did you mean {similar[0]}?" if similar else f"there are {', '.join(names)}"
        msg = f"--set {wanted}: {cls.__name__} has no such field; {meant}"
        raise ConfigurationError(msg)
    return _Place(cls, found, _hints(cls)[found])


def _build(kind: Any, values: Mapping[str, Any], *, full: bool = False) -> object:
    """Fill what is required, or everything, with examples and make the object."""
    filled = dict(values)
    hints = _hints(kind)
    for attribute in attrs.fields(kind):
        name = attribute.name
        inner = _bare(hints.get(name))
        if isinstance(filled.get(name), Mapping) and _is_object(inner):
            filled[name] = _build(inner, filled[name])
        elif name in filled or name not in hints:
            continue
        elif attribute.default is attrs.NOTHING or (full and name not in _HEAD):
            filled[name] = _sample(hints[name], name)
    return kind(**filled)


def _sample(kind: Any, name: str) -> Any:
    """Return an example of a kind."""
    inner = _bare(kind)
    if name == _OWN_ID:
        return inner(secrets.randbits(62))
    if _is_object(inner):
        # One without a field would be the same as none.
        return _build(inner, {}, full=True)
    if _is_list(inner):
        return (_sample(typing.get_args(inner)[0], name.removesuffix("s")),)
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        return next(iter(inner))
    if inner is datetime:
        return datetime.now(UTC).replace(microsecond=0)
    if inner in {int, float, bool}:
        return inner(1)
    return _SAMPLES.get(name, f"{name.replace('_', '-')}-example")


def _read(kind: Any, text: str) -> Any:
    """Read a text as a kind.

    Raises:
        ValueError: It is none; the message says what is wanted.
    """
    inner = _bare(kind)
    if text == "" and inner is not kind:
        return None
    if _is_object(inner):
        return dict(_read_object(inner, text))
    if _is_list(inner):
        item = typing.get_args(inner)[0]
        if _is_object(_bare(item)):
            return tuple(_build(_bare(item), dict(_read_object(_bare(item), one))) for one in _json_list(text))
        return tuple(_read(item, piece.strip()) for piece in text.split(",") if piece.strip())
    return _scalar(inner, text)


def _read_object(kind: Any, text: str | Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    document: object = _json(text) if isinstance(text, str) else text
    if not isinstance(document, Mapping):
        msg = 'a JSON object is wanted, for example {"id": "1"}'
        raise ValueError(msg)  # noqa: TRY004 - the text is wrong, and the caller says where
    for name, value in document.items():
        place = _place(kind, str(name))
        yield place.name, _read(place.kind, value if isinstance(value, str) else json.dumps(value))


def _json_list(text: str) -> list[Any]:
    document = _json(text)
    return document if isinstance(document, list) else [document]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        msg = "JSON is wanted here"
        raise ValueError(msg) from None


def _scalar(kind: Any, text: str) -> Any:
    if kind is datetime:
        return _moment(text)
    if kind is bool:
        return _flag(text)
    if kind in {int, float}:
        try:
            return kind(text)
        except ValueError:
            msg = "a number is wanted"
            raise ValueError(msg) from None
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _member(kind, text)
    return text


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None or found.tzinfo is None:
        msg = "a time is wanted: unix seconds, or with its zone as in 2026-03-01T10:00:00+08:00"
        raise ValueError(msg)
    return found.astimezone(UTC)


def _flag(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in known:
        msg = "true or false is wanted"
        raise ValueError(msg)
    return known[text.lower()]


def _member(kind: type[enum.Enum], text: str) -> enum.Enum:
    """Return the member of that name or value; an open enumeration takes any value."""
    named = next((one for one in kind if one.name.lower() == text.lower()), None)
    if named is not None:
        return named
    try:
        return kind(int(text) if issubclass(kind, int) else text)
    except ValueError:
        names = ", ".join(one.name for one in kind)
        msg = f"one of {names} is wanted, or its number"
        raise ValueError(msg) from None


def _hints(cls: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """Return what the fields of a class hold; each annotation names things of the module that it was written in."""
    names = _settable(cls)
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        texts = {name: text for name, text in vars(base).get("__annotations__", {}).items() if name in names}
        found |= typing.get_type_hints(types.SimpleNamespace(__annotations__=texts), vars(home_of(base)))
    return found


def _settable(cls: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    return tuple(attribute.name for attribute in attrs.fields(cls) if attribute.alias not in _NOT_SET)


def _bare(kind: Any) -> Any:
    """Return a kind without ``None``; of several classes the first."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return next(one for one in typing.get_args(kind) if one is not types.NoneType)
    return kind


def _is_object(kind: Any) -> bool:
    return isinstance(kind, type) and attrs.has(kind)


def _is_list(kind: Any) -> bool:
    return typing.get_origin(kind) is tuple


def _hint(kind: Any) -> str:
    inner = _bare(kind)
    if _is_list(inner):
        return f"list of {_hint(typing.get_args(inner)[0])}"
    if _is_object(inner):
        return f"object({', '.join(attribute.name for attribute in attrs.fields(inner) if attribute.name != 'extra')})"
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        return "|".join(str(one.value) for one in inner)
    return {str: "text", int: "number", float: "number", bool: "true|false", datetime: "time"}.get(inner, str(inner))
