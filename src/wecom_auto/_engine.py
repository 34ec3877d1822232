"""Carry one call from request to result: token, limit, send, decode, errors, retry. Does no I/O and has no clock.

The engine is a generator. It yields what it wants done (`Send`, `Sleep`, `Ask`) and a driver does it,
so that every rule exists once for the synchronous and the asynchronous client.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from types import NoneType
from typing import Any, Final, Generic, NoReturn, TypeAlias, TypeVar

from attrs import define, field, frozen

from wecom_auto._binding import Pause
from wecom_auto._call import Call
from wecom_auto._events import CallFailed, CallFinished, CallRetried, CallWaited, Observer, TokenFetched, notify
from wecom_auto._http import json_loads
from wecom_auto._limits import POLL_SECONDS, RateLimiter
from wecom_auto._retry import RetryPolicy, is_done, may_repeat
from wecom_auto._time import Clock
from wecom_auto._together import Together
from wecom_auto._tokens import LEASE_SECONDS, StoredToken, TokenCache, read_token
from wecom_auto._transport import NoAnswer, Reply
from wecom_auto._types import JSONObject
from wecom_auto.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    Applied,
    AuthenticationError,
    DecodeError,
    RateLimitError,
    RetryRule,
    ServerError,
    WeComError,
    api_error,
    error_code,
)

__all__ = ["Ask", "Command", "Engine", "Flow", "Options", "Response", "Send", "Sleep", "Spread"]

T = TypeVar("T")

_REDIRECT: Final = 300
_SERVER_ERROR: Final = 500
_CROWDED: Final = 45033
_WINDOW_USED: Final = 45009


@frozen
class Send:
    """Ask the driver to put `call` on the wire, with `secrets` in its query."""

    call: Call[Any]
    secrets: Mapping[str, str] = field(repr=False)
    timeout: float


@frozen
class Sleep:
    """Ask the driver to wait."""

    seconds: float


@frozen
class Ask:
    """Ask the driver to call a function of the token store, which may block."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = field(repr=False)


@frozen
class Spread:
    """Ask the driver to run flows until there are no more, up to `at_once` at a time."""

    next_flow: Callable[[], Flow[None] | None]
    stop: Callable[[], None]
    at_once: int


Command: TypeAlias = Send | Sleep | Ask | Spread
Flow: TypeAlias = Generator[Command, Any, T]


@frozen(kw_only=True)
class Options:
    """What `with_options` may change.

    Attributes:
        timeout_seconds: For each step of one send: connect (at most 5 s), write, the wait for each piece of the answer;
            and for the answer's end. Unlimited is only a server that drips header lines.
        retry: How often and how patiently calls are repeated.
        max_wait_seconds: The longest pause for a rate limit; a longer one raises `RateLimitError` at once.
        validate: Check the manual's limits before sending.
    """

    timeout_seconds: float = 10.0
    retry: RetryPolicy = field(factory=RetryPolicy)
    max_wait_seconds: float = 10.0
    validate: bool = True


@frozen(kw_only=True)
class Response(Generic[T]):
    """A result with the evidence around it.

    Attributes:
        data: The decoded result.
        json: The whole answer as it came.
        http: Status, headers and bytes.
        attempts: How often the call was sent.
        elapsed_seconds: From start to result, pauses included.
    """

    data: T
    json: JSONObject = field(repr=False)
    http: Reply
    attempts: int
    elapsed_seconds: float


@define
class _Try:
    """How far one call has come."""

    started: float
    attempts: int = 0
    refreshed: bool = False
    in_doubt: bool = False
    waited: float = 0.0


@define(kw_only=True)
class Engine:
    """The rules of one client; `Options` may differ from call to call.

    Attributes:
        corp_id: The corp (企业ID).
        grant_call: Fetches a token.
        grant_secrets: What its query must hold.
        tokens: What is known of the token.
        limiter: The platform's limits.
        clock: Unix seconds.
        random: Between 0 and 1.
        observers: Are told what happens.
    """

    corp_id: str
    grant_call: Call[Any]
    grant_secrets: Mapping[str, str] = field(repr=False)
    tokens: TokenCache
    limiter: RateLimiter
    clock: Clock
    random: Callable[[], float]
    observers: tuple[Observer, ...] = ()

    def run(self, call: Call[T], options: Options) -> Flow[Response[T]]:
        """Send `call` and return its response."""
        if options.validate:
            call.check(self.clock())
        state = _Try(self.clock())
        try:
            reply, answer = yield from self._send(call, options, state)
            data = call.decode(answer)
        except WeComError as error:
            self._failed(call, state, error)
            raise
        elapsed = self.clock() - state.started
        warning = str(answer.get("errmsg", "")) if "warning" in str(answer.get("errmsg", "")).lower() else ""
        finished = CallFinished(call=call.name, attempts=state.attempts, elapsed_seconds=elapsed, warning=warning)
        notify(self.observers, finished)
        return Response(data=data, json=answer, http=reply, attempts=state.attempts, elapsed_seconds=elapsed)

    def work(self, flow: Generator[Call[Any] | Together[Any] | Pause, Any, T], options: Options) -> Flow[T]:
        """Run a workflow: send what it yields, hand back the data, the outcomes, the time, or the error."""
        try:
            wanted = next(flow)
            while True:
                try:
                    answer = yield from self._answer(wanted, options)
                except WeComError as error:
                    wanted = flow.throw(error)
                else:
                    wanted = flow.send(answer)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # a generator's value is typed on the generator
        finally:
            flow.close()  # what a workflow holds is given back before a Ctrl-C or a cancellation goes on

    def _answer(self, wanted: Call[Any] | Together[Any] | Pause, options: Options) -> Flow[Any]:
        if isinstance(wanted, Call):
            return (yield from self.run(wanted, options)).data
        if isinstance(wanted, Pause):
            if wanted.seconds > 0:
                yield Sleep(wanted.seconds)
            return self.clock()

        def next_flow() -> Flow[None] | None:
            taken = wanted.take()
            return taken and self._settle(wanted, *taken, options)

        yield Spread(next_flow, wanted.stop, wanted.at_once)
        return wanted.outcomes()

    def _settle(self, together: Together[Any], place: int, call: Call[Any], options: Options) -> Flow[None]:
        """Send one of several calls; its error is an outcome like any other."""
        outcome: Any
        try:
            outcome = (yield from self.run(call, options)).data
        except WeComError as error:
            outcome = error
        together.put(place, outcome)

    def _send(self, call: Call[Any], options: Options, state: _Try) -> Flow[tuple[Reply, JSONObject]]:
        """Send until there is an answer worth returning, or an error worth raising."""
        while True:
            token = (yield from self._token(options)) if call.grant else None
            yield from self._admit(call, options, state)
            try:
                reply, answer, errcode = yield from self._attempt(call, options, state, token)
            except (APIConnectionError, ServerError) as error:
                yield from self._again(call, options, state, error, error.applied)
                continue
            if errcode == 0 or self._worked_before(call, errcode, state):
                return reply, answer
            text = str(answer.get("errmsg", ""))
            attempts = state.attempts
            refusal = api_error(errcode, text, call=call.name, attempts=attempts, http_status=reply.status)
            yield from self._recover(call, options, state, refusal, token)

    def _attempt(
        self, call: Call[Any], options: Options, state: _Try, token: StoredToken | None
    ) -> Flow[tuple[Reply, JSONObject, int]]:
        """Send once, holding a place among the calls in flight."""
        state.attempts += 1
        secrets = {call.grant: token.value} if token else self.grant_secrets
        errcode = 0
        try:
            reply: Reply = yield Send(call, secrets, options.timeout_seconds)
            answer, errcode = self._read(call, reply, state)
        except NoAnswer as failure:
            cls = APITimeoutError if failure.timed_out else APIConnectionError
            raise cls(str(failure), call=call.name, attempts=state.attempts, applied=failure.applied) from failure
        finally:
            self.limiter.leave(call.path, self.clock(), crowded=errcode == _CROWDED)
        return reply, answer, errcode

    @staticmethod
    def _worked_before(call: Call[Any], errcode: int, state: _Try) -> bool:
        """Return whether this error only says that an earlier try, whose answer was lost, had worked."""
        return call.result is NoneType and is_done(call.effect, error_code(errcode), in_doubt=state.in_doubt)

    def _recover(
        self, call: Call[Any], options: Options, state: _Try, error: APIError, token: StoredToken | None
    ) -> Flow[None]:
        """Do what the error code allows before the next send, or raise."""
        rule = error.code.retry
        if rule is RetryRule.REFRESH_TOKEN and token and not state.refreshed:
            state.refreshed = True
            self.tokens.forget(token)
            yield Ask(self.tokens.store.drop, (self.tokens.key, token))
            self._retried(call, state, 0.0, error)
        elif rule is RetryRule.AFTER_WINDOW and error.errcode == _WINDOW_USED:
            seconds = self.limiter.block(call.path, self.clock())
            if state.waited + seconds > options.max_wait_seconds or state.attempts >= options.retry.attempts:
                raise self._too_fast(call, state, seconds, error)
        elif rule is RetryRule.BACKOFF:
            yield from self._again(call, options, state, error, error.applied)
        else:
            raise error

    def _again(self, call: Call[Any], options: Options, state: _Try, error: WeComError, applied: Applied) -> Flow[None]:
        """Pause before the next send, or raise when there must not be one."""
        state.in_doubt = state.in_doubt or applied is Applied.UNKNOWN
        # An HTTP 3xx or 4xx page comes from something between here and the platform, and would come again.
        final = isinstance(error, ServerError) and _REDIRECT <= error.http_status < _SERVER_ERROR
        if final or state.attempts >= options.retry.attempts or not may_repeat(call.effect, applied):
            raise error
        delay = options.retry.pause(state.attempts, self.random)
        self._retried(call, state, delay, error)
        yield Sleep(delay)

    def _admit(self, call: Call[Any], options: Options, state: _Try) -> Flow[None]:
        """Wait for a place in the window and among the calls in flight."""
        path = call.path
        while not self.limiter.enter(path):
            yield Sleep(POLL_SECONDS * (0.5 + self.random()))
        try:
            while (delay := self.limiter.delay(path, self.clock())) > 0:
                yield from self._wait(call, options, state, delay)
        except BaseException:
            self.limiter.leave(path, None)
            raise

    def _wait(self, call: Call[Any], options: Options, state: _Try, delay: float) -> Flow[None]:
        if state.waited + delay > options.max_wait_seconds:
            raise self._too_fast(call, state, delay, None)
        state.waited += delay
        notify(self.observers, CallWaited(call=call.name, delay_seconds=delay, reason="rate limit"))
        yield Sleep(delay)

    def _token(self, options: Options) -> Flow[StoredToken]:
        """Return a token that works; fetch one if nobody else does."""
        now = since = self.clock()
        if token := self.tokens.fresh(now):
            return token
        while True:
            if failure := self.tokens.failure(since, now):
                _raise_again(failure)
            self.tokens.adopt((yield Ask(self.tokens.store.get, (self.tokens.key,))))
            if token := self.tokens.fresh(now):
                return token
            ticket: str | None = yield Ask(self.tokens.store.lease, (self.tokens.key, LEASE_SECONDS))
            if ticket:
                return (yield from self._fetch(ticket, options, since))
            if token := self.tokens.usable(now):
                return token
            yield Sleep(POLL_SECONDS * (0.5 + self.random()))
            now = self.clock()

    def _fetch(self, ticket: str, options: Options, since: float) -> Flow[StoredToken]:
        """Fetch a token under the lease, and share it."""
        tokens, asked_at = self.tokens, self.clock()
        try:
            # Whoever held the lease before may have been refused, or have put a token, a moment ago.
            if failure := tokens.failure(since, self.clock()):
                _raise_again(failure)
            tokens.adopt((yield Ask(tokens.store.get, (tokens.key,))))
            token = tokens.fresh(asked_at)
            if token is None:
                _, answer = yield from self._send(self.grant_call, options, _Try(asked_at))
                token = read_token(answer, asked_at)
                yield Ask(tokens.store.put, (tokens.key, token))
                tokens.adopt(token)
                fetched = TokenFetched(
                    corp_id=self.corp_id,
                    expires_in_seconds=int(token.expires_at - asked_at),
                    reason="no usable token",
                )
                notify(self.observers, fetched)
            yield Ask(tokens.store.release, (tokens.key, ticket))
        except BaseException as error:
            if isinstance(error, WeComError):
                tokens.failed(error, self.clock(), refused=isinstance(error, AuthenticationError))
            # Not yielded: a cancelled driver would not come back, and everybody would wait for the lease to end.
            with suppress(Exception):  # a store that fails twice must not hide why the fetch failed
                tokens.store.release(tokens.key, ticket)
            raise
        return token

    def _read(self, call: Call[Any], reply: Reply, state: _Try) -> tuple[JSONObject, int]:
        """Return the answer and its errcode; a missing errcode means success (manual 90664)."""
        answer: Any
        try:
            answer = json_loads(reply.content)
        except (ValueError, RecursionError):  # the standard parser gives up on deep nesting with the latter
            answer = None
        if not isinstance(answer, dict) or reply.status >= _SERVER_ERROR:
            kind = reply.headers.get("content-type", "no content type")
            message = "the platform is failing" if reply.status >= _SERVER_ERROR else f"the answer is not JSON ({kind})"
            raise ServerError(message, call=call.name, attempts=state.attempts, http_status=reply.status)
        errcode = answer.get("errcode", 0)
        if isinstance(errcode, str) and errcode.lstrip("-").isdecimal():
            errcode = int(errcode)
        if type(errcode) is not int:
            msg = f"errcode is {type(errcode).__name__}, not a number"
            raise DecodeError(msg, path="errcode", call=call.name)
        return answer, errcode

    def _too_fast(self, call: Call[Any], state: _Try, seconds: float, error: APIError | None) -> RateLimitError:
        text = error.errmsg if error else "kept back by the client's own limiter; nothing was sent"
        too_fast = api_error(_WINDOW_USED, text, call=call.name, attempts=state.attempts, retry_after=seconds)
        assert isinstance(too_fast, RateLimitError)  # noqa: S101  # the table's row of 45009 says so
        return too_fast

    def _retried(self, call: Call[Any], state: _Try, delay: float, error: WeComError) -> None:
        errcode = error.errcode if isinstance(error, APIError) else None
        reason = str(error)
        retried = CallRetried(
            call=call.name, attempt=state.attempts, delay_seconds=delay, reason=reason, errcode=errcode
        )
        notify(self.observers, retried)

    def _failed(self, call: Call[Any], state: _Try, error: WeComError) -> None:
        errcode = error.errcode if isinstance(error, APIError) else None
        elapsed = self.clock() - state.started
        failed = CallFailed(
            call=call.name, attempts=state.attempts, elapsed_seconds=elapsed, error=str(error), errcode=errcode
        )
        notify(self.observers, failed)


def _raise_again(error: WeComError) -> NoReturn:
    """Raise what another caller's fetch ended with; each caller gets a traceback of its own."""
    raise copy.copy(error) from error
