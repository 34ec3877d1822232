"""Tokens: one flight per app, compare-and-set, early renewal; in memory and in Redis."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit._platform import Platform

from wecom_auto import (
    APIConnectionError,
    AuthenticationError,
    Call,
    DecodeError,
    Effect,
    MemoryTokenStore,
    RedisTokenStore,
    StoredToken,
    TokenStore,
)
from wecom_auto._tokens import token_key

READ = Call.post(Effect.READ, "/cgi-bin/x/y", dict)
REDIS_URL = os.environ.get("WECOM_AUTO_TEST_REDIS_URL", "")


def _redis() -> Any:
    redis = pytest.importorskip("redis")
    return redis.Redis.from_url(REDIS_URL)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def store(request: pytest.FixtureRequest) -> Iterator[TokenStore]:
    """Both stores keep the same contract."""
    if request.param == "memory":
        yield MemoryTokenStore(clock=time.time)
        return
    if not REDIS_URL:
        pytest.skip("WECOM_AUTO_TEST_REDIS_URL names no Redis server")
    client = _redis()
    yield RedisTokenStore(client, clock=time.time)
    client.close()


def test_only_the_token_that_died_is_dropped(store: TokenStore) -> None:
    """A late report of a dead token does not throw away the fresh one (compare-and-set)."""
    key = uuid.uuid4().hex
    old, new = StoredToken("old", time.time() + 60), StoredToken("new", time.time() + 60)
    store.put(key, old)
    store.drop(key, old)
    assert store.get(key) is None
    store.put(key, new)
    store.drop(key, old)
    assert store.get(key) == new


def test_one_ticket_at_a_time(store: TokenStore) -> None:
    """While somebody fetches nobody else may; a wrong ticket releases nothing; leases end by themselves."""
    key = uuid.uuid4().hex
    ticket = store.lease(key, 30)
    assert ticket
    assert store.lease(key, 30) is None
    store.release(key, "somebody else's")
    assert store.lease(key, 30) is None
    store.release(key, ticket)
    assert store.lease(key, 0.05)
    time.sleep(0.06)  # Redis has no virtual clock
    assert store.lease(key, 30)


def test_keys_and_reprs_hold_no_secret(store: TokenStore) -> None:
    """The key is a fingerprint, the repr of a store and a token shows no value."""
    assert "S3CRET" not in token_key("ww1", "S3CRET")
    assert token_key("ww1", "a") != token_key("ww1", "b")
    key = uuid.uuid4().hex
    store.put(key, StoredToken("VALUE", time.time() + 5))
    assert "VALUE" not in repr(store) + repr(store.get(key))


def test_fifty_cold_threads_fetch_one_token() -> None:
    """A cold start of many threads costs one gettoken."""
    platform = Platform()
    gate = threading.Barrier(50)
    with platform.client(sleep=time.sleep, clock=time.time) as client, ThreadPoolExecutor(50) as pool:

        def work(_: int) -> None:
            gate.wait()
            client.send(READ)

        list(pool.map(work, range(50)))
    assert platform.count == {"gettoken": 1, "x/y": 50}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_two_hundred_cold_tasks_fetch_one_token(backend: str) -> None:
    """A cold start of many tasks costs one gettoken, on asyncio and on trio."""
    platform = Platform()

    async def main() -> None:
        async with platform.async_client() as client, anyio.create_task_group() as group:
            for _ in range(200):
                group.start_soon(client.send, READ)

    anyio.run(main, backend=backend)
    assert platform.count == {"gettoken": 1, "x/y": 200}


@given(st.lists(st.sampled_from(["call", "revoke", "wait"]), min_size=1, max_size=30))
def test_gettoken_is_asked_once_per_death(history: list[str]) -> None:
    """Whatever happens, no more tokens are fetched than died or aged, and no call fails."""
    platform = Platform()
    deaths = 1
    with platform.client() as client:
        for act in history:
            if act == "revoke":
                platform.revoke()
                deaths += 1
            elif act == "wait":
                platform.now += 7300
                deaths += 1
            else:
                client.send(READ)
    assert platform.count["gettoken"] <= deaths


def test_a_revoked_token_costs_one_more_fetch_in_a_storm() -> None:
    """200 calls whose token dies under them: one more gettoken, no failed call."""
    platform = Platform()

    async def main() -> None:
        async with platform.async_client() as client:
            await client.send(READ)
            async with anyio.create_task_group() as group:
                for number in range(200):
                    if number == 100:
                        platform.revoke()
                    group.start_soon(client.send, READ)

    anyio.run(main)
    assert platform.count["gettoken"] == 2


def test_a_failed_fetch_is_shared_by_those_who_waited() -> None:
    """When the platform is down, waiting tasks get the error instead of storming gettoken one by one."""
    platform = Platform()
    platform.gettoken = lambda _: httpx.ReadTimeout("down")
    errors: list[Exception] = []

    async def one(client: Any) -> None:
        try:
            await client.send(READ)
        except APIConnectionError as error:
            errors.append(error)

    async def main() -> None:
        async with platform.async_client() as client, anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(one, client)

    anyio.run(main)
    assert len(errors) == 100
    assert platform.count["gettoken"] <= 6
    assert len({id(error) for error in errors}) == 100


class _SlowToLease(MemoryTokenStore):
    """The second caller asks for the lease, and gets it only when the first one is through."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.through = threading.Event(), threading.Event()

    def lease(self, key: str, seconds: float) -> str | None:
        if threading.current_thread().name == "second":
            self.asked.set()
            assert self.through.wait(10)
        return super().lease(key, seconds)


def test_a_refused_secret_is_not_tried_by_who_was_about_to() -> None:
    """Between looking for an earlier refusal and getting the lease, the other one may have been refused."""
    platform, store = Platform(), _SlowToLease()
    platform.gettoken = lambda _: {"errcode": 40001} if store.asked.wait(10) else {}
    found: list[Exception] = []

    def call(client: Any) -> None:
        try:
            client.execute(READ)
        except AuthenticationError as error:
            found.append(error)

    with platform.client(token_store=store) as client:
        second = threading.Thread(target=call, args=(client,), name="second")
        second.start()
        call(client)
        store.through.set()
        second.join()
    assert platform.count == {"gettoken": 1}
    assert len(found) == 2


def test_a_cancelled_fetch_frees_the_lease() -> None:
    """A task that is cancelled while fetching does not make the others wait for the lease to end."""
    platform = Platform()
    hang = [True]

    async def slow(request: httpx.Request) -> httpx.Response:
        if hang.pop() if hang else False:
            await anyio.sleep(60)
        return platform.handle(request)

    async def main() -> None:
        client = platform.async_client()
        await client.aclose()
        client = type(client)(
            "ww1", "s", http=httpx.AsyncClient(transport=httpx.MockTransport(slow)), clock=platform.clock
        )
        async with client:
            with anyio.move_on_after(0.05) as scope:
                await client.send(READ)
            assert scope.cancelled_caught
            with anyio.fail_after(2):
                await client.send(READ)

    anyio.run(main)
    assert platform.count["gettoken"] == 1


def test_tokens_are_renewed_before_they_end() -> None:
    """Five minutes before the end the next call renews, without ever using a dead token."""
    platform = Platform()
    with platform.client() as client:
        client.send(READ)
        platform.now += 7200 - 301 - 60
        client.send(READ)
        assert platform.count["gettoken"] == 1
        platform.now += 61
        client.send(READ)
    assert platform.count == {"gettoken": 2, "x/y": 3}


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({"errcode": 0}, "access_token"),
        ({"errcode": 0, "access_token": None}, "access_token"),
        ({"errcode": 0, "access_token": ""}, "access_token"),
        ({"errcode": 0, "access_token": "T", "expires_in": "soon"}, "expires_in"),
    ],
)
def test_a_success_without_a_token_is_a_decode_error(answer: dict[str, Any], path: str) -> None:
    """Gettoken that says 0 and brings nothing names the place, frees the lease, and does not storm."""
    platform = Platform()
    platform.gettoken = lambda _: answer
    with platform.client() as client:
        with pytest.raises(DecodeError) as caught:
            client.send(READ)
        assert caught.value.path == path
        platform.gettoken = None
        client.send(READ)
    assert platform.count["gettoken"] == 2


def test_clients_with_options_share_the_token() -> None:
    """with_options costs no second token."""
    platform = Platform()
    with platform.client() as client:
        client.with_options(attempts=1).send(READ)
        client.send(READ)
    assert platform.count["gettoken"] == 1


def test_a_broken_store_is_the_callers_to_see() -> None:
    """What a store raises arrives as it is, also when releasing the lease fails too; nothing hangs."""

    class Broken(MemoryTokenStore):
        def put(self, key: str, token: StoredToken) -> None:
            msg = "disk full"
            raise OSError(msg)

        def release(self, key: str, ticket: str) -> None:
            msg = "still full"
            raise OSError(msg)

    with Platform().client(token_store=Broken()) as client, pytest.raises(OSError, match="disk full"):
        client.send(READ)


@pytest.mark.redis
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_asynchronous_client_shares_tokens_in_redis(backend: str) -> None:
    """The store blocks, so it is asked in a worker thread, on asyncio and on trio."""
    if not REDIS_URL:
        pytest.skip("WECOM_AUTO_TEST_REDIS_URL names no Redis server")
    platform = Platform()

    async def main() -> None:
        with _redis() as shared:
            for _ in range(2):
                store = RedisTokenStore(shared)
                async with platform.async_client(token_store=store, secret=secret, clock=time.time) as client:
                    await client.send(READ)

    secret = uuid.uuid4().hex
    anyio.run(main, backend=backend)
    assert platform.count == {"gettoken": 1, "x/y": 2}


@pytest.mark.redis
def test_four_processes_fetch_one_token() -> None:
    """Across processes on Redis, a cold start costs one gettoken."""
    if not REDIS_URL:
        pytest.skip("WECOM_AUTO_TEST_REDIS_URL names no Redis server")
    from wecom_auto.testing import FakeWeCom

    fake = FakeWeCom(secret=uuid.uuid4().hex)
    worker = textwrap.dedent("""
        import sys, time, redis
        from wecom_auto import RedisTokenStore, WeCom
        url, corp, secret, redis_url = sys.argv[1:]
        store = RedisTokenStore(redis.Redis.from_url(redis_url), clock=time.time)
        with WeCom(corp, secret, base_url=url, token_store=store) as wecom:
            print("ready", flush=True); sys.stdin.readline()
            for _ in range(5):
                wecom.follow_users.list()
    """)
    with fake.serve() as url:
        arguments = [sys.executable, "-c", worker, url, fake.corp_id, fake.secret, REDIS_URL]
        workers = [
            subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
        ]
        for process in workers:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in workers:
            process.communicate("go\n", timeout=30)
        assert [process.returncode for process in workers] == [0, 0, 0, 0]
        assert fake.count("gettoken") == 1
