"""The inbox behind both doors, and in an event loop: deadlines, duplicates, a database that is away."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio
import anyio.lowlevel
import pytest
import sqlalchemy as sa
from attrs import evolve

from wecom_auto.callbacks import (
    Callback,
    CustomerAdded,
    CustomerEvent,
    Deadline,
    Event,
    EventRouter,
    RecentKeys,
    TextReply,
    UnknownEvent,
    asgi_app,
    event_xml,
    read_event,
    reconstruct,
    wsgi_app,
)
from wecom_auto.errors import ConfigurationError
from wecom_auto.inbox import Inbox, InboxReport, InboxSettings, InboxState
from wecom_auto.store import open_store

CORP = "ww1234567890abcdef"
CALLBACK = Callback("Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", CORP)
SETTINGS = InboxSettings(
    answer_within=timedelta(seconds=1),
    patience=timedelta(seconds=0.05),
    lease=timedelta(seconds=2),
    poll=timedelta(milliseconds=5),
)


@pytest.fixture
def engine(tmp_path) -> Iterator[sa.Engine]:
    """A database file."""
    engine = open_store(f"sqlite:///{tmp_path / 'inbox.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def router() -> EventRouter:
    """Nobody's handlers yet."""
    return EventRouter()


@pytest.fixture
def inbox(engine, router) -> Inbox:
    """An inbox in a hurry."""
    return Inbox(engine, router, settings=SETTINGS)


@pytest.fixture(params=["asyncio", "trio"])
def backend(request) -> str:
    """Both event loops."""
    return request.param


def added(customer: str = "wm1") -> CustomerAdded:
    """A new customer, just now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return CustomerAdded(created_at=now, to_user=CORP, userid="z", external_userid=customer, welcome_code="CODE")


def request(event: Event, nonce: str = "n") -> tuple[str, bytes]:
    """Query and body of the platform's call."""
    sent = CALLBACK.crypto.encrypt(event_xml(event), nonce=nonce, timestamp=int(event.created_at.timestamp()))
    return "&".join(f"{name}={value}" for name, value in sent.query().items()), sent.post_xml(CORP)


async def post(app, event: Event, nonce: str = "n") -> int:
    """Call an ASGI application, and return the status."""
    query, body = request(event, nonce)
    scope = {"type": "http", "method": "POST", "query_string": query.encode(), "headers": []}
    sent: list[dict[str, object]] = []

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"]


def call(app, event: Event, nonce: str = "n") -> str:
    """Call a WSGI application, and return the status."""
    query, body = request(event, nonce)
    environ = {
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    statuses: list[str] = []
    list(app(environ, lambda status, headers: statuses.append(status)))
    return statuses[0]


def state(inbox: Inbox) -> str:
    """Where the newest event stands."""
    return inbox.events()[0].state


def test_the_asgi_door_stores_and_the_worker_handles(inbox, router, backend):
    """Async and plain handlers; urgent ones before the answer; a redelivery is recognised."""
    seen: list[str] = []

    @router.on(CustomerAdded, urgent=True)
    async def greet(event: CustomerAdded, deadline: Deadline) -> None:
        assert 0 < deadline.left <= 1
        seen.append("greet")

    @router.on(CustomerEvent)
    async def later(event: CustomerEvent) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append("later")

    router.on(CustomerEvent)(lambda event: seen.append("plain"))

    async def play() -> list[object]:
        app = asgi_app(CALLBACK, inbox)
        first = await post(app, event)
        assert seen == ["greet"]
        return [first, await post(app, event, "other"), await inbox.work_once_async()]

    event = added()
    assert anyio.run(play, backend=backend) == [200, 200, InboxReport(done=1)]
    assert seen == ["greet", "later", "plain"]
    assert inbox.stats().duplicates == 1


def test_an_async_handler_is_cancelled_in_time(inbox, router, backend):
    """The platform is answered although the handler hangs; the worker tries again while time is left."""
    calls: list[int] = []

    @router.on(CustomerAdded, urgent=True)
    async def greet(event: CustomerAdded) -> None:
        calls.append(1)
        if len(calls) == 1:
            await anyio.sleep(60)

    async def play() -> None:
        began = time.monotonic()
        assert await post(asgi_app(CALLBACK, inbox), added()) == 200
        assert 0.5 < time.monotonic() - began < 4
        assert state(inbox) == InboxState.WAITING
        assert "TimeoutError" in inbox.events()[0].error
        await anyio.sleep(1.05)
        assert await inbox.work_once_async() == InboxReport(urgent=1)

    anyio.run(play, backend=backend)
    assert (len(calls), state(inbox)) == (2, InboxState.DONE)


def test_a_plain_handler_is_not_waited_for_and_not_begun_twice(inbox, router, backend):
    """A function in a thread cannot be stopped: the platform is answered, and its late success still counts."""
    go_on, calls = threading.Event(), []

    @router.on(CustomerAdded, urgent=True)
    def greet(event: CustomerAdded, deadline: Deadline) -> None:
        calls.append(1)
        assert go_on.wait(10)

    async def play() -> None:
        app, event = asgi_app(CALLBACK, inbox), added()
        began = time.monotonic()
        assert await post(app, event) == 200
        assert await post(app, event) == 200
        assert time.monotonic() - began < 8
        assert (await inbox.work_once_async()).events == 0
        go_on.set()
        with anyio.fail_after(5):
            while state(inbox) != InboxState.DONE:  # noqa: ASYNC110 - the database tells nobody
                await anyio.sleep(0.01)

    anyio.run(play, backend=backend)
    assert len(calls) == 1


def test_a_function_that_returns_something_to_await(inbox, router, backend):
    """A plain function around an async one works as it does without an inbox."""
    seen: list[Event] = []

    async def keep(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(event)

    router.on(CustomerAdded)(lambda event: keep(event))  # noqa: PLW0108 - a plain function, that is the point
    router.on(CustomerAdded, urgent=True)(partial(keep))
    event = added()

    async def play() -> InboxReport:
        await post(asgi_app(CALLBACK, inbox), event)
        return await inbox.work_once_async()

    assert anyio.run(play, backend=backend) == InboxReport(done=1)
    assert seen == [event, event]


def test_a_slow_async_handler_loses_its_lease_and_no_event(engine, router, backend):
    """A worker cancels an async handler when its lease is over; the event is tried again."""

    @router.on(CustomerAdded)
    async def hang(event: CustomerAdded) -> None:
        await anyio.sleep(60)

    inbox = Inbox(
        engine, router, settings=evolve(SETTINGS, lease=timedelta(seconds=0.4), answer_within=timedelta(seconds=0.1))
    )
    inbox.put(added())
    assert anyio.run(inbox.work_once_async, backend=backend) == InboxReport(failed=1)
    assert "TimeoutError" in inbox.events()[0].error


def test_a_cancelled_worker_gives_back(inbox, router, backend):
    """A loop that is cancelled in the middle of an event leaves no lease behind."""

    @router.on(CustomerAdded)
    async def hang(event: CustomerAdded) -> None:
        await anyio.sleep(60)

    inbox.put(added())

    async def play() -> None:
        with anyio.move_on_after(0.2):
            await inbox.run_async()

    anyio.run(play, backend=backend)
    assert (inbox.stats().running, inbox.stats().counts[InboxState.WAITING]) == (0, 1)
    assert inbox.events()[0].attempts == 0


def test_an_async_loop_handles_what_comes(inbox, router, backend):
    """`run_async` beside the door, as in one uvicorn process."""
    seen: list[str] = []
    router.on(CustomerAdded)(lambda event: seen.append(event.external_userid))

    async def play() -> None:
        app = asgi_app(CALLBACK, inbox)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(inbox.run_async)
            for number in range(5):
                assert await post(app, added(f"wm{number}")) == 200
            with anyio.fail_after(10):
                while inbox.stats().counts[InboxState.DONE] < 5:  # noqa: ASYNC110 - the database tells nobody
                    await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    anyio.run(play, backend=backend)
    assert sorted(seen) == [f"wm{number}" for number in range(5)]


def test_no_200_without_a_row(inbox, engine, backend, caplog):
    """With the database away both doors answer 503, after the platform has hung up, and say so in the log."""
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE inbox_events RENAME TO elsewhere"))
    event = added()
    assert anyio.run(post, asgi_app(CALLBACK, inbox), event, backend=backend) == 503
    assert call(wsgi_app(CALLBACK, inbox), event) == "503 Service Unavailable"
    assert "could not be stored" in caplog.text
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox_events"))
    assert call(wsgi_app(CALLBACK, inbox), event) == "200 OK"


def test_the_wsgi_door(inbox, router):
    """Stored, greeted with a deadline, answered; a second greeting only if the first failed."""
    left: list[float] = []

    @router.on(CustomerAdded, urgent=True)
    def greet(event: CustomerAdded, deadline: Deadline) -> None:
        left.append(deadline.left)
        if len(left) == 1:
            msg = "busy"
            raise RuntimeError(msg)

    app, event = wsgi_app(CALLBACK, inbox), added()
    assert [call(app, event) for _ in range(3)] == ["200 OK"] * 3
    assert len(left) == 2
    assert max(left) <= 1
    assert state(inbox) == InboxState.DONE


def test_a_guard_beside_an_inbox_is_refused(inbox):
    """A guard in memory would swallow the redelivery that is to run the urgent handler again."""
    for make in (asgi_app, wsgi_app):
        with pytest.raises(ConfigurationError, match="duplicates"):
            make(CALLBACK, inbox, duplicates=RecentKeys())


def test_a_forgery_leaves_no_row(inbox):
    """Only what is signed and decrypted is stored."""
    app, event = wsgi_app(CALLBACK, inbox), added()
    query, body = request(event)
    environ = {
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": query.replace("nonce=n", "nonce=m"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    statuses: list[str] = []
    app(environ, lambda status, headers: statuses.append(status))
    assert statuses == ["403 Forbidden"]
    assert inbox.events() == []


@pytest.mark.parametrize("door", ["asgi", "wsgi"])
def test_an_urgent_handler_may_reply(inbox, router, door, backend):
    """What an urgent handler returns answers the person at once; a reply of a later handler would come too late."""
    router.on(UnknownEvent)(lambda event: TextReply(content="later"))
    router.on(Event, urgent=True)(lambda event: TextReply(content="now"))
    event = read_event(
        f"<xml><ToUserName>{CORP}</ToUserName><FromUserName>z</FromUserName><CreateTime>{int(time.time())}</CreateTime>"
        "<MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId><AgentID>1</AgentID></xml>".encode()
    )
    handling = inbox.receive(event) if door == "wsgi" else anyio.run(inbox.receive_async, event, backend=backend)
    assert handling.reply == TextReply(content="now")


def test_a_reconstructed_event_stays_one(inbox, router):
    """What a reconciliation puts is handled like any other, and still says what it is."""
    seen: list[Event] = []
    router.on(CustomerAdded)(seen.append)
    event = reconstruct(added())
    assert [inbox.put(event), inbox.put(event)] == [True, False]
    assert inbox.work_once() == InboxReport(done=1)
    assert seen == [event]
    assert seen[0].reconstructed


def test_a_router_calls_urgent_handlers_with_a_deadline():
    """Without an inbox an urgent handler gets what is left of the event's 20 seconds."""
    router, left = EventRouter(), []

    @router.on(CustomerAdded, urgent=True)
    def greet(event: CustomerAdded, deadline: Deadline) -> None:
        left.append((deadline.left, deadline.over))

    @router.on(CustomerAdded, urgent=True)
    def short(event: CustomerAdded, *, dry: bool = False) -> None:
        left.append(dry)

    assert router.dispatch(added()).failures == ()
    assert 17 < left[0][0] <= 20
    assert left[0][1:] == (False,)
    assert left[1] is False
