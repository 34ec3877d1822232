"""Serve the fake on loopback for programs in any language: `python -m wecom_auto.testing --port 0`.

Prints one line of JSON with the URL, corp id, secret and agent id, then serves until it is interrupted.
Control it under `/_fake/`; it keeps nothing when it ends.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from wecom_auto.testing import FakeWeCom

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, *, stop: threading.Event | None = None) -> int:
    """Serve until interrupted.

    Args:
        arguments: The command line; `sys.argv` unless given.
        stop: Ends the service when set; a way in for tests.
    """
    parser = argparse.ArgumentParser(prog="python -m wecom_auto.testing", description="Serve a fake WeCom corp.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--seed", type=int, default=0, help="identifiers and dice depend on it")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer takes")
    given = parser.parse_args(arguments)
    fake = FakeWeCom(seed=given.seed)
    with fake.serve(given.port, latency=given.latency) as url:
        about = {"url": url, "corp_id": fake.corp_id, "secret": fake.secret, "agent_id": fake.agent_id}
        sys.stdout.write(json.dumps(about) + "\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            (stop or threading.Event()).wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
