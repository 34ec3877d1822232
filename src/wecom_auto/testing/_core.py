"""The platform behind every door: one lock, one state, one way through. Opens no socket and reads no wall clock."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import cast

from attrs import define, evolve

from wecom_auto.testing._chapters import ROUTES, TIMED
from wecom_auto.testing._clock import VirtualClock
from wecom_auto.testing._fake_token import app_of
from wecom_auto.testing._faults import Fault, Faults
from wecom_auto.testing._limiter import Limiter
from wecom_auto.testing._outbox import Outbox
from wecom_auto.testing._records import RecordedCall
from wecom_auto.testing._registry import Ask, Endpoint, Tick
from wecom_auto.testing._settings import Limits, Settings
from wecom_auto.testing._spec import verify
from wecom_auto.testing._state import App, State
from wecom_auto.testing._warnings import UnknownFieldWarning, UnknownPathWarning
from wecom_auto.testing._wire import Body, RawReply, RawRequest, Refusal, answer, encode, refuse_text

__all__ = ["PREFIX", "Core", "short"]

PREFIX = "/cgi-bin/"
SECRETS = frozenset({"access_token", "corpsecret"})
# The table of codes has no "GET wanted" or "JSON broken": 40058 is named for both.
BAD_REQUEST, NO_PERMISSION = 40058, 48002
LONE = rb"\ud"
NOT_FOUND = RawReply(
    status=404,
    content_type="text/html",
    body=b"<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>",
)
NOBODY = App(name="nobody", secret="", agent_id=0)


def short(path: str) -> str:
    """Return a path as the table spells it: `externalcontact/get`."""
    return path.removeprefix(PREFIX).strip("/")


@define
class _Visit:
    """One request on its way through."""

    raw: RawRequest
    path: str
    body: Body | None
    app: App | None = None
    errcode: int | None = None


class Core:
    """State, rules and records of one fake corp.

    Args:
        make_state: Builds the corp; called again by `reset`.
        clock: The virtual clock.
        limits: The amounts in force.
        settings: The habits in force.
    """

    def __init__(
        self, make_state: Callable[[], State], clock: VirtualClock, limits: Limits, settings: Settings
    ) -> None:
        self._make_state = make_state
        self.lock = threading.RLock()
        self.clock = clock
        self.limits = limits
        self.settings = settings
        self._depth = 0
        self.reset()
        clock.follow(self.settle)

    def reset(self) -> None:
        """Forget everything: state, records, faults and callbacks. The clock goes on."""
        with self.lock:
            self.state = self._make_state()
            self.limiter = Limiter()
            self.faults = Faults(self.state.ids.seed)
            self.calls: defaultdict[str, list[RecordedCall]] = defaultdict(list)
            self.outbox = Outbox(self.state, self.clock)

    def settle(self) -> None:
        """Let happen what was to happen by now."""
        with self.acting():
            tick = Tick(self.state, self.clock.time(), self.limits, self.settings, self.outbox.emit)
            for happen in TIMED:
                happen(tick)

    @contextmanager
    def acting(self) -> Generator[None]:
        """Hold the lock while a test changes the world; deliver callbacks after the last of them has let go."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            outermost = self._depth == 0
        # Outside the lock: a receiver may call the API from another thread while it handles the event.
        if outermost and self.outbox.automatic:
            self.outbox.flush(self.settings)

    @contextmanager
    def visiting(self, path: str) -> Generator[None]:
        """Count a request as in flight, from its arrival until its answer has left."""
        counts = self.limiter.in_flight
        name = short(path)
        with self.lock:
            counts[name] += 1
        try:
            yield
        finally:
            with self.lock:
                counts[name] -= 1

    def handle(self, raw: RawRequest) -> RawReply:
        """Answer a request of the API."""
        path = short(raw.path)
        route = ROUTES.get(path)
        visit = _Visit(raw, path, _parse(route, raw))
        with self.lock:
            fault = self.faults.take(path)
            reply = self._meet(visit, route, fault)
            self._record(visit, fault)
        warning = _complaint(visit, route)
        return evolve(reply, warning=warning) if warning else reply

    def _meet(self, visit: _Visit, route: Endpoint | None, fault: Fault | None) -> RawReply:
        if fault is None:
            return self._reply(visit, route)
        goes_through = fault.silent or fault.processed
        reply = self._reply(visit, route, fault) if goes_through else RawReply()
        if fault.errcode is not None:
            reply = RawReply(body=encode(self._refuse(visit, Refusal(fault.errcode, fault.errmsg))))
        reply = fault.spoil(reply)
        if fault.reset or fault.body or reply.status != 200:  # noqa: PLR2004
            visit.errcode = None
        return reply

    def _reply(self, visit: _Visit, route: Endpoint | None, fault: Fault | None = None) -> RawReply:
        if route is None:
            return NOT_FOUND
        try:
            fields = self._run(visit, route)
        except Refusal as refusal:
            return RawReply(body=encode(self._refuse(visit, refusal)))
        visit.errcode = 0
        if fault is not None and fault.repeat_cursor:
            _repeat_cursor(fields, visit.body or {})
        return RawReply(body=encode(fields))

    def _run(self, visit: _Visit, route: Endpoint) -> Body:
        now, raw = self.clock.time(), visit.raw
        app = app_of(self.state, raw.query.get("access_token", ""), now) if route.token else NOBODY
        visit.app = app if route.token else None
        self.limiter.check(visit.path, self.limits, now)
        if raw.method != route.method:
            raise Refusal(BAD_REQUEST, f"{visit.path} wants {route.method}")
        if visit.body is None:
            raise Refusal(BAD_REQUEST, "the body is not a JSON object")
        if route.contact and not app.customer_contact:
            raise Refusal(NO_PERMISSION, "this app is not callable (可调用接口的应用) in customer contact")
        body = _given(visit.body)
        verify(body, route.checks)
        emit = self.outbox.emit
        ask = Ask(self.state, body, app, now, self.limits, self.settings, visit.path, raw, emit)
        return answer(route.handler(ask))

    def _refuse(self, visit: _Visit, refusal: Refusal) -> Body:
        visit.errcode = refusal.code
        hint = f"{int(self.clock.time())}{self.state.ids.number('hint'):014d}"
        return refuse_text(refusal.code, refusal.detail, hint=hint, ip=visit.raw.ip)

    def _record(self, visit: _Visit, fault: Fault | None) -> None:
        raw = visit.raw
        call = RecordedCall(
            method=raw.method,
            path=visit.path,
            query={name: value for name, value in raw.query.items() if name not in SECRETS},
            body={} if visit.body is None or raw.method == "GET" else visit.body,
            at=self.clock.now(),
            errcode=visit.errcode,
            agent_id=visit.app.agent_id if visit.app else None,
            fault=fault,
        )
        self.calls[visit.path].append(call)


def _repeat_cursor(fields: Body, asked: Body) -> None:
    """Answer the cursor or the offset that was asked from."""
    if "next_offset" in fields:
        fields["next_offset"] = asked.get("offset", 0)
    else:
        fields["next_cursor"] = asked.get("cursor") or fields.get("next_cursor", "")


def _parse(route: Endpoint | None, raw: RawRequest) -> Body | None:
    """Return the fields of a request: the query of a GET or an upload, otherwise the JSON body."""
    if raw.method == "GET" or (route is not None and route.multipart):
        return {name: value for name, value in raw.query.items() if name != "access_token"}
    if not raw.body:
        return {}
    try:
        body: object = json.loads(raw.body)
        if LONE in raw.body.lower():
            # Half a surrogate pair is JSON, but no text that could be answered in UTF-8.
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return cast("Body", body) if isinstance(body, dict) else None


def _given(body: Body) -> Body:
    """Return a body without its nulls: many clients write null for what they leave out.

    Raises:
        Refusal: It is nested too deeply.
    """
    try:
        return {name: _whole(value) for name, value in body.items() if value is not None}
    except RecursionError as error:
        raise Refusal(BAD_REQUEST, "the body is nested too deeply") from error


def _whole(value: object) -> object:
    if isinstance(value, dict):
        given = cast("Body", value)
        return {name: _whole(one) for name, one in given.items() if one is not None}
    # A null in a list is an entry of the wrong type, and not left out.
    return [_whole(one) for one in cast("list[object]", value)] if isinstance(value, list) else value


def _complaint(visit: _Visit, route: Endpoint | None) -> Warning | None:
    """Return what the platform would only punish in silence."""
    if route is None:
        return UnknownPathWarning(
            f"{visit.raw.method} {visit.raw.path}: the fake does not serve this path, answered 404"
        )
    strange = (visit.body or {}).keys() - route.fields - {"debug"}
    if strange:
        names = ", ".join(sorted(strange))
        return UnknownFieldWarning(f"{visit.path}: the manual has no field {names}; the platform would ignore it")
    return None
