"""Whatever here needs a database server is a test of services, whichever the server is."""

from __future__ import annotations

import pytest
from tests.servers import MARKS


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let ``-m services`` choose them, too."""
    for item in items:
        if "tests/services/" in item.path.as_posix() and MARKS & {mark.name for mark in item.iter_markers()}:
            item.add_marker("services")
