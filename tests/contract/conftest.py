"""The switches of the contract suite, which make cassettes again before the tests use them.

``--record`` records the selected cases (see ``-k``) from the fake, ``--record-real`` the real cases from a real corp.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switches."""
    group = parser.getgroup("contract", "cassettes of wecom_auto")
    group.addoption("--record", action="store_true", help="record the selected cases again, over HTTP from the fake")
    group.addoption(
        "--record-real", action="store_true", help="record the selected real cases from a real corp; they only read"
    )
    group.addoption(
        "--record-real-writes", action="store_true", help="also those that write something and take it away again"
    )


@pytest.fixture(scope="session", autouse=True)
def recorded(request: pytest.FixtureRequest) -> None:
    """Record what the command line asks for."""
    # The switches are not there when pytest is started higher up and reads this file after the command line.
    wanted = {name for name in _SWITCHES if request.config.getoption(f"--{name}", default=False)}
    if wanted and hasattr(request.config, "workerinput"):
        pytest.exit("record without -n: several processes would write the same cassettes", pytest.ExitCode.USAGE_ERROR)
    if "record" in wanted:
        from tests.contract._cases import CASES
        from tests.contract._doors import record

        for name in selected(request.session.items, "name", CASES):
            record(name)
    if wanted & {"record-real", "record-real-writes"}:
        record_real(request.session.items, writes="record-real-writes" in wanted)


_SWITCHES = ("record", "record-real", "record-real-writes")


def selected(items: Iterable[Any], parameter: str, known: Collection[str]) -> list[str]:
    """Return the cases that the selected tests of this folder are about."""
    ours = [item for item in items if hasattr(item, "callspec") and "tests/contract/" in item.nodeid]
    found = [item.callspec.params.get(parameter) for item in ours]
    return sorted({name for name in found if name in known})


def record_real(items: Iterable[Any], *, writes: bool) -> None:
    """Record the selected real cases; without the second switch only those that read."""
    from tests.contract._real import CASES, Corp, MissingVariablesError, record

    try:
        corp = Corp.from_environment()
    except MissingVariablesError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    for name in selected(items, "real", CASES):
        if writes or not CASES[name].writes:
            record(name, corp, now=datetime.now(UTC))
