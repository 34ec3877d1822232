"""pytest fixtures of the fake. The only module of the package that imports pytest; starts nothing until asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wecom_auto.testing import FakeWeCom, VirtualClock

__all__ = ["wecom", "wecom_clock", "wecom_url"]


@pytest.fixture
def wecom() -> FakeWeCom:
    """Give a fresh fake corp."""
    return FakeWeCom()


@pytest.fixture
def wecom_clock(wecom: FakeWeCom) -> VirtualClock:
    """Give the virtual clock of the test's fake corp."""
    return wecom.clock


@pytest.fixture
def wecom_url(wecom: FakeWeCom) -> Iterator[str]:
    """Give the base URL of the test's fake corp, served over real HTTP on 127.0.0.1."""
    with wecom.serve() as url:
        yield url
