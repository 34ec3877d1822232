"""Secrets never reach a log, a repr or an exception: on real HTTP, with logging at DEBUG, with both libraries."""

from __future__ import annotations

import importlib
import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from wecom_auto import APIConnectionError, AsyncWeCom, AuthenticationError, Options, RetryPolicy, WeCom, WeComError
from wecom_auto.testing import FakeWeCom

SECRET = "vErYsEcReT-0123456789"
PHONE = "13800138000"
ONCE = Options(retry=RetryPolicy(attempts=1))


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Log whatever any library says."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    """Either HTTP library."""
    return pytest.importorskip(request.param)


@pytest.fixture
def fake() -> FakeWeCom:
    """A platform with one customer who has a phone number."""
    fake = FakeWeCom(secret=SECRET)
    fake.add_member("zhangsan")
    fake.add_customer(name="李四", followed_by="zhangsan")
    return fake


def shown(caplog: pytest.LogCaptureFixture, *things: object) -> str:
    """Return all that a person could see."""
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    return "\n".join([*lines, *map(repr, things), *map(str, things)])


def token_of(wecom: WeCom | AsyncWeCom) -> str:
    """Return the token that the client uses."""
    token = wecom._engine.tokens._mine
    assert token
    return token.value


def test_nothing_secret_is_logged(library: Any, fake: FakeWeCom, everything: pytest.LogCaptureFixture) -> None:
    """Neither secret nor token stands in any log line, although httpx logs whole URLs at INFO."""
    with fake.serve() as url, library.Client() as http, WeCom(fake.corp_id, SECRET, base_url=url, http=http) as wecom:
        wecom.customers.list("zhangsan")
        response = wecom.send(type(wecom.customers).list(wecom.customers, "zhangsan"))
        text, token = shown(everything, wecom, response, response.http, wecom._engine, http), token_of(wecom)
    assert "gettoken" in text, "the test must see the lines that could leak"
    assert "HTTP Request" in text
    for secret in (SECRET, token):
        assert secret not in text


def test_nothing_secret_is_logged_asynchronously(
    library: Any, fake: FakeWeCom, everything: pytest.LogCaptureFixture
) -> None:
    """The asynchronous client keeps the same silence."""

    async def main(url: str) -> str:
        async with library.AsyncClient() as http, AsyncWeCom(fake.corp_id, SECRET, base_url=url, http=http) as wecom:
            await wecom.customers.list("zhangsan")
            return token_of(wecom)

    with fake.serve() as url:
        token = anyio.run(main, url)
    text = shown(everything)
    assert "HTTP Request" in text
    for secret in (SECRET, token):
        assert secret not in text


@pytest.mark.parametrize("fault", [{"errcode": 40058}, {"status": 500}, {"html": True}, {"reset": "after"}])
def test_exceptions_keep_secrets(
    library: Any, fake: FakeWeCom, everything: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    """An error, its causes, its traceback and its pickle show neither token nor secret nor phone number."""
    with fake.serve() as url, library.Client() as http:
        wecom = WeCom(fake.corp_id, SECRET, base_url=url, http=http, options=ONCE)
        fake.fail_next("externalcontact/remark", **fault)
        with pytest.raises(WeComError) as caught:
            wecom.customers.remark("wm1", userid="zhangsan", remark_mobiles=[PHONE])
        error = caught.value
        text = shown(everything, error) + "".join(traceback.format_exception(error)) + str(pickle.dumps(error))
        while error.__cause__ or error.__context__:
            error = error.__cause__ or error.__context__  # type: ignore[assignment]
            text += f"{error!r} {error} {getattr(error, 'request', '') and error.request.url}"
    for secret in (SECRET, token_of(wecom), PHONE):
        assert secret not in text


def test_a_wrong_secret_is_not_repeated_in_the_error(fake: FakeWeCom, everything: pytest.LogCaptureFixture) -> None:
    """The message of 40001 says what to check, and not what was wrong with it."""
    wrong = "WRONG-secret-9876"
    with (
        fake.serve() as url,
        WeCom(fake.corp_id, wrong, base_url=url) as wecom,
        pytest.raises(AuthenticationError) as caught,
    ):
        wecom.follow_users.list()
    assert wrong not in shown(everything, caught.value) + "".join(traceback.format_exception(caught.value))


def test_a_dead_address_shows_no_secret(everything: pytest.LogCaptureFixture) -> None:
    """A refused connection names the call, not its query."""
    options = Options(timeout_seconds=2, retry=RetryPolicy(attempts=1))
    dead = "http://127.0.0.1:9"
    with WeCom("ww1", SECRET, base_url=dead, options=options) as wecom, pytest.raises(APIConnectionError) as caught:
        wecom.follow_users.list()
    assert SECRET not in shown(everything, caught.value) + "".join(traceback.format_exception(caught.value))
    assert "gettoken" in str(caught.value)


def test_a_users_client_keeps_working_for_others(library: Any, fake: FakeWeCom) -> None:
    """Wrapping the transports of a user's own client changes nothing for the user's own requests."""
    with fake.serve() as url, library.Client() as http:
        wecom = WeCom(fake.corp_id, SECRET, base_url=url, http=http)
        wecom.follow_users.list()
        assert http.get(f"{url}/cgi-bin/gettoken", params={"corpid": "a", "corpsecret": "b"}).status_code == 200
        wecom.close()
        assert not http.is_closed, "a client that the user brought is the user's to close"


def test_the_seam_prefers_what_is_installed() -> None:
    """Without a word the maintained library is chosen, and the environment decides otherwise."""
    http = importlib.import_module("wecom_auto._http")
    assert http.httpx.__name__ in http.LIBRARIES
