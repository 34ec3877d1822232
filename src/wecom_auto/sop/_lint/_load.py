"""Count what a SOP asks of people: messages per customer, taps per member and per group owner. Upper bounds only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from wecom_auto.sop._document._actions import GroupMass, Mass, Sending, StaffTask
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop._lint._course import Ways
from wecom_auto.sop._lint._findings import Finding, finding
from wecom_auto.sop._lint._rules import Allowance, Rules
from wecom_auto.sop._planning._occurrences import occurrences
from wecom_auto.sop.definition import Definition

_SPAN: Final = timedelta(days=62)
"""Two months: in them every weekday and every day of the month comes round."""
_ALLOWED: Final[Mapping[Allowance, tuple[int, int, str]]] = {
    # The shortest month has the fewest messages, and as many days to spread them over.
    Allowance.MONTH: (28, 28, "a month of 28 days has an allowance of 28"),
    Allowance.WEEK: (7, 7, "the corp's allowance is 7 a week"),
    Allowance.DAY: (1, 1, "the corp's allowance is 1 a day"),
}
"""Days, messages in them, and in words."""


def load(definition: Definition, rules: Rules, today: date) -> Iterator[Finding]:
    """Too many taps, and too many messages."""
    yield from _taps(definition, rules, today)
    if definition.target in {Target.CUSTOMER, Target.GROUP}:
        counter = _Counter(definition, today)
        yield from _allowance(definition, rules, counter)
        yield from _fatigue(definition, counter)


def _taps(definition: Definition, rules: Rules, today: date) -> Iterator[Finding]:
    most = rules.taps_per_day
    taps = _taps_a_day(definition, today)
    if taps <= most or definition.policy.allow_split:
        return
    remedy = "drop steps or arms, or allow it knowingly with policy.allow_split = true"
    if definition.target is Target.GROUP:
        problem = f"on a usual day the owner of groups confirms up to {taps} tasks of this SOP, more than {most}"
        yield finding("SOP053", "step", problem, remedy)
    else:
        problem = f"on a usual day a member confirms up to {taps} tasks of this SOP, more than {most}"
        yield finding("SOP050", "step", problem, remedy)


def _taps_a_day(definition: Definition, today: date) -> int:
    if definition.entry.trigger != "calendar":
        # With somebody entering every day, each task of each arm comes up every day, and each one is a tap.
        return sum(map(step_taps, definition.steps))
    days: dict[int, int] = {}
    for start in _starts(definition, today):
        for step in definition.steps:
            day = start + step.at.approximate.days
            days[day] = days.get(day, 0) + step_taps(step)
    return max(days.values(), default=0)


def step_taps(step: Step) -> int:
    """How many confirmations one step costs a member on the day on which it comes up."""
    arms = max(1, len([name for name in step.contents if name])) if step.ab is not None else 1
    asked = [action for action in step.do if isinstance(action, Sending | StaffTask)]
    return sum(arms if isinstance(action, Sending) else 1 for action in asked)


def _starts(definition: Definition, today: date) -> list[int]:
    """The days on which runs begin, counted from the first; one for a run that begins at any time."""
    if definition.entry.trigger != "calendar":
        return [0]
    since = datetime(today.year, today.month, today.day, tzinfo=UTC)
    found = occurrences(definition.entry, None, definition.zone, since, since + _SPAN)
    days = [one.at.astimezone(definition.zone).date() for one in found]
    return [(day - days[0]).days for day in days] or [0]


class _Counter:
    """How many messages one customer or group can get in so many days in a row, at most."""

    def __init__(self, definition: Definition, today: date) -> None:
        self.ways = Ways.of(definition)
        self.starts = _starts(definition, today)

    def most(self, days: int) -> int:
        """The most messages in `days` days in a row."""
        sending = [step.at.approximate.days for step in self.ways.steps if _messages(step)]
        first = {start + day for start in self.starts for day in sending}
        return max((sum(self._in(day, days, start) for start in self.starts) for day in first), default=0)

    def _in(self, day: int, days: int, start: int) -> int:
        return self.ways.heaviest(
            lambda step: _messages(step) if day <= start + step.at.approximate.days < day + days else 0
        )


def _messages(step: Step) -> int:
    return sum(isinstance(action, Mass | GroupMass) for action in step.do)


def _allowance(definition: Definition, rules: Rules, counter: _Counter) -> Iterator[Finding]:
    days, allowed, words = _ALLOWED[rules.allowance]
    most = counter.most(days)
    if most > allowed:
        who = "group" if definition.target is Target.GROUP else "customer"
        problem = f"a {who} would get up to {most} messages in {days} day{'s' * (days > 1)}, and {words}"
        yield finding("SOP051", "step", problem, "drop steps or spread them; what is above the allowance is not sent")


def _fatigue(definition: Definition, counter: _Counter) -> Iterator[Finding]:
    own = definition.policy.fatigue
    for key, limit, days in (("day", own.day, 1), ("week", own.week, 7), ("month", own.month, 31)):
        if limit is not None and (most := counter.most(days)) > limit:
            problem = f"a run would send up to {most} messages in a {key}, and its own fatigue allows {limit}"
            yield finding("SOP052", f"policy.fatigue.{key}", problem, "drop steps, spread them, or raise the limit")
