"""The doors of the fake: transports, real HTTP, control, the module, the fixtures and the SDK's clients."""

from __future__ import annotations

import http.client
import io
import json
import threading
import time
import urllib.request
import warnings
from contextlib import redirect_stdout
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from tests.unit.test_fake_support import PNG, Raw, code

from wecom_auto.testing import FakeWeCom, Limits, UnknownPathWarning, VirtualClock
from wecom_auto.testing.__main__ import main

LIBRARIES = ["httpx", "httpx2"]
FOLLOWERS = "/cgi-bin/externalcontact/get_follow_user_list"
BASE = "https://qyapi.weixin.qq.com"


@pytest.mark.parametrize("name", LIBRARIES)
def test_one_transport_serves_both_colours_of_both_libraries(name: str) -> None:
    """The transport derives from the library's sync and async base and answers either client."""
    library = pytest.importorskip(name, reason=f"{name} is an optional extra")
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    query = {"access_token": Raw(fake).token}
    transport = fake.transport_for(library)
    assert isinstance(transport, library.BaseTransport)
    assert isinstance(transport, library.AsyncBaseTransport)
    with library.Client(transport=transport) as client:
        assert client.get(BASE + FOLLOWERS, params=query).json()["follow_user"] == ["zhangsan"]

    async def ask() -> dict:
        async with library.AsyncClient(transport=transport) as client:
            return (await client.get(BASE + FOLLOWERS, params=query)).json()

    assert anyio.run(ask)["follow_user"] == ["zhangsan"]


@pytest.mark.parametrize("name", LIBRARIES)
def test_resets_and_timeouts_are_the_librarys_own(name: str) -> None:
    """A reset raises that library's ReadError, a late answer its ReadTimeout."""
    library = pytest.importorskip(name, reason=f"{name} is an optional extra")
    fake = FakeWeCom()
    with library.Client(transport=fake.transport_for(library)) as client:
        fake.fail_next("gettoken", reset="before")
        with pytest.raises(library.ReadError):
            client.get(BASE + "/cgi-bin/gettoken")
        fake.fail_next("gettoken", slow=99)
        with pytest.raises(library.ReadTimeout):
            client.get(BASE + "/cgi-bin/gettoken")


@pytest.fixture
def client(wecom_url: str) -> httpx.Client:
    """Give a plain HTTP client of the served fake; the server hangs up on it at the end."""
    return httpx.Client(base_url=wecom_url, trust_env=False)


def _token(fake: FakeWeCom, client: httpx.Client) -> str:
    query = {"corpid": fake.corp_id, "corpsecret": fake.secret}
    return client.get("/cgi-bin/gettoken", params=query).json()["access_token"]


def test_http_and_transport_share_one_state(wecom: FakeWeCom, client: httpx.Client) -> None:
    """What one door writes, the other reads; both reach the same records."""
    with client:
        query = {"access_token": _token(wecom, client)}
        body = {"group_name": "意向", "tag": [{"name": "高"}]}
        assert code(client.post("/cgi-bin/externalcontact/add_corp_tag", params=query, json=body).json()) == 0
    (group,) = Raw(wecom).customer("get_corp_tag_list")["tag_group"]
    assert group["group_name"] == "意向"
    assert wecom.count("externalcontact/add_corp_tag") == 1


def test_http_listens_on_loopback_only(wecom_url: str) -> None:
    """The address is 127.0.0.1, never a name or 0.0.0.0."""
    assert urlsplit(wecom_url).hostname == "127.0.0.1"


def test_http_keeps_connections_and_does_not_wait_for_nagle(wecom: FakeWeCom, wecom_url: str) -> None:
    """Ten requests use one connection and finish far below ten times the 45 ms of a delayed acknowledgement."""
    parts = urlsplit(wecom_url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=5)
    started = time.perf_counter()
    for _ in range(10):
        connection.request("GET", FOLLOWERS)
        answer = connection.getresponse()
        assert answer.version == 11
        assert code(json.loads(answer.read())) == 41001
        assert connection.sock is not None
    assert time.perf_counter() - started < 0.3
    connection.close()


def test_http_uploads(wecom: FakeWeCom, client: httpx.Client) -> None:
    """A real multipart upload arrives over the socket."""
    with client:
        query = {"access_token": _token(wecom, client), "type": "image"}
        assert code(client.post("/cgi-bin/media/upload", params=query, files={"media": ("a.png", PNG)}).json()) == 0


def test_http_bodies_are_bounded(wecom_url: str) -> None:
    """A content-length beyond the largest upload is answered 413 and not kept."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(wecom_url).port or 0, timeout=5)
    connection.putrequest("POST", "/cgi-bin/media/upload")
    connection.putheader("Content-Length", str(2**31))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_http_resets_are_real(wecom: FakeWeCom, client: httpx.Client, moment: str) -> None:
    """A reset over HTTP cuts the socket; the server goes on."""
    wecom.fail_next("gettoken", reset=moment)
    with client:
        with pytest.raises(httpx.TransportError):
            _token(wecom, client)
        assert _token(wecom, client)


def test_http_can_be_slow(wecom: FakeWeCom, client: httpx.Client) -> None:
    """A slow answer takes real time: the caller's timeout strikes, and the answer is not waited for."""
    wecom.fail_next("gettoken", slow=0.3)
    with client, pytest.raises(httpx.ReadTimeout):
        client.get("/cgi-bin/gettoken", timeout=0.05)


def test_http_unknown_paths_are_404(wecom: FakeWeCom, client: httpx.Client) -> None:
    """An unknown path answers 404 even where the warning about it is an error."""
    with client, warnings.catch_warnings():
        warnings.simplefilter("error", UnknownPathWarning)
        assert client.get("/cgi-bin/unknown").status_code == 404


def test_serving_ends_with_its_threads() -> None:
    """After the block nothing listens and no thread is left, though a client kept its connection."""
    fake = FakeWeCom()
    before = threading.active_count()
    with fake.serve() as url:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 0, timeout=5)
        connection.request("GET", FOLLOWERS)
        connection.getresponse().read()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    connection.close()


def test_a_hundred_calls_at_once(wecom: FakeWeCom, wecom_url: str) -> None:
    """Parallel connections are served in parallel and counted for 45033."""
    wecom.limits = Limits(concurrency={"gettoken": 1})
    codes: list[int] = []

    def ask() -> None:
        url = f"{wecom_url}/cgi-bin/gettoken?corpid={wecom.corp_id}&corpsecret={wecom.secret}"
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback
            codes.append(json.load(answer)["errcode"])

    wecom.fail_next("gettoken", slow=0.05, times=8)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 8
    assert 45033 in codes


# Control


def _do(client: httpx.Client, verb: str, **arguments: object) -> dict:
    answer = client.post(f"/_fake/{verb}", json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_control_plays_a_whole_scene(wecom: FakeWeCom, client: httpx.Client) -> None:
    """Another language can build a world, fail a call, move time, tap and look, all by JSON."""
    with client:
        token = {"access_token": _token(wecom, client)}
        _do(client, "add_member", userid="zhangsan")
        one = _do(client, "add_customer", name="李四", followed_by="zhangsan")
        body = {"sender": "zhangsan", "text": {"content": "x"}}
        _do(client, "fail", path="externalcontact/add_msg_template", errcode=-1)
        send = "/cgi-bin/externalcontact/add_msg_template"
        assert code(client.post(send, params=token, json=body).json()) == -1
        assert code(client.post(send, params=token, json=body).json()) == 0
        (task,) = _do(client, "tap", userid="zhangsan")
        assert task["recipients"][0] == {
            "target": one["external_userid"],
            "status": 1,
            "sent_at": task["recipients"][0]["sent_at"],
        }
        before = wecom.clock.time()
        _do(client, "advance", hours=2)
        assert wecom.clock.time() == before + 7200
        _do(client, "advance", to="2026-05-01T00:00:00+08:00")
        assert _do(client, "now") == "2026-04-30T16:00:00+00:00"
        assert client.get("/_fake/count", params={"path": "*"}).json()["result"] == 3
        assert client.get("/_fake/calls", params={"path": "gettoken"}).json()["result"][0]["method"] == "GET"
        assert list(_do(client, "state")["people"]) == [one["external_userid"]]
        _do(client, "reset")
        assert wecom.customers() == ()


def test_control_refuses_what_it_does_not_know(client: httpx.Client) -> None:
    """Unknown verbs are 404 with a list; wrong arguments and failures are 400 with a reason."""
    with client:
        unknown = client.post("/_fake/__init__", json={})
        assert unknown.status_code == 404
        assert "scan" in unknown.json()["verbs"]
        for verb, body in (
            ("scan", b"{}"),
            ("scan", b'{"code": "x"}'),
            ("scan", b"[]"),
            ("scan", b"{"),
            ("advance", b'{"years": 1}'),
        ):
            answer = client.post(f"/_fake/{verb}", content=body)
            assert answer.status_code == 400
            assert answer.json()["error"]


def test_every_control_verb_is_a_method() -> None:
    """The table of verbs names public methods that exist."""
    from wecom_auto.testing._control import VERBS

    assert all(callable(getattr(FakeWeCom, verb)) for verb in VERBS)


# python -m, fixtures, clients


def test_the_module_serves_other_languages() -> None:
    """`python -m wecom_auto.testing` prints one line of JSON with all that a client needs, then serves."""
    stop, out = threading.Event(), io.StringIO()
    with redirect_stdout(out):
        thread = threading.Thread(target=main, args=(["--port", "0", "--seed", "3"],), kwargs={"stop": stop})
        thread.start()
        deadline = time.monotonic() + 5
        while not out.getvalue().endswith("\n") and time.monotonic() < deadline:
            threading.Event().wait(0.01)
    about = json.loads(out.getvalue())
    query = {"corpid": about["corp_id"], "corpsecret": about["secret"]}
    answer = httpx.get(about["url"] + "/cgi-bin/gettoken", params=query, trust_env=False).json()
    stop.set()
    thread.join()
    assert code(answer) == 0


def test_fixtures_share_one_corp(wecom: FakeWeCom, wecom_url: str, wecom_clock: VirtualClock) -> None:
    """The three fixtures of the plugin belong to one fake."""
    assert wecom_clock is wecom.clock
    httpx.get(wecom_url + "/cgi-bin/gettoken", trust_env=False)
    assert wecom.count("gettoken") == 1


def test_public_names_exist_and_are_sorted() -> None:
    """`__all__` of the package is sorted and importable."""
    import wecom_auto.testing as package

    assert sorted(package.__all__) == list(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)


def test_the_sdk_speaks_to_the_fake(wecom: FakeWeCom) -> None:
    """The fake's own client needs no arguments, and virtual time passes for its token."""
    one, tag = wecom.add_customer(name="李四", followed_by="zhangsan"), wecom.add_tag("意向", "高")
    with wecom.client() as app:
        app.tags.mark("zhangsan", one.external_userid, add=[tag.id])
        wecom.clock.advance(hours=3)
        detail = app.customers.get(one.external_userid)
    assert detail.customer.name == "李四"
    assert wecom.customer(one).tags_by("zhangsan") == [tag]
    assert wecom.count("gettoken") == 2


def test_the_sdk_speaks_to_the_fake_asynchronously(wecom: FakeWeCom) -> None:
    """The asynchronous client sees the same corp."""
    one = wecom.add_customer(followed_by="zhangsan")

    async def names() -> list[str]:
        async with wecom.async_client() as app:
            return [row.external_userid async for row in app.customers.iter_by_user(["zhangsan"])]

    assert anyio.run(names) == [one.external_userid]


def test_control_is_for_programs_of_this_machine(client: httpx.Client) -> None:
    """A web page, or a name pointed at 127.0.0.1, is answered 403."""
    with client:
        assert client.post("/_fake/reset", headers={"origin": "https://evil.example"}).status_code == 403
        assert client.post("/_fake/reset", headers={"host": "evil.example"}).status_code == 403
        assert client.post("/_fake/reset").status_code == 200
