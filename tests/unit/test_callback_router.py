"""Handlers get the events they asked for, in order, and an error of one is not the end of the others."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta

import anyio
import anyio.lowlevel
import pytest

from wecom_auto.callbacks import (
    Callback,
    CustomerAdded,
    CustomerEdited,
    CustomerEvent,
    CustomerHalfAdded,
    CustomerUnfollowed,
    Event,
    EventRouter,
    GroupCreated,
    HandlerFailure,
    RecentKeys,
    event_xml,
)
from wecom_auto.errors import CallbackError, ConfigurationError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ADDED = CustomerAdded(created_at=NOW, userid="z", external_userid="wm", state="bj01")
GROUP = GroupCreated(created_at=NOW, chat_id="wr")


def test_a_handler_gets_its_class_and_no_other() -> None:
    """An event goes to the handlers of its class, of its family and of all events, in the order of registration."""
    router = EventRouter()
    seen: list[tuple[str, Event]] = []

    @router.on(Event)
    def everything(event: Event) -> None:
        seen.append(("everything", event))

    @router.on(CustomerEvent)
    def family(event: CustomerEvent) -> None:
        seen.append(("family", event))

    @router.on(CustomerAdded)
    def added(event: CustomerAdded) -> None:
        seen.append(("added", event))

    @router.on(CustomerEdited)
    def edited(event: CustomerEdited) -> None:
        seen.append(("edited", event))

    names = [name.rpartition(".")[2] for name in router.dispatch(ADDED).handlers]
    assert names == ["everything", "family", "added"]
    assert seen == [("everything", ADDED), ("family", ADDED), ("added", ADDED)]


def test_one_handler_for_several_classes() -> None:
    """A handler may ask for up to three classes at once."""
    router = EventRouter()
    seen: list[str] = []

    @router.on(CustomerAdded, CustomerHalfAdded)
    def welcome(event: CustomerAdded | CustomerHalfAdded) -> None:
        seen.append(event.state)

    @router.on(CustomerAdded, CustomerHalfAdded, CustomerUnfollowed)
    def count(event: CustomerAdded | CustomerHalfAdded | CustomerUnfollowed) -> None:
        seen.append(event.userid)

    router.dispatch(ADDED)
    router.dispatch(CustomerUnfollowed(created_at=NOW, userid="w", external_userid="wm"))
    assert seen == ["bj01", "z", "w"]


def test_a_filter_is_asked_first() -> None:
    """A handler with a condition gets only what fulfils it."""
    router = EventRouter()
    seen: list[str] = []
    router.on(CustomerAdded, where=lambda event: event.state.startswith("sh"))(lambda event: seen.append("sh"))
    router.on(CustomerAdded, where=lambda event: event.state.startswith("bj"))(lambda event: seen.append("bj"))
    assert len(router.dispatch(ADDED).handlers) == 1
    assert seen == ["bj"]


def test_a_decorated_function_stays_itself() -> None:
    """The decorator returns what it was given."""

    def handler(event: CustomerAdded) -> int:
        return len(event.userid)

    assert EventRouter().on(CustomerAdded)(handler) is handler


def broken_router(failures: list[HandlerFailure], seen: list[Event]) -> EventRouter:
    """Return a router whose handler, filter and awaited handler fail, with a healthy one after them."""
    router = EventRouter(on_failure=failures.append)

    @router.on(CustomerAdded)
    def broken(event: CustomerAdded) -> None:
        msg = "no database"
        raise RuntimeError(msg)

    @router.on(CustomerAdded, where=lambda event: 1 / len(event.welcome_code) > 0)
    def never(event: CustomerAdded) -> None:
        seen.append(event)

    router.on(CustomerAdded)(seen.append)
    return router


def test_an_error_stays_with_its_handler(caplog: pytest.LogCaptureFixture) -> None:
    """What a handler or a filter raises is logged and reported, and the next handler runs."""
    failures: list[HandlerFailure] = []
    seen: list[Event] = []
    handling = broken_router(failures, seen).dispatch(ADDED)
    assert seen == [ADDED]
    assert [type(failure.error) for failure in handling.failures] == [RuntimeError, ZeroDivisionError]
    assert failures == list(handling.failures)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "no database" in caplog.text


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_errors_are_isolated_in_a_loop_too(backend: str) -> None:
    """The same, with an event loop."""
    failures: list[HandlerFailure] = []
    seen: list[Event] = []
    handling = anyio.run(broken_router(failures, seen).dispatch_async, ADDED, backend=backend)
    assert (len(handling.failures), failures, seen) == (2, list(handling.failures), [ADDED])


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_plain_handlers_run_beside_the_loop(backend: str) -> None:
    """Async handlers run in the loop's thread, plain ones in another, so that they may block."""
    router = EventRouter()
    threads: dict[str, int] = {}

    @router.on(CustomerAdded)
    async def awaited(event: CustomerAdded) -> None:
        await anyio.lowlevel.checkpoint()
        threads["awaited"] = threading.get_ident()

    @router.on(CustomerAdded)
    def plain(event: CustomerAdded) -> None:
        threads["plain"] = threading.get_ident()

    class Handler:
        async def __call__(self, event: CustomerAdded) -> None:
            threads["object"] = threading.get_ident()

    router.on(CustomerAdded)(Handler())
    router.on(CustomerAdded)(lambda event: awaited(event))  # noqa: PLW0108 - a plain function that returns an awaitable
    handling = anyio.run(router.dispatch_async, ADDED, backend=backend)
    here = threading.get_ident()
    assert handling.failures == ()
    assert (threads["awaited"], threads["object"]) == (here, here)
    assert threads["plain"] != here


def test_without_a_loop_async_handlers_fail_by_name() -> None:
    """A router with async handlers is refused by the WSGI door, and fails in a sync dispatch without being run."""
    router = EventRouter()
    seen: list[Event] = []

    @router.on(CustomerAdded)
    async def awaited(event: CustomerAdded) -> None:
        seen.append(event)

    router.on(CustomerAdded)(lambda event: awaited(event))  # noqa: PLW0108 - a plain function that returns an awaitable
    with pytest.raises(ConfigurationError, match="awaited is async"):
        router.require_sync()
    handling = router.dispatch(ADDED)
    assert [type(failure.error) for failure in handling.failures] == [ConfigurationError] * 2
    assert seen == []


def test_nobody_need_listen() -> None:
    """An event that nobody wants is no error."""
    assert EventRouter().dispatch(GROUP).handlers == ()


def test_a_key_is_remembered_for_a_while() -> None:
    """Within ten minutes a key is known, unless it was given back; afterwards it is new again."""
    now = [0.0]
    keys = RecentKeys(timer=lambda: now[0])
    assert [keys.claim("a"), keys.claim("a"), keys.claim("b")] == [True, False, True]
    keys.release("b")
    now[0] = 599
    assert [keys.claim("a"), keys.claim("b")] == [False, True]
    now[0] = 601
    assert keys.claim("a")


def test_memory_of_keys_is_bounded() -> None:
    """Beyond the limit the oldest keys go first."""
    keys = RecentKeys(at_most=2, timer=lambda: 0.0)
    assert [keys.claim(key) for key in "abc"] == [True] * 3
    assert [keys.claim(key) for key in "cba"] == [False, False, True]


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (599, True), (601, False), (-601, False)])
def test_old_requests_can_be_refused(age: int, fresh: bool) -> None:
    """With a tolerance, a request from too long ago or from the future is refused; without one, none is."""
    key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    strict = Callback("t", key, "ww1", tolerance=timedelta(minutes=10), clock=lambda: 1_700_000_000 + age)
    sent = strict.crypto.encrypt(event_xml(ADDED), nonce="n", timestamp=1_700_000_000)
    posted = (sent.query(), sent.post_xml("ww1"))
    greeting = {**sent.query(), "echostr": sent.encrypt}
    assert Callback("t", key, "ww1").open(*posted) == ADDED
    if fresh:
        assert strict.open(*posted) == ADDED
        assert strict.echo(greeting)
    else:
        with pytest.raises(CallbackError, match="timestamp"):
            strict.open(*posted)
        with pytest.raises(CallbackError, match="timestamp"):
            strict.echo(greeting)


@pytest.mark.parametrize("timestamp", ["soon", "9" * 400, ""])
def test_a_timestamp_that_is_none_is_refused(timestamp: str) -> None:
    """With a tolerance, a signed timestamp has to be a number of this age."""
    strict = Callback("t", "a" * 43, "ww1", tolerance=timedelta(minutes=10), clock=lambda: 0.0)
    encrypt = strict.crypto.encrypt(b"<xml/>", nonce="n", timestamp=1).encrypt
    query = {"msg_signature": strict.crypto.sign(timestamp, "n", encrypt), "timestamp": timestamp, "nonce": "n"}
    with pytest.raises(CallbackError, match="timestamp"):
        strict.open(query, f'{{"encrypt": "{encrypt}"}}'.encode())
