"""What the tests know of `wecom.tokens`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "get_jsapi_ticket": [calls.tokens.jsapi_ticket()],
    "ticket/get": [calls.tokens.app_ticket()],
    "get_api_domain_ip": [calls.tokens.api_ips()],
    "getcallbackip": [calls.tokens.callback_ips()],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("get_api_domain_ip", calls.tokens.api_ips()),
    ("getcallbackip", calls.tokens.callback_ips()),
]
_DEFAULT = "its life is the default, which is not written back"
READ_APART = {"get_jsapi_ticket": _DEFAULT, "ticket/get": _DEFAULT}


def tokens(fake: FakeWeCom) -> Play:
    """Tickets are handed out for an hour or two, and the platform's addresses are listed."""
    fake.add_member("zhangsan")
    corp = yield lambda app: app.tokens.jsapi_ticket()
    own = yield lambda app: app.tokens.app_ticket()
    assert corp.ticket
    assert own.ticket
    assert (corp.expires_in_seconds, own.expires_in_seconds) == (7200, 7200)
    assert corp.ticket not in repr(corp)
    there = yield lambda app: app.tokens.api_ips()
    back = yield lambda app: app.tokens.callback_ips()
    assert (there, back) == (("127.0.0.1",), ("127.0.0.1",))
    try:
        yield lambda app: app.tokens.app_ticket("no_such_kind")
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (tokens,)
