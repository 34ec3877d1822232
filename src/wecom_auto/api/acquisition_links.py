"""Customer-acquisition links (获客助手): links that bring customers, and their quota."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["AcquisitionLinkEndpoints"]


class AcquisitionLinkEndpoints(Endpoints[C]):
    """Customer-acquisition links (获客助手): links that bring customers, and their quota."""

    __slots__ = ()
