"""Every endpoint keeps its promise: at every door, in every colour, with either HTTP library.

A play takes some hundredths of a second, all of them half a minute: nothing is left out to save time.
"""

from __future__ import annotations

import importlib
import importlib.util

import pytest
from tests.contract._cases import CASES
from tests.contract._cassettes import HOST, tape
from tests.contract._doors import play

from wecom_auto import _catalogue
from wecom_auto.testing import FakeWeCom

case = pytest.mark.parametrize("name", CASES)
library = pytest.mark.parametrize(
    "library",
    [
        "httpx",
        pytest.param(
            "httpx2",
            marks=pytest.mark.skipif(
                importlib.util.find_spec("httpx2") is None, reason="httpx2 is not installed (the `fast` extra)"
            ),
        ),
    ],
)
colour = pytest.mark.parametrize("colour", ["sync", "asyncio", "trio"])


@case
@library
@colour
def test_at_the_transport(name: str, library: str, colour: str) -> None:
    """On the fake, without a socket."""
    fake = FakeWeCom(seed=7)
    transport = fake.transport_for(importlib.import_module(library))
    assert play(name, fake, colour, library=library, transport=transport)


@case
@library
@colour
def test_over_http(name: str, library: str, colour: str) -> None:
    """On the fake, over real HTTP."""
    fake = FakeWeCom(seed=7)
    with fake.serve() as url:
        assert play(name, fake, colour, library=library, base_url=url)


@case
@library
@colour
def test_on_cassettes(name: str, library: str, colour: str) -> None:
    """On what was recorded, without the fake answering; and the fake of today still says the same."""
    fake = FakeWeCom(seed=7)
    with fake.client() as shadow, tape(name, record=False) as replay:
        assert play(name, fake, colour, library=library, base_url=HOST, shadow=shadow)
        assert replay.all_played


def test_every_endpoint_has_a_case() -> None:
    """An endpoint without a contract case would be a promise that nobody checks."""
    endpoints = {one.path.removeprefix("/cgi-bin/") for one in _catalogue.endpoints()}
    played: set[str] = set()
    for name in CASES:
        fake = FakeWeCom(seed=7)
        play(name, fake)
        played |= {path for path in endpoints if fake.count(path)}
    assert played == endpoints
