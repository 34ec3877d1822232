"""What the manual forbids is refused before it costs a call, with an error that names field, value and limit."""

from __future__ import annotations

import io
import re
from datetime import datetime
from pathlib import Path

import pytest
from tests.chapters import Make, listed
from tests.chapters._shared import NOW, calls

from wecom_auto import Effect
from wecom_auto.api._rules import MaxSpan
from wecom_auto.errors import ConflictError, ValidationError, api_error
from wecom_auto.models import (
    TextMessage,
)

TOO_MUCH: list[tuple[str, Make]] = listed("REFUSED")
AT_THE_LIMIT: list[Make] = listed("ACCEPTED")


def is_built(make: Make) -> bool:
    """Return whether the call can be made, be it wrong."""
    try:
        make()
    except ValidationError:
        return False
    return True


_SENSIBLE = r"a list of texts|an aware datetime|Page\.next_cursor of this question"
"""What is accepted where a call is refused while it is made."""


@pytest.mark.parametrize(("field", "make"), TOO_MUCH, ids=[f"{i}-{field}" for i, (field, _) in enumerate(TOO_MUCH)])
def test_a_broken_limit_is_named(field: str, make: Make) -> None:
    """Checking a call names the field; it can be built and previewed, unless nobody could have meant it."""
    with pytest.raises(ValidationError) as caught:
        make().check()
    assert caught.value.field == field
    assert is_built(make) or re.match(_SENSIBLE, caught.value.limit)
    assert caught.value.limit
    assert str(caught.value).startswith(f"{field}: got ")


def test_a_span_that_is_not_there_is_not_judged() -> None:
    """A check looks at what is given; what must be given is another check's business."""
    MaxSpan("start_time", "end_time", 31)({"start_time": 1})


@pytest.mark.parametrize("make", AT_THE_LIMIT)
def test_what_is_allowed_passes(make: Make) -> None:
    """Exactly the limit is not over it."""
    make().check()


NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001  # the point of the tests


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("start_at", lambda: calls.contact_ways.list(start_at=NAIVE)),
        ("end_at", lambda: calls.contact_ways.iter_all(start_at=NOW, end_at=NAIVE)),
        ("start_at", lambda: calls.mass_messages.list(start_at=NAIVE, end_at=NOW)),
        ("userid_list", lambda: calls.customers.list_by_user("zhangsan")),
        ("user", lambda: calls.contact_ways.create(users="zhangsan")),
        ("tag", lambda: calls.tags.create("高意向", group_name="g")),
        ("add_tag", lambda: calls.tags.mark("u", "wm", add="et1")),
        ("touser", lambda: calls.messages.send(TextMessage(content="x"), users="zhangsan", agent_id=1)),
        ("filename", lambda: calls.media.upload("file", b"123456")),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(field: str, make: Make) -> None:
    """Naive times, one text for a list, and bytes without a name are mistakes, whatever `validate` says."""
    with pytest.raises(ValidationError) as caught:
        make()
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("effect", "make"),
    [
        (Effect.READ, lambda: calls.customers.list_by_user(["u"])),
        (Effect.READ, calls.tags.list),
        (Effect.SET, lambda: calls.tags.mark("u", "wm", add=["t"])),
        (Effect.SET, lambda: calls.tags.create(["x"], group_name="g")),
        (Effect.CREATE, lambda: calls.contact_ways.create(users=["u"])),
        (Effect.CREATE, lambda: calls.join_ways.create(chat_ids=["g"])),
        (Effect.SEND, lambda: calls.mass_messages.create(sender="u", text="x")),
        (Effect.SEND, lambda: calls.mass_messages.remind("m")),
        (Effect.SET, lambda: calls.mass_messages.cancel("m")),
        (Effect.DELETE, lambda: calls.contact_ways.delete("c")),
        (Effect.SET, lambda: calls.media.upload("image", b"picture", filename="a.png")),
        (Effect.SEND, lambda: calls.messages.send(TextMessage(content="x"), users=["u"], agent_id=1)),
        (
            Effect.SET,
            lambda: calls.messages.send(TextMessage(content="x"), users=["u"], agent_id=1, enable_duplicate_check=True),
        ),
        (Effect.SET, lambda: next(calls.welcome.send("code", text="x"))),
    ],
)
def test_what_may_be_repeated(effect: Effect, make: Make) -> None:
    """Only what the platform recognises, or what can only be set, may be sent again after a lost answer."""
    assert make().effect is effect


def test_one_member_makes_a_single_contact_way() -> None:
    """The type follows from the members, unless somebody says otherwise."""
    assert calls.contact_ways.create(users=["a"]).body == {"type": 1, "scene": 2, "user": ["a"]}
    assert calls.contact_ways.create(users=["a", "b"]).body == {"type": 2, "scene": 2, "user": ["a", "b"]}
    assert calls.contact_ways.create(users=["a"], type=2).body == {"type": 2, "scene": 2, "user": ["a"]}


def test_clearing_is_not_leaving() -> None:
    """An empty text clears a remark, an empty list clears the numbers, and what is not given stays."""
    body = calls.customers.remark("wm", userid="u", remark="", remark_mobiles=[]).body
    assert body == {"userid": "u", "external_userid": "wm", "remark": "", "remark_mobiles": [""]}


def test_the_first_page_asks_without_a_cursor_where_the_manual_does() -> None:
    """A GET with an empty cursor would be another request than the manual's."""
    assert calls.customers.get("wm").query == {"external_userid": "wm"}
    assert calls.customers.get("wm", cursor="c").query == {"external_userid": "wm", "cursor": "c"}


def test_uploads_take_bytes_files_and_paths(tmp_path: Path) -> None:
    """A path and an open file bring their own name; Chinese names survive."""
    path = tmp_path / "报价单.pdf"
    path.write_bytes(b"%PDF-1")
    from_path = calls.media.upload("file", path).upload
    with path.open("rb") as file:
        from_file = calls.media.upload("file", file).upload
    from_bytes = calls.media.upload("file", b"%PDF-1", filename="报价单.pdf").upload
    from_memory = calls.media.upload("file", io.BytesIO(b"%PDF-1"), filename="报价单.pdf").upload
    assert from_path == from_file == from_bytes == from_memory
    assert from_path is not None
    assert (from_path.filename, from_path.content_type) == ("报价单.pdf", "application/pdf")
    unknown = calls.media.upload("file", b"123456", filename="x.unknown").upload
    assert unknown is not None
    assert unknown.content_type == "application/octet-stream"


@pytest.mark.parametrize(("errcode", "sent"), [(0, True), (41051, False)])
def test_a_welcome_that_was_sent_already_is_no_error(errcode: int, sent: bool) -> None:
    """41051 says that the customer has the message or chats already: there is nothing left to do."""
    flow = calls.welcome.send("code", text="你好")
    next(flow)
    with pytest.raises(StopIteration) as stop:
        flow.throw(api_error(errcode, "", call="", attempts=1)) if errcode else flow.send(None)
    assert stop.value.value is sent


def test_another_conflict_is_an_error() -> None:
    """Only 41051 means that the work is done."""
    flow = calls.welcome.send("code", text="你好")
    next(flow)
    with pytest.raises(ConflictError):
        flow.throw(api_error(40071, "", call="", attempts=1))
