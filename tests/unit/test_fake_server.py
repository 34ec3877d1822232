"""The door on loopback under rough treatment: odd callers, broken bodies, crowds, and the end of the service."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from wecom_auto.testing import FakeWeCom
from wecom_auto.testing.__main__ import main
from wecom_auto.testing._bodies import LARGEST_BODY
from wecom_auto.testing._server import serving

FOLLOWERS = "/cgi-bin/externalcontact/get_follow_user_list"
TAGS = "/cgi-bin/externalcontact/get_corp_tag_list"
SEND = "/cgi-bin/message/send"
PATIENCE = 0.2


@pytest.fixture
def hasty(wecom: FakeWeCom) -> Iterator[str]:
    """Give the URL of a server that loses patience after a fifth of a second."""
    with serving(wecom._core, wecom.handle, port=0, latency=0.0, idle=PATIENCE) as url:
        yield url


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)


def _everything(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    pieces = []
    while piece := connection.recv(2**16):
        pieces.append(piece)
    return b"".join(pieces)


def _exchange(url: str, *pieces: bytes) -> bytes:
    with _connect(url) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return _everything(connection)


def _post(path: str, *headers: str, body: bytes = b"", version: str = "1.1") -> bytes:
    lines = [f"POST {path} HTTP/{version}", "Host: 127.0.0.1", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def _json(answer: bytes) -> dict:
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def _token(fake: FakeWeCom, url: str) -> str:
    query = f"corpid={fake.corp_id}&corpsecret={fake.secret}"
    return _json(_exchange(url, f"GET /cgi-bin/gettoken?{query} HTTP/1.0\r\n\r\n".encode()))["access_token"]


# Odd callers that a real server serves


def test_http_1_0_without_any_header_is_served(wecom: FakeWeCom, wecom_url: str) -> None:
    """A caller of the nineties, without Host and User-Agent, gets its answer and the end of the connection."""
    answer = _exchange(wecom_url, f"GET {FOLLOWERS}?access_token=x HTTP/1.0\r\n\r\n".encode())
    assert _json(answer)["errcode"] == 40014
    assert b"Connection: close" in answer


def test_a_chunked_body_is_served(wecom: FakeWeCom, wecom_url: str) -> None:
    """Chunks with extensions and trailers are put together."""
    body = b'3;x=y\r\n{"t\r\n0f\r\nag_id":["none"]\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n'
    head = _post(f"{TAGS}?access_token={_token(wecom, wecom_url)}", "Transfer-Encoding: chunked")
    assert _json(_exchange(wecom_url, head, body)) == {"errcode": 0, "errmsg": "ok", "tag_group": []}
    assert wecom.calls("externalcontact/get_corp_tag_list")[0].body == {"tag_id": ["none"]}


def test_expect_100_continue_is_answered_at_once(wecom: FakeWeCom, wecom_url: str) -> None:
    """A caller that waits for permission gets it before it has sent its body."""
    with _connect(wecom_url) as connection:
        path = f"{TAGS}?access_token={_token(wecom, wecom_url)}"
        connection.sendall(_post(path, "Content-Length: 2", "Expect: 100-continue"))
        assert connection.recv(2**16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert _json(_everything(connection))["errcode"] == 0


def test_expect_100_continue_is_refused_when_the_body_will_be(wecom_url: str) -> None:
    """Too long a body is refused before it is sent."""
    head = _post(TAGS, f"Content-Length: {LARGEST_BODY + 1}", "Expect: 100-continue")
    with _connect(wecom_url) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        assert _status(_everything(connection)) == 413


def test_head_answers_without_body(wecom_url: str) -> None:
    """HEAD gives the headers of GET, and the connection can be used again."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(wecom_url).port or 0, timeout=5)
    for _ in range(2):
        connection.request("HEAD", FOLLOWERS)
        answer = connection.getresponse()
        assert int(answer.headers["content-length"]) > 0
        assert answer.read() == b""
    connection.close()


def test_get_with_a_body_is_served(wecom: FakeWeCom, wecom_url: str) -> None:
    """The body of a GET is read and ignored."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(wecom_url).port or 0, timeout=5)
    for _ in range(2):
        connection.request("GET", FOLLOWERS, body=b'{"debug": 1}')
        assert json.load(connection.getresponse())["errcode"] == 41001
    connection.close()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_wrong_method_is_refused_in_json(wecom: FakeWeCom, wecom_url: str, method: str) -> None:
    """A method that the endpoint does not have is answered like any wrong parameter."""
    head = f"{method} {FOLLOWERS}?access_token={_token(wecom, wecom_url)} HTTP/1.0\r\n\r\n"
    assert _json(_exchange(wecom_url, head.encode()))["errcode"] == 40058


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=UTF-8"]
)
def test_json_is_json_whatever_its_type_says(wecom: FakeWeCom, wecom_url: str, kind: str) -> None:
    """`curl -d` and clients without content type are understood, with a byte order mark too."""
    body = b'\xef\xbb\xbf{"tag_id":[]}'
    path = f"{TAGS}?access_token={_token(wecom, wecom_url)}&debug=1"
    head = _post(path, f"Content-Length: {len(body)}", *([f"Content-Type: {kind}"] if kind else []))
    assert _json(_exchange(wecom_url, head, body))["errcode"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        '{"msgtype":"文本"}'.encode("gbk"),
        b"\xff\xfe",
        b'"text"',
        b'{"touser":"\\ud800"}',
    ],
    ids=["deep list", "deep object", "gbk", "bytes", "no object", "half a surrogate"],
)
def test_json_that_cannot_be_read_is_40058(wecom: FakeWeCom, wecom_url: str, body: bytes) -> None:
    """Whatever a body holds, the answer is JSON and the server goes on."""
    head = _post(f"{SEND}?access_token={_token(wecom, wecom_url)}", f"Content-Length: {len(body)}")
    assert _json(_exchange(wecom_url, head, body))["errcode"] == 40058


# Callers that are refused


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (["Content-Length: -1"], b"", 400),
        (["Content-Length: 1e3"], b"", 400),
        (["Content-Length: ٣"], b"", 400),
        (["Content-Length: 2", "Content-Length: 3"], b"{}", 400),
        (["Content-Length: 2", "Transfer-Encoding: chunked"], b"{}", 400),
        (["Transfer-Encoding: gzip"], b"", 501),
        (["Content-Length: " + "9" * 9_999], b"", 413),
        (["Content-Length: 25165825"], b"", 413),
        (["Transfer-Encoding: chunked"], b"2000000\r\n", 413),
        (["Transfer-Encoding: chunked"], b"\r\n", 400),
        (["Transfer-Encoding: chunked"], b"-1\r\n", 400),
        (["Transfer-Encoding: chunked"], b"f" * 99 + b"\r\n", 400),
        (["Transfer-Encoding: chunked"], b"1\r\nxyz\r\n", 400),
        (["Transfer-Encoding: chunked"], b"1" * 2_000, 400),
        (["Transfer-Encoding: chunked"], b"0\r\n" + b"T: x\r\n" * 99, 400),
    ],
)
def test_broken_bodies_are_refused(
    wecom: FakeWeCom, wecom_url: str, headers: list[str], body: bytes, status: int
) -> None:
    """A body that contradicts its head, or is too long, is answered in HTTP, and no endpoint hears of it."""
    with _connect(wecom_url) as connection:
        connection.sendall(_post(SEND, *headers) + body)
        connection.shutdown(socket.SHUT_WR)
        assert _status(_everything(connection)) == status
    assert wecom.count("*") == 0


def test_leading_zeros_of_a_length_count_for_nothing(wecom_url: str) -> None:
    """Thousands of zeros before a length are neither an error nor a length."""
    assert _json(_exchange(wecom_url, _post(SEND, "Content-Length: " + "0" * 9_000 + "2"), b"{}"))["errcode"] == 41001


def test_half_a_body_is_not_carried_out(wecom: FakeWeCom, wecom_url: str) -> None:
    """A caller that dies in the middle of its request has sent nothing."""
    with _connect(wecom_url) as connection:
        connection.sendall(_post(SEND, "Content-Length: 100") + b"{}")
        connection.shutdown(socket.SHUT_WR)
        assert _status(_everything(connection)) == 400
    assert wecom.count("*") == 0


def test_a_caller_that_sends_too_much_still_reads_why(wecom_url: str) -> None:
    """413 arrives although megabytes are under way; they are thrown away, not reset."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(wecom_url).port or 0, timeout=20)
    connection.request("POST", "/cgi-bin/media/upload", body=b"x" * (LARGEST_BODY + 2**20))
    answer = connection.getresponse()
    assert answer.status == 413
    assert answer.read() == b"the body may have 24 MiB"
    connection.close()


def test_a_target_that_is_no_url_is_refused(wecom_url: str) -> None:
    """A broken request target is 400 and not a crash."""
    assert _status(_exchange(wecom_url, b"GET http://[bad HTTP/1.1\r\nConnection: close\r\n\r\n")) == 400


@pytest.mark.parametrize("half", [b"", b"GET /cgi", _post(SEND)[:-2], _post(SEND, "Content-Length: 9") + b"{"])
def test_half_a_request_is_hung_up_on(hasty: str, half: bytes) -> None:
    """Whoever falls silent in the middle of a request loses the connection."""
    with _connect(hasty) as connection:
        connection.sendall(half)
        started = time.monotonic()
        assert not _everything(connection).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - started < 5


def test_a_dripping_body_runs_out_of_time(hasty: str) -> None:
    """A byte now and then keeps no connection for ever: 408 after the time that a body may take."""
    with _connect(hasty) as connection:
        connection.sendall(_post(SEND, "Content-Length: 1000"))
        connection.settimeout(PATIENCE / 10)
        answer = b""
        deadline = time.monotonic() + 5
        while not answer and time.monotonic() < deadline:
            connection.sendall(b" ")
            try:
                answer = connection.recv(2**16)
            except TimeoutError:
                continue
        assert _status(answer) == 408


# Crowds, and the end


def _crowd(size: int, act: Callable[[], object]) -> None:
    threads = [threading.Thread(target=act) for _ in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_two_hundred_connections_at_once(wecom: FakeWeCom, wecom_url: str) -> None:
    """Two hundred callers are connected before the first one asks, and every one is answered."""
    token = _token(wecom, wecom_url)
    together = threading.Barrier(200)
    codes: list[int] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(wecom_url).port or 0, timeout=30)
        connection.connect()
        together.wait(30)
        connection.request("GET", f"{FOLLOWERS}?access_token={token}")
        codes.append(json.load(connection.getresponse())["errcode"])
        connection.close()

    _crowd(200, ask)
    assert codes == [0] * 200
    assert wecom.count("externalcontact/get_follow_user_list") == 200


def test_the_end_waits_for_no_slow_answer(wecom: FakeWeCom) -> None:
    """An answer that would come in a minute is given up when the service ends, and no thread is left."""
    before = threading.active_count()
    wecom.fail_next("gettoken", slow=60.0)
    started = time.monotonic()
    with wecom.serve() as url:
        connection = _connect(url)
        connection.sendall(b"GET /cgi-bin/gettoken HTTP/1.1\r\n\r\n")
        while not wecom.count("gettoken"):
            assert time.monotonic() - started < 10
            threading.Event().wait(0.01)
    assert _everything(connection) == b""
    connection.close()
    assert threading.active_count() == before
    assert time.monotonic() - started < 10


def test_the_end_hangs_up_on_the_silent(wecom: FakeWeCom) -> None:
    """Open connections without a request hold nothing up, and no thread is left at once."""
    before = threading.active_count()
    with wecom.serve() as url:
        connections = [_connect(url) for _ in range(20)]
        _exchange(url, b"GET /cgi-bin/gettoken HTTP/1.0\r\n\r\n")
    assert threading.active_count() == before
    for connection in connections:
        connection.close()


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """Start children that heed Ctrl-C: those of a background job would inherit that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_interrupts")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_module_ends_quietly(ending: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end the served fake with 0 and without a word, though a caller is connected."""
    command = [sys.executable, "-m", "wecom_auto.testing", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        with _connect(about["url"]):
            process.send_signal(ending)
            try:
                out, problems = process.communicate(timeout=30)
            finally:
                process.kill()
    assert (process.returncode, out, problems) == (0, b"", b"")


def test_the_module_names_a_port_that_is_taken(wecom_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use is one line and status 2, not a traceback."""
    with pytest.raises(SystemExit) as ending:
        main(["--port", str(urlsplit(wecom_url).port)])
    assert ending.value.code == 2
    assert "--port 0 picks a free one" in capsys.readouterr().err
