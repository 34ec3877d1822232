"""Kill the sender of group messages and of moments as that of customers' messages is killed; the same verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.services.test_kill_sender import BAD_DAYS, CLEAN, FIRST, GOOD_DAY, Arena, opened

pytestmark = [pytest.mark.slow, pytest.mark.kill]
DAYS = [GOOD_DAY, *(day for day in BAD_DAYS if day[1] == 1), ("reset after", 2), ("late -1", 2)]
WHERE = [
    pytest.param((database, kind), marks=[pytest.mark.postgres, pytest.mark.services] if database != "sqlite" else [])
    for database in ("sqlite", "postgres")
    for kind in ("groups", "moments")
]


@pytest.fixture(scope="module", params=WHERE, ids="-".join)
def arena(request) -> Iterator[Arena]:
    """Two tasks for groups of one owner, or two moments."""
    with opened(*request.param) as found:
        yield found


@pytest.mark.parametrize(("fault", "position"), DAYS)
@pytest.mark.parametrize(("point", "nth"), [*FIRST, ("K2", 2), ("K5", 2)])
def test_killed_at_every_step_of_the_call(arena, point, nth, fault, position):
    """Killed around the create call: after a restart there is one task for each batch, and nothing hangs."""
    case = arena.new_case(fault, position)
    case.play((point, nth))
    unanswered = fault in {"reset before", "reset after", "timeout"} and point == "K4" and nth >= position
    # A twin of an unknown batch waits, so the second one may not be reached in the same tick.
    assert case.kills == 1 or unanswered or nth == 2
    assert case.verdict() == CLEAN


@pytest.mark.parametrize(("fault", "position"), DAYS)
@pytest.mark.parametrize("point", ["K7", "K8", "K9"])
def test_killed_while_finding_out(arena, point, fault, position):
    """Killed a second time while the first death is cleared up, or while results are read: the same verdict."""
    case = arena.new_case(fault, position)
    case.play(("K2" if fault == "no fault" else "K6", 1), (point, 1))
    assert case.kills == 2
    assert case.verdict() == CLEAN


def test_a_sender_that_repeats_lost_calls_fails_here_too(arena):
    """The usual retry on a lost answer makes a second task: the matrix proves something."""
    case = arena.new_case("reset after", 1)
    case.repeats = True
    case.play(("K6", 2))
    assert case.verdict()["duplicates"] > 0
