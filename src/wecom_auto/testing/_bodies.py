"""Read the body of one HTTP request from a socket, bounded in size and time. Knows nothing of what it means."""

from __future__ import annotations

import time
from email.message import Message
from io import BufferedIOBase

__all__ = ["LARGEST_BODY", "BodyRefused", "check_head", "read_body"]

LARGEST_BODY = 24 * 2**20
"""More than the largest upload (20 MB) with its form around it."""

LONGEST_LINE = 1024
MOST_TRAILERS = 32
LONGEST_NUMBER = 20
PIECE = 2**16
BAD_REQUEST, TIMEOUT, TOO_LARGE, NOT_IMPLEMENTED = 400, 408, 413, 501


class BodyRefused(Exception):  # noqa: N818 - a refusal is an answer to the caller, not an error of the fake
    """The HTTP status to answer instead, and why."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(status, reason)


def check_head(headers: Message) -> int | None:
    """Return the declared length of a body, or None when it comes in chunks.

    Raises:
        BodyRefused: 400 contradicting or unreadable lengths, 413 more than 24 MiB, 501 an encoding other than chunked.
    """
    encodings: list[str] = headers.get_all("transfer-encoding") or []
    lengths: set[str] = {one.strip() for one in headers.get_all("content-length") or []}
    if encodings:
        if lengths or len(encodings) > 1:
            raise BodyRefused(BAD_REQUEST, "give either one content-length or one transfer-encoding")
        if encodings[0].strip().lower() != "chunked":
            raise BodyRefused(NOT_IMPLEMENTED, "the only transfer-encoding served is chunked")
        return None
    if len(lengths) > 1:
        raise BodyRefused(BAD_REQUEST, "several content-lengths")
    length = lengths.pop() if lengths else "0"
    if not (length.isascii() and length.isdigit()):
        raise BodyRefused(BAD_REQUEST, "content-length is not a number")
    # int() refuses thousands of digits, and the first twenty that count are too many already.
    return _bounded(int(length.lstrip("0")[:LONGEST_NUMBER] or "0"))


def read_body(stream: BufferedIOBase, headers: Message, seconds: float) -> bytes:
    """Return the whole body.

    Args:
        stream: What the socket gives.
        headers: The head of the request.
        seconds: Real seconds that the body may take, however its pieces drip.

    Raises:
        BodyRefused: As for `check_head`; 400 too when the body ends early, 408 when it takes too long.
        TimeoutError: The socket was silent for its own timeout.
    """
    deadline = time.monotonic() + seconds
    length = check_head(headers)
    return _chunks(stream, deadline) if length is None else _exactly(stream, length, deadline)


def _bounded(length: int) -> int:
    if length > LARGEST_BODY:
        raise BodyRefused(TOO_LARGE, f"the body may have {LARGEST_BODY // 2**20} MiB")
    return length


def _exactly(stream: BufferedIOBase, length: int, deadline: float) -> bytes:
    pieces: list[bytes] = []
    while length:
        piece = stream.read1(min(length, PIECE))
        if not piece:
            raise BodyRefused(BAD_REQUEST, "the body ended early")
        if time.monotonic() > deadline:
            raise BodyRefused(TIMEOUT, "the body took too long")
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _chunks(stream: BufferedIOBase, deadline: float) -> bytes:
    body = bytearray()
    while size := _chunk_size(stream):
        _bounded(len(body) + size)
        body += _exactly(stream, size, deadline)
        if _line(stream):
            raise BodyRefused(BAD_REQUEST, "a chunk is longer than it says")
    for _ in range(MOST_TRAILERS):
        if not _line(stream):
            return bytes(body)
    raise BodyRefused(BAD_REQUEST, "too many trailers")


def _chunk_size(stream: BufferedIOBase) -> int:
    digits = _line(stream).partition(b";")[0].strip()
    if not digits or len(digits) > LONGEST_NUMBER or digits.strip(b"0123456789abcdefABCDEF"):
        raise BodyRefused(BAD_REQUEST, "a chunk does not begin with its size")
    return int(digits, 16)


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise BodyRefused(BAD_REQUEST, "a line of the chunked body has no end")
    return line.rstrip(b"\r\n")
