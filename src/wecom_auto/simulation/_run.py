"""Run one simulation from the scenario to the report, on as many processes as wanted. Prints nothing."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
from collections.abc import Callable, Generator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.queues import SimpleQueue
from typing import Final, TypeAlias

from wecom_auto._time import CHINA
from wecom_auto.errors import ConfigurationError
from wecom_auto.simulation._company import company
from wecom_auto.simulation._lives import lives, seats
from wecom_auto.simulation._play import Play, Progress
from wecom_auto.simulation._report import Report
from wecom_auto.simulation._scenario import Scenario
from wecom_auto.simulation._tally import Count, count, report

_LOOK: Final = 0.2
"""Seconds between two looks at how far the processes are."""

_Told: TypeAlias = "SimpleQueue[tuple[int, datetime]]"


def _nobody(_at: datetime) -> None:
    """Tell nobody how far it is."""


def simulate(scenario: Scenario, progress: Progress = _nobody, *, workers: int = 1) -> Report:
    """Play a scenario and count what came of it.

    Members work in teams of at most five, who share their customers with nobody else; a team is played in one process.
    With more than one worker the calling module is imported again by each of them: a script has to keep what it does
    under ``if __name__ == "__main__":``, as `multiprocessing` asks of it.

    Args:
        scenario: Who, how long, by which seed.
        progress: Told the virtual time; that of all teams together, if there are several.
        workers: Processes at once; more than there are teams are of no use.

    Returns:
        The same report for the same scenario, on every machine and by any number of workers.

    Raises:
        ConfigurationError: A SOP is not about customers, or a message of it is missing; the scenario holds something
            that cannot be handed to another process, such as a lambda; `workers` is less than 1.
    """
    if workers < 1:
        msg = f"workers: {workers} is less than 1"
        raise ConfigurationError(msg)
    clocks = _Clocks(scenario, progress)
    if workers == 1 or len(scenario.teams) == 1:
        return report(scenario, [_play(scenario, team, clocks.tell(team)) for team in scenario.teams])
    return report(scenario, _play_together(scenario, workers, clocks))


class _Clocks:
    """The virtual clocks of all teams, told as one: the mean of them."""

    def __init__(self, scenario: Scenario, progress: Progress) -> None:
        self._start, self._progress = scenario.start, progress
        self._passed = {team.start: timedelta() for team in scenario.teams}

    def tell(self, team: range) -> Progress:
        return lambda at: self.set(team.start, at)

    def set(self, team: int, at: datetime) -> None:
        self._passed[team] = at - self._start
        self._progress(self._start + sum(self._passed.values(), timedelta()) / len(self._passed))


def _play(scenario: Scenario, team: range, progress: Progress) -> Count:
    with _seldom_collected(), company(scenario) as found:
        play = Play(found, scenario, lives(scenario, found.doors, team), seats(scenario, team))
        play.run(progress)
        return count(found, play)


@contextmanager
def _seldom_collected() -> Generator[None]:
    """Look for cycles seldom: a year of records is kept to its end, and the collector would walk it over and over."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _play_together(scenario: Scenario, workers: int, clocks: _Clocks) -> list[Count]:
    # Started afresh, not forked: the caller may have threads, and a fork would copy the locks that they hold.
    context = multiprocessing.get_context("spawn")
    told: _Told = context.SimpleQueue()
    workers = min(workers, len(scenario.teams))
    with ProcessPoolExecutor(workers, context, _begin, (_packed(scenario), told)) as pool:
        try:
            futures = [pool.submit(_play_here, number) for number in range(len(scenario.teams))]
            _watch(futures, told, clocks)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [one.result() for one in futures]


def _packed(scenario: Scenario) -> bytes:
    try:
        return pickle.dumps(scenario)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        msg = f"the scenario cannot be handed to other processes ({error}); take functions of a module, or workers=1"
        raise ConfigurationError(msg) from error


def _watch(futures: list[Future[Count]], told: _Told, clocks: _Clocks) -> None:
    left = set(futures)
    while left:
        done, left = wait(left, timeout=_LOOK)
        for one in done:
            one.result()  # A team that fails ends the play at once.
        while not told.empty():
            clocks.set(*told.get())


_scenario: Scenario
_tell: Callable[[tuple[int, datetime]], None]


def _begin(packed: bytes, told: _Told) -> None:
    """Make a process ready for its teams."""
    global _scenario, _tell  # What a process of a pool is started with has no other place.
    _scenario, _tell = pickle.loads(packed), told.put  # noqa: S301 - from the process that started this one


def _play_here(number: int) -> Count:
    team, told = _scenario.teams[number], _scenario.start.date()

    def progress(at: datetime) -> None:
        nonlocal told
        if (day := at.astimezone(CHINA).date()) != told:
            told = day
            _tell((team.start, at))

    return _play(_scenario, team, progress)
