"""The files for a deployment are right: YAML that parses, commands that exist, an app that runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="needs PyYAML")
pytest.importorskip("celery", reason="needs the extra `celery`")
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "examples" / "deploy"
PAGE = ROOT / "docs" / "howto" / "distributed.md"


def _documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def _commands(node: Any) -> Iterator[list[str]]:
    """Every ``command`` and ``test`` that is a list, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"command", "test"} and isinstance(value, list):
                words = [word for word in value if word not in {"CMD", "sh", "-c"}]
                yield shlex.split(words[0]) if len(words) == 1 else words
            else:
                yield from _commands(value)
    elif isinstance(node, list):
        for one in node:
            yield from _commands(one)


def _ours(name: str) -> list[list[str]]:
    return [one for one in _commands(_documents(name)) if one[0] in {"python", "celery", "wecom-auto"}]


@pytest.fixture
def environment(tmp_path, wecom_url, wecom) -> dict[str, str]:
    """What the files ask for, with the fake as the platform."""
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(DEPLOY), str(ROOT / "src")]),
        "WECOM_AUTO_STORE": f"sqlite:///{tmp_path / 'store.db'}",
        "WECOM_AUTO_BROKER": "memory://",
        "WECOM_AUTO_CONTENTS": str(ROOT / "examples" / "contents.toml"),
        "WECOM_CORP_ID": wecom.corp_id,
        "WECOM_SECRET": wecom.secret,
        "WECOM_BASE_URL": wecom_url,
    }


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes.yaml"])
def test_every_command_is_one_that_exists(name):
    """Celery knows each subcommand and option, and the module each command of ours."""
    from celery.bin.celery import celery

    commands = _ours(name)
    assert len(commands) >= 4
    for program, *words in commands:
        if program == "celery":
            assert words[:2] == ["-A", "sop_app"]
            options = {text for one in celery.commands[words[2]].params for text in (*one.opts, *one.secondary_opts)}
            assert {word for word in words[3:] if word.startswith("--")} <= options
        else:
            assert words[:2] == ["-m", "sop_app"]
            assert words[2] in {"publish", "health"}
            assert [file for file in words[3:] if not (ROOT / "examples" / file).exists()] == []


def test_kubernetes_objects_are_whole():
    """Each object says what it is, and selects the pods that it makes."""
    for one in _documents("kubernetes.yaml"):
        assert {"apiVersion", "kind", "metadata", "spec"} <= one.keys()
        if one["kind"] == "Deployment":
            assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]


def test_compose_services_wait_for_services_that_exist():
    """A name that is waited for is a service of the file."""
    (document,) = _documents("compose.yaml")
    services = document["services"]
    for one in services.values():
        assert set(one.get("depends_on", ())) <= set(services)
    copied = re.search(r"COPY (.*) \./", document["x-app"]["build"]["dockerfile_inline"])[1].split()
    assert [file for file in copied if not (ROOT / "examples" / file).exists()] == []


def _run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=ROOT / "examples", env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_app_publishes_and_tells_its_health(environment):
    """The first command makes the store, the second one looks into it: nobody has ticked, and it says so."""
    published = _run(environment, "-m", "sop_app", "publish", "prospect.toml")
    assert (published.returncode, published.stderr) == (0, "")
    health = _run(environment, "-m", "sop_app", "health")
    assert health.stdout.splitlines()[0] in {"healthy", "degraded"}
    assert health.returncode == (health.stdout.splitlines()[0] == "degraded")


def test_the_app_ticks(environment):
    """Celery finds the app and its tasks; a tick runs through to the store."""
    assert _run(environment, "-m", "sop_app", "publish", "prospect.toml").returncode == 0
    work = (
        "import sop_app; app = sop_app.app; app.conf.task_always_eager = app.conf.task_eager_propagates = True;"
        "app.tasks['wecom_auto.tick'].apply_async(([],)); from datetime import UTC, datetime;"
        "print(sop_app.runner().status(datetime.now(UTC)).last_tick is not None)"
    )
    ended = _run(environment, "-c", work)
    assert ended.stdout == "True\n", ended.stderr


def test_the_page_shows_the_app_as_it_is():
    """What the page prints is what the file holds."""
    blocks = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    sources = [file.read_text(encoding="utf-8") for file in sorted(DEPLOY.glob("*.py"))]
    assert len(blocks) == 2
    assert [block for block in blocks if not any(block in source for source in sources)] == []
