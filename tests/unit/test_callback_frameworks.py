"""The recipes for FastAPI, Flask and Django: each of `examples/callbacks` runs in its server, called by the fake."""

from __future__ import annotations

import http.client
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from attrs import define

from wecom_auto.callbacks import CallbackCrypto, CustomerAdded, event_xml
from wecom_auto.testing import FakeWeCom, Settings

EXAMPLES = Path(__file__).parents[2] / "examples" / "callbacks"
TOKEN = "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
PATH = "/wecom/callback"
SERVERS = {
    "fastapi": ["-m", "uvicorn", "fastapi_app:app", "--host", "127.0.0.1", "--port", "{port}"],
    "flask": ["-m", "flask", "--app", "flask_app", "run", "--host", "127.0.0.1", "--port", "{port}"],
    "django": ["django_app.py", "runserver", "--noreload", "127.0.0.1:{port}"],
}


def free_port() -> int:
    """Return a port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@define
class Site:
    """A site that runs in a process of its own, and the corp that calls it."""

    name: str
    url: str
    fake: FakeWeCom
    log: Path

    @property
    def crypto(self) -> CallbackCrypto:
        """The lock of its callback URL."""
        return CallbackCrypto(TOKEN, KEY, self.fake.corp_id)

    def greeted(self, state: str) -> int:
        """Count what the handler of the recipe printed."""
        return len(
            re.findall(rf"^new customer \S+ from {state}$", self.log.read_text("utf-8", "replace"), re.MULTILINE)
        )


@pytest.fixture(scope="module", params=sorted(SERVERS))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start a recipe as its first line says."""
    name: str = request.param
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed; the extra `dev` brings it")
    fake = FakeWeCom(settings=Settings(callback_timeout=5.0))
    fake.add_member("zhangsan")
    for state in ("bj01", "bj02"):
        fake.client().contact_ways.create(users=["zhangsan"], state=state)
    port, log = free_port(), tmp_path_factory.mktemp(name) / "log"
    environment = os.environ | {"WECOM_TOKEN": TOKEN, "WECOM_AES_KEY": KEY, "WECOM_CORP_ID": fake.corp_id}
    with log.open("wb") as out:
        words = [word.format(port=port) for word in SERVERS[name]]
        server = subprocess.Popen([sys.executable, *words], cwd=EXAMPLES, env=environment, stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}{PATH}"
        wait_for(lambda: listens(port, server), log)
        fake.deliver_to(url, TOKEN, KEY)
        yield Site(name=name, url=url, fake=fake, log=log)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def listens(port: int, server: subprocess.Popen[bytes]) -> bool:
    """Whether the site takes connections."""
    assert server.poll() is None, "the server ended"
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(done: Callable[[], bool], log: Path) -> None:
    """Wait until something is so, at most 30 s."""
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, log.read_text("utf-8", "replace")
        time.sleep(0.05)


def test_the_console_accepts_the_url(site: Site) -> None:
    """The URL check passes without a redirect, and the rest of the site is where it was."""
    assert site.fake.verify_url(site.url, TOKEN, KEY).problem == ""
    assert "home" in httpx.get(site.url.removesuffix(PATH), trust_env=False).text


def test_an_event_reaches_the_handler(site: Site) -> None:
    """The fake posts a scan, and the handler of the recipe gets a typed event."""
    site.fake.scan("bj01")
    [delivery] = site.fake.deliver()
    assert (delivery.outcome, [one.status for one in delivery.attempts]) == ("delivered", [200])
    assert site.greeted("bj01") == 1


def test_a_redelivery_is_handled_once(site: Site) -> None:
    """What comes twice is answered twice and handled once."""
    site.fake.disturb(duplicate=1)
    site.fake.scan("bj02")
    assert [one.outcome for one in site.fake.deliver()] == ["delivered", "delivered"]
    assert site.greeted("bj02") == 1


def test_a_wrong_signature_is_forbidden(site: Site) -> None:
    """Whoever does not know the token gets 403 and no reason, and no handler is called."""
    event = CustomerAdded(
        created_at=site.fake.clock.now(), to_user=site.fake.corp_id, userid="z", external_userid="wm", state="forged"
    )
    sent = CallbackCrypto("another", KEY, site.fake.corp_id).encrypt(event_xml(event), nonce="n", timestamp=1)
    answer = httpx.post(site.url, params=sent.query(), content=sent.post_xml("w"), trust_env=False)
    assert (answer.status_code, answer.content) == (403, b"")
    assert site.greeted("forged") == 0


def test_an_oversized_body_is_not_read(site: Site) -> None:
    """A body that is announced as 10 MiB is refused before it is sent."""
    connection = http.client.HTTPConnection("127.0.0.1", httpx.URL(site.url).port, timeout=5)
    try:
        connection.putrequest("POST", PATH)
        connection.putheader("Content-Length", str(10 << 20))
        connection.endheaders()
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def test_a_wrong_body_is_a_bad_request(site: Site) -> None:
    """What is no envelope gets 400; no view of the framework turns it into a 500."""
    answer = httpx.post(site.url, params={"msg_signature": "x"}, content=b"\xff<xml", trust_env=False)
    assert answer.status_code == 400


def test_another_method_is_refused(site: Site) -> None:
    """PUT gets 405 and the list of what is taken."""
    answer = httpx.put(site.url, content=b"x", trust_env=False)
    assert (answer.status_code, answer.headers.get("allow")) == (405, "GET, POST")
