"""Compact descriptions of request fields, and the check that applies them. Knows no state.

A spec names what the manual says about a field (type, length, range, enum) and the errcode for breaking it.
What needs the state (does this tag exist?) belongs to the handlers.

Unverified: which errcode the platform picks where the manual names none.
The fake answers 40063 for an empty required field and 40058 for a value out of bounds, as the hints of those codes say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from wecom_auto.testing._wire import Body, Refusal

__all__ = ["Check", "any_of", "flag", "integer", "items", "known_fields", "nested", "objects", "text", "verify"]

MISSING = 40063
BAD = 40058

_DIGITS = re.compile("[0-9]{1,18}")

Check: TypeAlias = Callable[[Body], None]
"""Looks at one field of a body and raises `Refusal` when it is wrong. Its `field` attribute names the field."""


class _Field:
    """One field: whether it must be there, and what its value must be."""

    __slots__ = ("bad", "field", "missing", "test")

    def __init__(self, name: str, missing: int, bad: int, test: Callable[[Any], str]) -> None:
        self.field = name
        self.missing = missing
        self.bad = bad
        self.test = test

    def __call__(self, body: Body) -> None:
        value = body.get(self.field)
        if value is None or value in ("", []):
            if self.missing:
                raise Refusal(self.missing, f"{self.field} is missing")
            if value is None:
                return
        problem = self.test(value)
        if problem:
            raise Refusal(self.bad, f"{self.field}: {problem}")


def text(
    name: str,
    *,
    required: int = 0,
    chars: int = 0,
    octets: int = 0,
    enum: tuple[str, ...] = (),
    bad: int = BAD,
) -> Check:
    """Describe a string: at most `chars` characters and `octets` UTF-8 bytes, one of `enum` if given."""

    def test(value: Any) -> str:
        if not isinstance(value, str):
            return "must be a string"
        if chars and len(value) > chars:
            return f"{len(value)} characters, at most {chars}"
        if octets and len(value.encode()) > octets:
            return f"{len(value.encode())} bytes, at most {octets}"
        return "" if not enum or value in enum else "not one of " + "|".join(enum)

    return _Field(name, required, bad, test)


def integer(
    name: str,
    *,
    required: int = 0,
    least: int = 0,
    most: int = 2**63,
    enum: tuple[int, ...] = (),
    bad: int = BAD,
    digits: bool = False,
) -> Check:
    """Describe an integer between `least` and `most`, one of `enum` if given, as a string of `digits` if allowed."""

    def test(value: Any) -> str:
        if digits and isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return "must be an integer"
        if enum and value not in enum:
            return f"not one of {enum}"
        return "" if least <= value <= most else f"must lie in {least}..{most}"

    return _Field(name, required, bad, test)


def flag(name: str) -> Check:
    """Describe an optional boolean."""
    return _Field(name, 0, BAD, lambda value: "" if isinstance(value, bool) else "must be true or false")


def items(
    name: str, kind: type[str | int] = str, *, required: int = 0, most: int = 0, chars: int = 0, bad: int = BAD
) -> Check:
    """Describe a list of at most `most` values of one `kind`, strings of at most `chars` characters."""

    def test(value: Any) -> str:
        entries = _entries(value)
        if entries is None or any(type(entry) is not kind for entry in entries):
            return f"must be a list of {kind.__name__}"
        if most and len(entries) > most:
            return f"{len(entries)} entries, at most {most}"
        too_long = chars and any(len(entry) > chars for entry in entries)
        return f"an entry is longer than {chars} characters" if too_long else ""

    return _Field(name, required, bad, test)


def nested(name: str, *checks: Check, required: int = 0) -> Check:
    """Describe an object whose fields obey `checks`."""

    def test(value: Any) -> str:
        if not isinstance(value, dict):
            return "must be an object"
        verify(cast("Body", value), checks)
        return ""

    return _Field(name, required, BAD, test)


def objects(name: str, *checks: Check, required: int = 0, most: int = 0, too_many: int = BAD) -> Check:
    """Describe a list of at most `most` objects whose fields obey `checks`."""

    def test(value: Any) -> str:
        entries = _entries(value)
        if entries is None or any(not isinstance(entry, dict) for entry in entries):
            return "must be a list of objects"
        if most and len(entries) > most:
            raise Refusal(too_many, f"{name}: {len(entries)} entries, at most {most}")
        for entry in entries:
            verify(entry, checks)
        return ""

    return _Field(name, required, BAD, test)


def _entries(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType]


def any_of(*names: str, code: int = MISSING) -> Check:
    """Demand that at least one of the fields is there and not empty (`False` and 0 count as there)."""

    def check(body: Body) -> None:
        if all(body.get(name) in (None, "", [], {}) for name in names):
            raise Refusal(code, "one of " + ", ".join(names) + " is needed")

    return check


def verify(body: Body, checks: tuple[Check, ...]) -> None:
    """Apply every check in order; the first broken one decides the errcode.

    Raises:
        Refusal: With the errcode of the first broken rule.
    """
    for check in checks:
        check(body)


def known_fields(checks: tuple[Check, ...]) -> frozenset[str]:
    """Return the names that the checks describe."""
    return frozenset(str(name) for check in checks if (name := getattr(check, "field", "")))
