"""A scripted platform for the client core: answers what a test says, and counts what it was asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from wecom_auto import AsyncWeCom, MemoryTokenStore, Options, RetryPolicy, WeCom

Answer = Mapping[str, Any] | httpx.Response | Exception
Script = Callable[[httpx.Request], Answer]


class Platform:
    """Knows tokens, and asks a script for everything else. Time passes only when somebody sleeps."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or (lambda _: {"errcode": 0, "errmsg": "ok"})
        self.count: Counter[str] = Counter()
        self.tokens = 0
        self.valid: set[str] = set()
        self.now = 1_700_000_000.0
        self.slept: list[float] = []
        self.gettoken: Script | None = None
        self.lock = threading.Lock()
        self.always_refuse = False

    def clock(self) -> float:
        """Read the virtual time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.slept.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        """Let virtual time pass, and let other tasks run."""
        import anyio.lowlevel

        self.sleep(seconds)
        await anyio.lowlevel.checkpoint()

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        with self.lock:
            path = request.url.path.removeprefix("/cgi-bin/")
            self.count[path] += 1
            answer = self._answer(path, request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):  # a fresh one each time: httpx ties a response to its first client
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return httpx.Response(200, json=answer)

    async def ahandle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, after giving other tasks a turn."""
        import anyio.lowlevel

        await anyio.lowlevel.checkpoint()
        return self.handle(request)

    def _answer(self, path: str, request: httpx.Request) -> Answer:
        if path == "gettoken":
            if self.gettoken:
                return self.gettoken(request)
            self.tokens += 1
            self.valid.add(f"TOKEN-{self.tokens}")
            return {"errcode": 0, "access_token": f"TOKEN-{self.tokens}", "expires_in": 7200}
        token = request.url.params.get("access_token")
        if self.always_refuse or token not in self.valid:
            return {"errcode": 42001 if token else 41001, "errmsg": f"access_token expired, hint: [1_2_3] {token}"}
        return self.script(request)

    def revoke(self) -> None:
        """Kill every token."""
        self.valid.clear()

    def client(self, **kwargs: Any) -> WeCom:
        """Return a synchronous client of this platform."""
        kwargs.setdefault("token_store", MemoryTokenStore(clock=self.clock))
        return WeCom(
            "ww1", "S3CRET", http=httpx.Client(transport=httpx.MockTransport(self.handle)), **self._common(kwargs)
        )

    def async_client(self, **kwargs: Any) -> AsyncWeCom:
        """Return an asynchronous client of this platform."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.ahandle))
        return AsyncWeCom(
            "ww1", kwargs.pop("secret", "S3CRET"), http=http, sleep=self.asleep, **self._common(kwargs, sleep=None)
        )

    def _common(self, kwargs: dict[str, Any], **changes: Any) -> dict[str, Any]:
        common = {
            "clock": self.clock,
            "sleep": self.sleep,
            "random": lambda: 0.5,
            "options": Options(retry=RetryPolicy(wait_seconds=1.0)),
            **changes,
            **kwargs,
        }
        return {name: value for name, value in common.items() if value is not None}
