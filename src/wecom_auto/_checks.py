"""Check a request against the manual's limits before it costs a call. Never looks at answers.

A check is data: it can be listed in docs, compared, and switched off with ``validate=False``,
because the platform moves its limits without notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol, TypeAlias

from attrs import field, frozen

from wecom_auto._time import CHINA
from wecom_auto._types import JSON, JSONObject
from wecom_auto.errors import ValidationError

__all__ = ["AnyOf", "Check", "Limit", "OneOf", "Recent"]


class Check(Protocol):
    """One rule that a request must keep."""

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` when `fields` break the rule."""


_Found: TypeAlias = list[tuple[str, JSON]]


@cache
def _parts(path: str) -> tuple[tuple[str, bool], ...]:
    """The names of a path, and whether to step into each item there."""
    return tuple((part.removesuffix("[]"), part.endswith("[]")) for part in path.split("."))


def _find(fields: JSON, path: str) -> _Found:
    """Return every value at dotted `path`; ``[]`` after a name steps into each item of a list."""
    found: _Found = [("", fields)]
    for name, each in _parts(path):
        held = [(where, value[name]) for where, value in found if isinstance(value, Mapping) and name in value]
        if not held:
            return []
        found = [(f"{where}.{name}" if where else name, value) for where, value in held]
        if each:
            found = [(f"{where}[{at}]", item) for where, value in found for at, item in enumerate(_items(value))]
    return found


def _items(value: JSON) -> Sequence[JSON]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


@frozen
class Limit:
    """A bound on one field, in the unit that the manual counts.

    Attributes:
        path: The wire field, dotted for nested ones (``"text.content"``, ``"attachments[].link.title"``).
        chars: Most characters.
        bytes: Most UTF-8 bytes.
        items: Most items of a list.
        most: Largest number.
        least: Smallest number, or fewest items or characters where one of those is given.
    """

    path: str
    chars: int | None = field(default=None, kw_only=True)
    bytes: int | None = field(default=None, kw_only=True)
    items: int | None = field(default=None, kw_only=True)
    most: int | None = field(default=None, kw_only=True)
    least: int | None = field(default=None, kw_only=True)

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` naming the field, its size and the limit."""
        for where, value in _find(fields, self.path):
            size, unit, most = self._measure(value)
            if size is not None and most is not None and size > most:
                raise ValidationError(
                    where, value=f"{size:,} {unit}".rstrip(), limit=f"at most {most:,} {unit}".rstrip()
                )
            if size is not None and self.least is not None and size < self.least:
                least = f"at least {self.least:,} {unit}".rstrip()
                raise ValidationError(where, value=f"{size:,} {unit}".rstrip(), limit=least)

    def _measure(self, value: JSON) -> tuple[float | None, str, int | None]:
        if isinstance(value, str):
            if self.bytes is not None:
                return len(value.encode("utf-8", "surrogatepass")), "UTF-8 bytes", self.bytes
            return len(value), "characters", self.chars
        if isinstance(value, Sequence):
            return len(value), "items", self.items
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value, "", self.most
        return None, "", None


@frozen
class OneOf:
    """A field that takes one of a few values."""

    path: str
    values: tuple[JSON, ...]

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` naming the values that the manual allows."""
        for where, value in _find(fields, self.path):
            if value not in self.values:
                allowed = ", ".join(map(repr, self.values))
                raise ValidationError(where, value=repr(value)[:40], limit=f"one of {allowed}")


@frozen(init=False)
class AnyOf:
    """Fields of which at least one must be given and not empty."""

    paths: tuple[str, ...]

    def __init__(self, *paths: str) -> None:
        object.__setattr__(self, "paths", paths)  # attrs would take one tuple; the rules read better this way

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` when all of the fields are missing or empty."""
        if not any(value not in (None, "", [], (), {}) for path in self.paths for _, value in _find(fields, path)):
            raise ValidationError(" / ".join(self.paths), value="nothing", limit="at least one of them")


@frozen
class Recent:
    """A day of the past that the platform still knows. It depends on the time, so only `at` can tell.

    Attributes:
        path: The wire field, in unix seconds.
        days: How many days back the platform remembers.
        latest: How many days must have passed; 1 is yesterday.
    """

    path: str
    days: int
    latest: int = field(default=0, kw_only=True)

    def __call__(self, fields: JSONObject) -> None:
        """Say nothing: without the time nobody knows."""

    def at(self, fields: JSONObject, now: float) -> None:
        """Raise `ValidationError` if the day is too old, or has not come to its end.

        Args:
            fields: The request.
            now: Unix seconds.
        """
        today = datetime.fromtimestamp(now, CHINA).date()
        first, last = today - timedelta(days=self.days), today - timedelta(days=self.latest)
        for where, value in _find(fields, self.path):
            day = datetime.fromtimestamp(value, CHINA).date() if isinstance(value, int) else last
            if not first <= day <= last:
                limit = f"a Beijing day from {first.isoformat()} to {last.isoformat()}"
                raise ValidationError(where, value=day.isoformat(), limit=limit)
