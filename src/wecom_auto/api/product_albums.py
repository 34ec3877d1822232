"""Product albums (客户联系 › 管理商品图册): goods that members can send to customers from their client."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint, paged
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Check, Limit, OneOf
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import Alphanumeric, Given, page_of
from wecom_auto.api._values import listed
from wecom_auto.models import Product, ProductAttachment

__all__ = ["ProductAlbumEndpoints"]

_CHECKS: Final[tuple[Check, ...]] = (
    Limit("description", chars=300, least=1),
    Limit("price", least=0, most=5_000_000),
    Limit("product_sn", bytes=128),
    Alphanumeric("product_sn"),
    Limit("attachments", items=9, least=1),
    OneOf("attachments[].type", ("image",)),
    Limit("attachments[].image.media_id", least=1),
)


class ProductAlbumEndpoints(Endpoints[C]):
    """Product albums (商品图册): goods that members can send."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        description: str,
        *,
        price_fen: int,
        attachments: Sequence[ProductAttachment | str],
        product_sn: str | Unset = UNSET,
    ) -> Call[str]:
        """Put a product into the album. A lost answer is not repeated: there would be two.

        Manual: `创建商品图册 <https://developer.work.weixin.qq.com/document/path/95096>`__

        Args:
            description: What customers read, 1 to 300 characters.
            price_fen: The price in fen, up to 5,000,000 (50,000 yuan).
            attachments: 1 to 9 pictures; texts are media ids from `media.upload_attachment` for product albums.
            product_sn: Your own code, up to 128 bytes of letters and digits.

        Returns:
            The id of the product.

        Raises:
            InvalidRequestError: 41087 the description, 41086 the price or 41085 the code is not allowed;
                40007 a picture has died; 41072 a picture was uploaded for something else.
        """
        return (
            Call.post(
                Effect.CREATE,
                "/cgi-bin/externalcontact/add_product_album",
                str,
                description=description,
                price=price_fen,
                product_sn=product_sn,
                attachments=_pictures(attachments),
            )
            .unwrap("product_id")
            .checked(AnyOf("attachments"), *_CHECKS)
        )

    @endpoint
    def get(self, product_id: str) -> Call[Product]:
        """Fetch one product.

        Manual: `获取商品图册 <https://developer.work.weixin.qq.com/document/path/95096>`__

        Args:
            product_id: The product.

        Raises:
            NotFoundError: 41075 there is no such product; 41074 it was deleted.
        """
        path = "/cgi-bin/externalcontact/get_product_album"
        return Call.post(Effect.READ, path, Product, product_id=product_id).unwrap("product")

    @endpoint
    def list(self, *, cursor: str = "", limit: int = 100) -> Call[Page[Product]]:
        """List one page of the corp's products.

        Manual: `获取商品图册列表 <https://developer.work.weixin.qq.com/document/path/95096>`__

        Args:
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Products on a page, 1 to 100.
        """
        return _list(cursor, limit)

    @paged
    def iter_all(self, *, cursor: str = "", limit: int = 100) -> Call[Page[Product]]:
        """Iterate over the corp's products; see `list`.

        Manual: `获取商品图册列表 <https://developer.work.weixin.qq.com/document/path/95096>`__

        Args:
            cursor: Where to resume; empty for the start.
            limit: Products on a page, 1 to 100.
        """
        return _list(cursor, limit)

    @endpoint
    def update(
        self,
        product_id: str,
        *,
        description: str | Unset = UNSET,
        price_fen: int | Unset = UNSET,
        attachments: Sequence[ProductAttachment | str] | Unset = UNSET,
        product_sn: str | Unset = UNSET,
    ) -> Call[None]:
        """Change a product. What is not given stays. An app may change only its own products.

        Manual: `编辑商品图册 <https://developer.work.weixin.qq.com/document/path/95096>`__

        Args:
            product_id: The product.
            description: What customers read, 1 to 300 characters.
            price_fen: The price in fen, up to 5,000,000 (50,000 yuan).
            attachments: All pictures, 1 to 9; texts are media ids from `media.upload_attachment` for product albums.
            product_sn: Your own code, up to 128 bytes of letters and digits.

        Raises:
            NotFoundError: 41075 there is no such product; 41074 it was deleted.
            InvalidRequestError: As for `create`.
        """
        fields = ("description", "price", "product_sn", "attachments")
        return Call.post(
            Effect.SET,
            "/cgi-bin/externalcontact/update_product_album",
            NoneType,
            product_id=product_id,
            description=description,
            price=price_fen,
            product_sn=product_sn,
            attachments=_pictures(attachments),
        ).checked(Given(*fields), *_CHECKS)

    @endpoint
    def delete(self, product_id: str) -> Call[None]:
        """Delete a product. An app may delete only its own products.

        Manual: `删除商品图册 <https://developer.work.weixin.qq.com/document/path/95096>`__

        Args:
            product_id: The product.

        Raises:
            NotFoundError: 41075 there is no such product; 41074 it was deleted before.
        """
        path = "/cgi-bin/externalcontact/delete_product_album"
        return Call.post(Effect.DELETE, path, NoneType, product_id=product_id)


def _list(cursor: str, limit: int) -> Call[Page[Product]]:
    path = "/cgi-bin/externalcontact/get_product_album_list"
    call = Call.post(Effect.READ, path, Product, cursor=cursor or UNSET, limit=limit)
    return call.paged("product_list").checked(page_of(100))


def _pictures(pictures: Sequence[ProductAttachment | str] | Unset) -> tuple[ProductAttachment, ...] | Unset:
    if isinstance(pictures, Unset):
        return pictures
    given = listed("attachments", pictures)
    return tuple(ProductAttachment.of_image(one) if isinstance(one, str) else one for one in given)
