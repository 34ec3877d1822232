"""Write a definition in Python. Makes exactly the document that TOML makes, and nothing else.

```python
from wecom_auto.sop.builders import UNFOLLOWED, Exit, Sop, Step, day, event, state_starts, tag

PROSPECT = Sop(
    "prospect-30d", 3, "展厅新客 30 天培育",
    entry=dict(on="customer.added", where=state_starts("showroom-") & ~tag("已成交")),
    exits=[Exit(event("deal.signed"), goal=True), Exit(UNFOLLOWED | tag("勿扰"))],
    steps=[Step("welcome", day(0), do=dict(welcome="tpl/welcome"))],
)
```
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from wecom_auto.sop._document._policies import Fatigue, Policy
from wecom_auto.sop._document._steps import Wait
from wecom_auto.sop._document._timing import Offset, parse_clock
from wecom_auto.sop._document._window import Window
from wecom_auto.sop.conditions import Condition
from wecom_auto.sop.definition import Definition, Exit, Step

__all__ = [
    "UNFOLLOWED",
    "Exit",
    "Fatigue",
    "Policy",
    "Sop",
    "Step",
    "Wait",
    "Window",
    "attr",
    "branch",
    "day",
    "delivered",
    "event",
    "goto",
    "group",
    "has",
    "hours",
    "mass",
    "minutes",
    "moment",
    "months",
    "notice",
    "staff_task",
    "stage",
    "state_starts",
    "tag",
    "webhook",
]

Do: TypeAlias = dict[str, object]
"""A part of a step's `do` table; parts are joined with `|`."""

Sop = Definition
"""The definition itself: `Sop(sop, version, title, *, entry, steps, …)`."""

UNFOLLOWED: Final = Condition.parse("unfollowed()")
"""The customer is no longer a friend of the member."""


def day(count: int, clock: str | None = None) -> Offset:
    """Days from the anchor.

    Args:
        count: Negative before the anchor, 0 for the day of the anchor.
        clock: Wall-clock time, for example `"10:00"`; left out, the anchor's own time.
    """
    return Offset(count, "d", None if clock is None else parse_clock(clock))


def months(count: int, clock: str | None = None) -> Offset:
    """Calendar months from the anchor, clamped at the end of a shorter month."""
    return Offset(count, "mo", None if clock is None else parse_clock(clock))


def hours(count: int) -> Offset:
    """Elapsed hours from the anchor."""
    return Offset(count, "h")


def minutes(count: int) -> Offset:
    """Elapsed minutes from the anchor."""
    return Offset(count, "min")


def tag(name: str) -> Condition:
    """The customer carries this corp tag."""
    return Condition.parse(f"tag({name!r})")


def event(name: str) -> Condition:
    """This event has been seen."""
    return Condition.parse(f"event({name!r})")


def attr(name: str) -> Condition:
    """This attribute is true; unknown while it was never set."""
    return Condition.parse(f"attr({name!r})")


def has(name: str) -> Condition:
    """This attribute was set."""
    return Condition.parse(f"attr({name!r}) is not None")


def delivered(step_id: str) -> Condition:
    """This step has really reached the customer."""
    return Condition.parse(f"delivered({step_id!r})")


def state_starts(prefix: str) -> Condition:
    """The channel text of the contact way starts like this."""
    return Condition.parse(f"state.startswith({prefix!r})")


def mass(content: str, *, remind_staff: str | None = None, escalate: str | None = None) -> Do:
    """A mass message (群发) to the customer.

    Args:
        content: The name of its content.
        remind_staff: After how long the member is nudged, for example `"24h"`.
        escalate: After how long the supervisor is told.
    """
    return _given(mass=content, remind_staff=remind_staff, escalate=escalate)


def group(content: str, *, remind_staff: str | None = None, escalate: str | None = None) -> Do:
    """A mass message into the customer group (客户群群发); see `mass`."""
    return _given(group=content, remind_staff=remind_staff, escalate=escalate)


def moment(
    content: str, *, visible: Iterable[str] = (), remind_staff: str | None = None, escalate: str | None = None
) -> Do:
    """A post in the moments of members (客户朋友圈).

    Args:
        content: The name of its content.
        visible: Corp tags whose customers see it; none for all customers of the member.
        remind_staff: After how long the member is nudged, for example `"24h"`.
        escalate: After how long the supervisor is told.
    """
    tags = list(visible) or None
    return _given(moment=content, visible=tags, remind_staff=remind_staff, escalate=escalate)


def notice(text: str) -> Do:
    """An application message (应用消息) to the acting member: a content's name, or the text itself."""
    return {"notice": text}


def staff_task(
    title: str,
    *,
    kind: str | None = None,
    role: str | None = None,
    due: str | None = None,
    done: Condition | str | None = None,
    evidence: str | None = None,
) -> Do:
    """Work for a person.

    Args:
        title: What the member reads, at most 100 characters.
        kind: `call`, `add_friend`, `create_group`, `kick`, `reply`, `visit` or `other`.
        role: Who of the store does it; left out, the acting member.
        due: How long they have, for example `"2d"`.
        done: Closes the task by itself once it is true.
        evidence: `text` or `none`: what must be left behind by whoever closes it.
    """
    return {"staff_task": _given(title=title, kind=kind, role=role, due=due, done=done, evidence=evidence)}


def stage(name: str) -> Do:
    """Set the customer's stage (客户阶段)."""
    return {"stage": name}


def webhook(name: str) -> Do:
    """Call a named port of the program."""
    return {"webhook": name}


def branch(*cases: tuple[Condition | str, str], otherwise: str | None = None) -> Do:
    """Go on with the step of the first case that holds; the steps in between are skipped.

    Args:
        *cases: `(condition, step id)`; unknown is not true.
        otherwise: The step to go on with if no case holds; left out, the next step.
    """
    given: list[object] = [{"if": when, "goto": step_id} for when, step_id in cases]
    return {"branch": [*given, *([{"goto": otherwise}] if otherwise is not None else [])]}


def goto(step_id: str) -> Do:
    """Go on with a later step; the steps in between are skipped."""
    return {"goto": step_id}


def _given(**keys: object) -> Do:
    return {key: value for key, value in keys.items() if value is not None}
