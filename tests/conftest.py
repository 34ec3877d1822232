"""What every test shares: which servers there are, and one line for each reason why tests were skipped."""

from __future__ import annotations

from collections import Counter

import hypothesis
import pytest
from tests import servers

# How long an example takes says how busy the machine is, and no test here is about that.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
_FOUND = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Look for servers on this machine if the command asks for tests that need them."""
    config.stash[_FOUND] = servers.find(config.option.markexpr)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which servers are used."""
    return config.stash[_FOUND]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Group skips by reason: a server that is not there skips dozens of tests, and one line says it."""
    reports = terminalreporter.getreports("skipped")
    reasons = Counter(str(report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")
