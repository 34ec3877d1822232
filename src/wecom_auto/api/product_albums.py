"""Product albums (商品图册): goods that members can send."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["ProductAlbumEndpoints"]


class ProductAlbumEndpoints(Endpoints[C]):
    """Product albums (商品图册): goods that members can send."""

    __slots__ = ()
