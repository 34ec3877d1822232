"""Hooks that read JSON. Never guesses: what does not fit is a `Mismatch` with its path.

Another spelling of the same value is no guess: ``"123"`` and ``123.0`` are 123 where a whole number belongs,
and ``[]`` is no object. A number where a text belongs is refused: what wrote 7 may have been given ``"007"``.

Time is spent in `for_model` only, so that is the one place where code is generated:
a straight line per class, without a loop over fields, a dict of arguments or the checks of a frozen `__init__`.
When something does not fit, the line does not know where; a second, slow pass finds the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, Union, cast, get_args, get_origin

import attrs

from wecom_auto._model import (
    NO_EXTRA,
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
from wecom_auto._types import JSONObject

if TYPE_CHECKING:
    import cattrs

__all__ = ["OUTER", "Decoder", "Mismatch", "register"]

Decoder: TypeAlias = Callable[[Any, Any], Any]
"""A cattrs structure hook: the raw value and the type that is wanted."""

OUTER: Final = ".."
"""The key of `Model.extra` that keeps what stood beside the body of a tagged value."""


class Mismatch(Exception):  # noqa: N818  # not an error that users see: `decode` turns it into one
    """A value of another type than wanted. The path is collected while it travels up."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path: list[str | int] = []

    def under(self, place: str | int) -> Mismatch:
        """Say that it happened at `place` of something larger."""
        self.path.insert(0, place)
        return self


_DECIMAL: Final = re.compile("0|-?[1-9][0-9]{0,18}").fullmatch
_EXACT: Final = 2**53
"""Beyond it two whole numbers share a float."""
_TRUTH: Final = "true, false, 0 or 1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _refuse(wanted: str, raw: object) -> NoReturn:
    # The type only: the value may be a phone number.
    msg = f"expected {wanted}, found {type(raw).__name__}"
    raise Mismatch(msg)


def _text(raw: Any, _: Any) -> str:
    return raw if type(raw) is str else _refuse("a text", raw)


def _whole(raw: Any, wanted: str) -> int:
    """Return the whole number that `raw` is, or spells and would be spelt as.

    Proxies write numbers as texts or as 1.0, and so does a page of the manual (90253).
    """
    if type(raw) is str and _DECIMAL(raw):
        return int(raw)
    if type(raw) is float and raw.is_integer() and abs(raw) < _EXACT:
        return int(raw)
    return raw if type(raw) is int else _refuse(wanted, raw)


def _integer(raw: Any, _: Any) -> int:
    return _whole(raw, "a whole number")


def _number(raw: Any, _: Any) -> float:
    try:
        return float(raw) if type(raw) in {int, float} else _refuse("a number", raw)
    except OverflowError:
        _refuse("a number of common size", raw)


def _flag(raw: Any, _: Any) -> bool:
    # The platform writes flags as true/false on one page and as 0/1 on the next.
    if type(raw) is bool or raw in ("true", "false"):
        return raw in (True, "true")
    number = _whole(raw, _TRUTH)
    return bool(number) if number in {0, 1} else _refuse(_TRUTH, raw)


def _time(raw: Any, _: Any) -> datetime | None:
    seconds = _whole(raw, "unix seconds")
    try:
        # The platform writes 0 for "never".
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, OSError, ValueError):
        msg = "expected unix seconds, found a number that is no time"
        raise Mismatch(msg) from None


def _millis(raw: Any, _: Any) -> datetime | None:
    millis = _whole(raw, "unix milliseconds")
    try:
        return _EPOCH + timedelta(milliseconds=millis) if millis else None
    except OverflowError:
        msg = "expected unix milliseconds, found a number that is no time"
        raise Mismatch(msg) from None


def _piped(raw: Any, _: Any) -> tuple[str, ...]:
    # Messages to linked corps answer lists under the same names, some of numbers.
    if type(raw) is list:
        return cast("tuple[str, ...]", _pieces(raw, tuple))
    return tuple(filter(None, _text(raw, str).split("|")))


def _piece(raw: Any, _: Any) -> str:
    return str(raw) if type(raw) is int else _text(raw, str)


def _number_or_text(raw: Any, _: Any) -> int | str:
    return raw if type(raw) is int else _text(raw, str)


def _object(raw: Any, _: Any) -> JSONObject:
    return raw if type(raw) is dict else _refuse("an object", raw)


def _int_member(raw: Any, kind: type[OpenIntEnum]) -> OpenIntEnum:
    return kind(_whole(raw, f"a number of {kind.__name__}"))


def _str_member(raw: Any, kind: type[OpenStrEnum]) -> OpenStrEnum:
    return kind(_text(raw, str))


def _for_tuple(kind: Any, converter: cattrs.Converter) -> Decoder:
    inner = get_args(kind)[0]
    items = _items(converter.get_structure_hook(inner), inner)
    if inner is str:
        return lambda raw, _: tuple(raw) if type(raw) is list and _all_texts(map(type, raw)) else items(raw, _)
    return items


def _items(hook: Decoder, inner: Any) -> Decoder:
    def items(raw: Any, _: Any) -> tuple[Any, ...]:
        if raw is None or raw == {}:
            return ()  # the platform leaves empty lists out of an answer
        if type(raw) is not list:
            _refuse("a list", raw)
        try:
            return tuple([hook(item, inner) for item in raw if item is not None])
        except Mismatch:
            _find_bad_item(raw, hook, inner)

    return items


_all_texts: Final = frozenset({str}).issuperset
_pieces: Final = _items(_piece, str)


def _find_bad_item(raw: Sequence[Any], hook: Decoder, inner: Any) -> NoReturn:
    for index, item in enumerate(raw):
        try:
            _ = item is None or hook(item, inner)
        except Mismatch as mismatch:
            raise mismatch.under(index) from None
    raise AssertionError  # pragma: no cover  # decoding is pure: what failed once fails again


_FORMS: Final[Mapping[Form, Decoder]] = {
    Form.FLAG: _flag,
    Form.PIPED: _piped,
    Form.TEXT_SECONDS: _time,
    Form.MILLISECONDS: _millis,
    Form.ID: _piece,
}


@attrs.frozen
class _Slot:
    """How one attribute is filled."""

    name: str
    key: str
    default: Any
    wanted: Any
    hook: Decoder
    owner: str

    @property
    def required(self) -> bool:
        return self.default is attrs.NOTHING

    def is_nothing(self, raw: Any) -> bool:
        """Return whether `raw` is how somebody writes that there is no value; 0 is one, and so is an empty list."""
        # PHP cannot tell an empty object from an empty list and writes both as the latter.
        return raw is None or raw == "" or (raw == [] and self.raw == "dict")

    def slow(self, raw: Any) -> Any:
        """Decode anything, in the order in which it is unlikely."""
        if not self.is_nothing(raw):
            return self.hook(raw, self.wanted)
        if self.required:
            msg = f"expected a value ({self.owner} cannot be without it), found none"
            raise Mismatch(msg)
        return self.default

    def expression(self, index: int) -> str:
        """Return the source that decodes ``v``: the likely case first, then absence, then everything else."""
        otherwise = f"slow{index}(v)" if self.required else f"default{index} if v is None else slow{index}(v)"
        if self.hook is _piece:
            return f"v if type(v) is str else {otherwise}"
        if self.hook in {_text, _integer}:
            return f"v if type(v) is {self.wanted.__name__} else {otherwise}"
        if self.hook is _int_member:
            return f"members{index}[v] if type(v) is int and v in members{index} else {otherwise}"
        if self.hook is _time:
            return f"at(v, UTC) if type(v) is int and 0 < v < 1e11 else {otherwise}"
        return f"hook{index}(v, wanted{index}) if type(v) is {self.raw} else {otherwise}" if self.raw else otherwise

    @property
    def raw(self) -> str:
        """The name of the one raw type that `hook` takes for a class or a tuple."""
        if get_origin(self.wanted) is tuple:
            return "list" if self.hook is not _piped else ""
        return "dict" if is_subclass(self.wanted, Model) else ""

    def names(self, index: int) -> dict[str, Any]:
        """Return what `expression` refers to."""
        members = getattr(self.wanted, "_value2member_map_", None)
        values = {
            "default": self.default,
            "slow": self.slow,
            "hook": self.hook,
            "wanted": self.wanted,
            "members": members,
        }
        return {f"{name}{index}": value for name, value in values.items()}


def _slots(kind: type[Model], converter: cattrs.Converter, gap: object) -> list[_Slot]:
    read_annotations(kind)
    return [
        _Slot(
            name=field.name,
            key=wire_name(field),
            default=gap if field.default is attrs.NOTHING and field.type is str else field.default,
            wanted=strip_optional(field.type),
            hook=_hook_of(field, converter),
            owner=kind.__name__,
        )
        for field in attrs.fields(kind)
        if field.name != "extra"
    ]


def _hook_of(field: attrs.Attribute[Any], converter: cattrs.Converter) -> Decoder:
    wanted = strip_optional(field.type)
    if form_of(field) is Form.BARE:
        # Closing words are read back without what a message needs, such as the cover (manual 92228).
        return for_model(wanted, converter, gap="")
    return _FORMS.get(form_of(field)) or converter.get_structure_hook(wanted)


def for_model(kind: type[Model], converter: cattrs.Converter, gap: object = attrs.NOTHING) -> Decoder:
    """Return the decoder of one class, made as attrs and cattrs make theirs: as source, compiled once.

    Args:
        kind: The class.
        converter: Where the hooks of its fields are registered.
        gap: What stands for a required text that is missing; nothing does by default.
    """
    slots = _slots(kind, converter, gap)
    lines = [f"  v = get({slot.key!r}); self.{slot.name} = {slot.expression(i)}" for i, slot in enumerate(slots)]
    source = "\n".join(
        [
            "def build(raw, _):",
            "  if type(raw) is not dict: refuse(wanted, raw)",
            "  self = new(draft); get = raw.get",
            "  self.extra = no_extra if knows(raw) else rest(raw)",
            "  try:",
            *(f"  {line}" for line in lines or ["  pass"]),
            "  except Mismatch: find_bad_key(raw, slots)",
            "  self.__class__ = kind",
            "  return self",
        ]
    )
    known = frozenset(slot.key for slot in slots)
    names: dict[str, Any] = {
        "Mismatch": Mismatch,
        "UTC": UTC,
        "at": datetime.fromtimestamp,
        "find_bad_key": _find_bad_key,
        "draft": _draft(kind),
        "kind": kind,
        "knows": known.issuperset,
        "new": object.__new__,
        "no_extra": NO_EXTRA,
        "refuse": _refuse,
        "rest": lambda raw: {key: value for key, value in raw.items() if key not in known},
        "slots": slots,
        "wanted": f"an object ({kind.__name__})",
    }
    for index, slot in enumerate(slots):
        names |= slot.names(index)
    exec(compile(source, f"<decoder of {kind.__name__}>", "exec"), names)  # noqa: S102  # made of our own class alone
    return cast("Decoder", names["build"])


def _draft(kind: type[Model]) -> type:
    """Return a class of the same layout that is not frozen: a value is filled as a draft, then becomes a `kind`.

    Measured: 0.2 µs for 14 fields, against 0.6 µs past `__setattr__` by slot and 1.2 µs through the frozen `__init__`.
    """
    own = tuple(name for name in vars(kind)["__slots__"] if name != "__weakref__")
    # Both, because Python writes attributes at full speed only if neither is overridden.
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(f"{kind.__name__}Draft", kind.__bases__, {"__slots__": own, **plain})


def _find_bad_key(raw: Mapping[str, Any], slots: Sequence[_Slot]) -> NoReturn:
    for slot in slots:
        try:
            slot.slow(raw.get(slot.key))
        except Mismatch as mismatch:
            raise mismatch.under(slot.key) from None
    raise AssertionError  # pragma: no cover  # decoding is pure: what failed once fails again


def _for_tagged_union(union: Any, converter: cattrs.Converter) -> Decoder:
    """Return the decoder of a union by ``msgtype`` whose last resort keeps everything."""
    members = get_args(union)
    unknown: type[UnknownTagged] = next(member for member in members if issubclass(member, UnknownTagged))
    bodies = {kind.MSGTYPE: for_model(kind, converter) for kind in members if issubclass(kind, Tagged)}

    def pick(raw: Any, _: Any) -> Model:
        tag = _object(raw, None).get("msgtype")
        tag = tag if type(tag) is str else ""
        data = {key: value for key, value in raw.items() if key != "msgtype"}
        try:
            value = bodies[tag](data.pop(tag, None) or {}, None)
        except (KeyError, Mismatch):
            # A kind without a class, or a body that lacks what the manual promises: keep it whole.
            return unknown(msgtype=tag, data={key: value for key, value in raw.items() if key != "msgtype"})
        return attrs.evolve(value, extra={**value.extra, OUTER: data}) if data else cast("Model", value)

    return pick


def _for_union(union: Any, converter: cattrs.Converter) -> Decoder:
    inner = strip_optional(union)
    hook = _for_tagged_union(inner, converter) if is_union(inner) else converter.get_structure_hook(inner)
    return lambda raw, _: None if raw is None else hook(raw, inner)


def _for_tagged(kind: type[Tagged], converter: cattrs.Converter) -> Decoder:
    return _for_tagged_union(Union[kind, UnknownTagged], converter)  # noqa: UP007  # made of a value, not written down


def _is_object(kind: Any) -> bool:
    return kind is dict or get_origin(kind) is Mapping


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def register(converter: cattrs.Converter) -> None:
    """Teach `converter` to read."""
    # By class: cattrs has hooks of its own for str and int, and asks those before any predicate.
    decoders: dict[Any, Decoder] = {str: _text, int: _integer, float: _number, bool: _flag, datetime: _time}
    for kind, decoder in (decoders | {OpenIntEnum: _int_member, OpenStrEnum: _str_member}).items():
        converter.register_structure_hook(kind, decoder)
    register = converter.register_structure_hook_factory
    register(_is_object, lambda _: _object)
    register(_is_tuple, _for_tuple)
    register(is_union, _for_union)
    register(lambda kind: kind == int | str, lambda _: _number_or_text)
    # The last one is asked first: what is tagged is a model too.
    register(lambda kind: is_subclass(kind, Model), for_model)
    register(lambda kind: is_subclass(kind, Tagged), _for_tagged)
