"""`wecom-auto callback`: the receiver that explains itself, and the sender that plays the platform."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve

from wecom_auto.callbacks import CallbackCrypto, CustomerAdded, Event, event_xml, read_event
from wecom_auto.callbacks._json_body import is_json
from wecom_auto.cli import main
from wecom_auto.cli._callback_send import plain_body
from wecom_auto.cli._callback_serve import Record, Seen, TryOut, listen
from wecom_auto.cli._callback_why import Secrets
from wecom_auto.cli._event_maker import event_class, fields_of, kinds, make_event
from wecom_auto.errors import ConfigurationError

TOKEN = "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OTHER_KEY = "aWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "ww1234567890abcdef"
GIVEN = Secrets(token=TOKEN, aes_key=KEY, receive_id=CORP)
SECRETS = ["--token", TOKEN, "--aes-key", KEY, "--receive-id", CORP]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run a command; get its exit code, output and complaints."""
    for name in ("WECOM_TOKEN", "WECOM_AES_KEY", "WECOM_CORP_ID"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["callback", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@contextmanager
def trying_out(given: Secrets = GIVEN) -> Iterator[tuple[str, list[Seen]]]:
    """Serve the try-out receiver; yields its URL and what it saw."""
    seen: list[Seen] = []
    with listen(TryOut(given, seen.append), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/callback", seen
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(status: int, body: bytes = b"", wait: float = 0.0, **headers: str) -> Iterator[str]:
    """Serve one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["content-length"] or 0))
            time.sleep(wait)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the base class looks for it

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# The sender


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("cls", kinds(), ids=lambda cls: cls.__name__)
def test_every_event_can_be_made(cls: type[Any], full: bool) -> None:
    """Each class is made from nothing but its name, and its body is read as the same event."""
    made = make_event(cls, full=full, to_user=CORP)
    assert read_event(plain_body(made)) == made


def test_events_are_found_by_both_names_in_any_case() -> None:
    """The class and the platform's name lead to the same."""
    names = ["CustomerAdded", "customeradded", "change_external_contact.add_external_contact"]
    assert {event_class(name) for name in names} == {CustomerAdded}


def test_an_event_arrives_as_it_was_said(say: Callable[..., tuple[int, str, str]]) -> None:
    """What is set is what the receiver reads; the line says status, time and what the platform would do."""
    with trying_out() as (url, seen):
        code, out, err = say(
            "send", "CustomerAdded", "--to", url, *SECRETS,
            "--set", "state=bj01", "--set", "WelcomeCode=CODE", "--set", "created_at=2026-03-01T10:00:00+08:00",
        )  # fmt: skip
    assert (code, err) == (0, "")
    assert re.fullmatch(r"200 change_external_contact\.add_external_contact  \d+ ms  the platform is content\n", out)
    [one] = seen
    assert isinstance(one.event, CustomerAdded)
    assert (one.event.state, one.event.welcome_code, one.event.to_user) == ("bj01", "CODE", CORP)
    assert one.event.created_at.isoformat() == "2026-03-01T02:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("TagUpdated", ["id=t1", "tag_type=tag_group"], {"id": "t1", "tag_type": "tag_group"}),
        ("GroupUpdated", ["mem_change_list=a, b", "join_scene=3"], {"mem_change_list": ("a", "b"), "join_scene": 3}),
        ("CodeScanned", ["scan.text=7", "scan.kind=barcode"], None),
        ("CodeScanned", ['scan={"text": "7", "kind": "barcode"}'], None),
        ("LinkQuotaExpiring", ["expires_at=1772330400", "uses=5"], {"uses": 5}),
    ],
)
def test_fields_of_every_kind_can_be_set(name: str, words: list[str], expected: dict[str, object] | None) -> None:
    """Enumerations, lists, times, numbers, and objects by a path or as JSON."""
    made = make_event(event_class(name), words)
    if expected is None:
        scan: Any = made.scan  # type: ignore[attr-defined]
        assert (scan.text, str(scan.kind)) == ("7", "barcode")
    else:
        assert {field: getattr(made, field) for field in expected} == expected


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["send", "CustomerAded", "--to", "http://h/"], "did you mean CustomerAdded"),
        (["send", "zzzz", "--to", "http://h/"], "no such event; `wecom-auto callback send --list` shows all"),
        (["send", "CustomerAdded", "--to", "http://h/", "--set", "sate=x"], "did you mean state?"),
        (["send", "CustomerAdded", "--to", "http://h/", "--set", "state"], "write field=value"),
        (["send", "CustomerAdded", "--to", "http://h/", "--set", "created_at=now"], "a time is wanted"),
        (["send", "CustomerAdded", "--to", "http://h/", "--set", "created_at=9999999999999"], "a time is wanted"),
        (["send", "CustomerAdded", "--to", "http://h/", "--set", "state.x=1"], "has no fields inside"),
        (["send", "CustomerAdded", "--to", "http://h/", "--set", "extra=1"], "has no such field"),
        (["send", "GroupUpdated", "--to", "http://h/", "--set", "mem_change_cnt=two"], "a number is wanted"),
        (["send", "CodeScanned", "--to", "http://h/", "--set", "scan=7"], "JSON object is wanted"),
        (["send", "CodeScanned", "--to", "http://h/", "--set", "scan={"], "JSON is wanted"),
        (["send", "CustomerAdded", "--to", "http://h/", "--set", "state=\x01"], "XML can carry"),
        (["send", "CustomerAdded"], "--to URL is missing"),
        (["send", "--to", "http://h/"], "give one of EVENT, --body and --check"),
        (["send", "CustomerAdded", "--check", "--to", "http://h/"], "give one of EVENT, --body and --check"),
        (["send", "CustomerAdded", "--to", "localhost:80"], "not a URL that can be called"),
        (["send", "CustomerAdded", "--to", "http://h/回调"], "not a URL that can be called"),
        (["serve", "--host", "256.1.1.1", "--port", "0"], "256.1.1.1"),
    ],
)
def test_a_mistake_is_one_clear_line(say: Callable[..., tuple[int, str, str]], words: list[str], told: str) -> None:
    """Exit code 2, one line that says what to write instead, and nothing sent."""
    code, out, err = say(*words, *SECRETS)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert KEY not in err


@pytest.mark.parametrize(
    ("missing", "told"),
    [("--token", "WECOM_TOKEN"), ("--aes-key", "WECOM_AES_KEY"), ("--receive-id", "WECOM_CORP_ID")],
)
def test_missing_secrets_are_named(say: Callable[..., tuple[int, str, str]], missing: str, told: str) -> None:
    """What is not given is named, with the variable that may bring it."""
    at = SECRETS.index(missing)
    code, _, err = say("send", "CustomerAdded", "--to", "http://h/", *SECRETS[:at], *SECRETS[at + 2 :])
    assert code == 2
    assert f"{missing} is missing" in err
    assert told in err


def test_a_key_of_a_wrong_length_is_told(say: Callable[..., tuple[int, str, str]]) -> None:
    """A key that lost a character in the copying is not used, and not shown."""
    code, _, err = say(
        "send", "CustomerAdded", "--to", "http://h/", "--token", "t", "--aes-key", KEY[1:], "--receive-id", "w"
    )
    assert code == 2
    assert "43 letters and digits, got 42" in err
    assert KEY[1:] not in err


def test_secrets_may_come_from_the_environment(
    say: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same variables as in the recipes: nothing secret in the list of processes."""
    for name, value in {"WECOM_TOKEN": TOKEN, "WECOM_AES_KEY": KEY, "WECOM_CORP_ID": CORP}.items():
        monkeypatch.setenv(name, value)
    with trying_out() as (url, seen):
        assert say("send", "CustomerAdded", "--to", url)[0] == 0
    assert [one.outcome for one in seen] == ["event"]


def test_repeat_and_duplicate(say: Callable[..., tuple[int, str, str]]) -> None:
    """Three events of three seconds, each twice: the receiver takes three and recognises three."""
    with trying_out() as (url, seen):
        code, out, _ = say("send", "TagDeleted", "--to", url, *SECRETS, "--repeat", "3", "--duplicate")
    assert code == 0
    assert [one.outcome for one in seen] == ["event", "again"] * 3
    assert len({one.event.created_at for one in seen if one.event}) == 3
    assert "6 sent, 6 taken; median" in out


def test_the_answer_of_a_robot_needs_no_receive_id(say: Callable[..., tuple[int, str, str]]) -> None:
    """A robot's callback is JSON and encrypted for nobody, whatever corp id the environment has."""
    with trying_out(evolve(GIVEN, receive_id="")) as (url, seen):
        assert say("send", "RobotMessage", "--to", url, "--token", TOKEN, "--aes-key", KEY)[0] == 0
        assert say("send", "RobotMessage", "--to", url, *SECRETS)[0] == 0
    assert [one.event.name for one in seen if one.event] == ["aibot.message"] * len(seen)


def test_a_suite_event_goes_in_its_envelope(say: Callable[..., tuple[int, str, str]]) -> None:
    """A provider's event is encrypted for the suite id, and the ticket is not shown by the receiver."""
    with trying_out(evolve(GIVEN, receive_id="suite")) as (url, seen):
        words = [
            "--token",
            TOKEN,
            "--aes-key",
            KEY,
            "--receive-id",
            "suite",
            "--set",
            "suite_id=suite",
            "--set",
            "ticket=T1",
        ]
        assert say("send", "SuiteTicketPushed", "--to", url, *words)[0] == 0
    [one] = seen
    assert one.document()["fields"]["ticket"] == "***"


def test_a_file_can_be_sent(say: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """Any body from a file, also one without a class."""
    body = tmp_path / "new.xml"
    body.write_bytes(b"<xml><MsgType>event</MsgType><CreateTime>1</CreateTime><Event>of_tomorrow</Event></xml>")
    with trying_out() as (url, seen):
        assert say("send", "--body", str(body), "--to", url, *SECRETS)[0] == 0
    assert [one.event.name for one in seen if one.event] == ["of_tomorrow"]


def test_json_is_for_programs(say: Callable[..., tuple[int, str, str]]) -> None:
    """With --json nothing else is printed."""
    with trying_out() as (url, _):
        code, out, _ = say("send", "CustomerAdded", "--to", url, *SECRETS, "--json")
    [one] = json.loads(out)
    assert (code, one["status"], one["good"], one["milliseconds"] > 0) == (0, 200, True, True)


@pytest.mark.parametrize(
    ("status", "body", "headers", "told"),
    [
        (403, b"", {}, "is its Token the one given here?"),
        (400, b"", {}, "EncodingAESKey"),
        (404, b"no", {}, "nothing is at that path"),
        (307, b"", {"Location": "/x/"}, "a redirect to /x/, and the platform follows none"),
        (500, b"", {}, "the receiver failed"),
        (204, b"", {}, "only 200 counts"),
    ],
)
def test_what_the_platform_makes_of_an_answer(
    say: Callable[..., tuple[int, str, str]], status: int, body: bytes, headers: dict[str, str], told: str
) -> None:
    """Anything but 200 is exit code 1, with the likely mistake and what both pages of the manual say."""
    with answering(status, body, **headers) as url:
        code, out, _ = say("send", "CustomerAdded", "--to", url, *SECRETS)
    assert code == 1
    assert told in out
    assert "2026" in out
    assert "2022" in out


def test_a_body_that_is_no_reply_is_pointed_out(say: Callable[..., tuple[int, str, str]]) -> None:
    """`ok` instead of nothing is delivered, and said; an encrypted reply is recognised."""
    with answering(200, b"ok") as url:
        code, out, _ = say("send", "CustomerAdded", "--to", url, *SECRETS)
    assert (code, "no passive reply" in out) == (0, True)
    reply = CallbackCrypto(TOKEN, KEY, CORP).encrypt(b"<xml/>", nonce="n", timestamp=1).reply_xml()
    with answering(200, reply) as url:
        _, out, _ = say("send", "TextReceived", "--to", url, *SECRETS)
    assert "takes the answer for a passive reply" in out


def test_nobody_there(say: Callable[..., tuple[int, str, str]]) -> None:
    """A refused connection is what the platform repeats."""
    code, out, _ = say("send", "CustomerAdded", "--to", "http://127.0.0.1:9/", *SECRETS)
    assert code == 1
    assert "no connection (ConnectionRefusedError)" in out
    assert "three times" in out


@pytest.mark.slow
def test_too_slow(say: Callable[..., tuple[int, str, str]]) -> None:
    """Five seconds, and not one more."""
    with answering(200, wait=5.5) as url:
        code, out, _ = say("send", "CustomerAdded", "--to", url, *SECRETS)
    assert code == 1
    assert "no answer within 5 s" in out


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda echo, _: b'"' + echo + b'"', "something around it"),
        (lambda echo, _: echo + b"\n", "blanks or a line end"),
        (lambda _, sealed: sealed, "it has to decrypt it"),
        (lambda _, __: b"ok", "not the decrypted echostr"),
    ],
)
def test_a_url_check_says_what_is_wrong(
    say: Callable[..., tuple[int, str, str]], answer: Callable[[bytes, bytes], bytes], told: str
) -> None:
    """The four ways in which people get the echo wrong have words of their own."""
    crypto = CallbackCrypto(TOKEN, KEY, CORP)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = dict(httpx.URL(self.path).params)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer(crypto.echo(query).encode(), query["echostr"].encode()))

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        code, out, _ = say("send", "--check", "--to", f"http://127.0.0.1:{server.server_port}/", *SECRETS)
        server.shutdown()
        thread.join()
    assert code == 1
    assert told in out


def test_a_good_url_check(say: Callable[..., tuple[int, str, str]]) -> None:
    """The console would save it."""
    with trying_out() as (url, seen):
        assert say("send", "--check", "--to", url, *SECRETS)[0] == 0
    assert [one.outcome for one in seen] == ["checked"]


def test_the_list_has_every_event(say: Callable[..., tuple[int, str, str]]) -> None:
    """Each event with its fields; one event with its documentation; and both for programs."""
    code, out, _ = say("send", "--list")
    assert code == 0
    assert all(f"{cls.__name__}  " in out for cls in kinds())
    assert f"{len(kinds())} events" in out
    _, one, _ = say("send", "CustomerAdded", "--list")
    assert "--set welcome_code=…  text" in one
    assert "--set userid=…  text  (always there)" in one
    _, whole, _ = say("send", "--list", "--json")
    assert len(json.loads(whole)) == len(kinds())
    _, single, _ = say("send", "TagUpdated", "--list", "--json")
    assert {one["name"]: one["required"] for one in json.loads(single)["fields"]}["tag_type"] is True


def test_required_fields_come_first() -> None:
    """A person reads what matters first."""
    for cls in kinds():
        required = [one.required for one in fields_of(cls)]
        assert required == sorted(required, reverse=True)


# The receiver


def posted(url: str, event: Event | bytes, token: str = TOKEN, key: str = KEY, corp: str = CORP) -> int:
    """Post an event with any secrets."""
    body = event if isinstance(event, bytes) else event_xml(event)
    sent = CallbackCrypto(token, key, corp).encrypt(body, nonce="n+/ =", timestamp=1)
    return httpx.post(url, params=sent.query(), content=sent.post_xml(corp), trust_env=False).status_code


@pytest.mark.parametrize(
    ("secrets", "status", "told"),
    [
        ({"token": "another"}, 403, "wrong Token: the EncodingAESKey opens the message"),
        ({"token": "another", "key": OTHER_KEY}, 403, "wrong Token and EncodingAESKey, or not from the platform"),
        ({"key": OTHER_KEY}, 400, "wrong EncodingAESKey: the Token is right"),
        ({"corp": "wwother"}, 400, f"for another receiver: it is for 'wwother', and --receive-id is '{CORP}'"),
    ],
)
def test_wrong_secrets_are_told_apart(secrets: dict[str, str], status: int, told: str) -> None:
    """Which of the three values is wrong: that is what costs people their afternoons."""
    with trying_out() as (url, seen):
        assert posted(url, make_event(CustomerAdded), **secrets) == status
    assert [one.outcome for one in seen] == ["refused"]
    assert told in seen[0].reason


def test_other_refusals_are_told_apart() -> None:
    """A browser, another method, no XML, a large body, content that is none, a query that was decoded twice."""
    sent = CallbackCrypto(TOKEN, KEY, CORP).encrypt(b"\x31" * 300, nonce="n", timestamp=1, random16=b"r" * 16)
    assert "+" in sent.encrypt
    with trying_out() as (url, seen), httpx.Client(trust_env=False) as client:
        client.get(url)
        client.put(url, content=b"x")
        client.post(url, params=sent.query(), content=b"hello")
        client.post(url, content=b"x" * (1 << 20) + b"x")
        client.post(url, params=sent.query(), content=sent.post_xml(CORP))
        client.get(url, params={**sent.query(), "echostr": sent.encrypt.replace("+", " ")})
    told = [
        "a browser",
        "GET (the URL check) and POST",
        "not the XML",
        "larger than 1 MiB",
        "its content is not",
        "decoded twice",
    ]
    assert [one.outcome for one in seen] == ["refused"] * 6
    assert [words in one.reason for words, one in zip(told, seen, strict=True)] == [True] * 6, [
        one.reason for one in seen
    ]


def test_without_a_receive_id_everybody_is_served() -> None:
    """For trying out it need not be known; messages of two corps and of a robot are all shown."""
    with trying_out(evolve(GIVEN, receive_id=None)) as (url, seen):
        for corp in ("ww1", "ww2", ""):
            assert posted(url, make_event(CustomerAdded, to_user=corp), corp=corp) == 200
        assert posted(url, make_event(CustomerAdded), token="wrong") == 403
    assert [one.outcome for one in seen] == ["event", "event", "event", "refused"]


def test_a_record_has_no_secrets(tmp_path: Path) -> None:
    """Every event, filled to the brim: a welcome code, a ticket, a phone number do not get into the file."""
    path = tmp_path / "record.jsonl"
    book = Record(path)
    secret = ("SECRET-VALUE", "13800138000")
    for cls in kinds():
        made = make_event(cls, full=True)
        hidden = [one for one in type(made).__attrs_attrs__ if one.repr is not True and one.alias != "extra"]
        texts = {one.name: secret[0] for one in hidden if isinstance(getattr(made, one.name), str)}
        book.write(Seen(outcome="event", method="POST", status=200, event=evolve(made, **texts)))
    book.write(
        Seen(outcome="event", method="POST", status=200, event=make_event(CustomerAdded, [f"state={secret[1]}"]))
    )
    book.close()
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == len(kinds()) + 1
    assert not [line for line in lines for one in secret if one in line]
    assert all(json.loads(line)["fields"]["created_at"] for line in lines)
    assert path.stat().st_mode & 0o077 == 0


def test_serve_as_a_program(tmp_path: Path) -> None:
    """Without secrets it prints three values that work, shows the event, records it, and ends on Ctrl-C."""
    record = tmp_path / "record.jsonl"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WECOM_")}
    command = [sys.executable, "-m", "wecom_auto", "callback", "serve", "--port", "0", "--raw", "--record", str(record)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # Where the tests run in the background of a script, Ctrl-C is ignored, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - it does nothing else
    ) as program:
        assert program.stdout is not None
        head = ""
        while "listening" not in head:
            head += program.stdout.readline()
        token, key = (re.search(rf"{name} +(\S+)", head)[1] for name in ("Token", "EncodingAESKey"))  # type: ignore[index]
        url = re.search(r"listening on (\S+),", head)[1]  # type: ignore[index]
        made = make_event(CustomerAdded, ["state=bj01", "welcome_code=CODE"])
        assert posted(url, made, token=token, key=key) == 200
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=20)
    assert (program.returncode, err) == (0, "stopped\n")
    assert "change_external_contact.add_external_contact" in out
    assert "state='bj01'" in out
    assert "<![CDATA[CODE]]>" in out  # --raw asks for it
    assert '"state": "bj01"' in record.read_text("utf-8")
    assert "CODE" not in record.read_text("utf-8")


def test_count_ends_the_program(say: Callable[..., tuple[int, str, str]]) -> None:
    """After the last of them is answered it stops by itself."""
    with trying_out() as (url, _):
        port = httpx.URL(url).port
    done: list[tuple[int, str, str]] = []
    thread = threading.Thread(target=lambda: done.append(say("serve", "--port", str(port), "--count", "1", *SECRETS)))
    thread.start()
    status, end = 0, time.monotonic() + 10
    while not status and time.monotonic() < end:
        try:
            status = posted(f"http://127.0.0.1:{port}/", make_event(CustomerAdded))
        except httpx.ConnectError:
            time.sleep(0.05)
    thread.join(10)
    assert (status, done[0][0]) == (200, 0)


def test_a_port_that_is_taken_is_one_line(say: Callable[..., tuple[int, str, str]]) -> None:
    """Exit code 2 and the system's words."""
    with trying_out() as (url, _):
        code, _, err = say("serve", "--port", str(httpx.URL(url).port), *SECRETS)
    assert code == 2
    assert err.count("\n") == 1
    assert "Address already in use" in err


def test_json_events_and_xml_events_are_both_there() -> None:
    """The sender knows which body a class has."""
    assert {is_json(make_event(cls)) for cls in kinds()} == {True, False}
    with pytest.raises(ConfigurationError):
        event_class("")
