"""List every endpoint that has a method, made from what the methods really do. Keeps no second list, sends nothing.

Each method is called without a client and with made-up arguments; the `Call` says the rest: path, effect, paging.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, cast

from attrs import frozen

from wecom_auto._binding import Kind
from wecom_auto._bulk import Together
from wecom_auto._call import Call, Effect
from wecom_auto._chapters import Calls, Chapters
from wecom_auto._checks import Limit
from wecom_auto._placeholder import call_with_placeholders
from wecom_auto._types import JSON

__all__ = ["Endpoint", "Method", "Paging", "endpoints", "find", "methods", "workflows"]

_MANUAL: Final = re.compile(
    r"Manual:\s+`([^`<]+?)\s+<(https://developer\.work\.weixin\.qq\.com/document/path/(\d+))>`__"
)
_PAGE_SIZES: Final = frozenset({"limit", "page_size"})


class Paging(StrEnum):
    """How a long answer is asked for."""

    PAGE = "page"
    """The method gives a `Page`; an `iter…` method beside it walks through all of them."""
    CURSOR = "cursor"
    """The answer is one value that carries a cursor for its next part."""
    OFFSET = "offset"
    """The same as `PAGE`, and the platform counts: its cursor is a number."""
    NONE = "none"
    """Everything comes at once."""


@frozen(kw_only=True)
class Method:
    """One method of a chapter.

    Attributes:
        name: As it is written: ``wecom.tags.mark``.
        kind: ``endpoint`` (one call), ``paged`` (all pages), ``workflow`` or ``walk`` (several calls).
        chapter: The attribute of the client.
        call: What it sends if its arguments are placeholders; of a workflow the first call, if there is one.
        doc: Its docstring.
        parameters: What it takes.
    """

    name: str
    kind: Kind
    chapter: str
    call: Call[Any] | None
    doc: str
    parameters: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return self.doc.partition("\n")[0]

    @property
    def manual(self) -> tuple[int, str]:
        """The number of the manual's page and its Chinese title; 0 and nothing if the docstring links none."""
        found = _MANUAL.search(self.doc)
        return (int(found[3]), " ".join(found[1].split())) if found else (0, "")


@frozen(kw_only=True)
class Endpoint:
    """One path of the platform, and the methods that ask it.

    Attributes:
        methods: The method for one call first, then what walks through its pages.
    """

    methods: tuple[Method, ...]

    @property
    def _call(self) -> Call[Any]:
        return cast("Call[Any]", self.methods[0].call)

    @property
    def path(self) -> str:
        """The path, with ``/cgi-bin/``."""
        return self._call.path

    @property
    def http(self) -> str:
        """``GET`` or ``POST``."""
        return self._call.method

    @property
    def chapter(self) -> str:
        """The attribute of the client."""
        return self.methods[0].chapter

    @property
    def effect(self) -> Effect:
        """What a call does, with as few arguments as it takes."""
        return self._call.effect

    @property
    def page(self) -> int:
        """The number of the manual's page."""
        return self.methods[0].manual[0]

    @property
    def title(self) -> str:
        """The Chinese title of the manual's page."""
        return self.methods[0].manual[1]

    @property
    def url(self) -> str:
        """The address of the manual's page."""
        return f"https://developer.work.weixin.qq.com/document/path/{self.page}"

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return self.methods[0].summary

    @property
    def unverified(self) -> bool:
        """Whether a docstring says that something about it could not be verified."""
        return any("Unverified" in method.doc for method in self.methods)

    @property
    def paging(self) -> Paging:
        """How a long answer is asked for."""
        if self._call.by_offset:
            return Paging.OFFSET
        if self._call.items:
            return Paging.PAGE
        return Paging.CURSOR if any("cursor" in method.parameters for method in self.methods) else Paging.NONE

    @property
    def largest_page(self) -> int | None:
        """The largest page that may be asked for, if a check knows it."""
        if self.paging is Paging.NONE:
            return None
        limits = [one for one in self._call.checks if isinstance(one, Limit) and one.path in _PAGE_SIZES]
        return next((one.most for one in limits), None)

    def document(self) -> dict[str, JSON]:
        """Return it as JSON, one flat object for each path."""
        return {
            "path": self.path,
            "http": self.http,
            "chapter": self.chapter,
            "methods": [method.name for method in self.methods],
            "effect": self.effect.value,
            "paging": self.paging.value,
            "largest_page": self.largest_page,
            "summary": self.summary,
            "manual": {"page": self.page, "title": self.title, "url": self.url},
            "unverified": self.unverified,
        }


@functools.cache
def methods() -> tuple[Method, ...]:
    """Return every method of every chapter, in the order in which they are written."""
    return tuple(_all_methods())


def _all_methods() -> Iterator[Method]:
    calls = Calls()
    for chapter in (name for name in vars(Chapters) if not name.startswith("_")):
        bound = getattr(calls, chapter)
        for name, binding in vars(type(bound)).items():
            if not name.startswith("_") and hasattr(binding, "kind"):
                yield _method(bound, chapter, name, binding)


def _method(bound: object, chapter: str, name: str, binding: Any) -> Method:
    function = binding.function
    return Method(
        name=f"wecom.{chapter}.{name}",
        kind=binding.kind,
        chapter=chapter,
        call=None if binding.kind == "walk" else _first(call_with_placeholders(function, bound)),
        doc=function.__doc__ or "",
        parameters=tuple(inspect.signature(function).parameters)[1:],
    )


def _first(made: Any) -> Call[Any] | None:
    """Return a call, or the first one of a workflow, which may wait before, or find that there is nothing to do."""
    if isinstance(made, Call):
        return made
    one = next((one for one in made if isinstance(one, Call | Together)), None)
    return next(iter(one.calls), None) if isinstance(one, Together) else one


@functools.cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return every endpoint, each path once, by chapter.

    A workflow counts if it is the only way to its endpoint; others only put endpoints together.
    """
    direct = {one.call.path for one in methods() if one.call and one.kind in {"endpoint", "paged"}}
    by_path: dict[str, list[Method]] = {}
    for one in methods():
        if one.call and (one.kind != "workflow" or one.call.path not in direct):
            by_path.setdefault(one.call.path, []).append(one)
    return tuple(Endpoint(methods=tuple(sorted(some, key=_rank))) for some in by_path.values())


def _rank(method: Method) -> bool:
    return method.kind == "paged"


def workflows() -> tuple[Method, ...]:
    """Return the methods that put several calls together and belong to no single path."""
    counted = {method.name for endpoint in endpoints() for method in endpoint.methods}
    return tuple(one for one in methods() if one.name not in counted)


def find(wanted: str) -> tuple[Endpoint, ...]:
    """Return the endpoints whose path contains `wanted`."""
    return tuple(one for one in endpoints() if wanted in one.path)
