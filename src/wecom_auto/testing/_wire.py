"""What travels between a door and the core: raw requests, raw replies, refusals. Knows no endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

from wecom_auto.errors import error_code

__all__ = ["Body", "RawReply", "RawRequest", "Refusal", "answer", "encode", "refuse_text"]

Body: TypeAlias = dict[str, Any]
"""A decoded JSON object, exactly as it came over the wire."""

JSON_TYPE = "application/json; charset=UTF-8"


@frozen(kw_only=True)
class RawRequest:
    """A request as a door received it."""

    method: str
    path: str
    query: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes = b""
    content_type: str = ""
    ip: str = "127.0.0.1"


@frozen(kw_only=True)
class RawReply:
    """What a door has to do: answer, answer late, or cut the connection, and warn whoever runs the tests."""

    body: bytes = b""
    status: int = 200
    content_type: str = JSON_TYPE
    reset: bool = False
    delay: float = 0.0
    warning: Warning | None = None


class Refusal(Exception):  # noqa: N818 - a refusal is an answer of the platform, not an error of the fake
    """A handler's way to answer an errcode other than 0."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(code, detail)


def answer(fields: Mapping[str, object] | None = None) -> Body:
    """Return a successful answer with `fields` after errcode and errmsg."""
    return {"errcode": 0, "errmsg": "ok", **(fields or {})}


def refuse_text(code: int, detail: str, *, hint: str, ip: str) -> Body:
    """Return a failed answer whose errmsg has the shape of the platform's own.

    The platform puts a support hint, the caller's address and a link into errmsg (manual 90664);
    clients that decide by errmsg instead of errcode break here as they break there.
    """
    text = error_code(code).name + (f", {detail}" if detail else "")
    link = f"https://open.work.weixin.qq.com/devtool/query?e={code}"
    return {"errcode": code, "errmsg": f"{text}, hint: [{hint}], from ip: {ip}, more info at {link}"}


def encode(body: Body) -> bytes:
    """Return the UTF-8 JSON of `body`, with Chinese readable as the platform sends it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
