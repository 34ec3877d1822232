"""Walk through all groups: find whose groups there are, list them, and read each one. Sends nothing itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Any, Final, cast

from attrs import define, field

from wecom_auto._binding import Unbound, step
from wecom_auto._bulk import BulkFailure, Report
from wecom_auto._call import Call, Page
from wecom_auto._together import Together, check_concurrency
from wecom_auto._types import JSON
from wecom_auto._walk import Found, Steps
from wecom_auto.api._checkpoint import Checkpoints
from wecom_auto.api._streams import DEPTH, Stream, Streams, Tally, cut
from wecom_auto.api.follow_users import FollowUserEndpoints
from wecom_auto.api.transfers import TransferEndpoints
from wecom_auto.errors import (
    APIError,
    InvalidRequestError,
    LicenseError,
    NotFoundError,
    PermissionDeniedError,
    WeComError,
)
from wecom_auto.models import GroupChat, GroupRef, UnassignedCustomer

__all__ = ["LISTED", "GroupWalk"]

LISTED: Final = 100
"""Groups on a page of the list: what a checkpoint may have to carry, for a list call in a hundred."""
_TOO_WIDE: Final = 81017
_OF_A_GROUP: Final = frozenset({40050, 60011, 86001, 86003, 90501})
_NOT_FOR_US: Final = (PermissionDeniedError, LicenseError, NotFoundError, InvalidRequestError)
"""Why an app may never learn who left; everything else may pass and ends the walk."""


@define(kw_only=True)
class GroupWalk:
    """One walk.

    Attributes:
        owners: Whose groups; all unless given.
        status: Which groups.
        list_page: Makes the call that lists groups of some owners, or of all, from a cursor.
        get: Makes the call that reads one group.
        concurrency: The most calls at once.
        progress: Is told after every call.
    """

    owners: tuple[str, ...]
    status: int
    list_page: Callable[[tuple[str, ...], str], Call[Page[GroupRef]]]
    get: Callable[[str], Call[GroupChat]]
    concurrency: int
    progress: Report | None
    _waiting: deque[str] = field(factory=deque, init=False)
    """Groups that are listed and not read."""
    _failed: list[BulkFailure[str]] = field(factory=list, init=False)
    _error: WeComError | None = field(default=None, init=False)

    def steps(self, resume: str) -> Steps[GroupChat]:
        """Walk."""
        check_concurrency(self.concurrency)
        tally = Tally(self.progress)
        lists = Streams(self.list_page, 1, lambda _found, failed: tally.add(0, failed))
        checkpoints = Checkpoints.of("groups.iter_details", self.owners, [int(self.status)])
        if resume:
            self._load(lists, checkpoints, checkpoints.read(resume))
        else:
            yield from self._begin(lists)
        while True:
            found: tuple[GroupChat, ...] = ()
            if self._waiting:
                found = yield from self._round(tally)
            elif lists.ready:
                self._waiting.extend(ref.chat_id for ref in (yield from lists.round()))
            more = self._waiting or lists.ready
            checkpoint = checkpoints.write([list(self._waiting), lists.save()]) if more else ""
            failed, self._failed = (*self._failed, *lists.take_failed()), []
            if found or failed or not more:
                yield Found(found, checkpoint, failed)
            # The groups of the last page that came are read before an error of the list counts.
            if error := self._error or (None if self._waiting else lists.error):
                raise error
            if not more:
                return

    def _begin(self, lists: Streams[GroupRef]) -> Generator[Call[Any], Any, None]:
        """Find whose groups to list."""
        if self.owners:
            lists.add(map(Stream, cut(self.owners)))
            return
        try:
            page = yield from step(self.list_page((), ""))
        except APIError as error:
            if error.errcode != _TOO_WIDE:
                raise
            owners = yield from step(FollowUserEndpoints[Unbound]().list())
        else:
            owners = ()
            self._waiting.extend(ref.chat_id for ref in page.items)
            if page.next_cursor:
                lists.add([Stream((), page.next_cursor)])
        left = yield from self._who_left()
        lists.add(map(Stream, cut(tuple(dict.fromkeys((*owners, *left))))))

    def _who_left(self) -> Generator[Call[Any], Any, tuple[str, ...]]:
        """Return those who left, as far as the platform tells: they must be asked for by name (manual 92120)."""
        found: dict[str, None] = {}
        seen, cursor = {""}, ""
        while True:
            call: Call[Page[UnassignedCustomer]] = TransferEndpoints[Unbound]().list_unassigned(cursor=cursor)
            try:
                page = yield from step(call)
            except _NOT_FOR_US as error:
                self._failed.append(BulkFailure(item="", error=error))
                return tuple(found)
            found.update(dict.fromkeys(one.handover_userid for one in page.items))
            cursor = page.next_cursor
            if cursor in seen:
                return tuple(found)
            seen.add(cursor)

    def _round(self, tally: Tally) -> Generator[Together[GroupChat], Any, tuple[GroupChat, ...]]:
        """Read the next few groups."""
        most = 1 if self.concurrency == 1 else self.concurrency * DEPTH
        asked = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        again: list[str] = []

        def take_in(place: int, outcome: GroupChat | WeComError) -> bool:
            chat_id, before = asked[place], len(self._failed)
            if isinstance(outcome, WeComError):
                self._trouble(chat_id, outcome, again)
            tally.add(int(isinstance(outcome, GroupChat)), len(self._failed) - before)
            return self._error is not None

        outcomes = yield Together(map(self.get, asked), min(self.concurrency, len(asked)), take_in)
        self._waiting.extendleft(reversed((*again, *asked[len(outcomes) :])))
        return tuple(one for one in outcomes if isinstance(one, GroupChat))

    def _trouble(self, chat_id: str, error: WeComError, again: list[str]) -> None:
        if isinstance(error, APIError) and error.errcode in _OF_A_GROUP:
            self._failed.append(BulkFailure(item=chat_id, error=error))
        else:
            self._error = self._error or error
            again.append(chat_id)

    def _load(self, lists: Streams[GroupRef], checkpoints: Checkpoints, saved: JSON) -> None:
        try:
            waiting, streams = cast("Iterable[Any]", saved)
            self._waiting.extend(map(str, waiting))
        except (TypeError, ValueError):
            checkpoints.refuse("a damaged checkpoint")
        lists.load(checkpoints, streams)
