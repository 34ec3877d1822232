"""Every event of the reference has a class, every field its type, every example is read whole."""

from __future__ import annotations

import enum
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.unit._events import bare, full_event, item_of, own_fields, parts_of, required

from wecom_auto._model import home_of
from wecom_auto.callbacks import EVENT_TYPES, KnownEvent, UnknownEvent, event_xml, read_event
from wecom_auto.callbacks._chapters import CHAPTERS
from wecom_auto.callbacks._discreet import Part
from wecom_auto.callbacks._event import name_of

FIXTURES = Path(__file__).parent.parent / "fixtures" / "callbacks"
BODIES: dict[str, dict[str, str]] = {
    body["name"]: body for body in json.loads((FIXTURES / "bodies.json").read_text("utf-8"))
}
CATALOGUE: list[dict[str, Any]] = json.loads((FIXTURES / "events.json").read_text("utf-8"))
CLASSES = {name_of(cls): cls for cls in EVENT_TYPES}
# The vendor's samples of what an app may answer; nobody receives them.
REPLIES = {f"official-Message{kind}" for kind in ("Text", "Image", "Voice", "Video")}
# Families of which the reference lists no changes.
FAMILIES = {
    "smart_sheet_change": 6,
    "wedrive_space_change": 3,
    "wedrive_file_change": 5,
    "meeting_statistics": 1,
    "change_school_contact": 11,
    "app_email_change": 1,
    "public_email_change": 1,
}
# The app is a text in every envelope, and an example of the manual has a strategy that is no number.
TEXTS = {"AgentId", "StrategyId"}
ENTRIES = [
    pytest.param(cls, entry, id=name)
    for entry in CATALOGUE
    for name, cls in CLASSES.items()
    if name == entry["name"] or (entry["name"] in FAMILIES and name.startswith(f"{entry['name']}."))
]


@pytest.mark.parametrize("name", sorted(BODIES.keys() - REPLIES))
def test_every_example_is_read_whole(name: str) -> None:
    """Each body is of its class, no field of it, however deep, is left over, and it is the same after a journey."""
    event = read_event(BODIES[name]["xml"].encode())
    assert isinstance(event, KnownEvent), getattr(event, "problem", "")
    assert [dict(part.extra) for part in parts_of(event) if part.extra] == []
    assert read_event(event_xml(event)) == event
    if not name.startswith("official-"):
        assert event.name == name


@pytest.mark.parametrize("name", sorted(REPLIES))
def test_a_reply_is_no_message(name: str) -> None:
    """An answer has no id: read as a message it is unknown, and nothing of it is lost."""
    event = read_event(BODIES[name]["xml"].encode())
    assert isinstance(event, UnknownEvent)
    assert event.problem == "without msg_id"
    assert event.extra


def test_the_examples_say_what_they_are() -> None:
    """Each body is marked as transcribed or made by hand, as the catalogue says."""
    examples = {entry["name"]: entry["example"] for entry in CATALOGUE if entry["example"]}
    assert {name: BODIES[name]["kind"] for name in examples} == examples
    assert {body["kind"] for body in BODIES.values()} == {
        "official",
        "official-data-equivalent",
        "transcribed",
        "constructed",
    }


def test_every_event_of_the_reference_has_a_class() -> None:
    """125 entries of the envelope of apps; where the reference names a family only, each known change of it."""
    assert len(CATALOGUE) == 125
    assert [entry["name"] for entry in CATALOGUE if entry["name"] not in CLASSES.keys() | FAMILIES.keys()] == []
    for family, count in FAMILIES.items():
        assert sum(name.startswith(f"{family}.") for name in CLASSES) == count, family


def test_no_two_classes_share_a_name() -> None:
    """A name leads to one class, and each class is in one chapter."""
    assert len(CLASSES) == len(EVENT_TYPES) == len(set(EVENT_TYPES))
    assert sum(len(chapter.types) for chapter in CHAPTERS) == len(EVENT_TYPES)


def typed(cls: type, path: str) -> Any:
    """Return the type of a field by its path on the wire, with the names of wrappers left out."""
    step, _, rest = path.partition(".")
    name = step.removesuffix("[]").lower()
    fields = {field.metadata["names"][0].lower(): field for field in attrs.fields(cls) if "names" in field.metadata}
    field = fields[name]
    hint = own_fields(cls)[field.name]
    if (wrapped := field.metadata["item"]) not in {"", ",", "*"} and rest:
        first, _, rest = rest.partition(".")
        assert first.removesuffix("[]").lower() == wrapped.lower(), path
    return typed(item_of(hint) or bare(hint), rest) if rest else hint


def fits(hint: Any, wanted: str, values: list[str] | None) -> bool:
    """Whether a type is what the reference calls it; texts with listed values may be enumerations."""
    kind = bare(hint)
    if "comma" in wanted or wanted == "list":
        return item_of(hint) is not None
    if item_of(hint) is not None:
        return wanted in {"object", "string"}
    if "unix" in wanted:
        return kind is datetime
    if "enum" in wanted or (values and kind not in {int, str}):
        return issubclass(kind, enum.IntEnum if "integer" in wanted else enum.StrEnum)
    return issubclass(kind, {"string": str, "integer": int, "float": float, "object": Part}[wanted])


@pytest.mark.parametrize(("cls", "entry"), ENTRIES)
def test_every_field_has_the_type_of_the_reference(cls: type[KnownEvent], entry: dict[str, Any]) -> None:
    """Field by field: text, number, time, list, enumeration with every value that is listed, or a value with fields."""
    for field in entry["fields"]:
        if field["name"] in TEXTS:
            continue
        hint = typed(cls, field["name"])
        assert fits(hint, field["type"], field.get("values")), (field, hint)
        kind = item_of(hint) or bare(hint)
        if issubclass(kind, enum.Enum):
            assert set(field["values"]) <= {str(member.value) for member in kind}, field


@pytest.mark.parametrize(("cls", "entry"), ENTRIES)
def test_nothing_is_required_that_may_be_missing(cls: type[KnownEvent], entry: dict[str, Any]) -> None:
    """A field that the reference does not promise can be missing; where it lists none, identifiers may be required."""
    always = {field["name"].lower() for field in entry["fields"] if field["always"]}
    wire = {field.name: field.metadata["names"][0].lower() for field in attrs.fields(cls) if "names" in field.metadata}
    if entry["fields"]:
        assert {wire[name] for name in required(cls)} <= always


@pytest.mark.parametrize(("cls", "entry"), ENTRIES)
def test_what_nobody_verified_says_so(cls: type[KnownEvent], entry: dict[str, Any]) -> None:
    """A class made from hearsay says "Unverified" in its docstring; official pages of the school were found since."""
    if not entry["verified"] and entry["name"] != "change_school_contact":
        assert "Unverified" in (cls.__doc__ or "")


@pytest.mark.parametrize("cls", EVENT_TYPES)
def test_every_class_can_be_written_and_read(cls: type[KnownEvent]) -> None:
    """An event with every field filled is the same after a journey through XML."""
    event = full_event(cls)
    assert read_event(event_xml(event)) == event


@pytest.mark.parametrize("cls", EVENT_TYPES)
def test_every_class_explains_itself(cls: type[KnownEvent]) -> None:
    """Its first line says what happened, with the Chinese term; a page is named, and each own field described."""
    doc = cls.__doc__ or ""
    assert any("\u4e00" <= letter <= "\u9fff" for letter in doc.partition("\n")[0])
    assert "Manual: " in doc + (home_of(cls).__doc__ or "")
    own = {field.name for field in attrs.fields(cls) if not field.inherited and field.metadata.get("item") is not None}
    assert [name for name in own if f"        {name}: " not in doc] == []


@pytest.mark.parametrize("cls", EVENT_TYPES)
def test_no_field_hides_what_every_event_has(cls: type[KnownEvent]) -> None:
    """A field called ``name`` would hide the name of the event."""
    shared = {name for name in dir(KnownEvent) if not name.startswith("_")} - own_fields(KnownEvent).keys()
    assert own_fields(cls).keys() & shared == set()
