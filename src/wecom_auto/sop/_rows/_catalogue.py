"""Published definitions: immutable versions, and which SOP works. Plans nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from cachetools import LRUCache
from sqlalchemy.engine import Connection, Engine

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._document._problems import DefinitionError
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import SopStatus
from wecom_auto.sop.definition import Definition, Step
from wecom_auto.store import reading, upsert

_KEPT: Final = 256
_STATE: Final = (
    sa.select(t.sops.c.state)
    .where(t.sops.c.corp_id == sa.bindparam("corp"), t.sops.c.sop == sa.bindparam("name"))
    .with_for_update(read=True)
)
_SOPS: Final = sa.select(t.sops).where(t.sops.c.corp_id == sa.bindparam("corp")).order_by(t.sops.c.sop)


@frozen(kw_only=True)
class PublishedSop:
    """Which version new runs take, and whether the SOP works."""

    sop: str
    version: int
    state: SopStatus


def _ended(sop: str) -> ConfigurationError:
    return ConfigurationError(f"{sop!r} has ended, and that is for good: publish it under a new name")


class Catalogue:
    """The published definitions of one corp.

    Args:
        corp_id: The corp.
    """

    def __init__(self, corp_id: str) -> None:
        self.corp_id = corp_id
        # Versions never change, so a parsed one stays right for ever.
        self._parsed: LRUCache[tuple[str, int], Definition] = LRUCache(_KEPT)

    def publish(self, connection: Connection, definition: Definition, now: datetime) -> bool:
        """Add a version; runs of other versions stay pinned to theirs.

        Returns:
            False if exactly this version was published before.

        Raises:
            ConfigurationError: The version exists with other content, is older than the present one, or the SOP has
                ended.
        """
        known = connection.execute(self._select(definition.sop, definition.version)).first()
        if known is not None:
            if known.digest != definition.digest:
                msg = f"{definition.sop} version {definition.version} is published with other content: raise version"
                raise ConfigurationError(msg)
            return False
        self._check_newest(connection, definition)
        key = {"corp_id": self.corp_id, "sop": definition.sop}
        row = {"digest": definition.digest, "document": definition.to_json(), "published_at": now}
        connection.execute(sa.insert(t.definitions).values(**key, version=definition.version, **row))
        state = {"version": definition.version, "state": SopStatus.RUNNING.value, "updated_at": now}
        upsert(connection, t.sops, [key | state], update=("version", "updated_at"))
        return True

    def _check_newest(self, connection: Connection, definition: Definition) -> None:
        present = self.sops(connection).get(definition.sop)
        if present is not None and present.version > definition.version:
            msg = f"{definition.sop} version {definition.version} is older than the published {present.version}"
            raise ConfigurationError(msg)
        if present is None:
            return
        if present.state is SopStatus.ENDED:
            raise _ended(definition.sop)
        before = self.load(connection, definition.sop, present.version).target
        if before is not definition.target:
            msg = f"{definition.sop} is about a {before}, not a {definition.target}: publish it under a new name"
            raise ConfigurationError(msg)

    def sops(self, connection: Connection) -> Mapping[str, PublishedSop]:
        """Every published SOP by name."""
        rows = connection.execute(_SOPS, {"corp": self.corp_id})
        return {row.sop: PublishedSop(sop=row.sop, version=row.version, state=SopStatus(row.state)) for row in rows}

    def latest(self, connection: Connection, sop: str) -> Definition:
        """The newest version of a published SOP.

        Raises:
            ConfigurationError: No such SOP; the message names those there are.
        """
        published = self.sops(connection)
        if sop not in published:
            there_are = ", ".join(published) or "none"
            msg = f"{sop!r} is not published (there are: {there_are}): publish its definition first"
            raise ConfigurationError(msg)
        return self.load(connection, sop, published[sop].version)

    def open(self, connection: Connection, sop: str) -> Definition:
        """The newest version of a SOP that has not ended.

        Raises:
            ConfigurationError: No such SOP, or it has ended.
        """
        found = self.latest(connection, sop)
        if self.sops(connection)[sop].state is SopStatus.ENDED:
            raise _ended(sop)
        return found

    def lets_in(self, connection: Connection, sop: str) -> bool:
        """Whether the SOP has not ended, and will not before this transaction is over.

        Whoever ends a SOP waits for those who are letting somebody in, and closes their runs, too.
        """
        state = connection.scalar(_STATE, {"corp": self.corp_id, "name": sop})
        return state is not None and state != SopStatus.ENDED.value

    def running(self, connection: Connection) -> list[str]:
        """The names of the SOPs that work; the one place where a pause takes effect."""
        return [sop.sop for sop in self.sops(connection).values() if sop.state is SopStatus.RUNNING]

    def of_target(self, connection: Connection, target: Target) -> list[str]:
        """The names of the SOPs about one kind of subject; a name keeps its kind for good."""
        known = self.sops(connection).values()
        return [one.sop for one in known if self.load(connection, one.sop, one.version).target is target]

    def set_state(self, connection: Connection, sop: str, state: SopStatus, now: datetime) -> None:
        """Pause, resume or end a SOP.

        Raises:
            ConfigurationError: No such SOP, or it has ended.
        """
        mine = (t.sops.c.corp_id == self.corp_id, t.sops.c.sop == sop, t.sops.c.state != SopStatus.ENDED.value)
        changed = connection.execute(sa.update(t.sops).where(*mine).values(state=state.value, updated_at=now))
        if changed.rowcount != 1:
            msg = f"{sop!r} is not published, or has ended: publish it under a new name"
            raise ConfigurationError(msg)

    def load(self, connection: Connection, sop: str, version: int) -> Definition:
        """The definition that a run is pinned to.

        Raises:
            DefinitionError: The store has no such version, or one that this release cannot read.
        """
        found = self._parsed.get((sop, version))
        if found is None:
            row = connection.execute(self._select(sop, version)).first()
            if row is None:
                problem = f"version {version} of {sop!r} is not in the store"
                raise DefinitionError(problem, remedy="was the database restored in part?")
            found = self._parsed[sop, version] = Definition.from_json(row.document)
        return found

    def known(self, connection: Connection, sop: str, version: int) -> Definition | None:
        """As `load`; `None` for a version that this release cannot read, where nothing hangs on it."""
        try:
            return self.load(connection, sop, version)
        except DefinitionError:
            return None

    def readable(self, engine: Engine, sop: str, version: int) -> Definition | None:
        """As `cached`; `None` for a version that this release cannot read."""
        try:
            return self.cached(engine, sop, version)
        except DefinitionError:
            return None

    def cached(self, engine: Engine, sop: str, version: int) -> Definition:
        """The definition that a run is pinned to, without a transaction if it was read before."""
        found = self._parsed.get((sop, version))
        if found is not None:
            return found
        with reading(engine) as connection:
            return self.load(connection, sop, version)

    def step(self, connection: Connection, sop: str, version: int, step_id: str) -> Step:
        """A step that a run has touched: as its version has it, else as the last version before had it.

        A run that was moved to a version without the step still has to do what follows the step's delivery.

        Raises:
            KeyError: No version up to this one has it.
        """
        found = self.load(connection, sop, version).find(step_id)
        if found is not None:
            return found
        d = t.definitions.c
        older = sa.select(d.version).where(d.corp_id == self.corp_id, d.sop == sop, d.version < version)
        for one in [*connection.scalars(older.order_by(d.version.desc()))]:
            found = self.load(connection, sop, one).find(step_id)
            if found is not None:
                return found
        raise KeyError(step_id)

    def cached_many(self, engine: Engine, keys: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Definition]:
        """Several definitions by name and version, see `cached`."""
        return {key: self.cached(engine, *key) for key in keys}

    def _select(self, sop: str, version: int) -> sa.Select[Any, Any]:
        mine = (
            t.definitions.c.corp_id == self.corp_id,
            t.definitions.c.sop == sop,
            t.definitions.c.version == version,
        )
        return sa.select(t.definitions.c.digest, t.definitions.c.document).where(*mine)
