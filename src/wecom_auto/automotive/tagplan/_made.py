"""Remember which tags this app made: the platform lets an app edit those only, and tells nobody whose they are."""

from __future__ import annotations

import time
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from wecom_auto._time import Clock, from_unix
from wecom_auto.automotive.tagplan._tables import made_tags
from wecom_auto.store import insert_new, reading, repeatable, transaction


class MadeTags:
    """The tags and groups that one app of one corp has made.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        app: Tells the corp's apps apart, for example the agent id.
        clock: Unix seconds of "now".
    """

    def __init__(self, engine: Engine, corp_id: str, app: str, *, clock: Clock = time.time) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self.app = app
        self._clock = clock

    def __repr__(self) -> str:
        return f"MadeTags(corp_id={self.corp_id!r}, app={self.app!r})"

    def ids(self) -> frozenset[str]:
        """Return the ids of tags and groups."""
        m = made_tags.c
        query = sa.select(m.tag_id).where(m.corp_id == self.corp_id, m.app == self.app)
        with reading(self.engine) as connection:
            return frozenset(connection.scalars(query))

    @repeatable
    def add(self, ids: Iterable[str]) -> None:
        """Note that this app made them; noting twice is noting once."""
        row = {"corp_id": self.corp_id, "app": self.app, "made_at": from_unix(self._clock())}
        with transaction(self.engine) as connection:
            insert_new(connection, made_tags, [{**row, "tag_id": one} for one in ids])
