"""A stub of the platform in a process of its own: fixed answers, a delay, and counters. It checks nothing.

Run as ``python -m benchmarks._stub``; it prints its port, and serves until its standard input closes.
The fake is the product's test double; this stub exists so that a benchmark measures the client and not the server.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from benchmarks import _corp


class Stub:
    """Answers by path; ``/_stub/set`` changes how, ``/_stub/stats`` tells what happened."""

    def __init__(self) -> None:
        self.reset()

    def reset(self, **settings: Any) -> None:
        """Start counting anew, with other settings."""
        self.settings = settings
        self.requests = self.gettokens = self.connections = self.refused = self.created = 0
        self.busy = self.doubled = 0
        self.token = "TOKEN-1"
        self.seen: dict[str, int] = {}
        self.window: list[float] = []

    def stats(self) -> dict[str, int]:
        """Return the counters."""
        return {
            "requests": self.requests,
            "gettokens": self.gettokens,
            "connections": self.connections,
            "refused": self.refused,
            "created": self.created,
        }

    def answer(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[str, bytes]:
        """Return a kind of ending and the body: ``ok``, ``reset`` or ``500``."""
        if path == "/cgi-bin/gettoken":
            self.gettokens += 1
            self.token = f"TOKEN-{self.gettokens}"
            return "ok", json.dumps({"errcode": 0, "access_token": self.token, "expires_in": 7200}).encode()
        self.requests += 1
        if self.settings.get("refuse"):
            return "ok", b'{"errcode":40014,"errmsg":"invalid access_token"}'
        if query.get("access_token") != [self.token] and self.settings.get("tokens"):
            return "ok", b'{"errcode":42001,"errmsg":"access_token expired"}'
        if (
            self.requests == self.settings.get("revoke_at")
            or self.requests % self.settings.get("revoke_every", 10**9) == 0
        ):
            self.token = "REVOKED"
            return "ok", b'{"errcode":42001,"errmsg":"access_token expired"}'
        return self._business(path, body)

    def _business(self, path: str, body: bytes) -> tuple[str, bytes]:
        number = self.requests
        if limit := self.settings.get("per_second"):
            now = asyncio.get_running_loop().time()
            self.window = [at for at in self.window if now - at < 1.0]
            if len(self.window) >= limit:
                self.refused += 1
                return "ok", b'{"errcode":45009,"errmsg":"api freq out of limit"}'
            self.window.append(now)
        if self.settings.get("bad_days"):
            # 2 % busy, 1 % resets, 0.5 % HTTP 500: spread evenly, so that every run meets the same days.
            if number % 50 == 7:
                return "ok", b'{"errcode":-1,"errmsg":"system busy"}'
            if number % 100 == 13:
                return "reset", b""
            if number % 200 == 29:
                return "500", b"<html>oops</html>"
        if path == "/cgi-bin/externalcontact/add_msg_template":
            return self._create(body, number)
        if self.settings.get("corp"):
            return "ok", _corp.answer(path, body)
        if each := self.settings.get("customers_each"):
            return "ok", self._walked(path, body, each)
        return "ok", self.payload(path)

    def _walked(self, path: str, body: bytes, each: int) -> bytes:
        """Return the members, or a page of the customers of some of them: `each` of every member, 100 on a page."""
        if path.endswith("get_follow_user_list"):
            return MEMBERS
        asked = json.loads(body)
        end = int(asked.get("cursor") or 0) + 100
        more = end < each * len(asked["userid_list"])
        return PAGE[:-2] + (b"%d" % end if more else b"") + b'"}'

    def _create(self, body: bytes, number: int) -> tuple[str, bytes]:
        """Create, and lose or spoil the answer of some."""
        text = json.loads(body)["text"]["content"]
        self.seen[text] = self.seen.get(text, 0) + 1
        self.created += 1
        answer = json.dumps({"errcode": 0, "errmsg": "ok", "msgid": f"m{self.created}", "fail_list": []}).encode()
        if number % 10 == 3:
            return "reset", b""
        return "ok", b'{"errcode":-1,"errmsg":"system busy"}' if number % 10 == 6 else answer

    def payload(self, path: str) -> bytes:
        """Return the answer of a read."""
        if path.endswith("batch/get_by_user"):
            return PAGE
        return SMALL


def customer(number: int) -> dict[str, Any]:
    """Return one customer of a ``batch/get_by_user`` page, as rich as real ones are."""
    return {
        "external_contact": {
            "external_userid": f"wmqfasd1e19278asdasAA{number:08d}",
            "name": f"李四{number}",
            "type": 1,
            "avatar": f"https://wx.example.com/mmhead/{number}",
            "gender": number % 3,
            "unionid": f"ozynqsulJFCZ2z1aYeS8h-nuasd{number}",
        },
        "follow_info": {
            "userid": "rocky",
            "remark": f"展厅 {number}",
            "description": "对接采购事务",
            "createtime": 1_525_779_812 + number,
            "tag_id": ["etAJ2GCAAAXtWyujaWJHDDGi0mACHAAA", "etAJ2GCAAAXtWyujaWJHDDGi0mACHBBB"],
            "remark_corp_name": "示例汽车",
            "remark_mobiles": ["10000000003", "10000000004"],
            "oper_userid": "rocky",
            "add_way": 3,
            "state": "bj01-showroom",
        },
    }


def page(count: int = 100, cursor: str = "") -> dict[str, Any]:
    """Return a page of customers."""
    customers = [customer(number) for number in range(count)]
    return {"errcode": 0, "errmsg": "ok", "external_contact_list": customers, "next_cursor": cursor}


PAGE = json.dumps(page(), ensure_ascii=False).encode()
MEMBERS = json.dumps({"errcode": 0, "errmsg": "ok", "follow_user": [f"u{number}" for number in range(50)]}).encode()
SMALL = json.dumps({"errcode": 0, "errmsg": "ok", "external_userid": ["wmAAA", "wmBBB"]}).encode()


async def _serve(stub: Stub) -> None:
    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stub.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if not await _exchange(stub, head, reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.transport.abort()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


async def _exchange(stub: Stub, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    request, *headers = head.decode("latin-1").split("\r\n")
    length = next((int(line[15:]) for line in headers if line.lower().startswith("content-length:")), 0)
    body = await reader.readexactly(length) if length else b""
    url = urlsplit(request.split(" ")[1])
    if url.path.startswith("/_stub/"):
        stub.connections -= 1
        answer = json.dumps(stub.stats() | {"doubled": sum(n > 1 for n in stub.seen.values())}).encode()
        if url.path == "/_stub/set":
            stub.reset(**{name: json.loads(value[0]) for name, value in parse_qs(url.query).items()})
        kind = "ok"
    else:
        kind, answer = stub.answer(url.path, parse_qs(url.query), body)
        if delay := stub.settings.get("delay"):
            await asyncio.sleep(delay)
    if kind == "reset":
        return False
    status = b"500 Oops" if kind == "500" else b"200 OK"
    kind_header = b"text/html" if kind == "500" else b"application/json"
    writer.write(
        b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s" % (status, kind_header, len(answer), answer)
    )
    await writer.drain()
    return True


@contextmanager
def stub_server() -> Iterator[tuple[str, Callable[..., None], Callable[[], dict[str, int]]]]:
    """Run the stub; yield its URL, a function that resets it, and one that reads its counters."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._stub"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    url = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def ask(path: str) -> dict[str, int]:
        with urlopen(url + path, timeout=10) as answer:  # noqa: S310  # our own loopback server
            found: dict[str, int] = json.load(answer)
            return found

    def reset(**settings: object) -> None:
        ask("/_stub/set?" + "&".join(f"{name}={json.dumps(value)}" for name, value in settings.items()))

    try:
        yield url, reset, lambda: ask("/_stub/stats")
    finally:
        process.communicate(timeout=10)


if __name__ == "__main__":
    asyncio.run(_serve(Stub()))
