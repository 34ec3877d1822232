"""Bring arguments into the shape that the wire wants. Judges no limits: that is what checks are for."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeVar, overload

from wecom_auto._call import Upload
from wecom_auto._time import to_unix
from wecom_auto._types import UNSET, Unset
from wecom_auto.errors import ValidationError
from wecom_auto.models import Text

__all__ = ["File", "flag", "listed", "piped", "seconds", "some", "text_of", "upload"]

T = TypeVar("T")

File: TypeAlias = bytes | BinaryIO | PathLike[str]
"""What can be uploaded: bytes, a file opened in binary mode, or a path."""


@overload
def listed(field: str, values: Sequence[T]) -> Sequence[T]: ...
@overload
def listed(field: str, values: Sequence[T] | Unset) -> Sequence[T] | Unset: ...
def listed(field: str, values: Sequence[T] | Unset) -> Sequence[T] | Unset:
    """Return `values`, refusing one text where a list of texts belongs: it would be read letter by letter."""
    if isinstance(values, str):
        raise ValidationError(field, value="one text", limit="a list of texts", fix=f"write [{field}] around it")
    return values


@overload
def some(field: str, values: Sequence[T]) -> Sequence[T]: ...
@overload
def some(field: str, values: Sequence[T] | Unset) -> Sequence[T] | Unset: ...
def some(field: str, values: Sequence[T] | Unset) -> Sequence[T] | Unset:
    """Return `values`, refusing an empty list: the platform would take it for everybody or everything."""
    if not isinstance(values, Unset) and not listed(field, values):
        raise ValidationError(
            field, value="an empty list", limit="at least one", fix="leave it out to mean everybody or all"
        )
    return values


def piped(field: str, values: Sequence[object] | Unset) -> str | Unset:
    """Return `values` joined by ``|``, `UNSET` for none."""
    if isinstance(values, Unset) or not values:
        return UNSET
    return "|".join(map(str, listed(field, values)))


def flag(value: bool | Unset) -> int | Unset:
    """Return 1 or 0, as the platform writes some of its flags."""
    return value if isinstance(value, Unset) else int(value)


def seconds(field: str, moment: datetime | Unset) -> int | Unset:
    """Return unix seconds, refusing a naive `moment`."""
    return moment if isinstance(moment, Unset) else to_unix(moment, field)


def text_of(text: str | Text | Unset) -> Text | Unset:
    """Return `text` as the platform nests it; an empty text is no text."""
    if isinstance(text, str):
        return Text(content=text) if text else UNSET
    if not isinstance(text, Text | Unset | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        field = "text"
        raise ValidationError(field, value=f"a value of type {type(text).__name__}", limit="a text, or a Text")
    return text


def upload(file: File, filename: str) -> Upload:
    """Return `file` with its name and media type.

    Raises:
        ValidationError: Bytes came without a name, or what came is no file; a path must be a `Path`, not a text.
    """
    if isinstance(file, PathLike):
        content, known = Path(file).read_bytes(), Path(file).name
    elif isinstance(file, bytes):
        content, known = file, ""
    elif not hasattr(file, "read"):
        field, limit = "file", "bytes, a file opened in binary mode, or a Path"
        raise ValidationError(field, value=f"a value of type {type(file).__name__}", limit=limit)
    else:
        content, known = file.read(), Path(str(getattr(file, "name", ""))).name
    name = filename or known
    if not name:
        field, limit = "filename", "a name such as '报价单.pdf'"
        raise ValidationError(field, value="nothing", limit=limit, fix="pass filename=")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Upload(filename=name, content=content, content_type=kind)
