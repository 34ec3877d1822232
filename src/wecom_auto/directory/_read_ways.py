"""Read the channel codes (联系我) in bulk. The platform lists no join ways: those it cannot read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from attrs import define
from sqlalchemy.engine import Connection

from wecom_auto._chapters import Calls
from wecom_auto.directory import _answers as answers
from wecom_auto.directory import _ways
from wecom_auto.directory._jobs import Job
from wecom_auto.directory._news import News
from wecom_auto.directory._reader import Reader
from wecom_auto.errors import InvalidRequestError
from wecom_auto.store import reading

__all__ = ["ContactWayReader"]

_LIST_PAGE: Final = 1000
_FIRST_WAY: Final = datetime(2021, 7, 10, tzinfo=UTC)
"""Older contact ways are not listed (manual 92228)."""


@define
class ContactWayReader(Reader):
    """Reads contact ways; of a read that is not whole, those that are new."""

    def steps(self) -> Iterator[Job]:
        """Read page by page of the list, and the codes of each page."""
        cursor = self.job.position or ""
        resumed = bool(cursor)
        more = self.job.position != ""
        while more:
            asked = self._now()
            try:
                page = self.client.contact_ways.list(start_at=_FIRST_WAY, cursor=cursor, limit=_LIST_PAGE)
            except InvalidRequestError:
                if not resumed:
                    raise
                cursor, resumed = "", False
                continue
            write, count = self._ways([one.config_id for one in page.items], asked)
            cursor, more, resumed = page.next_cursor, bool(page.next_cursor), False
            yield self._write(write, self.job.at(cursor, count))

    def _ways(self, config_ids: list[str], asked: datetime) -> tuple[answers.Write, int]:
        with reading(self.engine) as connection:
            unknown = _ways.unknown(connection, self.corp_id, config_ids)
        found = self._each(config_ids if self.job.whole else unknown, lambda some: Calls().contact_ways.get(some[0]))

        def write(connection: Connection) -> News:
            _ways.listed(connection, self.corp_id, config_ids, asked)
            _ways.put(connection, self.corp_id, found.answers, asked)
            return News()  # the platform has no events about codes

        return write, len(found.answers)

    def sweep(self, connection: Connection) -> tuple[News, bool]:
        """Mark codes that no list named."""
        _ways.unlisted_gone(connection, self.corp_id, self.job.started_at)
        return News(), False
