"""A sender that is killed: imports everything once, then forks a child for every job it reads from stdin.

The child does one tick with the real runner over real HTTP and kills itself with SIGKILL at the crash point it is told:
no finally, no flush, no rollback.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from datetime import datetime

from sqlalchemy.engine import Engine
from tests.services import _kill_scene as scene

from wecom_auto import WeCom
from wecom_auto._http import httpx
from wecom_auto.directory import Directory
from wecom_auto.sop.runner import Runner
from wecom_auto.store import open_store


class Trap:
    """Counts crash points and kills the process at the chosen one."""

    def __init__(self, point: str, nth: int) -> None:
        self.point, self.left = point, nth

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class TrappedTransport(httpx.HTTPTransport):
    """Has the two points inside the call: K3 before the server is reached, K4 after it has answered."""

    def __init__(self, trap: Trap) -> None:
        # The fake speaks plain HTTP: reading the certificates of the world takes longer than the whole tick.
        super().__init__(verify=False, trust_env=False)
        self.trap = trap

    def handle_request(self, request):
        creates = request.url.path.endswith(("add_msg_template", "add_moment_task"))
        if creates:
            self.trap("K3")
        response = super().handle_request(request)
        if creates:
            self.trap("K4")
        return response


class RepeatingTransport(TrappedTransport):
    """The usual loop: what was not answered with JSON is sent again. For the proof that the matrix can fail."""

    def handle_request(self, request):
        for _ in range(2):
            with suppress(httpx.TransportError):
                response = super().handle_request(request)
                response.read()
                if response.content.startswith(b"{"):
                    return response
        return super().handle_request(request)


def _http(trap: Trap, *, repeats: bool = False) -> httpx.Client:
    transport = RepeatingTransport(trap) if repeats else TrappedTransport(trap)
    return httpx.Client(transport=transport, trust_env=False)


def work(engine: Engine, job: dict[str, object]) -> None:
    """Do one tick."""
    trap = Trap(str(job["point"]), int(str(job["nth"])))
    client = WeCom(
        str(job["corp_id"]),
        str(job["secret"]),
        base_url=str(job["url"]),
        http=_http(trap, repeats=bool(job.get("repeats"))),
    )
    directory = Directory(engine, client.corp_id)
    runner = Runner(
        engine, client, directory, scene.LIBRARY, settings=scene.SETTINGS, crash=trap, stopwatch=lambda: 0.0
    )
    runner.tick(datetime.fromisoformat(str(job["now"])))


def main(db: str) -> None:
    """Fork a child for every line; answer how it ended."""
    engine = open_store(db, migrate=False)
    corp = scene.fake()
    # What is compiled and imported once here is so in every child.
    scene.play_out(scene.recovered(engine, corp), corp)
    engine.dispose()
    with corp.serve() as url, WeCom(corp.corp_id, corp.secret, base_url=url, http=_http(Trap("", 0))) as client:
        client.follow_users.list()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                work(engine, json.loads(line))
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write("killed\n" if killed else f"exit {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
