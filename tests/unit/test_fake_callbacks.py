"""Callbacks of the fake: what causes them, what they say, and how they are delivered, refused, lost and repeated."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.callbacks import Callback, CallbackCrypto, Event, GroupDismissed
from wecom_auto.testing import FakeWeCom, Settings

TOKEN = "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class Inbox:
    """A tiny receiver: keeps what it was sent, answers what it is told."""

    def __init__(self, corp_id: str) -> None:
        self.callback = Callback(TOKEN, KEY, corp_id)
        self.crypto = CallbackCrypto(TOKEN, KEY, corp_id)
        self.requests: list[tuple[str, bytes]] = []
        self.status: Callable[[int], int] = lambda _number: 200
        self.echo = lambda query: self.crypto.echo(query).encode()

    @property
    def events(self) -> list[Event]:
        """Open everything that came."""
        return [self.callback.open(query, body) for query, body in self.requests]

    @property
    def names(self) -> list[str]:
        """Name the changes that came."""
        return [event.name.split(".")[1] for event in self.events]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Listen, and give the URL."""
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                inbox.requests.append((urlsplit(self.path).query, body))
                status = inbox.status(len(inbox.requests))
                if status == 0:
                    time.sleep(0.2)
                    return
                self.send_response(status)
                self.end_headers()

            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(inbox.echo(urlsplit(self.path).query))

            def log_message(self, *_args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/callback"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp whose callbacks do not wait long."""
    fake = FakeWeCom(settings=Settings(callback_timeout=0.1))
    fake.add_member("zhangsan")
    return fake


@pytest.fixture
def inbox(fake: FakeWeCom) -> Inbox:
    """Give a receiver of that corp."""
    return Inbox(fake.corp_id)


@pytest.fixture
def url(inbox: Inbox) -> Iterator[str]:
    """Give the receiver's URL while it listens."""
    with inbox.serving() as url:
        yield url


def _scan(fake: FakeWeCom, state: str = "s") -> None:
    Raw(fake).customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state=state)
    fake.scan(state)


def test_a_scan_is_told_encrypted_and_signed(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """The receiver's own key opens the message; it carries member, state, welcome code and virtual time."""
    fake.deliver_to(url, TOKEN, KEY)
    _scan(fake, "bj01")
    (delivery,) = fake.deliver()
    (event,) = inbox.events
    assert event.name == delivery.name == "change_external_contact.add_external_contact"
    assert (event.userid, event.state, bool(event.welcome_code)) == ("zhangsan", "bj01", True)
    assert (event.created_at, event.to_user) == (fake.clock.now(), fake.corp_id)
    assert f"timestamp={int(fake.clock.time())}" in inbox.requests[0][0]
    assert delivery.outcome == "delivered"
    assert fake.deliver() == ()


def test_own_api_edits_are_not_told(fake: FakeWeCom) -> None:
    """Tags, remarks and codes changed by API cause no event: the caller knows already (92130)."""
    one, tag, raw = fake.add_customer(followed_by="zhangsan"), fake.add_tag("意向", "高"), Raw(fake)
    ids = {"userid": "zhangsan", "external_userid": one.external_userid}
    assert code(raw.customer("mark_tag", **ids, add_tag=[tag.id])) == 0
    assert code(raw.customer("remark", **ids, remark="x")) == 0
    assert code(raw.customer("add_corp_tag", group_name="g", tag=[{"name": "n"}])) == 0
    assert code(raw.customer("edit_corp_tag", id=tag.id, name="很高")) == 0
    assert code(raw.customer("del_corp_tag", tag_id=[tag.id])) == 0
    assert fake.events == ()


def test_what_people_do_is_told(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """Every act of staff and customers has its event, in the order of the acts."""
    fake.deliver_to(url, TOKEN, KEY, automatic=True)
    one = fake.add_customer(followed_by="zhangsan")
    tag = fake.staff_creates_tag("意向", "高")
    fake.staff_marks_tag("zhangsan", one, add=[tag])
    fake.staff_remarks("zhangsan", one, remark="李总")
    fake.staff_renames_tag(tag, "很高")
    fake.staff_deletes_tag(tag)
    chat = fake.create_group("zhangsan", "群")
    fake.join_group(chat, one)
    fake.quit_group(chat, one)
    fake.dismiss_group(chat)
    fake.unfriend(one, "zhangsan")
    fake.delete_customer("zhangsan", one)
    assert inbox.names == [
        "create",
        "edit_external_contact",
        "edit_external_contact",
        "update",
        "delete",
        "create",
        "update",
        "update",
        "dismiss",
        "del_follow_user",
        "del_external_contact",
    ]
    assert {one.outcome for one in fake.deliveries} == {"delivered"}


def test_a_receiver_that_refuses_is_not_asked_again(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """By the page of 2026 an answer other than 200 ends it: one try, outcome refused."""
    fake.deliver_to(url, TOKEN, KEY)
    inbox.status = lambda _number: 500
    _scan(fake)
    (delivery,) = fake.deliver()
    assert delivery.outcome == "refused"
    assert [one.status for one in delivery.attempts] == [500]


def test_the_page_of_2022_retries_refusals(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """With retry_any_status a second try may succeed, with the same body in another envelope."""
    fake.settings = Settings(retry_any_status=True)
    fake.deliver_to(url, TOKEN, KEY)
    inbox.status = lambda number: 500 if number == 1 else 200
    _scan(fake)
    (delivery,) = fake.deliver()
    assert [one.status for one in delivery.attempts] == [500, 200]
    first, second = inbox.events
    assert first == second
    assert inbox.requests[0] != inbox.requests[1]


def test_a_receiver_that_sleeps_is_tried_three_times(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """No answer within the deadline: three tries, then the event is lost."""
    fake.deliver_to(url, TOKEN, KEY)
    inbox.status = lambda _number: 0
    _scan(fake)
    (delivery,) = fake.deliver()
    assert delivery.outcome == "failed"
    assert [one.status for one in delivery.attempts] == [None] * 3
    assert len(inbox.requests) == 3
    assert fake.deliver() == ()


def test_a_receiver_that_is_down_is_tried_three_times(fake: FakeWeCom, inbox: Inbox) -> None:
    """A refused connection counts like a timeout."""
    with inbox.serving() as url:
        pass
    fake.deliver_to(url, TOKEN, KEY)
    _scan(fake)
    (delivery,) = fake.deliver()
    assert (delivery.outcome, len(delivery.attempts)) == ("failed", 3)
    assert delivery.attempts[0].error == "ConnectionRefusedError"


def test_events_can_be_lost_doubled_and_shuffled(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """Production's habits on demand: a lost event, one that comes twice, and another order."""
    fake.deliver_to(url, TOKEN, KEY)
    one = fake.add_customer(followed_by="zhangsan")

    def three() -> None:
        fake.staff_remarks("zhangsan", one, remark="x")
        chat = fake.create_group("zhangsan", "群")
        fake.dismiss_group(chat)

    fake.disturb(drop=1, duplicate=1)
    three()
    assert [one.outcome for one in fake.deliver()] == ["dropped", "delivered", "delivered", "delivered"]
    assert inbox.names == ["create", "create", "dismiss"]
    inbox.requests.clear()
    fake.disturb(reorder=True)
    for _ in range(3):
        three()
    fake.deliver()
    expected = ["edit_external_contact", "create", "dismiss"] * 3
    assert sorted(inbox.names) == sorted(expected)
    assert inbox.names != expected


def test_functions_can_receive_too(fake: FakeWeCom, inbox: Inbox) -> None:
    """A function receives query and body without a socket; what it raises is a 500."""
    got: list[Event] = []

    def receive(query: Mapping[str, str], body: bytes) -> int:
        got.append(inbox.callback.open(query, body))
        if len(got) > 1:
            raise RuntimeError
        return 200

    fake.deliver_to(receive, TOKEN, KEY, automatic=True)
    _scan(fake)
    fake.scan("s")
    assert [one.outcome for one in fake.deliveries] == ["delivered", "refused"]
    assert [one.receiver for one in fake.deliveries] == ["handler", "handler"]


def test_a_receiver_may_call_back_from_another_thread(fake: FakeWeCom) -> None:
    """Delivery holds no lock: a receiver that calls the API in its own thread gets its answer."""
    answers: list[int] = []

    def receive(_query: object, _body: bytes) -> int:
        thread = threading.Thread(target=lambda: answers.append(code(Raw(fake).customer("get_corp_tag_list"))))
        thread.start()
        thread.join(5)
        return 200

    fake.deliver_to(receive, TOKEN, KEY, automatic=True)
    _scan(fake)
    assert answers == [0]


def test_any_event_can_be_emitted(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """Emitting sends what the fake does not play itself."""
    fake.deliver_to(url, TOKEN, KEY)
    fake.emit(GroupDismissed(chat_id="wr1", created_at=datetime(2026, 3, 2, tzinfo=UTC), to_user=fake.corp_id))
    fake.deliver()
    assert inbox.names == ["dismiss"]


def test_the_console_verifies_urls(fake: FakeWeCom, inbox: Inbox, url: str) -> None:
    """The echo must come back bare: with anything around it, or without a server, saving the URL fails."""
    assert fake.verify_url(url, TOKEN, KEY).ok
    inbox.echo = lambda query: b'"' + inbox.crypto.echo(query).encode() + b'"'
    check = fake.verify_url(url, TOKEN, KEY)
    assert (check.ok, check.status) == (False, 200)
    assert "echostr" in check.problem
    down = fake.verify_url("http://127.0.0.1:9/", TOKEN, KEY)
    assert (down.ok, down.status) == (False, None)


def test_callbacks_repeat_with_the_seed() -> None:
    """The same scene of the same seed gives the same bytes on the wire."""

    def wire() -> list[tuple[dict, bytes]]:
        sent: list[tuple[dict, bytes]] = []
        fake = FakeWeCom(seed=5)
        fake.add_member("zhangsan")
        fake.deliver_to(lambda query, body: sent.append((dict(query), body)) or 200, TOKEN, KEY, automatic=True)
        _scan(fake)
        return sent

    assert wire() == wire()
