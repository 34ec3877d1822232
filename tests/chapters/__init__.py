"""What the tests know of each chapter of the manual, as data: one module per chapter, named like the attribute.

A module may define, and the suites put together:

* ``CALLS``: for every endpoint (path without ``/cgi-bin/``) calls that together say everything that can be said;
* ``ANSWERS``: ``(path, call)``: the official answer is decoded as the answer to this call;
* ``READ_APART``: by path, why its official answer is not among them but has a test of its own;
* ``REQUESTS``: ``(path, make)``: the call that sends the official request;
* ``REFUSED``: ``(field, make)``: calls that break a limit, and the field that the error must name;
  what cannot be meant, such as a naive time, may be refused while the call is made, everything else when it is checked;
* ``ACCEPTED``: calls that lie exactly at a limit;
* ``ARGUMENTS``: what to pass for parameters that have no default, by name;
* ``BEYOND_REACH``: by path, fields of the page that no argument sends, as prefixes;
* ``BEYOND_CATALOGUE``: by path, a pattern of fields that are sent and stand on another page;
* ``RESPELT``: by path, places of the official answer that are written back otherwise;
* ``RECOGNISED``: by path, why a create or send may be repeated after all;
* ``CASES``: plays for the contract suite.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, TypeAlias

from wecom_auto import Call

__all__ = ["CHAPTERS", "Make", "chapter", "listed", "mapped"]

Make: TypeAlias = Callable[[], Call[Any]]
"""Makes a call, so that a call that cannot be made fails its own test only."""

CHAPTERS: Mapping[str, ModuleType] = {
    info.name: importlib.import_module(f"{__name__}.{info.name}")
    for info in pkgutil.iter_modules(__path__)
    if not info.name.startswith("_")
}


def chapter(name: str, wanted: str) -> Any:
    """Return what one chapter says, an empty mapping if it says nothing."""
    return getattr(CHAPTERS.get(name), wanted, {})


def listed(wanted: str) -> list[Any]:
    """Return what all chapters say, one after the other."""
    found: Iterable[Any] = (getattr(module, wanted, ()) for module in CHAPTERS.values())
    return [one for some in found for one in some]


def mapped(wanted: str) -> dict[str, Any]:
    """Return what all chapters say by name; two chapters that say something of the same name are a mistake."""
    merged: dict[str, Any] = {}
    for module in CHAPTERS.values():
        said: Mapping[str, Any] = getattr(module, wanted, {})
        assert not merged.keys() & said.keys(), merged.keys() & said.keys()
        merged |= said
    return merged
