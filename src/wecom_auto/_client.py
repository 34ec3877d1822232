"""Drive the engine: two clients that only send, sleep and ask the token store. No rule of the platform is here."""

from __future__ import annotations

import inspect
import random as _random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from attrs import evolve

from wecom_auto._binding import Async, Step, Sync
from wecom_auto._bulk import BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect
from wecom_auto._chapters import Chapters
from wecom_auto._engine import Ask, Command, Engine, Flow, Options, Response, Send, Sleep, Spread
from wecom_auto._events import Observer
from wecom_auto._http import is_async_client, is_sync_client
from wecom_auto._limits import RateLimiter
from wecom_auto._retry import RetryPolicy
from wecom_auto._threads import Threads
from wecom_auto._time import Clock
from wecom_auto._tokens import MemoryTokenStore, TokenCache, TokenStore, token_key
from wecom_auto._transport import AsyncTransport, Transport
from wecom_auto._types import UNSET, JSONObject, Unset
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    import httpx2

__all__ = ["BASE_URL", "AsyncWeCom", "WeCom"]

T = TypeVar("T")
C = TypeVar("C", Sync, Async)
R = TypeVar("R", Transport, AsyncTransport)

BASE_URL: Final = "https://qyapi.weixin.qq.com"

_GRANT: Final = Call.get("/cgi-bin/gettoken", cast("type[JSONObject]", dict)).ungranted()


class _Client(Chapters[C], Generic[C, R]):
    """What both clients share: set-up, options, and turning requests without a method into calls."""

    is_async: bool
    _transport: R

    def __init__(
        self,
        corp_id: str,
        secret: str,
        *,
        agent_id: int | None = None,
        base_url: str = BASE_URL,
        token_store: TokenStore | None = None,
        limiter: RateLimiter | None = None,
        options: Options | None = None,
        observers: Iterable[Observer] = (),
        clock: Clock = time.time,
        random: Callable[[], float] = _random.random,
    ) -> None:
        for name, value in (("corp_id", corp_id), ("secret", secret)):
            if not value.strip():
                msg = (
                    f"{name} is empty: copy it from the admin console (我的企业 → 企业ID, 应用管理 → the app → Secret)"
                )
                raise ConfigurationError(msg)
        if not base_url.startswith(("https://", "http://")):
            msg = f"base_url={base_url!r}: give a whole URL, for example {BASE_URL!r}"
            raise ConfigurationError(msg)
        self.corp_id = corp_id
        self.agent_id = agent_id
        self.options = options or Options()
        store = token_store or MemoryTokenStore(clock=clock)
        self._engine = Engine(
            corp_id=corp_id,
            grant_call=_GRANT,
            grant_secrets={"corpid": corp_id, "corpsecret": secret},
            tokens=TokenCache(store, token_key(corp_id, secret), jitter=random()),
            limiter=limiter or RateLimiter(),
            clock=clock,
            random=random,
            observers=tuple(observers),
        )

    def _bound(self) -> Any:
        return self

    def with_options(
        self,
        *,
        timeout_seconds: float | Unset = UNSET,
        attempts: int | Unset = UNSET,
        retry: RetryPolicy | Unset = UNSET,
        max_wait_seconds: float | Unset = UNSET,
        validate: bool | Unset = UNSET,
        observers: Iterable[Observer] | Unset = UNSET,
    ) -> Self:
        """Return a client with other options, which shares connections, token and limits with this one.

        Args:
            timeout_seconds: For each step of one send.
            attempts: Most times a call is sent; shorthand for ``retry``.
            retry: How often and how patiently calls are repeated.
            max_wait_seconds: The longest pause for a rate limit; raise it for bulk jobs.
            validate: Whether to check the manual's limits before sending.
            observers: Replaces the observers.
        """
        changes: dict[str, Any] = {
            "timeout_seconds": timeout_seconds,
            "retry": evolve(self.options.retry, attempts=attempts) if attempts is not UNSET else retry,
            "max_wait_seconds": max_wait_seconds,
            "validate": validate,
        }
        clone = type(self).__new__(type(self))
        clone.__dict__.update(
            {
                "corp_id": self.corp_id,
                "agent_id": self.agent_id,
                "options": evolve(self.options, **{k: v for k, v in changes.items() if v is not UNSET}),
                "_transport": self._transport,
                "_sleep": self._sleep,
                "_engine": self._engine if observers is UNSET else evolve(self._engine, observers=tuple(observers)),
            }
        )
        return clone

    _sleep: Callable[[float], Any]

    @staticmethod
    def _raw_call(
        method: str,
        path: str,
        json: Mapping[str, object] | None,
        params: Mapping[str, object] | None,
        effect: Effect | None,
    ) -> Call[JSONObject]:
        whole = path if path.startswith("/") else f"/cgi-bin/{path}"
        result = cast("type[JSONObject]", dict)
        query = Call.get(whole, result, **(params or {})).query
        if method.upper() == "GET":
            return Call(method="GET", path=whole, result=result, effect=effect or Effect.READ, query=query)
        # Without a word from the caller a POST may reach a person: the careful effect.
        return evolve(Call.post(effect or Effect.SEND, whole, result, **(json or {})), query=query)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.corp_id}>"


class WeCom(_Client[Sync, Transport]):
    """The synchronous client of one corp's app.

    Use it as a context manager, or call `close`. It is safe to share between threads.

    Example:
        ```python
        from wecom_auto import WeCom
        from wecom_auto.testing import FakeWeCom

        fake = FakeWeCom()
        fake.add_customer(name="李四", followed_by="zhangsan")
        with fake.serve() as url, WeCom(fake.corp_id, fake.secret, base_url=url) as wecom:
            for external_userid in wecom.customers.list("zhangsan"):
                assert wecom.customers.get(external_userid).customer.name == "李四"
        ```

    Args:
        corp_id: The corp (企业ID), ``ww…``.
        secret: The secret of an app (应用) that 客户联系 lists as callable (可调用接口的应用).
        agent_id: The app's AgentId; needed for application messages only.
        base_url: The platform; a fake's URL in tests.
        http: Your own ``httpx.Client`` or ``httpx2.Client``, for example with a proxy.
            You close it; its transports are wrapped so that secrets stay out of its logs.
        token_store: Share tokens with other processes, for example in Redis.
        limiter: Share rate limits with other clients of the same corp.
        options: Timeouts, retries, waiting, validation; see `with_options`.
        observers: Called with every event of the client.
        clock: Unix seconds; the fake brings its own.
        sleep: Waits; a test brings its own.
        random: Between 0 and 1; a test brings its own.

    Raises:
        ConfigurationError: An argument cannot work.
    """

    is_async = False

    def __init__(
        self,
        corp_id: str,
        secret: str,
        *,
        agent_id: int | None = None,
        base_url: str = BASE_URL,
        http: httpx.Client | httpx2.Client | None = None,
        token_store: TokenStore | None = None,
        limiter: RateLimiter | None = None,
        options: Options | None = None,
        observers: Iterable[Observer] = (),
        clock: Clock = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        if http is not None and not is_sync_client(http):
            msg = f"http={type(http).__name__}: WeCom needs a synchronous httpx or httpx2 client"
            raise ConfigurationError(msg)
        super().__init__(
            corp_id,
            secret,
            agent_id=agent_id,
            base_url=base_url,
            token_store=token_store,
            limiter=limiter,
            options=options,
            observers=observers,
            clock=clock,
            random=random,
        )
        self._transport = Transport(base_url, self.options.timeout_seconds, http)
        self._sleep = sleep

    def send(self, call: Call[T]) -> Response[T]:
        """Send a call and return its result with the evidence around it.

        Raises:
            WeComError: See `wecom_auto.errors`; which one depends on the call.
        """
        return self._drive(self._engine.run(call, self.options))

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        effect: Effect | None = None,
    ) -> JSONObject:
        """Reach an endpoint that has no method yet, with the same token, retries and errors.

        Args:
            method: ``"GET"`` or ``"POST"``.
            path: For example ``"/cgi-bin/department/get"``, or short: ``"department/get"``.
            json: The body of a POST.
            params: The query; the token is added.
            effect: What the call does. By default a GET reads, and a POST is never repeated after an unknown outcome.

        Returns:
            The whole answer.
        """
        return self.send(self._raw_call(method, path, json, params, effect)).data

    def execute(self, call: Call[T]) -> T:
        """Send a call and return its result."""
        return self.send(call).data

    def run(self, flow: Step[T]) -> T:
        """Run a workflow: a generator that yields calls."""
        return self._drive(self._engine.work(flow, self.options))

    def send_all(
        self, calls: Iterable[Call[T]], *, concurrency: int = 1, progress: Report | None = None
    ) -> BulkResult[Call[T], T]:
        """Send many calls and say what became of each; an error of one is no error of the others.

        Args:
            calls: For example of `Calls`.
            concurrency: The most calls under way at once, 1 to 100; as many threads work while this lasts, none for 1.
            progress: Is told after every call.
        """
        return self.run(in_bulk(calls, 1, itemgetter(0), concurrency=concurrency, progress=progress))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _drive(self, flow: Flow[T], sleep: Callable[[float], None] | None = None) -> T:
        try:
            command = next(flow)
            while True:
                try:
                    answer = self._do(command, sleep or self._sleep)
                except BaseException as error:  # noqa: BLE001  # the engine decides what it means, and frees what it holds
                    command = flow.throw(error)
                else:
                    command = flow.send(answer)
        except StopIteration as stop:
            return cast("T", stop.value)

    def _do(self, command: Command, sleep: Callable[[float], None]) -> Any:
        if isinstance(command, Send):
            return self._transport.send(command.call, command.secrets, command.timeout)
        if isinstance(command, Ask):
            return command.function(*command.args)
        if isinstance(command, Sleep):
            return sleep(command.seconds)
        return self._spread(command)

    def _spread(self, command: Spread) -> None:
        if command.at_once == 1:
            while flow := command.next_flow():
                self._drive(flow)
            return
        Threads(command, self._drive, self._sleep).run()


async def _sleep_async(seconds: float) -> None:
    import anyio

    await anyio.sleep(seconds)


class AsyncWeCom(_Client[Async, AsyncTransport]):
    """The asynchronous client of one corp's app: the surface of `WeCom` with ``await`` and ``async for``.

    Runs on asyncio and on trio. Use it as an asynchronous context manager, or call `aclose`.

    Args:
        corp_id: See `WeCom`, also for the other arguments.
        secret: See `WeCom`.
        agent_id: See `WeCom`.
        base_url: See `WeCom`.
        http: Your own ``httpx.AsyncClient`` or ``httpx2.AsyncClient``.
        token_store: See `WeCom`; a store that blocks is asked in a worker thread.
        limiter: See `WeCom`.
        options: See `WeCom`.
        observers: See `WeCom`.
        clock: See `WeCom`.
        sleep: Waits, asynchronously.
        random: See `WeCom`.

    Raises:
        ConfigurationError: An argument cannot work.
    """

    is_async = True

    def __init__(
        self,
        corp_id: str,
        secret: str,
        *,
        agent_id: int | None = None,
        base_url: str = BASE_URL,
        http: httpx.AsyncClient | httpx2.AsyncClient | None = None,
        token_store: TokenStore | None = None,
        limiter: RateLimiter | None = None,
        options: Options | None = None,
        observers: Iterable[Observer] = (),
        clock: Clock = time.time,
        sleep: Callable[[float], Awaitable[None]] = _sleep_async,
        random: Callable[[], float] = _random.random,
    ) -> None:
        if http is not None and not is_async_client(http):
            msg = f"http={type(http).__name__}: AsyncWeCom needs an asynchronous httpx or httpx2 client"
            raise ConfigurationError(msg)
        super().__init__(
            corp_id,
            secret,
            agent_id=agent_id,
            base_url=base_url,
            token_store=token_store,
            limiter=limiter,
            options=options,
            observers=observers,
            clock=clock,
            random=random,
        )
        self._transport = AsyncTransport(base_url, self.options.timeout_seconds, http)
        self._sleep = sleep

    async def send(self, call: Call[T]) -> Response[T]:
        """Send a call and return its result with the evidence around it; see `WeCom.send`."""
        return await self._drive(self._engine.run(call, self.options))

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        effect: Effect | None = None,
    ) -> JSONObject:
        """Reach an endpoint that has no method yet; see `WeCom.request`."""
        return (await self.send(self._raw_call(method, path, json, params, effect))).data

    async def execute(self, call: Call[T]) -> T:
        """Send a call and return its result."""
        return (await self._drive(self._engine.run(call, self.options))).data

    def run(self, flow: Step[T]) -> Coroutine[Any, Any, T]:
        """Run a workflow: a generator that yields calls."""
        return self._drive(self._engine.work(flow, self.options))

    async def send_all(
        self, calls: Iterable[Call[T]], *, concurrency: int = 1, progress: Report | None = None
    ) -> BulkResult[Call[T], T]:
        """Send many calls and say what became of each; see `WeCom.send_all`. It needs no threads."""
        return await self.run(in_bulk(calls, 1, itemgetter(0), concurrency=concurrency, progress=progress))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _drive(self, flow: Flow[T]) -> T:
        try:
            command = next(flow)
            while True:
                try:
                    answer = await self._do(command)
                except BaseException as error:  # noqa: BLE001  # cancellation too: the engine frees lease and place
                    command = flow.throw(error)
                else:
                    command = flow.send(answer)
        except StopIteration as stop:
            return cast("T", stop.value)

    async def _do(self, command: Command) -> Any:
        if isinstance(command, Send):
            return await self._transport.send(command.call, command.secrets, command.timeout)
        if isinstance(command, Sleep):
            return await self._sleep(command.seconds)
        if isinstance(command, Ask):
            return await self._ask(command)
        return await self._spread(command)

    async def _spread(self, command: Spread) -> None:
        broken: list[BaseException] = []

        async def work() -> None:
            while flow := command.next_flow():
                await self._drive(flow)

        if command.at_once == 1:
            return await work()
        import anyio

        async def one_of_many() -> None:
            try:
                await work()
            except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001  # raised below, not in a group
                broken.append(error)
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for _ in range(command.at_once):
                group.start_soon(one_of_many)
        if broken:
            raise broken[0]
        return None

    async def _ask(self, command: Ask) -> Any:
        if not self._engine.tokens.store.blocking:
            return command.function(*command.args)
        import anyio.to_thread

        answer = await anyio.to_thread.run_sync(command.function, *command.args)
        return await answer if inspect.isawaitable(answer) else answer
