"""Hooks that write JSON. Leave out what means the same as absence; refuse what has no JSON form."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

import attrs

from wecom_auto._decode import OUTER
from wecom_auto._model import (
    Form,
    Model,
    OpenIntEnum,
    OpenStrEnum,
    Tagged,
    UnknownTagged,
    form_of,
    is_subclass,
    read_annotations,
    strip_optional,
    wire_name,
)
from wecom_auto._time import to_unix
from wecom_auto._types import UNSET
from wecom_auto.errors import ValidationError

if TYPE_CHECKING:
    import cattrs

__all__ = ["Encoder", "register"]

Encoder: TypeAlias = Callable[[Any], Any]
"""A cattrs unstructure hook."""

_FORMS: Final[Mapping[Form, Encoder]] = {
    Form.FLAG: int,
    Form.PIPED: "|".join,
    Form.TEXT_SECONDS: lambda moment: str(to_unix(moment)),
    Form.MILLISECONDS: lambda moment: round(moment.timestamp() * 1000),
}


def _for_model(kind: type[Model], converter: cattrs.Converter, gap: object = attrs.NOTHING) -> Encoder:
    read_annotations(kind)
    plan = [
        (
            field.name,
            wire_name(field),
            gap if field.default is attrs.NOTHING else field.default,
            _encoder_of(field, converter),
        )
        for field in attrs.fields(kind)
        if field.name != "extra"
    ]

    def flatten(value: Any) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, key, default, encoder in plan:
            inner = getattr(value, name)
            if inner is not None and inner is not UNSET and inner != default:
                out[key] = encoder(inner)
        # As it came, nulls included.
        out.update(value.extra)
        return out

    return flatten


def _encoder_of(field: attrs.Attribute[Any], converter: cattrs.Converter) -> Encoder:
    wanted = strip_optional(field.type)
    if form_of(field) is Form.BARE:
        return _for_model(wanted, converter, gap="")
    if form_of(field) is Form.PLAIN and wanted is datetime:
        return lambda moment: to_unix(moment, wire_name(field))
    return _FORMS.get(form_of(field), converter.unstructure)


def _for_tagged(kind: type[Tagged], converter: cattrs.Converter) -> Encoder:
    flatten = _for_model(kind, converter)

    def wrap(value: Any) -> dict[str, Any]:
        body = flatten(value)
        outer = body.pop(OUTER, {})
        return {"msgtype": kind.MSGTYPE, kind.MSGTYPE: body, **outer}

    return wrap


def _for_unknown(_kind: type[UnknownTagged]) -> Encoder:
    return lambda value: {"msgtype": value.msgtype, **value.data}


def _for_list(_kind: Any, converter: cattrs.Converter) -> Encoder:
    return lambda items: [converter.unstructure(item) for item in items if item is not UNSET]


def _for_mapping(_kind: Any, converter: cattrs.Converter) -> Encoder:
    def encode(value: Mapping[str, Any]) -> dict[str, Any]:
        given = {key: item for key, item in value.items() if item is not None and item is not UNSET}
        return {key: converter.unstructure(item) for key, item in given.items()}

    return encode


def refuse(_kind: Any) -> Encoder:
    """Return the encoder of what has no JSON form."""

    def encode(value: object) -> NoReturn:
        field, limit = "value", "texts, numbers, flags, aware datetimes, enums, models, and lists and mappings of those"
        raise ValidationError(field, value=f"a {type(value).__name__}", limit=limit)

    return encode


def register(converter: cattrs.Converter) -> None:
    """Teach `converter` to write."""
    for plain in (str, int, float, bool, types.NoneType):
        converter.register_unstructure_hook(plain, lambda value: value)
    for kind in (OpenIntEnum, OpenStrEnum, enum.Enum):
        converter.register_unstructure_hook(kind, lambda member: member.value)
    converter.register_unstructure_hook(datetime, to_unix)
    converter.register_unstructure_hook(bytes, refuse(bytes))
    register = converter.register_unstructure_hook_factory
    register(lambda kind: is_subclass(kind, Mapping), _for_mapping)
    register(lambda kind: any(is_subclass(kind, base) for base in (list, tuple, AbstractSet)), _for_list)
    # The last one is asked first: what is tagged is a model too.
    register(lambda kind: is_subclass(kind, Model), _for_model)
    register(lambda kind: is_subclass(kind, Tagged), _for_tagged)
    register(lambda kind: is_subclass(kind, UnknownTagged), _for_unknown)
