"""The methods against the catalogue of the manual: paths, fields and their types, answers, limits, references.

``tests/fixtures/catalogue.json`` is data: for each endpoint what its page lists, as far as it was worked through.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
from tests.chapters import chapter as of_chapter
from tests.chapters import mapped
from tests.chapters._shared import NOW, calls
from tests.unit._models import missing, unknown

from wecom_auto import Call, Effect, Page, _catalogue, _codec
from wecom_auto._checks import Check, Limit
from wecom_auto.api._rules import MaxJoined, When
from wecom_auto.errors import ValidationError
from wecom_auto.models import (
    TextMessage,
)

FIELDS = Sequence[Mapping[str, Any]]
CATALOGUE: Mapping[str, Mapping[str, Any]] = {
    entry["path"].removeprefix("/cgi-bin/"): entry
    for entry in json.loads((Path(__file__).parents[1] / "fixtures" / "catalogue.json").read_text("utf-8"))
}


FULL: Mapping[str, list[Call[Any]]] = mapped("CALLS")
"""Every endpoint with everything that can be said to it."""
BEYOND_REACH: Mapping[str, tuple[str, ...]] = mapped("BEYOND_REACH")
BEYOND_CATALOGUE: Mapping[str, re.Pattern[str]] = mapped("BEYOND_CATALOGUE")
TYPES = {"string": str, "int": int, "bool": bool, "float": (int, float), "object": dict}

endpoints = pytest.mark.parametrize("name", CATALOGUE)


def flat(fields: FIELDS, prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the dotted name of every field of the catalogue, with ``[]`` after a list."""
    for field in fields:
        name = f"{prefix}{field['name']}{'[]' * field['type'].startswith('array<')}"
        yield name, field
        yield from flat(field.get("fields", ()), f"{name}.")


def said(value: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the dotted name of every field of a request, with ``[]`` after a list."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            name = f"{prefix}{key}{'[]' * isinstance(inner, list)}"
            yield name, inner
            yield from chain(*(said(item, f"{name}.") for item in (inner if isinstance(inner, list) else [inner])))


def body(call: Call[Any]) -> dict[str, Any]:
    """Return what a call says, wherever it says it."""
    upload = {} if call.upload is None else {call.upload.name: call.upload.content}
    return {**call.query, **(call.body or {}), **upload}


def test_the_catalogue_is_about_our_endpoints() -> None:
    """Every path that a method calls is in the catalogue and in the list of full calls, and the other way round."""
    asked = {one.path.removeprefix("/cgi-bin/") for one in _catalogue.endpoints()}
    assert asked == set(CATALOGUE) == set(FULL)
    for name, made in FULL.items():
        assert {call.path for call in made} == {f"/cgi-bin/{name}"}
        assert {call.method for call in made} == {CATALOGUE[name]["http"]}


@endpoints
def test_every_field_of_a_request_can_be_said(name: str) -> None:
    """Each field that the page lists is sent by some argument, in the type that the page gives, and no other is."""
    listed = dict(flat(CATALOGUE[name]["request"]))
    sent = dict(chain(*(said(body(call)) for call in FULL[name])))
    beyond = BEYOND_REACH.get(name, ())
    assert {path for path in listed if not path.startswith(beyond or "-")} - set(sent) == set()
    strange = BEYOND_CATALOGUE.get(name, re.compile("-"))
    assert {path for path in set(sent) - set(listed) if not strange.fullmatch(path)} == set()
    for path in set(sent) & set(listed):
        check_type(sent[path], listed[path]["type"], path, in_query=listed[path].get("in") == "query")


def check_type(value: object, wanted: str, path: str, *, in_query: bool) -> None:
    """Expect `value` to be of the catalogue's type, and a number not to be a bool."""
    if in_query:
        assert type(value) is str, path
    elif wanted.startswith("array<"):
        assert isinstance(value, list), path
        for item in value:
            check_type(item, wanted.removeprefix("array<").removesuffix(">"), path, in_query=False)
    elif wanted != "file":
        assert isinstance(value, TYPES[wanted]), path
        assert type(value) is bool or wanted != "bool", path
        assert type(value) is not bool or wanted == "bool", path


ARGUMENTS: Mapping[str, Any] = {
    "userid": "u",
    "external_userid": "wm",
    "userids": ["u"],
    "tags": ["x"],
    "id": "t",
    "config_id": "c",
    "chat_id": "c",
    "chat_ids": ["c"],
    "start_at": NOW,
    "end_at": NOW,
    "msgid": "m",
    "welcome_code": "code",
    "kind": "image",
    "file": b"picture",
    "filename": "a.png",
    "attachment_type": 1,
    "message": TextMessage(content="x"),
}
METHODS = [
    (one.chapter, one.name.rpartition(".")[2]) for endpoint in _catalogue.endpoints() for one in endpoint.methods
]
methods = pytest.mark.parametrize(("chapter", "name"), METHODS, ids=map(".".join, METHODS))


def smallest(chapter: str, name: str) -> tuple[Call[Any], Mapping[str, Any]]:
    """Return the call that a method makes of as little as it takes, and what the catalogue says of its endpoint."""
    method: Callable[..., Any] = getattr(getattr(calls, chapter), name)
    parameters = inspect.signature(method).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty or p.name == "filename"]
    arguments = {**ARGUMENTS, **of_chapter(chapter, "ARGUMENTS")}
    made = method(**{name: arguments[name] for name in needed})
    call: Call[Any] = next(made) if inspect.isgenerator(made) else made
    return call, CATALOGUE[call.path.removeprefix("/cgi-bin/")]


@methods
def test_what_is_required_cannot_be_forgotten(chapter: str, name: str) -> None:
    """The smallest call that a method allows says what the page requires, or is refused before it is sent."""
    call, entry = smallest(chapter, name)
    if not {field["name"] for field in entry["request"] if field.get("required")} <= set(body(call)):
        with pytest.raises(ValidationError):
            call.check()


@methods
def test_the_docstring_names_page_and_limits(chapter: str, name: str) -> None:
    """The docstring links the page by the catalogue's number, and says every bound on an argument of its own."""
    doc = vars(type(getattr(calls, chapter)))[name].__doc__
    _, entry = smallest(chapter, name)
    assert re.findall(r"document/path/(\d+)>`__", doc) == [str(entry["doc"])]
    for field in entry["request"]:
        for number, unit in _SIZE.findall("" if "advised" in field.get("limits", "") else field.get("limits", "")):
            spelt = f"{int(number.replace(',', '')):,}"
            spelt = f"{spelt} hours" if unit == " h" else f"{spelt}{unit}"
            assert re.search(rf"\b{spelt}\b", doc), f"{field['name']}: {field['limits']}"


@endpoints
def test_every_field_of_an_answer_is_modelled(name: str) -> None:
    """An answer with every field of the page is read without an unknown one, in its nesting, and loses nothing."""
    raw = example(CATALOGUE[name]["response"])
    for call in FULL[name]:
        value = call.decode({"errcode": 0, "errmsg": "ok", **raw})
        if call.reader is not None:
            assert name in mapped("READ_APART")  # it has a test of its own, with a line for every kind
        elif call.result is NoneType:
            assert (value, raw) == (None, {})
        elif isinstance(value, Page):
            assert set(value.extra) <= {"fail_info", "is_last"}
            assert missing(raw[call.items], _codec.encode(value.items)) == []
        else:
            assert missing(raw[call.key] if call.key else raw, _codec.encode(value)) == []
        assert unknown(value) == [] or isinstance(value, Page)


def example(fields: FIELDS) -> dict[str, Any]:
    """Return an object with every field of the catalogue."""
    return {field["name"]: _example(field["name"], field["type"], field.get("fields", ())) for field in fields}


def _example(name: str, kind: str, fields: FIELDS) -> Any:
    if kind.startswith("array<"):
        bodies = [field for field in fields if field["name"] != "msgtype"]
        if len(bodies) < len(fields):
            return [{"msgtype": field["name"], **example([field])} for field in bodies]
        return [_example(name, kind.removeprefix("array<").removesuffix(">"), fields)]
    if kind == "object":
        return example(fields)
    if kind == "float":
        return 1.5
    if kind == "int":
        return 1_600_000_000 if name.endswith("time") else 1
    return True if kind == "bool" else "1600000000" if name.endswith("_at") else "x"


_SIZE = re.compile(r"(?:max|over|1-) ?(\d[\d,]*\b)(?! s\b)( KB| days| h|)")
_FACTOR = {" KB": 1024, " days": 86_400, " h": 3_600, "": 1}


def bounds_of(limits: str) -> set[int]:
    """Return the numbers that a field may not exceed; what a page only advises is no limit."""
    if "advised" in limits:
        return set()
    found = {int(number.replace(",", "")) * _FACTOR[unit] for number, unit in _SIZE.findall(limits)}
    return found | ({2**32 - 1} if "2^32" in limits else set())


def checked(checks: Sequence[Check]) -> Iterator[tuple[str, int]]:
    """Yield the fields that are checked for a size, and the bounds."""
    for check in checks:
        if isinstance(check, When):
            yield from checked([check.then])
        if isinstance(check, Limit):
            bounds = (check.chars, check.bytes, check.items, check.most)
            yield from ((check.path.replace("[]", ""), bound) for bound in bounds if bound is not None)
        if isinstance(check, MaxJoined):
            yield check.field, check.items


BOUNDS = [
    (name, path.replace("[]", ""), bound)
    for name, entry in CATALOGUE.items()
    for path, field in flat(entry["request"])
    for bound in sorted(bounds_of(field.get("limits", "")))
]


@pytest.mark.parametrize(("name", "path", "bound"), BOUNDS, ids=[f"{name}:{path}" for name, path, _ in BOUNDS])
def test_every_bound_of_the_page_is_checked(name: str, path: str, bound: int) -> None:
    """A size that the page limits is tested before the call is sent."""
    for call in FULL[name]:
        assert (path, bound) in set(checked(call.checks))


def test_the_bounds_were_found() -> None:
    """The patterns above still find what they are for: a test that finds nothing proves nothing."""
    assert ("externalcontact/add_msg_template", "external_userid", 10_000) in BOUNDS
    assert ("externalcontact/groupchat/add_join_way", "remark", 30) in BOUNDS
    assert ("message/send", "mpnews.articles.content", 666 * 1024) in BOUNDS
    assert len(BOUNDS) > 75


@endpoints
def test_the_effect_is_the_catalogues(name: str) -> None:
    """What may be repeated after a lost answer is what the catalogue says, but for what the platform recognises."""
    wanted = {"read": Effect.READ, "idempotent-write": Effect.SET, "delete": Effect.DELETE}
    wanted |= {"create": Effect.CREATE, "send": Effect.SEND}
    recognised = mapped("RECOGNISED")
    for call in FULL[name]:
        assert call.effect is (Effect.SET if name in recognised else wanted[CATALOGUE[name]["effect"]])
