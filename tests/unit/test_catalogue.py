"""The list of endpoints is made from what the methods do, and no endpoint lacks anything that a user looks for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import attrs
import pytest
from tests.chapters import listed, mapped

from wecom_auto import Calls, Effect
from wecom_auto._catalogue import Endpoint, Paging, endpoints, find, methods, workflows
from wecom_auto._placeholder import call_with_placeholders, placeholder
from wecom_auto.api._values import File
from wecom_auto.errors import ValidationError
from wecom_auto.models import Attachment, ChatType, NewTag, TagFilter
from wecom_auto.testing._chapters import ROUTES

ROOT = Path(__file__).parents[2]
MANUAL: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {entry["path"]: entry for entry in json.loads((ROOT / "tests/fixtures/catalogue.json").read_text("utf-8"))}
)


@cache
def reference() -> str:
    """Return the page of all chapters."""
    return (ROOT / "docs" / "reference" / "chapters.md").read_text("utf-8")


@cache
def on_cassettes() -> frozenset[str]:
    """Return every path that is asked on a cassette."""
    texts = [file.read_text("utf-8") for file in (ROOT / "cassettes").glob("*.yaml")]
    return frozenset(path for text in texts for path in re.findall(r"uri: https?://[^/]+/cgi-bin/([\w/]+)", text))


@cache
def examples() -> frozenset[str]:
    """Return the endpoints of which an official request or answer is in use."""
    return frozenset(name for name, _ in [*listed("REQUESTS"), *listed("ANSWERS"), *mapped("READ_APART").items()])


def lacks(one: Endpoint) -> Iterator[str]:
    """Yield what an endpoint has not, and should have."""
    name, owner = one.path.removeprefix("/cgi-bin/"), type(getattr(Calls(), one.chapter))
    known: Sequence[tuple[str, bool]] = (
        ("a page of the manual in the tests' catalogue", one.path in MANUAL),
        ("a docstring that links the manual", all(method.manual[0] for method in one.methods)),
        ("the same page as the tests' catalogue", one.page == MANUAL.get(one.path, {}).get("doc")),
        ("a section in the reference", f".. autoclass:: {owner.__module__}.{owner.__qualname__}\n" in reference()),
        ("a heading in the reference", f"## `wecom.{one.chapter}`\n" in reference()),
        ("behaviour in the fake", name in ROUTES and ROUTES[name].method == one.http),
        ("an official example in use", name in examples()),
        ("data of the chapter", name in mapped("CALLS")),
        ("a case on a cassette", name in on_cassettes()),
    )
    yield from (what for what, there in known if not there)


@pytest.mark.parametrize("one", endpoints(), ids=lambda one: one.path.removeprefix("/cgi-bin/"))
def test_an_endpoint_lacks_nothing(one: Endpoint) -> None:
    """Docstring, reference, fake, examples, data, contract case and cassette are there."""
    assert list(lacks(one)) == []


def test_the_check_finds_what_is_missing() -> None:
    """A check that finds nothing proves nothing: an endpoint from nowhere lacks nearly all of it."""
    method = next(one for one in methods() if one.call is not None)
    assert method.call is not None
    strange = attrs.evolve(method, doc="", call=attrs.evolve(method.call, path="/cgi-bin/no/such"))
    assert len(list(lacks(Endpoint(methods=(strange,))))) == 7


def test_every_path_of_the_manual_is_reached_once() -> None:
    """Each path of the tests' catalogue is one endpoint, with the HTTP method of the manual."""
    assert {one.path: one.http for one in endpoints()} == {path: entry["http"] for path, entry in MANUAL.items()}
    assert len(endpoints()) == len({one.path for one in endpoints()})
    assert len(find("/cgi-bin/externalcontact/")) == 101


def test_every_method_is_listed_once() -> None:
    """A method belongs to an endpoint or puts several together, never both and never neither."""
    counted = [method.name for one in endpoints() for method in one.methods]
    everything = [*counted, *(one.name for one in workflows())]
    assert sorted(everything) == sorted(one.name for one in methods())
    assert len(everything) == len(set(everything))
    assert "wecom.welcome.send" in counted
    assert all(one.kind in {"workflow", "walk"} for one in workflows())


@pytest.mark.parametrize(
    ("path", "names", "effect", "paging", "largest", "unverified"),
    [
        ("externalcontact/mark_tag", ["tags.mark"], Effect.SET, Paging.NONE, None, False),
        ("externalcontact/get", ["customers.get"], Effect.READ, Paging.CURSOR, None, False),
        (
            "externalcontact/groupchat/list",
            ["groups.list", "groups.iter_all"],
            Effect.READ,
            Paging.PAGE,
            1000,
            False,
        ),
        ("externalcontact/add_contact_way", ["contact_ways.create"], Effect.CREATE, Paging.NONE, None, False),
        ("externalcontact/send_welcome_msg", ["welcome.send"], Effect.SET, Paging.NONE, None, False),
        ("media/upload", ["media.upload"], Effect.SET, Paging.NONE, None, False),
        (
            "externalcontact/groupchat/statistic",
            ["statistics.list_groups_by_owner", "statistics.iter_groups_by_owner"],
            Effect.READ,
            Paging.OFFSET,
            1000,
            False,
        ),
        ("externalcontact/get_moment_task_result", ["moments.result"], Effect.READ, Paging.NONE, None, True),
    ],
)
def test_what_an_endpoint_says(
    path: str, names: list[str], effect: Effect, paging: Paging, largest: int | None, unverified: bool
) -> None:
    """Path, methods, effect and paging are those that a reader of the code would write down."""
    found = {one.path: one for one in endpoints()}[f"/cgi-bin/{path}"]
    assert [method.name for method in found.methods] == [f"wecom.{name}" for name in names]
    assert (found.effect, found.paging, found.largest_page) == (effect, paging, largest)
    assert found.unverified is unverified


def test_the_manual_is_named() -> None:
    """Page, title and address come from the docstring."""
    (one,) = find("externalcontact/mark_tag")
    assert (one.page, one.title) == (92118, "编辑客户企业标签")
    assert one.url == "https://developer.work.weixin.qq.com/document/path/92118"
    assert one.document()["manual"] == {"page": one.page, "title": one.title, "url": one.url}
    assert all(one.title and one.summary.endswith(".") for one in endpoints())


def test_the_list_is_made_when_it_is_asked_for() -> None:
    """Importing the package imports no chapter and makes no list."""
    code = "import sys, wecom_auto; print([name for name in sys.modules if 'catalogue' in name or '.api.' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (str, "x"),
        (Sequence[str], ["x"]),
        (ChatType | str, ChatType.SINGLE),
        (Literal["a", "b"], "a"),
        (tuple[int, ...], (1,)),
        (Mapping[str, int], {"x": 1}),
        (NewTag, NewTag(name="x")),
        (Sequence[str | NewTag], ["x"]),
        (date, date(2026, 3, 2)),
    ],
)
def test_placeholders(kind: Any, value: Any) -> None:
    """Each kind of annotation has a smallest value."""
    assert placeholder(kind) == value


def test_placeholders_of_values_are_aware_files_and_models() -> None:
    """Moments are aware, files have a name, and models hold what they cannot be without."""
    assert placeholder(datetime).tzinfo is not None
    assert placeholder(File).name
    assert type(placeholder(Attachment)).__name__.endswith("Attachment")
    assert isinstance(placeholder(TagFilter), TagFilter)
    with pytest.raises(TypeError, match="no placeholder for"):
        placeholder(memoryview)


def test_placeholders_keep_rules_between_arguments() -> None:
    """Where the smallest call is refused at once, the optional arguments are filled in too."""

    def either(*, userid: str = "", partyid: int = 0) -> tuple[str, int]:
        if not userid:
            field, limit = "userid", "one of them"
            raise ValidationError(field, value="nothing", limit=limit)
        return userid, partyid

    assert call_with_placeholders(either) == ("x", 1)
