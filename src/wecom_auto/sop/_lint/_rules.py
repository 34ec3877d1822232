"""What the linter is told about the corp beyond the definition itself. Checks nothing."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from attrs import field, frozen


class Allowance(StrEnum):
    """How many mass messages the platform lets one customer get; the corp's administrator chooses."""

    MONTH = "month"
    """As many as the month has days, in one month."""
    WEEK = "week"
    """7 in one week."""
    DAY = "day"
    """1 on one day."""


def _names(value: Iterable[str] | None) -> frozenset[str] | None:
    return None if value is None else frozenset(value)


@frozen(kw_only=True)
class Rules:
    """How strictly a definition is looked at.

    Attributes:
        taps_per_day: Confirmations that one member or group owner may be asked for a day.
        allowance: The platform's allowance of mass messages as it is set for the corp.
        dealer_priced: Whether every dealer of the network has prices of its own: then a price in a text is an error.
        require_consent: Whether marketing needs a consent (`policy.consent`).
        variables: The variables that the runner's settings fill in; `None` looks at none.
        corp_tags: The names of the corp's tags; `None` looks at none.
        approved: The names of the contents that are approved as they stand; `None` asks for no approval.
    """

    taps_per_day: int = 5
    allowance: Allowance = field(default=Allowance.MONTH, converter=Allowance)
    dealer_priced: bool = False
    require_consent: bool = False
    variables: frozenset[str] | None = field(default=None, converter=_names)
    corp_tags: frozenset[str] | None = field(default=None, converter=_names)
    approved: frozenset[str] | None = field(default=None, converter=_names)
