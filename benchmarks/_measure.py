"""Measure two things in turns, so that a machine that slows down slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def alternate(ours: Callable[[], Any], base: Callable[[], Any], *, rounds: int = 9) -> tuple[float, str]:
    """Return the median ratio of CPU seconds, and a note with both medians; each round runs both, in turns."""
    ratios, our_times, base_times = [], [], []
    ours(), base()
    for number in range(rounds):
        first, second = (ours, base) if number % 2 else (base, ours)
        times = {first: cpu(first), second: cpu(second)}
        ratios.append(times[ours] / times[base])
        our_times.append(times[ours])
        base_times.append(times[base])
    spread = f"{min(ratios):.2f}…{max(ratios):.2f}"
    medians = f"{statistics.median(our_times) * 1e3:.1f} against {statistics.median(base_times) * 1e3:.1f} ms CPU"
    return statistics.median(ratios), f"{medians} a round, {spread} over {rounds} rounds"


def cpu(work: Callable[[], Any]) -> float:
    """Return the CPU seconds of this process for `work`."""
    start = time.process_time()
    work()
    return time.process_time() - start
