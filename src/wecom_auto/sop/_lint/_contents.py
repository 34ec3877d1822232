"""Look at the contents that a definition names: there, allowed, still valid, within the platform's limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import PurePath
from typing import Final

from wecom_auto._types import JSONObject
from wecom_auto.sop._document._actions import Moment
from wecom_auto.sop._document._problems import is_table
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop._lint._dates import day_of, fixed_day
from wecom_auto.sop._lint._findings import Finding, finding
from wecom_auto.sop._lint._rules import Rules
from wecom_auto.sop._lint._words import words
from wecom_auto.sop.definition import Definition

TEXT_BYTES: Final = 4000
ATTACHMENTS: Final = 9
MOMENT_CHARS: Final = 2000
_IMAGES: Final = 9
_MOMENT_KINDS: Final = {"image": _IMAGES, "video": 1, "link": 1}
_SUFFIXES: Final = {".mp4": "video", ".jpg": "image", ".jpeg": "image", ".png": "image"}


def contents(definition: Definition, library: Mapping[str, JSONObject], rules: Rules, today: date) -> Iterator[Finding]:
    """Everything about the contents of every step."""
    for step in definition.steps:
        for name in step.contents:
            table = library.get(name)
            if table is None:
                problem = f"no content is called {name!r}"
                yield finding("SOP022", f"step {step.id!r}.do", problem, "add it to the library")
            else:
                yield from _approval(step, name, rules)
                yield from _content(step, name, table, rules)
                yield from _audience(definition, step, name, table)
                yield from _validity(definition, step, name, table, today)


def _approval(step: Step, name: str, rules: Rules) -> Iterator[Finding]:
    if rules.approved is not None and name not in rules.approved:
        problem = f"content {name!r} is not approved as it stands"
        yield finding("SOP033", f"step {step.id!r}.do", problem, "have it approved, or use another one")


def _content(step: Step, name: str, table: JSONObject, rules: Rules) -> Iterator[Finding]:
    place = f"content {name!r}"
    text, attachments = table.get("text", ""), table.get("attachments", ())
    if not isinstance(text, str) or not isinstance(attachments, list | tuple) or not (text or attachments):
        yield finding("SOP023", place, "it has neither a text nor attachments", "give it one of them")
        return
    if (size := len(text.encode())) > TEXT_BYTES:
        problem = f"the text has {size} bytes of UTF-8 and the platform takes {TEXT_BYTES}"
        yield finding("SOP023", place, problem, "shorten it; a Chinese character has 3 bytes")
    if len(attachments) > ATTACHMENTS:
        problem = f"{len(attachments)} attachments, and the platform takes {ATTACHMENTS}"
        yield finding("SOP023", place, problem, "remove some")
    if any(isinstance(action, Moment) for action in step.do):
        yield from _moment(place, text, attachments)
    yield from words(step, place, text, rules)


def _moment(place: str, text: str, attachments: Sequence[object]) -> Iterator[Finding]:
    """A moment takes 2,000 characters and 9 images, or 1 video, or 1 link (manual 95094)."""
    if len(text) > MOMENT_CHARS:
        problem = f"the text has {len(text)} characters and a moment takes {MOMENT_CHARS}"
        yield finding("SOP025", place, problem, "shorten it")
    kinds = Counter(map(_kind, attachments))
    for kind, count in kinds.items():
        if count > _MOMENT_KINDS.get(kind, 0):
            takes = f"{_MOMENT_KINDS[kind]} of them" if kind in _MOMENT_KINDS else "none"
            yield finding("SOP025", place, f"{count} {kind}, and a moment takes {takes}", "remove some")
    if len(kinds) > 1:
        problem = f"{' and '.join(sorted(kinds))} together, and a moment takes one kind"
        yield finding("SOP025", place, problem, "keep images, or one video, or one link")


def _kind(item: object) -> str:
    if not is_table(item):
        return "unknown"
    if "file" in item:
        return _SUFFIXES.get(PurePath(str(item["file"])).suffix.lower(), "file")
    return str(item.get("msgtype", "unknown"))


def _audience(definition: Definition, step: Step, name: str, table: JSONObject) -> Iterator[Finding]:
    raw = table.get("audience", ())
    allowed = (raw,) if isinstance(raw, str) else tuple(map(str, raw)) if isinstance(raw, list | tuple) else ()
    if allowed and definition.category not in allowed:
        own = definition.category or "of no category"
        problem = f"content {name!r} is for {', '.join(allowed)}, and this SOP is {own}"
        yield finding("SOP026", f"step {step.id!r}.do", problem, "use another content, or set category")


def _validity(definition: Definition, step: Step, name: str, table: JSONObject, today: date) -> Iterator[Finding]:
    until = _date(table.get("valid_until"))
    if until is None:
        return
    last = _last_day(definition, step, today)
    if until < last:
        problem = f"it is valid until {until}, and step {step.id!r} may send it until {last}"
        yield finding("SOP027", f"content {name!r}", problem, "extend it, or end the SOP before")


def _last_day(definition: Definition, step: Step, today: date) -> date:
    """The last day on which the step may go out, for whoever enters today or on the SOP's day."""
    fixed = fixed_day(definition)
    if fixed is None and definition.entry.anchor is not None:
        # The date of the anchor may be any; what has expired has expired for everybody.
        return today
    late = definition.window_of(step).late + (step.wait.max if step.wait is not None else timedelta())
    return max(today, day_of(definition, step, fixed or today) + late)


def _date(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
