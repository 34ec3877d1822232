"""Look at how a run ends early: with the order, with a goodbye, with a goal. Knows no steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._lint._findings import Finding, finding
from wecom_auto.sop.definition import Definition, Exit

_ORDER: Final = re.compile(
    r"deal|order|sold|purchas|deliver|成交|下订|下定|订车|订单|已购|提车|交付|车主", re.IGNORECASE
)
"""Words of events, tags and stages that mean that the customer has bought."""
_PROSPECT: Final = re.compile(r"prospect|lead|nurtur|潜客|线索|意向|培育|战败", re.IGNORECASE)


def exits(definition: Definition) -> Iterator[Finding]:
    """What should end a run and does not; only customers order, leave and ask for silence."""
    if definition.target is not Target.CUSTOMER:
        return
    if not any(item.goal for item in definition.exits):
        problem = "nothing ends the run when the customer orders, and no conversion is counted"
        yield finding("SOP012", "exit", problem, "add an exit such as event('deal.signed') with goal = true")
    if not any(kind in {"unfollowed", "tag", "attr"} for item in definition.exits for kind, _ in item.when.uses):
        problem = "nothing ends the run when the customer leaves or asks for silence"
        yield finding("SOP013", "exit", problem, "add an exit such as unfollowed() or tag('勿扰')")
    if is_for_prospects(definition) and not any(map(_ends_with_order, definition.exits)):
        problem = "a customer who has ordered goes on getting what prospects get"
        remedy = "add an exit such as event('deal.signed'), tag('已成交') or attr('stage') == 'ordered'"
        yield finding("SOP015", "exit", problem, remedy)


def is_for_prospects(definition: Definition) -> bool:
    """Whether the SOP speaks to people who have not bought yet, as its category, name or way in says."""
    named = _PROSPECT.search(f"{definition.category} {definition.sop} {definition.title}") is not None
    return named or (not definition.category and definition.entry.on == "customer.added")


def _ends_with_order(item: Exit) -> bool:
    if any(_ORDER.search(name) for kind, name in item.when.uses if kind in {"event", "tag", "attr"}):
        return True
    return ("attr", "stage") in item.when.uses and _ORDER.search(item.when.text) is not None
