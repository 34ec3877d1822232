"""Read the tag library and the customers in bulk: whole, or only who is new and who is gone."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from typing import Final

import sqlalchemy as sa
from attrs import define, evolve
from sqlalchemy.engine import Connection

from wecom_auto._chapters import Calls
from wecom_auto.directory import _answers as answers
from wecom_auto.directory import _rows
from wecom_auto.directory._jobs import Job
from wecom_auto.directory._news import News
from wecom_auto.directory._reader import UNREADABLE, Reader
from wecom_auto.directory._relation import RelationStatus, missing
from wecom_auto.directory._tables import follows
from wecom_auto.errors import LicenseError, NotFoundError, PermissionDeniedError
from wecom_auto.models import CustomerDetail
from wecom_auto.store import reading

__all__ = ["CustomerReader", "NewCustomerReader", "TagReader"]

_GONE: Final = 2000
_NOBODY: Final = frozenset({60111, 84061})
"""The member has left the corp, or has no customers."""


@define
class TagReader(Reader):
    """Reads the library of corp tags, which one answer holds whole."""

    def steps(self) -> Iterator[Job]:
        """Read the library."""
        if self.job.position == "":
            return
        groups = self.client.tags.list()
        count = sum(len(group.tags) for group in groups)
        yield self._write(answers.library(self.corp_id, groups), evolve(self.job, position="", items=count))

    def sweep(self, connection: Connection) -> tuple[News, bool]:
        """Do nothing: what the library does not hold was forgotten with the answer."""
        del connection
        return News(), False


@define
class CustomerReader(Reader):
    """Reads every customer of every member again."""

    def steps(self) -> Iterator[Job]:
        """Walk through all customers."""
        if self.job.position == "":
            return
        walk = self.client.customers.iter_all(concurrency=self.concurrency, resume=self.job.position or "")
        batches = walk.batches()
        asked = self._now()
        while batch := next(batches, None):
            write = answers.details(self.corp_id, batch.items, as_of=asked)
            failed = [one.item for one in batch.failed]
            yield self._write(write, self.job.at(batch.checkpoint, len(batch.items), failed))
            asked = self._now()

    def sweep(self, connection: Connection) -> tuple[News, bool]:
        """Mark relations that the walk did not see."""
        began = self.job.started_at
        unseen = (
            sa.select(follows.c.external_userid, follows.c.userid)
            .where(
                follows.c.corp_id == self.corp_id,
                follows.c.read_at < began,
                follows.c.status_at < began,
                follows.c.status != int(RelationStatus.DELETED),
                follows.c.userid.not_in(self.job.failed),
            )
            .limit(_GONE)
        )
        pairs = [(row.external_userid, row.userid) for row in connection.execute(unseen)]
        gone = dict.fromkeys(pairs, partial(missing, as_of=began))
        return News(relations=_rows.change_relations(connection, self.corp_id, gone)), len(pairs) == _GONE


@define
class NewCustomerReader(Reader):
    """Compares each member's list with the mirror; reads who is new, marks who is gone."""

    def steps(self) -> Iterator[Job]:
        """Go through the members."""
        after = self.job.position or ""
        for userid in self._members():
            if userid <= after:
                continue
            asked, there = self._now(), self._list(userid)
            if there is None:
                yield self._write(answers.nothing, self.job.at(userid, 0, [userid]))
                continue
            write, count = self._compare(userid, there, asked)
            yield self._write(write, self.job.at(userid, count))

    def _members(self) -> list[str]:
        """Return everybody who may have customers: whom the platform names, and whom the mirror knows."""
        with reading(self.engine) as connection:
            known = _rows.members(connection, self.corp_id)
        return sorted({*known, *self.client.follow_users.list()})

    def _compare(self, userid: str, there: AbstractSet[str], asked: datetime) -> tuple[answers.Write, int]:
        with reading(self.engine) as connection:
            known = set(_rows.followed(connection, self.corp_id, userid))
        new = sorted(there - known)
        found = [*self._each(new, lambda some: Calls().customers.get(some[0])).answers]
        found += [page for first in found for page in self._other_followers(first)]
        write_found = answers.details(self.corp_id, found, as_of=asked)
        gone = dict.fromkeys(((one, userid) for one in known - there), partial(missing, as_of=asked))

        def write(connection: Connection) -> News:
            news = write_found(connection)
            news.relations += _rows.change_relations(connection, self.corp_id, gone)
            return news

        return write, len(found)

    def _other_followers(self, page: CustomerDetail) -> Iterator[CustomerDetail]:
        """Read on where one answer does not hold all followers (more than 500)."""
        while page.next_cursor:
            page = self.client.customers.get(page.customer.external_userid, cursor=page.next_cursor)
            yield page

    def _list(self, userid: str) -> frozenset[str] | None:
        """Return a member's customers, nobody for one who left or has none, None if they cannot be read."""
        try:
            return frozenset(self.client.customers.list(userid))
        except NotFoundError as error:
            if error.errcode not in _NOBODY:
                raise
            return frozenset()
        except (LicenseError, PermissionDeniedError) as error:
            if error.errcode not in UNREADABLE:
                raise
            return None

    def sweep(self, connection: Connection) -> tuple[News, bool]:
        """Do nothing: who is gone was marked with each list."""
        del connection
        return News(), False
