"""Every method refuses what nobody could have meant, with an error that names the argument and sends nothing."""

from __future__ import annotations

import inspect
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.chapters import chapter as of_chapter
from tests.chapters._shared import calls
from tests.unit.test_api_catalogue import ARGUMENTS

from wecom_auto import Call, _catalogue
from wecom_auto._arguments import guarded
from wecom_auto._types import UNSET
from wecom_auto.errors import ValidationError
from wecom_auto.models import TagFilter
from wecom_auto.testing import FakeWeCom

METHODS = [(one.chapter, one.name.rpartition(".")[2]) for one in _catalogue.methods()]
WRONG: dict[str, list[object]] = {
    "str": [5, b"x", ["x"], True],
    "int": ["5", 1.5, True, [1]],
    "bool": ["yes", 1],
    "Sequence[str]": [b"xy", 5, [1], [None], {"x": 1}, (x for x in "x")],
    "Sequence[int]": ["12", b"xy", 5, ["1"], [True]],
    "Sequence[…]": [b"xy", 5, {"x": 1}],
    "Iterable[…]": ["xy", b"xy", 5, {"x": 1}],
}


def _kind(parameter: inspect.Parameter) -> str:
    bare = str(parameter.annotation).removesuffix(" | Unset").removesuffix(" | None")
    if bare in WRONG or not bare.endswith("]"):
        return bare
    return next((kind for kind in ("Sequence[…]", "Iterable[…]") if bare.startswith(kind[:9])), bare)


def _cases() -> list[tuple[str, str, str, object]]:
    found: list[tuple[str, str, str, object]] = []
    for chapter, name in METHODS:
        for parameter in inspect.signature(getattr(getattr(calls, chapter), name)).parameters.values():
            needed = parameter.default is parameter.empty and not str(parameter.annotation).endswith(" | None")
            wrongs = [*WRONG.get(_kind(parameter), []), *([None] if needed and _kind(parameter) in WRONG else [])]
            found += [(chapter, name, parameter.name, wrong) for wrong in wrongs]
    return found


def _given(chapter: str, name: str, more: dict[str, object]) -> dict[str, Any]:
    parameters = inspect.signature(getattr(getattr(calls, chapter), name)).parameters.values()
    known = {"unionids": ["o"], "changes": [], "link_ids": ["l"], **ARGUMENTS, **of_chapter(chapter, "ARGUMENTS")}
    return {one.name: known.get(one.name) for one in parameters if one.default is one.empty} | more


def test_the_cases_are_many() -> None:
    """The table below is made from signatures: were they read wrongly, it would be empty and prove nothing."""
    assert len(_cases()) > 1_000
    assert len({case[:2] for case in _cases()}) > 150


@pytest.mark.parametrize("method", METHODS, ids=".".join)
def test_another_type_is_refused_by_name(method: tuple[str, str]) -> None:
    """Numbers for texts, one number for a list, None for an id: refused when the method is called, argument named."""
    chapter, name = method
    for _, _, argument, wrong in [one for one in _cases() if one[:2] == method]:
        with pytest.raises(ValidationError) as caught:
            getattr(getattr(calls, chapter), name)(**_given(chapter, name, {argument: wrong}))
        assert caught.value.field == argument
        assert caught.value.limit in {
            "a text",
            "a whole number",
            "True or False",
            "a list of texts",
            "a list of whole numbers",
            "a list",
        }


def test_what_was_given_is_not_told() -> None:
    """The error says of what kind the value was; it may be a secret or a mobile number."""
    with pytest.raises(ValidationError) as caught:
        calls.customers.remark("zhangsan", "wm", remark_mobiles=[13800000000])  # type: ignore[list-item]
    assert str(caught.value) == "remark_mobiles: got a list of int, accepted: a list of texts"


def test_an_empty_id_can_be_previewed_but_not_sent() -> None:
    """An empty text for an id is refused when the call is checked, before it costs one."""
    call = calls.contact_ways.get("")
    assert call.body == {"config_id": ""}
    with pytest.raises(ValidationError, match="config_id: got an empty text"):
        call.check()
    fake = FakeWeCom()
    with fake.client() as wecom, pytest.raises(ValidationError):
        wecom.contact_ways.get("")
    assert fake.count("externalcontact/get_contact_way") == 0


def test_optional_arguments_may_be_none() -> None:
    """None leaves an optional argument out, as it always has."""
    assert calls.contact_ways.create(users=["u"], state=None).body == calls.contact_ways.create(users=["u"]).body  # type: ignore[arg-type]


def test_where_nothing_can_be_tested_nothing_is_wrapped() -> None:
    """A method without such arguments costs no test."""

    def list_all(self: object) -> None:
        """Take nothing."""

    assert guarded(list_all) is list_all


@pytest.mark.parametrize("wrong", [5, "2026-03-01", None, date(2026, 3, 1)])
def test_a_time_is_a_datetime(wrong: Any) -> None:
    """Where a moment is wanted, a number, a text and a day are refused by name."""
    with pytest.raises(ValidationError, match="an aware datetime") as caught:
        calls.mass_messages.list(start_at=wrong, end_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert caught.value.field == "start_at"


@pytest.mark.parametrize("wrong", [5, "2026-03-01", None])
def test_a_day_is_a_date(wrong: Any) -> None:
    """Where a day is wanted, a number and a text are refused by name."""
    with pytest.raises(ValidationError, match="a date or an aware datetime"):
        calls.statistics.get_behavior(userids=["u"], first_day=wrong, last_day=date(2026, 3, 1))


@pytest.mark.parametrize(
    "make",
    [
        lambda: calls.mass_messages.create(external_userids=[], sender="u", text="x"),
        lambda: calls.mass_messages.create(chat_type="group", chat_ids=[], sender="u", text="x"),
        lambda: calls.groups.list(owners=[]),
        lambda: calls.groups.iter_all(owners=()),
        lambda: next(iter(calls.groups.iter_details(owners=[]))),
        lambda: next(iter(calls.customers.iter_all(userids=[]))),
        lambda: calls.tags.list(tag_ids=[]),
        lambda: calls.tags.list(group_ids=[]),
        lambda: calls.strategy_tags.list(tag_ids=[]),
    ],
)
def test_an_empty_filter_is_not_everybody(make: Any) -> None:
    """A search that found nobody must not become a message to everybody, nor a list of everything."""
    with pytest.raises(ValidationError, match="got an empty list, accepted: at least one; leave it out"):
        make()


@pytest.mark.parametrize("empty", [TagFilter.all_of(), TagFilter.all_of(()), TagFilter.all_of(("et",), ())])
def test_a_filter_without_tags_is_not_everybody(empty: TagFilter) -> None:
    """A tag filter needs groups, and each group tags."""
    call: Call[Any] = calls.mass_messages.create(tag_filter=empty, text="x")
    with pytest.raises(ValidationError, match="at least 1 items"):
        call.check()


def test_a_filter_takes_tuples() -> None:
    """A tag where a tuple of tags belongs would be read as a text."""
    with pytest.raises(ValidationError, match="with a comma"):
        TagFilter.all_of("et1", "et2")  # type: ignore[arg-type]


def test_without_a_filter_it_is_everybody() -> None:
    """What is left out stays left out."""
    assert calls.mass_messages.create(sender="u", text="x").body == {
        "chat_type": "single",
        "sender": "u",
        "text": {"content": "x"},
    }
    assert calls.tags.list(tag_ids=UNSET).body == {}


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("text", lambda: calls.mass_messages.create(sender="u", text=5)),  # type: ignore[arg-type]
        ("text", lambda: calls.moments.create(text=["x"])),  # type: ignore[arg-type]
        ("attachments", lambda: calls.mass_messages.create(sender="u", text="x", attachments="x")),  # type: ignore[arg-type]
        ("file", lambda: calls.media.upload("image", 5)),  # type: ignore[arg-type]
        ("file", lambda: calls.media.upload("image", "a.png")),  # type: ignore[arg-type]
    ],
)
def test_contents_of_another_type_are_refused(field: str, make: Any) -> None:
    """Texts, attachments and files that are something else are refused by name; a path is a `Path`."""
    with pytest.raises(ValidationError) as caught:
        make()
    assert caught.value.field == field
