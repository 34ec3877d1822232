"""What the tests know of `wecom.data_zone`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError, NotFoundError
from wecom_auto.testing import FakeWeCom

zone = calls.data_zone

CALLS: Mapping[str, list[Call[Any]]] = {
    "chatdata/sync_call_program": [zone.call_program("p", ability_id="a", notify_id="n", request_data="{}")],
}
ANSWERS: list[tuple[str, Call[Any]]] = [("chatdata/sync_call_program", zone.call_program("p", ability_id="a"))]
REQUESTS: list[tuple[str, Make]] = [
    (
        "chatdata/sync_call_program",
        lambda: zone.call_program("xxx", ability_id="xxx", notify_id="xxx", request_data='{"input":"xxx"}'),
    )
]
REFUSED: list[tuple[str, Make]] = [
    ("program_id", lambda: zone.call_program("", ability_id="a")),
    ("ability_id", lambda: zone.call_program("p", ability_id="")),
    ("notify_id", lambda: zone.call_program("p", ability_id="a", notify_id="n" * 129)),
    ("request_data", lambda: zone.call_program("p", ability_id="a", request_data="")),
]
ACCEPTED: list[Make] = [lambda: zone.call_program("p", ability_id="a", notify_id="n" * 128)]
ARGUMENTS: Mapping[str, Any] = {"program_id": "p", "ability_id": "a"}


def data_zone(fake: FakeWeCom) -> Play:
    """A program answers what it is asked, and what it has called for; one that is not there is refused."""
    fake.add_zone_program("prog", "echo", lambda request, notice: f"{request}|{bool(notice)}")
    asked = yield lambda app: app.data_zone.call_program("prog", ability_id="echo", request_data='{"a":1}')
    assert asked == '{"a":1}|False'
    notice = fake.notify_from_zone()
    called = yield lambda app: app.data_zone.call_program("prog", ability_id="echo", notify_id=notice)
    assert called == "{}|True"
    fake.clock.advance(minutes=11)
    try:
        yield lambda app: app.data_zone.call_program("prog", ability_id="echo", notify_id=notice)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError
    try:
        yield lambda app: app.data_zone.call_program("other", ability_id="echo")
    except NotFoundError as error:
        refused(NotFoundError, 790006, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (data_zone,)
