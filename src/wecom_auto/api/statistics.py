"""Statistics (统计管理): what members and groups did, day by day."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["StatisticsEndpoints"]


class StatisticsEndpoints(Endpoints[C]):
    """Statistics (统计管理): what members and groups did, day by day."""

    __slots__ = ()
