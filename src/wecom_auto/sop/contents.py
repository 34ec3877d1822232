"""The content library: texts and attachments by name, with variables of a segment. Sends nothing, uploads nothing.

Variables are ``$name`` of `string.Template`: values are put in as they are, nothing is evaluated.
They belong to a segment (the store, the sender), never to one customer:
every distinct text is one more confirmation tap for the member.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any, Final, Self, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from attrs import evolve, field, frozen

from wecom_auto import _codec
from wecom_auto._types import JSON, UNSET, Unset
from wecom_auto.errors import ConfigurationError
from wecom_auto.models import Attachment, LinkAttachment, MiniProgramAttachment, Text

_TEXT_BYTES: Final = 4000
_ATTACHMENTS: Final = 9
# A union is no `type` for a checker, although the codec takes it.
_ATTACHMENT: Final = cast("type[Attachment]", Attachment)


def _to_tuple(items: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return tuple(items)


@frozen(kw_only=True)
class Content:
    """One message: a text, attachments, or both.

    Attributes:
        text: At most 4,000 bytes of UTF-8.
        attachments: At most 9.

    Raises:
        ConfigurationError: Empty, too long, or too many attachments.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = field(default=(), converter=_to_tuple)

    def __attrs_post_init__(self) -> None:
        size = len(self.text.encode())
        if size > _TEXT_BYTES:
            msg = f"text has {size} bytes of UTF-8, the platform takes {_TEXT_BYTES}: shorten it"
            raise ConfigurationError(msg)
        if len(self.attachments) > _ATTACHMENTS:
            msg = f"{len(self.attachments)} attachments, the platform takes {_ATTACHMENTS}"
            raise ConfigurationError(msg)
        if not self.text and not self.attachments:
            msg = "content without text and attachments: give one of them"
            raise ConfigurationError(msg)

    def document(self) -> dict[str, JSON]:
        """The content as JSON, in the platform's own shape."""
        return {"text": self.text, "attachments": cast("JSON", [_codec.encode(item) for item in self.attachments])}

    def to_json(self) -> str:
        """Canonical JSON: equal contents give equal text."""
        return json.dumps(self.document(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cls._read(json.loads(text))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def message(self) -> Text | Unset:
        """The text as the endpoints take it."""
        return Text(content=self.text) if self.text else UNSET

    def stamped(self, parameter: str, value: str) -> Content:
        """The same content with ``parameter=value`` in the query of its links and mini-program pages.

        A task found in the platform's list then names the batch it belongs to.
        """
        if not parameter:
            return self
        return evolve(self, attachments=tuple(_stamp(item, parameter, value) for item in self.attachments))

    @classmethod
    def _read(cls, value: Mapping[str, Any]) -> Self:
        raw = value.get("attachments", ())
        return cls(text=value.get("text", ""), attachments=tuple(_codec.decode(_ATTACHMENT, item) for item in raw))


def _stamp(item: Attachment, parameter: str, value: str) -> Attachment:
    match item:
        case LinkAttachment():
            return evolve(item, url=_with_query(item.url, parameter, value))
        case MiniProgramAttachment():
            return evolve(item, page=_with_query(item.page, parameter, value))
        case _:
            return item


def _with_query(url: str, parameter: str, value: str) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), (parameter, value)]
    return urlunsplit(parts._replace(query=urlencode(query)))


@frozen
class Contents:
    """Contents by name.

    Attributes:
        items: Name to content, for example ``{"tpl/brochure": Content(text="…")}``; texts may name ``$variables``.
    """

    items: Mapping[str, Content]

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> Contents:
        """Read a library from a TOML file.

        Each table is a content: ``["tpl/brochure"]``, ``text = "…"`` and ``attachments`` in the platform's own shape,
        for example ``[{ msgtype = "link", link = { title = "…", url = "https://…" } }]``.

        Args:
            source: A path.

        Raises:
            ConfigurationError: The file cannot be read, or a content breaks a limit; the message names the content.
        """
        try:
            tables = tomllib.loads(Path(source).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = f"{os.fspath(source)}: {error}"
            raise ConfigurationError(msg) from error
        return cls({name: _named(name, table) for name, table in tables.items()})

    def render(self, name: str, variables: Mapping[str, str]) -> Content:
        """The content called `name` with its variables filled in.

        Raises:
            ConfigurationError: No such content, or a variable that nobody gave.
        """
        content = self.items.get(name)
        if content is None:
            msg = f"no content is called {name!r}: add it to the library"
            raise ConfigurationError(msg)
        try:
            return evolve(content, text=Template(content.text).substitute(variables))
        except (KeyError, ValueError) as error:
            msg = f"content {name!r}: variable {error} is missing; write $$ for a dollar sign"
            raise ConfigurationError(msg) from error


def _named(name: str, table: object) -> Content:
    if not isinstance(table, dict):
        msg = f"content {name!r} is not a table"
        raise ConfigurationError(msg)
    try:
        return Content._read(cast("dict[str, Any]", table))  # noqa: SLF001 - its own module
    except ConfigurationError as error:
        msg = f"content {name!r}: {error}"
        raise ConfigurationError(msg) from error
