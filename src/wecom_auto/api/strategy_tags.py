"""Strategy tags (规则组标签): tags of one rule group."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["StrategyTagEndpoints"]


class StrategyTagEndpoints(Endpoints[C]):
    """Strategy tags (规则组标签): tags of one rule group."""

    __slots__ = ()
