"""What events and their parts show of themselves: no secret and no phone number. Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self, cast

import attrs
from attrs import field, frozen

from wecom_auto._model import NO_EXTRA
from wecom_auto._redact import redact
from wecom_auto._time import require_aware
from wecom_auto._types import JSON

__all__ = ["Discreet", "Part", "aware", "masked", "names_only"]


def masked(_value: object) -> str:
    """Stand in a repr for a value that nobody may read in a log."""
    return "'***'"


def names_only(extra: Mapping[str, JSON]) -> str:
    """Show which fields there are, and not what they hold."""
    return repr(sorted(extra))


def aware(_owner: object, attribute: attrs.Attribute[Any], value: datetime | None) -> None:
    """Refuse a time that means another moment on every machine."""
    if value is not None:
        require_aware(value, attribute.name)


class Discreet:
    """A repr with what differs from its default, without phone numbers and without fields that say so."""

    __slots__ = ()

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Yield what a person wants to see; rich calls it."""
        for attribute in attrs.fields(cast("type[attrs.AttrsInstance]", type(self))):
            value = getattr(self, attribute.name)
            if attribute.repr is False or value == attribute.default:
                continue
            show = attribute.repr if callable(attribute.repr) else repr
            yield attribute.name, _Shown(str(show(value)))

    def __repr__(self) -> str:
        # A userid or a state may be somebody's phone number.
        return redact(f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in self.__rich_repr__())})")


class _Shown(str):
    """A text that is a repr already and carries no phone number."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, redact(text))

    def __repr__(self) -> str:
        return str(self)


@frozen(kw_only=True, repr=False)
class Part(Discreet):
    """A value inside an event that has fields of its own.

    Args:
        extra: Fields this class has no attribute for, by their wire names.
    """

    extra: Mapping[str, JSON] = field(default=NO_EXTRA, hash=False, repr=names_only)
