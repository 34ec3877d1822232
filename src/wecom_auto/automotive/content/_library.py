"""The content library of the trade (内容库): SOP contents with a category and a validity. It approves nothing.

It is written beside the SOP's own keys in one TOML file and read by the SOP's own reader.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from wecom_auto._model import OpenStrEnum
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import Content, Contents
from wecom_auto.sop._document._problems import is_table
from wecom_auto.sop._document._toml import read_toml

_OWN: Final = ("category", "valid_from")
_CHARS: Final = 64


class Category(OpenStrEnum):
    """What a content is about; open to words of your own."""

    FESTIVAL = "节日"
    BRAND = "品牌业绩"
    OFFER = "活动优惠"
    SALES = "销量战报"
    KNOWLEDGE = "汽车干货"
    OWNER_RIGHTS = "车主权益"


OWNER: Final = "owner"
"""The category of SOPs for owners, which content for owners is for unless it says more."""


@frozen(kw_only=True)
class LibraryItem:
    """One content of the library.

    Attributes:
        name: As SOPs call it.
        content: What is sent; its `valid_until` is the last day.
        category: What it is about.
        valid_from: The first day on which it may be sent; None for at once.
    """

    name: str
    content: Content
    category: Category
    valid_from: date | None = None

    def __attrs_post_init__(self) -> None:
        last = self.content.valid_until
        if self.valid_from is not None and last is not None and last < self.valid_from:
            msg = f"content {self.name!r}: valid_until {last} is before valid_from {self.valid_from}"
            raise ConfigurationError(msg)

    @property
    def digest(self) -> str:
        """SHA-256 of everything that an approval is about: what is seen, when, and by whom."""
        one = self.content
        parts = (one.digest, self.category.value, str(self.valid_from), str(one.valid_until), *sorted(one.audience))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def is_early_on(self, day: date) -> bool:
        """Whether its first day is still to come."""
        return self.valid_from is not None and day < self.valid_from


@frozen
class ContentLibrary:
    """Contents by name.

    Attributes:
        items: By name.
    """

    items: Mapping[str, LibraryItem] = field(factory=dict[str, LibraryItem])

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> ContentLibrary:
        """Read a library from a TOML file, or from its text.

        Each table is a content as `Contents.from_toml` reads it, with two more keys: ``category`` (节日, 品牌业绩,
        活动优惠, 销量战报, 汽车干货, 车主权益, or a word of your own) and ``valid_from``.
        Content about 车主权益 is for SOPs of the category ``owner`` unless it names an ``audience``.

        Args:
            source: A path, beside which local files lie; or the text itself.

        Raises:
            ConfigurationError: A content breaks a limit, or has no category; the message names it.
        """
        is_text = isinstance(source, str) and ("\n" in source or "=" in source)
        return cls.from_tables(read_toml(source), folder="." if is_text else Path(source).parent)

    @classmethod
    def from_tables(cls, tables: Mapping[str, object], *, folder: str | os.PathLike[str] = ".") -> ContentLibrary:
        """Read the same from tables that were read already."""
        own = {name: _own(name, table) for name, table in tables.items()}
        rest = {name: _rest(table) for name, table in tables.items()}
        contents = Contents.from_tables(rest, folder=folder)
        return cls({name: _item(name, contents.items[name], table) for name, table in own.items()})

    @property
    def contents(self) -> Contents:
        """The library as the runner takes it, without any approval."""
        return Contents({name: item.content for name, item in self.items.items()})

    def of(self, category: Category) -> Iterator[LibraryItem]:
        """The contents of a category, in the order of the file."""
        return (item for item in self.items.values() if item.category == category)


def _own(name: str, table: object) -> Mapping[str, Any]:
    if not is_table(table):
        msg = f"content {name!r}: it is not a table"
        raise ConfigurationError(msg)
    if len(name) > _CHARS:
        msg = f"content {name!r:.80}: the name has {len(name)} characters, {_CHARS} are allowed"
        raise ConfigurationError(msg)
    return {key: table[key] for key in _OWN if key in table}


def _rest(table: object) -> Mapping[str, object]:
    return {key: value for key, value in table.items() if key not in _OWN} if is_table(table) else {}


def _item(name: str, content: Content, own: Mapping[str, Any]) -> LibraryItem:
    word, first = own.get("category"), own.get("valid_from")
    if not isinstance(word, str) or not 1 <= len(word) <= _CHARS:
        msg = f"content {name!r}: category is {word!r:.60}; write one of {', '.join(Category)}, or a word of your own"
        raise ConfigurationError(msg)
    if first is not None and type(first) is not date:
        msg = f"content {name!r}: valid_from is {first!r:.60}, and must be a date"
        raise ConfigurationError(msg)
    category = Category(word)
    if category is Category.OWNER_RIGHTS and not content.audience:
        content = evolve(content, audience=(OWNER,))
    return LibraryItem(name=name, content=content, category=category, valid_from=first)
