"""Moments (客户朋友圈): tasks that members publish, and what customers say."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["MomentEndpoints"]


class MomentEndpoints(Endpoints[C]):
    """Moments (客户朋友圈): tasks that members publish, and what customers say."""

    __slots__ = ()
