"""Customer strategies (客户联系规则组): rule groups for customer contact."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["CustomerStrategyEndpoints"]


class CustomerStrategyEndpoints(Endpoints[C]):
    """Customer strategies (客户联系规则组): rule groups for customer contact."""

    __slots__ = ()
