"""Home and school (家校沟通): notices to parents."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["SchoolEndpoints"]


class SchoolEndpoints(Endpoints[C]):
    """Home and school (家校沟通): notices to parents."""

    __slots__ = ()
