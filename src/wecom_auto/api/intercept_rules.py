"""Intercept rules (敏感词): words and behaviour to stop or to report."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["InterceptRuleEndpoints"]


class InterceptRuleEndpoints(Endpoints[C]):
    """Intercept rules (敏感词): words and behaviour to stop or to report."""

    __slots__ = ()
