"""The product-album chapter (管理商品图册, manual 95096): goods with a price and pictures.

Unverified: that 41087, 41086 and 41085 stand for a description, price and code out of bounds; that every app sees all
products of the corp, and 60011 is what it gets for changing another app's; which of 41075 and 41074 stands for which
missing product (never made, and deleted); what a `limit` above 100 answers (40058); 41064 and 41065 for attachments,
as in mass messages. The platform's list of words that a description may not hold (41073) is not played.
"""

from __future__ import annotations

from collections.abc import Mapping

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import page
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, nested, objects, text
from wecom_auto.testing._state_products import Product
from wecom_auto.testing._wire import Body, Refusal

MISSING, NOT_OWN, TOO_MANY, BAD_KIND = 40063, 60011, 41064, 41065
DELETED, NO_PRODUCT, BAD_CODE, BAD_PRICE, BAD_DESCRIPTION = 41074, 41075, 41085, 41086, 41087
ALBUM = 2
DEAREST = 5_000_000

PRODUCT_ID = text("product_id", required=MISSING)


def _code(body: Body) -> None:
    code = body.get("product_sn") or ""
    if not (isinstance(code, str) and code.isascii() and (code.isalnum() or not code)):
        raise Refusal(BAD_CODE, "product_sn: letters and digits")


SN = (_code, text("product_sn", octets=128, bad=BAD_CODE))
PICTURE = (
    text("type", required=BAD_KIND, enum=("image",), bad=BAD_KIND),
    nested("image", text("media_id", required=MISSING), required=MISSING),
)


@endpoint(
    "POST",
    "externalcontact/add_product_album",
    text("description", required=BAD_DESCRIPTION, chars=300, bad=BAD_DESCRIPTION),
    integer("price", required=BAD_PRICE, most=DEAREST, bad=BAD_PRICE),
    objects("attachments", *PICTURE, required=MISSING, most=9, too_many=TOO_MANY),
    *SN,
)
def add_product_album(ask: Ask) -> Mapping[str, object]:
    """Put a product into the album."""
    number = ask.state.ids.number("product")
    product = Product(
        seq=number,
        product_id=ask.state.ids.letters("", "product_id", 32),
        agent_id=ask.app.agent_id,
        created_at=ask.now,
        description=ask.body["description"],
        price=ask.body["price"],
        product_sn=ask.body.get("product_sn") or "",
        media_ids=_pictures(ask),
    )
    ask.state.products.rows[product.product_id] = product
    return {"product_id": product.product_id}


@endpoint("POST", "externalcontact/get_product_album", PRODUCT_ID)
def get_product_album(ask: Ask) -> Mapping[str, object]:
    """Answer one product."""
    product = _product(ask)
    return {"product": _show(product) | {"create_time": product.created_at}}


@endpoint("POST", "externalcontact/get_product_album_list", integer("limit", least=1, most=100), text("cursor"))
def get_product_album_list(ask: Ask) -> Mapping[str, object]:
    """List the corp's products; the list does not say when they were made."""
    rows = [one for one in ask.state.products.rows.values() if not one.deleted]
    found, cursor = page(ask, rows, lambda one: one.seq, ask.body.get("limit") or 50)
    return {"next_cursor": cursor, "product_list": [_show(one) for one in found]}


@endpoint(
    "POST",
    "externalcontact/update_product_album",
    PRODUCT_ID,
    text("description", chars=300, bad=BAD_DESCRIPTION),
    integer("price", most=DEAREST, bad=BAD_PRICE),
    objects("attachments", *PICTURE, most=9, too_many=TOO_MANY),
    *SN,
)
def update_product_album(ask: Ask) -> None:
    """Change what was given."""
    product = _own(ask)
    pictures = _pictures(ask) if ask.body.get("attachments") else product.media_ids
    product.media_ids = pictures
    product.description = ask.body.get("description") or product.description
    changed = {name: ask.body[name] for name in ("price", "product_sn") if ask.body.get(name) is not None}
    product.price = changed.get("price", product.price)
    product.product_sn = changed.get("product_sn", product.product_sn)


@endpoint("POST", "externalcontact/delete_product_album", PRODUCT_ID)
def delete_product_album(ask: Ask) -> None:
    """Take a product out of the album."""
    _own(ask).deleted = True


def _product(ask: Ask) -> Product:
    product = ask.state.products.rows.get(ask.body["product_id"])
    if product is None:
        raise Refusal(NO_PRODUCT)
    if product.deleted:
        raise Refusal(DELETED)
    return product


def _own(ask: Ask) -> Product:
    product = _product(ask)
    if product.agent_id != ask.app.agent_id:
        raise Refusal(NOT_OWN, "made by another app")
    return product


def _pictures(ask: Ask) -> list[str]:
    ids = [str(one["image"]["media_id"]) for one in ask.body["attachments"]]
    return [look.medium(ask, one, scene=ALBUM).media_id for one in ids]


def _show(one: Product) -> Body:
    pictures = [{"type": "image", "image": {"media_id": media_id}} for media_id in one.media_ids]
    head: Body = {"product_id": one.product_id, "description": one.description, "price": one.price}
    return {**head, **({"product_sn": one.product_sn} if one.product_sn else {}), "attachments": pictures}
