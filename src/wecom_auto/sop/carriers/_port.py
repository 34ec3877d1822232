"""The port between the SOP engine and whatever carries its jobs. It promises little, so that anything can do it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol


class Job(StrEnum):
    """What a message asks for; each may come twice, late, or at two workers at once."""

    TICK = "tick"
    """Look what is due and send the other three; carries nothing."""
    PLAN = "plan"
    """Move shards of the timetable along; carries their numbers. Whoever finishes last freezes the batches."""
    DISPATCH = "dispatch"
    """Ask the platform for tasks; carries ids of batches."""
    POLL = "poll"
    """Read, remind, withdraw or look for tasks; carries ids of batches."""


class Carrier(Protocol):
    """Takes jobs to workers: at least once is enough, in any order, and a lost one is sent again by the next tick.

    Write one of your own in three methods; `wecom_auto.sop.carriers.Jobs` says what each job does.
    """

    def submit(self, job: Job, key: str, payload: Sequence[str]) -> None:
        """Send one job to whichever worker is free.

        Args:
            job: What to do.
            key: Names the job among those that wait: a carrier that can leaves out a second one of the same key.
            payload: Ids; never a customer's data.
        """
        ...

    def every(self, seconds: int, job: Job) -> None:
        """Have a job sent again and again; two processes that do it are harmless.

        Args:
            seconds: The distance.
            job: What to do; it gets no ids.
        """
        ...

    def run_worker(self) -> None:
        """Work until the process is told to stop."""
        ...
