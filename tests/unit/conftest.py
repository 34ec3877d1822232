"""What the unit tests share: what a stage opened is closed after the test."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _stages_are_closed() -> Iterator[None]:
    """Close the databases that the test's stages opened."""
    yield
    if stage := sys.modules.get("tests.unit._sop_stage"):  # most tests never import it
        stage.close_stages()
