"""What every model is made of: the base class, wire names, open enums. Does no I/O and knows no client.

It lives outside `wecom_auto.models`, so that `import wecom_auto` needs no model.
"""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar, Final, TypeVar, Union, cast, get_args, get_origin

from attrs import Attribute, field, frozen, resolve_types

from wecom_auto._types import JSON, Unset

__all__ = [
    "NO_EXTRA",
    "Form",
    "Model",
    "OpenIntEnum",
    "OpenStrEnum",
    "Tagged",
    "UnknownTagged",
    "form_of",
    "home_of",
    "is_subclass",
    "is_union",
    "named",
    "publish",
    "read_annotations",
    "strip_optional",
    "wire",
    "wire_name",
]

T = TypeVar("T")


class Form(enum.Enum):
    """How a field is written on the wire where its type alone does not say."""

    PLAIN = "as the type says"
    FLAG = "a bool as 0 or 1"
    PIPED = "a tuple of texts as one text joined by |"
    TEXT_SECONDS = "a time as unix seconds in a text"
    MILLISECONDS = "a time as unix milliseconds"
    BARE = "an attachment without its msgtype envelope"
    ID = "a text that some answers give as a number"


class _NoExtra(Mapping[str, JSON]):
    """The one empty mapping that values without unknown fields share: 10,000 customers need no 20,000 dicts."""

    __slots__ = ()

    def __getitem__(self, key: str) -> JSON:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "NO_EXTRA"


NO_EXTRA: Final[Mapping[str, JSON]] = _NoExtra()


@frozen(kw_only=True)
class Model:
    """A frozen value of the platform.

    Attributes:
        extra: Fields of the answer that this version of the library does not know, as they came.
            Kept out of the repr, because nobody knows what they hold, and out of the hash.
    """

    extra: Mapping[str, JSON] = field(default=NO_EXTRA, repr=False, hash=False)


@frozen(kw_only=True)
class Tagged(Model):
    """A value that travels as ``{"msgtype": "image", "image": {…}}``."""

    MSGTYPE: ClassVar[str] = ""


@frozen(kw_only=True)
class UnknownTagged(Model):
    """A tagged value of a kind that this version does not know, or whose body lacks what the manual promises.

    Attributes:
        msgtype: The kind, as the platform named it.
        data: Everything else that came with it.
    """

    msgtype: str = ""
    data: Mapping[str, JSON] = field(default=NO_EXTRA, repr=False, hash=False)


def wire(name: str, default: T, form: Form = Form.PLAIN, *, show: bool = True) -> T:
    """Declare an optional field whose wire name or wire form differs from what its declaration says.

    Args:
        name: The key in the platform's JSON; empty if it is the attribute's name.
        default: The value when the key is missing, null, or (for anything but a text) empty.
        form: How the value is written.
        show: Whether it may stand in a repr; False for phone numbers.
    """
    declared: T = field(default=default, metadata=named(name, form), repr=show)
    return declared


def named(name: str, form: Form = Form.PLAIN) -> Mapping[str, object]:
    """Return the metadata of a required field with its own wire name, for `attrs.field`; see `wire`."""
    return {"wire": name, "form": form}


class OpenIntEnum(enum.IntEnum):
    """Numbers with names, open to numbers that the platform adds later.

    An unknown number becomes a member such as ``UNKNOWN_9999``, which equals it, pickles, and survives ``json.dumps``.
    """

    @classmethod
    def _missing_(cls, value: object) -> OpenIntEnum | None:
        if type(value) is not int:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        # Two threads may meet a new number together; setdefault lets both return the same member.
        known: OpenIntEnum = cls._value2member_map_.setdefault(value, member)  # type: ignore[assignment]  # Enum there
        return known

    def __reduce_ex__(self, protocol: object) -> tuple[type[OpenIntEnum], tuple[int]]:
        # By value: another process has no name for a member that was registered in this one.
        return type(self), (self._value_,)


class OpenStrEnum(enum.StrEnum):
    """Texts with names, open to texts that the platform adds later; see `OpenIntEnum`."""

    @classmethod
    def _missing_(cls, value: object) -> OpenStrEnum | None:
        if type(value) is not str:
            return None
        member = str.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        known: OpenStrEnum = cls._value2member_map_.setdefault(value, member)  # type: ignore[assignment]  # Enum there
        return known

    def __reduce_ex__(self, protocol: object) -> tuple[type[OpenStrEnum], tuple[str]]:
        return type(self), (self._value_,)


_HOMES: Final[dict[type, str]] = {}
"""Where a class was written, if it says that it lives elsewhere."""


def publish(namespace: Mapping[str, object], names: list[str], module: str) -> None:
    """Make the classes called `names` say that they live in `module`, so that reprs and docs show the short name."""
    for name in names:
        value = namespace[name]
        if isinstance(value, type):
            _HOMES[value] = value.__module__
            value.__module__ = module


def home_of(kind: type) -> ModuleType:
    """Return the module that a class was written in, which may not be the one that it was published by."""
    return sys.modules[_HOMES.get(kind, kind.__module__)]


def read_annotations(kind: type[Model]) -> None:
    """Turn the annotations of `kind` from texts into types, once.

    Annotations name things of the module that a class was written in, not of the one that it was published by.
    """
    home = home_of(kind)
    # The base classes' own annotations, and `JSON`, which is recursive and names its parts by text.
    names = {"ClassVar": ClassVar, "JSON": JSON, "Mapping": Mapping, "Sequence": Sequence}
    resolve_types(kind, globalns=vars(home), localns=names)


def wire_name(field: Attribute[Any]) -> str:
    """Return the key of `field` in the platform's JSON."""
    return cast("str", field.metadata.get("wire") or field.name)


def form_of(field: Attribute[Any]) -> Form:
    """Return how the value of `field` is written."""
    return cast("Form", field.metadata.get("form", Form.PLAIN))


def is_subclass(kind: object, base: type) -> bool:
    """Return whether `kind` is a class below `base`, and not a type such as ``tuple[int, ...]``."""
    return isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, base)


def is_union(kind: object) -> bool:
    """Return whether `kind` is a union, however it was written."""
    return get_origin(kind) in {Union, types.UnionType}


def strip_optional(kind: Any) -> Any:
    """Return the type without None and Unset, which the wire knows as an absent key."""
    if not is_union(kind):
        return kind
    rest = tuple(member for member in get_args(kind) if member not in {types.NoneType, Unset})
    return Union[rest]  # noqa: UP007  # made of values, not written down
