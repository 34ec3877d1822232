"""Run flows in threads, for the synchronous client. Knows nothing of calls, and leaves no thread behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, Final

from wecom_auto._engine import Spread

__all__ = ["Threads"]

_SLICE_SECONDS: Final = 0.5


class _GivenUpError(Exception):
    """Ends a call that waits for its turn, after another one broke off the operation."""


class Threads:
    """Runs flows in threads that live no longer than `run`.

    After an exception that is no outcome (Ctrl-C, or from a progress callback) nothing more is started,
    what is on the wire is finished, and what waits for a limit or a repetition is given up.
    """

    def __init__(self, command: Spread, drive: Callable[..., Any], sleep: Callable[[float], None]) -> None:
        self._command = command
        self._drive = drive
        self._sleep = sleep
        self._halted = threading.Event()
        self._broken: list[BaseException] = []

    def run(self) -> None:
        """Run until there are no more flows; raise what broke the operation off."""
        from concurrent.futures import ThreadPoolExecutor, wait

        with ThreadPoolExecutor(self._command.at_once, thread_name_prefix="wecom") as pool:
            try:
                # Each thread sees the caller's context variables: tracing hangs on them.
                wait([pool.submit(copy_context().run, self._work) for _ in range(self._command.at_once)])
            except BaseException:
                self._halt()
                raise
        if self._broken:
            raise self._broken[0]

    def _work(self) -> None:
        try:
            while flow := self._command.next_flow():
                self._drive(flow, self._nap)
        except _GivenUpError:
            pass
        except BaseException as error:  # noqa: BLE001  # raised in the caller's thread
            self._broken.append(error)
            self._halt()

    def _halt(self) -> None:
        self._command.stop()
        self._halted.set()

    def _nap(self, seconds: float) -> None:
        """Sleep in slices: nobody waits an hour for a limit after a Ctrl-C."""
        while not self._halted.is_set():
            self._sleep(min(seconds, _SLICE_SECONDS))
            seconds -= _SLICE_SECONDS
            if seconds <= 0:
                return
        raise _GivenUpError
