"""Product albums, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

__all__ = ["Product", "Products"]


@define(kw_only=True)
class Product:
    """A product of the album; a deleted row stays, to be told from none."""

    seq: int
    product_id: str
    agent_id: int
    created_at: int
    description: str
    price: int
    product_sn: str
    media_ids: list[str]
    deleted: bool = False


@define(kw_only=True)
class Products:
    """The album, by id, oldest first."""

    rows: dict[str, Product] = field(factory=dict[str, Product])
