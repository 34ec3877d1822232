"""`FakeWeCom`: the platform in a box. Puts the parts together; the rules live in the chapters and scenes."""

from __future__ import annotations

import difflib
import random
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, Unpack

from wecom_auto import _http
from wecom_auto.testing._chapters import ROUTES
from wecom_auto.testing._clock import DEFAULT_NOW, VirtualClock
from wecom_auto.testing._control import CONTROL, control, plain
from wecom_auto.testing._core import Core, short
from wecom_auto.testing._faults import Fault, FaultOptions
from wecom_auto.testing._ids import Ids
from wecom_auto.testing._records import RecordedCall
from wecom_auto.testing._scenes_acquisition import AcquisitionScenes
from wecom_auto.testing._scenes_archive import ArchiveScenes
from wecom_auto.testing._scenes_callbacks import CallbackScenes
from wecom_auto.testing._scenes_groups import GroupScenes
from wecom_auto.testing._scenes_ids import IdScenes
from wecom_auto.testing._scenes_kf import KfScenes
from wecom_auto.testing._scenes_lives import LiveScenes
from wecom_auto.testing._scenes_members import MemberScenes
from wecom_auto.testing._scenes_moments import MomentScenes
from wecom_auto.testing._scenes_people import PeopleScenes
from wecom_auto.testing._scenes_schedules import ScheduleScenes
from wecom_auto.testing._scenes_school import SchoolScenes
from wecom_auto.testing._scenes_staff import StaffScenes
from wecom_auto.testing._scenes_strategies import StrategyScenes
from wecom_auto.testing._scenes_talk import TalkScenes
from wecom_auto.testing._scenes_transfers import TransferScenes
from wecom_auto.testing._scenes_welcomes import WelcomeScenes
from wecom_auto.testing._server import serving
from wecom_auto.testing._settings import Limits, Settings
from wecom_auto.testing._state import App, State
from wecom_auto.testing._transport import FakeTransport, transport_for
from wecom_auto.testing._wire import RawReply, RawRequest

if TYPE_CHECKING:
    from wecom_auto._client import AsyncWeCom, WeCom

__all__ = ["FakeWeCom"]

BASE_URL = "https://qyapi.weixin.qq.com"
REVOKED = 40014


class FakeWeCom(
    TalkScenes,
    AcquisitionScenes,
    KfScenes,
    PeopleScenes,
    StaffScenes,
    GroupScenes,
    MomentScenes,
    TransferScenes,
    CallbackScenes,
    StrategyScenes,
    WelcomeScenes,
    IdScenes,
    SchoolScenes,
    MemberScenes,
    LiveScenes,
    ArchiveScenes,
    ScheduleScenes,
):
    """A WeCom corp in memory: strict, limit-enforcing, and with bad days on demand.

    One state, four doors: `transport` (httpx and httpx2, sync and async), the pytest fixture `wecom`,
    real HTTP on loopback (`serve`, `python -m wecom_auto.testing`), and control under `/_fake/`.
    Time is virtual, identifiers depend on the seed only, and all methods may be called from any thread.

    It does **not** imitate:

    * what the manual does not say. Each chapter module names its guesses as "Unverified";
      the answer to an unknown path (404 with HTML) is one of them;
    * JSON the platform tolerates: wrong types are refused with 40058;
    * delays of data: what was written can be read at once, unless `Settings` says otherwise;
    * trusted IPs (60020), licences (701008), archive consent (41053), regions and quotas of message/send by corp size;
    * who logged in when, and what a member cannot do who has not activated WeCom: only reading them tells;
    * personal tags, customers who are WeCom users, member tags (标签), and of members more than name and card;
    * a school's address book by API: families are put there by scenes;
    * the ids of providers' apps, except in the conversions of ids: every app reads the corp's own;
    * moments of the corp that a member deletes after publishing, and members who change a moment before;
    * statistics of what has no scene: mass messages, welcome messages and transferred customers count in none;
    * the archive's own encryption; `chat` and mass messages are not archived, and nobody's words are held back;
    * the content of media: a picture must begin like JPG or PNG, everything else is taken as it comes;
    * acquisition links that a provider pays for, and chats of which the platform does not know whether they began;
    * chapters outside its table of endpoints; asking for one is answered 404 and warned about.

    Args:
        corp_id: The corp.
        secret: The secret of its first app.
        agent_id: The id of its first app.
        seed: What the identifiers and the dice depend on.
        now: When the virtual clock starts; a fixed Monday morning unless given.
        limits: Frequency and amount limits.
        settings: Habits such as the quota rule or the lag of lists.
    """

    def __init__(
        self,
        *,
        corp_id: str = "wwfa4e000000000001",
        secret: str = "fake-secret-of-the-first-app",  # noqa: S107 - a made-up secret of a made-up corp
        agent_id: int = 1000002,
        seed: int = 0,
        now: datetime = DEFAULT_NOW,
        limits: Limits | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.corp_id = corp_id
        """The corp's id."""
        self.agent_id = agent_id
        """The id of the first app."""
        self._secret = secret
        self._seed = seed
        self.clock = VirtualClock(now)
        """The virtual clock; nothing happens by time until it is advanced."""
        self._core = Core(self._make_state, self.clock, limits or Limits(), settings or Settings())

    def __enter__(self) -> Self:
        """Return the fake. It holds nothing that must be closed; `with` only says how long it is needed."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Do nothing: clients and servers close themselves."""

    def __repr__(self) -> str:
        return f"FakeWeCom(corp_id={self.corp_id!r}, seed={self._seed}, now={self.clock.now().isoformat()!r})"

    def _make_state(self) -> State:
        state = State(corp_id=self.corp_id, ids=Ids(self._seed))
        state.apps.append(App(name="first", secret=self._secret, agent_id=self.agent_id))
        return state

    @property
    def secret(self) -> str:
        """The secret of the first app."""
        return self._secret

    @property
    def limits(self) -> Limits:
        """The limits in force; assign to change them."""
        return self._core.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._core.limits = limits

    @property
    def settings(self) -> Settings:
        """The habits in force; assign to change them."""
        return self._core.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._core.settings = settings

    # Doors

    def handle(self, raw: RawRequest, /) -> RawReply:
        """Answer one raw request; every door ends here."""
        return control(self, raw) if raw.path.startswith(CONTROL) else self._core.handle(raw)

    @property
    def transport(self) -> FakeTransport:
        """A transport, sync and async in one, for clients of httpx and httpx2."""
        return transport_for(_http.httpx, self._core, self.handle)

    def transport_for(self, library: ModuleType) -> FakeTransport:
        """Return a transport that also derives from the base classes of `library`, for code that checks.

        Args:
            library: The module `httpx` or `httpx2`.
        """
        return transport_for(library, self._core, self.handle)

    def serve(self, port: int = 0, *, latency: float = 0.0) -> AbstractContextManager[str]:
        """Serve real HTTP on 127.0.0.1 while a `with` block runs, which gets the base URL.

        Args:
            port: A free one unless given.
            latency: Real seconds that every answer takes.
        """
        return serving(self._core, self.handle, port=port, latency=latency)

    def client(self, **options: Any) -> WeCom:
        """Return a client of this corp: through the transport, on the virtual clock, never really sleeping.

        Args:
            options: Arguments of `WeCom`, instead of the fake's own.
        """
        from wecom_auto._client import WeCom

        http = options.pop("http", None) or _http.httpx.Client(transport=self.transport)
        chosen: dict[str, Any] = {**self._identity(), "http": http, "sleep": self.clock.sleep, **options}
        return WeCom(**chosen)

    def async_client(self, **options: Any) -> AsyncWeCom:
        """Return an asynchronous client of this corp; see `client`."""
        from wecom_auto._client import AsyncWeCom

        http = options.pop("http", None) or _http.httpx.AsyncClient(transport=self.transport)
        chosen: dict[str, Any] = {**self._identity(), "http": http, "sleep": self.clock.sleep_async, **options}
        return AsyncWeCom(**chosen)

    def _identity(self) -> dict[str, Any]:
        corp = {"corp_id": self.corp_id, "secret": self._secret, "agent_id": self.agent_id}
        # Seeded too: the jitter of the client's pauses moves the virtual clock.
        dice = random.Random(self._seed)  # noqa: S311 - reproducible jitter, not a secret
        return {**corp, "base_url": BASE_URL, "clock": self.clock.time, "random": dice.random}

    # Records

    def calls(self, path: str) -> list[RecordedCall]:
        """Return the requests of a path that arrived, refused and unlucky ones included.

        Raises:
            ValueError: The fake serves no such path, and nobody asked for it.
        """
        with self._core.lock:
            return list(self._core.calls[_known(path, self._core.calls)])

    def count(self, path: str) -> int:
        """Return how many requests of a path arrived; `"*"` counts all of them.

        Raises:
            ValueError: As for `calls`.
        """
        with self._core.lock:
            if path == "*":
                return sum(map(len, self._core.calls.values()))
            return len(self._core.calls[_known(path, self._core.calls)])

    def state(self) -> Mapping[str, Any]:
        """Return everything the corp holds as JSON, without secrets and tokens."""
        with self._core.lock:
            state: dict[str, Any] = plain(self._core.state)
        hidden = {"ids", "grants", "apps", "bad_secrets", "tickets"}
        apps = [{"name": one.name, "agent_id": one.agent_id} for one in self._core.state.apps]
        shown = {name: value for name, value in state.items() if name not in hidden}
        return {"now": self.clock.now().isoformat(), "apps": apps, **shown}

    def reset(self) -> None:
        """Forget everything but the clock, the limits and the settings."""
        self._core.reset()

    def revoke_tokens(self, *, errcode: int = REVOKED) -> None:
        """Kill every token before its time, as the platform sometimes does (91039).

        Args:
            errcode: What the dead tokens answer: 40014 or 42001.
        """
        with self._core.lock:
            for grant in self._core.state.grants.values():
                grant.dead = grant.dead or errcode

    # Bad days

    def fail_next(self, path: str, *, times: int = 1, **fault: Unpack[FaultOptions]) -> None:
        """Let the next requests of a path go wrong.

        Args:
            path: The endpoint, or `"*"` for any.
            times: How many requests.
            fault: What goes wrong; the keys of `FaultOptions`:

                * `errcode`, `errmsg`: answer this errcode; nothing is carried out unless `processed`.
                * `reset`: cut the connection `"before"` or `"after"` carrying the call out.
                * `status`: answer this HTTP status with an HTML body.
                * `html`: answer HTML instead of JSON.
                * `body`: spoil the answer: `"html"`, `"garbage"`, `"empty"` or `"truncated"`.
                * `slow`: answer late by so many seconds: virtual ones at the transport, real ones over HTTP.
                * `late_busy`: carry the call out, then answer -1.
                * `repeat_cursor`: answer the request's own cursor as `next_cursor`.
                * `processed`: carry the call out before it goes wrong; so by default for an empty or truncated answer.

        Raises:
            ValueError: Nothing would go wrong: no such endpoint or option, or no option at all.
        """
        with self._core.lock:
            self._core.faults.plan(_known(path, {"*"}), Fault.of(**fault), times)

    def fail_randomly(self, path: str, probability: float, **fault: Unpack[FaultOptions]) -> None:
        """Let each request of a path go wrong with a probability, by the fake's seed.

        Args:
            path: The endpoint, or `"*"` for any.
            probability: 0 to 1.
            fault: As for `fail_next`.

        Raises:
            ValueError: As for `fail_next`, or a probability outside 0 to 1.
        """
        with self._core.lock:
            self._core.faults.chance(_known(path, {"*"}), probability, Fault.of(**fault))

    def clear_faults(self) -> None:
        """Forget every planned bad day."""
        with self._core.lock:
            self._core.faults.clear()


def _known(path: str, others: Collection[str]) -> str:
    """Return a path as the table spells it; a misspelt one would match nothing, and the test would prove nothing."""
    name = short(path)
    if name in ROUTES or name in others:
        return name
    similar = difflib.get_close_matches(name, ROUTES, n=1)
    msg = f"{path!r}: the fake serves no such endpoint" + "".join(f"; did you mean {one!r}?" for one in similar)
    raise ValueError(msg)
