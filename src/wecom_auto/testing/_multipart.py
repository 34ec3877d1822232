"""Take the file out of a multipart form. Reads bytes; keeps nothing."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP

from attrs import frozen

__all__ = ["Upload", "first_file"]


@frozen
class Upload:
    """A file as it arrived."""

    name: str
    filename: str
    data: bytes


def first_file(content_type: str, body: bytes) -> Upload | None:
    """Return the first part that has a filename, or None: the platform ignores parts without one."""
    if not content_type.startswith("multipart/form-data"):
        return None
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", "replace")
    form: Message = BytesParser(policy=HTTP).parsebytes(head + body)
    for part in form.walk():
        filename = part.get_filename()
        if filename is not None and not part.is_multipart():
            data = part.get_payload(decode=True)
            name = part.get_param("name", header="content-disposition")
            return Upload(str(name), filename, data if isinstance(data, bytes) else b"")
    return None
