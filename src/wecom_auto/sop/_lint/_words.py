"""Look at the words of a text: prices, personal data, variables. A finding never repeats personal data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._actions import StaffConfirmed
from wecom_auto.sop._document._problems import suggestion
from wecom_auto.sop._document._steps import Step
from wecom_auto.sop._document._templates import variables_of
from wecom_auto.sop._lint._findings import Finding, finding
from wecom_auto.sop._lint._rules import Rules

_PRICE: Final = re.compile(r"[¥￥]\s*\d|\d\s*(?:元|万|折)|最低价|底价|裸车价|优惠价|特价|降价|全网最低")
_PERSONAL: Final = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)|(?<![A-Z0-9])(?=[A-Z]*\d)[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·•]?[A-Z0-9]{5,6}(?![A-Z0-9])"
)
_PERSONAL_VARIABLES: Final = re.compile(
    r"^(?:name|nick|customer|phone|mobile|plate|vin|id_?card|remark|external)", re.IGNORECASE
)


def words(step: Step, place: str, text: str, rules: Rules) -> Iterator[Finding]:
    """Everything about the words of one text of a step; a welcome goes to one person and may name them."""
    for_one = step.is_welcome and not any(isinstance(action, StaffConfirmed) for action in step.do)
    yield from text_words(place, text, rules, for_one=for_one)


def text_words(place: str, text: str, rules: Rules, *, for_one: bool = False) -> Iterator[Finding]:
    """Everything about the words of one text."""
    try:
        variables = sorted(variables_of(text))
    except ConfigurationError as error:
        yield finding("SOP023", place, str(error), "write {{ name }} for a variable")
        return
    yield from _price(place, text, rules)
    yield from _unknown(place, variables, rules)
    if for_one:
        return
    names = [name for name in variables if _PERSONAL_VARIABLES.match(name)]
    if names:
        problem = f"{{{{ {names[0]} }}}} makes one text, and one confirmation tap, for every customer"
        yield finding("SOP021", place, problem, "personalise by segment; keep names for the welcome message")
    elif _PERSONAL.search(text) is not None:
        # The value itself stays out of the message: findings are printed and stored.
        problem = "it holds what looks like a phone number, an identity card, a VIN or a number plate"
        yield finding("SOP021", place, problem, "put personal data behind the link")


def _price(place: str, text: str, rules: Rules) -> Iterator[Finding]:
    price = _PRICE.search(text)
    if price is None:
        return
    if rules.dealer_priced:
        problem = f"{price[0]!r} reads as a price, and each dealer of the network has its own"
        yield finding("SOP024", place, problem, "leave prices to the dealer: a link, or a talk")
    else:
        problem = f"{price[0]!r} reads as a price"
        yield finding("SOP020", place, problem, "put prices behind a link, where they can be corrected")


def _unknown(place: str, variables: list[str], rules: Rules) -> Iterator[Finding]:
    for name in variables if rules.variables is not None else ():
        if name not in (rules.variables or ()):
            problem = f"nothing fills in {{{{ {name} }}}}, so the message would fail"
            yield finding("SOP028", place, problem, suggestion(name, rules.variables or ()))
