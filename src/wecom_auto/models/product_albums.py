"""Goods that members can send to customers (商品图册, manual 95096). Values only."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Model, OpenStrEnum, wire

__all__ = ["Product", "ProductAttachment", "ProductAttachmentType", "ProductImage"]


class ProductAttachmentType(OpenStrEnum):
    """What can be attached to a product (附件类型)."""

    IMAGE = "image"


@frozen(kw_only=True)
class ProductImage(Model):
    """A picture of a product (图片).

    Attributes:
        media_id: From `media.upload_attachment` for product albums; other uploads do not fit.
    """

    media_id: str


@frozen(kw_only=True)
class ProductAttachment(Model):
    """Something attached to a product (附件).

    Attributes:
        type: Its kind; pictures are the only one.
        image: The picture.
    """

    type: ProductAttachmentType
    image: ProductImage | None = None

    @classmethod
    def of_image(cls, media_id: str) -> ProductAttachment:
        """Return the attachment of a picture."""
        return cls(type=ProductAttachmentType.IMAGE, image=ProductImage(media_id=media_id))


@frozen(kw_only=True)
class Product(Model):
    """A product of the album (商品).

    Attributes:
        product_id: The id.
        description: What it is.
        price_fen: The price in fen; None if it was not told.
        product_sn: The corp's own code (商品编码).
        attachments: Up to 9 pictures.
        created_at: When it was made; `product_albums.get` tells it, lists do not.
    """

    product_id: str
    description: str = ""
    price_fen: int | None = wire("price", None)
    product_sn: str = ""
    attachments: tuple[ProductAttachment, ...] = ()
    created_at: datetime | None = wire("create_time", None)

    @property
    def media_ids(self) -> tuple[str, ...]:
        """The pictures."""
        return tuple(one.image.media_id for one in self.attachments if one.image is not None)
