"""The content library: texts and attachments by name, with variables of a segment. Sends nothing, uploads nothing.

Variables are ``{{ name }}`` of Jinja2's sandbox, which fills in values and evaluates nothing else.
They belong to a segment (the store, the sender), never to one customer:
every distinct text is one more confirmation tap for the member.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, Self, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from attrs import evolve, field, frozen

from wecom_auto import _codec
from wecom_auto._types import JSON, UNSET, Unset
from wecom_auto.errors import ConfigurationError
from wecom_auto.models import Attachment, ImageAttachment, LinkAttachment, MiniProgramAttachment, Text
from wecom_auto.sop._document import _files, _templates
from wecom_auto.sop._document._files import LocalFile

_TEXT_BYTES: Final = 4000
_ATTACHMENTS: Final = 9
_KEYS: Final = ("text", "attachments", "valid_until", "audience", "merge")
# A union is no `type` for a checker, although the codec takes it.
_ATTACHMENT: Final = cast("type[Attachment]", Attachment)
_BETWEEN: Final = "\n\n"
"""What stands between the texts of a merged message."""
# Bytes of UTF-8 (manual 92135).
_LIMITS: Final[Mapping[type, Mapping[str, int]]] = {
    LinkAttachment: {"title": 128, "url": 2048, "desc": 512, "picurl": 2048},
    MiniProgramAttachment: {"title": 64},
}
_TEMPLATES: Final[Mapping[type, tuple[str, ...]]] = {
    LinkAttachment: ("title", "url", "desc", "picurl"),
    MiniProgramAttachment: ("title", "page"),
}
"""The fields of attachments in which variables are filled in."""


def _to_tuple(items: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return tuple(items)


def _to_files(items: Iterable[LocalFile]) -> tuple[LocalFile, ...]:
    return tuple({one.sha256: one for one in items}.values())


@frozen(kw_only=True)
class Content:
    """One message: a text, attachments, or both.

    Attributes:
        text: At most 4,000 bytes of UTF-8, before and after its variables are filled in.
        attachments: At most 9.
        files: The local files that attachments name by `LocalFile.reference`; uploaded when the message is sent.
        valid_until: The last day on which it may be sent, in the corp's zone; `None` for always.
        audience: The categories of SOPs that may send it, such as ``("owner",)``; empty for every SOP.
        merge: Whether it may share one message with others when two SOPs want the same customer on one day.

    Raises:
        ConfigurationError: Empty, too long, too many attachments, or a local file that is not among `files`.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = field(default=(), converter=_to_tuple)
    files: tuple[LocalFile, ...] = field(default=(), converter=_to_files)
    valid_until: date | None = None
    audience: tuple[str, ...] = field(default=(), converter=tuple[str, ...])
    merge: bool = False

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
        for number, item in enumerate(self.attachments):
            _check_attachment(f"attachments[{number}]", item)
        if _files.references(self.attachments) - {one.sha256 for one in self.files}:
            msg = "an attachment names a local file that is not among the files: pass the LocalFile in files, too"
            raise ConfigurationError(msg)

    def document(self) -> dict[str, JSON]:
        """The content as JSON, in the platform's own shape."""
        return {"text": self.text, "attachments": cast("JSON", [_codec.encode(item) for item in self.attachments])}

    def to_json(self) -> str:
        """Canonical JSON of what is sent, with where its files lie and until when it is valid."""
        more: dict[str, object] = {"files": [one.document() for one in self.files]} if self.files else {}
        more |= {"valid_until": self.valid_until.isoformat()} if self.valid_until is not None else {}
        return _canonical({**self.document(), **more})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        value: Mapping[str, Any] = json.loads(text)
        return cls(
            text=value.get("text", ""),
            attachments=_decoded(value.get("attachments", ())),
            files=[LocalFile.from_document(one) for one in value.get("files", ())],
            valid_until=date.fromisoformat(value["valid_until"]) if "valid_until" in value else None,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of what customers see, in hexadecimal; the place of a file and its media id do not count."""
        return hashlib.sha256(_canonical(self.document()).encode()).hexdigest()

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

    def is_valid_on(self, day: date) -> bool:
        """Whether it may still be sent on this day."""
        return self.valid_until is None or day <= self.valid_until

    def with_media(self, media: Mapping[str, str]) -> Content:
        """The same content as the endpoints take it: media ids in place of local files.

        Args:
            media: From the digest of a file to its media id.
        """
        return evolve(self, attachments=_files.with_media(self.attachments, media), files=())

    def filled(self, variables: Mapping[str, str]) -> Content:
        """The same content with its variables filled in, in the text and in the words and addresses of attachments.

        Raises:
            ConfigurationError: A variable nobody gave, or what comes out breaks a limit.
        """
        text = _templates.render(self.text, variables, most=_TEXT_BYTES)
        return evolve(self, text=text, attachments=tuple(_fill(item, variables) for item in self.attachments))

    def check_templates(self) -> None:
        """Look at the templates before anybody has values for them.

        Raises:
            ConfigurationError: One of them is broken.
        """
        for source in (self.text, *self.template_texts()):
            _templates.variables_of(source)

    def template_texts(self) -> tuple[str, ...]:
        """The words and addresses of attachments in which variables are filled in."""
        return tuple(text for item in self.attachments for text in _template_fields(item).values())

    @classmethod
    def joined(cls, contents: Sequence[Content]) -> Content | None:
        """One message that says what several say, or `None` if it would break a limit or one may not be merged."""
        texts = [one.text.strip() for one in contents if one.text.strip()]
        attachments = [item for one in contents for item in one.attachments]
        unique = [item for number, item in enumerate(attachments) if item not in attachments[:number]]
        text = _BETWEEN.join(dict.fromkeys(texts))
        fits = len(unique) <= _ATTACHMENTS and len(text.encode()) <= _TEXT_BYTES
        if not fits or not all(one.merge for one in contents):
            return None
        return cls(
            text=text,
            attachments=unique,
            files=[item for one in contents for item in one.files],
            valid_until=min((one.valid_until for one in contents if one.valid_until is not None), default=None),
            merge=True,
        )


def _canonical(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _decoded(raw: Iterable[Any]) -> tuple[Attachment, ...]:
    return tuple(_codec.decode(_ATTACHMENT, item) for item in raw)


def _check_attachment(place: str, item: Attachment) -> None:
    for name, most in _LIMITS.get(type(item), {}).items():
        size = len(getattr(item, name).encode())
        if size > most:
            msg = f"{place}.{name} has {size} bytes of UTF-8, the platform takes {most}: shorten it"
            raise ConfigurationError(msg)
    if isinstance(item, ImageAttachment) and not (item.media_id or item.pic_url):
        msg = f"{place}.image has neither media_id nor pic_url: give one of them, or file"
        raise ConfigurationError(msg)


def _template_fields(item: Attachment) -> dict[str, str]:
    return {name: str(getattr(item, name)) for name in _TEMPLATES.get(type(item), ())}


def _fill(item: Attachment, variables: Mapping[str, str]) -> Attachment:
    sources = _template_fields(item)
    filled = {name: _templates.render(source, variables, most=_TEXT_BYTES) for name, source in sources.items()}
    return evolve(cast("Any", item), **filled) if filled else item


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
        items: Name to content, for example ``{"tpl/brochure": Content(text="…")}``; texts may name ``{{ variables }}``.

    Raises:
        ConfigurationError: A template is broken; the message names the content.
    """

    items: Mapping[str, Content]

    def __attrs_post_init__(self) -> None:
        for name, content in self.items.items():
            with _inside(name):
                content.check_templates()

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> Contents:
        """Read a library from a TOML file.

        Each table is a content: ``["tpl/brochure"]``, ``text = "…"``, and ``attachments`` in the platform's own shape,
        for example ``[{ msgtype = "link", link = { title = "…", url = "https://…" } }]``, or as local files,
        ``[{ file = "poster.png" }]``, beside the TOML file.
        Further keys: ``valid_until``, ``audience``, ``merge``; see `Content`.

        Args:
            source: A path.

        Raises:
            ConfigurationError: The file cannot be read, or a content breaks a limit; the message names the content
                and the field.
        """
        path = Path(source)
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = f"{os.fspath(source)}: {error}"
            raise ConfigurationError(msg) from error
        return cls.from_tables(tables, folder=path.parent)

    @classmethod
    def from_tables(cls, tables: Mapping[str, object], *, folder: str | os.PathLike[str] = ".") -> Contents:
        """Read the same from tables that were read already.

        Args:
            tables: Name to table.
            folder: Where local files lie.

        Raises:
            ConfigurationError: A content breaks a limit; the message names the content and the field.
        """
        return cls({name: _named(name, table, Path(folder)) for name, table in tables.items()})

    def render(self, name: str, variables: Mapping[str, str]) -> Content:
        """The content called `name` with its variables filled in.

        Raises:
            ConfigurationError: No such content, or a variable that nobody gave.
        """
        content = self.items.get(name)
        if content is None:
            msg = f"no content is called {name!r}: add it to the library"
            raise ConfigurationError(msg)
        with _inside(name):
            return content.filled(variables)


@contextmanager
def _inside(name: str) -> Generator[None]:
    try:
        yield
    except ConfigurationError as error:
        msg = f"content {name!r}: {error}"
        raise ConfigurationError(msg) from error


def _named(name: str, table: object, folder: Path) -> Content:
    with _inside(name):
        if not isinstance(table, dict):
            msg = "it is not a table"
            raise ConfigurationError(msg)
        return _read(cast("dict[str, Any]", table), folder)


def _read(table: Mapping[str, Any], folder: Path) -> Content:
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        msg = f"{unknown[0]} is no key of a content; there are {', '.join(_KEYS)}"
        raise ConfigurationError(msg)
    raw, audience = table.get("attachments", ()), table.get("audience", ())
    read = [_attachment(f"attachments[{number}]", item, folder) for number, item in enumerate(raw)]
    return Content(
        text=_typed(table, "text", str, ""),
        attachments=_decoded(item for item, _ in read),
        files=[one for _, files in read for one in files],
        valid_until=_typed(table, "valid_until", date, None),
        audience=(audience,) if isinstance(audience, str) else tuple(map(str, audience)),
        merge=_typed(table, "merge", bool, default=False),
    )


def _typed(table: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = table.get(key, default)
    if value is not default and not isinstance(value, kind):
        msg = f"{key} is {value!r:.60}, and must be a {kind.__name__}"
        raise ConfigurationError(msg)
    return value


def _attachment(place: str, item: object, folder: Path) -> tuple[object, tuple[LocalFile, ...]]:
    """An attachment in the platform's shape, and the local files in it."""
    if not isinstance(item, dict):
        msg = f"{place} is not a table"
        raise ConfigurationError(msg)
    table = cast("dict[str, Any]", item)
    if "file" in table:
        found = _local(place, table["file"], folder, table.get("msgtype", ""))
        return _codec.encode(found.attachment()), (found,)
    card = table.get("miniprogram")
    if isinstance(card, dict) and "pic_file" in card:
        cover = _local(f"{place}.pic_file", card["pic_file"], folder, "image")
        shown = {key: value for key, value in card.items() if key != "pic_file"} | {"pic_media_id": cover.reference}
        return table | {"miniprogram": shown}, (cover,)
    return table, ()


def _local(place: str, name: object, folder: Path, kind: str) -> LocalFile:
    try:
        return LocalFile.read(folder / str(name), kind=kind)
    except ConfigurationError as error:
        msg = f"{place}: {error}"
        raise ConfigurationError(msg) from error
