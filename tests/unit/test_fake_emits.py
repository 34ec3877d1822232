"""The fake sends any event there is over HTTP, and a door hands over the same event."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import attrs
import pytest
import uvicorn
from tests.unit._events import full_event
from tests.unit.test_callback_events import XML

from wecom_auto.callbacks import EVENT_TYPES, Callback, Event, EventRouter, KnownEvent, asgi_app, read_event
from wecom_auto.testing import FakeWeCom

TOKEN = "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class Served:
    """A fake whose callbacks go to an ASGI door on a real server."""

    def __init__(self) -> None:
        self.fake = FakeWeCom()
        self.seen: list[Event] = []
        router = EventRouter()
        router.on(Event)(self.seen.append)
        app = asgi_app(Callback(TOKEN, KEY, self.fake.corp_id), router)
        self.server = uvicorn.Server(uvicorn.Config(app, lifespan="on", ws="none", log_config=None))

    def arrives(self, event: Event) -> Event:
        """Emit an event, deliver it, and return what the one handler got."""
        self.seen.clear()
        self.fake.emit(event)
        (delivery,) = self.fake.deliver()
        assert delivery.outcome == "delivered"
        (arrived,) = self.seen
        return arrived


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Serve the door for all tests of the module."""
    served = Served()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=served.server.run, args=([listening],))
        thread.start()
        served.fake.deliver_to(f"http://127.0.0.1:{listening.getsockname()[1]}/callback", TOKEN, KEY)
        yield served
        served.server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()


def alone(event: Event, number: int) -> Event:
    """Give an event an app of its own: some samples say the same, and would be taken for one that is redelivered."""
    return attrs.evolve(event, agent_id=str(number))


@pytest.mark.parametrize(("number", "name"), list(enumerate(sorted(XML))))
def test_every_example_arrives_as_it_was_sent(served: Served, number: int, name: str) -> None:
    """Each body of the reference, emitted by the fake and received over HTTP, is an equal event of the same class."""
    event = alone(read_event(XML[name]), number)
    arrived = served.arrives(event)
    assert arrived == event
    assert type(arrived) is type(event)


@pytest.mark.parametrize(("number", "cls"), list(enumerate(EVENT_TYPES, 1_000)))
def test_every_class_arrives_with_all_its_fields(served: Served, number: int, cls: type[KnownEvent]) -> None:
    """An event with every field filled arrives equal, whichever class it is of."""
    event = alone(full_event(cls), number)
    assert served.arrives(event) == event
