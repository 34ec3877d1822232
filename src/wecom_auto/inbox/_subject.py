"""Say what an event is about, so that events about the same thing can be kept in order. Looks at nothing but it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import attrs

from wecom_auto.callbacks import Event, KnownEvent, UnknownEvent

_LONGEST: Final = 191
_FIRST: Final = (("external_userid", "customer"), ("chat_id", "group"))
_ENVELOPE: Final = frozenset(field.name for field in attrs.fields(Event))


def subject_of(event: Event) -> str:
    """Name what orders the event; empty if nothing does.

    A customer together with the member, a customer group, a tag, an acquisition link, a meeting: whatever the first
    field with an id names. A message is ordered by who sent it.
    """
    text = "/".join(_parts(event))
    if len(text) <= _LONGEST and "\0" not in text and text.isascii():
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _parts(event: Event) -> Iterator[str]:
    for attribute, word in _FIRST:
        if value := _text(event, attribute):
            yield from (word, value)
            if member := _text(event, "userid"):
                yield member
            return
    name = next((name for name in _ids_of(type(event)) if _text(event, name)), "")
    if name and isinstance(event, KnownEvent):
        yield from (event.FAMILY, _text(event, name))
    elif event.from_user not in {"", "sys"} and not (isinstance(event, UnknownEvent) and event.family):
        yield from ("from", event.from_user)


def _ids_of(cls: type[Event]) -> tuple[str, ...]:
    """Fields of the class itself that name something."""
    return tuple(
        field.name
        for field in attrs.fields(cls)
        if field.name not in _ENVELOPE and (field.name == "id" or field.name.endswith(("_id", "userid")))
    )


def _text(event: Event, attribute: str) -> str:
    value = getattr(event, attribute, "")
    return value if isinstance(value, str) else ""
