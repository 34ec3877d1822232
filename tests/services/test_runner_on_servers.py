"""Everything that is proved of the runner in memory, proved again on the servers that the environment names."""

from __future__ import annotations

import os

import pytest
from tests.stores import KINDS, SERVERS, fresh_database
from tests.unit import (
    _sop_stage,
    test_group_sops,
    test_moment_sops,
    test_runner,
    test_runner_bad_days,
    test_runner_defects,
    test_runner_faults,
    test_tasks_runner,
)
from tests.unit._sop_stage import URL, Stage

from wecom_auto.store import open_store

NAMED = [kind for kind in KINDS if os.environ.get(SERVERS.get(str(kind.values[0]), ""), "")]
if not NAMED:
    names = ", ".join(SERVERS.values())
    pytest.skip(f"no server is named: set {names}, e.g. in a container, to run these tests", allow_module_level=True)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=NAMED)
def server(request, tmp_path_factory):
    """A database that is made once; every stage empties it."""
    with fresh_database(request.param, tmp_path_factory.mktemp("server")) as url:
        engine = open_store(url)
        yield engine
        engine.dispose()


@pytest.fixture(autouse=True)
def _there(server):
    _sop_stage.SERVERS.append(server)
    yield
    _sop_stage.SERVERS.remove(server)


@pytest.fixture
def stage(request):
    """One corp with an empty database, at nine in the morning; with what else the tests of its module need."""
    home = request.function.__module__
    if home == test_tasks_runner.__name__:
        return test_tasks_runner.opened({})
    return test_group_sops.opened() if home == test_group_sops.__name__ else Stage.open(URL)


# Ten thousand rows at once in a database without statistics: slow, and nothing that the smaller tests leave open.
LEFT_OUT = {"test_ten_thousand_and_one_customers_are_two_tasks"}
MODULES = (
    test_runner,
    test_runner_defects,
    test_runner_bad_days,
    test_runner_faults,
    test_tasks_runner,
    test_group_sops,
    test_moment_sops,
)
for _module in MODULES:
    _found = {name: found for name, found in vars(_module).items() if name.startswith("test_")}
    globals().update({name: found for name, found in _found.items() if name not in LEFT_OUT})
