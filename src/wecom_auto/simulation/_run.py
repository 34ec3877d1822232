"""Run one simulation from the scenario to the report. Prints nothing."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

from wecom_auto.simulation._company import company
from wecom_auto.simulation._lives import lives, seats
from wecom_auto.simulation._play import Play, Progress
from wecom_auto.simulation._report import Report
from wecom_auto.simulation._scenario import Scenario
from wecom_auto.simulation._tally import tally


def _nobody(_at: datetime) -> None:
    """Tell nobody how far it is."""


@contextmanager
def _seldom_collected() -> Generator[None]:
    """Look for cycles seldom: a year of records is kept to its end, and the collector would walk it over and over."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def simulate(scenario: Scenario, progress: Progress = _nobody) -> Report:
    """Play a scenario and count what came of it.

    Args:
        scenario: Who, how long, by which seed.
        progress: Told the virtual time after every tick.

    Returns:
        The same report for the same scenario, on every machine.

    Raises:
        ConfigurationError: A SOP is not about customers, or a message of it is missing.
    """
    with _seldom_collected(), company(scenario) as found:
        play = Play(found, scenario, lives(scenario, found.doors), seats(scenario))
        play.run(progress)
        return tally(found, scenario, play)
