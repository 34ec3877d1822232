"""Set the stage: the fake platform, a client, a database in memory, a runner, and the members' codes. Plays nothing."""

from __future__ import annotations

import itertools
import random
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Engine

from wecom_auto._client import WeCom
from wecom_auto.models import NewTag
from wecom_auto.simulation._book import MemoryBook
from wecom_auto.simulation._doors import Door, door, tag_names
from wecom_auto.simulation._scenario import Scenario
from wecom_auto.sop import Runner
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom, Settings

_BOSSES: Final = 10
"""Members under one supervisor."""


@frozen(kw_only=True)
class Company:
    """Everything that acts in the play."""

    fake: FakeWeCom
    client: WeCom
    engine: Engine
    book: MemoryBook
    runner: Runner
    doors: tuple[Door, ...]

    def userid(self, seat: int, generation: int = 0) -> str:
        """The member who holds a seat: ``advisor03``, and ``advisor03-2`` after the first has left."""
        return f"advisor{seat + 1:03}" + (f"-{generation + 1}" if generation else "")

    def hire(self, userid: str) -> tuple[str, ...]:
        """Let somebody join, and give out the contact way for the customers of every SOP.

        Returns:
            The config_id of each, in the order of the doors.
        """
        self.fake.add_member(userid)
        ways = self.client.contact_ways
        return tuple(
            ways.create(users=[userid], state=_state(one, userid), remark=userid).config_id for one in self.doors
        )


def _state(one: Door, userid: str) -> str:
    return one.state if one.exact else f"{one.state}{userid}"[:30]


@contextmanager
def company(scenario: Scenario) -> Generator[Company]:
    """Open the company for business; everything is gone afterwards.

    Raises:
        ConfigurationError: A SOP is not about customers, or two versions of one SOP are given.
    """
    # A token that lives for a year: a year of renewals tells nothing about a SOP.
    fake = FakeWeCom(seed=scenario.seed, now=scenario.start, settings=Settings(token_seconds=366 * 86_400))
    engine = open_store("sqlite://")
    try:
        with fake.client() as client:
            yield _assemble(scenario, fake, client, engine)
    finally:
        engine.dispose()


def supervisor_of(userid: str) -> str:
    """The head of a member's team."""
    return f"manager{(int(userid.removeprefix('advisor').partition('-')[0]) - 1) // _BOSSES + 1:02}"


def _assemble(scenario: Scenario, fake: FakeWeCom, client: WeCom, engine: Engine) -> Company:
    book = MemoryBook(_create_tags(client, tag_names(scenario.definitions)))
    numbers = itertools.count(1)
    runner = Runner(
        engine,
        client,
        book,
        scenario.contents,
        calendar=scenario.calendar,
        settings=scenario.settings,
        new_id=lambda: f"b{next(numbers):07d}",
        stopwatch=fake.clock.time,
    )
    for definition in scenario.definitions:
        runner.publish(definition, fake.clock.now())
    doors = tuple(door(one) for one in scenario.definitions)
    return Company(fake=fake, client=client, engine=engine, book=book, runner=runner, doors=doors)


def _create_tags(client: WeCom, names: Sequence[str]) -> dict[str, str]:
    if not names:
        return {}
    group = client.tags.create([NewTag(name=name) for name in names], group_name="SOP")
    return {tag.name: tag.id for tag in group.tags}


def dice_of(seed: int) -> random.Random:
    """Dice for what is no person's own."""
    return random.Random(seed)  # noqa: S311 - a play, not a secret
