"""Fill the mirror with 50,000 customers, 200 groups and 2,000 codes, against a loop that somebody writes by hand.

Every answer takes 20 ms, 20 calls are under way at once. The loop inserts the same rows, some thousand at a time;
it compares nothing with what is there, and a stopped one begins anew.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import anyio
import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from benchmarks import _corp
from benchmarks._stub import stub_server
from wecom_auto import WeCom
from wecom_auto._http import httpx
from wecom_auto.directory import Directory, _tables
from wecom_auto.store import open_store

AT_ONCE = 20
TABLES = (_tables.customers, _tables.follows, _tables.follow_tags, _tables.groups, _tables.group_members, _tables.ways)
SERVERS = {"PostgreSQL": "WECOM_AUTO_TEST_POSTGRES_URL", "MariaDB": "WECOM_AUTO_TEST_MYSQL_URL"}
BASE = "/cgi-bin/externalcontact/"
WHAT = "sync of 50,000 customers, 200 groups, 2,000 codes"
Post = Callable[..., Awaitable[dict[str, Any]]]


def run() -> list[dict[str, Any]]:
    """Return the rows of the budget table."""
    with stub_server() as (url, reset, stats):

        def timed(work: Callable[[str, Engine], None], engine: Engine) -> float:
            reset(delay=0.02, corp=True)
            start = time.perf_counter()
            work(url, engine)
            return time.perf_counter() - start

        rows: list[dict[str, Any]] = []
        for name in ("SQLite", *(name for name, variable in SERVERS.items() if os.environ.get(variable))):
            with _database(name) as ours, _database(name) as base:
                first, requests = timed(synced, ours), stats()["requests"]
                by_hand = timed(written_by_hand, base)
                again = timed(synced, ours)
                assert _counts(ours) == _counts(base)
            note = f"{first:.1f} against {by_hand:.1f} s"
            rows += [
                {"what": f"{WHAT}, {name}: wall / by hand", "ratio": first / by_hand, "budget": "≤ 2.5", "note": note},
                {"what": f"{WHAT}, {name}: the second night / the first", "ratio": again / first, "budget": "≤ 1.2"},
            ]
        reset(delay=0.02, corp=True)
        small, large = (_memory(url, kinds) for kinds in ("tags", "tags,customers,groups,contact_ways"))
    least = 1 + 2 * 1 + _corp.MEMBERS * _corp.EACH // _corp.PAGE + 1 + _corp.GROUPS + 2 + _corp.WAYS
    return [
        {"what": f"{WHAT}: requests", "ratio": requests, "budget": f"= {least}"},
        *rows,
        {"what": f"{WHAT}: RSS over a sync of tags, MB", "ratio": large - small, "budget": "≤ 80"},
    ]


def synced(url: str, engine: Engine) -> None:
    """Read everything with `Directory.sync`."""
    with WeCom("ww1", "s", base_url=url) as wecom:
        assert Directory(engine, "ww1").sync(wecom, concurrency=AT_ONCE).finished


def written_by_hand(url: str, engine: Engine) -> None:
    """Read everything as a good programmer would by hand, and insert some thousand rows at a time."""
    asyncio.run(_by_hand(url, engine))


class Rows:
    """Rows that wait until an INSERT is worth it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: dict[sa.Table, list[dict[str, Any]]] = {table: [] for table in TABLES}

    def add(self, rows: dict[sa.Table, list[dict[str, Any]]]) -> None:
        """Take rows in."""
        for table, some in rows.items():
            self._waiting[table] += [{"corp_id": "ww1", **row} for row in some]
        if sum(map(len, self._waiting.values())) > 10_000:
            self.flush()

    def flush(self) -> None:
        """Insert what waits."""
        with self._engine.begin() as connection:
            for table, some in self._waiting.items():
                if some:
                    connection.execute(sa.insert(table), some)
                some.clear()


async def _by_hand(url: str, engine: Engine) -> None:
    now, rows = datetime.now(UTC), Rows(engine)
    async with httpx.AsyncClient(base_url=url) as http:
        grant = (await http.get("/cgi-bin/gettoken", params={"corpid": "ww1", "corpsecret": "s"})).json()

        async def post(path: str, **body: object) -> dict[str, Any]:
            answer = (await http.post(BASE + path, params={"access_token": grant["access_token"]}, json=body)).json()
            assert answer["errcode"] == 0
            found: dict[str, Any] = answer
            return found

        async def member(userid: str) -> None:
            async for page in _pages(post, "batch/get_by_user", userid_list=[userid], limit=100):
                rows.add(_customer_rows(page["external_contact_list"], now))

        async def group(chat_id: str) -> None:
            rows.add(_group_rows((await post("groupchat/get", chat_id=chat_id, need_name=1))["group_chat"], now))

        async def way(config_id: str) -> None:
            rows.add(_way_rows((await post("get_contact_way", config_id=config_id))["contact_way"], now))

        await _all(member, (await post("get_follow_user_list"))["follow_user"])
        await _all(group, [one["chat_id"] for one in (await post("groupchat/list"))["group_chat_list"]])
        async for page in _pages(post, "list_contact_way"):
            await _all(way, [one["config_id"] for one in page["contact_way"]])
    rows.flush()


async def _pages(post: Post, path: str, **body: object) -> AsyncIterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = await post(path, cursor=cursor, **body)
        yield page
        if not (cursor := page["next_cursor"]):
            return


async def _all(work: Callable[[str], Awaitable[None]], items: list[str]) -> None:
    left = iter(items)

    async def lane() -> None:
        for item in left:
            await work(item)

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(lane)


def _customer_rows(page: list[dict[str, Any]], now: datetime) -> dict[sa.Table, list[dict[str, Any]]]:
    people, follows, tags = [], [], []
    for one in page:
        person, follow = one["external_contact"], one["follow_info"]
        pair = {"external_userid": person["external_userid"], "userid": follow["userid"]}
        names = ("external_userid", "name", "type", "gender", "unionid")
        people.append({**{name: person[name] for name in names}, "corp_name": "", "read_at": now})
        added = datetime.fromtimestamp(follow["createtime"], UTC)
        follows.append(
            {
                **pair,
                "status": 2,
                "state": follow["state"],
                "add_way": follow["add_way"],
                "remark": follow["remark"],
                "added_at": added,
                "contacted_at": None,
                "status_at": added,
                "tags_at": now,
                "read_at": now,
            }
        )
        tags += [{**pair, "tag_id": tag} for tag in follow["tag_id"]]
    return {_tables.customers: people, _tables.follows: follows, _tables.follow_tags: tags}


def _group_rows(chat: dict[str, Any], now: datetime) -> dict[sa.Table, list[dict[str, Any]]]:
    times = {"dismissed_at": None, "changed_at": now, "listed_at": now, "read_at": now}
    created = datetime.fromtimestamp(chat["create_time"], UTC)
    names = ("chat_id", "name", "owner", "member_version")
    group = {**{name: chat[name] for name in names}, "status": 0, "created_at": created, **times}
    members = [
        {
            "chat_id": chat["chat_id"],
            "userid": one["userid"],
            "type": one["type"],
            "name": one["name"],
            "joined_at": datetime.fromtimestamp(one["join_time"], UTC),
            "join_scene": one["join_scene"],
            "invitor": one.get("invitor", {}).get("userid", ""),
            "state": one.get("state", ""),
            "left_at": None,
            "changed_at": now,
        }
        for one in chat["member_list"]
    ]
    return {_tables.groups: [group], _tables.group_members: members}


def _way_rows(way: dict[str, Any], now: datetime) -> dict[sa.Table, list[dict[str, Any]]]:
    names = ("config_id", "state", "remark", "qr_code")
    lists = {"users": way["user"], "parties": way["party"], "chat_ids": []}
    times = {"deleted_at": None, "listed_at": now, "read_at": now}
    return {_tables.ways: [{**{name: way[name] for name in names}, "kind": "contact", **lists, **times}]}


@contextmanager
def _database(name: str) -> Iterator[Engine]:
    """Open an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "SQLite":
            engine = open_store(f"sqlite:///{Path(folder, 'mirror.db')}")
            yield engine
            engine.dispose()
            return
        server, database = os.environ[SERVERS[name]], f"wecom_auto_{token_hex(6)}"
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {database}")
        engine = open_store(make_url(server).set(database=database))
        try:
            yield engine
        finally:
            engine.dispose()
            with admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {database}")
            admin.dispose()


def _counts(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return [connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in TABLES]


def _memory(url: str, kinds: str) -> float:
    """Return the most MB that a process of its own had while it read these kinds. Linux only."""
    if not sys.platform.startswith("linux"):
        return float("nan")
    return float(subprocess.check_output([sys.executable, "-m", "benchmarks.bench_sync", url, kinds]))


def _alone(url: str, kinds: str) -> None:
    with _database("SQLite") as engine, WeCom("ww1", "s", base_url=url) as wecom:
        Directory(engine, "ww1").sync(wecom, concurrency=AT_ONCE, kinds=kinds.split(","))  # type: ignore[arg-type]
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(int(found[1]) / 1000 if found else "nan")


if __name__ == "__main__":
    _alone(sys.argv[1], sys.argv[2])
