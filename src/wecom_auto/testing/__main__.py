"""Serve the fake on loopback for programs in any language: `python -m wecom_auto.testing --port 0`.

Prints one line of JSON with the URL, corp id, secret and agent id, then serves until it is interrupted or terminated.
Control it under `/_fake/`; it keeps nothing when it ends.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress

from wecom_auto.testing import FakeWeCom

__all__ = ["main"]

NAP_SECONDS = 0.2


def main(
    arguments: Sequence[str] | None = None,
    *,
    stop: threading.Event | None = None,
    prog: str = "python -m wecom_auto.testing",
) -> int:
    """Serve until interrupted (Ctrl-C) or terminated, and end with 0.

    Args:
        arguments: The command line; `sys.argv` unless given.
        stop: Ends the service when set; a way in for tests.
        prog: What the user typed, for the help and for complaints.
    """
    parser = argparse.ArgumentParser(prog=prog, description="Serve a fake WeCom corp.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--seed", type=int, default=0, help="identifiers and dice depend on it")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer takes")
    given = parser.parse_args(arguments)
    with suppress(KeyboardInterrupt), _terminable():
        try:
            _serve(FakeWeCom(seed=given.seed), given.port, given.latency, stop or threading.Event())
        except (OSError, OverflowError) as error:
            parser.error(f"port {given.port} on 127.0.0.1: {error}; --port 0 picks a free one")
    return 0


@contextmanager
def _terminable() -> Generator[None]:
    """Let SIGTERM do what Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _serve(fake: FakeWeCom, port: int, latency: float, stop: threading.Event) -> None:
    with fake.serve(port, latency=latency) as url:
        about = {"url": url, "corp_id": fake.corp_id, "secret": fake.secret, "agent_id": fake.agent_id}
        sys.stdout.write(json.dumps(about) + "\n")
        sys.stdout.flush()
        if sys.stderr.isatty():
            told = f"WeCom({fake.corp_id!r}, {fake.secret!r}, base_url={url!r})"
            sys.stderr.write(f"connect with {told}; Ctrl-C ends, and everything is forgotten\n")
        # A signal that arrives just before a wait without end would be noticed at its end only.
        while not stop.wait(NAP_SECONDS):
            pass


if __name__ == "__main__":
    raise SystemExit(main())
