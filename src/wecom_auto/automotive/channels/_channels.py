"""The registry of one corp: make states, read them when customers come, and count.

It reads no clock but the one it is given, calls the platform never, and forgets no number it has given.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from wecom_auto._time import Clock, from_unix, require_aware
from wecom_auto.automotive.channels import _registry
from wecom_auto.automotive.channels._codec import Origin, StateError, decode, encode, encode_long
from wecom_auto.automotive.channels._source import AddCount, Attribution, Source, SourceKind, SourceName
from wecom_auto.automotive.channels._tables import adds
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.store import insert_once, reading, repeatable, transaction

_OPEN: Final = frozenset({SourceKind.ADVISOR, SourceKind.LEAD})
"""Kinds that get their number when they are first named: there are thousands, and a wrong one harms only itself."""
_KEY_CHARS: Final = 64


class Channels:
    """Channels (渠道), campaigns (活动), stores (门店), advisors (顾问) and leads (线索) of one corp.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp; several corps share a database without sharing numbers.
        clock: Unix seconds of "now"; a test or the fake brings its own.
    """

    def __init__(self, engine: Engine, corp_id: str, *, clock: Clock = time.time) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self._clock = clock
        # Numbers keep their meaning for ever: whoever has read one of the few that come again need not ask again.
        self._keys: dict[tuple[SourceKind, int], str] = {}

    def __repr__(self) -> str:
        return f"Channels(corp_id={self.corp_id!r})"

    @repeatable
    def register(self, kind: SourceKind | str, key: str, *, name: str = "") -> SourceName:
        """Put an entry into the registry; one that is there keeps its number and takes the new name.

        Args:
            kind: Which part of a source.
            key: What programs and tables call it, 1 to 64 characters.
            name: What people call it.

        Raises:
            ValidationError: no key, or a longer one.
        """
        if not key.strip() or len(key) > _KEY_CHARS:
            raise ValidationError(field="key", value=f"{len(key)} characters", limit=f"1 to {_KEY_CHARS} characters")
        with transaction(self.engine) as connection:
            return _registry.add(connection, self.corp_id, SourceKind(kind), key, name[:255], self._now())

    @repeatable
    def retire(self, kind: SourceKind | str, key: str) -> bool:
        """Let no new code name the entry; codes that were printed stay readable, and its number is never given again.

        Returns:
            False if there is no such entry.
        """
        with transaction(self.engine) as connection:
            return _registry.retire(connection, self.corp_id, SourceKind(kind), key, self._now())

    def names(self, kind: SourceKind | str) -> tuple[SourceName, ...]:
        """List the registry's entries of one kind, by number."""
        with reading(self.engine) as connection:
            return _registry.entries(connection, self.corp_id, SourceKind(kind))

    @repeatable
    def state(self, source: Source) -> str:
        """Return the `state` of a code for this source; the same source always has the same one.

        Advisors and leads are numbered when they are first named; channels, campaigns and stores must be registered,
        so that a misspelt key does not open a channel of its own.

        Args:
            source: Where customers of the code come from; not empty.

        Returns:
            At most 30 characters, so it also fits the ``customer_channel`` of an acquisition link (64 bytes).

        Raises:
            ConfigurationError: a key is not in the registry, or retired.
            ValidationError: the source is empty.
        """
        if not source:
            raise ValidationError(field="source", value="nothing", limit="a channel, campaign, store, advisor or lead")
        with transaction(self.engine) as connection:
            numbers = {kind: self._number(connection, kind, key) for kind, key in source.parts()}
            if not source.note:
                try:
                    return encode([numbers.get(kind, 0) for kind in SourceKind])
                except StateError:
                    pass  # Numbers beyond a million in several parts at once: the side table has room.
            return encode_long(_registry.long_number(connection, self.corp_id, source, self._now()))

    def source(self, state: str) -> Source | None:
        """Return what a `state` means, None if it is not ours or not whole; never raises for a text."""
        with reading(self.engine) as connection:
            return self._understood(connection, state)[1]

    @repeatable
    def record(self, event: CustomerAdded) -> Attribution | None:
        """Write down where an added customer came from, once for each add.

        What is written are names, not numbers: it stays when codes, links and registry entries are gone.

        Args:
            event: From the callback or from `Directory.reconcile`.

        Returns:
            What was written; None if this add was recorded before.

        Raises:
            ValidationError: the event belongs to another corp.
        """
        if event.corp_id != self.corp_id:
            raise ValidationError(field="event.corp_id", value=event.corp_id, limit=f"events of {self.corp_id}")
        with transaction(self.engine) as connection:
            origin, source = self._understood(connection, event.state)
            found = Attribution(
                external_userid=event.external_userid,
                userid=event.userid,
                added_at=event.created_at,
                state=event.state[:255],
                origin=origin,
                source=source or Source(),
            )
            return found if insert_once(connection, adds, self._row(found)) else None

    def attributions(self, external_userid: str) -> tuple[Attribution, ...]:
        """List where one customer came from, the first add first."""
        query = sa.select(adds).where(adds.c.corp_id == self.corp_id, adds.c.external_userid == external_userid)
        with reading(self.engine) as connection:
            return tuple(map(_attribution, connection.execute(query.order_by(adds.c.added_at, adds.c.userid))))

    def added_by_lead(self, lead: str) -> tuple[Attribution, ...]:
        """List the adds that came by links of one lead (线索), the first one first."""
        query = sa.select(adds).where(adds.c.corp_id == self.corp_id, adds.c.lead == lead)
        with reading(self.engine) as connection:
            return tuple(map(_attribution, connection.execute(query.order_by(adds.c.added_at, adds.c.userid))))

    def count(
        self,
        by: SourceKind | str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        within: Source | None = None,
    ) -> tuple[AddCount, ...]:
        """Count adds by channel, campaign, store, advisor or lead, most first.

        Args:
            by: What to count by; adds that do not say are counted under an empty key.
            since: Added at or after; aware.
            until: Added before; aware.
            within: Only adds whose source has these parts, for example one campaign.
        """
        column = adds.c[SourceKind(by).value]
        amount = sa.func.count()
        people = sa.func.count(sa.distinct(adds.c.external_userid))
        query = sa.select(column, amount, people).where(*self._filter(since, until, within))
        query = query.group_by(column).order_by(amount.desc(), column)
        with reading(self.engine) as connection:
            return tuple(AddCount(key=key, adds=n, customers=m) for key, n, m in connection.execute(query))

    def adds_by_member(self, *, since: datetime | None = None, until: datetime | None = None) -> dict[str, int]:
        """Count the customers that each member got, whatever they came by; members without any are left out.

        Args:
            since: Added at or after; aware.
            until: Added before; aware.
        """
        query = sa.select(adds.c.userid, sa.func.count().label("amount")).where(*self._filter(since, until, None))
        with reading(self.engine) as connection:
            return {row.userid: row.amount for row in connection.execute(query.group_by(adds.c.userid))}

    def _filter(
        self, since: datetime | None, until: datetime | None, within: Source | None
    ) -> list[sa.ColumnElement[bool]]:
        wanted = [adds.c.corp_id == self.corp_id]
        wanted += [adds.c.added_at >= require_aware(since, "since")] if since else []
        wanted += [adds.c.added_at < require_aware(until, "until")] if until else []
        return wanted + [adds.c[kind.value] == key for kind, key in (within or Source()).parts()]

    def _number(self, connection: Connection, kind: SourceKind, key: str) -> int:
        if kind in _OPEN:
            return _registry.add(connection, self.corp_id, kind, key, "", self._now()).number
        known = _registry.find(connection, self.corp_id, kind, key)
        if known is None:
            msg = f"{kind.value} {key!r} is not in the registry; add it: channels.register({kind.value!r}, {key!r})"
            raise ConfigurationError(msg)
        if known.retired_at is not None:
            msg = f"{kind.value} {key!r} was retired on {known.retired_at:%Y-%m-%d}; name another one"
            raise ConfigurationError(msg)
        return known.number

    def _understood(self, connection: Connection, state: str) -> tuple[Origin, Source | None]:
        packed = decode(state)
        if packed.origin is Origin.LONG:
            source = _registry.long_source(connection, self.corp_id, packed.long_number)
            return (Origin.LONG, source) if source else (Origin.FOREIGN, None)
        if packed.origin is not Origin.OURS:
            return packed.origin, None
        numbers = [(kind, number) for kind, number in zip(SourceKind, packed.numbers, strict=True) if number]
        unread = [one for one in numbers if one not in self._keys]
        found = _registry.keys(connection, self.corp_id, unread)
        self._keys |= {one: found[one[0]] for one in unread if one[0] in found and one[0] not in _OPEN}
        keys = found | {one[0]: self._keys[one] for one in numbers if one in self._keys}
        # A number that was never given here belongs to another corp or another database.
        if len(keys) < len(numbers):
            return Origin.FOREIGN, None
        return Origin.OURS, Source(**{kind.value: key for kind, key in keys.items()})

    def _row(self, found: Attribution) -> dict[str, Any]:
        said = {kind.value: getattr(found.source, kind.value) for kind in SourceKind}
        return {
            "corp_id": self.corp_id,
            "external_userid": found.external_userid,
            "userid": found.userid,
            "added_at": found.added_at,
            "state": found.state,
            "origin": found.origin.value,
            **said,
            "note": found.source.note,
            "recorded_at": self._now(),
        }

    def _now(self) -> datetime:
        return from_unix(self._clock())


def _attribution(row: sa.Row[*tuple[Any, ...]]) -> Attribution:
    said = {kind.value: getattr(row, kind.value) for kind in SourceKind}
    return Attribution(
        external_userid=row.external_userid,
        userid=row.userid,
        added_at=row.added_at,
        state=row.state,
        origin=Origin(row.origin),
        source=Source(**said, note=row.note),
    )
