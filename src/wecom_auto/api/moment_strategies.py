"""Moment strategies (朋友圈规则组): rule groups for moments."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["MomentStrategyEndpoints"]


class MomentStrategyEndpoints(Endpoints[C]):
    """Moment strategies (朋友圈规则组): rule groups for moments."""

    __slots__ = ()
