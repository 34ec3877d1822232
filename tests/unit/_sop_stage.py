"""The stage of the runner's tests: a fake corp, a database, and SOPs small enough to read."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count

import sqlalchemy as sa
from attrs import define, field
from tests.stores import memory_store

from wecom_auto._time import CHINA
from wecom_auto.directory import Directory
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Runner, Settings, TickReport
from wecom_auto.store import metadata, open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
"""A Monday morning without holidays."""
TEN = NINE.replace(hour=10)
URL = "sqlite://"
"""A database in memory; its one connection also proves that no transaction opens a second one."""
SERVERS: list[sa.Engine] = []
"""Where stages are set instead of in memory, while `tests.services.test_runner_on_servers` runs."""
LIBRARY = Contents({name: Content(text=f"内容 {name}") for name in ("a", "b", "c", "welcome")})


_OPEN: list[sa.Engine] = []


def _opened(url: str) -> sa.Engine:
    if SERVERS and url == URL:
        return emptied(SERVERS[-1])
    _OPEN.append(memory_store() if url == URL else open_store(url))
    return _OPEN[-1]


def close_stages() -> None:
    """Close the databases of all stages: Python 3.13 complains of each that is forgotten."""
    while _OPEN:
        _OPEN.pop().dispose()


def sop(name: str, steps: str, *, head: str = "", where: str = "", exits: str = "") -> Definition:
    """A definition that enrols by hand; `steps` is TOML."""
    return Definition.from_toml(
        f'sop = "{name}"\nversion = 1\ntitle = "{name}"\n{head}\n'
        f'[entry]\non = "manual"\nreentry = "always"\n{where}\n{exits}\n{steps}\n'
    )


def mass(step: str, at: str, content: str, more: str = "", do: str = "") -> str:
    """One step that sends a mass message."""
    return f'[[step]]\nid = "{step}"\nat = "{at}"\n{more}\ndo = {{ mass = "{content}"{do} }}\n'


@define
class Stage:
    """One corp with one database and one runner."""

    fake: FakeWeCom
    directory: Directory
    runner: Runner
    settings: Settings = field(factory=Settings)

    @classmethod
    def open(
        cls, url: str, *, settings: Settings | None = None, fake: FakeWeCom | None = None, contents: Contents = LIBRARY
    ) -> Stage:
        """Start at nine in the morning with an empty database."""
        fake = fake or FakeWeCom(now=NINE)
        settings = settings or Settings()
        directory = Directory(_opened(url), fake.corp_id, clock=fake.clock.time)
        numbers = count(1)
        runner = Runner(
            directory.engine,
            fake.client(),
            directory,
            contents,
            settings=settings,
            new_id=lambda: f"batch{next(numbers):04}",
            stopwatch=lambda: 0.0,
        )
        return cls(fake=fake, directory=directory, runner=runner, settings=settings)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self.fake.clock.now()

    def member(self, userid: str, customers: int) -> list[str]:
        """Add a member with customers; return their external_userids."""
        self.fake.add_member(userid)
        found = [self.fake.add_customer(name=f"{userid}{n}", followed_by=userid) for n in range(customers)]
        self.directory.sync(self.fake.client())
        return [one.external_userid for one in found]

    def publish(self, *definitions: Definition) -> None:
        """Publish definitions."""
        for definition in definitions:
            self.runner.publish(definition, self.now)

    def tick(self, at: datetime | None = None, **later: float) -> TickReport:
        """Move the virtual clock and tick."""
        if at is not None:
            self.fake.clock.advance_to(at)
        if later:
            self.fake.clock.advance(timedelta(**later))
        return self.runner.tick(self.now)

    def run_until_idle(self, days: float = 40, *, tap: bool = True) -> None:
        """Tick at every wake-up, with members who tap, until nothing is due any more."""
        limit = self.now + timedelta(days=days)
        while (wake := self.runner.next_wake()) is not None and wake < limit:
            self.tick(max(wake, self.now))
            if tap:
                self.tap_all()

    def tap_all(self) -> None:
        """Let every member confirm everything; who has left confirms nothing."""
        for member in {task.userid for msgid in self.fake.mass_messages() for task in self.fake.mass_tasks(msgid)}:
            with suppress(LookupError):
                self.fake.tap(member)

    def sent(self) -> Counter[tuple[str, str]]:
        """How many tasks of the platform hold (customer, text): from the fake's own books."""
        return books(self.fake)

    def touches(self) -> dict[tuple[str, str], str]:
        """State of every touch by (customer, step)."""
        with self.directory.engine.connect() as connection:
            rows = connection.execute(sa.select(t.touches.c.external_userid, t.touches.c.step, t.touches.c.state))
            return {(row.external_userid, row.step): row.state for row in rows}

    def touches_by_step(self) -> dict[int, str]:
        """State of every touch by its id."""
        with self.directory.engine.connect() as connection:
            return {row.id: row.state for row in connection.execute(sa.select(t.touches.c.id, t.touches.c.state))}

    def batches(self) -> list[sa.RowMapping]:
        """Every batch, oldest first."""
        with self.directory.engine.connect() as connection:
            return list(connection.execute(sa.select(t.batches).order_by(t.batches.c.id)).mappings())

    def states(self) -> list[str]:
        """The states of every batch."""
        return [row["state"] for row in self.batches()]

    def reasons(self, customer: str) -> list[str]:
        """Every reason that was written down for a customer."""
        return [line.reason for line in self.runner.why(customer)]

    def logged(self) -> Counter[str]:
        """How often each reason stands in the log."""
        with self.directory.engine.connect() as connection:
            return Counter(connection.scalars(sa.select(t.decisions.c.reason)))

    def caps(self) -> dict[str, tuple[int, int]]:
        """Reserved and used messages by customer."""
        with self.directory.engine.connect() as connection:
            return {row.external_userid: (row.reserved, row.used) for row in connection.execute(sa.select(t.caps))}


def emptied(engine: sa.Engine) -> sa.Engine:
    """The same database without a row."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
        for table in metadata.sorted_tables:
            # Some tests name the first run by its number.
            if "id" in table.c and connection.dialect.name == "postgresql" and table.c.id.autoincrement is not False:
                sequence = sa.func.pg_get_serial_sequence(table.name, "id")
                connection.execute(sa.select(sa.func.setval(sequence, 1, False)).where(sequence.is_not(None)))
            elif "id" in table.c and connection.dialect.name in {"mysql", "mariadb"}:
                connection.exec_driver_sql(f"ALTER TABLE {table.name} AUTO_INCREMENT = 1")
    return engine


def books(fake: FakeWeCom) -> Counter[tuple[str, str]]:
    """How many tasks of the platform hold (customer, text)."""
    tasks = [task for msgid in fake.mass_messages() for task in fake.mass_tasks(msgid)]
    return Counter((recipient.target, task.text) for task in tasks for recipient in task.recipients)
