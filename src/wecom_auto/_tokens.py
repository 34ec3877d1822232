"""Keep access tokens (access_token): one flight per app, shared by threads, tasks and processes. Sends nothing itself.

Rules that the platform sets (manual 91039): a token belongs to one app; it may die before its time;
fetching often is blocked; a wrong secret repeated often bans the IP.
So a token is fetched by one caller while the others wait or use the old one,
a dead token is dropped only if it is still the one that died, and a refused secret is not tried again.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import field, frozen
from cachetools import TLRUCache

from wecom_auto._time import Clock
from wecom_auto._types import JSONObject
from wecom_auto.errors import DecodeError, WeComError

if TYPE_CHECKING:
    import redis

__all__ = ["MemoryTokenStore", "RedisTokenStore", "StoredToken", "TokenCache", "TokenStore", "token_key"]

RENEW_EARLY_SECONDS: Final = 300.0
"""A token is renewed this long before its time, and by chance up to a fifth earlier: workers must not meet."""
LAST_USE_SECONDS: Final = 15.0
"""While one caller renews, others use the old token until this long before its end."""
LEASE_SECONDS: Final = 30.0
"""A caller that dies while fetching blocks the others for no longer than this."""
REFUSED_SECONDS: Final = 600.0
"""After a refused secret nobody asks again for this long (unverified: 2,000 wrong secrets an hour ban the IP)."""


@frozen
class StoredToken:
    """A token and its times.

    Attributes:
        value: The secret; up to 512 bytes.
        expires_at: Unix seconds, counted from before the request was sent.
    """

    value: str = field(repr=False)
    expires_at: float


class TokenStore(Protocol):
    """Where tokens are shared; bring your own for another database.

    Every method may block: the asynchronous client calls a store in a worker thread when `blocking` is true.
    What a method raises reaches the caller as it is; a client that holds a fresh token asks no store.
    """

    blocking: bool

    def get(self, key: str) -> StoredToken | None:
        """Return the token under `key`, alive or not."""

    def put(self, key: str, token: StoredToken) -> None:
        """Replace the token under `key`."""

    def drop(self, key: str, seen: StoredToken) -> None:
        """Remove the token under `key` if it is still the `seen` one."""

    def lease(self, key: str, seconds: float) -> str | None:
        """Take the right to fetch for `seconds`; return a ticket, or None when somebody else has it."""

    def release(self, key: str, ticket: str) -> None:
        """Give the right back, if `ticket` still holds it."""


def token_key(corp_id: str, secret: str) -> str:
    """Return the cache key of an app: the corp and a fingerprint of the secret, never the secret.

    A reset secret gives another key, so an old token never outlives it.
    """
    return f"wecom:{corp_id}:{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


class MemoryTokenStore:
    """Tokens in this process, safe for threads and tasks.

    Args:
        clock: Unix seconds; the fake brings its own.
        size: Most apps kept; the least recently used go first.
    """

    blocking = False

    def __init__(self, *, clock: Clock = time.time, size: int = 1024) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: TLRUCache[str, StoredToken] = TLRUCache(size, _expiry, timer=clock)
        self._leases: TLRUCache[str, tuple[str, float]] = TLRUCache(size, _lease_end, timer=clock)

    def get(self, key: str) -> StoredToken | None:
        """Return the token under `key`."""
        with self._lock:
            return self._tokens.get(key)

    def put(self, key: str, token: StoredToken) -> None:
        """Replace the token under `key`."""
        with self._lock:
            self._tokens[key] = token

    def drop(self, key: str, seen: StoredToken) -> None:
        """Remove the token under `key` if it is still the `seen` one."""
        with self._lock:
            if self._tokens.get(key) == seen:
                del self._tokens[key]

    def lease(self, key: str, seconds: float) -> str | None:
        """Take the right to fetch."""
        with self._lock:
            if key in self._leases:
                return None
            ticket = uuid.uuid4().hex
            self._leases[key] = (ticket, self._clock() + seconds)
            return ticket

    def release(self, key: str, ticket: str) -> None:
        """Give the right back."""
        with self._lock:
            if self._leases.get(key, ("", 0.0))[0] == ticket:
                del self._leases[key]

    def __repr__(self) -> str:
        return f"<MemoryTokenStore with {len(self._tokens)} tokens>"


def _expiry(_key: str, token: StoredToken, _now: float) -> float:
    return token.expires_at


def _lease_end(_key: str, lease: tuple[str, float], _now: float) -> float:
    return lease[1]


# Compare and delete in one step on the server: between a GET and a DEL another worker may have put a fresh token.
_DELETE_IF: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"


class RedisTokenStore:
    """Tokens shared by processes and machines through Redis (``pip install 'wecom-auto[redis]'``).

    A token lies in Redis in clear text, as the platform's own advice for caches assumes:
    keep the server private, or bring a store that encrypts.
    Redis is asked only when a process has no usable token of its own.

    Args:
        client: A synchronous client, for example ``redis.Redis.from_url("redis://127.0.0.1")``;
            the asynchronous WeCom client uses it in a worker thread.
        clock: Unix seconds; a test brings its own.
    """

    blocking = True

    def __init__(self, client: redis.Redis, *, clock: Clock = time.time) -> None:
        self._redis = client
        self._clock = clock
        self._delete_if: Callable[..., Any] = client.register_script(_DELETE_IF)

    def get(self, key: str) -> StoredToken | None:
        """Return the token under `key`."""
        raw = self._redis.get(key)
        if raw is None:
            return None
        expires_at, _, value = (raw.decode() if isinstance(raw, bytes) else raw).partition(" ")
        return StoredToken(value, float(expires_at))

    def put(self, key: str, token: StoredToken) -> None:
        """Replace the token under `key`; it goes by itself when it expires."""
        left = max(1, int(token.expires_at - self._clock()))
        self._redis.set(key, self._line(token), ex=left)

    def drop(self, key: str, seen: StoredToken) -> None:
        """Remove the token under `key` if it is still the `seen` one."""
        self._delete_if(keys=[key], args=[self._line(seen)])

    def lease(self, key: str, seconds: float) -> str | None:
        """Take the right to fetch, for all processes."""
        ticket = uuid.uuid4().hex
        return ticket if self._redis.set(f"{key}:lease", ticket, nx=True, px=int(seconds * 1000)) else None

    def release(self, key: str, ticket: str) -> None:
        """Give the right back."""
        self._delete_if(keys=[f"{key}:lease"], args=[ticket])

    @staticmethod
    def _line(token: StoredToken) -> str:
        return f"{token.expires_at!r} {token.value}"

    def __repr__(self) -> str:
        return "<RedisTokenStore>"


class TokenCache:
    """What one client remembers about its app's token, so that the store is asked rarely.

    Args:
        store: Where tokens are shared.
        key: The app's key in it.
        jitter: Between 0 and 1; moves the early renewal so that workers do not meet.
    """

    def __init__(self, store: TokenStore, key: str, *, jitter: float) -> None:
        self.store = store
        self.key = key
        self._early = RENEW_EARLY_SECONDS * (1 + jitter / 5)
        self._mine: StoredToken | None = None
        self._failure: tuple[float, float, WeComError] | None = None

    def fresh(self, now: float) -> StoredToken | None:
        """Return this process's token if it need not be renewed yet."""
        return self._mine if self._mine and self._mine.expires_at - self._early > now else None

    def usable(self, now: float) -> StoredToken | None:
        """Return this process's token if it still works, although it should be renewed."""
        return self._mine if self._mine and self._mine.expires_at - LAST_USE_SECONDS > now else None

    def adopt(self, token: StoredToken | None) -> None:
        """Take over what the store holds, or what was just fetched."""
        if token is not None:
            self._mine = token

    def forget(self, seen: StoredToken) -> None:
        """Drop this process's token if it is the `seen` one."""
        if self._mine == seen:
            self._mine = None

    def failed(self, error: WeComError, now: float, *, refused: bool) -> None:
        """Remember a failed fetch: for those who wait now, and after a refused secret for a while."""
        self._failure = (now, now + (REFUSED_SECONDS if refused else 0.0), error)

    def failure(self, waiting_since: float, now: float) -> WeComError | None:
        """Return the error that a caller who waits since then should get, instead of trying again itself."""
        if self._failure is None:
            return None
        at, until, error = self._failure
        return error if now < until or at > waiting_since else None


def read_token(answer: JSONObject, asked_at: float) -> StoredToken:
    """Return the token of a ``gettoken`` answer, its life counted from before the request.

    Raises:
        DecodeError: The answer says success and brings no token.
    """
    value, seconds = answer.get("access_token"), answer.get("expires_in", 7200)
    if not isinstance(value, str) or not value:
        msg = "expected a token, found none"
        raise DecodeError(msg, path="access_token", call="GET gettoken")
    if not isinstance(seconds, int):
        msg = f"expected whole seconds, found {type(seconds).__name__}"
        raise DecodeError(msg, path="expires_in", call="GET gettoken")
    return StoredToken(value, asked_at + seconds)
