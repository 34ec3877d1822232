"""Servers for tests: those that are there already, and those that a test may kill because it started them.

A server that the environment names is used; one on its default port of this machine only where the command asks for
tests that need servers, as in ``pytest -m "kill or services"``. Nothing of anybody else's is touched: databases, queues
and key prefixes have random names, and are removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

MARKS: Final = frozenset({"services", "postgres", "mysql", "redis", "rabbitmq"})
DEFAULTS: Final = {
    "WECOM_AUTO_TEST_POSTGRES_URL": "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    "WECOM_AUTO_TEST_MYSQL_URL": "mysql+pymysql://root@127.0.0.1:3306/",
    "WECOM_AUTO_TEST_REDIS_URL": "redis://127.0.0.1:6379/0",
    "WECOM_AUTO_TEST_RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:5672//",
}


def asked_for(markers: str) -> bool:
    """Whether ``-m …`` names tests that need servers, and not only to leave them out."""
    return bool(MARKS & set(re.findall(r"\w+", re.sub(r"not\s+\w+", "", markers))))


def find(markers: str) -> list[str]:
    """Name servers on default ports in the environment if they are asked for; return a line about each server."""
    lines = []
    for variable, url in DEFAULTS.items():
        if not os.environ.get(variable) and asked_for(markers) and _answers(url):
            os.environ[variable] = url
            lines.append(f"{variable}: {url} (found on its default port)")
        elif os.environ.get(variable):
            lines.append(f"{variable}: named by the environment")
    return lines


def _answers(url: str) -> bool:
    host, port = re.search(r"@?([\d.]+):(\d+)", url).groups()
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        try:
            return _logs_in(url)
        except Exception:  # noqa: BLE001 - every driver has its own way of saying no
            return False
    return False


def _logs_in(url: str) -> bool:
    if url.startswith("redis"):
        import redis

        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    if url.startswith("amqp"):
        import kombu

        with kombu.Connection(url, connect_timeout=2) as connection:
            connection.connect()
            return True
    import sqlalchemy as sa

    engine = sa.create_engine(url)
    engine.connect().close()
    engine.dispose()
    return True


def named(variable: str) -> str:
    """The server that the environment names; skips the test if there is none."""
    url = os.environ.get(variable, "")
    if not url:
        pytest.skip(f"no server: set {variable}, or let one listen on its default port and ask with -m services")
    return url


def until(happened: Callable[[], object], *, seconds: float = 30, what: str = "") -> None:
    """Wait for something to happen."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds} s for {what or happened}")
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@define
class Own:
    """A server of this test alone, which it may kill.

    Attributes:
        command: Starts it in the foreground.
        url: Where it answers.
        environment: Variables beside those of this process.
        user: Who runs it, where it refuses to be run by root.
        deadly: The signal that is no good-bye.
    """

    command: list[str]
    url: str
    folder: Path
    environment: dict[str, str] = field(factory=dict)
    user: str | None = None
    deadly: signal.Signals = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=os.environ | self.environment,
                user=self.user,
                extra_groups=[] if self.user else None,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        until(lambda: _answers(self.url), seconds=60, what=f"{self.command[0]} on {self.url}")

    def kill(self) -> None:
        """End it without a good-bye, and everything it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, self.deadly)
        self.process.wait(30)

    @classmethod
    def redis(cls, folder: Path) -> Own:
        """A Redis that keeps nothing on disk."""
        port = free_port()
        command = [_program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        return cls(command, f"redis://127.0.0.1:{port}/0", folder)

    @classmethod
    def rabbitmq(cls, folder: Path) -> Own:
        """A RabbitMQ with a node, a database and a port mapper of its own."""
        port, mapper, distribution = free_port(), free_port(), free_port()
        (folder / "plugins").write_text("[].")
        environment = {
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "HOME": str(folder),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_NODENAME": f"wecom_auto_{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }
        program = _program("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")
        return cls([program], f"amqp://guest:guest@127.0.0.1:{port}//", folder, environment)

    @classmethod
    def postgres(cls, folder: Path) -> Own:
        """A PostgreSQL cluster; it refuses to be run by root."""
        port, user = free_port(), "postgres" if os.getuid() == 0 else None
        bin_folder = max(map(str, Path("/usr/lib/postgresql").glob("*/bin")), default="")
        program, initdb = _program(f"{bin_folder}/postgres", "postgres"), _program(f"{bin_folder}/initdb", "initdb")
        if user:
            shutil.chown(folder, user)
        create = [initdb, "-A", "trust", "-U", "postgres", "--no-sync", "-D", str(folder / "data")]
        subprocess.run(
            create, check=True, cwd=folder, user=user, extra_groups=[] if user else None, capture_output=True
        )
        command = [program, "-D", str(folder / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        # Its children leave the process group; told to quit at once it takes them along, as after a crash.
        return cls(command, url, folder, {}, user, signal.SIGQUIT)


def _program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"no {names[-1]} on this machine: install it to run this test")


@contextlib.contextmanager
def running(make: Callable[[Path], Own]) -> Iterator[Own]:
    """Start a server of one's own in a folder that its user can reach; kill it and remove the folder at the end."""
    folder = Path(tempfile.mkdtemp(prefix="wecom_auto_"))
    try:
        server = make(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()
            if mapper := server.environment.get("ERL_EPMD_PORT"):
                # It refuses as long as it believes in a living node.
                end = [shutil.which("epmd") or "epmd", "-port", mapper, "-kill"]
                until(lambda: b"not allowed" not in subprocess.run(end, capture_output=True, check=False).stdout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
