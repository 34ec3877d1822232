"""What the model tests share: every model, its fields, and hypothesis strategies made from the annotations."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs
from hypothesis import strategies as st

from wecom_auto import Page, models
from wecom_auto._model import (
    Form,
    Model,
    OpenIntEnum,
    OpenStrEnum,
    Tagged,
    UnknownTagged,
    form_of,
    is_subclass,
    is_union,
    read_annotations,
    strip_optional,
    wire_name,
)

OFFICIAL = Path(__file__).parents[1] / "fixtures" / "official"

MODELS: list[type[Model]] = [
    kind
    for _, kind in inspect.getmembers(models, inspect.isclass)
    if issubclass(kind, Model) and kind not in {Model, Tagged} and not issubclass(kind, UnknownTagged)
]
"""Every model with fields of its own."""


def official(name: str) -> Any:
    """Return an official example, without the envelope of an answer."""
    document = json.loads((OFFICIAL / f"{name}.json").read_text("utf-8"))
    return {key: value for key, value in document.items() if key not in {"errcode", "errmsg"}}


def fields(kind: type[Model]) -> list[attrs.Attribute[Any]]:
    """Return the fields that the platform fills."""
    read_annotations(kind)
    return [field for field in attrs.fields(kind) if field.name != "extra"]


def smallest(kind: type[Model]) -> dict[str, Any]:
    """Return the raw object that holds nothing but what `kind` cannot be without."""
    return {wire_name(field): _example(field) for field in fields(kind) if field.default is attrs.NOTHING}


def _example(field: attrs.Attribute[Any]) -> Any:
    wanted = strip_optional(field.type)
    if is_subclass(wanted, Model):
        return smallest(wanted)
    if get_origin(wanted) is tuple:
        return [smallest(get_args(wanted)[0])] if is_subclass(get_args(wanted)[0], Model) else ["x"]
    if wanted is int or is_subclass(wanted, OpenIntEnum):
        return 1
    return "x"


def missing(raw: Any, written: Any, path: str = "") -> list[str]:
    """Return the places of `raw` that `written` lacks or has otherwise; 0, false and empty may be left out."""
    if isinstance(raw, dict) and isinstance(written, dict):
        strange = [f"{path}.{key} (invented)" for key in written.keys() - raw.keys()]
        return strange + [
            place for key, value in raw.items() for place in missing(value, written.get(key), f"{path}.{key}")
        ]
    if isinstance(raw, list) and isinstance(written, list) and len(raw) == len(written):
        return [
            place for i, pair in enumerate(zip(raw, written, strict=True)) for place in missing(*pair, f"{path}[{i}]")
        ]
    return [] if raw == written or (written is None and raw in (0, "", [], {})) else [path]


def unknown(value: Any) -> list[str]:
    """Return the fields of a decoded value that no model knows, at any depth."""
    if isinstance(value, (tuple, Page)):
        return [key for item in (value.items if isinstance(value, Page) else value) for key in unknown(item)]
    if not isinstance(value, Model):
        return []
    return [*value.extra, *(key for field in attrs.fields(type(value)) for key in unknown(getattr(value, field.name)))]


def filled(kind: type[Model]) -> Any:
    """Return a `kind` that says something in every field, at any depth."""
    return kind(**{field.name: _something(strip_optional(field.type)) for field in fields(kind)})


def _something(wanted: Any) -> Any:
    if get_origin(wanted) is tuple:
        return (_something(get_args(wanted)[0]),)
    if is_subclass(wanted, Model):
        return filled(wanted)
    if is_subclass(wanted, OpenIntEnum):
        return wanted(1)
    return "text_notice" if is_subclass(wanted, OpenStrEnum) else {str: "x", int: 1, bool: True, float: 1.5}[wanted]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
_EXTRA = st.just(attrs.fields(Model).extra.default) | st.dictionaries(
    st.text("abc", min_size=1, max_size=3).map("future_".__add__), _JSON, min_size=1, max_size=2
)
_MOMENTS = st.integers(1, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_WORDS = st.text(max_size=8)


def values_of(kind: Any, form: Form = Form.PLAIN) -> st.SearchStrategy[Any]:
    """Return a strategy for values of an annotation, unknown enum values and kinds included."""
    if form is Form.PIPED:
        return st.lists(st.text("abc张", min_size=1, max_size=4), max_size=3).map(tuple)
    if is_union(kind):
        members = [member for member in get_args(kind) if member is not type(None)]
        optional = len(members) < len(get_args(kind))
        return st.one_of(*(values_of(member, form) for member in members), *([st.none()] if optional else []))
    if get_origin(kind) is tuple:
        return st.lists(values_of(get_args(kind)[0]), max_size=2).map(tuple)
    if is_subclass(kind, UnknownTagged):
        data = st.dictionaries(st.text("xyz", min_size=1, max_size=3), _JSON, max_size=2)
        return st.builds(kind, msgtype=st.sampled_from(["hologram", "气味"]), data=data)
    if is_subclass(kind, Model):
        return st.deferred(lambda: _model(kind))
    if is_subclass(kind, OpenIntEnum):
        return st.sampled_from(kind) | st.integers(1000, 9999).map(kind)
    if is_subclass(kind, OpenStrEnum):
        return st.sampled_from(kind) | st.text("abc", min_size=1, max_size=4).map(kind)
    return _SCALARS[kind]


def _model(kind: type[Model]) -> st.SearchStrategy[Model]:
    arguments = {field.name: values_of(field.type, form_of(field)) for field in fields(kind)}
    return st.builds(kind, **arguments, extra=_EXTRA)


_SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    str: _WORDS,
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: _MOMENTS,
    type(models.NewTag(name="").order): st.just(models.NewTag(name="").order),
}
