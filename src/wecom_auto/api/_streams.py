"""Read several paged lists side by side, and know at any moment where each stands. Sends nothing itself.

A stream is a paged list of some members. A round reads a few pages of the streams that are next,
and ends with everything handed out: what one round holds is all that is ever in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any, Final, Generic, Self, TypeVar, cast

from attrs import define, field

from wecom_auto._bulk import BulkFailure, Progress, Report
from wecom_auto._call import Call, Page
from wecom_auto._together import Together, check_concurrency
from wecom_auto._types import JSON
from wecom_auto.api._checkpoint import Checkpoints
from wecom_auto.errors import APIError, InvalidRequestError, PagingError, WeComError, api_error

__all__ = ["DEPTH", "Stream", "Streams", "Tally", "cut"]

T = TypeVar("T")

DEPTH: Final = 3
"""Pages in a round for each call at once: a round ends when its slowest call does, so longer rounds waste less."""
_UNLICENSED: Final = 701008
_OF_MEMBERS: Final = frozenset({40003, 40031, 60011, 60111, 84061, 84074, _UNLICENSED})
"""Codes that speak of the members who were named, and not of the request or the app."""
_MEMBERS_MOST: Final = 100


def cut(userids: Sequence[str], streams: int = 1) -> list[tuple[str, ...]]:
    """Cut members into about `streams` even parts, none of more than 100, the longer ones first."""
    if not userids:
        return []
    parts = max(-(-len(userids) // _MEMBERS_MOST), min(len(userids), streams))
    size, longer = divmod(len(userids), parts)
    ends = accumulate([size + 1] * longer + [size] * (parts - longer), initial=0)
    return [tuple(userids[start:end]) for start, end in pairwise(ends)]


@define
class Tally:
    """Counts what a walk found, for a progress report.

    Attributes:
        report: Is told after every call; None for nobody.
        done: Items found.
        failed: What could not be read.
    """

    report: Report | None
    done: int = 0
    failed: int = 0

    def add(self, found: int, failed: int) -> None:
        """Count what one call brought."""
        self.done += found
        self.failed += failed
        if self.report is not None:
            self.report(Progress(done=self.done, failed=self.failed, step=found))


@define
class Stream:
    """One paged list.

    Attributes:
        userids: The members whose list it is.
        cursor: Of the page that is next.
        resumed: The cursor comes from a checkpoint and may have died since.
    """

    userids: tuple[str, ...]
    cursor: str = ""
    resumed: bool = False
    _seen: set[str] = field(factory=set, init=False)

    @classmethod
    def parse(cls, saved: Any) -> Self:
        """Return a stream of a checkpoint; a `ValueError` or `TypeError` says that it is none."""
        userids, cursor = saved
        if not (isinstance(cursor, str) and isinstance(userids, list)):
            raise TypeError
        if not all(isinstance(one, str) for one in userids):
            raise TypeError
        return cls(tuple(userids), cursor, resumed=bool(cursor))

    def save(self) -> JSON:
        """Return what `parse` reads."""
        return [list(self.userids), self.cursor]

    def turn(self, cursor: str) -> None:
        """Go to the next page.

        Raises:
            PagingError: The stream has been there already.
        """
        self._seen.add(self.cursor)
        if cursor in self._seen:
            msg = (
                "the platform answered a cursor that it had answered before, so going on would never end; "
                "the pages read so far are complete, resume later"
            )
            raise PagingError(msg)
        self.cursor, self.resumed = cursor, False

    def start_again(self) -> None:
        """Go back to the first page."""
        self.cursor, self.resumed = "", False
        self._seen.clear()


class Streams(Generic[T]):
    """The streams of one walk, and what went wrong in the round.

    It hands out calls while the round lasts: a stream whose page has come can go on at once,
    so its iterator may say "nothing now" and later have more.

    Args:
        make: Makes the call for a page of some members from a cursor.
        concurrency: The most calls at once.
        watch: Is told the number of items of each page, and of members who failed.
    """

    def __init__(
        self,
        make: Callable[[tuple[str, ...], str], Call[Page[T]]],
        concurrency: int,
        watch: Callable[[int, int], None] = lambda _found, _failed: None,
    ) -> None:
        check_concurrency(concurrency)
        self._make = make
        self._concurrency = concurrency
        self._watch = watch
        self.ready: deque[Stream] = deque()
        self.error: WeComError | None = None
        self._asked: list[Stream] = []
        self._left = 0
        self._failed: list[BulkFailure[str]] = []
        self._known_failed: set[str] = set()

    def add(self, streams: Iterable[Stream]) -> None:
        """Queue streams."""
        self.ready.extend(streams)

    def save(self) -> JSON:
        """Return where every stream stands."""
        return [one.save() for one in self.ready]

    def load(self, checkpoints: Checkpoints, saved: JSON) -> None:
        """Queue the streams that `save` wrote down.

        Raises:
            ValidationError: It wrote down something else.
        """
        try:
            self.add([Stream.parse(one) for one in cast("Iterable[object]", saved)])
        except (TypeError, ValueError):
            checkpoints.refuse("a damaged checkpoint")

    def round(self) -> Generator[Together[Any], Any, tuple[T, ...]]:
        """Read the next few pages; return their items. `error` holds what must end the walk afterwards."""
        self._asked, self.error = [], None
        self._left = 1 if self._concurrency == 1 else self._concurrency * DEPTH
        at_once = min(self._concurrency, len(self.ready))
        outcomes: list[Page[T] | WeComError] = yield Together(self, at_once, self._take_in)
        return tuple(chain.from_iterable(one.items for one in outcomes if isinstance(one, Page)))

    def take_failed(self) -> tuple[BulkFailure[str], ...]:
        """Return the members who failed since the last time."""
        failed, self._failed = tuple(self._failed), []
        return failed

    def __iter__(self) -> Iterator[Call[Page[T]]]:
        return self

    def __next__(self) -> Call[Page[T]]:
        if not self.ready or not self._left:
            raise StopIteration
        stream = self.ready.popleft()
        self._left -= 1
        self._asked.append(stream)
        return self._make(stream.userids, stream.cursor)

    def _take_in(self, place: int, outcome: Page[T] | WeComError) -> bool:
        stream, failed = self._asked[place], len(self._failed)
        if isinstance(outcome, Page):
            self._go_on(stream, outcome)
        else:
            self._trouble(stream, outcome)
        self._watch(len(outcome.items) if isinstance(outcome, Page) else 0, len(self._failed) - failed)
        return self.error is not None

    def _go_on(self, stream: Stream, page: Page[T]) -> None:
        info = page.extra.get("fail_info")
        unlicensed = info.get("unlicensed_userid_list") if isinstance(info, dict) else None
        if isinstance(unlicensed, list):
            self._fail(unlicensed, api_error(_UNLICENSED))
        if not page.next_cursor:
            return
        try:
            stream.turn(page.next_cursor)
        except PagingError as error:
            self.error = error
        # What was begun is finished first: a cursor does not live for ever.
        self.ready.appendleft(stream)

    def _trouble(self, stream: Stream, error: WeComError) -> None:
        """Start a stream again, divide it, leave its member out, or end the walk."""
        if stream.resumed and isinstance(error, InvalidRequestError):
            stream.start_again()
            self.ready.appendleft(stream)
        elif not isinstance(error, APIError) or error.errcode not in _OF_MEMBERS or not stream.userids:
            self.error = self.error or error
            self.ready.appendleft(stream)
        elif len(stream.userids) == 1 or error.errcode == _UNLICENSED:
            self._fail(stream.userids, error)
        else:
            # One member must not cost the others their customers: ask for halves until it is alone.
            middle = len(stream.userids) // 2
            self.ready.extendleft((Stream(stream.userids[middle:]), Stream(stream.userids[:middle])))

    def _fail(self, userids: Iterable[object], error: WeComError) -> None:
        for userid in map(str, userids):
            if userid not in self._known_failed:
                self._known_failed.add(userid)
                self._failed.append(BulkFailure(item=userid, error=error))
