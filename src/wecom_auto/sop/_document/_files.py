"""Local files of a content: pictures, videos and papers that are uploaded when they are needed. Uploads nothing itself.

A temporary medium dies after 3 days, so a content names the file by its digest, and never the medium.
The digest of a message is therefore the same on every day, whichever medium carried it.
Manual: https://developer.work.weixin.qq.com/document/path/90253 (上传临时素材).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self, cast

from attrs import asdict, evolve, frozen

from wecom_auto.errors import ConfigurationError
from wecom_auto.models import (
    Attachment,
    FileAttachment,
    ImageAttachment,
    MediaKind,
    MiniProgramAttachment,
    VideoAttachment,
)

REFERENCE: Final = "file:"
"""How a media id begins that stands for a local file."""
_MEGABYTE: Final = 1024 * 1024
_LEAST: Final = 6
_MOST: Final = {MediaKind.IMAGE: 10, MediaKind.VIDEO: 10, MediaKind.FILE: 20}
_SUFFIXES: Final = {
    ".png": MediaKind.IMAGE,
    ".jpg": MediaKind.IMAGE,
    ".jpeg": MediaKind.IMAGE,
    ".mp4": MediaKind.VIDEO,
}
_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_FORMAT: Final = {MediaKind.IMAGE: "a JPG or PNG picture", MediaKind.VIDEO: "an MP4 video"}


@frozen(kw_only=True)
class LocalFile:
    """A file on disk that a content carries.

    Attributes:
        kind: Picture (JPG, PNG; 10 MB), video (MP4; 10 MB) or file (20 MB).
        name: What recipients see.
        sha256: Of its bytes; a file that has changed since is not sent.
        path: Where it lies; the same on every machine that sends.
    """

    kind: MediaKind
    name: str
    sha256: str
    path: str

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, kind: MediaKind | str = "") -> Self:
        """Look at a file.

        Args:
            path: Where it lies.
            kind: ``image``, ``video`` or ``file``; by default what its suffix says.

        Raises:
            ConfigurationError: It cannot be read, or has a size or a format that the platform refuses.
        """
        place = Path(path).absolute()
        known = MediaKind(kind) if kind else _SUFFIXES.get(place.suffix.lower(), MediaKind.FILE)
        data = _bytes(place)
        _check(place.name, known, data)
        return cls(kind=known, name=place.name, sha256=hashlib.sha256(data).hexdigest(), path=str(place))

    @property
    def reference(self) -> str:
        """What stands in an attachment in place of a media id."""
        return f"{REFERENCE}{self.sha256}"

    def attachment(self) -> Attachment:
        """The attachment that shows this file."""
        match self.kind:
            case MediaKind.IMAGE:
                return ImageAttachment(media_id=self.reference)
            case MediaKind.VIDEO:
                return VideoAttachment(media_id=self.reference)
            case _:
                return FileAttachment(media_id=self.reference)

    def load(self) -> bytes:
        """The bytes.

        Raises:
            ConfigurationError: The file is gone, or is another one by now.
        """
        data = _bytes(Path(self.path))
        if hashlib.sha256(data).hexdigest() != self.sha256:
            msg = f"file {self.name} has changed since the message was frozen: give a changed file a new name"
            raise ConfigurationError(msg)
        return data

    def document(self) -> dict[str, str]:
        """As it is stored with a batch."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_document(cls, value: Mapping[str, str]) -> Self:
        """Read what `document` wrote."""
        return cls(kind=MediaKind(value["kind"]), name=value["name"], sha256=value["sha256"], path=value["path"])


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MOST[MediaKind.FILE] * _MEGABYTE:
            msg = f"file {path.name} has {size} bytes, the platform takes 20 MB"
            raise ConfigurationError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = f"file {path.name} cannot be read: {error.strerror}"
        raise ConfigurationError(msg) from error


def _check(name: str, kind: MediaKind, data: bytes) -> None:
    if kind not in _MOST:
        msg = f"file {name}: a message carries image, video or file, not {kind}"
        raise ConfigurationError(msg)
    if not _LEAST <= len(data) <= _MOST[kind] * _MEGABYTE:
        msg = f"file {name} has {len(data)} bytes, the platform takes {_LEAST} bytes to {_MOST[kind]} MB of {kind}"
        raise ConfigurationError(msg)
    known = {MediaKind.IMAGE: data.startswith(_PICTURES), MediaKind.VIDEO: data[4:8] == b"ftyp"}
    if not known.get(kind, True):
        msg = f'file {name} is not {_FORMAT[kind]}, whatever its name says: convert it, or set msgtype = "file"'
        raise ConfigurationError(msg)


def references(attachments: tuple[Attachment, ...]) -> frozenset[str]:
    """The local files that attachments stand for, by digest."""
    found = media_ids_of(attachments)
    return frozenset(one.removeprefix(REFERENCE) for one in found if one.startswith(REFERENCE))


def media_ids_of(attachments: Iterable[Attachment]) -> list[str]:
    """The media that attachments name, local files included."""
    return [medium for item in attachments if (medium := _medium(item))]


def with_media(attachments: tuple[Attachment, ...], media: Mapping[str, str]) -> tuple[Attachment, ...]:
    """The same attachments with media ids for local files; `media` is from digest to media id."""
    return tuple(_filled(item, media) for item in attachments)


def _medium(item: Attachment) -> str:
    match item:
        case ImageAttachment() | VideoAttachment() | FileAttachment():
            return item.media_id
        case MiniProgramAttachment():
            return item.pic_media_id
        case _:
            return ""


def _filled(item: Attachment, media: Mapping[str, str]) -> Attachment:
    medium = _medium(item)
    if not medium.startswith(REFERENCE):
        return item
    found = media[medium.removeprefix(REFERENCE)]
    if isinstance(item, MiniProgramAttachment):
        return evolve(item, pic_media_id=found)
    return cast("Attachment", evolve(cast("Any", item), media_id=found))
