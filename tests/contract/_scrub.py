"""Make what a real corp said fit for the public: every text becomes a placeholder, unless it is known to be harmless.

The same value becomes the same placeholder everywhere, in requests and in answers, so that replaying still matches.
Nothing is recognised by what it looks like: what nobody has called harmless is replaced.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

__all__ = ["RECORDED_AT", "SCRUBBED", "Scrubber", "leftovers"]

SCRUBBED: Final = "SCRUBBED"
RECORDED_AT: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""The moment at which every real cassette seems to be recorded: times are moved, their distances stay."""

SECRETS: Final = frozenset({"access_token", "corpid", "corpsecret", "ticket"})
_WORDS: Final = frozenset({"msgtype", "chat_type", "type", "errmsg"})
"""Keys whose texts are words of the manual, not of people."""
_WORD: Final = re.compile(r"[a-z_]{1,24}")
_NUMBERED: Final = frozenset(
    {"agentid", "department", "department_list", "party", "party_id", "partyid", "strategy_id"}
)
"""Keys whose numbers are identifiers."""
_LARGE: Final = 100_000
"""A number from here on may be an identifier or a phone number, and is replaced."""
_SECONDS: Final = range(1_000_000_000, 4_000_000_000)
_PREFIX: Final = re.compile(r"(w[mor]|et|st|msg)[\w-]{10,}")
_PLACEHOLDER: Final = re.compile(r"(https://scrubbed\.invalid/)?([\w.\[\]-]+-)?" + SCRUBBED + r"(-\d{4})?")


class Scrubber:
    """Replace what one corp said; keeps what it has replaced, and nothing else.

    Args:
        now: When the recording happens; it becomes `RECORDED_AT`.
        known: Values whose placeholders are given, such as the member who is asked about.
        own: Texts of our own making, which stay as they are.
    """

    def __init__(self, *, now: datetime, known: Mapping[str, str], own: frozenset[str]) -> None:
        self._shift = int(RECORDED_AT.timestamp()) - int(now.timestamp())
        self._known: dict[str | int, str | int] = dict(known)
        self._own = own
        self._counts: Counter[str] = Counter()

    def url(self, url: str, host: str) -> str:
        """Return a URL at `host` without secrets, and with placeholders in its query."""
        parts = urlsplit(url)
        query = [
            (key, SCRUBBED if key in SECRETS else str(self.value(value, key)))
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        return f"{host}{parts.path}" + (f"?{urlencode(query)}" if query else "")

    def body(self, body: bytes | str) -> bytes:
        """Return a JSON body with placeholders; one that is no JSON is dropped whole."""
        try:
            document = json.loads(body)
        except ValueError:
            return SCRUBBED.encode() if body else b""
        return json.dumps(self.value(document), ensure_ascii=False).encode()

    def value(self, value: Any, key: str = "") -> Any:
        """Return `value`, which stands under `key`, with placeholders."""
        if isinstance(value, dict):
            return {name: self.value(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, key) for inner in value]
        if isinstance(value, str):
            return self._text(value, key)
        if isinstance(value, bool) or not isinstance(value, int):
            return value
        return self._number(value, key)

    def _text(self, text: str, key: str) -> str:
        if key in SECRETS:
            return SCRUBBED
        if not text or text in self._own or (key in _WORDS and _WORD.fullmatch(text)):
            return text
        if key == "errmsg":
            return SCRUBBED
        if text.isdigit() and int(text) in _SECONDS and _is_time(key):
            return str(int(text) + self._shift)
        if text not in self._known:
            self._known[text] = self._placeholder(text, key)
        return str(self._known[text])

    def _placeholder(self, text: str, key: str) -> str:
        found = _PREFIX.fullmatch(text)
        kind = found[1] if found else key
        self._counts[kind] += 1
        name = f"{kind}-{SCRUBBED}-{self._counts[kind]:04d}"
        return f"https://scrubbed.invalid/{name}" if re.match("https?://", text) else name

    def _number(self, number: int, key: str) -> int:
        if number in _SECONDS and _is_time(key):
            return number + self._shift
        if number == 0 or (key not in _NUMBERED and abs(number) < _LARGE):
            return number
        if number not in self._known:
            self._counts["number"] += 1
            self._known[number] = self._counts["number"]
        return int(self._known[number])


def _is_time(key: str) -> bool:
    return "time" in key or key.endswith("_at")


def leftovers(value: Any, key: str = "", *, own: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the texts and large numbers of a scrubbed document that are no placeholders: there should be none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leftovers(inner, name, own=own)
    elif isinstance(value, list):
        for inner in value:
            yield from leftovers(inner, key, own=own)
    elif isinstance(value, str):
        moment = value.isdigit() and _is_time(key)
        word = key in _WORDS and _WORD.fullmatch(value)
        if value and value not in own and not (moment or word or _PLACEHOLDER.fullmatch(value)):
            yield f"{key}: {value}"
    elif isinstance(value, int) and abs(value) >= _LARGE and not _is_time(key):
        yield f"{key}: {value}"
