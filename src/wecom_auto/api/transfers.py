"""Handing customers and groups over to a colleague (在职继承, 离职继承): customers and groups that change hands."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["TransferEndpoints"]


class TransferEndpoints(Endpoints[C]):
    """Handing customers and groups over to a colleague (在职继承, 离职继承): customers and groups that change hands."""

    __slots__ = ()
