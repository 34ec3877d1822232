"""Choose the HTTP library once, for everybody. Nothing else in the package imports httpx or httpx2.

httpx is the base dependency.
httpx2 continues it with the same surface and costs less time per call, so it is preferred when installed (``[fast]``).
``WECOM_AUTO_HTTP=httpx`` or ``=httpx2`` decides by hand.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from wecom_auto.errors import ConfigurationError, ValidationError

if TYPE_CHECKING:
    import httpx
else:
    httpx = None  # bound below, to the library that was chosen

__all__ = ["LIBRARIES", "httpx", "is_async_client", "is_sync_client", "json_dumps", "json_loads", "library_of"]

LIBRARIES: Final = ("httpx2", "httpx")


def _choose() -> Any:
    wanted = os.environ.get("WECOM_AUTO_HTTP", "")
    if wanted and wanted not in LIBRARIES:
        msg = f"WECOM_AUTO_HTTP={wanted!r}: use one of {', '.join(LIBRARIES)}, or leave it unset"
        raise ConfigurationError(msg)
    name = wanted or next(name for name in LIBRARIES if importlib.util.find_spec(name))
    return importlib.import_module(name)


if not TYPE_CHECKING:
    httpx = _choose()


def _is(client: object, name: str) -> bool:
    return any(base.__name__ == name and base.__module__.split(".")[0] in LIBRARIES for base in type(client).__mro__)


def is_sync_client(client: object) -> bool:
    """Return whether `client` is an ``httpx.Client`` or an ``httpx2.Client``."""
    return _is(client, "Client")


def is_async_client(client: object) -> bool:
    """Return whether `client` is an ``httpx.AsyncClient`` or an ``httpx2.AsyncClient``."""
    return _is(client, "AsyncClient")


def library_of(client: object) -> Any:
    """Return the module, httpx or httpx2, that a user's own client comes from."""
    for base in type(client).__mro__:
        name = base.__module__.split(".")[0]
        if name in LIBRARIES:
            return importlib.import_module(name)
    msg = f"http={type(client).__name__}: pass an httpx or httpx2 client, or nothing"
    raise ConfigurationError(msg)


def _codec() -> tuple[Callable[[bytes], Any], Callable[[Any], bytes]]:
    if importlib.util.find_spec("orjson"):
        import orjson

        return orjson.loads, orjson.dumps
    # Compact and unescaped, so that byte limits count what the platform counts.
    return json.loads, lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


_loads, _dumps = _codec()


def json_loads(content: bytes) -> Any:
    """Parse an answer; half a character in somebody's nickname does not make a page of customers unreadable.

    Raises:
        ValueError: The content is not JSON.
        RecursionError: It is nested too deeply.
    """
    try:
        return _loads(content)
    except ValueError:
        # Lone surrogates and cut-off UTF-8: the standard parser takes the former, U+FFFD stands for the latter.
        return json.loads(content.decode("utf-8", "replace"))


def json_dumps(value: Any) -> bytes:
    """Write a request body.

    Raises:
        ValidationError: Something in it has no JSON form, such as half a character.
    """
    try:
        return _dumps(value)
    except (TypeError, UnicodeEncodeError) as error:
        limit = "JSON values, and texts without lone surrogates (halves of characters)"
        raise ValidationError(field="body", value=str(error), limit=limit) from error
