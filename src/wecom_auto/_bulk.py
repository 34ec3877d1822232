"""Do one thing to many: cut a list into calls, send them a few at a time, and say what became of each item.

Decides nothing about single calls (retries, limits and tokens are the engine's), and never raises for one item:
what failed, what nobody knows and what was not tried come back in a `BulkResult`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from attrs import define, field, frozen

from wecom_auto._call import Call
from wecom_auto._together import Together
from wecom_auto.errors import (
    APIConnectionError,
    APIError,
    Applied,
    AuthenticationError,
    ConfigurationError,
    DecodeError,
    RetryRule,
    ServerBusyError,
    ServerError,
    ValidationError,
    WeComError,
    api_error,
)

if TYPE_CHECKING:
    from wecom_auto.models._render import RichTable

__all__ = ["BulkFailure", "BulkResult", "Progress", "Report", "Together", "in_bulk"]

K = TypeVar("K")
V = TypeVar("V")

_IN_A_ROW: Final = 3
"""Failures of the network or the platform, one after the other, after which nothing more is tried."""
_EVERYBODYS: Final = frozenset({45009, 45033, 48002, 60020})
"""Limits of an API as a whole, and an app or an address that may not use it: the next item would meet the same."""


@frozen(kw_only=True)
class Progress:
    """How far a long operation has come.

    Attributes:
        done: Items that are through, whatever became of them.
        failed: Those of them that failed. Of a walk: what could not be read, beside the items.
        total: All items, None while nobody knows.
        step: Items that are new since the report before: what ``bar.update`` of most progress bars wants.
    """

    done: int
    failed: int = 0
    total: int | None = None
    step: int = 0

    @property
    def fraction(self) -> float | None:
        """From 0 to 1, None while nobody knows."""
        if self.total is None:
            return None
        return self.done / self.total if self.total else 1.0

    def __str__(self) -> str:
        of = "" if self.total is None else f" of {self.total:,}"
        return f"{self.done:,}{of}" + (f", {self.failed:,} failed" if self.failed else "")


Report: TypeAlias = Callable[[Progress], object]
"""Is told how far it has come, one call at a time, after every call; what it returns means nothing.

It may run in a thread that is not the caller's, and everybody waits for it: be quick.
An exception in it ends the operation, and its result is lost.
"""


@frozen(kw_only=True)
class BulkFailure(Generic[K]):
    """One item of a bulk operation that did not work.

    Attributes:
        item: What was asked for.
        error: Why not, with the remedy.
    """

    item: K
    error: WeComError

    @property
    def errcode(self) -> int | None:
        """The platform's code, None if the error is not the platform's."""
        return self.error.errcode if isinstance(self.error, APIError) else None


@frozen(kw_only=True)
class BulkResult(Generic[K, V]):
    """What became of many items: every item is in exactly one of the four lists.

    To go on after a stop or a bad day, pass `again` to the same method.

    Attributes:
        done: Worked.
        failed: Did not work, each with its error. Nothing happened, or a repeat does no harm.
        unknown: Nobody knows: the answer was lost, and a repeat could do it twice. Look before you try again.
        rest: Not tried, because whatever came before them made it pointless (secret refused, limit hit, no network).
        answers: What the calls that worked answered, in the order of the items.
    """

    done: tuple[K, ...] = ()
    failed: tuple[BulkFailure[K], ...] = ()
    unknown: tuple[BulkFailure[K], ...] = ()
    rest: tuple[K, ...] = ()
    answers: tuple[V, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether everything worked."""
        return not (self.failed or self.unknown or self.rest)

    @property
    def again(self) -> tuple[K, ...]:
        """What is worth passing to the same method again: not tried, or failed for a reason that passes."""
        return (*(one.item for one in self.failed if _passes(one.error)), *self.rest)

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many items failed, or are unknown, for which reason; the most frequent first."""
        told = Counter(str(one.error) for one in (*self.failed, *self.unknown))
        return MappingProxyType(dict(told.most_common()))

    def raise_for_failures(self) -> None:
        """Raise the first error if there is one.

        Raises:
            WeComError: The error of the first item that failed or is unknown.
        """
        for one in (*self.failed, *self.unknown):
            raise one.error

    def __str__(self) -> str:
        counts = {"failed": self.failed, "unknown": self.unknown, "not tried": self.rest}
        return ", ".join([f"{len(self.done):,} done", *(f"{len(n):,} {name}" for name, n in counts.items() if n)])

    def _repr_html_(self) -> str:
        from wecom_auto.models._render import html_table

        return html_table(str(self), self._rows())

    def __rich__(self) -> RichTable:
        from wecom_auto.models._render import rich_table

        return rich_table(str(self), self._rows())

    def _rows(self) -> Iterator[tuple[str, object]]:
        yield "worth another try", len(self.again)
        for reason, count in self.reasons.items():
            yield f"{count:,} ×", reason


def _passes(error: WeComError) -> bool:
    """Return whether the same call may work later: the reason passes, or lies outside the item."""
    if isinstance(error, APIError):
        return error.code.retry is not RetryRule.NO or _is_hopeless(error)
    return not isinstance(error, ValidationError | DecodeError)


@define
class _Watch:
    """Counts what comes in, tells the caller, and sees when going on is pointless."""

    report: Report | None
    total: int
    done: int = 0
    failed: int = 0
    in_a_row: int = 0

    def count(self, done: int, failed: int, outcome: object) -> bool:
        """Take one outcome in; return whether to stop."""
        self.done += done
        self.failed += failed
        if self.report is not None:
            self.report(Progress(done=self.done, failed=self.failed, total=self.total, step=done))
        troubled = isinstance(outcome, APIConnectionError | ServerError | ServerBusyError)
        self.in_a_row = self.in_a_row + 1 if troubled else 0
        return self.in_a_row >= _IN_A_ROW or _is_hopeless(outcome)


def _is_hopeless(outcome: object) -> bool:
    """Return whether every other call would end like this one."""
    if isinstance(outcome, APIError) and outcome.errcode in _EVERYBODYS:
        return True
    return isinstance(outcome, ConfigurationError | AuthenticationError)


def _is_lost(error: WeComError) -> bool:
    """Return whether the call may have been carried out all the same."""
    return isinstance(error, DecodeError) or getattr(error, "applied", Applied.NO) is Applied.UNKNOWN


def _nobody(_answer: Any) -> Mapping[Any, int]:
    return {}


def in_bulk(
    items: Iterable[K],
    size: int,
    make: Callable[[Sequence[K]], Call[V]],
    *,
    refused: Callable[[V], Mapping[K, int]] = _nobody,
    concurrency: int = 1,
    progress: Report | None = None,
) -> Generator[Together[V], list[V | WeComError], BulkResult[K, V]]:
    """Cut `items` into calls and send them all; to be used with ``yield from`` or returned by a `workflow` method.

    Args:
        items: What is to be done; duplicates are done twice.
        size: The most items in one call.
        make: Makes the call for some items.
        refused: Reads from an answer which items failed although the call as a whole worked, with their errcodes.
        concurrency: The most calls under way at once, 1 to 100. The synchronous client uses that many threads while
            the operation lasts, none for 1.
        progress: Is told after every call.
    """
    wanted = tuple(items)
    chunks = [wanted[start : start + size] for start in range(0, len(wanted), size)]
    watch = _Watch(progress, len(wanted))

    def seen(place: int, outcome: V | WeComError) -> bool:
        chunk = chunks[place]
        failed = len(chunk) if isinstance(outcome, WeComError) else _count(chunk, refused(outcome))
        return watch.count(len(chunk), failed, outcome)

    outcomes = yield Together(map(make, chunks), concurrency, seen)
    return _sorted_out(chunks, outcomes, make, refused)


def _count(chunk: Sequence[K], codes: Mapping[K, int]) -> int:
    return sum(one in codes for one in chunk) if codes else 0  # calls have no hash, and nothing refuses them one by one


def _sorted_out(
    chunks: Sequence[Sequence[K]],
    outcomes: Sequence[V | WeComError],
    make: Callable[[Sequence[K]], Call[V]],
    refused: Callable[[V], Mapping[K, int]],
) -> BulkResult[K, V]:
    """Put every item into the list where it belongs."""
    done: list[K] = []
    failed: list[BulkFailure[K]] = []
    unknown: list[BulkFailure[K]] = []
    answers: list[V] = []
    for chunk, outcome in zip(chunks, outcomes, strict=False):
        if isinstance(outcome, WeComError):
            lost = _is_lost(outcome) and not make(chunk).effect.repeatable
            (unknown if lost else failed).extend(BulkFailure(item=item, error=outcome) for item in chunk)
            continue
        answers.append(outcome)
        if not (codes := refused(outcome)):
            done.extend(chunk)
            continue
        call = make(chunk).name
        failed.extend(BulkFailure(item=one, error=api_error(codes[one], call=call)) for one in chunk if one in codes)
        done.extend(item for item in chunk if item not in codes)
    rest = tuple(item for chunk in chunks[len(outcomes) :] for item in chunk)
    return BulkResult(done=tuple(done), failed=tuple(failed), unknown=tuple(unknown), rest=rest, answers=tuple(answers))
