"""Set the stage: the fake platform over HTTP, a client, a database, a callback door, and what the corp creates first.

Everything listens on 127.0.0.1 and ends with the block. No wall clock is read: all time is the fake's.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

from attrs import field, frozen
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection

from wecom_auto._client import WeCom
from wecom_auto._demo._world import MAKER, START, STORES, TAG_GROUPS, manager_of
from wecom_auto.callbacks import Callback, EventRouter, wsgi_app
from wecom_auto.callbacks.events import Event
from wecom_auto.callbacks.router import HandlerFailure
from wecom_auto.directory import Directory
from wecom_auto.errors import ConfigurationError
from wecom_auto.models import NewTag
from wecom_auto.sop import Definition
from wecom_auto.sop.contents import Contents
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

DEFINITIONS: Final = ("prospect.toml", "insurance.toml")
_TOKEN: Final = "demoToken2026"  # noqa: S105 - both ends of this callback live in this process
_AES_KEY: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
_CREATE: Final = "externalcontact/add_msg_template"


@frozen(kw_only=True)
class Company:
    """Everything that acts in the play."""

    fake: FakeWeCom
    client: WeCom
    engine: Engine
    directory: Directory
    runner: Runner
    definitions: tuple[Definition, ...]
    tag_ids: dict[str, str]
    contact_ways: dict[str, str]
    join_ways: dict[str, str]
    failures: list[HandlerFailure] = field(factory=list[HandlerFailure])


@contextmanager
def company(database: Path, seed: int) -> Generator[Company]:
    """Open the company for business.

    Args:
        database: Where the SQLite file goes; an old one is replaced.
        seed: What identifiers and bad luck depend on.
    """
    for name in (database, database.with_name(f"{database.name}-wal"), database.with_name(f"{database.name}-shm")):
        with suppress(FileNotFoundError):
            name.unlink()
    fake = FakeWeCom(seed=seed, now=START)
    engine = _open(database)
    try:
        with fake.serve() as url, _client(fake, url, seed) as client:
            found = _assemble(fake, client, engine)
            with _serving(_door(found)) as door:
                _connect(found, door)
                _bad_days(fake)
                yield found
    finally:
        engine.dispose()


def _open(database: Path) -> Engine:
    engine = open_store(f"sqlite:///{database}")

    def connected(connection: DBAPIConnection, record: object) -> None:
        del record
        # A play needs no safety against a power cut; a corp's own database keeps it.
        connection.cursor().execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", connected)
    engine.dispose()
    return engine


def load_definitions() -> tuple[tuple[Definition, ...], Contents]:
    """Read the SOPs and contents that come with the package."""
    with as_file(files("wecom_auto._demo") / "sop") as folder:
        definitions = tuple(Definition.from_toml(folder / name) for name in DEFINITIONS)
        return definitions, Contents.from_toml(folder / "contents.toml")


def _client(fake: FakeWeCom, url: str, seed: int) -> WeCom:
    return WeCom(
        fake.corp_id,
        fake.secret,
        agent_id=fake.agent_id,
        base_url=url,
        clock=fake.clock.time,
        sleep=fake.clock.sleep,
        random=random.Random(seed).random,  # noqa: S311 - jitter that a second run repeats
    )


def _assemble(fake: FakeWeCom, client: WeCom, engine: Engine) -> Company:
    for store in STORES:
        for number, userid in enumerate(store.advisors, 1):
            fake.add_member(userid, name=f"{store.name}顾问{number}", department=store.department)
        fake.add_member(store.manager, name=f"{store.name}经理", department=store.department)
    directory = Directory(engine, fake.corp_id, clock=fake.clock.time)
    definitions, contents = load_definitions()
    numbers = itertools.count(1)
    runner = Runner(
        engine,
        client,
        directory,
        contents,
        settings=Settings(notify=True, supervisor=manager_of),
        new_id=lambda: f"b{next(numbers):06d}",
        stopwatch=fake.clock.time,
    )
    for definition in definitions:
        runner.publish(definition, fake.clock.now())
    return Company(
        fake=fake,
        client=client,
        engine=engine,
        directory=directory,
        runner=runner,
        definitions=definitions,
        tag_ids=_create_tags(client, directory),
        contact_ways=_create_contact_ways(client),
        join_ways=_create_groups(fake, client),
    )


def _create_tags(client: WeCom, directory: Directory) -> dict[str, str]:
    """Create the corp tags; the platform tells nobody about what the API did, so the mirror is told here."""
    groups = [
        client.tags.create([NewTag(name=name) for name in names], group_name=group)
        for group, names in TAG_GROUPS.items()
    ]
    directory.upsert_tags(groups)
    return {tag.name: tag.id for group in groups for tag in group.tags}


def _create_contact_ways(client: WeCom) -> dict[str, str]:
    return {
        state: client.contact_ways.create(users=store.advisors, state=state, remark=f"{store.name} {state}").config_id
        for store in STORES
        for state in (store.showroom_state, store.owner_state)
    }


def _create_groups(fake: FakeWeCom, client: WeCom) -> dict[str, str]:
    """A manager opens each prospect group by hand, because no API can; the code that leads into it is made by API."""
    return {
        store.code: client.join_ways.create(
            chat_ids=[fake.create_group(store.manager, f"{MAKER}{store.name}潜客群").chat_id],
            auto_create_room=True,
            room_base_name=f"{MAKER}{store.name}潜客群",
            room_base_id=2,
            state=f"group-{store.code}",
        ).config_id
        for store in STORES
    }


def _door(found: Company) -> WSGIApplication:
    router = EventRouter(on_failure=found.failures.append)

    @router.on(Event)
    def take(callback: Event) -> None:
        found.directory.apply(callback, found.client)
        found.runner.on_event(callback, found.fake.clock.now())

    return wsgi_app(Callback(_TOKEN, _AES_KEY, found.fake.corp_id), router)


def _connect(found: Company, door: str) -> None:
    check = found.fake.verify_url(door, _TOKEN, _AES_KEY)
    if not check.ok:
        msg = f"the callback door on loopback does not answer: {check.problem}; does a proxy catch 127.0.0.1?"
        raise ConfigurationError(msg)
    found.fake.deliver_to(door, _TOKEN, _AES_KEY, automatic=True)
    found.directory.sync(found.client)


def _bad_days(fake: FakeWeCom) -> None:
    """Let far more go wrong than a real platform does, so that ninety days show each kind of bad luck."""
    fake.fail_randomly(_CREATE, 0.05, reset="after")
    fake.fail_randomly(_CREATE, 0.04, late_busy=True)
    fake.fail_randomly(_CREATE, 0.03, reset="before")
    fake.fail_randomly(_CREATE, 0.02, status=502)
    fake.fail_randomly("externalcontact/get", 0.02, errcode=-1)
    fake.fail_randomly("externalcontact/get_groupmsg_task", 0.02, reset="before")
    fake.fail_randomly("externalcontact/mark_tag", 0.01, errcode=45033)


class _Handler(WSGIRequestHandler):
    # Head and body are two writes; without this each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Write nothing: the query holds signatures."""


@contextmanager
def _serving(app: WSGIApplication) -> Generator[str]:
    server = make_server("127.0.0.1", 0, app, handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callback"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
