"""Read JSON callbacks into classes by the paths of their fields, and write them back. Knows no event and no robot."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TypeAlias, cast

import attrs

from wecom_auto._codec import decode, encode
from wecom_auto._types import JSON

__all__ = ["Document", "at", "merge", "put", "read_paths", "take", "write_paths"]

Document: TypeAlias = dict[str, Any]
"""A JSON object while it is taken apart or put together."""

_PATH: Final = "path"
_KIND: Final = "kind"
_NOTHING: Final = (None, "")


def at(*path: str, kind: object = str) -> dict[str, object]:
    """Return the attrs metadata of a field.

    Args:
        path: The keys that lead to it, from the outside.
        kind: What it is decoded as: a scalar, an enumeration, a model, or a tuple of those.
    """
    return {_PATH: path, _KIND: kind}


def read_paths(cls: type[attrs.AttrsInstance], document: Document) -> dict[str, Any]:
    """Return values by attribute and take them out of the document, which is left with what has none.

    Raises:
        DecodeError: A value is not of its field's kind.
    """
    found: dict[str, Any] = {}
    for field in attrs.fields(cls):
        if path := field.metadata.get(_PATH):
            raw = take(document, *path)
            if raw not in _NOTHING:
                found[field.name] = decode(field.metadata[_KIND], raw, at=".".join(path))
    return found


def write_paths(value: attrs.AttrsInstance, document: Document) -> None:
    """Put the fields of a value into a document: what is required, and what differs from its default."""
    for field in attrs.fields(type(value)):
        content = getattr(value, field.name)
        if _PATH in field.metadata and (field.default is attrs.NOTHING or content != field.default):
            put(document, encode(content), *field.metadata[_PATH])


def take(document: Document, *path: str) -> object:
    """Remove a value and return it, and remove the objects around it that are empty then; ``None`` if there is none."""
    key, *rest = path
    if not rest:
        return document.pop(key, None)
    inner = document.get(key)
    if not isinstance(inner, dict):
        return None
    value = take(cast("Document", inner), *rest)
    if not inner:
        del document[key]
    return value


def put(document: Document, value: JSON, *path: str) -> None:
    """Set a value, and the objects around it that are missing."""
    *outside, last = path
    for key in outside:
        document = document.setdefault(key, {})
    document[last] = value


def merge(document: MutableMapping[str, Any], more: Mapping[str, Any]) -> None:
    """Put objects into objects, key by key."""
    for key, value in more.items():
        known = document.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            merge(cast("Document", known), cast("Mapping[str, Any]", value))
        else:
            document[key] = value
