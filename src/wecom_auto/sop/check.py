"""Look for mistakes in a definition and its contents before customers find them. Changes nothing, sends nothing.

Every finding has a code, a place and a remedy. The codes are stable; `CODES` lists them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from attrs import frozen

from wecom_auto._types import JSONObject
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._actions import Mass, StaffTask
from wecom_auto.sop._policies import Holidays
from wecom_auto.sop._problems import DefinitionError, is_table
from wecom_auto.sop._templates import variables_of
from wecom_auto.sop._toml import read_toml
from wecom_auto.sop.calendar import Calendar, ChinaCalendar
from wecom_auto.sop.definition import Definition, Step

__all__ = ["CODES", "Finding", "Severity", "check", "check_file", "read_contents"]

TEXT_BYTES: Final = 4000
ATTACHMENTS: Final = 9
TAPS_PER_DAY: Final = 5


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Do not publish."""
    WARNING = "warning"
    """Publish only knowingly."""


CODES: Final[Mapping[str, tuple[Severity, str]]] = MappingProxyType(
    {
        "SOP001": (Severity.ERROR, "the document cannot be understood"),
        "SOP002": (Severity.ERROR, "a step id is used twice"),
        "SOP003": (Severity.ERROR, "a wait has no maximum"),
        "SOP004": (Severity.ERROR, "a condition is outside the grammar"),
        "SOP010": (Severity.ERROR, "a step is never reached"),
        "SOP011": (Severity.WARNING, "a step is due outside the window"),
        "SOP012": (Severity.WARNING, "no exit is a goal"),
        "SOP013": (Severity.WARNING, "no exit on unfollowing or opting out"),
        "SOP020": (Severity.WARNING, "a price in a text"),
        "SOP021": (Severity.ERROR, "personal data in a mass text"),
        "SOP022": (Severity.ERROR, "a content is missing"),
        "SOP023": (Severity.ERROR, "a content breaks a limit of the platform"),
        "SOP030": (Severity.WARNING, "dates fall in a year whose holidays are not published"),
        "SOP040": (Severity.ERROR, "a welcome that cannot be sent as one"),
        "SOP050": (Severity.WARNING, "too many taps per member and day"),
    }
)
"""Every code with its severity and meaning."""

_PRICE: Final = re.compile(r"[¥￥]\s*\d|\d\s*(?:元|万|折)|最低价|底价|裸车价|优惠价|特价|降价|全网最低")
_PERSONAL: Final = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)|(?<![A-Z0-9])(?=[A-Z]*\d)[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·•]?[A-Z0-9]{5,6}(?![A-Z0-9])"
)
_PERSONAL_VARIABLES: Final = re.compile(
    r"^(?:name|nick|customer|phone|mobile|plate|vin|id_?card|remark|external)", re.IGNORECASE
)


@frozen(kw_only=True)
class Finding:
    """One thing to look at.

    Attributes:
        code: One of `CODES`.
        place: `step 'invite'.at`, `content 'tpl/x'`, or a path in the document.
        message: What is wrong, with the value.
        remedy: What to do.
    """

    code: str
    place: str
    message: str
    remedy: str

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return CODES[self.code][0]

    def __str__(self) -> str:
        return f"{self.code} {self.severity} {self.place}: {self.message}. {self.remedy}".rstrip()


def check_file(
    path: str | os.PathLike[str],
    *,
    contents: str | os.PathLike[str] | None = None,
    today: date,
    calendar: Calendar | None = None,
    taps_per_day: int = TAPS_PER_DAY,
) -> tuple[Finding, ...]:
    """Check a TOML file; a document that cannot be read is a finding too, not an exception.

    Args:
        path: The definition.
        contents: The content library it names; left out, contents are not looked at.
        today: The day from which dates are judged.
        calendar: Answers for days; by default China's.
        taps_per_day: Confirmations that one member may be asked for a day.
    """
    try:
        definition = Definition.from_toml(path)
        library = None if contents is None else read_contents(contents)
    except DefinitionError as error:
        return (Finding(code=error.code, place=error.place or str(path), message=error.problem, remedy=error.remedy),)
    return check(definition, contents=library, today=today, calendar=calendar, taps_per_day=taps_per_day)


def read_contents(source: str | os.PathLike[str]) -> dict[str, JSONObject]:
    """The tables of a content library as they stand, so that a broken one can be described.

    Raises:
        DefinitionError: Not TOML, or cannot be read.
    """
    return {name: table for name, table in read_toml(source).items() if is_table(table)}  # type: ignore[misc]


def check(
    definition: Definition,
    *,
    contents: Mapping[str, JSONObject] | None = None,
    today: date,
    calendar: Calendar | None = None,
    taps_per_day: int = TAPS_PER_DAY,
) -> tuple[Finding, ...]:
    """Check a definition.

    Args:
        definition: Any definition.
        contents: Content name to its table (`text`, `attachments`); `None` skips the contents.
        today: The day from which dates are judged.
        calendar: Answers for days; by default China's.
        taps_per_day: Confirmations that one member may be asked for a day.

    Returns:
        The findings, in the order of the document; empty for a clean one.
    """
    found = [*_flow(definition), *_exits(definition), *_taps(definition, taps_per_day)]
    found += _holidays(definition, today, calendar or ChinaCalendar())
    if contents is not None:
        for step in definition.steps:
            found += [item for name in step.contents for item in _content(step, name, contents.get(name))]
    return tuple(found)


def _flow(definition: Definition) -> Iterator[Finding]:
    ended: Step | None = None
    for step in sorted(definition.steps, key=lambda step: step.at.approximate):
        place = f"step {step.id!r}"
        if ended is not None:
            yield _finding("SOP010", place, f"the run has always ended before it, at step {ended.id!r}", "remove it")
        elif step.ends and step.when is None and step.wait is None:
            ended = step
        clock = step.at.clock
        if step.reaches_people and clock is not None:
            minute = clock.hour * 60 + clock.minute
            if not any(start <= minute < end for start, end in definition.window.openings):
                allow = ", ".join(map(str, definition.window.allow)) or "the whole day without quiet"
                problem = f"{clock:%H:%M} is not inside {allow}, so the step always moves"
                yield _finding("SOP011", f"{place}.at", problem, "move it into the window")
        yield from _welcome(definition, step, place)


def _welcome(definition: Definition, step: Step, place: str) -> Iterator[Finding]:
    if not step.is_welcome:
        return
    if any(isinstance(action, Mass | StaffTask) for action in step.do):
        problem = "a welcome lives 20 seconds and a task of a member does not"
        yield _finding("SOP040", place, problem, "put the mass message or task into a step of its own")
    if step.at.count or step.at.clock is not None or definition.entry.on != "customer.added":
        problem = "the welcome code exists only in the 20 seconds after the customer was added"
        yield _finding("SOP040", f"{place}.at", problem, 'write at = "+0d" and enter on customer.added')


def _exits(definition: Definition) -> Iterator[Finding]:
    if not any(item.goal for item in definition.exits):
        problem = "nothing ends the run when the customer orders, and no conversion is counted"
        yield _finding("SOP012", "exit", problem, "add an exit such as event('deal.signed') with goal = true")
    if not any(kind in {"unfollowed", "tag", "attr"} for item in definition.exits for kind, _ in item.when.uses):
        problem = "nothing ends the run when the customer leaves or asks for silence"
        yield _finding("SOP013", "exit", problem, "add an exit such as unfollowed() or tag('勿扰')")


def _taps(definition: Definition, most: int) -> Iterator[Finding]:
    # With customers entering every day, each task of each arm comes up every day, and each one is a tap.
    taps = sum(_step_taps(step) for step in definition.steps)
    if taps > most:
        problem = f"on a usual day a member confirms up to {taps} tasks of this SOP, more than {most}"
        yield _finding("SOP050", "step", problem, "drop steps or arms, or allow more taps knowingly")


def _step_taps(step: Step) -> int:
    arms = max(1, len([name for name in step.contents if name])) if step.ab is not None else 1
    return sum(arms if isinstance(action, Mass) else 1 for action in step.do if isinstance(action, Mass | StaffTask))


def _holidays(definition: Definition, today: date, calendar: Calendar) -> Iterator[Finding]:
    if definition.window.holidays is Holidays.SEND:
        return
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    for step in definition.steps:
        if not step.reaches_people or step.at.count < 0:
            continue
        day = step.at.resolve(noon, definition.zone).date()
        if calendar.day(day).provisional:
            problem = f"a customer who enters today gets it on {day}, and the holidays of {day.year} are not published"
            remedy = "planning is provisional until the table is there: update chinesecalendar"
            yield _finding("SOP030", f"step {step.id!r}.at", problem, remedy)


def _content(step: Step, name: str, table: JSONObject | None) -> Iterator[Finding]:
    place = f"content {name!r}"
    if table is None:
        yield _finding("SOP022", f"step {step.id!r}.do", f"no content is called {name!r}", "add it to the library")
        return
    text, attachments = table.get("text", ""), table.get("attachments", ())
    if not isinstance(text, str) or not isinstance(attachments, list | tuple) or not (text or attachments):
        yield _finding("SOP023", place, "it has neither a text nor attachments", "give it one of them")
        return
    if (size := len(text.encode())) > TEXT_BYTES:
        problem = f"the text has {size} bytes of UTF-8 and the platform takes {TEXT_BYTES}"
        yield _finding("SOP023", place, problem, "shorten it; a Chinese character has 3 bytes")
    if len(attachments) > ATTACHMENTS:
        problem = f"{len(attachments)} attachments, and the platform takes {ATTACHMENTS}"
        yield _finding("SOP023", place, problem, "remove some")
    yield from _words(step, place, text)


def _words(step: Step, place: str, text: str) -> Iterator[Finding]:
    try:
        variables = sorted(variables_of(text))
    except ConfigurationError as error:
        yield _finding("SOP023", place, str(error), "write {{ name }} for a variable")
        return
    if (price := _PRICE.search(text)) is not None:
        problem = f"{price[0]!r} reads as a price"
        yield _finding("SOP020", place, problem, "put prices behind a link, where they can be corrected")
    if step.is_welcome and not any(isinstance(action, Mass) for action in step.do):
        return
    names = [name for name in variables if _PERSONAL_VARIABLES.match(name)]
    if names:
        problem = f"{{{{ {names[0]} }}}} makes one text, and one confirmation tap, for every customer"
        yield _finding("SOP021", place, problem, "personalise by segment; keep names for the welcome message")
    elif _PERSONAL.search(text) is not None:
        # The value itself stays out of the message: findings are printed and stored.
        problem = "it holds what looks like a phone number, an identity card, a VIN or a number plate"
        yield _finding("SOP021", place, problem, "put personal data behind the link")


def _finding(code: str, place: str, message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
