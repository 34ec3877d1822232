"""The one switch of the contract suite: ``--record`` makes the cassettes again before the tests use them."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--record``."""
    parser.addoption("--record", action="store_true", help="record the cassettes again, over HTTP from the fake")


@pytest.fixture(scope="session", autouse=True)
def recorded(request: pytest.FixtureRequest) -> None:
    """Record every cassette, if asked to."""
    # Not there when pytest is started higher up and reads this file after the command line.
    if request.config.getoption("--record", default=False):
        from tests.contract._cases import CASES
        from tests.contract._doors import record

        for name in CASES:
            record(name)
