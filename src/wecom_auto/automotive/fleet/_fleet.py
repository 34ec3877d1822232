"""Make the codes of a corp those of a table, one call after the other, so that it can be stopped anywhere.

A create is announced in the database before it is sent, and a create whose answer nobody heard is looked for before
it is repeated. It deletes only when asked to: printed codes stop working.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen
from sqlalchemy.engine import Engine

from wecom_auto._time import Clock, from_unix, require_aware
from wecom_auto.automotive.channels import Channels, Source, SourceKind
from wecom_auto.automotive.fleet import _calls, _look, _rows
from wecom_auto.automotive.fleet._codes import Code, CodeKind
from wecom_auto.automotive.fleet._plan import FleetFinding, FleetPlan, Platform, Todo, compare
from wecom_auto.automotive.fleet._reading import FleetTable
from wecom_auto.automotive.fleet._rows import KnownCode, with_status
from wecom_auto.automotive.fleet._shifts import Shifts
from wecom_auto.errors import (
    Applied,
    ConfigurationError,
    ConflictError,
    InvalidRequestError,
    LicenseError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
    WeComError,
)
from wecom_auto.store import reading, repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

Progress: TypeAlias = Callable[[int, int, str], None]
"""Told how many codes are done, how many there are to do, and which one comes."""

_ITS_OWN: Final = (
    ConflictError,
    InvalidRequestError,
    LicenseError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)
"""Errors that concern one code; every other one would meet the next code, too."""
_PATIENCE: Final = 3
"""So many calls in a row without an answer mean that the platform is away."""


@frozen(kw_only=True)
class FleetReport:
    """What a run of `Fleet.apply` did.

    Attributes:
        created: Keys of codes that were made.
        updated: Keys of codes that were changed.
        deleted: Keys of codes that were deleted.
        found: Keys of codes that an earlier run had made without hearing the answer.
        doubtful: Keys of group codes that may have been made twice: the platform lists none, so nobody can look.
        failed: Why codes could not be made or changed, by key.
        stopped: Why the run ended before its end; empty if it did not. Run it again.
    """

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(factory=dict[str, str])
    stopped: str = ""

    @property
    def clean(self) -> bool:
        """Whether everything was done."""
        return not self.failed and not self.stopped


class Fleet:
    """The codes of one corp: contact ways (联系我), join ways (群活码) and acquisition links (获客链接).

    One `apply` at a time: two would take each other's unheard answers for their own.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        clock: Unix seconds of "now"; a test or the fake brings its own.
    """

    def __init__(self, engine: Engine, corp_id: str, *, clock: Clock = time.time) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self.channels = Channels(engine, corp_id, clock=clock)
        """Where the codes' states come from."""
        self._clock = clock

    def __repr__(self) -> str:
        return f"Fleet(corp_id={self.corp_id!r})"

    def codes(self) -> tuple[KnownCode, ...]:
        """List every code that the fleet has made, by key, deleted ones included."""
        with reading(self.engine) as connection:
            return tuple(_rows.read(connection, self.corp_id).values())

    def code(self, key: str) -> KnownCode | None:
        """Return one code, None if the fleet has never made it."""
        return next((one for one in self.codes() if one.key == key), None)

    def plan(
        self, table: FleetTable, *, now: datetime, shifts: Shifts | None = None, client: WeCom | None = None
    ) -> FleetPlan:
        """Say what is to be done; changes nothing, here and at the platform.

        Args:
            table: What should be there.
            now: The moment for which members are chosen; aware.
            shifts: The timetables that the table names.
            client: Look at the platform as well: codes that are gone, orphans, quota. Without it the plan knows what
                the fleet has done itself.
        """
        with reading(self.engine) as connection:
            known = _rows.read(connection, self.corp_id)
        times, moment = shifts or Shifts(), require_aware(now, "now")
        seen = Platform()
        if client is not None:
            kinds = {CodeKind.CONTACT, *(one.kind for one in table.codes), *(one.kind for one in known.values())}
            seen = _look.platform(client, moment, kinds)
        adds = self.channels.adds_by_member(since=times.midnight(moment), until=moment)
        return compare(table, known, shifts=times, at=moment, adds_today=adds, platform=seen)

    def apply(
        self,
        table: FleetTable,
        client: WeCom,
        *,
        now: datetime,
        shifts: Shifts | None = None,
        delete: bool = False,
        look: bool = True,
        progress: Progress | None = None,
    ) -> FleetReport:
        """Make the codes those of the table. Run it again after a crash; run it every few minutes for shifts and caps.

        Channels, campaigns and stores of the table are put into the registry.

        Args:
            table: What should be there.
            client: A client of the app that makes the codes; only this app can change them.
            now: The moment for which members are chosen; aware.
            shifts: The timetables that the table names.
            delete: Delete codes that the table does not have any more.
            look: Compare with the platform first. A run that only moves shifts can do without.
            progress: Is told before every code.

        Raises:
            ConfigurationError: there is no room for the codes; nothing was made.
        """
        run = _Run(self, client, progress)
        run.settle_unsure(now)
        plan = self.plan(table, now=now, shifts=shifts, client=client if look else None)
        if not plan.fits:
            msg = f"the codes do not fit: {plan.of(Todo.QUOTA)[0].detail}"
            raise ConfigurationError(msg)
        run.work(table, plan, delete=delete)
        run.settle_unsure(now)
        return run.report()

    def state_of(self, source: Source) -> str:
        """Return the state for a source, putting what is new into the registry; empty for an empty source."""
        for kind, key in source.parts():
            if kind in {SourceKind.CHANNEL, SourceKind.CAMPAIGN, SourceKind.STORE}:
                self.channels.register(kind, key)
        return self.channels.state(source) if source else ""

    @repeatable
    def put(self, code: KnownCode) -> KnownCode:
        """Write what is known of a code."""
        with transaction(self.engine) as connection:
            return _rows.write(connection, self.corp_id, code, from_unix(self._clock()))


@frozen
class _Run:
    """One run of `Fleet.apply`."""

    fleet: Fleet
    client: WeCom
    progress: Progress | None
    done: dict[str, list[str]] = field(factory=lambda: {one: [] for one in ("created", "updated", "deleted", "found")})
    doubtful: list[str] = field(factory=list)
    failed: dict[str, str] = field(factory=dict)
    stopped: list[str] = field(factory=list)

    def report(self) -> FleetReport:
        """Return what was done."""
        return FleetReport(
            **{name: tuple(keys) for name, keys in self.done.items()},
            doubtful=tuple(self.doubtful),
            failed=self.failed,
            stopped="; ".join(self.stopped),
        )

    def settle_unsure(self, now: datetime) -> None:
        """Look for the codes whose answer nobody heard: what is there is kept, the others are free to be made."""
        known = self.fleet.codes()
        unsure = [one for one in known if one.creating]
        if not unsure:
            return
        taken = frozenset(one.config_id for one in known if one.config_id and one.status != "deleted")
        try:
            found = _look.find(self.client, unsure, taken, now)
        except WeComError as error:
            self.stopped.append(f"could not look for {len(unsure)} codes: {error}")
            return
        for row in unsure:
            if (seen := found.get(row.key)) is not None:
                made = _calls.Made(config_id=seen.config_id, url=seen.url)
                url = _calls.url_of(self.client, row.kind, made, row.state)
                self.fleet.put(with_status(row, "live", config_id=seen.config_id, url=url))
                self.done["found"].append(row.key)
                self.failed.pop(row.key, None)
            else:
                self.fleet.put(with_status(row, "deleted"))
                if row.kind is CodeKind.GROUP:
                    self.doubtful.append(row.key)

    def work(self, table: FleetTable, plan: FleetPlan, *, delete: bool) -> None:
        """Carry out a plan: people first, because customers scan old codes now."""
        codes, known = {one.key: one for one in table.codes}, {one.key: one for one in self.fleet.codes()}
        wanted = [Todo.UPDATE, Todo.CREATE, Todo.LOST, *([Todo.DELETE] if delete else [])]
        todo = sorted(plan.of(*wanted), key=lambda one: wanted.index(one.todo))
        silent = 0
        for number, finding in enumerate(todo):
            if self.progress is not None:
                self.progress(number, len(todo), str(finding))
            try:
                self._do(finding, codes, known, plan)
                silent = 0
            except _ITS_OWN as error:
                self.failed[finding.key] = str(error)
            except WeComError as error:
                self.failed[finding.key] = str(error)
                silent += 1
                if getattr(error, "applied", None) is not Applied.UNKNOWN or silent >= _PATIENCE:
                    self.stopped.append(str(error))
                    return

    def _do(
        self, finding: FleetFinding, codes: Mapping[str, Code], known: Mapping[str, KnownCode], plan: FleetPlan
    ) -> None:
        key = finding.key
        if finding.todo is Todo.DELETE:
            self._delete(known[key])
            return
        code = codes[key]
        users = plan.staffing[key].users if key in plan.staffing else ()
        if finding.todo is Todo.UPDATE:
            self._update(code, known[key], users)
        else:
            self._create(code, users, plan.at)

    def _create(self, code: Code, users: tuple[str, ...], now: datetime) -> None:
        state = self.fleet.state_of(code.source)
        row = KnownCode(
            key=code.key,
            kind=code.kind,
            status="creating",
            state=state,
            settings=code.settings(users),
            intent_at=from_unix(now.timestamp()),
        )
        # The intent is committed before the first byte leaves: whoever comes after a crash knows where to look.
        self.fleet.put(row)
        try:
            made = _calls.create(self.client, code, users, state)
        except WeComError as error:
            if isinstance(error, ValidationError) or getattr(error, "applied", None) is Applied.NO:
                self.fleet.put(with_status(row, "deleted"))
            raise
        row = self.fleet.put(with_status(row, "live", config_id=made.config_id, url=made.url))
        self.done["created"].append(code.key)
        self.fleet.put(with_status(row, "live", url=_calls.url_of(self.client, code.kind, made, state)))

    def _update(self, code: Code, row: KnownCode, users: tuple[str, ...]) -> None:
        state = self.fleet.state_of(code.source)
        try:
            _calls.update(self.client, code, row.config_id, users, state)
        except NotFoundError as error:
            if error.errcode in _GONE:
                self.fleet.put(with_status(row, "lost"))
            raise
        self.fleet.put(with_status(row, "live", state=state, settings=code.settings(users)))
        self.done["updated"].append(code.key)

    def _delete(self, row: KnownCode) -> None:
        try:
            if row.config_id:
                _calls.delete(self.client, row.kind, row.config_id)
        except NotFoundError:
            pass  # Somebody was quicker.
        self.fleet.put(with_status(row, "deleted"))
        self.done["deleted"].append(row.key)


_GONE: Final = frozenset({41044})
"""There is no such code, or another app made it."""
