"""Describe a request as a value. Never sends, never holds a secret.

A `Call` can be built without a client, compared, previewed, logged, stored, counted, and served by the fake.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from types import GenericAlias, NoneType
from typing import Any, Final, Generic, TypeVar, cast

from attrs import evolve, field, frozen

from wecom_auto import _codec
from wecom_auto._checks import Check, Recent
from wecom_auto._types import JSON, UNSET, JSONObject, Unset
from wecom_auto.errors import DecodeError

__all__ = ["UNSET", "Call", "Effect", "Page", "Unset", "Upload"]

T = TypeVar("T")
U = TypeVar("U")

_PREFIX: Final = "/cgi-bin/"


class Effect(enum.Enum):
    """What a call does at the platform; it decides what may be repeated after an unknown outcome."""

    READ = "read"
    """Changes nothing."""
    SET = "set"
    """Writes a state; the same write again changes nothing more."""
    CREATE = "create"
    """Makes something new; a repeat would make a second one."""
    SEND = "send"
    """Reaches a person; a repeat would reach them twice."""
    DELETE = "delete"
    """Removes something; "not found" on a repeat means that it is gone."""

    @property
    def repeatable(self) -> bool:
        """Whether the call may be sent again when nobody knows what became of the first one."""
        return self in _REPEATABLE


_REPEATABLE: Final = frozenset({Effect.READ, Effect.SET, Effect.DELETE})


@frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a paged answer.

    Attributes:
        items: What the page holds; it may be empty although more pages follow.
        next_cursor: Pass it to get the next page; empty on the last one.
            A number in digits where the platform counts pages by offset.
        total: The items of all pages, where the platform counts pages by offset; else None.
        extra: Every other field of the answer.
    """

    items: tuple[T, ...] = ()
    next_cursor: str = ""
    total: int | None = None
    extra: JSONObject = field(factory=dict)


@frozen(kw_only=True)
class Upload:
    """A file in a multipart request.

    Attributes:
        name: The form field, for the platform always ``media``.
        filename: Shown to people who receive the file; Chinese is fine.
        content: The bytes.
        content_type: The media type.
    """

    name: str = "media"
    filename: str
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"


@frozen(kw_only=True, repr=False)
class Call(Generic[T]):
    """A request to the platform as a value.

    Attributes:
        method: ``GET`` or ``POST``.
        path: For example ``/cgi-bin/externalcontact/get``.
        result: The type that the answer is decoded to; `None` for answers without content.
        effect: What the call does, which decides what may be repeated.
        query: Wire fields in the query; never the token.
        body: Wire fields in the JSON body.
        upload: A file, instead of a JSON body.
        key: Decode only this key of the answer.
        items: The answer is a `Page` whose items stand under this key.
        by_offset: Pages are counted by ``offset`` and ``next_offset``, not by ``cursor`` and ``next_cursor``.
        checks: Limits tested before sending.
        grant: The name of the token in the query; empty for calls that need none.
        reader: Turns the whole answer into the result, where its types alone do not say how.
    """

    method: str
    path: str
    result: Any
    effect: Effect
    query: Mapping[str, str] = field(factory=dict)
    body: JSONObject | None = None
    upload: Upload | None = None
    key: str = ""
    items: str = ""
    by_offset: bool = False
    checks: tuple[Check, ...] = ()
    grant: str = "access_token"
    reader: Callable[[JSONObject], Any] | None = None

    @classmethod
    def get(cls, path: str, result: type[U], /, **fields: object) -> Call[U]:
        """Describe an HTTP GET; `None` and `UNSET` fields are left out of the query."""
        return Call(method="GET", path=path, result=result, effect=Effect.READ, query=_query(fields))

    @classmethod
    def post(cls, effect: Effect, path: str, result: type[U], /, **fields: object) -> Call[U]:
        """Describe an HTTP POST; `None` and `UNSET` fields are left out of the body."""
        return Call(method="POST", path=path, result=result, effect=effect, body=_body(fields))

    @classmethod
    def put_file(cls, path: str, result: type[U], upload: Upload, /, **query: object) -> Call[U]:
        """Describe a multipart upload; a repeat only wastes a copy that expires, so it may be repeated."""
        return Call(method="POST", path=path, result=result, effect=Effect.SET, query=_query(query), upload=upload)

    def unwrap(self, key: str) -> Call[T]:
        """Decode only the value under `key` of the answer."""
        return evolve(self, key=key)

    def read_by(self, reader: Callable[[JSONObject], T]) -> Call[T]:
        """Let a function turn the whole answer into the result.

        Args:
            reader: The function; raises `DecodeError` for what is no such answer.
        """
        return evolve(self, reader=reader)

    def paged(self, items: str, *, by_offset: bool = False) -> Call[Page[T]]:
        """Make the answer a `Page` whose items stand under the key `items`.

        Args:
            items: The key.
            by_offset: The next page begins at ``next_offset``, and there is none when that is ``total``.
        """
        return cast("Call[Page[T]]", evolve(self, items=items, by_offset=by_offset))

    def checked(self, *checks: Check) -> Call[T]:
        """Add limits that are tested before sending."""
        return evolve(self, checks=(*self.checks, *checks))

    def ungranted(self) -> Call[T]:
        """Send the call without a token."""
        return evolve(self, grant="")

    def at_cursor(self, cursor: str) -> Call[T]:
        """Return the same call for the page that starts at `cursor`."""
        if self.by_offset:
            return evolve(self, body={**(self.body or {}), "offset": int(cursor)})
        if self.body is None:
            return evolve(self, query={**self.query, "cursor": cursor})
        return evolve(self, body={**self.body, "cursor": cursor})

    @property
    def cursor(self) -> str:
        """The cursor that the call asks from; for the first page empty, or ``0`` by offset."""
        fields = self.query if self.body is None else self.body
        return str(fields.get("offset", 0) if self.by_offset else fields.get("cursor", ""))

    @property
    def name(self) -> str:
        """The method and short path, as errors and logs say it."""
        return f"{self.method} {self.path.removeprefix(_PREFIX)}"

    def check(self, now: float | None = None) -> None:
        """Raise `ValidationError` when a limit of the manual is broken.

        Args:
            now: Unix seconds; without them, limits that depend on the time are not looked at.
        """
        fields: JSONObject = self.query if self.body is None else self.body
        for check in self.checks:
            check(fields)
            if now is not None and isinstance(check, Recent):
                check.at(fields, now)

    def decode(self, answer: JSONObject) -> T:
        """Turn the platform's answer into the call's result.

        Raises:
            DecodeError: The answer has another shape than the manual says; `.path` names the place.
        """
        if self.reader is not None:
            return cast("T", self.reader(answer))
        if self.items:
            return cast("T", self._decode_page(answer))
        if self.result is NoneType:
            return cast("T", None)
        if not self.key:
            return cast("T", _codec.decode(self.result, answer))
        return cast("T", _codec.decode(self.result, answer.get(self.key), at=self.key))

    def _decode_page(self, answer: JSONObject) -> Page[Any]:
        rest = {key: value for key, value in answer.items() if key not in (self.items, "errcode", "errmsg")}
        raw_items = answer.get(self.items) or []
        if not isinstance(raw_items, list):
            msg = f"{self.name}: {self.items} is {type(raw_items).__name__}, not a list"
            raise DecodeError(msg, path=self.items)
        many: Any = GenericAlias(tuple, (self.result, ...))
        items = _codec.decode(many, raw_items, at=self.items)
        if self.by_offset:
            return _offset_page(items, rest)
        return Page(items=items, next_cursor=str(rest.pop("next_cursor", None) or ""), extra=rest)

    def __repr__(self) -> str:
        # Bodies carry phone numbers and remarks: a repr may end up in a log.
        return f"<Call {self.name} {self.effect.name}>"


def _offset_page(items: tuple[Any, ...], rest: dict[str, JSON]) -> Page[Any]:
    numbers = {name: rest.pop(name, None) for name in ("next_offset", "total")}
    following, total = (
        None if number is None else _codec.decode(int, number, at=name) for name, number in numbers.items()
    )
    # Equal at the end (manual 92133); more than that when rows have gone since the page before.
    more = following is not None and total is not None and following < total
    return Page(items=items, next_cursor=str(following) if more else "", total=total, extra=rest)


def _body(fields: Mapping[str, object]) -> JSONObject:
    return {name: _codec.encode(value) for name, value in fields.items() if value is not None and value is not UNSET}


def _query(fields: Mapping[str, object]) -> Mapping[str, str]:
    return {name: _text(value) for name, value in _body(fields).items()}


def _text(value: JSON) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
