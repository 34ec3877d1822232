"""Check what callers hand to a runner before anything is read or written: a database would say it later, and worse.

SQLite takes a text of any length, and PostgreSQL and MySQL do not: what one of them refuses is refused for all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from wecom_auto._types import JSON
from wecom_auto.errors import ValidationError
from wecom_auto.sop._document._policies import Target

_ID = 64


def require_id(value: str, name: str) -> str:
    """An identifier of the platform, or a name of ours that is stored like one.

    Raises:
        ValidationError: Empty, longer than any identifier, with a NUL, or no text at all.
    """
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValidationError(name, value=f"a value of type {type(value).__name__}", limit="a text")
    if not 0 < len(value) <= _ID or "\0" in value:
        said = "a NUL character" if "\0" in value else f"{len(value)} characters"
        raise ValidationError(name, value=said, limit=f"1 to {_ID} characters, without NUL")
    return value


def require_ids(values: Iterable[str], name: str) -> Iterable[str]:
    """Several identifiers; the text of one is taken for no list of its letters.

    Raises:
        ValidationError: A single text.
    """
    if isinstance(values, str):
        raise ValidationError(name, value="one text", limit="a list of identifiers")
    return values


def require_target(value: Target | str) -> Target:
    """What an identifier names.

    Raises:
        ValidationError: No such target.
    """
    words = [word.value for word in Target]
    if value not in words:
        raise ValidationError(field="target", value=repr(value)[:60], limit=f"one of {', '.join(words)}")
    return Target(value)


def require_json(value: JSON, name: str) -> JSON:
    """A value that JSON can hold, on every database.

    Raises:
        ValidationError: Bytes, sets, NaN, half a character.
    """
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        said = f"a value of type {type(value).__name__} that is no JSON"
        raise ValidationError(name, value=said, limit="anything JSON can hold, or a date") from None
    return value
