"""Print the signatures that users have. Touches nothing that autodoc gets right.

The code defines an endpoint once, as a method that returns a `Call`; a descriptor binds it to a client.
Autodoc sees the method, so the synchronous and the asynchronous result are written here.
Models are attrs classes, whose defaults autodoc cannot read.
"""

from __future__ import annotations

import enum
import importlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from wecom_auto import UNSET, AsyncPages, AsyncWalk, Pages, Walk
from wecom_auto._binding import Endpoints

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# What a method returns in the source, and what it gives on WeCom and on AsyncWeCom.
_CALL = re.compile(r"^~?(?:[\w.]*\.)?(?:Call|Step)\[(?P<result>.*)\]$")
_PAGE = re.compile(r"^~?(?:[\w.]*\.)?Page\[(?P<result>.*)\]$")
_GENERATOR = re.compile(r"^~?(?:[\w.]*\.)?Generator\[(?P<inside>.*)\]$")
_FOUND = re.compile(r"(?:[\w.]*\.)?Found\[(?P<result>.*)\]$")
# A function as a default has no spelling but an address, which differs from build to build and stops the parser.
_ADDRESS = re.compile(r"<function .*? at 0x[0-9a-f]+>|<built-in function \w+>")
_ATTRS_DEFAULT = re.compile(r"attr_dict\['(\w+)'\]\.default")


def _descriptor(name: str) -> Any:
    """Return the descriptor behind a dotted name, or None."""
    owner_name, _, attribute = name.rpartition(".")
    module_name, _, class_name = owner_name.rpartition(".")
    try:
        owner = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError):
        return None
    for cls in getattr(owner, "__mro__", ()):
        if attribute in vars(cls):
            return vars(cls)[attribute]
    return None


def _split(text: str, mark: str) -> list[str]:
    """Split `text` at `mark` where no bracket is open."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == mark and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _results(kind: str, annotation: str) -> tuple[str, str]:
    call, generator = _CALL.match(annotation), _GENERATOR.match(annotation)
    result = call["result"] if call else annotation
    if generator:
        yielded, _, result = _split(generator["inside"], ",")
        if kind == "walk":
            item = next(found["result"] for part in _split(yielded, "|") if (found := _FOUND.search(part)))
            return f"~wecom_auto.Walk[{item}]", f"~wecom_auto.AsyncWalk[{item}]"
    if kind == "paged":
        page = _PAGE.match(result)
        item = page["result"] if page else result
        return f"~wecom_auto.Pages[{item}]", f"~wecom_auto.AsyncPages[{item}]"
    return result, f"~collections.abc.Awaitable[{result}]"


def _attrs_default(cls: type) -> Callable[[re.Match[str]], str]:
    def default(match: re.Match[str]) -> str:
        value = next(field.default for field in attrs.fields(cls) if field.name == match[1])
        if isinstance(value, enum.Enum):
            return f"{type(value).__name__}.{value.name}" if value is not UNSET else "UNSET"
        return "..." if isinstance(value, attrs.Factory) else repr(value)

    return default


def _signatures(
    _app: Sphinx, what: str, name: str, obj: object, _options: Any, signature: str | None, annotation: str | None
) -> tuple[str, str] | None:
    if isinstance(obj, type) and issubclass(obj, (Endpoints, Pages, AsyncPages, Walk, AsyncWalk)):
        return "", ""  # made by the client, never by users
    if isinstance(obj, type) and attrs.has(obj) and signature:
        shown = _ATTRS_DEFAULT.sub(_attrs_default(obj), signature).replace("= NOTHING", "= ...")
        return _ADDRESS.sub("...", shown), ""
    if isinstance(obj, type) and getattr(obj, "_is_protocol", False):
        return "", ""
    kind = getattr(_descriptor(name), "kind", "") if what == "method" else ""
    if not kind or signature is None or annotation is None:
        return None
    sync, asynchronous = _results(kind, annotation)
    # Autodoc writes the name before the first line only; it must be spelt as there to be the same object.
    method = ".".join(name.split(".")[-2:])
    return f"{signature} -> {sync}\n{method}{signature} -> {asynchronous}", ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the handler."""
    app.connect("autodoc-process-signature", _signatures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
