"""Read 50,000 customers of 50 members through a walk, against a loop that somebody writes with the HTTP library."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from benchmarks._stub import stub_server
from wecom_auto import AsyncWeCom, WeCom, _codec
from wecom_auto._http import httpx
from wecom_auto.models import FollowedCustomer

MEMBERS, EACH, AT_ONCE = 50, 1_000, 20
WHAT = "50,000 customers, 20 ms an answer, 20 at once"
PATH = "/cgi-bin/externalcontact/batch/get_by_user"
ROUNDS = 5
ALONE = """
import asyncio, re, sys
import wecom_auto.models
from benchmarks.bench_bulk import walked

def kilobytes(name):
    with open("/proc/self/status") as status:
        return int(re.search(name + r":\\s+(\\d+) kB", status.read())[1])

before = kilobytes("VmRSS")
asyncio.run(walked(sys.argv[1]))
print((kilobytes("VmHWM") - before) / 1000)
"""
"""Linux only: elsewhere nobody tells the most memory that one process had."""


def run() -> list[dict[str, Any]]:
    """Return the rows of the budget table."""
    with stub_server() as (url, reset, stats):

        def fresh() -> None:
            reset(delay=0.02, customers_each=EACH)

        fresh()
        asyncio.run(walked(url))
        requests = stats()["requests"]
        ours, base, typed = _in_turns(url, fresh)
        fresh()
        threads = _seconds(lambda: _walked_in_threads(url))
        peak = _peak(url)
        alone = _alone(url)
    return [
        {"what": f"{WHAT}: requests", "ratio": requests, "budget": "≤ 510"},
        _row("wall / hand-written loop", ours, base),
        _row("wall / the same with typed values", ours, typed),
        {"what": f"{WHAT}: seconds", "ratio": statistics.median(ours), "budget": "≤ 1.8 (fast)"},
        {"what": f"{WHAT}: seconds, in threads", "ratio": threads, "budget": "–"},
        {"what": f"{WHAT}: peak MB, tracemalloc", "ratio": peak, "budget": "≤ 50"},
        {"what": f"{WHAT}: RSS over import, MB", "ratio": alone, "budget": "≤ 50", "note": "a process of its own"},
    ]


def _row(what: str, ours: list[float], base: list[float]) -> dict[str, Any]:
    ratio = statistics.median(one / other for one, other in zip(ours, base, strict=True))
    note = f"{statistics.median(ours):.2f} against {statistics.median(base):.2f} s on {httpx.__name__}, {ROUNDS} rounds"
    return {"what": f"{WHAT}: {what}", "ratio": ratio, "budget": "–", "note": note}


def _in_turns(url: str, fresh: Callable[[], None]) -> tuple[list[float], list[float], list[float]]:
    """Return the seconds of the walk and of both loops, measured in turns."""
    taken: tuple[list[float], list[float], list[float]] = ([], [], [])
    runs = [(walked, taken[0]), (by_hand, taken[1]), (by_hand_typed, taken[2])]
    for number in range(ROUNDS):
        for work, seconds in runs if number % 2 else reversed(runs):
            fresh()
            seconds.append(_seconds(lambda work=work: asyncio.run(work(url))))  # type: ignore[misc]
    return taken


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


async def walked(url: str) -> None:
    """Read everybody with `customers.iter_all`."""
    async with AsyncWeCom("ww1", "s", base_url=url) as wecom:
        seen = 0
        async for customer in wecom.customers.iter_all(concurrency=AT_ONCE):
            seen += customer.follow.userid == "rocky"
    assert seen == MEMBERS * EACH


def _walked_in_threads(url: str) -> None:
    with WeCom("ww1", "s", base_url=url) as wecom:
        assert sum(1 for _ in wecom.customers.iter_all(concurrency=AT_ONCE)) == MEMBERS * EACH


async def by_hand(url: str) -> None:
    """Read everybody as a good programmer would by hand: workers that take members, dicts instead of values."""
    await _by_hand(url, lambda rows: sum(row["follow_info"]["userid"] == "rocky" for row in rows))


async def by_hand_typed(url: str) -> None:
    """Read everybody by hand into the same typed values."""
    many: Any = tuple[FollowedCustomer, ...]
    await _by_hand(url, lambda rows: sum(one.follow.userid == "rocky" for one in _codec.decode(many, rows)))


async def _by_hand(url: str, count: Callable[[Any], int]) -> None:
    seen = 0
    async with httpx.AsyncClient(base_url=url) as http:
        grant = (await http.get("/cgi-bin/gettoken", params={"corpid": "ww1", "corpsecret": "s"})).json()
        token = {"access_token": grant["access_token"]}
        listed = await http.get("/cgi-bin/externalcontact/get_follow_user_list", params=token)
        members = iter(listed.json()["follow_user"])

        async def worker(post: Callable[..., Awaitable[Any]]) -> None:
            nonlocal seen
            for userid in members:
                cursor = ""
                while True:
                    body = {"userid_list": [userid], "cursor": cursor, "limit": 100}
                    answer = (await post(PATH, params=token, json=body)).json()
                    assert answer["errcode"] == 0
                    seen += count(answer["external_contact_list"])
                    cursor = answer["next_cursor"]
                    if not cursor:
                        break

        async with anyio.create_task_group() as group:
            for _ in range(AT_ONCE):
                group.start_soon(worker, http.post)
    assert seen == MEMBERS * EACH


def _alone(url: str) -> float | str:
    """Return the MB that the memory of a process grows by, over what the imports take."""
    if not sys.platform.startswith("linux"):
        return "–"
    return float(subprocess.check_output([sys.executable, "-c", ALONE, url]))


def _peak(url: str) -> float:
    tracemalloc.start()
    asyncio.run(walked(url))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak
