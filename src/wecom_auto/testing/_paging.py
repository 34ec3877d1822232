"""Pages and opaque cursors. A cursor is tied to its query and survives changes of the list behind it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from wecom_auto.testing._registry import Ask
from wecom_auto.testing._wire import Refusal

__all__ = ["page", "page_size"]

BAD_CURSOR = 50100

T = TypeVar("T")


def page_size(ask: Ask, *, default: int, most: int, above: str = "default") -> int:
    """Return how many rows this page may hold.

    Args:
        ask: The request; its `limit` counts.
        default: Rows when no limit is given, or 0.
        most: The manual's maximum.
        above: What a larger limit falls back to. `"default"` for mass messages (93338), `"most"` for customers (92994).
    """
    limit = int(ask.body.get("limit") or default)
    if limit <= most:
        return limit
    return most if above == "most" else default


def page(ask: Ask, rows: Sequence[T], key: Callable[[T], int], size: int) -> tuple[Sequence[T], str]:
    """Return one page of `rows` (ascending by `key`) and the cursor of the next, empty at the end.

    Rows that vanish between two pages do not shift the rest: the cursor names the last key, not an offset.
    """
    start = bisect_right(rows, _anchor(ask), key=key)
    found = rows[start : start + size]
    more = len(rows) > start + size
    return found, _cursor(ask, key(found[-1])) if more else ""


def _seal(ask: Ask) -> bytes:
    query = {name: value for name, value in ask.body.items() if name not in ("cursor", "limit", "page_size")}
    text = f"{ask.state.ids.seed}{ask.path}{json.dumps(query, sort_keys=True)}"
    return hashlib.blake2b(text.encode(), digest_size=9).digest()


def _cursor(ask: Ask, key: int) -> str:
    return base64.urlsafe_b64encode(_seal(ask) + key.to_bytes(9, "big")).decode()


def _anchor(ask: Ask) -> int:
    cursor = ask.body.get("cursor")
    if not cursor:
        return -1
    try:
        raw = base64.urlsafe_b64decode(str(cursor))
    except (binascii.Error, ValueError) as error:
        raise Refusal(BAD_CURSOR, "cursor is malformed") from error
    if raw[:9] != _seal(ask):
        raise Refusal(BAD_CURSOR, "cursor belongs to another query")
    return int.from_bytes(raw[9:], "big")
