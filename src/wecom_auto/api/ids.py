"""Identifiers (ID 转换): one person, several ids."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["IdEndpoints"]


class IdEndpoints(Endpoints[C]):
    """Identifiers (ID 转换): one person, several ids."""

    __slots__ = ()
