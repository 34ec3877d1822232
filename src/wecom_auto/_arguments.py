"""Refuse arguments that nobody could have meant: another type, `None` for an id. Knows no limit of the manual.

Type checkers find these mistakes earlier; this is for code that none has seen.
What is tested follows from the annotations of an endpoint, so that no chapter says it twice.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias, cast

from attrs import frozen

from wecom_auto._call import Call
from wecom_auto._types import UNSET, JSONObject
from wecom_auto.errors import ValidationError

__all__ = ["guarded"]

_Fits: TypeAlias = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    # One text for a list is refused where its field is named as the platform spells it.
    return isinstance(value, str) or (_is_list(value) and all(map(_is_text, cast("Iterable[Any]", value))))


def _is_numbers(value: Any) -> bool:
    return _is_list(value) and all(map(_is_number, cast("Iterable[Any]", value)))


def _is_items(value: Any) -> bool:
    return isinstance(value, str) or _is_list(value)


def _is_list(value: Any) -> bool:
    return _is_stream(value) and hasattr(value, "__len__")


def _is_stream(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | Mapping)


_KINDS: Final[Mapping[str, tuple[_Fits, str]]] = {
    "str": (_is_text, "a text"),
    "int": (_is_number, "a whole number"),
    "bool": (_is_flag, "True or False"),
    "Sequence[str]": (_is_texts, "a list of texts"),
    "Sequence[int]": (_is_numbers, "a list of whole numbers"),
    "Iterable[str]": (_is_stream, "a list of texts"),
}


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with a test of its arguments before it runs, or itself when there is nothing to test.

    A parameter with a default may be `None`. An empty text where one is needed is refused when the call is checked, so
    that it can be previewed.
    Annotations must be texts, as ``from __future__ import annotations`` makes them.
    """
    parameters = list(inspect.signature(function).parameters.values())[1:]
    tests = {one.name: test for one in parameters if (test := _test(one)) is not None}
    names = [one.name for one in parameters]
    needed = {one.name for one in parameters if one.default is one.empty and one.annotation == "str"}
    if not tests:
        return function

    @functools.wraps(function)
    def call(chapter: Any, *args: Any, **kwargs: Any) -> Any:
        empty = ""
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            test = tests.get(name)
            if test is not None:
                test(value)
            if value == "" and name in needed:
                empty = name
        made = function(chapter, *args, **kwargs)
        return made.checked(_Needed(empty)) if empty and isinstance(made, Call) else made

    return call


@frozen
class _Needed:
    """Refuses a call that was made with an empty text for something that it needs."""

    name: str

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError`, whatever the fields are."""
        del fields
        raise ValidationError(self.name, value="an empty text", limit="a text that is not empty")


def _kind(annotation: str) -> tuple[_Fits, str] | None:
    """Return how to tell values that fit an annotation, and what to call them."""
    bare = annotation.removesuffix(" | Unset").removesuffix(" | None")
    if bare in _KINDS or " | " in bare.rpartition("]")[2]:
        return _KINDS.get(bare)
    if bare.startswith("Sequence["):
        return _is_items, "a list"
    return (_is_stream, "a list") if bare.startswith("Iterable[") else None


def _test(parameter: inspect.Parameter) -> Callable[[Any], None] | None:
    kind = _kind(str(parameter.annotation))
    if kind is None:
        return None
    (fits, wanted), name = kind, parameter.name
    needed = parameter.default is parameter.empty and not str(parameter.annotation).endswith(" | None")

    def test(value: Any) -> None:
        if value is not UNSET and (needed or value is not None) and not fits(value):
            raise ValidationError(name, value=_shape(value), limit=wanted)

    return test


def _shape(value: object) -> str:
    """Say what was given without saying it: it may be a secret, or somebody's number."""
    if value is None:
        return "None"
    if _is_list(value):
        kinds = sorted({type(one).__name__ for one in cast("Iterable[object]", value)})
        return f"a {type(value).__name__} of {', '.join(kinds)}"
    return f"a value of type {type(value).__name__}"
