"""When people may be disturbed: the window of a definition or of one step. Knows no clock and no calendar."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from attrs import frozen

from wecom_auto._types import JSON
from wecom_auto.sop._document._problems import DefinitionError, read_table, read_word
from wecom_auto.sop._document._timing import ClockRange, format_duration, open_minutes, parse_duration, parse_late


class Holidays(StrEnum):
    """What the calendar does to a touch."""

    SEND = "send"
    """Every day is as good as another."""
    SKIP_STATUTORY = "skip-statutory"
    """Not on public holidays (法定节假日, days off in lieu included); ordinary weekends are fine."""
    WORKDAYS_ONLY = "workdays-only"
    """Workdays only, make-up workdays (调休) included."""


class Shift(StrEnum):
    """Where a touch goes that falls on a closed day."""

    LATER = "later"
    EARLIER = "earlier"


@frozen
class Window:
    """When people may be disturbed.

    Attributes:
        allow: Parts of the day that are open, in the definition's zone; empty for the whole day.
        quiet: Parts of the day that are closed even if allowed.
        holidays: What the calendar does.
        shift: Where a touch on a closed day goes.
        late: A touch later than this is skipped, never sent after an outage.
        spread: Over how many open days touches are spread that a holiday has moved; zero for none.
    """

    allow: tuple[ClockRange, ...] = ()
    quiet: tuple[ClockRange, ...] = ()
    holidays: Holidays = Holidays.SEND
    shift: Shift = Shift.LATER
    late: timedelta = timedelta(days=2)
    spread: timedelta = timedelta()

    @cached_property
    def openings(self) -> tuple[tuple[int, int], ...]:
        """The open minutes of a day, sorted and disjoint."""
        return open_minutes(self.allow, self.quiet)

    def __attrs_post_init__(self) -> None:
        if not self.openings:
            problem = "the quiet hours leave no minute of the day open"
            raise DefinitionError(problem, remedy="shorten quiet or widen allow")

    @classmethod
    def parse(cls, value: object) -> Window:
        """Read the `[window]` table.

        Raises:
            DefinitionError: Unknown key or value, or no minute of the day left open.
        """
        table = read_table(value, ("allow", "quiet", "holidays", "shift", "late", "spread"))
        return cls(
            allow=_ranges(table.get("allow"), "allow"),
            quiet=_ranges(table.get("quiet"), "quiet"),
            holidays=Holidays(read_word(table.get("holidays", Holidays.SEND), Holidays, "holidays")),
            shift=Shift(read_word(table.get("shift", Shift.LATER), Shift, "shift")),
            late=parse_late(table.get("late", "drop after 2d")),
            spread=_spread(table.get("spread")),
        )

    def document(self) -> dict[str, JSON]:
        """The canonical table."""
        found: dict[str, JSON] = {
            "holidays": self.holidays.value,
            "shift": self.shift.value,
            "late": f"drop after {format_duration(self.late)}",
        }
        for key, ranges in (("allow", self.allow), ("quiet", self.quiet)):
            if ranges:
                found[key] = [str(item) for item in ranges]
        return found | ({"spread": format_duration(self.spread)} if self.spread else {})


def _ranges(value: object, place: str) -> tuple[ClockRange, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        problem = f"{place} must be a list of parts of the day"
        raise DefinitionError(problem, remedy='write ["09:30-12:00"]')
    items: list[object] = [*value]
    return tuple(sorted({ClockRange.parse(item) for item in items}, key=str))


def _spread(value: object) -> timedelta:
    if value is None:
        return timedelta()
    span = parse_duration(value)
    if span % timedelta(days=1):
        problem = f"spread counts whole days, not {value!r}"
        raise DefinitionError(problem, place="spread", remedy='write "2d"')
    return span
