"""Remember what a playbook has used, so that no group reads the same thing twice too soon. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from wecom_auto.automotive.groups import _tables as t
from wecom_auto.automotive.groups._playbook import Post, Used
from wecom_auto.store import insert_new, reading, repeatable, transaction


class PlaybookMemory:
    """What a playbook has used in a corp.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        playbook: The name under which it is remembered; one for each set of groups that gets the same posts.
    """

    def __init__(self, engine: Engine, corp_id: str, playbook: str) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self.playbook = playbook

    @repeatable
    def remember(self, posts: Iterable[Post]) -> None:
        """Write down that posts went out, or are going to; the same post twice is one."""
        rows = [
            {
                "corp_id": self.corp_id,
                "playbook": self.playbook,
                "item": one.item,
                "day": one.at.date(),
                "series": one.series,
            }
            for one in posts
        ]
        with transaction(self.engine) as connection:
            insert_new(connection, t.group_posts, rows)

    def used(self, *, since: date | None = None) -> tuple[Used, ...]:
        """List what was used, the oldest first.

        Args:
            since: Only from this day on.
        """
        p = t.group_posts.c
        where = [p.corp_id == self.corp_id, p.playbook == self.playbook]
        where += [p.day >= since] if since is not None else []
        query = sa.select(p.series, p.item, p.day).where(*where).order_by(p.day, p.item)
        with reading(self.engine) as connection:
            return tuple(Used(series=row.series, item=row.item, day=row.day) for row in connection.execute(query))
