"""The client against the bare HTTP library, and what it does on bad days."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import distribution
from typing import Any

import anyio

from benchmarks._measure import alternate
from benchmarks._stub import stub_server
from wecom_auto import (
    APIConnectionError,
    AsyncWeCom,
    AuthenticationError,
    Options,
    Rate,
    RateLimiter,
    RetryPolicy,
    ServerBusyError,
    WeCom,
    WeComError,
)
from wecom_auto._http import httpx

CALLS = 300
QUICK = Options(retry=RetryPolicy(wait_seconds=0.01))


def run() -> list[dict[str, Any]]:
    """Return the rows of the budget table."""
    with stub_server() as (url, reset, stats):
        lab = Lab(url, reset, stats)
        return [
            lab.cpu_sync(),
            lab.cpu_async(),
            lab.connections(),
            lab.cold_threads(),
            lab.cold_tasks(),
            lab.revoked(),
            lab.refused(),
            lab.bad_days(),
            lab.creates(),
            lab.limited(),
            *imports(),
        ]


class Lab:
    """The measurements that share a stub."""

    def __init__(self, url: str, reset: Any, stats: Any) -> None:
        self.url, self.reset, self.stats = url, reset, stats

    def client(self, **kwargs: Any) -> WeCom:
        """Return a client of the stub."""
        return WeCom("ww1", "s", base_url=self.url, **kwargs)

    def aclient(self, **kwargs: Any) -> AsyncWeCom:
        """Return an asynchronous client of the stub."""
        return AsyncWeCom("ww1", "s", base_url=self.url, **kwargs)

    def cpu_sync(self) -> dict[str, Any]:
        """CPU a call, one after the other."""
        self.reset()
        path = "/cgi-bin/externalcontact/list"
        with self.client() as wecom, httpx.Client(base_url=self.url) as bare:

            def ours() -> None:
                for _ in range(CALLS):
                    wecom.customers.list("zhangsan")

            def base() -> None:
                for _ in range(CALLS):
                    bare.get(path, params={"access_token": "TOKEN-1", "userid": "zhangsan"}).json()

            ratio, note = alternate(ours, base)
        return {"what": f"CPU per call, sync / bare {httpx.__name__}", "ratio": ratio, "budget": "≤ 1.15", "note": note}

    def cpu_async(self) -> dict[str, Any]:
        """CPU a call, 20 in flight."""
        self.reset()
        path = "/cgi-bin/externalcontact/list"
        loop = asyncio.new_event_loop()
        wecom, bare = self.aclient(), httpx.AsyncClient(base_url=self.url)

        async def one() -> None:
            await wecom.customers.list("zhangsan")

        async def two() -> None:
            (await bare.get(path, params={"access_token": "TOKEN-1", "userid": "zhangsan"})).json()

        def twenty(call: Any) -> Any:
            async def lane() -> None:
                for _ in range(CALLS // 20):
                    await call()

            async def all_lanes() -> None:
                await asyncio.gather(*(lane() for _ in range(20)))

            return lambda: loop.run_until_complete(all_lanes())

        ratio, note = alternate(twenty(one), twenty(two))
        loop.run_until_complete(wecom.aclose())
        loop.run_until_complete(bare.aclose())
        loop.close()
        what = f"CPU per call, async, 20 in flight / bare {httpx.__name__}"
        return {"what": what, "ratio": ratio, "budget": "≤ 1.10", "note": note}

    def connections(self) -> dict[str, Any]:
        """Connections for 400 calls, 20 at once."""
        self.reset(delay=0.005)

        async def main() -> None:
            async with self.aclient() as wecom:
                await wecom.customers.list("zhangsan")
                await _many(wecom.customers.list, ["zhangsan"] * 400, 20)

        asyncio.run(main())
        opened = self.stats()["connections"]
        return {"what": "connections opened / calls at once (20)", "ratio": opened / 20, "budget": "= 1"}

    def cold_threads(self) -> dict[str, Any]:
        """Fifty threads that start without a token."""
        self.reset(tokens=True)
        gate = threading.Barrier(50)
        with self.client() as wecom, ThreadPoolExecutor(50) as pool:

            def work(_: int) -> None:
                gate.wait()
                wecom.customers.list("zhangsan")

            list(pool.map(work, range(50)))
        return {"what": "gettoken, cold, 50 threads", "ratio": self.stats()["gettokens"], "budget": "= 1"}

    def cold_tasks(self) -> dict[str, Any]:
        """Two hundred tasks that start without a token."""
        self.reset(tokens=True)

        async def main() -> None:
            async with self.aclient() as wecom:
                await _many(wecom.customers.list, ["zhangsan"] * 200, 200)

        asyncio.run(main())
        return {"what": "gettoken, cold, 200 tasks", "ratio": self.stats()["gettokens"], "budget": "= 1"}

    def revoked(self) -> dict[str, Any]:
        """A token that dies under 200 calls."""
        self.reset(tokens=True, revoke_at=100)
        failed = 0

        async def main() -> None:
            nonlocal failed
            async with self.aclient() as wecom:

                async def one(user: str) -> None:
                    nonlocal failed
                    try:
                        await wecom.customers.list(user)
                    except WeComError:
                        failed += 1

                await _many(one, ["zhangsan"] * 150, 50)

        asyncio.run(main())
        more = self.stats()["gettokens"] - 1
        what, note = "token revoked in mid-storm: more gettokens", f"{failed} failed calls"
        return {"what": what, "ratio": more, "budget": "= 1, 0 failed", "note": note}

    def refused(self) -> dict[str, Any]:
        """A token that is always refused."""
        self.reset(refuse=True)
        with self.client() as wecom, suppress(AuthenticationError):
            wecom.customers.list("zhangsan")
        stats = self.stats()
        what, note = "token always refused: requests", f"{stats['gettokens']} gettokens"
        return {"what": what, "ratio": stats["requests"], "budget": "≤ 2 and ≤ 2", "note": note}

    def bad_days(self) -> dict[str, Any]:
        """1,000 reads with 2 % -1, 1 % resets, 0.5 % 500, the token dying every 100."""
        self.reset(tokens=True, bad_days=True, revoke_every=100)
        errors = silent = 0
        with self.client(options=QUICK) as wecom:
            for _ in range(1000):
                try:
                    silent += wecom.customers.list("zhangsan") != ("wmAAA", "wmBBB")
                except WeComError:
                    errors += 1
        note = f"{silent} silent, {self.stats()['requests']} requests"
        return {"what": "1,000 reads on bad days: errors", "ratio": errors, "budget": "= 0", "note": note}

    def creates(self) -> dict[str, Any]:
        """400 mass messages whose answers are lost (10 %) or come as a late -1 (10 %)."""
        self.reset()
        said = 0
        with self.client(options=QUICK) as wecom:
            for number in range(400):
                try:
                    wecom.mass_messages.create(sender="zhangsan", text=f"活动 {number}")
                except (APIConnectionError, ServerBusyError) as error:
                    said += error.applied.name == "UNKNOWN"
        stats = self.stats()
        note = f"{stats['created']} created, {said} unknown outcomes, each said so"
        what = "400 mass messages, answers lost or late -1: duplicates"
        return {"what": what, "ratio": stats["doubled"], "budget": "= 0", "note": note}

    def limited(self) -> dict[str, Any]:
        """300 calls against a platform that takes 100 a second."""
        self.reset(per_second=100)
        errors = 0
        limiter = RateLimiter({"*": (Rate(100, 1.0),)})

        async def main() -> None:
            nonlocal errors
            async with self.aclient(limiter=limiter) as wecom:

                async def one(user: str) -> None:
                    nonlocal errors
                    try:
                        await wecom.customers.list(user)
                    except WeComError:
                        errors += 1

                await _many(one, ["zhangsan"] * 300, 50)

        asyncio.run(main())
        refused = self.stats()["refused"] / 300
        what, note = "300 calls at a 100/s limit: share refused", f"{errors} errors"
        return {"what": what, "ratio": refused, "budget": "≤ 0.05, 0 errors", "note": note}


async def _many(call: Any, arguments: list[Any], at_once: int) -> None:
    left = iter(arguments)

    async def lane() -> None:
        for argument in left:
            await call(argument)

    async with anyio.create_task_group() as group:
        for _ in range(at_once):
            group.start_soon(lane)


def imports() -> list[dict[str, Any]]:
    """The cost of ``import wecom_auto``, and of installing it."""

    def seconds(module: str, library: str) -> float:
        code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        # Installed packages are compiled once; without this the package would be compiled on every start.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env["WECOM_AUTO_HTTP"] = library
        return min(float(subprocess.check_output([sys.executable, "-c", code], env=env)) for _ in range(9))

    rows: list[dict[str, Any]] = []
    base = seconds("httpx", "httpx")
    for library in ("httpx", "httpx2"):
        ours = seconds("wecom_auto", library)
        note = f"{ours * 1e3:.0f} against {base * 1e3:.0f} ms, best of 9"
        what = f"import wecom_auto on {library} / import httpx"
        rows.append({"what": what, "ratio": ours / base, "budget": "≤ 1.5", "note": note})
    count = len(_closure("wecom-auto")) - 1
    return [*rows, {"what": "distributions that the base install brings", "ratio": count, "budget": "≤ 14"}]


def _closure(name: str) -> set[str]:
    """Return the distributions that installing `name` without extras brings, itself included."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop().lower().replace("_", "-")
        if current in found:
            continue
        found.add(current)
        for text in distribution(current).requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found
