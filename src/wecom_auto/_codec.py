"""Turn the platform's JSON into models and back. Never guesses, never drops a field, never touches the wire.

A cattrs converter is the registry of what is read and written how;
`_decode` and `_encode` are its hooks and close the traps that cattrs leaves open:

- `null`, and an empty text where no text belongs, mean the field's default and never become ``'None'``;
- a wrong type is a `DecodeError` that names its place, for example ``external_contact_list[3].follow_info.createtime``;
- another spelling of the same value is not a wrong type: ``"123"`` and ``123.0`` where a whole number belongs,
  ``"1"`` and ``"true"`` where a flag does, ``[]`` for no object and ``{}`` for no list.
  Spelt otherwise than the number would be (``"007"``, ``" 7"``) it is one, and so is a number where a text belongs:
  ids may have lost their zeros on the way;
- unknown keys go to `Model.extra`, unknown numbers become enum members, unknown attachments keep their data;
- times are unix seconds on the wire and aware UTC datetimes here; 0 stands for "never", which is None.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import attrs

from wecom_auto import _decode, _encode
from wecom_auto._model import Model, is_subclass, wire_name
from wecom_auto._types import JSON, JSONObject
from wecom_auto.errors import DecodeError

if TYPE_CHECKING:
    import cattrs

__all__ = ["decode", "encode", "encode_object"]

T = TypeVar("T")

_ENVELOPE: Final = frozenset({"errcode", "errmsg"})


@functools.cache
def _envelope_of(kind: Any) -> frozenset[str]:
    # The parts of some answers have an errcode of their own.
    return _ENVELOPE - {wire_name(field) for field in attrs.fields(kind)}


@functools.cache
def _converter() -> cattrs.Converter:
    # Imported at first use: it would be a tenth of what `import wecom_auto` costs.
    import cattrs

    converter = cattrs.Converter(detailed_validation=False, unstructure_fallback_factory=_encode.refuse)
    _decode.register(converter)
    _encode.register(converter)
    return converter


def decode(kind: type[T], raw: object, *, at: str = "") -> T:
    """Return `raw`, which came from `json.loads`, as a `kind`.

    The `errcode` and `errmsg` that lie around every answer are no fields of a model, unless it declares them.

    Args:
        kind: A model, an enum, a scalar, ``tuple[X, ...]`` or an optional or tagged union of those.
        raw: What the JSON parser made.
        at: Where `raw` stood in its document, for the error.

    Raises:
        DecodeError: `raw` has another shape; `.path` names the place.
    """
    if type(raw) is dict and not _ENVELOPE.isdisjoint(raw) and is_subclass(kind, Model):
        envelope = cast("dict[str, Any]", raw)
        around = _envelope_of(cast("Any", kind))
        raw = {key: value for key, value in envelope.items() if key not in around}
    try:
        return cast("T", _converter().get_structure_hook(kind)(raw, kind))
    except _decode.Mismatch as mismatch:
        raise DecodeError(mismatch.message, path=_spell(at, mismatch.path)) from None


def encode(value: object) -> JSON:
    """Return `value` as something that `json.dumps` takes.

    What is None, `UNSET` or the default of its field is left out: for the platform, absence means the same.

    Raises:
        ValidationError: A datetime is naive, or something has no JSON form.
    """
    return cast("JSON", _converter().unstructure(value))


def encode_object(value: object) -> JSONObject:
    """Return a model or mapping as a JSON object; see `encode`."""
    return cast("JSONObject", _converter().unstructure(value))


def _spell(at: str, path: list[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return (at + "".join(steps)).removeprefix(".")
