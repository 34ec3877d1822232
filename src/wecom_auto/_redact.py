"""Take secrets and phone numbers out of a text before a person or a log sees it.

Works on text only and knows nothing of requests or replies.
It is the last line of defence, not the first: nothing in the package puts a secret into a message on purpose.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"

_NAMES: Final = (
    r"(?:(?:suite_|provider_|device_|model_)?access_token"
    r"|(?:corp|suite_|provider_)?secret"
    r"|permanent_code|suite_ticket|welcome_code|response_code|encoding_?aes_?key|aes_?key|key)"
)

# Query string and form ("name=value"), URL-encoded ("name%3Dvalue"), JSON and repr ("name": "value", name='value').
_NAMED_SECRET: Final = re.compile(
    rf"""(?P<name>(?:(?<![A-Za-z0-9_])|(?<=%3F)|(?<=%26)){_NAMES})
         (?P<glue>["']?\s*(?:=|%3D)\s*|["']\s*:\s*)
         (?P<quote>["']?)
         (?P<value>[^\s"'&,;)}}\]]+)""",
    re.IGNORECASE | re.VERBOSE,
)
# Numbers as people write them: 13800138000, 138-0013-8000, +86 138 0013 8000, full-width digits of copied tables.
_PHONE: Final = re.compile(
    r"(?<!\d)(?P<country>(?:\+|00)?86[- ]?)?(?P<head>[1１][3-9３-９]\d)[- ]?\d{4}[- ]?\d{4}(?!\d)",
)


def redact(text: str) -> str:
    """Return the text with secrets and mainland mobile numbers masked.

    Masked are the values of `access_token`, `suite_access_token`, `provider_access_token`, `corpsecret`, `key`
    and their relatives (in a query string, in JSON, in a repr), and mobile numbers (手机号), of which the three digits
    of the network stay.

    Args:
        text: Any text: a URL, an `errmsg`, a repr.

    Returns:
        The text, unchanged where nothing had to be hidden. Applying it twice changes nothing more.
    """
    text = _NAMED_SECRET.sub(rf"\g<name>\g<glue>\g<quote>{MASK}", text)
    return _PHONE.sub(r"\g<head>********", text)
