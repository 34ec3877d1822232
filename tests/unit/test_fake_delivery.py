"""How the fake delivers over HTTP: the deadline, both retry rules, bad receivers, and bad days on demand."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from wecom_auto.callbacks import Callback, Event, EventRouter, GroupDismissed, UnknownEvent, wsgi_app
from wecom_auto.testing import FakeWeCom, Settings
from wecom_auto.testing._post import call_receiver

TOKEN = "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
PATIENCE = 0.3


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp whose platform is impatient."""
    return FakeWeCom(settings=Settings(callback_timeout=PATIENCE))


def gone(fake: FakeWeCom, chat_id: str = "wr1") -> Event:
    """Make an event of the present virtual time."""
    return GroupDismissed(chat_id=chat_id, created_at=fake.clock.now(), to_user=fake.corp_id)


@contextmanager
def answering(answer: Callable[[socket.socket], object]) -> Iterator[tuple[str, list[bytes]]]:
    """Listen with bare sockets, so that an answer may be as bad as it likes; yields the URL and what came."""
    requests: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=talk, args=[connection]))
            threads[-1].start()

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            requests.append(connection.recv(65_536))
            answer(connection)

    acceptor = threading.Thread(target=serve)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/callback", requests
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        acceptor.join()
        for thread in threads:
            thread.join()


def drips(text: bytes, seconds: float = 30) -> Callable[[socket.socket], object]:
    """Send byte after byte, each long before a timeout of the socket."""

    def answer(connection: socket.socket) -> None:
        end = time.monotonic() + seconds
        for position in range(10**6):
            connection.sendall(text[position % len(text) :][:1])
            time.sleep(0.05)
            if time.monotonic() > end:
                return

    return answer


def pours(connection: socket.socket) -> None:
    """Answer without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


BAD = {
    "silence": (lambda _connection: time.sleep(PATIENCE * 2), "TimeoutError"),
    "head that drips": (drips(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000), "TimeoutError"),
    "body that drips": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"y" * 1_000), "TimeoutError"),
    "hanging up": (lambda connection: connection.close(), "RemoteDisconnected"),
    "no HTTP": (lambda connection: connection.sendall(b"hello\r\n\r\n"), "BadStatusLine"),
}


ALIKE = {"RemoteDisconnected": ["ConnectionResetError"]}
"""What the network makes of the same, depending on who is faster."""


@pytest.mark.parametrize("kind", BAD)
def test_no_answer_in_time_is_tried_three_times(fake: FakeWeCom, kind: str) -> None:
    """The deadline is for the whole exchange: whatever keeps it waiting costs three tries and no more."""
    answer, error = BAD[kind]
    with answering(answer) as (url, requests):
        fake.deliver_to(url, TOKEN, KEY)
        fake.emit(gone(fake))
        start = time.monotonic()
        [delivery] = fake.deliver()
        seconds = time.monotonic() - start
    assert (delivery.outcome, len(requests)) == ("failed", 3)
    assert [one.status for one in delivery.attempts] == [None] * 3
    assert {one.error for one in delivery.attempts} <= {error, *ALIKE.get(error, ())}
    assert seconds < 3 * PATIENCE + 10  # a busy machine; whoever drips would go on for 30 s a try
    assert all(one.seconds < PATIENCE + 10 for one in delivery.attempts)


def test_an_answer_without_end_is_not_read_to_the_end(fake: FakeWeCom) -> None:
    """The status was heard; nobody keeps a body that never ends."""
    with answering(pours) as (url, _):
        reply = call_receiver("POST", url, {}, b"<xml/>", 2.0)
    assert (reply.status, len(reply.body)) == (200, 1 << 20)


def test_a_receiver_that_answers_just_in_time_is_heard(fake: FakeWeCom) -> None:
    """Slow, but within the deadline: delivered at the first try, and the record knows how slow."""

    def slowly(connection: socket.socket) -> None:
        time.sleep(PATIENCE / 2)
        connection.sendall(OK)

    with answering(slowly) as (url, _):
        fake.deliver_to(url, TOKEN, KEY)
        fake.emit(gone(fake))
        [delivery] = fake.deliver()
    assert delivery.outcome == "delivered"
    assert delivery.attempts[0].seconds >= PATIENCE / 2


def test_a_receiver_that_comes_back_is_served(fake: FakeWeCom) -> None:
    """Two timeouts and an answer: the third try delivers the same event."""
    count = iter(range(10))

    def third(connection: socket.socket) -> None:
        if next(count) < 2:
            time.sleep(PATIENCE * 1.5)
        connection.sendall(OK)

    with answering(third) as (url, requests):
        fake.deliver_to(url, TOKEN, KEY)
        fake.emit(gone(fake))
        [delivery] = fake.deliver()
    assert (delivery.outcome, [one.status for one in delivery.attempts]) == ("delivered", [None, None, 200])
    assert len(set(requests)) == 3


@pytest.mark.parametrize(("status", "body"), [(302, b""), (404, b"no"), (503, b"later")])
@pytest.mark.parametrize(("rule", "tries"), [(False, 1), (True, 3)])
def test_both_retry_rules(fake: FakeWeCom, status: int, body: bytes, rule: bool, tries: int) -> None:
    """Not 200: the end by the page of 2026, three tries by that of 2022; and redirects lead nowhere."""
    fake.settings = Settings(callback_timeout=PATIENCE, retry_any_status=rule)
    head = f"HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with answering(lambda connection: connection.sendall(head + body)) as (url, requests):
        fake.deliver_to(url, TOKEN, KEY)
        fake.emit(gone(fake))
        [delivery] = fake.deliver()
    assert (delivery.outcome, len(requests)) == ("refused", tries)
    assert {one.status for one in delivery.attempts} == {status}


def test_a_large_event_that_is_refused_unread_has_its_status(fake: FakeWeCom) -> None:
    """A receiver that answers 413 before the body has come was heard."""
    fake.settings = Settings()

    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 413 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    with answering(refuse) as (url, _):
        fake.deliver_to(url, TOKEN, KEY)
        fake.emit(UnknownEvent(created_at=fake.clock.now(), msg_type="text", extra={"Content": "x" * 5_000_000}))
        [delivery] = fake.deliver()
    assert [(delivery.outcome, one.status) for one in delivery.attempts] == [("refused", 413)]


def test_redirects_fail_the_url_check(fake: FakeWeCom) -> None:
    """Saving a URL that redirects fails, and the check says why."""
    head = b"HTTP/1.1 307 X\r\nLocation: /callback/\r\nContent-Length: 0\r\n\r\n"
    with answering(lambda connection: connection.sendall(head)) as (url, _):
        check = fake.verify_url(url, TOKEN, KEY)
    assert (check.ok, check.status, "redirect" in check.problem) == (False, 307, True)


@pytest.mark.parametrize("url", ["", "localhost:80", "ftp://host/", "http://", "http://h:99999/", "http://主机/回调"])
def test_a_url_that_cannot_be_called_is_refused_at_once(fake: FakeWeCom, url: str) -> None:
    """A mistake in the URL is told when it is made, and not by deliveries that fail."""
    with pytest.raises(ValueError, match="not a URL that can be called"):
        fake.deliver_to(url, TOKEN, KEY)


def receiver(fake: FakeWeCom, seen: list[Event]) -> Callable[..., int]:
    """Return a function that opens what comes."""
    callback = Callback(TOKEN, KEY, fake.corp_id)

    def receive(query: dict[str, str], body: bytes) -> int:
        seen.append(callback.open(query, body))
        return 200

    return receive


def test_a_lost_answer_makes_a_redelivery(fake: FakeWeCom) -> None:
    """The receiver handled it, nobody heard, so it comes again: the same dedupe key in another envelope."""
    seen: list[Event] = []
    fake.deliver_to(receiver(fake, seen), TOKEN, KEY)
    fake.disturb(lose_answers=1)
    fake.emit(gone(fake))
    [delivery] = fake.deliver()
    assert [(one.status, one.error) for one in delivery.attempts] == [(None, "AnswerLost"), (200, "")]
    first, second = seen
    assert first.dedupe_key == second.dedupe_key
    assert first.delivery != second.delivery


def test_three_lost_answers_lose_nothing_for_the_receiver(fake: FakeWeCom) -> None:
    """The platform believes that it failed, and the receiver has had the event three times."""
    seen: list[Event] = []
    fake.deliver_to(receiver(fake, seen), TOKEN, KEY)
    fake.disturb(lose_answers=3)
    fake.emit(gone(fake))
    assert [one.outcome for one in fake.deliver()] == ["failed"]
    assert len({one.dedupe_key for one in seen}) == 1
    assert len(seen) == 3


def test_late_events_are_overtaken(fake: FakeWeCom) -> None:
    """A late event leaves when its virtual time has come, behind younger ones, with the time at which it happened."""
    seen: list[Event] = []
    fake.deliver_to(receiver(fake, seen), TOKEN, KEY)
    fake.disturb(late=1, late_seconds=30)
    first, second = gone(fake, "late"), gone(fake, "younger")
    fake.emit(first)
    fake.emit(second)
    assert len(fake.deliver()) == 1
    assert fake.undelivered == (first,)
    fake.clock.advance(seconds=29)
    assert fake.deliver() == ()
    fake.clock.advance(seconds=1)
    [delivery] = fake.deliver()
    assert seen == [second, first]
    assert delivery.at - seen[1].created_at == timedelta(seconds=30)


def test_time_delivers_by_itself(fake: FakeWeCom) -> None:
    """With automatic delivery a move of the clock is enough: late events leave, in the background of virtual time."""
    seen: list[Event] = []
    fake.deliver_to(receiver(fake, seen), TOKEN, KEY, automatic=True)
    fake.disturb(late=2, late_seconds=3_600)
    fake.emit(gone(fake, "a"))
    fake.emit(gone(fake, "b"))
    assert (seen, len(fake.undelivered)) == ([], 2)
    fake.clock.advance(hours=1)
    assert [one.chat_id for one in seen] == ["a", "b"]
    assert fake.undelivered == ()


def test_troubles_add_up_and_end(fake: FakeWeCom) -> None:
    """What was asked for happens as often as it was asked for, also if asked for in two calls, and then never again."""
    seen: list[Event] = []
    fake.deliver_to(receiver(fake, seen), TOKEN, KEY)
    fake.disturb(drop=1)
    fake.disturb(drop=1, duplicate=1)
    for number in range(5):
        fake.emit(gone(fake, str(number)))
    assert [one.outcome for one in fake.deliver()] == ["dropped", "dropped", *["delivered"] * 4]
    assert [one.chat_id for one in seen] == ["2", "2", "3", "4"]


def test_a_function_that_is_too_slow_was_not_heard(fake: FakeWeCom) -> None:
    """A function runs to its end, but its answer comes too late: three tries, as over HTTP."""
    calls: list[int] = []

    def receive(_query: object, _body: bytes) -> int:
        calls.append(1)
        time.sleep(PATIENCE * 1.2)
        return 200

    fake.deliver_to(receive, TOKEN, KEY)
    fake.emit(gone(fake))
    [delivery] = fake.deliver()
    assert (delivery.outcome, len(calls)) == ("failed", 3)


@pytest.mark.parametrize("error", [ConnectionRefusedError, TimeoutError])
def test_a_function_can_play_a_receiver_that_is_down(fake: FakeWeCom, error: type[Exception]) -> None:
    """A connection error raised by a function is a failed connection, and not an answer with status 500."""

    def receive(_query: object, _body: bytes) -> int:
        raise error

    fake.deliver_to(receive, TOKEN, KEY)
    fake.emit(gone(fake))
    [delivery] = fake.deliver()
    assert [(one.status, one.error) for one in delivery.attempts] == [(None, error.__name__)] * 3


def test_every_receiver_gets_its_own_envelope(fake: FakeWeCom) -> None:
    """Several receivers with several keys: one that is down costs the other nothing."""
    seen: list[Event] = []
    other = "a" * 43
    callback = Callback("other", other, "suite")

    def second(query: dict[str, str], body: bytes) -> int:
        seen.append(callback.open(query, body))
        return 200

    def down(_query: object, _body: bytes) -> int:
        raise ConnectionResetError

    fake.deliver_to(down, TOKEN, KEY)
    fake.deliver_to(second, "other", other, receive_id="suite")
    fake.emit(gone(fake))
    assert [one.outcome for one in fake.deliver()] == ["failed", "delivered"]
    assert [one.delivery.receive_id for one in seen if one.delivery] == ["suite"]


def test_the_door_and_the_fake_agree_on_bad_days(fake: FakeWeCom) -> None:
    """Doubled, unheard, late and shuffled deliveries to a real door: every event is handled once."""
    from tests.unit.test_callback_servers import QuietHandler, make_server

    seen: list[Event] = []
    router = EventRouter()
    router.on(Event)(seen.append)
    app = wsgi_app(Callback(TOKEN, KEY, fake.corp_id), router)
    fake.settings = Settings()
    with make_server("127.0.0.1", 0, app, handler_class=QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        fake.deliver_to(f"http://127.0.0.1:{server.server_port}/", TOKEN, KEY)
        fake.disturb(duplicate=10, lose_answers=7, late=10, late_seconds=60, reorder=True)
        for number in range(50):
            fake.emit(gone(fake, str(number)))
        assert len(fake.deliver()) == 50
        fake.clock.advance_to(datetime(2026, 3, 3, tzinfo=UTC))
        fake.deliver()
        server.shutdown()
        thread.join(10)
    assert len(seen) == 50
    assert {one.chat_id for one in seen} == {str(number) for number in range(50)}
