"""Read the customer groups in bulk: the list, then every group that it names and that has to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from attrs import define, evolve, frozen
from sqlalchemy.engine import Connection

from wecom_auto._chapters import Calls
from wecom_auto._types import UNSET
from wecom_auto.api._streams import cut
from wecom_auto.directory import _groups
from wecom_auto.directory._jobs import Job
from wecom_auto.directory._news import News
from wecom_auto.directory._reader import Reader
from wecom_auto.errors import APIError, InvalidRequestError, NotFoundError
from wecom_auto.store import reading

__all__ = ["GroupReader"]

_GONE: Final = 2000
_AT_A_TIME: Final = 100
_LIST_PAGE: Final = 1000
_TOO_WIDE: Final = 81017


@define
class GroupReader(Reader):
    """Reads groups with their members; of a read that is not whole, those that are new or of which an event spoke."""

    def steps(self) -> Iterator[Job]:
        """Read the list, then the groups."""
        if self.job.position != "":
            yield from self._group_list()
        last = ""
        while chat_ids := self._unread(last):
            yield self._details(chat_ids)
            last = chat_ids[-1]

    def _unread(self, last: str) -> list[str]:
        began, whole = self.job.started_at, self.job.whole
        with reading(self.engine) as connection:
            return _groups.unread(connection, self.corp_id, began, whole=whole, after=last, most=_AT_A_TIME)

    def _details(self, chat_ids: Sequence[str]) -> Job:
        asked = self._now()
        result = self._each(chat_ids, lambda some: Calls().groups.get(some[0], need_name=True))
        gone = [one.item for one in result.failed if isinstance(one.error, NotFoundError)]

        def write(connection: Connection) -> News:
            news = _groups.put_details(connection, self.corp_id, result.answers, asked)
            news.groups += _groups.dismiss(connection, self.corp_id, gone, asked)
            return news

        return self._write(write, self.job.at("", len(result.answers)))

    def _group_list(self) -> Iterator[Job]:
        place = _Place.read(self.job.position) or _Place.first([(), *cut(self._owners(), 1)])
        resumed = bool(place.cursor)
        while place.asks:
            asked = self._now()
            try:
                page = self.client.groups.list(owners=place.asks[0] or UNSET, cursor=place.cursor, limit=_LIST_PAGE)
            except APIError as error:
                place, resumed = self._other_way(place, error, resumed=resumed), False
                continue
            place, resumed = place.after(page.next_cursor), False
            write = partial(_groups.put_refs, corp_id=self.corp_id, refs=page.items, as_of=asked)
            yield self._write(write, self.job.at(place.text, 0))

    def _other_way(self, place: _Place, error: APIError, *, resumed: bool) -> _Place:
        """Return where to go on after a refusal, or raise it."""
        if error.errcode == _TOO_WIDE and not place.asks[0]:
            return _Place.first(cut(self._owners(everybody=True), 1))
        if resumed and isinstance(error, InvalidRequestError):
            # A cursor does not live for ever, and the manual does not say how long: ask this again from the start.
            return evolve(place, cursor="")
        raise error

    def _owners(self, *, everybody: bool = False) -> list[str]:
        """Return whom to ask for by name: owners who have left, or everybody where the corp is too large."""
        members = set(self.client.follow_users.list())
        with reading(self.engine) as connection:
            known = _groups.owners(connection, self.corp_id)
        return sorted(known | members if everybody else known - members)

    def sweep(self, connection: Connection) -> tuple[News, bool]:
        """Mark groups that no list named."""
        began = self.job.started_at
        found = _groups.unlisted(connection, self.corp_id, began, _GONE)
        return News(groups=_groups.dismiss(connection, self.corp_id, found, began)), len(found) == _GONE


@frozen
class _Place:
    """Where the list of groups stands: what is still to be asked for, as lists of owners, and the cursor in the first.

    An empty list of owners asks for everybody's groups.
    """

    asks: tuple[tuple[str, ...], ...]
    cursor: str = ""

    @classmethod
    def first(cls, asks: Sequence[Sequence[str]]) -> _Place:
        """Return the beginning."""
        return cls(asks=tuple(tuple(one) for one in asks))

    @classmethod
    def read(cls, text: str | None) -> _Place | None:
        """Return a place that was written down, None if there is none."""
        if text is None:
            return None
        asks, cursor = json.loads(text)
        return evolve(cls.first(asks), cursor=cursor)

    @property
    def text(self) -> str:
        """The place as it is written down; empty at the end."""
        return json.dumps([self.asks, self.cursor]) if self.asks else ""

    def after(self, cursor: str) -> _Place:
        """Return the place after a page."""
        return evolve(self, cursor=cursor) if cursor else _Place(asks=self.asks[1:])
