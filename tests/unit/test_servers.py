from __future__ import annotations

import pytest
from tests.servers import asked_for


@pytest.mark.parametrize("markers", ["services", "kill or services", "not slow or redis", "postgres and slow"])
def test_servers_are_looked_for_when_they_are_asked_for(markers):
    """Naming a mark that needs servers is the permission to use those of this machine."""
    assert asked_for(markers)


@pytest.mark.parametrize("markers", ["", "kill", "not services", "slow and not postgres"])
def test_nobody_looks_for_servers_unasked(markers):
    """A plain run of the tests touches no server that the environment does not name."""
    assert not asked_for(markers)
